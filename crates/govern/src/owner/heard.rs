//! What a case is told of what its owner does: how his re-verification goes, that he answered, that he objected. The timeline of a case shows
//! it beside what was done to him, and that he was heard is on record.
//!
//! Never here: what follows for the key; that is the ladder's.

use super::verification::Verification;
use crate::cases::docket::Docket;
use crate::cases::playbook::Said;
use crate::cases::row::CaseState;
use crate::govern::Govern;
use crate::measures::MeasureState;
use crate::plan::Plan;
use crate::refusal::Refusal;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::{Timestamp, Value};
use sumun_policy::Reasoned;

/// The step of the playbook that asks for it.
const HEAR_OWNER: &str = "hear_owner";
/// Cases that took one another up, followed at most so far.
const MERGES_MAX: usize = 8;

impl Govern {
    /// The open case that this one is by now, loaded; the one itself where none is open any more.
    async fn case_by_now(&self, docket: &mut Docket, case_id: &str) -> Result<Option<String>, Refusal> {
        let mut id = self.readable_case(docket, case_id).await?;
        for _ in 0..MERGES_MAX {
            let into = id.as_deref().and_then(|id| docket.case(id)?.body.merged_into.clone());
            let Some(into) = into else { break };
            id = self.readable_case(docket, &into).await?;
        }
        Ok(id)
    }

    /// This case, loaded; none if its row cannot be read: that is told elsewhere, and keeps no owner from being heard.
    async fn readable_case(&self, docket: &mut Docket, id: &str) -> Result<Option<String>, Refusal> {
        match docket.load(self, id).await {
            Err(refusal) if refusal.code == "row_unreadable" => Ok(None),
            loaded => loaded,
        }
    }

    /// Tells the case of a re-verification what became of it, in the plan that writes it.
    pub(super) async fn case_reverified(
        &self,
        plan: &mut Plan,
        found: &Verification,
        (code, by): (&str, &str),
        values: impl IntoIterator<Item = (&'static str, i64)>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Some(case_id) = &found.case_id else { return Ok(()) };
        let mut docket = Docket::default();
        let Some(id) = self.case_by_now(&mut docket, case_id).await? else { return Ok(()) };
        let values: BTreeMap<String, Value> =
            values.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        let why = Reasoned { code: format!("reverify.{code}"), values };
        let told = json!({ "key": found.key, "verification": found.verification, "what": code, "why": why });
        docket.event(&id, "reverification", by, told, now);
        docket.write(plan);
        Ok(())
    }

    /// That the owner of this key was heard, on the record of its open cases.
    pub(super) async fn owner_heard(
        &self,
        plan: &mut Plan,
        key: &str,
        (said, by): (&Said, &str),
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let mut docket = Docket::default();
        let mut ids: BTreeSet<String> = BTreeSet::new();
        for row in self.measures_of(key, MeasureState::InForce).await? {
            ids.extend(self.case_by_now(&mut docket, &row.case_id).await?);
        }
        ids.extend(docket.open_of(self, &format!("key:{key}")).await?);
        for id in ids {
            docket.on_record(&id, HEAR_OWNER, by, said, now);
        }
        docket.write(plan);
        Ok(())
    }

    /// The same of one case: what he wrote belongs to it.
    pub(super) async fn objection_heard(
        &self,
        plan: &mut Plan,
        case_id: &str,
        (said, by): (&Said, &str),
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let mut docket = Docket::default();
        let Some(id) = self.case_by_now(&mut docket, case_id).await? else { return Ok(()) };
        if docket.case(&id).is_some_and(|case| case.state == CaseState::Open) {
            docket.on_record(&id, HEAR_OWNER, by, said, now);
        }
        docket.write(plan);
        Ok(())
    }
}
