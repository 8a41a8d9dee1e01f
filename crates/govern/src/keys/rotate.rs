//! A new key takes the place of an old one: same rights, same end, a new secret. Both live for a bounded overlap.
//!
//! Baseline and measures go along. The old id is dead afterwards: by the gates' own clocks, and by [`super::due`] in the record.

use super::access;
use super::issue::Issued;
use super::lint::Origin;
use super::machine::{Action, apply};
use super::row::{KeyRow, Scheme};
use super::view::{KeyView, check_seen};
use super::write::{Deed, KeyWrite, Why, plan};
use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::campaigns::{CampaignRow, CampaignState};
use crate::govern::Govern;
use crate::refusal::{Refusal, RefusalKind};
use crate::row::unchanged;
use crate::venue::{PublicKeyText, Venue};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_model::{KeyState, Timestamp};
use sumun_store::RowRead;
use sumun_store::tables::{CAMPAIGNS, KEYS};

const HOUR_US: i64 = 3_600_000_000;

/// How a key is rotated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Hours for which the old key lives on; none at all if not said.
    #[serde(default)]
    pub overlap_hours: u32,
    /// For an owner-held signing key: the new public key.
    #[serde(default)]
    pub public_key: Option<String>,
    /// Version of the terms accepted; needed if they changed since the old key was asked for.
    #[serde(default)]
    pub terms: Option<String>,
}

/// The new key and the old one's new end.
///
/// # Errors
/// What [`apply`] refuses; `rotation_running`.
pub fn rotated(
    old: &KeyRow,
    new_id: String,
    overlap_us: i64,
    (actor, session): (&Actor, &str),
    now: Timestamp,
) -> Result<(KeyRow, KeyRow), Refusal> {
    let standing = apply(old.standing(), Action::Rotate)?;
    if let Some(ends) = old.ends_us {
        return Err(Refusal::new(
            RefusalKind::Conflict,
            "rotation_running",
            format!("another key has taken this one's place; it ends at {}", Timestamp::from_micros(ends)),
            "rotate the new key, or revoke this one now",
        ));
    }
    let ends = now.plus_micros(overlap_us).as_micros().min(old.expires_us);
    let before = KeyRow { ends_us: Some(ends), ..old.clone() };
    let after = KeyRow {
        key: new_id,
        state: KeyState::Active,
        measure: standing.measure,
        secret: None,
        exposure: None,
        public_key: None,
        created_us: now.as_micros(),
        rotate_by_us: None,
        ends_us: None,
        replaces: Some(old.key.clone()),
        requested_by: actor.principal.clone(),
        session: session.to_owned(),
        version: 1,
        ..old.clone()
    };
    Ok((before, after))
}

impl Govern {
    /// The owner rotates a key; the new secret is shown once.
    ///
    /// # Errors
    /// What [`rotated`] and [`access`] refuse; `overlap_too_long`.
    pub async fn rotate_key(
        &self,
        actor: &Actor,
        key: &str,
        rotation: &Rotation,
        call: &Call,
    ) -> Result<Done<Issued>, Refusal> {
        let mut done =
            self.run(actor, call, |now| self.rotation_planned(actor, key, rotation, (call, now))).await?;
        if call.dry_run {
            done.value.secret = None;
        }
        Ok(done)
    }

