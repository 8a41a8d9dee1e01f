//! A plan: what a use case would do, as a value. Linted, shown by a dry run, executed idempotently.

use serde::{Deserialize, Serialize};
use sumun_store::Change;

/// What a use case would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// One line: what is done, to what.
    pub title: String,
    /// What changes, for people: field, before, after.
    pub effects: Vec<Effect>,
    /// What is allowed but unwise.
    pub warnings: Vec<String>,
    /// All that will be written, in one transaction.
    pub change: Change,
}

/// One thing a plan changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Of what: `key:K1`.
    pub subject: String,
    /// Which field.
    pub field: String,
    /// As it is; `null` if it is new.
    pub before: serde_json::Value,
    /// As it will be.
    pub after: serde_json::Value,
}
