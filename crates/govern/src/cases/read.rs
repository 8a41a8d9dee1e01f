//! Cases as those see them who look into suspicions; each with its views, none for anybody outside.

use super::cut::CONFIRM_CUT;
use super::playbook;
use super::row::{CaseEvent, CaseRow, CaseState};
use crate::actor::Actor;
use crate::govern::{Govern, not_found, store_refusal};
use crate::keys::access::INSIDE;
use crate::refusal::Refusal;
use crate::staff::require;
use serde_json::{Value, json};
use sumun_store::Filter;
use sumun_store::tables::{CASE_EVENTS, CASES};

/// Which cases to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// In this state, by its word.
    pub state: Option<String>,
    /// Of this person.
    pub assignee: Option<String>,
    /// About this.
    pub subject: Option<String>,
    /// After this id, in the order of the list.
    pub after: Option<String>,
    /// The newest first.
    pub newest: bool,
    /// At most so many.
    pub limit: u32,
}

/// A case as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseShown {
    /// The case.
    pub case: CaseRow,
    /// Steps that keep it from closing.
    pub missing: Vec<String>,
    /// What happened, oldest first.
    pub timeline: Vec<CaseEvent>,
}

impl Govern {
    /// Cases, the oldest first unless asked otherwise.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn cases(&self, actor: &Actor, wanted: &CaseFilter) -> Result<Vec<CaseRow>, Refusal> {
        require(actor, INSIDE)?;
        let columns =
            [("state", &wanted.state), ("assignee", &wanted.assignee), ("subject", &wanted.subject)];
        let equals =
            columns.into_iter().filter_map(|(name, value)| Some((name, json!(value.as_ref()?)))).collect();
        let limit = wanted.limit.clamp(1, Filter::LIMIT_MAX);
        let after = wanted.after.clone();
        let filter = Filter { equals, after, newest: wanted.newest, limit, ..Filter::default() };
        let rows = self.store.list(&CASES, &filter).await.map_err(store_refusal)?;
        rows.iter().map(CaseRow::of).collect()
    }

    /// What is to be looked at first: open cases by priority, as many as the day's budget of alerts.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn case_queue(&self, actor: &Actor) -> Result<Vec<CaseRow>, Refusal> {
        require(actor, INSIDE)?;
        let budget = self.policy().map_or(100, |policy| policy.alerts_per_day.max(1));
        let equals = [("state", json!(CaseState::Open)), ("assignee", Value::Null)];
        let rows = self.store.ranked(&CASES, &equals, ("priority", "opened_us"), budget).await;
        rows.map_err(store_refusal)?.iter().map(CaseRow::of).collect()
    }

    /// One case with all that happened in it.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, the store's.
    pub async fn case_shown(&self, actor: &Actor, id: &str) -> Result<CaseShown, Refusal> {
        require(actor, INSIDE)?;
        let mut case = CaseRow::of(&self.row(&CASES, id).await?.ok_or_else(|| not_found("case", id))?)?;
        if let Some((said, since)) = self.cut_on_record(&case).await? {
            playbook::on_record(&mut case.body.playbook, CONFIRM_CUT, &said, since.as_micros());
        }
        let equals = vec![("case_id", json!(id))];
        let filter = Filter { equals, limit: Filter::LIMIT_MAX, ..Filter::default() };
        let rows = self.store.list(&CASE_EVENTS, &filter).await.map_err(store_refusal)?;
        let timeline = rows.iter().map(CaseEvent::of).collect::<Result<Vec<_>, _>>()?;
        let missing = playbook::missing(&case.body.playbook).into_iter().map(str::to_owned).collect();
        Ok(CaseShown { case, missing, timeline })
    }
}
