//! Policies: versioned texts of which one is in force. What it says decides measures; who puts it in force is two persons.
//!
//! Start with [`row`] for what is kept, [`in_force`] for what decides now, [`propose`] for how another one comes, [`dry_run`] for what it
//! would do.
//!
//! Never here: what a rule means; that is `sumun_policy`.

pub mod dry_run;
pub mod in_force;
pub mod propose;
mod read;
pub mod row;

/// The policy that a new record begins with.
pub const SHIPPED: &str = include_str!("../../../policies/default.toml");

pub use in_force::{DetectorCheck, InForce, Ladder};
pub use row::{PolicyRow, PolicyState};
