//! Measures of staff's own: what `keys::measures` does to a key's row is kept here as a measure, with its case, and stands on the
//! ladder beside the machine's.

use super::row::{MeasureBody, MeasureRow, MeasureState, SPARED, SUSPEND, own_words};
use crate::actor::Actor;
use crate::call::{Call, Planned};
use crate::cases::docket::{Alert, Docket};
use crate::cases::row::{Member, MemberState};
use crate::detection::standing::begun;
use crate::detection::{Input, detect_actor, seen};
use crate::govern::{Govern, change, facts, store_refusal};
use crate::keys::access::Loaded;
use crate::keys::ground::Ground;
use crate::keys::machine::Action;
use crate::notices::{self, NoticeText};
use crate::owner::verification;
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row::{replace, text};
use crate::tasks::{self, TaskKind, TaskRow};
use serde_json::json;
use std::collections::BTreeMap;
use sumun_model::assessment::{Act, ActKind};
use sumun_model::finding::Risk;
use sumun_model::{Cause, Measure, Mode, Timestamp};
use sumun_policy::Reasoned;
use sumun_store::Filter;
use sumun_store::tables::{KEYS, MEASURES, STANDINGS};

/// What somebody of staff, or the clock in his place, does about one key's measure.
pub(crate) struct OwnDeed<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) loaded: &'a Loaded,
    pub(crate) reason: &'a str,
    pub(crate) lesser: Option<&'a str>,
    pub(crate) now: Timestamp,
}

impl OwnDeed<'_> {
    fn row(&self, id: String, case_id: &str, measure: &str, until_us: Option<i64>) -> MeasureRow {
        let Loaded { key, account } = self.loaded;
        MeasureRow {
            measure_id: id,
            key: key.key.clone(),
            account: key.account.clone(),
            case_id: case_id.to_owned(),
            measure: measure.to_owned(),
            mode: Mode::Act,
            state: MeasureState::InForce,
            by: self.actor.principal.clone(),
            approval: None,
            began_us: self.now.as_micros(),
            until_us,
            ended_us: None,
            effect_us: None,
            body: MeasureBody {
                customer: Some(account.customer.clone()),
                signals: Vec::new(),
                baselines: BTreeMap::new(),
                policy: None,
                policy_digest: None,
                rule: None,
                score: None,
                points: None,
                terms: Vec::new(),
                risk: None,
                cause: None,
                lesser: own_words(self.lesser.unwrap_or("a suspension is staff's own act")),
                why: own_words(self.reason),
                spared: SPARED.to_owned(),
                suspected_us: self.now.as_micros(),
                decided_us: self.now.as_micros(),
                obeyed: Vec::new(),
                ended: None,
            },
            version: 1,
        }
    }
}

impl Govern {
    /// A hold by staff: measure, case, task, and where the key stands on the ladder from now on.
    pub(crate) async fn hold_noted(
        &self,
        plan: &mut Plan,
        own: &OwnDeed<'_>,
        until_us: Option<i64>,
        reviewer: Option<&str>,
    ) -> Result<(), Refusal> {
        let Loaded { key, account } = own.loaded;
        let mut present = None;
        for row in self.measures_of(&key.key, MeasureState::InForce).await? {
            if row.measure != SUSPEND {
                present = Some(row.case_id.clone());
                let why = own_words(own.reason);
                let row = row.ended(MeasureState::Ended, &own.actor.principal, why, own.now.as_micros());
                plan.change.writes.push(row.next_write());
            }
        }
        let until = until_us.map(Timestamp::from_micros);
        let case_id = self.own_case(plan, own, present, Some(Measure::Hold), until).await?;
        plan.change.writes.push(own.row(self.new_id("M"), &case_id, "hold", until_us).first_write());
        let mut task =
            TaskRow::new(self.new_id("T"), &case_id, TaskKind::ReviewHold, Some(&key.key), own.now);
        task.assignee = reviewer.map(|reviewer| reviewer.trim().to_owned());
        tasks::add(plan, &task.due(until));
        let (stood, before) = self.standing(key, account, own.now).await?;
        let mut next = stood.clone();
        next.standing = begun(stood.standing, Some(Measure::Hold), own.now, until);
        next.measure = Some(Measure::Hold);
        next.next_due_us = until_us;
        plan.change.writes.push(replace(&STANDINGS, before.as_ref(), next.image()));
        Ok(())
    }

