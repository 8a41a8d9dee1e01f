//! What happens to a key when an approval about it is decided: a step granted or refused, a widening, a forced end.
//!
//! The frozen request is held against the key as it stands now: what was approved is done, or a clear conflict is said.

use super::access::{AccountFacts, Loaded};
use super::ground::Ground;
use super::lint::Origin;
use super::machine::{Action, apply};
use super::row::KeyRow;
use super::rules::{self, VendorFacts, Wanted};
use super::steps;
use super::view::{KeyAnswer, KeyView, check_seen};
use super::write::{Deed, KeyWrite, Why, plan};
use crate::actor::Actor;
use crate::approvals::{Answer, Approval, ApprovalState, Decision, Outcome};
use crate::call::{Call, Done, Planned};
use crate::govern::Govern;
use crate::measures::staff::OwnDeed;
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::venue::Venue;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sumun_model::key::AllowlistEntry;
use sumun_model::{ScopeSet, Segment, Timestamp};
use sumun_store::RowRead;
use sumun_store::tables::{APPROVALS, KEYS};

/// What the three actions on keys freeze.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frozen {
    /// Which key.
    pub key: String,
    /// Whose.
    pub customer: String,
    /// Digest of what the approver looks at; see [`KeyRow::basis`]. None where only the way out must still exist.
    #[serde(default)]
    pub basis: Option<String>,
    /// The step granted.
    #[serde(default)]
    pub step: Option<super::row::Step>,
    /// Scopes afterwards.
    #[serde(default)]
    pub scopes: Option<ScopeSet>,
    /// Addresses afterwards.
    #[serde(default)]
    pub allowlist: Option<Vec<AllowlistEntry>>,
    /// Why, in own words.
    #[serde(default)]
    pub reason: Option<String>,
    /// For a measure: why a lesser one would not do.
    #[serde(default)]
    pub lesser: Option<String>,
    /// For an end: the open cases it is about. Whoever works one of them does not decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<String>,
    /// For an end: who of staff placed what is in force on the key. They do not decide either.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placed_by: Vec<String>,
    /// For a forced end: what was found, as its owner reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<Ground>,
    /// What the approver is shown beside it: application, purpose, segment.
    #[serde(default)]
    pub shown: Value,
}

/// The key with what is approved done to it.
///
/// # Errors
/// `subject_changed`, or what [`apply`] refuses.
pub fn approved(
    key: &KeyRow,
    frozen: &Frozen,
    action: &str,
    approval: &str,
) -> Result<(KeyRow, Action), Refusal> {
    if frozen.basis.as_ref().is_some_and(|basis| *basis != key.basis()) {
        return Err(subject_changed(&key.key));
    }
    let did = match action {
        "key.grant" => Action::Approve,
        "key.widen" => Action::Widen,
        _ => Action::Expire,
    };
    let standing = apply(key.standing(), did)?;
    let mut after = KeyRow { cause: did.cause().or(key.cause), ..key.at(standing) };
    match did {
        Action::Approve => {
            for grant in &mut after.approvals {
                grant.granted |= grant.approval.as_deref() == Some(approval);
            }
        }
        Action::Widen => {
            if let Some(scopes) = frozen.scopes {
                after.scopes = scopes;
            }
            if let Some(allowlist) = &frozen.allowlist {
                after.allowlist.clone_from(allowlist);
            }
            steps::note_new(&mut after, key.scopes, Some(approval));
        }
        _ => after.reason.clone_from(&frozen.reason),
    }
    Ok((after, did))
}

fn subject_changed(key: &str) -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "subject_changed",
        format!("key `{key}` is not as it was when this was asked for"),
        "refuse this one, look at the key as it is, and let it be asked for anew",
    )
}

