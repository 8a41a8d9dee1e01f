//! Evaluation in three values, wherever the values come from.

use super::{Argument, Comparison, Function, Kind, Node, Operator, Var};
use sumun_model::MilliNats;

/// A known value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A word.
    Text(String),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(n) => write!(f, "{n}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Where values come from: a moment, or a sample of the linter's.
pub(crate) trait Source {
    /// What a name stands for; none: unknown.
    fn value(&self, var: &Var) -> Option<Value>;

    /// What a function answers; none: unknown.
    fn call(&self, function: Function, argument: &Argument) -> Option<Value>;

    /// What a written-out probability is compared as: points, by the file's prior.
    fn threshold(&self, text: &str, points: MilliNats) -> i64 {
        let _ = text;
        points
    }

    /// Whether a part is so, in three values.
    fn truth(&self, node: &Node) -> Option<bool> {
        match &node.kind {
            Kind::And(a, b) => match (self.truth(a), self.truth(b)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Kind::Or(a, b) => match (self.truth(a), self.truth(b)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Kind::Not(a) => self.truth(a).map(|b| !b),
            Kind::Compare(how, a, b) => {
                let (a, b) = (self.known(a)?, self.known(b)?);
                Some(match how {
                    Comparison::Equal => a == b,
                    Comparison::NotEqual => a != b,
                    _ => {
                        let (Value::Int(a), Value::Int(b)) = (a, b) else { return None };
                        match how {
                            Comparison::Less => a < b,
                            Comparison::AtMost => a <= b,
                            Comparison::More => a > b,
                            _ => a >= b,
                        }
                    }
                })
            }
            Kind::In(a, list) => {
                let a = self.known(a)?;
                Some(list.iter().any(|node| self.known(node).as_ref() == Some(&a)))
            }
            _ => match self.known(node)? {
                Value::Bool(b) => Some(b),
                _ => None,
            },
        }
    }

    /// The value of a part; none: unknown, or a sum that has no room in a whole number.
    fn known(&self, node: &Node) -> Option<Value> {
        let number = |node: &Node| match self.known(node)? {
            Value::Int(n) => Some(n),
            _ => None,
        };
        Some(match &node.kind {
            Kind::Bool(b) => Value::Bool(*b),
            Kind::Int(n) => Value::Int(*n),
            Kind::Threshold(text, points) => Value::Int(self.threshold(text, *points)),
            Kind::Text(text) => Value::Text(text.clone()),
            Kind::Var(var) => self.value(var)?,
            Kind::Call(function, argument) => self.call(*function, argument)?,
            Kind::Negate(a) => Value::Int(number(a)?.checked_neg()?),
            Kind::Arithmetic(operator, a, b) => {
                let (a, b) = (number(a)?, number(b)?);
                Value::Int(match operator {
                    Operator::Plus => a.checked_add(b)?,
                    Operator::Minus => a.checked_sub(b)?,
                    Operator::Times => a.checked_mul(b)?,
                })
            }
            _ => Value::Bool(self.truth(node)?),
        })
    }
}
