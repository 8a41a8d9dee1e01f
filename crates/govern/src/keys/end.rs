//! A key ends: by its owner in one step, or by force, which staff propose and others decide: how many, the venue says.

use super::access::{self, PROPOSERS};
use super::change::{due, opened};
use super::grant::{Frozen, answer};
use super::ground::Ground;
use super::lint::Origin;
use super::machine::{Action, apply};
use super::row::KeyRow;
use super::steps::shown;
use super::view::{KeyAnswer, KeyView, check_seen};
use super::write::{Deed, KeyWrite, Why, plan};
use crate::actor::Actor;
use crate::approvals::{Approval, Opening};
use crate::call::{Call, Done, Planned};
use crate::cases::docket::Docket;
use crate::cases::playbook::Said;
use crate::cases::row::CaseState;
use crate::govern::Govern;
use crate::measures::MeasureState;
use crate::owner::verification;
use crate::plan::{Effect, Plan};
use crate::refusal::{Refusal, RefusalKind};
use crate::staff::require;
use serde_json::json;
use std::collections::BTreeSet;
use sumun_model::{Cause, ExpiryCause, KeyState, Measure, Timestamp};
use sumun_store::tables::KEYS;
use sumun_store::{Expect, RowRead};

impl Govern {
    /// The owner ends a key at once. It takes no second factor and nobody's leave: ending harms nobody but him.
    ///
    /// # Errors
    /// What [`access::owner`] and [`apply`] refuse.
    pub async fn revoke_key(
        &self,
        actor: &Actor,
        key: &str,
        reason: Option<&str>,
        call: &Call,
    ) -> Result<Done<KeyAnswer>, Refusal> {
        self.run(actor, call, |now| async move {
            let loaded = self.key_loaded(actor, key).await?;
            access::owner(actor, &loaded.account)?;
            check_seen(call, &loaded.key, actor)?;
            let reason = reason.filter(|text| !text.trim().is_empty());
            let plan =
                self.ended(actor, &loaded.key, (Action::Revoke, ExpiryCause::Owner), reason, now).await?;
            let value = answer(&plan, actor)?;
            Ok(Planned { plan, value, status: 200 })
        })
        .await
    }

    /// Staff propose that a key be ended by force; those decide whom `expiry.approvals` of the venue names.
    ///
    /// # Errors
    /// `forbidden`, `reason_missing`, `ending_waits`, and what [`apply`] refuses.
    pub async fn expire_key(
        &self,
        actor: &Actor,
        key: &str,
        why: (&str, &str),
        call: &Call,
    ) -> Result<Done<KeyAnswer>, Refusal> {
        self.expire_key_on(actor, key, why, None, call).await
    }

