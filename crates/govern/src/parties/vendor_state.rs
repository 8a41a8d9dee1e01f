//! Whether a vendor may be used: applied → approved → suspended → approved, and removed from anywhere, for ever.
//!
//! Approving needs a complete record, a dated attestation, and two persons; cutting off needs one. An approval runs out when
//! it was not looked into again in time: [`recertify`].

pub mod recertify;

use super::vendor::Diligence;
use super::{Party, Vendor, VendorState};
use crate::actor::{Actor, Role};
use crate::approvals::Approval;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, check_if_match, facts, store_refusal};
use crate::plan::Plan;
use crate::proposal::{Proposal, VENDOR_APPROVE, subject_changed, unreadable};
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use crate::staff::require;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_model::{KeyState, Timestamp, VendorId};
use sumun_store::tables::{KEYS, VENDORS};
use sumun_store::{Filter, Image};

/// Who changes a vendor's state.
pub const STATE_ROLES: &[Role] = &[Role::ComplianceLead];

/// An attestation older than this does not carry an approval: a year, in microseconds.
const ATTESTATION_AGE_US_MAX: i64 = 365 * 24 * 3600 * 1_000_000;

/// A change of a vendor's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VendorStateChange {
    /// What it should become.
    pub state: VendorState,
    /// Why, in own words.
    pub reason: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorStateChanged {
    /// The vendor as it stands now.
    pub vendor: Vendor,
    /// Living keys made for it; what becomes of them is decided apart.
    pub keys: Vec<String>,
    /// The approval that this waits for, if it does.
    pub approval: Option<String>,
}

/// Whether a vendor may pass from one state to the other.
#[must_use]
pub const fn may_become(from: VendorState, to: VendorState) -> bool {
    use VendorState::{Applied, Approved, Removed, Suspended};
    matches!(
        (from, to),
        (Applied | Suspended, Approved) | (Approved, Suspended) | (Applied | Approved | Suspended, Removed)
    )
}

/// Refuses a change of state that is none, or an approval of something nobody looked into.
///
/// # Errors
/// `vendor_state`, `vendor_incomplete`.
pub fn check(row: &Image, to: VendorState, now: Timestamp) -> Result<VendorState, Refusal> {
    let vendor = row::text(row, "vendor");
    let from = VendorState::parse(row::text(row, "state")).unwrap_or(VendorState::Removed);
    if !may_become(from, to) {
        let open: Vec<&str> =
            VendorState::ALL.iter().filter(|to| may_become(from, **to)).map(|to| to.as_str()).collect();
        let remedy = if open.is_empty() {
            "register the tool anew under another id".to_owned()
        } else {
            format!("it may become {}", open.join(" or "))
        };
        return Err(Refusal::new(
            RefusalKind::Conflict,
            "vendor_state",
            format!("vendor `{vendor}` is {} and cannot become {}", from.as_str(), to.as_str()),
            remedy,
        )
        .at("/state"));
    }
    if to == VendorState::Approved {
        let mut lacking: Vec<String> = row::json::<Diligence>(row, "diligence")
            .missing()
            .into_iter()
            .map(|field| format!("diligence.{field}"))
            .collect();
        match row::integer(row, "attested_us").map(Timestamp::from_micros) {
            Some(at) if now.micros_since(at) <= ATTESTATION_AGE_US_MAX => {}
            Some(_) => lacking.push("attested within the last year".to_owned()),
            None => lacking.push("attested".to_owned()),
        }
        if !lacking.is_empty() {
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "vendor_incomplete",
                format!("vendor `{vendor}` cannot be approved without {}", lacking.join(", ")),
                "put the vendor with its record of due diligence and a dated attestation, then ask again",
            )
            .at("/state"));
        }
    }
    Ok(from)
}

/// What a change of state writes, once it may be made. An approval says when it must be looked into again.
///
/// # Errors
/// As [`check`].
pub fn plan(
    actor: &Actor,
    row: &Image,
    change_to: &VendorStateChange,
    keys: &[String],
    recertify: Option<Timestamp>,
    now: Timestamp,
) -> Result<(Plan, Vendor), Refusal> {
    let from = check(row, change_to.state, now)?;
    let id = row::text(row, "vendor");
    let mut columns = vec![("state", json!(change_to.state.as_str()))];
    if let Some(recertify) = recertify {
        columns.push(("recertify_us", json!(recertify.as_micros())));
    }
    let write = row::update(&VENDORS, row, columns);
    let mut facts = facts(actor);
    facts.insert("vendor".to_owned(), json!(id));
    facts.insert("from".to_owned(), json!(from.as_str()));
    facts.insert("to".to_owned(), json!(change_to.state.as_str()));
    facts.insert("reason".to_owned(), json!(change_to.reason));
    facts.insert("keys".to_owned(), json!(keys));
    let mut change = change("vendor.state", now, facts);
    let effects = row::effects("vendor", &write, Some(row));
    let view = Vendor::of(&write.image);
    change.writes.push(write);
    let cut = matches!(change_to.state, VendorState::Suspended | VendorState::Removed);
    let warnings = if cut && !keys.is_empty() {
        vec![format!(
            "{} living keys were made for it and stay as they are: suspend or expire them",
            keys.len()
        )]
    } else {
        Vec::new()
    };
    let title = format!("vendor {id}: {} → {}", from.as_str(), change_to.state.as_str());
    Ok((Plan { title, effects, warnings, change }, view))
}

