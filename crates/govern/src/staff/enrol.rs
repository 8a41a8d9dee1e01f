//! Accepting an invitation: a password, then a second factor that is proved by its first code.
//!
//! Until the code is shown, the same invitation may be accepted again: somebody closed the window. One answer for an
//! invitation that is unknown, used up or over. Whoever has shown both has signed in by that: the code cannot be used again.

use super::credential::{Credential, SALT_BYTES, TOTP_BYTES, check_password, hash_password};
use super::sessions::{Opened, of_user};
use super::ticket::{INVITE_PREFIX, Ticket};
use super::users::{User, principal};
use crate::actor::Actor;
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts, store_refusal};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt;
use std::net::IpAddr;
use sumun_model::Timestamp;
use sumun_store::tables::USERS;
use sumun_store::{Filter, Image, VaultItem};
use zeroize::Zeroizing;

/// Who accepts an invitation, with which password.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentRequest {
    /// The invitation.
    pub invite: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for EnrolmentRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentRequest(..)")
    }
}

/// The first code.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentConfirm {
    /// The invitation.
    pub invite: String,
    /// What the authenticator shows.
    pub totp: String,
}

impl fmt::Debug for EnrolmentConfirm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentConfirm(..)")
    }
}

/// What an authenticator needs. Shown once.
#[derive(Clone)]
pub struct Enrolling {
    /// Whose.
    pub user: String,
    /// `otpauth://…`, with the secret.
    pub otpauth: Zeroizing<String>,
}

impl fmt::Debug for Enrolling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Enrolling({})", self.user)
    }
}

/// Somebody who has enrolled.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// Who.
    pub user: User,
    /// His first session. None if none could be opened: then he signs in with his next code.
    pub session: Option<Opened>,
}

/// Nobody yet, for the entry of his own enrolment.
fn himself(user: &str) -> Actor {
    Actor {
        principal: principal(user),
        roles: Vec::new(),
        customer: None,
        session: None,
        second_factor: None,
        rights: None,
    }
}

impl Govern {
    /// Accepts an invitation: sets the password, makes the second factor and shows it.
    ///
    /// # Errors
    /// `invite_invalid`, `password_weak`, the store's.
    pub async fn enrol_user(&self, request: &EnrolmentRequest) -> Result<Enrolling, Refusal> {
        let row = self.invited(&request.invite).await?;
        let user = row::text(&row, "user").to_owned();
        check_password(&user, &request.password).map_err(|error| {
            Refusal::new(
                RefusalKind::Invalid,
                "password_weak",
                error.to_string(),
                "choose a longer sentence of your own, or let a password manager choose",
            )
            .at("/password")
        })?;
        let hash = self.hash(request.password.clone()).await?;
        let credential = Credential::new(hash, &self.draw::<TOTP_BYTES>());
        let sealed = credential.seal(self.own_keyring(), &user, self.draw()).ok_or_else(sealing_failed)?;
        let digest = hex::encode(Sha256::digest(sealed.as_bytes()));
        let (user, sealed, digest) = (&user, &sealed, &digest);
        self.run(&himself(user), &Call::default(), |now| async move {
            // Loaded again: the plan may run twice, and the invitation may be used up meanwhile.
            let row = self.invited(&request.invite).await?;
            let columns = [("state", json!("enrolling")), ("credential", json!(digest))];
            let mut plan = step(user, &row, columns, "credential", now);
            plan.change.vault.push(VaultItem { sealed: sealed.clone() });
            Ok(Planned { plan, value: (), status: 200 })
        })
        .await?;
        Ok(Enrolling { user: user.clone(), otpauth: credential.otpauth(&self.venue().venue, user) })
    }

    /// Confirms the second factor by its first code, and signs the user in: he has just shown both, and this code counts once.
    ///
    /// # Errors
    /// `invite_invalid`, `totp_wrong`, the store's.
    pub async fn confirm_enrolment(
        &self,
        request: &EnrolmentConfirm,
        from: Option<IpAddr>,
    ) -> Result<Enrolled, Refusal> {
        let row = self.invited(&request.invite).await?;
        let user = row::text(&row, "user").to_owned();
        let wrong = || {
            Refusal::new(
                RefusalKind::Invalid,
                "totp_wrong",
                "the code is not the present one of this authenticator, or was used already",
                "wait for the next code; check that the clock of the device is right",
            )
            .at("/totp")
        };
        let credential = self.credential(&row).await?.ok_or_else(wrong)?;
        let now = self.world.now();
        let step_used = credential.step_of(&request.totp, now).ok_or_else(wrong)?;
        if !self.use_totp(&user, step_used, now).await? {
            return Err(wrong());
        }
        let user = &user;
        let seen = row::text(&row, "credential");
        let done = self
            .run(&himself(user), &Call::default(), |now| async move {
                let row = self.invited(&request.invite).await?;
                if row::text(&row, "credential") != seen {
                    // Accepted once more meanwhile: this code proves another secret.
                    return Err(invite_invalid());
                }
                let columns =
                    [("state", json!("active")), ("invite", Value::Null), ("invite_until_us", Value::Null)];
                let plan = step(user, &row, columns, "confirmed", now);
                let value = plan.change.writes.first().map(|write| User::of(&write.image));
                Ok(Planned { plan, value, status: 200 })
            })
            .await?;
        let confirmed = done.value.ok_or_else(invite_invalid)?;
        // Enrolled he is, whatever becomes of the session.
        let session = match self.first_session(user, now, from).await {
            Ok(session) => session,
            Err(refusal) => {
                tracing::warn!(user.id = %user, "User {user} enrolled and was not signed in: {refusal}");
                None
            }
        };
        Ok(Enrolled { user: confirmed, session })
    }