    /// The same, with what its owner is told was found.
    ///
    /// # Errors
    /// As [`Govern::expire_key`].
    pub async fn expire_key_on(
        &self,
        actor: &Actor,
        key: &str,
        (reason, lesser): (&str, &str),
        ground: Option<Ground>,
        call: &Call,
    ) -> Result<Done<KeyAnswer>, Refusal> {
        self.run(actor, call, |now| async move {
            let venue = self.venue();
            require(actor, PROPOSERS)?;
            let loaded = self.key_loaded(actor, key).await?;
            check_seen(call, &loaded.key, actor)?;
            apply(loaded.key.standing(), Action::Expire)?;
            let reason = access::reason("reason", reason)?;
            let lesser = access::reason("lesser", lesser)?;
            let subject = format!("key:{key}");
            if let Some(open) =
                self.open_approvals(&subject).await?.iter().find(|open| open.action == "key.expire")
            {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "ending_waits",
                    format!("ending key `{key}` waits for decisions already: `{}`", open.approval),
                    "decide that one",
                ));
            }
            let (cases, placed_by) = self.hands_on(key).await?;
            let frozen = Frozen {
                key: key.to_owned(),
                customer: loaded.account.customer.clone(),
                cases,
                placed_by,
                basis: None,
                step: None,
                scopes: None,
                allowlist: None,
                reason: Some(reason.to_owned()),
                lesser: Some(lesser.to_owned()),
                ground,
                shown: shown(&loaded.key, &loaded.account),
            };
            let opening = Opening {
                id: self.new_id("P"),
                action: "key.expire",
                subject,
                request: json!(frozen),
                requested_by: &actor.principal,
                needed: &venue.expiry.approvals,
                due: due(&venue, now),
            };
            let approval = Approval::open(opening, now);
            let mut plan = opened(actor, &approval, format!("propose to end key {key} by force"), now);
            plan.effects.push(Effect {
                subject: format!("key:{key}"),
                field: "state (once approved)".to_owned(),
                before: json!(loaded.key.state),
                after: json!(KeyState::Expired),
            });
            plan.change.facts.insert("reason".to_owned(), json!(reason));
            plan.change.facts.insert("lesser".to_owned(), json!(lesser));
            if let Some(ground) = ground {
                plan.change.facts.insert("ground".to_owned(), json!(ground));
            }
            plan.change.reads.push(RowRead {
                table: &KEYS,
                key: key.to_owned(),
                expect: Expect::Version(loaded.key.version),
            });
            let value =
                KeyAnswer { key: KeyView::of(&loaded.key, actor), waits_for: vec![approval.approval] };
            Ok(Planned { plan, value, status: 202 })
        })
        .await
    }

    /// The plan by which a key ends, with all that waited about it withdrawn.
    pub(crate) async fn ended(
        &self,
        actor: &Actor,
        key: &KeyRow,
        (action, cause): (Action, ExpiryCause),
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        self.ended_as("key.expired", actor, key, (action, cause), reason, now).await
    }

    /// The same, as an entry of this class.
    pub(crate) async fn ended_as(
        &self,
        class: &'static str,
        actor: &Actor,
        key: &KeyRow,
        (action, cause): (Action, ExpiryCause),
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        self.ended_together(class, actor, &[(key, cause)], (action, reason), now).await
    }

    /// The plan by which several keys end at once. One docket for all of them: two keys of one case write its row once, and it is known of
    /// each that the others end too.
    pub(crate) async fn ended_together(
        &self,
        class: &'static str,
        actor: &Actor,
        ends: &[(&KeyRow, ExpiryCause)],
        (action, reason): (Action, Option<&str>),
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let mut writes = Vec::with_capacity(ends.len());
        for (key, cause) in ends {
            let after = end(key, action, *cause, reason)?;
            writes.push(KeyWrite { before: Some(key), after, origin: Origin::By(action) });
        }
        let title = match ends {
            [(key, cause)] => format!("end key {}: {cause}", key.key),
            _ => format!("end {} keys", ends.len()),
        };
        let venue = self.venue();
        let deed = Deed { class, title: &title, actor, venue: &venue, now };
        let mut plan = plan(deed, &Why { reason, ..Why::default() }, writes)?;
        let mut causes = ends.iter().map(|(_, cause)| *cause);
        if let Some(cause) = causes.next().filter(|first| causes.all(|cause| cause == *first)) {
            plan.change.facts.insert("cause".to_owned(), json!(cause));
        }
        for (key, _) in ends {
            self.withdraw_open(&mut plan, &key.key, None).await?;
            if key.measure == Some(Measure::Reverify) {
                // It asks its owner for nothing any more; the key that takes the measure over asks anew.
                verification::close(self, &mut plan, &key.key, now).await?;
            }
        }
        self.cases_told(&mut plan, actor, ends, now).await?;
        Ok(plan)
    }

    /// The open cases of these keys learn that they ended, and how: that a secret was out, that an owner was heard.
    async fn cases_told(
        &self,
        plan: &mut Plan,
        actor: &Actor,
        ends: &[(&KeyRow, ExpiryCause)],
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let all: BTreeSet<&str> = ends.iter().map(|(key, _)| key.key.as_str()).collect();
        let mut docket = Docket::default();
        docket.ranked_without_all(self, &all).await?;
        for (key, cause) in ends {
            if matches!(cause, ExpiryCause::Leaked | ExpiryCause::Owner) {
                self.case_told(&mut docket, actor, (key, *cause), &all, now).await?;
            }
        }
        docket.write(plan);
        Ok(())
    }

    /// The open cases of one of them.
    async fn case_told(
        &self,
        docket: &mut Docket,
        actor: &Actor,
        (key, cause): (&KeyRow, ExpiryCause),
        all: &BTreeSet<&str>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let mut ids: BTreeSet<String> = BTreeSet::new();
        for row in self.measures_of(&key.key, MeasureState::InForce).await? {
            ids.extend(docket.load(self, &row.case_id).await?);
        }
        ids.extend(docket.open_of(self, &format!("key:{}", key.key)).await?);
        // He has just said that it was not he: nothing else ends a key as leaked in its owner's own session.
        let denied = cause == ExpiryCause::Leaked && actor.roles.iter().any(|role| role.is_customer());
        for id in ids {
            let Some(case) = docket.case_mut(&id).filter(|case| case.state == CaseState::Open) else {
                continue;
            };
            if cause == ExpiryCause::Leaked {
                case.cause = Cause::Leaked;
            }
            let mut told = json!({ "key": key.key, "cause": cause });
            if denied && let Some(told) = told.as_object_mut() {
                told.insert("answer".to_owned(), json!("not_me"));
            }
            docket.event(&id, "key_ended", &actor.principal, told, now);
            if denied {
                docket.on_record(&id, "hear_owner", &actor.principal, &Said::owner_denied(&key.key), now);
            }
            docket.ended(self, &id, all);
        }
        Ok(())
    }
}

/// The key, ended. Who reviews its hold, and by when, stays: the hold follows the account to the next key.
///
/// # Errors
/// What [`apply`] refuses.
pub fn end(
    key: &KeyRow,
    action: Action,
    cause: ExpiryCause,
    reason: Option<&str>,
) -> Result<KeyRow, Refusal> {
    let standing = apply(key.standing(), action)?;
    let reason = reason.map(str::to_owned).or_else(|| key.reason.clone());
    Ok(KeyRow { cause: Some(cause), reason, ..key.at(standing) })
}