impl Govern {
    /// Living keys that were made for this vendor.
    ///
    /// # Errors
    /// The store's.
    pub async fn keys_of_vendor(&self, vendor: &str) -> Result<Vec<String>, Refusal> {
        let mut keys = Vec::new();
        let mut filter = Filter {
            equals: vec![("vendor", json!(vendor))],
            after: None,
            limit: Filter::LIMIT_MAX,
            ..Filter::default()
        };
        loop {
            let rows = self.store.list(&KEYS, &filter).await.map_err(store_refusal)?;
            let living = |row: &&Image| {
                row::text(row, "state").parse::<KeyState>().is_ok_and(|state| !state.is_terminal())
            };
            keys.extend(rows.iter().filter(living).map(|row| row::text(row, "key").to_owned()));
            let whole = rows.len() >= usize::try_from(Filter::LIMIT_MAX).unwrap_or(usize::MAX);
            match rows.last() {
                Some(last) if whole => filter.after = Some(row::text(last, "key").to_owned()),
                _ => return Ok(keys),
            }
        }
    }

    /// Changes a vendor's state. Approving waits for a second person.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `vendor_state`, `vendor_incomplete`, `version_stale`, the store's.
    pub async fn change_vendor_state(
        &self,
        actor: &Actor,
        id: &VendorId,
        request: &VendorStateChange,
        call: &Call,
    ) -> Result<Done<VendorStateChanged>, Refusal> {
        require(actor, STATE_ROLES)?;
        crate::parties::check_reason("/reason", &request.reason)?;
        self.run(actor, call, |now| async move {
            let row = self.row_or_not_found(&VENDORS, "vendor", id.as_str()).await?;
            check_if_match(call, "vendor", id.as_str(), row::version(&row))?;
            if request.state == VendorState::Approved {
                return self.propose_vendor(actor, &row, request, now).await;
            }
            let keys = self.keys_of_vendor(id.as_str()).await?;
            let (plan, vendor) = plan(actor, &row, request, &keys, None, now)?;
            Ok(Planned { plan, value: VendorStateChanged { vendor, keys, approval: None }, status: 200 })
        })
        .await
    }

    /// What proposing to approve a vendor writes.
    async fn propose_vendor(
        &self,
        actor: &Actor,
        row: &Image,
        request: &VendorStateChange,
        now: Timestamp,
    ) -> Result<Planned<VendorStateChanged>, Refusal> {
        check(row, request.state, now)?;
        let id = row::text(row, "vendor");
        let frozen =
            Frozen { vendor: id.to_owned(), version: row::version(row), reason: request.reason.clone() };
        let proposal = Proposal {
            action: VENDOR_APPROVE,
            subject: format!("vendor:{id}"),
            request: json!(frozen),
            role: Role::ComplianceLead,
            reason: &request.reason,
            reads: vec![row::unchanged(&VENDORS, id, Some(row))],
        };
        let (plan, approval) = self.propose(actor, proposal, now).await?;
        let value =
            VendorStateChanged { vendor: Vendor::of(row), keys: Vec::new(), approval: Some(approval) };
        Ok(Planned { plan, value, status: 202 })
    }

    /// What granting an approval of a vendor writes.
    pub(crate) async fn vendor_approved(
        &self,
        actor: &Actor,
        approval: &Approval,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let frozen: Frozen =
            serde_json::from_value(approval.request.clone()).map_err(|_| unreadable(approval))?;
        let row = self.row_or_not_found(&VENDORS, "vendor", &frozen.vendor).await?;
        if row::version(&row) != frozen.version {
            return Err(subject_changed(approval));
        }
        let keys = self.keys_of_vendor(&frozen.vendor).await?;
        let days = i64::from(self.venue().clocks.vendor_recertify_days.get());
        let recertify = now.plus_micros(days * 24 * 3600 * 1_000_000);
        let to = VendorStateChange { state: VendorState::Approved, reason: frozen.reason };
        plan(actor, &row, &to, &keys, Some(recertify), now).map(|(plan, _)| plan)
    }
}

/// What is frozen in an approval of a vendor: the record as it was looked at.
#[derive(Serialize, Deserialize)]
struct Frozen {
    vendor: String,
    version: i64,
    reason: String,
}

#[cfg(test)]
mod tests;