impl Govern {
    /// Executes a granted approval about a key.
    pub(crate) async fn key_approved(
        &self,
        actor: &Actor,
        approval: &Approval,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let (frozen, loaded) = self.frozen(actor, approval).await?;
        let venue = self.venue();
        let (after, did) = approved(&loaded.key, &frozen, &approval.action, &approval.approval)?;
        let mut reads = loaded.account.reads.clone();
        if did == Action::Widen {
            let (_, standing) = self.account_facts(&loaded.key.account).await?;
            standing.map_or(Ok(()), Err)?;
        }
        let mut warnings = Vec::new();
        if did != Action::Expire {
            let vendor = self.vendor_facts(loaded.key.vendor.as_deref()).await?;
            warnings = still_allowed(
                &venue,
                loaded.account.segment,
                &after,
                vendor.as_ref().map(|(facts, _)| facts),
                now,
            )?;
            reads.extend(vendor.map(|(_, read)| read));
        }
        let (class, title) = match did {
            Action::Approve => ("key.approved", format!("approve a step of key {}", after.key)),
            Action::Widen => ("key.changed", format!("widen key {}", after.key)),
            _ => ("key.expired", format!("end key {} by force", after.key)),
        };
        let deed = Deed { class, title: &title, actor, venue: &venue, now };
        let why = Why {
            reason: frozen.reason.as_deref(),
            lesser: frozen.lesser.as_deref(),
            approvals: vec![approval.approval.clone()],
        };
        let write = KeyWrite { before: Some(&loaded.key), after, origin: Origin::By(did) };
        let mut plan = plan(deed, &why, vec![write])?;
        plan.warnings = warnings;
        if did == Action::Expire {
            self.withdraw_open(&mut plan, &loaded.key.key, Some(&approval.approval)).await?;
            let own = OwnDeed {
                actor,
                loaded: &loaded,
                reason: frozen.reason.as_deref().unwrap_or_default(),
                lesser: frozen.lesser.as_deref(),
                now,
            };
            if let Some(ground) = frozen.ground {
                plan.change.facts.insert("ground".to_owned(), json!(ground));
            }
            self.expiry_noted(&mut plan, &own, (&approval.approval, frozen.ground)).await?;
        } else {
            plan.change.reads.extend(reads);
        }
        Ok(plan)
    }

    /// The rules of creation again, before a key lives: venue, account, vendor and operator as they are now. Gives what is
    /// unwise, and what it relied on.
    ///
    /// # Errors
    /// As [`rules::check`] and for the operator; the request at hand has nothing to correct, so it is a conflict.
    pub(crate) async fn allowed_now(
        &self,
        account: &AccountFacts,
        key: &KeyRow,
        now: Timestamp,
    ) -> Result<(Vec<String>, Vec<RowRead>), Refusal> {
        let vendor = self.vendor_facts(key.vendor.as_deref()).await.map_err(conflict)?;
        let facts = vendor.as_ref().map(|(facts, _)| facts);
        let warnings = still_allowed(&self.venue(), account.segment, key, facts, now).map_err(conflict)?;
        let (_, operator) = self
            .operator_facts(Some(&key.operator), key.vendor.as_deref(), account)
            .await
            .map_err(conflict)?;
        Ok((warnings, vendor.map(|(_, read)| read).into_iter().chain(operator).collect()))
    }

