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
        Shown { node: self, points: false }.fmt(f)
    }
}

impl Node {
    /// With probabilities as the points they stand for: what analysts read before calibration on real labels (WIRE 5).
    pub(crate) fn in_points(&self) -> String {
        Shown { node: self, points: true }.to_string()
    }
}

struct Shown<'a> {
    node: &'a Node,
    points: bool,
}

impl Shown<'_> {
    fn part<'b>(&self, node: &'b Node) -> Shown<'b> {
        Shown { node, points: self.points }
    }

    /// A part beside `&&` or `||`: joins of the other kind stand in brackets.
    fn joined(&self, node: &Node) -> String {
        let other = matches!(
            (&self.node.kind, &node.kind),
            (Kind::And(..), Kind::Or(..)) | (Kind::Or(..), Kind::And(..))
        );
        if other { format!("({})", self.part(node)) } else { self.part(node).to_string() }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node.kind {
            Kind::Bool(b) => write!(f, "{b}"),
            Kind::Int(n) => write!(f, "{n}"),
            Kind::Threshold(_, points) if self.points => write!(f, "{points}"),
            Kind::Threshold(text, _) => f.write_str(text),
            Kind::Text(text) => write!(f, "{text:?}"),
            Kind::Var(Var::Probability(score)) if self.points => write!(f, "{score}.points"),
            Kind::Var(var) => write!(f, "{var}"),
            Kind::Call(function, Argument::Int(n)) => write!(f, "{function}({n})"),
            Kind::Call(function, Argument::Text(text)) => write!(f, "{function}({text:?})"),
            Kind::Not(a) if matches!(a.kind, Kind::Var(_) | Kind::Call(..)) => write!(f, "!{}", self.part(a)),
            Kind::Not(a) => write!(f, "!({})", self.part(a)),
            Kind::And(a, b) => write!(f, "{} && {}", self.joined(a), self.joined(b)),
            Kind::Or(a, b) => write!(f, "{} || {}", self.joined(a), self.joined(b)),
            Kind::Compare(how, a, b) => write!(f, "{} {how} {}", self.part(a), self.part(b)),
            Kind::In(a, list) => {
                let list: Vec<_> = list.iter().map(|node| self.part(node).to_string()).collect();
                write!(f, "{} in [{}]", self.part(a), list.join(", "))
            }
            Kind::Arithmetic(operator, a, b) => {
                let sign = match operator {
                    Operator::Plus => '+',
                    Operator::Minus => '-',
                    Operator::Times => '*',
                };
                write!(f, "({} {sign} {})", self.part(a), self.part(b))
            }
            Kind::Negate(a) => write!(f, "-({})", self.part(a)),
        }
    }
}
