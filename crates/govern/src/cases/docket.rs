//! What one change tells cases: collected while it is planned, written once per case.

use super::playbook::{self, Said};
use super::rank::priority;
use super::row::{CaseBody, CaseOutcome, CaseRow, CaseState, Member, MemberState, SIGNALS_MAX};
use crate::govern::{Govern, store_refusal};
use crate::plan::Plan;
use crate::refusal::Refusal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::finding::Risk;
use sumun_model::{Cause, FindingId, Measure, Timestamp};
use sumun_store::tables::CASES;
use sumun_store::{Filter, Image, RowWrite};

/// Cases touched by a change, and their events.
#[derive(Debug, Default)]
pub(crate) struct Docket {
    cases: BTreeMap<String, (Option<Image>, CaseRow)>,
    events: Vec<RowWrite>,
}

/// Why a case hears of a key.
#[derive(Debug)]
pub(crate) struct Alert<'a> {
    /// The key.
    pub(crate) member: Member,
    /// Its cluster's id, if it is in one.
    pub(crate) cluster: Option<String>,
    /// The case in which its present measure stands.
    pub(crate) present: Option<String>,
    /// What is believed.
    pub(crate) cause: Cause,
    /// How strongly.
    pub(crate) risk: Risk,
    /// What it rests on.
    pub(crate) signals: &'a [FindingId],
    /// What is taken or proposed.
    pub(crate) measure: Option<Measure>,
    /// By when it must have been looked at.
    pub(crate) due: Option<Timestamp>,
}

impl Docket {
    /// The case that takes this alert: the open one of the cluster, of the present measure, of the key, or a new one.
    pub(crate) async fn alert(
        &mut self,
        govern: &Govern,
        by: &str,
        alert: &Alert<'_>,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        let own = format!("key:{}", alert.member.key);
        let subject = alert.cluster.as_ref().map_or_else(|| own.clone(), |id| format!("cluster:{id}"));
        let mut id = self.open_of(govern, &subject).await?;
        if id.is_none() && alert.cluster.is_none() {
            id = match &alert.present {
                Some(present) => self.load_open(govern, present).await?,
                None => None,
            };
        }
        let id = match id {
            Some(id) => id,
            None => self.open(govern, by, &subject, alert, now),
        };
        // What began as a case of one key is taken up by its cluster's.
        if subject != own
            && let Some(single) = self.open_of(govern, &own).await?
        {
            self.merge(&single, &id, by, now);
        }
        self.take(&id, alert, now);
        Ok(id)
    }

    fn take(&mut self, id: &str, alert: &Alert<'_>, now: Timestamp) {
        let Some((_, case)) = self.cases.get_mut(id) else { return };
        match case.member_mut(&alert.member.key) {
            // What took another's place stays what it was found to be.
            Some(_) if alert.member.state == MemberState::FollowOn => {}
            Some(member) => member.state = MemberState::Suspected,
            None => case.members.push(alert.member.clone()),
        }
        case.members.sort_by(|one, other| one.key.cmp(&other.key));
        let fresh: Vec<_> =
            alert.signals.iter().filter(|signal| !case.body.signals.contains(signal)).copied().collect();
        case.body.signals.extend(fresh);
        let beyond = case.body.signals.len().saturating_sub(SIGNALS_MAX);
        case.body.signals.drain(..beyond);
        case.body.alerts += 1;
        case.body.last_alert_us = now.as_micros();
        case.body.measure = case.body.measure.max(alert.measure);
        // A measure that rests on nothing new, such as staff's own or one that follows, leaves what is believed as it was.
        if !alert.signals.is_empty() || case.cause == Cause::Unknown {
            case.cause = alert.cause;
        }
        case.priority = case.priority.max(priority(alert.measure, alert.risk));
        if let Some(due) = alert.due {
            case.due_us = Some(case.due_us.map_or(due.as_micros(), |known| known.min(due.as_micros())));
        }
        playbook::extend(&mut case.body.playbook, case.body.measure);
    }

    fn open(
        &mut self,
        govern: &Govern,
        by: &str,
        subject: &str,
        alert: &Alert<'_>,
        now: Timestamp,
    ) -> String {
        let random = govern.new_id("");
        let id = format!("C{:014x}{}", now.as_micros(), random.get(..8).unwrap_or_default());
        let due_us = govern.venue().clocks.hold_due().as_micros();
        let mut case = CaseRow {
            case_id: id.clone(),
            subject: subject.to_owned(),
            state: CaseState::Open,
            members: Vec::new(),
            cause: alert.cause,
            assignee: None,
            priority: 0,
            opened_us: now.as_micros(),
            due_us: Some(now.as_micros() + due_us),
            outcome: None,
            closed_us: None,
            body: CaseBody {
                signals: Vec::new(),
                alerts: 0,
                last_alert_us: now.as_micros(),
                measure: None,
                playbook: Vec::new(),
                preserved: true,
                events: 0,
                merged_into: None,
                reason: None,
                closed_by: None,
            },
            version: 1,
        };
        let told = json!({ "subject": subject, "preserved": true });
        self.events.push(case.event("opened", by, told, now.as_micros()));
        self.cases.insert(id.clone(), (None, case));
        id
    }