    /// Whether those who agreed to a key's steps are all whom the rules in force ask.
    ///
    /// # Errors
    /// `approvals_outdated`.
    pub(crate) async fn still_agreed(
        &self,
        venue: &Venue,
        segment: Segment,
        key: &KeyRow,
    ) -> Result<(), Refusal> {
        for grant in &key.approvals {
            let needed = steps::needed(venue.segment(segment), grant.step);
            if needed.is_empty() {
                continue;
            }
            let approval = match &grant.approval {
                Some(id) => self.row(&APPROVALS, id).await?.as_ref().map(Approval::of).transpose()?,
                None => None,
            };
            if approval.is_none_or(|approval| !approval.agreed_by(needed)) {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "approvals_outdated",
                    format!(
                        "the rules for rights to `{}` ask for more people than agreed",
                        grant.step.as_str()
                    ),
                    "revoke this request and ask for the key anew",
                ));
            }
        }
        Ok(())
    }

    /// The approval, needing whomever the rules in force ask beside those it was opened with: what was tightened since holds
    /// for what still waits.
    pub(crate) async fn needed_now(&self, approval: Approval) -> Result<Approval, Refusal> {
        let of_key = match (approval.action.as_str(), approval.request.get("key").and_then(Value::as_str)) {
            ("key.grant" | "key.widen", Some(key)) => {
                let key = KeyRow::of(&self.row_or_not_found(&KEYS, "key", key).await?)?;
                let (account, _) = self.account_facts(&key.account).await?;
                Some((account.segment, key.scopes))
            }
            _ => None,
        };
        self.needed_by(approval, |key| of_key.ok_or_else(|| crate::govern::not_found("key", key)))
    }

    /// As [`Govern::needed_now`], with whoever knows the segment and the rights of a key.
    pub(crate) fn needed_by(
        &self,
        approval: Approval,
        of_key: impl FnOnce(&str) -> Result<(Segment, ScopeSet), Refusal>,
    ) -> Result<Approval, Refusal> {
        let Ok(frozen) = serde_json::from_value::<Frozen>(approval.request.clone()) else {
            return Ok(approval);
        };
        let venue = self.venue();
        let present = match approval.action.as_str() {
            "key.expire" => venue.expiry.approvals.clone(),
            "key.grant" | "key.widen" => {
                let (segment, scopes) = of_key(&frozen.key)?;
                let rules = venue.segment(segment);
                match frozen.step {
                    Some(step) => steps::needed(rules, step).to_vec(),
                    None => steps::needed_to_widen(rules, frozen.scopes.unwrap_or(scopes)),
                }
            }
            _ => return Ok(approval),
        };
        let needed = steps::stricter(approval.needed.iter().chain(&present));
        Ok(Approval { needed, ..approval })
    }

    /// A step was refused: the key is, and its other steps have no object any more.
    pub(crate) async fn key_grant_refused(
        &self,
        actor: &Actor,
        approval: &Approval,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let (_, loaded) = self.frozen(actor, approval).await?;
        let reason = approval.decisions.last().and_then(|decided| decided.reason.clone());
        self.rejection(actor, &loaded, reason.as_deref(), Some(&approval.approval), now).await
    }

    pub(crate) async fn rejection(
        &self,
        actor: &Actor,
        loaded: &Loaded,
        reason: Option<&str>,
        decided: Option<&str>,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let key = &loaded.key;
        let standing = apply(key.standing(), Action::Reject)?;
        let after = KeyRow { reason: reason.map(str::to_owned), ..key.at(standing) };
        let title = format!("reject key {}", key.key);
        let venue = self.venue();
        let deed = Deed { class: "key.rejected", title: &title, actor, venue: &venue, now };
        let why = Why { reason, ..Why::default() };
        let write = KeyWrite { before: Some(key), after, origin: Origin::By(Action::Reject) };
        let mut plan = plan(deed, &why, vec![write])?;
        self.withdraw_open(&mut plan, &key.key, decided).await?;
        Ok(plan)
    }

    /// Closes what still waits about a key that has ended.
    pub(crate) async fn withdraw_open(
        &self,
        plan: &mut Plan,
        key: &str,
        but: Option<&str>,
    ) -> Result<(), Refusal> {
        for open in self.open_approvals(&format!("key:{key}")).await? {
            if Some(open.approval.as_str()) != but {
                let closed = open.closed(ApprovalState::Withdrawn, plan.change.at);
                plan.change.writes.push(closed.next_write());
            }
        }
        Ok(())
    }

    async fn frozen(&self, actor: &Actor, approval: &Approval) -> Result<(Frozen, Loaded), Refusal> {
        let frozen: Frozen = serde_json::from_value(approval.request.clone()).map_err(|_| {
            Refusal::new(
                RefusalKind::Conflict,
                "action_unknown",
                format!("nobody here executes `{}`", approval.action),
                "refuse it, and ask for it anew with this version of the program",
            )
        })?;
        let loaded = self.key_loaded(actor, &frozen.key).await?;
        Ok((frozen, loaded))
    }

    /// Approves a key: decides the first of its open steps that this person is entitled to.
    ///
    /// # Errors
    /// `nothing_to_approve`, and as [`Govern::decide`].
    pub async fn approve_key(
        &self,
        actor: &Actor,
        key: &str,
        decision: &Decision,
        call: &Call,
    ) -> Result<Done<Approval>, Refusal> {
        // Before anything else is looked at: the first answer may be what made the second look different.
        if let Some(done) = self.answered(actor, call).await? {
            return Ok(done);
        }
        let loaded = self.key_loaded(actor, key).await?;
        apply(loaded.key.standing(), Action::Approve)?;
        check_seen(call, &loaded.key, actor)?;
        let call = Call { if_match: None, ..call.clone() };
        let now = self.world.now();
        let mut said = None;
        for open in self.open_approvals(&format!("key:{key}")).await? {
            let open = self.needed_now(open).await?;
            match open.decide(actor, decision, now) {
                Ok(_) => return self.decide(actor, &open.approval, decision, &call).await,
                Err(refusal) => said = said.or(Some(refusal)),
            }
        }
        Err(said.unwrap_or_else(|| {
            Refusal::new(
                RefusalKind::Conflict,
                "nothing_to_approve",
                format!("no step of key `{key}` waits for anybody"),
                "its owner can have it issued",
            )
        }))
    }

    /// Refuses a key that was asked for, as whoever is entitled to one of its steps, or to any if none waits.
    ///
    /// # Errors
    /// `reason_missing`, `role_not_entitled`, and as [`Govern::decide`].
    pub async fn reject_key(
        &self,
        actor: &Actor,
        key: &str,
        reason: &str,
        call: &Call,
    ) -> Result<Done<KeyAnswer>, Refusal> {
        let decision =
            &Decision { decision: Answer::Refuse, reason: Some(reason.to_owned()), looked_at: None };
        self.run(actor, call, |now| async move {
            let loaded = self.key_loaded(actor, key).await?;
            check_seen(call, &loaded.key, actor)?;
            let reason = super::access::reason("reason", reason)?;
            crate::staff::fresh(&self.venue(), actor, now)?;
            let mut decided: Option<(Approval, Outcome)> = None;
            let mut said = None;
            let open = self.open_approvals(&format!("key:{key}")).await?;
            for approval in open {
                let approval = self.needed_now(approval).await?;
                match approval.decide(actor, decision, now) {
                    Ok(done) if decided.is_none() => decided = Some(done),
                    Ok(_) => {}
                    Err(refusal) => said = said.or(Some(refusal)),
                }
            }
            apply(loaded.key.standing(), Action::Reject)?;
            match (&decided, said) {
                (None, Some(refusal)) => return Err(refusal),
                (None, None) => crate::staff::require(actor, super::access::PROPOSERS)?,
                (Some(_), _) => {}
            }
            let but = decided.as_ref().map(|(approval, _)| approval.approval.clone());
            let mut plan = self.rejection(actor, &loaded, Some(reason), but.as_deref(), now).await?;
            if let Some((approval, _)) = decided {
                plan.change.facts.insert("approval".to_owned(), json!(approval.approval));
                plan.change.facts.insert("decision".to_owned(), json!(approval.decisions.last()));
                plan.change.writes.push(approval.next_write());
            }
            let value = answer(&plan, actor)?;
            Ok(Planned { plan, value, status: 200 })
        })
        .await
    }
}

/// The rules of creation again, against the present venue, account and vendor.
fn still_allowed(
    venue: &Venue,
    segment: Segment,
    after: &KeyRow,
    vendor: Option<&VendorFacts>,
    now: Timestamp,
) -> Result<Vec<String>, Refusal> {
    let wanted = Wanted {
        purpose: after.purpose,
        scopes: after.scopes,
        allowlist: &after.allowlist,
        expires: after.ends(),
        vendor,
    };
    rules::check(venue, segment, &wanted, now)
}

/// What was asked for no longer fits, though nothing of the request at hand is wrong.
fn conflict(refusal: Refusal) -> Refusal {
    match refusal.kind {
        RefusalKind::Invalid => Refusal { kind: RefusalKind::Conflict, pointer: None, ..refusal },
        _ => refusal,
    }
}

/// The answer that a plan's first key row gives.
pub(crate) fn answer(plan: &Plan, actor: &Actor) -> Result<KeyAnswer, Refusal> {
    let write = plan.change.writes.iter().find(|write| write.table.name == "keys");
    let key = KeyRow::of(&write.map(|write| write.image.clone()).unwrap_or_default())?;
    Ok(KeyAnswer { key: KeyView::of(&key, actor), waits_for: Vec::new() })
}
