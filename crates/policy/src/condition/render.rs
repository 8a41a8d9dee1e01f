//! A part of a condition as text again, for explanations: one spelling, whatever the file's spacing.

use super::{Argument, Comparison, Function, Kind, Node, Operator, Var};
use std::fmt;

impl fmt::Display for Var {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Points(score) => write!(f, "{score}.points"),
            Self::Probability(score) => write!(f, "{score}.p"),
            Self::Days(score) => write!(f, "{score}.days"),
            Self::Family(family) => write!(f, "family.{family}"),
            Self::FamilyDays(family) => write!(f, "days.{family}"),
            Self::Hard(hard) => write!(f, "hard.{hard}"),
            Self::AnyHard => f.write_str("hard.any"),
            Self::Segment => f.write_str("segment"),
            Self::Measure => f.write_str("measure"),
            Self::InMeasureS => f.write_str("in_measure_s"),
            Self::Acknowledged => f.write_str("acknowledged"),
            Self::WarningIgnored => f.write_str("warning_ignored"),
            Self::RepeatedAfterWarning => f.write_str("repeated_after_warning"),
            Self::TimedOut => f.write_str("timed_out"),
            Self::ControlFailures => f.write_str("control_failures"),
            Self::Repeats(measure) => write!(f, "repeats.{measure}"),
            Self::ClusterMembers => f.write_str("cluster.members"),
            Self::Cause => f.write_str("cause"),
            Self::Fact(name, _) => f.write_str(name),
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FamiliesOver(None) => f.write_str("families_over"),
            Self::FamiliesOver(Some(score)) => write!(f, "{score}.families_over"),
            Self::CausedBy => f.write_str("caused_by"),
            Self::Seen => f.write_str("seen"),
            Self::DaysOf => f.write_str("days_of"),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        })
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Bool(b) => write!(f, "{b}"),
            Kind::Int(n) => write!(f, "{n}"),
            Kind::Threshold(text, _) => f.write_str(text),
            Kind::Text(text) => write!(f, "{text:?}"),
            Kind::Var(var) => write!(f, "{var}"),
            Kind::Call(function, Argument::Int(n)) => write!(f, "{function}({n})"),
            Kind::Call(function, Argument::Text(text)) => write!(f, "{function}({text:?})"),
            Kind::Not(a) if matches!(a.kind, Kind::Var(_) | Kind::Call(..)) => write!(f, "!{a}"),
            Kind::Not(a) => write!(f, "!({a})"),
            Kind::And(a, b) => write!(f, "{} && {}", Joined(a), Joined(b)),
            Kind::Or(a, b) => write!(f, "{} || {}", Joined(a), Joined(b)),
            Kind::Compare(how, a, b) => write!(f, "{a} {how} {b}"),
            Kind::In(a, list) => {
                let list: Vec<_> = list.iter().map(ToString::to_string).collect();
                write!(f, "{a} in [{}]", list.join(", "))
            }
            Kind::Arithmetic(operator, a, b) => {
                let sign = match operator {
                    Operator::Plus => '+',
                    Operator::Minus => '-',
                    Operator::Times => '*',
                };
                write!(f, "({a} {sign} {b})")
            }
            Kind::Negate(a) => write!(f, "-{a}"),
        }
    }
}

/// A part beside `&&` or `||`: joins within joins stand in brackets.
struct Joined<'a>(&'a Node);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self.0.kind, Kind::And(..) | Kind::Or(..)) {
            write!(f, "({})", self.0)
        } else {
            self.0.fmt(f)
        }
    }
}
