//! A policy file's own cases: an assessment in short form, and the steps that must or must not follow.
//!
//! Written beside the rules so that whoever changes a threshold sees at once what it changes. Run by `sumun policy check`.

use std::collections::BTreeMap;
use sumun_model::{ActKind, Evidence, Fact, Hard, Segment};

/// One case: moments of one made-up key, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// Kind of customer.
    pub segment: Option<Segment>,
    /// What happens, in order.
    pub moments: Vec<Moment>,
    /// Where it is written.
    pub line: usize,
}

/// One moment of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Seconds after the beginning.
    pub at_s: i64,
    /// New evidence, seen now; none: what was seen before stays.
    pub evidence: Option<Vec<Evidence>>,
    /// Hard evidence from now on.
    pub hard: Vec<Hard>,
    /// What people did.
    pub acts: Vec<ActKind>,
    /// Facts from now on.
    pub facts: BTreeMap<String, Fact>,
    /// Keys of the cluster.
    pub cluster: u32,
    /// Steps that must follow, such as `enter warn act`.
    pub must: Vec<String>,
    /// Steps that must not.
    pub must_not: Vec<String>,
    /// Where it is written.
    pub line: usize,
    /// Column.
    pub column: usize,
}
