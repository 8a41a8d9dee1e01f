//! Conditions: CEL text in, a typed tree out, evaluated in three values.
//!
//! Syntax is CEL's, read by the `cel` crate. What a name means is checked here, with positions, before a policy is in force:
//! an unknown name, a wrong type, a comprehension or a division has no spelling ([`compile`]). Evaluation ([`eval`]) knows true,
//! false and unknown; what is unknown is never taken for true. Names stand in [`names`]. ADR 0016.
//!
//! Never here: what follows from a condition.

mod compile;
mod eval;
mod names;
mod render;
mod source;
#[cfg(test)]
mod tests;

pub use compile::{ConditionError, compile};
pub use eval::{Reading, Scope, p_to_points};
pub(crate) use eval::{hard_mark, rounded};
pub use names::{BUILT_IN, Declared, Facts, Function, Type, Var};
pub(crate) use source::Source;
pub use source::Value;

use std::ops::Range;
use sumun_model::{Measure, MilliNats};

/// A condition, compiled once when its policy is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// As written.
    pub source: String,
    pub(crate) root: Node,
}

/// A part of a condition and where it stands in the source, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) at: Range<usize>,
}

/// What a part is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Bool(bool),
    Int(i64),
    /// A probability as written, and the points that it stands for by the file's prior.
    Threshold(String, MilliNats),
    Text(String),
    Var(Var),
    Call(Function, Argument),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    In(Box<Node>, Vec<Node>),
    Arithmetic(Operator, Box<Node>, Box<Node>),
    Negate(Box<Node>),
}

/// What a function is asked with: always written out, so that it can be checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Argument {
    Int(i64),
    Text(String),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// What whole numbers are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Plus,
    Minus,
    Times,
}

impl Condition {
    /// Every name it reads.
    #[must_use]
    pub fn variables(&self) -> Vec<&Var> {
        let mut found = Vec::new();
        self.root.walk(&mut |node| {
            if let Kind::Var(var) = &node.kind {
                found.push(var);
            }
        });
        found
    }

    /// Seconds in a measure at which time alone may change the answer, and the measure that must be in force for it, if one must.
    #[must_use]
    pub fn seconds_asked(&self) -> Vec<(Option<Measure>, i64)> {
        let mut found = Vec::new();
        let under = self.conjuncts().into_iter().find_map(under);
        self.root.walk(&mut |node| {
            if let Kind::Compare(how, left, right) = &node.kind {
                let (seconds, turned) = match (&left.kind, &right.kind) {
                    (Kind::Var(Var::InMeasureS), Kind::Int(s)) => (*s, false),
                    (Kind::Int(s), Kind::Var(Var::InMeasureS)) => (*s, true),
                    _ => return,
                };
                let after = seconds.saturating_add(1);
                match (how, turned) {
                    (Comparison::AtLeast | Comparison::Less, false)
                    | (Comparison::AtMost | Comparison::More, true) => {
                        found.push((under, seconds));
                    }
                    (Comparison::Equal | Comparison::NotEqual, _) => {
                        found.extend([(under, seconds), (under, after)]);
                    }
                    _ => found.push((under, after)),
                }
            }
        });
        found
    }

    /// The parts that `&&` joins at the top, in order; one if there is none.
    pub(crate) fn conjuncts(&self) -> Vec<&Node> {
        fn collect<'a>(node: &'a Node, into: &mut Vec<&'a Node>) {
            if let Kind::And(left, right) = &node.kind {
                collect(left, into);
                collect(right, into);
            } else {
                into.push(node);
            }
        }
        let mut found = Vec::new();
        collect(&self.root, &mut found);
        found
    }
}

impl Node {
    /// Of parts joined by `or`, each; else this alone.
    pub(crate) fn alternatives(&self) -> Vec<&Self> {
        match &self.kind {
            Kind::Or(left, right) => [left.alternatives(), right.alternatives()].concat(),
            _ => vec![self],
        }
    }

    pub(crate) fn walk<'a>(&'a self, see: &mut impl FnMut(&'a Self)) {
        see(self);
        match &self.kind {
            Kind::Not(a) | Kind::Negate(a) => a.walk(see),
            Kind::And(a, b) | Kind::Or(a, b) | Kind::Compare(_, a, b) | Kind::Arithmetic(_, a, b) => {
                a.walk(see);
                b.walk(see);
            }
            Kind::In(a, list) => {
                a.walk(see);
                list.iter().for_each(|node| node.walk(see));
            }
            Kind::Bool(_)
            | Kind::Int(_)
            | Kind::Threshold(..)
            | Kind::Text(_)
            | Kind::Var(_)
            | Kind::Call(..) => {}
        }
    }
}

/// The measure that a part can only hold under.
fn under(node: &Node) -> Option<Measure> {
    match &node.kind {
        Kind::Compare(Comparison::Equal, a, b) => match (&a.kind, &b.kind) {
            (Kind::Var(Var::Measure), Kind::Text(word)) | (Kind::Text(word), Kind::Var(Var::Measure)) => {
                word.parse().ok()
            }
            _ => None,
        },
        Kind::Var(Var::WarningIgnored | Var::RepeatedAfterWarning) => Some(Measure::Warn),
        Kind::Var(Var::TimedOut) => Some(Measure::Reverify),
        _ => None,
    }
}
