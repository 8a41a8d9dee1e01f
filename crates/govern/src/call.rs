//! How a use case is called and what it answers: the same for all of them.
//!
//! Not here: what is done. The one place that loads, plans, lints and executes is [`crate::govern`].

use crate::plan::{Effect, Plan};
use serde::{Deserialize, Serialize};
use sumun_store::Committed;

/// How a use case is called, beside who calls and what he asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// Plan and lint, write nothing.
    pub dry_run: bool,
    /// For repeating safely: the `Idempotency-Key` header, and the hex SHA-256 over method, path and body.
    pub idempotency: Option<(String, String)>,
    /// The version of the subject that the caller has seen; another present one is refused.
    pub if_match: Option<i64>,
}

/// What a use case did, or would do.
#[derive(Clone, Debug)]
pub struct Done<T> {
    /// The answer.
    pub value: T,
    /// Its place in the ledger; none after a dry run and in the answer to a repeated request.
    pub committed: Option<Committed>,
    /// What was planned, for people. Empty in the answer to a repeated request.
    pub plan: PlanView,
    /// The same request was answered before: this is that answer, without anything that is shown once.
    pub repeated: bool,
}

/// A plan as people see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanView {
    /// One line: what is done, to what.
    pub title: String,
    /// The class of the ledger entry.
    pub class: String,
    /// What changes.
    pub effects: Vec<Effect>,
    /// What is allowed but unwise.
    pub warnings: Vec<String>,
}

impl From<&Plan> for PlanView {
    fn from(plan: &Plan) -> Self {
        Self {
            title: plan.title.clone(),
            class: plan.change.class.to_owned(),
            effects: plan.effects.clone(),
            warnings: plan.warnings.clone(),
        }
    }
}

/// What planning gives: the plan, the answer if it is executed, and the HTTP status kept for a repeated request.
#[derive(Clone, Debug)]
pub struct Planned<T> {
    /// What will be written.
    pub plan: Plan,
    /// The answer. What its `Serialize` leaves out is shown once and never kept.
    pub value: T,
    /// 200, or 201 if something was made, or 202 if it waits for somebody.
    pub status: u16,
}
