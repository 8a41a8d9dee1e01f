//! Staff cut a key and give it back: suspend and lift, hold and release. Each with a reason; a hold with who reviews it by when.

use super::access::{self, HOLDERS, LIFTERS, SUSPENDERS};
use super::grant::answer;
use super::lint::Origin;
use super::machine::{Action, apply};
use super::row::KeyRow;
use super::view::{KeyAnswer, KeyView, check_seen};
use super::write::{Deed, KeyWrite, Why, plan};
use crate::actor::{Actor, Role};
use crate::call::{Call, Done, Planned};
use crate::govern::Govern;
use crate::measures::staff::OwnDeed;
use crate::refusal::{Refusal, RefusalKind};
use crate::row::{text, unchanged};
use crate::staff::require;
use crate::venue::Venue;
use serde::{Deserialize, Serialize};
use sumun_model::Timestamp;
use sumun_store::RowRead;
use sumun_store::tables::USERS;

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// What was seen, in own words.
    pub reason: String,
    /// Why a lesser measure would not do.
    pub lesser: String,
    /// Who reviews it: a principal of staff.
    pub reviewer: String,
    /// By when; it lapses then. The venue's longest time if not said.
    #[serde(default)]
    pub due: Option<Timestamp>,
}

/// What one action of staff brings to a key's row.
struct Deeds<'a> {
    action: Action,
    class: &'static str,
    roles: &'a [Role],
    reason: &'a str,
    lesser: Option<&'a str>,
}

impl Govern {
    /// Cuts a key off but for cancelling.
    ///
    /// # Errors
    /// `forbidden`, `reason_missing`, and what [`apply`] refuses.
    pub async fn suspend_key(
        &self,
        actor: &Actor,
        key: &str,
        reason: &str,
        call: &Call,
    ) -> Result<Done<KeyAnswer>, Refusal> {
        let deeds = Deeds {
            action: Action::Suspend,
            class: "key.suspended",
            roles: SUSPENDERS,
            reason,
            lesser: None,
        };
        self.staff_deed(actor, key, &deeds, None, call).await
    }

    /// Gives a suspended key back.
    ///
    /// # Errors
    /// As [`Govern::suspend_key`].
    pub async fn lift_key(
        &self,
        actor: &Actor,
        key: &str,
        reason: &str,
        call: &Call,
    ) -> Result<Done<KeyAnswer>, Refusal> {
        let deeds = Deeds { action: Action::Lift, class: "key.lifted", roles: LIFTERS, reason, lesser: None };
        self.staff_deed(actor, key, &deeds, None, call).await
    }

    /// Holds a key on suspicion: only reading and cancelling pass, until its due time.
    ///
    /// # Errors
    /// As [`Govern::suspend_key`]; `due_bad`, `reviewer_missing`.
    pub async fn hold_key(
        &self,
        actor: &Actor,
        key: &str,
        hold: &Hold,
        call: &Call,
    ) -> Result<Done<KeyAnswer>, Refusal> {
        let deeds = Deeds {
            action: Action::Hold,
            class: "key.held",
            roles: HOLDERS,
            reason: &hold.reason,
            lesser: Some(&hold.lesser),
        };
        self.staff_deed(actor, key, &deeds, Some(hold), call).await
    }

    /// Ends a hold before its due time.
    ///
    /// # Errors
    /// As [`Govern::suspend_key`]; `no_hold`.
    pub async fn release_key(
        &self,
        actor: &Actor,
        key: &str,
        reason: &str,
        call: &Call,
    ) -> Result<Done<KeyAnswer>, Refusal> {
        let deeds =
            Deeds { action: Action::Release, class: "key.released", roles: HOLDERS, reason, lesser: None };
        self.staff_deed(actor, key, &deeds, None, call).await
    }