    /// Refuses while the key whose place this one took by rotation still lives: an account has two keys for one at most.
    async fn one_overlap_at_a_time(&self, key: &KeyRow, now: Timestamp) -> Result<(), Refusal> {
        let Some(before) = &key.replaces else { return Ok(()) };
        let Some(row) = self.row(&KEYS, before).await? else { return Ok(()) };
        let before = KeyRow::of(&row)?;
        if before.ends_us.is_none() || before.state.is_terminal() || before.ends() <= now {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalKind::Conflict,
            "rotation_running",
            format!("key `{}`, whose place this one took, lives until {}", before.key, before.ends()),
            "revoke that one, or wait until its overlap is over",
        ))
    }

    /// The key as another takes its place: a halt goes along as long as its campaign goes on, which nobody stops meanwhile. Of one that was
    /// stopped whatever came to a halt works again, and no new key may come to one behind the back of whoever gives the others back.
    async fn asked_still(&self, key: &KeyRow) -> Result<(KeyRow, Option<RowRead>), Refusal> {
        let Some(campaign) = &key.campaign else { return Ok((key.clone(), None)) };
        let image = self.row(&CAMPAIGNS, campaign).await?;
        let read = unchanged(&CAMPAIGNS, campaign, image.as_ref());
        let stopped = image
            .as_ref()
            .and_then(|image| CampaignRow::of(image).ok())
            .is_some_and(|row| row.state == CampaignState::Stopped);
        let campaign = key.campaign.clone().filter(|_| !stopped);
        Ok((KeyRow { campaign, ..key.clone() }, Some(read)))
    }

    /// What a rotation takes: for a use case that does so among other things.
    pub(crate) async fn rotation_planned(
        &self,
        actor: &Actor,
        key: &str,
        rotation: &Rotation,
        (call, now): (&Call, Timestamp),
    ) -> Result<Planned<Issued>, Refusal> {
        let venue = self.venue();
        let loaded = self.key_loaded(actor, key).await?;
        let session = access::owner(actor, &loaded.account)?;
        access::requester(actor, &loaded.key)?;
        access::fresh(&venue, actor, now)?;
        check_seen(call, &loaded.key, actor)?;
        let most = venue.segment(loaded.account.segment).rotation_overlap_hours_max.get();
        if rotation.overlap_hours > most {
            return Err(Refusal::new(
                RefusalKind::Invalid,
                "overlap_too_long",
                format!("{} hours of overlap, at most {most} are allowed here", rotation.overlap_hours),
                "give fewer hours; prepare the programme before rotating",
            )
            .at("/overlap_hours"));
        }
        let overlap_us = i64::from(rotation.overlap_hours) * HOUR_US;
        let id = self.new_id("K");
        let (before, mut after) = rotated(&loaded.key, id, overlap_us, (actor, session), now)?;
        let (taken_over, campaign) = self.asked_still(&loaded.key).await?;
        after.campaign.clone_from(&taken_over.campaign);
        self.one_overlap_at_a_time(&loaded.key, now).await?;
        let (account, standing) = self.account_facts(&loaded.key.account).await?;
        if let Some(refusal) = standing {
            return Err(refusal);
        }
        let (warnings, allowed) = self.allowed_now(&account, &after, now).await?;
        terms(&venue, rotation, &mut after, now)?;
        let made = match after.scheme {
            Scheme::Hs256 => {
                let made = self.make_secret(&after.key)?;
                after.secret = Some(made.name.clone());
                after.exposure = Some(made.exposure.clone());
                Some(made)
            }
            Scheme::Ed25519 => {
                after.public_key = Some(public_key(rotation)?);
                None
            }
        };
        let title = format!("rotate key {key} to {}", after.key);
        let deed = Deed { class: "key.rotated", title: &title, actor, venue: &venue, now };
        let view = KeyView::of(&after, actor);
        let standing = after.clone();
        let writes = vec![
            KeyWrite { before: Some(&loaded.key), after: before, origin: Origin::By(Action::Rotate) },
            KeyWrite { before: None, after, origin: Origin::Replaces(&taken_over) },
        ];
        let approvals = loaded.key.approvals.iter().filter_map(|grant| grant.approval.clone()).collect();
        let mut plan = plan(deed, &Why { approvals, ..Why::default() }, writes)?;
        plan.change.facts.insert("replaces".to_owned(), json!(key));
        plan.change.facts.insert("overlap_hours".to_owned(), json!(rotation.overlap_hours));
        plan.warnings = warnings;
        plan.change.reads.extend(campaign);
        account.gets_a_key(&mut plan.change);
        self.stands_from(&standing, &account, &mut plan.change, now).await?;
        plan.change.reads.extend(allowed);
        let secret = made.map(|made| {
            plan.change.vault.push(made.vault);
            made.secret
        });
        Ok(Planned { plan, value: Issued { key: view, secret }, status: 201 })
    }
}

/// A new key stands on the terms in force (R8): those of the old one if they still are, else those accepted now.
fn terms(venue: &Venue, rotation: &Rotation, key: &mut KeyRow, now: Timestamp) -> Result<(), Refusal> {
    let in_force = &venue.terms.version;
    if key.terms == *in_force {
        return Ok(());
    }
    if rotation.terms.as_ref() != Some(in_force) {
        let stands = key.accepted().map_or("none".to_owned(), |(version, _)| format!("`{version}`"));
        return Err(Refusal::new(
            RefusalKind::Invalid,
            "terms_not_current",
            format!("the terms in force are version `{in_force}`; the key stands on {stands}"),
            "read the terms in force, which the venue's facts hold, and name their version",
        )
        .at("/terms"));
    }
    key.terms.clone_from(in_force);
    key.terms_accepted_us = now.as_micros();
    Ok(())
}

fn public_key(rotation: &Rotation) -> Result<String, Refusal> {
    rotation
        .public_key
        .as_deref()
        .and_then(PublicKeyText::parse)
        .map(|key| hex::encode(key.bytes()))
        .ok_or_else(|| {
            Refusal::new(
                RefusalKind::Invalid,
                "public_key_bad",
                "rotating an owner-held signing key needs the new Ed25519 public key",
                "give its 32 bytes as base64url without padding (43 characters)",
            )
            .at("/public_key")
        })
}