    /// An end by force that staff proposed and others agreed to.
    pub(crate) async fn expiry_noted(
        &self,
        plan: &mut Plan,
        own: &OwnDeed<'_>,
        (approval, ground): (&str, Option<Ground>),
    ) -> Result<(), Refusal> {
        let Loaded { key, account } = own.loaded;
        let (mut present, mut signals) = (None, Vec::new());
        for row in self.measures_of(&key.key, MeasureState::InForce).await? {
            present = Some(row.case_id.clone());
            signals.extend(row.body.signals.iter().copied());
            let why = own_words(own.reason);
            let row = row.ended(MeasureState::Ended, &own.actor.principal, why, own.now.as_micros());
            plan.change.writes.push(row.next_write());
        }
        self.hold_reviewed(plan, &key.key, (&own.actor.principal, "the key was ended"), own.now).await?;
        let case_id = self.own_case(plan, own, present, Some(Measure::Expire), None).await?;
        // He reads what was found, as he does where policy decides: the ground that staff chose, and what was seen of the key.
        let found = ground.map(|ground| NoticeText::new(ground.sentence())).into_iter();
        let found = found.chain(seen(&self.latest_signals(&signals).await?, &key.allowlist)).collect();
        notices::found(plan, &key.key, found);
        let mut row = own.row(self.new_id("M"), &case_id, Measure::Expire.as_str(), None);
        row.approval = Some(approval.to_owned());
        plan.change.writes.push(row.first_write());
        let task =
            TaskRow::new(self.new_id("T"), &case_id, TaskKind::ConsiderReport, Some(&key.key), own.now);
        tasks::add(plan, &task);
        let (stood, before) = self.standing(key, account, own.now).await?;
        let mut next = stood.clone();
        next.standing = begun(stood.standing, Some(Measure::Expire), own.now, None);
        (next.measure, next.next_due_us) = (Some(Measure::Expire), None);
        plan.change.writes.push(replace(&STANDINGS, before.as_ref(), next.image()));
        verification::close(self, plan, &key.key, own.now).await?;
        account.gets_a_measure(&mut plan.change);
        Ok(())
    }

    /// A hold is released: the ladder hears that people lifted it.
    pub(crate) async fn released(&self, own: &OwnDeed<'_>, class: &'static str) -> Result<Plan, Refusal> {
        let acts = [Act { kind: ActKind::Lifted, at: own.now, event: None }];
        self.unheld(own, &acts, class).await
    }

    /// A hold is over: the ladder says what stands then; a hold that it knows nothing of ends all the same.
    pub(crate) async fn lapsed(&self, own: &OwnDeed<'_>) -> Result<Plan, Refusal> {
        self.unheld(own, &[], "key.released").await
    }

    async fn unheld(&self, own: &OwnDeed<'_>, acts: &[Act], class: &'static str) -> Result<Plan, Refusal> {
        let unheld = Some(own.loaded.key.standing().after_hold());
        let input = Input { acts, reason: Some(own.reason), unheld, ..Input::default() };
        let mut docket = Docket::default();
        let (mut plan, _) = self.turn(own.actor, own.loaded, input, &mut docket, own.now).await?;
        docket.write(&mut plan);
        plan.change.class = class;
        Ok(plan)
    }

    /// A suspension is a measure that holds until somebody else lifts it.
    pub(crate) async fn suspension_noted(&self, plan: &mut Plan, own: &OwnDeed<'_>) -> Result<(), Refusal> {
        let present = self.measures_of(&own.loaded.key.key, MeasureState::InForce).await?;
        let present = present.first().map(|row| row.case_id.clone());
        let case_id = self.own_case(plan, own, present, None, None).await?;
        plan.change.writes.push(own.row(self.new_id("M"), &case_id, SUSPEND, None).first_write());
        Ok(())
    }

    /// A suspension is lifted, by somebody else than who suspended.
    pub(crate) async fn suspension_ended(&self, plan: &mut Plan, own: &OwnDeed<'_>) -> Result<(), Refusal> {
        let open = self.measures_of(&own.loaded.key.key, MeasureState::InForce).await?;
        for row in open.into_iter().filter(|row| row.measure == SUSPEND) {
            if row.by == own.actor.principal {
                return Err(Refusal::new(
                    RefusalKind::Forbidden,
                    "own_measure",
                    format!("`{}` suspended this key, and whoever suspends does not lift", row.by),
                    "let another entitled person lift it",
                ));
            }
            let why = own_words(own.reason);
            let row = row.ended(MeasureState::Ended, &own.actor.principal, why, own.now.as_micros());
            plan.change.writes.push(row.next_write());
        }
        Ok(())
    }

