//! Staff: who may work here, and how they show that it is they.
//!
//! [`users`] are invited, [`roles`] are given, [`enrol`] sets their credential, [`sign_in`] opens a session with it, [`sessions`]
//! says who a token is, [`tokens`] are machines'. [`require`] is the one question every use case asks of its actor, [`fresh`]
//! the second one of those that give something.
//!
//! Never here: a password or a code in a text, a log or the ledger; a credential leaves [`credential`] sealed.

pub mod credential;
pub mod enrol;
pub mod roles;
pub mod sessions;
pub mod sign_in;
mod throttle;
pub mod ticket;
pub mod tokens;
pub mod users;

pub use enrol::{Enrolled, Enrolling, EnrolmentConfirm, EnrolmentRequest};
pub use roles::{RolesProposed, RolesRequest};
pub use sessions::{OpenSession, Opened};
pub use sign_in::{SignIn, SignIns};
pub use tokens::{MadeToken, Token, TokenRequest};
pub use users::{Invited, User, UserInvite};

use crate::actor::{Actor, Role};
use crate::refusal::{Refusal, RefusalKind};
use crate::venue::Venue;
use sumun_model::Timestamp;

/// Refuses staff without a second factor shown lately: asked for before rights, access or agreement are given, never before a
/// cut. Whoever is no member of staff passes: Sumun itself shows none, and what customers must show is `keys::access::fresh`.
///
/// # Errors
/// `second_factor_needed`.
pub fn fresh(venue: &Venue, actor: &Actor, now: Timestamp) -> Result<(), Refusal> {
    let shown = actor.second_factor.as_ref();
    if !actor.principal.starts_with("user:")
        || shown.is_some_and(|factor| venue.accepts_staff_factor(factor, now))
    {
        return Ok(());
    }
    let minutes = venue.second_factor.staff_age_minutes_max.get();
    Err(Refusal::new(
        RefusalKind::StepUp,
        "second_factor_needed",
        format!("this takes a second factor shown within the last {minutes} minutes"),
        "show it with `sumun step-up`, and repeat the request",
    ))
}

/// Refuses an actor who has none of these roles.
///
/// # Errors
/// `forbidden`, naming the roles that may.
pub fn require(actor: &Actor, roles: &[Role]) -> Result<(), Refusal> {
    if actor.has(roles) {
        return Ok(());
    }
    let list = roles.iter().map(|role| format!("`{}`", role.as_str())).collect::<Vec<_>>().join(", ");
    Err(Refusal::new(
        RefusalKind::Forbidden,
        "forbidden",
        format!("`{}` may not do this: it takes one of the roles {list}", actor.principal),
        "ask somebody who has such a role, or a security administrator for the role",
    ))
}