    fn merge(&mut self, from: &str, into: &str, by: &str, now: Timestamp) {
        if from == into {
            return;
        }
        let Some((_, single)) = self.cases.get_mut(from) else { return };
        single.state = CaseState::Merged;
        single.body.merged_into = Some(into.to_owned());
        single.closed_us = Some(now.as_micros());
        self.events.push(single.event("merged", by, json!({ "into": into }), now.as_micros()));
        let (members, signals) = (single.members.clone(), single.body.signals.clone());
        let Some((_, case)) = self.cases.get_mut(into) else { return };
        for member in members {
            if case.member_mut(&member.key).is_none() {
                case.members.push(member);
            }
        }
        case.body.signals.extend(signals);
        self.events.push(case.event("took_up", by, json!({ "from": from }), now.as_micros()));
    }

    /// The open case of this subject, loaded.
    pub(crate) async fn open_of(
        &mut self,
        govern: &Govern,
        subject: &str,
    ) -> Result<Option<String>, Refusal> {
        let here =
            |(_, case): &&(Option<Image>, CaseRow)| case.subject == subject && case.state == CaseState::Open;
        if let Some((_, case)) = self.cases.values().find(here) {
            return Ok(Some(case.case_id.clone()));
        }
        let equals = vec![("subject", json!(subject)), ("state", json!(CaseState::Open))];
        let filter = Filter { equals, limit: 1, ..Filter::default() };
        let rows = govern.store.list(&CASES, &filter).await.map_err(store_refusal)?;
        match rows.into_iter().next() {
            Some(row) => self.hold(row).map(Some),
            None => Ok(None),
        }
    }

    /// This case, loaded, if it is open.
    async fn load_open(&mut self, govern: &Govern, id: &str) -> Result<Option<String>, Refusal> {
        Ok(self
            .load(govern, id)
            .await?
            .filter(|_| self.case(id).is_some_and(|case| case.state == CaseState::Open)))
    }

    /// This case, loaded, if there is one.
    pub(crate) async fn load(&mut self, govern: &Govern, id: &str) -> Result<Option<String>, Refusal> {
        if self.cases.contains_key(id) {
            return Ok(Some(id.to_owned()));
        }
        match govern.row(&CASES, id).await? {
            Some(row) => self.hold(row).map(Some),
            None => Ok(None),
        }
    }

    fn hold(&mut self, row: Image) -> Result<String, Refusal> {
        let case = CaseRow::of(&row)?;
        let id = case.case_id.clone();
        // Another one may have been planned on already; what was read twice is the same.
        self.cases.entry(id.clone()).or_insert((Some(row), case));
        Ok(id)
    }

    /// A case that was loaded.
    pub(crate) fn case(&self, id: &str) -> Option<&CaseRow> {
        self.cases.get(id).map(|(_, case)| case)
    }

    /// A case that was loaded, to be changed.
    pub(crate) fn case_mut(&mut self, id: &str) -> Option<&mut CaseRow> {
        self.cases.get_mut(id).map(|(_, case)| case)
    }

    /// Something happened in a case that was loaded.
    pub(crate) fn event(&mut self, id: &str, kind: &str, by: &str, body: Value, now: Timestamp) {
        if let Some((_, case)) = self.cases.get_mut(id) {
            self.events.push(case.event(kind, by, body, now.as_micros()));
        }
    }

    /// A step is done by what the record holds.
    pub(crate) fn on_record(&mut self, id: &str, step: &str, by: &str, said: &Said, now: Timestamp) {
        let Some(case) = self.case_mut(id).filter(|case| case.state == CaseState::Open) else { return };
        if playbook::on_record(&mut case.body.playbook, step, said, now.as_micros()) {
            self.event(id, "step", by, json!({ "step": step, "on_record": said }), now);
        }
    }

    /// Keys have ended: of a case that was loaded, what was asked for their sake alone is asked no more.
    pub(crate) fn ended(&mut self, govern: &Govern, id: &str, keys: &BTreeSet<&str>) {
        let Some((_, case)) = self.cases.get_mut(id) else { return };
        if case.members.iter().all(|member| keys.contains(member.key.as_str())) {
            case.body.measure = None;
            case.due_us = Some(case.opened_us + govern.venue().clocks.hold_due().as_micros());
        }
    }

    /// Closes a case that was loaded.
    pub(crate) fn close(&mut self, id: &str, by: &str, outcome: CaseOutcome, reason: &str, now: Timestamp) {
        if let Some((_, case)) = self.cases.get_mut(id) {
            case.state = CaseState::Closed;
            case.outcome = Some(outcome);
            case.closed_us = Some(now.as_micros());
            case.body.reason = Some(reason.to_owned());
            case.body.closed_by = Some(by.to_owned());
            let told = json!({ "outcome": outcome, "reason": reason });
            self.events.push(case.event("closed", by, told, now.as_micros()));
        }
    }

    /// Writes all of it into the plan; a case of which nothing changed is left alone.
    pub(crate) fn write(self, plan: &mut Plan) {
        for (before, case) in self.cases.into_values() {
            let same = before.as_ref().and_then(|row| CaseRow::of(row).ok()).is_some_and(|row| row == case);
            if !same {
                plan.change.writes.push(case.write(before.as_ref()));
            }
        }
        plan.change.writes.extend(self.events);
    }
}
