//! Staff: who may work here, and how they show that it is they.
//!
//! [`users`] are invited, [`roles`] are given, [`enrol`] sets their credential, [`sign_in`] opens a session with it, [`sessions`]
//! says who a token is, [`tokens`] are machines'. [`require`] is the one question every use case asks of its actor.
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