    async fn first_session(
        &self,
        user: &str,
        shown: Timestamp,
        from: Option<IpAddr>,
    ) -> Result<Option<Opened>, Refusal> {
        let row = self.row(&USERS, user).await?.filter(|row| row::text(row, "state") == "active");
        let Some(row) = row else { return Ok(None) };
        let reads = vec![row::unchanged(&USERS, user, Some(&row))];
        self.open_session(of_user(user, shown, from, reads)).await.map(Some)
    }

    /// The user whose invitation this is, if it still holds.
    async fn invited(&self, invite: &str) -> Result<Image, Refusal> {
        let ticket = Ticket::parse(INVITE_PREFIX, invite).ok_or_else(invite_invalid)?;
        let equals = vec![("invite", json!(ticket.digest()))];
        let filter = Filter { equals, after: None, limit: 1, ..Filter::default() };
        let row = self.store.list(&USERS, &filter).await.map_err(store_refusal)?.into_iter().next();
        let now = self.world.now().as_micros();
        row.filter(|row| {
            matches!(row::text(row, "state"), "invited" | "enrolling")
                && row::integer(row, "invite_until_us").is_some_and(|until| now < until)
        })
        .ok_or_else(invite_invalid)
    }

    /// A user's credential, opened. None if he has none, or if it does not open.
    pub(super) async fn credential(&self, row: &Image) -> Result<Option<Credential>, Refusal> {
        let Some(digest) = row::text_or_null(row, "credential") else { return Ok(None) };
        let sealed = self.store.vault(&digest).await.map_err(store_refusal)?;
        let user = row::text(row, "user");
        let opened = sealed.and_then(|sealed| Credential::open(self.own_keyring(), user, &sealed));
        if opened.is_none() {
            tracing::error!(
                user.id = user,
                "The credential of user {user} is not in the vault, or does not open"
            );
        }
        Ok(opened)
    }

    /// Takes a step of a user's second factor; false if it was taken before.
    pub(super) async fn use_totp(&self, user: &str, step: u64, now: Timestamp) -> Result<bool, Refusal> {
        // Neighbouring steps count too: what is used is remembered until none of them can come again.
        let until = now.plus_micros(10 * 60 * 1_000_000);
        self.store.use_once("totp", &format!("{user}:{step}"), until).await.map_err(store_refusal)
    }

    async fn hash(&self, password: String) -> Result<String, Refusal> {
        let salt = self.draw::<SALT_BYTES>();
        let password = Zeroizing::new(password);
        let hashed = tokio::task::spawn_blocking(move || hash_password(&password, &salt)).await;
        hashed.ok().and_then(Result::ok).ok_or_else(sealing_failed)
    }
}

fn step(
    user: &str,
    row: &Image,
    columns: impl IntoIterator<Item = (&'static str, Value)>,
    name: &str,
    now: Timestamp,
) -> Plan {
    let write = row::update(&USERS, row, columns);
    let mut facts = facts(&himself(user));
    facts.insert("user".to_owned(), json!(user));
    facts.insert("step".to_owned(), json!(name));
    let mut change = change("user.enrolled", now, facts);
    let effects = row::effects("user", &write, Some(row));
    change.writes.push(write);
    Plan { title: format!("enrol {user}: {name}"), effects, warnings: Vec::new(), change }
}

fn invite_invalid() -> Refusal {
    Refusal::new(
        RefusalKind::Forbidden,
        "invite_invalid",
        "this invitation is unknown, used up or over",
        "check that all of it was copied, or ask for another one",
    )
}

fn sealing_failed() -> Refusal {
    Refusal::new(
        RefusalKind::Unavailable,
        "credential_not_kept",
        "the credential could not be hashed and sealed; nothing was changed",
        "try again; this is a fault of the server",
    )
}
