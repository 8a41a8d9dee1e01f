//! Staff: who may work here, and how they show that it is they.
//!
//! [`require`] is the one question every use case asks of its actor.

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
