//! Signing in: a password and a code, for the same time and with the same answer whether there is such a user or not.

use super::credential::{Credential, NOBODYS, verify_password};
use super::sessions::{Opened, of_user};
use super::throttle::{OF_ALL, Throttle};
use crate::actor::Actor;
use crate::govern::Govern;
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use serde::Deserialize;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use sumun_model::Timestamp;
use sumun_store::tables::USERS;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Passwords hashed at once: each takes 19 MiB and a core.
const HASHES_AT_ONCE: usize = 4;
/// Longest claimed name that is looked at.
const USER_BYTES_MAX: usize = 64;

/// Who signs in.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Name.
    pub user: String,
    /// Password.
    pub password: String,
    /// The present code of the authenticator.
    pub totp: String,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignIn(..)")
    }
}

/// Attempts at signing in, remembered by this process.
#[derive(Debug)]
pub struct SignIns {
    throttle: Mutex<Throttle>,
    hashing: Semaphore,
}

impl Default for SignIns {
    fn default() -> Self {
        Self { throttle: Mutex::new(Throttle::default()), hashing: Semaphore::new(HASHES_AT_ONCE) }
    }
}

impl SignIns {
    /// Signs a user in.
    ///
    /// # Errors
    /// `sign_in_failed`, whatever was wrong; `too_many_attempts`; the store's.
    pub async fn sign_in(
        &self,
        govern: &Govern,
        request: &SignIn,
        from: Option<IpAddr>,
    ) -> Result<Opened, Refusal> {
        let now = govern.world.now();
        let claimed: String = request.user.chars().take(USER_BYTES_MAX).collect();
        let subjects = subjects(&claimed, from);
        self.attempt(&subjects, now)?;
        match self.check(govern, &claimed, request, now).await {
            Ok(Some(reads)) => {
                self.went_well(&subjects);
                govern.open_session(of_user(&claimed, now, from, vec![reads])).await
            }
            Ok(None) => {
                // Not the claimed name: people type passwords there.
                tracing::warn!(source.address = ?from, "A sign-in failed");
                Err(failed())
            }
            Err(ours) => {
                self.undo(&subjects);
                Err(ours)
            }
        }
    }

    /// Shows the second factor once more, for a use case that wants it fresh.
    ///
    /// # Errors
    /// `code_wrong`; `sign_in_failed` where there is no user behind the session any more; `too_many_attempts`, the store's.
    pub async fn step_up(
        &self,
        govern: &Govern,
        token: &str,
        code: &str,
        from: Option<IpAddr>,
    ) -> Result<Actor, Refusal> {
        let now = govern.world.now();
        let actor = govern.session(token).await?.ok_or_else(failed)?;
        let user = actor.principal.strip_prefix("user:").ok_or_else(failed)?.to_owned();
        let subjects = subjects(&user, from);
        self.attempt(&subjects, now)?;
        let shown = async {
            let row = govern.row(&USERS, &user).await?.ok_or_else(failed)?;
            let credential = govern.credential(&row).await?.ok_or_else(failed)?;
            match credential.step_of(code, now) {
                Some(step) => govern.use_totp(&user, step, now).await,
                None => Ok(false),
            }
        };
        if !shown.await? {
            // Who he is stands already: nothing is given away by saying what was wrong.
            return Err(code_wrong());
        }
        self.went_well(&subjects);
        govern.stepped_up(token, "totp").await?.ok_or_else(failed)
    }

    /// The row relied on if all fits; none if anything does not.
    async fn check(
        &self,
        govern: &Govern,
        user: &str,
        request: &SignIn,
        now: Timestamp,
    ) -> Result<Option<sumun_store::RowRead>, Refusal> {
        let row = govern.row(&USERS, user).await?.filter(|row| row::text(row, "state") == "active");
        let credential = match &row {
            Some(row) => govern.credential(row).await?,
            None => None,
        };
        let known = credential.is_some();
        // Somebody unknown costs as much: a hash of the same cost, a code of another secret.
        let credential = credential
            .unwrap_or_else(|| Credential::new(NOBODYS.to_owned(), &[0x5a; super::credential::TOTP_BYTES]));
        let password = Zeroizing::new(request.password.clone());
        let hash = credential.password.clone();
        let _turn = self.hashing.acquire().await;
        let fits =
            tokio::task::spawn_blocking(move || verify_password(&password, &hash)).await.unwrap_or(false);
        let step = credential.step_of(&request.totp, now);
        // A code is used up only by somebody who knows the password: nobody else can burn it.
        let (Some(step), true, true, Some(row)) = (step, fits, known, row) else { return Ok(None) };
        if !govern.use_totp(user, step, now).await? {
            return Ok(None);
        }
        Ok(Some(row::unchanged(&USERS, user, Some(&row))))
    }

    /// Refuses who must wait, and counts everybody else as failed until he has shown otherwise: many attempts at once
    /// are as many failures.
    fn attempt(&self, subjects: &[String], now: Timestamp) -> Result<(), Refusal> {
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        let known = subjects.iter().any(|subject| throttle.knows(subject));
        let asked = subjects.iter().filter(|subject| !(known && subject.starts_with(OF_ALL)));
        if let Some(until) = asked.filter_map(|subject| throttle.until(subject, now)).max() {
            // Rounded up: whoever comes back then is heard.
            let seconds = until.micros_since(now).saturating_add(999_999).div_euclid(1_000_000);
            return Err(Refusal::new(
                RefusalKind::Forbidden,
                "too_many_attempts",
                "too many failed attempts",
                format!("wait {seconds} seconds"),
            )
            .after_s(u32::try_from(seconds).unwrap_or(u32::MAX)));
        }
        for subject in subjects {
            throttle.failed(subject, now);
        }
        Ok(())
    }

    /// The user's failures are forgotten; those of a place that others share are one fewer.
    fn went_well(&self, subjects: &[String]) {
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        for subject in subjects {
            if subject.starts_with("user:") { throttle.succeeded(subject) } else { throttle.undone(subject) }
        }
    }

    fn undo(&self, subjects: &[String]) {
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        for subject in subjects {
            throttle.undone(subject);
        }
    }
}

/// Whom a failure counts against: the name that was claimed as seen from the network it came from, that network, and, lightly,
/// the name as such.
fn subjects(user: &str, from: Option<IpAddr>) -> Vec<String> {
    let source = from.map(|address| match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        // One customer of a provider has a /64 at least.
        IpAddr::V6(v6) => format!("{:x?}", v6.segments().get(..4).unwrap_or_default()),
    });
    let here = source.as_deref().unwrap_or("here");
    let mut subjects = vec![format!("user:{user}@{here}"), format!("{OF_ALL}{user}")];
    subjects.extend(source.as_deref().map(|source| format!("source:{source}")));
    subjects
}

fn failed() -> Refusal {
    Refusal::new(
        RefusalKind::Forbidden,
        "sign_in_failed",
        "name, password or code is wrong",
        "wait for the next code, since each can be used once; if that fails too, check all three",
    )
}

fn code_wrong() -> Refusal {
    Refusal::new(
        RefusalKind::Forbidden,
        "code_wrong",
        "the code is wrong, or was used before",
        "wait for the next code, since each can be used once; if that fails too, look whether the authenticator's clock is right",
    )
}