    async fn staff_deed(
        &self,
        actor: &Actor,
        key: &str,
        deeds: &Deeds<'_>,
        hold: Option<&Hold>,
        call: &Call,
    ) -> Result<Done<KeyAnswer>, Refusal> {
        self.run(actor, call, |now| async move {
            let venue = self.venue();
            require(actor, deeds.roles)?;
            // Giving back, not cutting off.
            if matches!(deeds.action, Action::Lift | Action::Release) {
                crate::staff::fresh(&venue, actor, now)?;
            }
            let loaded = self.key_loaded(actor, key).await?;
            check_seen(call, &loaded.key, actor)?;
            let reason = access::reason("reason", deeds.reason)?;
            let lesser = deeds.lesser.map(|lesser| access::reason("lesser", lesser)).transpose()?;
            let own = OwnDeed { actor, loaded: &loaded, reason, lesser, now };
            if matches!(deeds.action, Action::Lift | Action::Release)
                && let Some(plan) = self.given_back_after_end(&own, deeds.action, deeds.class).await?
            {
                let value = KeyAnswer { key: KeyView::of(&loaded.key, actor), waits_for: Vec::new() };
                return Ok(Planned { plan, value, status: 200 });
            }
            if deeds.action == Action::Release {
                apply(loaded.key.standing(), Action::Release)?;
                let plan = self.released(&own, deeds.class).await?;
                let value = answer(&plan, actor)?;
                return Ok(Planned { plan, value, status: 200 });
            }
            let before = &loaded.key;
            let after = done(&venue, before, deeds.action, reason, hold, now)?;
            let reviewer = match hold {
                Some(hold) => Some(self.reviewer(hold.reviewer.trim()).await?),
                None => None,
            };
            let title = format!("{} key {key}", deeds.action.as_str());
            let deed = Deed { class: deeds.class, title: &title, actor, venue: &venue, now };
            let why = Why { reason: Some(reason), lesser, approvals: Vec::new() };
            let until = after.review_due_us;
            let write = KeyWrite { before: Some(before), after, origin: Origin::By(deeds.action) };
            let mut plan = plan(deed, &why, vec![write])?;
            plan.change.reads.extend(reviewer);
            match deeds.action {
                Action::Hold => {
                    let reviewer = hold.map(|hold| hold.reviewer.as_str());
                    self.hold_noted(&mut plan, &own, until, reviewer).await?;
                }
                Action::Suspend => self.suspension_noted(&mut plan, &own).await?,
                _ => self.suspension_ended(&mut plan, &own).await?,
            }
            loaded.account.gets_a_measure(&mut plan.change);
            let value = answer(&plan, actor)?;
            Ok(Planned { plan, value, status: 200 })
        })
        .await
    }

    /// The reviewer of a hold is somebody who works here.
    async fn reviewer(&self, principal: &str) -> Result<RowRead, Refusal> {
        let user = principal.strip_prefix("user:").unwrap_or_default();
        let row = if user.is_empty() { None } else { self.row(&USERS, user).await? };
        match row.filter(|row| text(row, "state") == "active") {
            Some(row) => Ok(unchanged(&USERS, user, Some(&row))),
            None => Err(no_reviewer()),
        }
    }
}

fn no_reviewer() -> Refusal {
    Refusal::new(
        RefusalKind::Invalid,
        "reviewer_missing",
        "a hold names who reviews it: somebody of staff who can sign in",
        "name one, such as `user:alice`; a list of users is among the resources",
    )
    .at("/reviewer")
}

/// The key after one of the four.
///
/// # Errors
/// What [`apply`] refuses; `due_bad`, `reviewer_missing`.
pub fn done(
    venue: &Venue,
    before: &KeyRow,
    action: Action,
    reason: &str,
    hold: Option<&Hold>,
    now: Timestamp,
) -> Result<KeyRow, Refusal> {
    let mut after = before.at(apply(before.standing(), action)?);
    match (action, hold) {
        (Action::Hold, Some(hold)) => {
            after.review_due_us = Some(due(venue, hold.due, now)?.as_micros());
            after.review_by = Some(hold.reviewer.trim().to_owned());
            after.reason = Some(reason.to_owned());
        }
        (Action::Release | Action::Lapse, _) => {
            (after.review_by, after.review_due_us) = (None, None);
        }
        _ => after.reason = Some(reason.to_owned()),
    }
    Ok(after)
}

fn due(venue: &Venue, wanted: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Refusal> {
    let longest = venue.clocks.hold_due();
    let latest = now.plus_micros(longest.as_micros());
    match wanted {
        None => Ok(latest),
        Some(due) if due > now && due <= latest => Ok(due),
        Some(due) => Err(Refusal::new(
            RefusalKind::Invalid,
            "due_bad",
            format!("a hold due at {due} is over already or longer than {longest}"),
            format!("give a time before {latest}; what takes longer is another measure"),
        )
        .at("/due")),
    }
}