    /// Lifting or releasing what an ended key left behind: the key stays ended, its measure follows nobody any more. None if the
    /// key lives, or left nothing of this kind.
    pub(crate) async fn given_back_after_end(
        &self,
        own: &OwnDeed<'_>,
        action: Action,
        class: &'static str,
    ) -> Result<Option<Plan>, Refusal> {
        let key = &own.loaded.key;
        let word = if action == Action::Lift { SUSPEND } else { Measure::Hold.as_str() };
        if !key.state.is_terminal() {
            return Ok(None);
        }
        let open = self.measures_of(&key.key, MeasureState::InForce).await?;
        if !open.iter().any(|row| row.measure == word) {
            return Ok(None);
        }
        let mut facts = facts(own.actor);
        facts.insert("keys".to_owned(), json!([key.key]));
        facts.insert("reason".to_owned(), json!(own.reason));
        let change = change(class, own.now, facts);
        let title = format!("{} what the ended key {} left behind", action.as_str(), key.key);
        let mut plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
        if action == Action::Lift {
            self.suspension_ended(&mut plan, own).await?;
        } else {
            self.hold_reviewed(&mut plan, &key.key, (&own.actor.principal, own.reason), own.now).await?;
            for row in open.into_iter().filter(|row| row.measure == word) {
                let why = own_words(own.reason);
                let row = row.ended(MeasureState::Ended, &own.actor.principal, why, own.now.as_micros());
                plan.change.writes.push(row.next_write());
            }
        }
        own.loaded.account.gets_a_measure(&mut plan.change);
        Ok(Some(plan))
    }

    /// Holds that ended keys left behind end at their due time too. What fails is noted, and the rest goes on.
    pub(crate) async fn lapse_after_end(
        &self,
        failed: &mut Vec<(String, &'static str)>,
    ) -> Result<(), Refusal> {
        let now = self.world.now();
        let filter = Filter {
            equals: vec![("state", json!(MeasureState::InForce)), ("measure", json!("hold"))],
            at_most: Some(("until_us", now.as_micros())),
            limit: 200,
            ..Filter::default()
        };
        for row in self.store.list(&MEASURES, &filter).await.map_err(store_refusal)? {
            match self.lapse_row(text(&row, MEASURES.key)).await {
                Err(refusal) if refusal.code != "not_due" => {
                    failed.push((text(&row, MEASURES.key).to_owned(), refusal.code));
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn lapse_row(&self, id: &str) -> Result<(), Refusal> {
        let actor = &detect_actor();
        self.run(actor, &Call::default(), |now| async move {
            let row = MeasureRow::of(&self.row_or_not_found(&MEASURES, "measure", id).await?)?;
            let key = self.row_or_not_found(&KEYS, "key", &row.key).await?;
            let over = row.until_us.is_some_and(|until| until <= now.as_micros());
            let left = crate::keys::row::KeyRow::of(&key)?.state.is_terminal();
            if row.state != MeasureState::InForce || !over || !left {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "not_due",
                    format!("measure `{id}` does not lapse now"),
                    "nothing has to be done",
                ));
            }
            let mut facts = facts(actor);
            facts.insert("measure".to_owned(), json!(id));
            let why = Reasoned { code: "ladder.left_behind".to_owned(), values: BTreeMap::new() };
            let row = row.ended(MeasureState::Ended, &actor.principal, why, now.as_micros());
            let mut change = change("measure.watched", now, facts);
            change.writes.push(row.next_write());
            let title = format!("measure {id} of an ended key lapses");
            let mut plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
            self.hold_reviewed(&mut plan, text(&key, KEYS.key), (&actor.principal, "it lapsed"), now).await?;
            Ok(Planned { plan, value: (), status: 200 })
        })
        .await
        .map(|_| ())
    }

    async fn own_case(
        &self,
        plan: &mut Plan,
        own: &OwnDeed<'_>,
        present: Option<String>,
        measure: Option<Measure>,
        due: Option<Timestamp>,
    ) -> Result<String, Refusal> {
        let Loaded { key, account } = own.loaded;
        let mut docket = Docket::default();
        let alert = Alert {
            member: Member {
                key: key.key.clone(),
                account: key.account.clone(),
                customer: Some(account.customer.clone()),
                state: MemberState::Suspected,
                by: None,
                reason: None,
            },
            cluster: None,
            present,
            cause: Cause::Unknown,
            risk: Risk(0),
            signals: &[],
            measure,
            due,
        };
        let case_id = docket.alert(self, &own.actor.principal, &alert, own.now).await?;
        let told = json!({ "class": plan.change.class, "reason": own.reason });
        docket.event(&case_id, "measure", &own.actor.principal, told, own.now);
        if measure == Some(Measure::Expire) {
            docket.ranked_without(self, &key.key).await?;
        }
        docket.write(plan);
        // What the owner is told of it belongs to the case: there he objects. Why in staff's own words stays inside.
        notices::in_case(plan, &key.key, &case_id, &["key.by_staff", "object"]);
        Ok(case_id)
    }
}
