//! A key that was asked for and agreed to becomes usable. Its secret is made here, shown once, and kept only sealed.

use super::access;
use super::follow::{follow, warned_of};
use super::lint::Origin;
use super::machine::{Action, apply};
use super::row::Scheme;
use super::view::{KeyView, check_seen};
use super::write::{Deed, KeyWrite, Why, plan};
use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::govern::Govern;
use crate::refusal::{Refusal, RefusalKind};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use sumun_model::{ApiSecret, KeyId, Timestamp};
use sumun_store::VaultItem;

/// An issued key. The secret is in this value and nowhere else; what is kept for repeating the answer leaves it out.
#[derive(Clone, Serialize, Deserialize)]
pub struct Issued {
    /// The key.
    pub key: KeyView,
    /// Shown once. None for an owner-held signing key, after a dry run, and when the request is repeated.
    #[serde(skip)]
    pub secret: Option<ApiSecret>,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("key", &self.key.key).finish_non_exhaustive()
    }
}

/// A secret made for a key: the secret, what the vault keeps, what the row keeps.
pub(crate) struct Made {
    pub(crate) secret: ApiSecret,
    pub(crate) vault: VaultItem,
    pub(crate) name: String,
    pub(crate) exposure: String,
}

/// Hex SHA-256 of a secret, by which an exposed one is recognised.
#[must_use]
pub fn exposure(secret: &[u8]) -> String {
    hex::encode(Sha256::digest(secret))
}

impl Govern {
    /// Issues a key to the one who asked for it.
    ///
    /// # Errors
    /// `requester_only`, `approvals_open`, `key_state` and what [`access`] refuses.
    pub async fn issue_key(&self, actor: &Actor, key: &str, call: &Call) -> Result<Done<Issued>, Refusal> {
        let mut done = self.run(actor, call, |now| self.issue_planned(actor, key, call, now)).await?;
        if call.dry_run {
            done.value.secret = None;
        }
        Ok(done)
    }

    async fn issue_planned(
        &self,
        actor: &Actor,
        key: &str,
        call: &Call,
        now: Timestamp,
    ) -> Result<Planned<Issued>, Refusal> {
        let venue = self.venue();
        let loaded = self.key_loaded(actor, key).await?;
        let before = &loaded.key;
        access::owner(actor, &loaded.account)?;
        access::requester(actor, before)?;
        access::fresh(&venue, actor, now)?;
        check_seen(call, before, actor)?;
        let issued = apply(before.standing(), Action::Issue)?;
        if !before.all_granted() {
            let open: Vec<&str> = before
                .approvals
                .iter()
                .filter(|grant| !grant.granted)
                .filter_map(|grant| grant.approval.as_deref())
                .collect();
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "approvals_open",
                format!("{} of its steps wait for somebody: {}", open.len(), open.join(", ")),
                "wait for the decisions; the approvals say who must agree and by when",
            ));
        }
        if before.ends() <= now {
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "expires_past",
                format!("the key was to end at {}", before.ends()),
                "ask for a new one",
            ));
        }
        let (account, standing) = self.account_facts(&before.account).await?;
        if let Some(refusal) = standing {
            return Err(refusal);
        }
        self.still_agreed(&venue, account.segment, before).await?;
        self.not_suspended(&account.customer).await?;
        let mut after = before.at(issued);
        let followed = follow(&mut after, &self.measured_keys(&account.customer).await?, now);
        let (mut warnings, allowed) = self.allowed_now(&account, &after, now).await?;
        warnings.extend(warned_of(&after));
        let made = match before.scheme {
            Scheme::Hs256 => Some(self.make_secret(&before.key)?),
            Scheme::Ed25519 => None,
        };
        if let Some(made) = &made {
            after.secret = Some(made.name.clone());
            after.exposure = Some(made.exposure.clone());
        }
        let title = format!("issue key {key}");
        let deed = Deed { class: "key.issued", title: &title, actor, venue: &venue, now };
        let approvals = before.approvals.iter().filter_map(|grant| grant.approval.clone()).collect();
        let why = Why { approvals, ..Why::default() };
        after.version = before.version + 1;
        let view = KeyView::of(&after, actor);
        let standing = after.clone();
        let write = KeyWrite { before: Some(before), after, origin: Origin::By(Action::Issue) };
        let mut plan = plan(deed, &why, vec![write])?;
        self.stands_from(&standing, &account, &mut plan.change, now).await?;
        plan.warnings = warnings;
        plan.change.reads.extend(account.reads);
        plan.change.reads.extend(allowed.into_iter().chain(followed));
        let secret = made.map(|made| {
            plan.change.vault.push(made.vault);
            made.secret
        });
        Ok(Planned { plan, value: Issued { key: view, secret }, status: 200 })
    }

    pub(crate) fn make_secret(&self, key: &str) -> Result<Made, Refusal> {
        let id = KeyId::new(key).map_err(|error| {
            Refusal::new(
                RefusalKind::Invalid,
                "key_id_bad",
                error.to_string(),
                "ask for a new key: this one's id cannot be served",
            )
        })?;
        let secret = ApiSecret::issue(&zeroize::Zeroizing::new(self.draw()));
        let sealed = self.keyring.seal(&id, &secret, self.draw()).to_string();
        let name = hex::encode(Sha256::digest(&sealed));
        let exposure = exposure(secret.expose());
        Ok(Made { secret, vault: VaultItem { sealed }, name, exposure })
    }
}
