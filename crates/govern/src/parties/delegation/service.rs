//! Delegations as the ledger has them: put, shown, ended.

use super::super::{Account, PUT_ROLES, Party, sees};
use super::{Around, Delegation, DelegationPut, END_ROLES, draft, ended};
use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, check_if_match, facts, not_found, store_refusal};
use crate::plan::Plan;
use crate::refusal::Refusal;
use crate::row;
use crate::staff::require;
use serde_json::json;
use sumun_model::{AccountId, DelegationId, Timestamp};
use sumun_store::tables::{ACCOUNTS, DELEGATIONS, KEYS, OPERATORS, VENDORS};
use sumun_store::{Filter, Image};

impl Govern {
    /// Puts a delegation wholly.
    ///
    /// # Errors
    /// `forbidden`, `no_such_reference`, `inconsistent`, `delegation_ended`, `version_stale`, the store's.
    pub async fn put_delegation(
        &self,
        actor: &Actor,
        id: &DelegationId,
        put: &DelegationPut,
        call: &Call,
    ) -> Result<Done<Delegation>, Refusal> {
        self.put_party(actor, id.as_str(), call, |before, now| async move {
            let mut around = Around {
                account: self.row(&ACCOUNTS, put.account.as_str()).await?,
                operator: self.row(&OPERATORS, put.operator.as_str()).await?,
                ..Around::default()
            };
            if let Some(key) = &put.key {
                around.key = self.row(&KEYS, key.as_str()).await?;
            }
            let vendor = around.operator.as_ref().and_then(|row| row::text_or_null(row, "vendor"));
            if let Some(vendor) = vendor {
                around.vendor = self.row(&VENDORS, &vendor).await?;
            }
            draft(id.as_str(), put, before.as_ref(), &around, now)
        })
        .await
    }

    /// One delegation, if this actor may see it: whose account it is over decides.
    ///
    /// # Errors
    /// `not_found`, the store's.
    pub async fn delegation(&self, actor: &Actor, id: &str) -> Result<Delegation, Refusal> {
        let row = self.row_or_not_found(&DELEGATIONS, "delegation", id).await?;
        self.sees_account(actor, "delegation", id, &row).await?;
        Ok(Delegation::of(&row))
    }

    /// Delegations over one account, by id.
    ///
    /// # Errors
    /// `not_found` if this actor may not see the account, the store's.
    pub async fn delegations_of(
        &self,
        actor: &Actor,
        account: &AccountId,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<Delegation>, Refusal> {
        self.party::<Account>(actor, account.as_str()).await?;
        let equals = vec![("account", json!(account))];
        let filter = Filter { equals, after, limit: limit.clamp(1, Filter::LIMIT_MAX), ..Filter::default() };
        let rows = self.store.list(&DELEGATIONS, &filter).await.map_err(store_refusal)?;
        Ok(rows.iter().map(Delegation::of).collect())
    }

    async fn sees_account(&self, actor: &Actor, what: &str, id: &str, row: &Image) -> Result<(), Refusal> {
        let account = self.row(&ACCOUNTS, row::text(row, "account")).await?;
        let whose = account.as_ref().map(|account| row::text(account, "customer"));
        if sees(actor, Some(whose.unwrap_or_default())) { Ok(()) } else { Err(not_found(what, id)) }
    }

    /// Ends a delegation. Ending one that has ended is refused.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `delegation_ended`, `inconsistent`, `version_stale`, the store's.
    pub async fn end_delegation(
        &self,
        actor: &Actor,
        id: &DelegationId,
        reason: &str,
        call: &Call,
    ) -> Result<Done<Delegation>, Refusal> {
        require(actor, END_ROLES)?;
        crate::parties::check_reason("/reason", reason)?;
        self.run(actor, call, |now| async move {
            let row = self.row_or_not_found(&DELEGATIONS, "delegation", id.as_str()).await?;
            if !actor.has(PUT_ROLES) {
                self.sees_account(actor, "delegation", id.as_str(), &row).await?;
            }
            check_if_match(call, "delegation", id.as_str(), row::version(&row))?;
            let (plan, value) = end_plan(actor, id.as_str(), &row, reason, now)?;
            Ok(Planned { plan, value, status: 200 })
        })
        .await
    }
}

fn end_plan(
    actor: &Actor,
    id: &str,
    row: &Image,
    reason: &str,
    now: Timestamp,
) -> Result<(Plan, Delegation), Refusal> {
    if row::text(row, "state") == "ended" {
        return Err(ended(id));
    }
    // One that is over already keeps its end; one that is not ends now.
    let until = row::integer(row, "until_us").unwrap_or_default().min(now.as_micros());
    let write = row::update(&DELEGATIONS, row, [("state", json!("ended")), ("until_us", json!(until))]);
    let mut facts = facts(actor);
    facts.insert("delegation".to_owned(), json!(id));
    facts.insert("account".to_owned(), json!(row::text(row, "account")));
    facts.insert("reason".to_owned(), json!(reason));
    let mut change = change("delegation.ended", now, facts);
    let effects = row::effects("delegation", &write, Some(row));
    let value = Delegation::of(&write.image);
    change.writes.push(write);
    let plan = Plan { title: format!("end delegation {id}"), effects, warnings: Vec::new(), change };
    Ok((plan, value))
}
