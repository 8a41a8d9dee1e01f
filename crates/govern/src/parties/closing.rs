//! What closing a customer or an account brings along, and who may move one to other rules.
//!
//! Gates know keys, not accounts: a closed account's keys end in the same change, so that they obey at once.

use super::customer::Standing;
use crate::actor::{Actor, Role};
use crate::govern::{Govern, change, store_refusal};
use crate::keys::feed_record;
use crate::keys::machine::Action;
use crate::keys::row::KeyRow;
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use serde_json::{Map, json};
use sumun_model::{ExpiryCause, Segment, Timestamp};
use sumun_store::tables::{ACCOUNTS, KEYS, PERSONS};
use sumun_store::{Filter, Image, Table};

/// Whether a put closes what was open.
pub(super) fn closes(state: Standing, before: Option<&Image>) -> bool {
    state == Standing::Closed && before.is_some_and(|row| row::text(row, "state") != "closed")
}

/// Refuses a machine that moves somebody to another segment, or an account to another than its customer's: other rules hold
/// there, looser ones perhaps, and who says so is a person.
///
/// # Errors
/// `segment_by_lead`.
pub(super) fn segment_by_lead(
    actor: &Actor,
    segment: Segment,
    before: Option<&Image>,
    customers: Option<&str>,
) -> Result<(), Refusal> {
    let was = before.map(|row| row::text(row, "segment"));
    let same = was.map_or_else(
        || customers.is_none_or(|whose| whose == segment.as_str()),
        |was| was == segment.as_str(),
    );
    if same || actor.has(&[Role::ComplianceLead]) {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::Forbidden,
        "segment_by_lead",
        format!(
            "`{}` cannot put this under the rules for `{segment}`: that takes a compliance lead",
            actor.principal
        ),
        "send the segment that stands here, and have a compliance lead change it",
    )
    .at("/segment"))
}

impl Govern {
    /// The plan by which every living key of these accounts ends; none where there is no such key.
    pub(super) async fn keys_end_with(
        &self,
        actor: &Actor,
        accounts: &[String],
        reason: &str,
        now: Timestamp,
    ) -> Result<Vec<Plan>, Refusal> {
        let mut keys = Vec::new();
        for account in accounts {
            for row in self.rows_of(&KEYS, "account", account).await? {
                let key = KeyRow::of(&row)?;
                if !key.state.is_terminal() {
                    keys.push(key);
                }
            }
        }
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let ends: Vec<(&KeyRow, ExpiryCause)> = keys.iter().map(|key| (key, ExpiryCause::Natural)).collect();
        let how = (Action::RunOut, Some(reason));
        Ok(vec![self.ended_together("key.expired", actor, &ends, how, now).await?])
    }

    /// The plan that sends every living key of an account to gates anew: what they hold of its segment is no longer so, and rules of
    /// a ramp may be for it.
    pub(super) async fn keys_told_again(&self, account: &str, now: Timestamp) -> Result<Vec<Plan>, Refusal> {
        let mut change = change("keys.told", now, Map::new());
        for row in self.rows_of(&KEYS, "account", account).await? {
            let key = KeyRow::of(&row)?;
            if !key.state.is_terminal() {
                change.feed.extend(feed_record::of(&key));
                change.reads.push(row::unchanged(&KEYS, &key.key, Some(&row)));
            }
        }
        let title = "tell gates of the segment".to_owned();
        Ok(vec![Plan { title, effects: Vec::new(), warnings: Vec::new(), change }])
    }

    /// Every account of a customer.
    pub(super) async fn accounts_of(&self, customer: &str) -> Result<Vec<String>, Refusal> {
        let rows = self.rows_of(&ACCOUNTS, "customer", customer).await?;
        Ok(rows.iter().map(|row| row::text(row, ACCOUNTS.key).to_owned()).collect())
    }

    /// Signs every person of a customer out.
    pub(super) async fn sign_out(&self, customer: &str) -> Result<(), Refusal> {
        for row in self.rows_of(&PERSONS, "customer", customer).await? {
            let person = row::text(&row, PERSONS.key);
            let principal = format!("customer:{customer}/{person}");
            self.store.delete_sessions_of(&principal).await.map_err(store_refusal)?;
        }
        Ok(())
    }

    async fn rows_of(
        &self,
        table: &'static Table,
        column: &'static str,
        value: &str,
    ) -> Result<Vec<Image>, Refusal> {
        let filter =
            Filter { equals: vec![(column, json!(value))], limit: Filter::LIMIT_MAX, ..Filter::default() };
        self.store.list(table, &filter).await.map_err(store_refusal)
    }
}
