//! Conditions tried on typed samples: values at, just below and just above every bound that stands in them.
//!
//! Samples obey what holds between names: a rule is asked only below its measure, `warning_ignored` only under a warning. Few enough
//! combinations are tried all; more are drawn by a fixed sequence, so that the answer never differs.

use crate::condition::{
    Argument, Condition, Function, Kind, Node, Reading, Source, Type, Value, Var, rounded,
};
use crate::policy::rank;
use std::collections::BTreeMap;
use sumun_model::{Family, Hard, Measure, ScoreKind};

/// Most samples of one condition.
const SAMPLES_MAX: u64 = 16_384;

/// What samples showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tried {
    pub(super) never_true: bool,
    pub(super) never_false: bool,
}

/// Tries a condition; of a rule, its measure is given.
pub(super) fn tried(condition: &Condition, earns: Option<Measure>) -> Tried {
    let mut found = Tried { never_true: true, never_false: true };
    each_sample(&[condition], By::Points, earns, |sample| {
        match Reading::from(sample.truth(&condition.root)) {
            Reading::Met => found.never_true = false,
            Reading::NotMet => found.never_false = false,
            Reading::Unknown => {}
        }
        found.never_true || found.never_false
    });
    found
}

/// Where two conditions differ: true now and not before, true before and not now. Probabilities are compared as such: another prior
/// is a change of its own.
pub(crate) fn differ(before: &Condition, after: &Condition, earns: Option<Measure>) -> (bool, bool) {
    let (mut more, mut less) = (false, false);
    each_sample(&[before, after], By::Probability, earns, |sample| {
        match (sample.truth(&before.root), sample.truth(&after.root)) {
            (Some(false), Some(true)) => more = true,
            (Some(true), Some(false)) => less = true,
            _ => {}
        }
        !(more && less)
    });
    (more, less)
}

/// Shows every sample of these conditions together, until it is told to stop.
fn each_sample(
    conditions: &[&Condition],
    by: By,
    earns: Option<Measure>,
    mut go_on: impl FnMut(&Sample<'_>) -> bool,
) {
    let mut asked: BTreeMap<String, (Leaf<'_>, Vec<Value>)> = BTreeMap::new();
    for condition in conditions {
        condition.root.walk(&mut |node| {
            if let Some(leaf) = Leaf::of(node) {
                asked.entry(by.name(node)).or_insert_with(|| (leaf, Vec::new()));
            }
        });
    }
    conditions.iter().for_each(|condition| condition.root.walk(&mut |node| bounds(node, by, &mut asked)));
    for (leaf, values) in asked.values_mut() {
        leaf.fill(values, earns);
        values.sort_by_key(ToString::to_string);
        values.dedup();
    }
    let choices: Vec<(String, Vec<Value>)> =
        asked.into_iter().map(|(name, (_, values))| (name, values)).collect();
    let all = choices
        .iter()
        .fold(1_u64, |n, (_, values)| n.saturating_mul(u64::try_from(values.len()).unwrap_or(1).max(1)));
    let mut draw: u64 = 0x9e37_79b9_7f4a_7c15;
    for nth in 0..all.min(SAMPLES_MAX) {
        let mut rest = nth;
        let mut sample = BTreeMap::new();
        for (name, values) in &choices {
            let n = u64::try_from(values.len()).unwrap_or(1).max(1);
            if all > SAMPLES_MAX {
                draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                rest = draw >> 33;
            }
            if let Some(value) = usize::try_from(rest % n).ok().and_then(|at| values.get(at)) {
                sample.insert(name.clone(), value.clone());
            }
            rest /= n;
        }
        if consistent(&sample) && !go_on(&Sample { values: &sample, by }) {
            return;
        }
    }
}

/// How probabilities are looked at.
#[derive(Clone, Copy)]
enum By {
    /// As the points they stand for: a total is one thing, whether asked in points or as a probability.
    Points,
    /// As written, in ten-thousandths.
    Probability,
}

impl By {
    fn name(self, node: &Node) -> String {
        match self {
            Self::Points => node.in_points(),
            Self::Probability => node.to_string(),
        }
    }

    fn threshold(self, text: &str, points: i64) -> i64 {
        match self {
            Self::Points => points,
            Self::Probability => text.parse::<f64>().map_or(points, |p| rounded(p * 10_000.0)),
        }
    }
}

/// What holds between names, whatever the key.
fn consistent(sample: &BTreeMap<String, Value>) -> bool {
    let yes = |name: &str| sample.get(name) == Some(&Value::Bool(true));
    let measure = match sample.get("measure") {
        Some(Value::Text(word)) => Some(word.as_str()),
        _ => None,
    };
    let under = |word: &str| measure.is_none_or(|measure| measure == word);
    let warned = ["warning_ignored", "acknowledged", "repeated_after_warning"].iter().any(|name| yes(name));
    let verifying = ["timed_out", "hard.control_failed_twice"].iter().any(|name| yes(name));
    let any = !yes("hard.any")
        && sample.iter().any(|(name, v)| name.starts_with("hard.") && *v == Value::Bool(true));
    let any_known = sample.contains_key("hard.any");
    !(warned && !under("warn")
        || verifying && !under("reverify")
        || warned && verifying
        || yes("warning_ignored") && (yes("acknowledged") || yes("repeated_after_warning"))
        || any && any_known)
}

/// A part whose value a sample chooses.
enum Leaf<'a> {
    Var(&'a Var),
    Call,
}

impl<'a> Leaf<'a> {
    fn of(node: &'a Node) -> Option<Self> {
        match &node.kind {
            Kind::Var(var) => Some(Self::Var(var)),
            Kind::Call(..) => Some(Self::Call),
            _ => None,
        }
    }

    /// Values worth trying beside the bounds.
    fn fill(&self, values: &mut Vec<Value>, earns: Option<Measure>) {
        match self {
            Self::Var(Var::Measure) => {
                *values = std::iter::once(None)
                    .chain(Measure::ALL.iter().copied().map(Some))
                    .filter(|m| earns.is_none_or(|earns| rank(*m) < rank(Some(earns))))
                    .map(|m| Value::Text(m.map_or("none", Measure::as_str).to_owned()))
                    .collect();
            }
            Self::Var(var) => match var.kind() {
                Type::Bool => values.extend([Value::Bool(false), Value::Bool(true)]),
                Type::Text => values.push(Value::Text("something else".to_owned())),
                Type::Int | Type::Probability => values.push(Value::Int(0)),
            },
            Self::Call => values.push(Value::Int(0)),
        }
        // Counts and days are never negative; points may be.
        let counts = match self {
            Self::Var(var) => {
                !matches!(var, Var::Points(_) | Var::Probability(_) | Var::Family(_) | Var::Fact(..))
            }
            Self::Call => true,
        };
        values.retain(|value| !counts || !matches!(value, Value::Int(n) if *n < 0));
    }
}

/// Notes the values that leaves are compared with, and their neighbours.
fn bounds(node: &Node, by: By, asked: &mut BTreeMap<String, (Leaf<'_>, Vec<Value>)>) {
    let around = |n: i64| [n.saturating_sub(1), n, n.saturating_add(1)].map(Value::Int);
    let mut note = |leaf: &Node, bound: &Node| {
        let Some((_, values)) = asked.get_mut(&by.name(leaf)) else { return };
        match &bound.kind {
            Kind::Int(n) => values.extend(around(*n)),
            Kind::Threshold(text, points) => values.extend(around(by.threshold(text, *points))),
            Kind::Text(text) => values.push(Value::Text(text.clone())),
            // Sums and other leaves: something on either side.
            _ => values.extend([-100_000, 1, 100_000].map(Value::Int)),
        }
    };
    match &node.kind {
        Kind::Compare(_, a, b) => {
            let mut leaves = Vec::new();
            a.walk(&mut |n| leaves.extend(Leaf::of(n).is_some().then_some(n)));
            leaves.iter().for_each(|leaf| note(leaf, b));
            let mut leaves = Vec::new();
            b.walk(&mut |n| leaves.extend(Leaf::of(n).is_some().then_some(n)));
            leaves.iter().for_each(|leaf| note(leaf, a));
        }
        Kind::In(a, list) => list.iter().for_each(|bound| note(a, bound)),
        _ => {}
    }
}

/// Values chosen by name.
struct Sample<'a> {
    values: &'a BTreeMap<String, Value>,
    by: By,
}

impl Source for Sample<'_> {
    fn value(&self, var: &Var) -> Option<Value> {
        let name = match (var, self.by) {
            (Var::Probability(score), By::Points) => Var::Points(*score).to_string(),
            _ => var.to_string(),
        };
        self.values.get(&name).cloned()
    }

    fn call(&self, function: Function, argument: &Argument) -> Option<Value> {
        let name = match argument {
            Argument::Int(n) => format!("{function}({n})"),
            Argument::Text(text) => format!("{function}({text:?})"),
        };
        self.values.get(&name).cloned()
    }

    fn threshold(&self, text: &str, points: i64) -> i64 {
        self.by.threshold(text, points)
    }
}

/// Nothing is known but that there is no hard evidence of the kinds that policy names.
struct NoHard<'a>(&'a [Hard]);

impl Source for NoHard<'_> {
    fn value(&self, var: &Var) -> Option<Value> {
        match var {
            Var::Hard(hard) if self.0.contains(hard) => Some(Value::Bool(false)),
            Var::AnyHard => Some(Value::Bool(false)),
            _ => None,
        }
    }

    fn call(&self, _: Function, _: &Argument) -> Option<Value> {
        None
    }
}

/// Whether a condition is false, whatever else, without hard evidence of these kinds.
pub(super) fn needs_hard(condition: &Condition, hard: &[Hard]) -> bool {
    !hard.is_empty() && NoHard(hard).truth(&condition.root) == Some(false)
}

/// Whether a condition looks only at totals, families and days: nothing of the past, of people, or of one detector.
pub(super) fn only_totals(condition: &Condition) -> bool {
    let mut only = true;
    condition.root.walk(&mut |node| {
        only &= match &node.kind {
            Kind::Var(var) => matches!(
                var,
                Var::Points(_) | Var::Probability(_) | Var::Days(_) | Var::Family(_) | Var::FamilyDays(_)
            ),
            Kind::Call(function, _) => matches!(function, Function::FamiliesOver(_)),
            _ => true,
        };
    });
    only
}

/// The least total at which a condition can be true: it must hold above and not below, families and days granted.
pub(super) fn threshold(condition: &Condition, kind: ScoreKind) -> Option<i64> {
    struct At(ScoreKind, i64);
    impl Source for At {
        fn value(&self, var: &Var) -> Option<Value> {
            match var {
                Var::Points(kind) | Var::Probability(kind) if *kind == self.0 => Some(Value::Int(self.1)),
                Var::Points(_) | Var::Probability(_) => Some(Value::Int(i64::from(i32::MIN))),
                Var::Family(_) => Some(Value::Int(0)),
                Var::Days(_) | Var::FamilyDays(_) => Some(Value::Int(32)),
                _ => None,
            }
        }
        fn call(&self, _: Function, argument: &Argument) -> Option<Value> {
            // Families grow with the total; where a rule asks for them beside it, they are granted.
            let families = i64::try_from(Family::COUNT).unwrap_or(9);
            matches!(argument, Argument::Int(_)).then_some(Value::Int(families))
        }
    }
    let mut bounds: Vec<i64> = Vec::new();
    condition.root.walk(&mut |node| {
        if let Kind::Compare(_, a, b) = &node.kind {
            for (side, bound) in [(a, b), (b, a)] {
                let named =
                    matches!(&side.kind, Kind::Var(Var::Points(k) | Var::Probability(k)) if *k == kind);
                if let (true, Kind::Int(n) | Kind::Threshold(_, n)) = (named, &bound.kind) {
                    bounds.extend([*n, n.saturating_add(1)]);
                }
            }
        }
    });
    bounds.sort_unstable();
    let holds = |points: i64| At(kind, points).truth(&condition.root) == Some(true);
    if bounds.is_empty() || holds(i64::from(i32::MIN)) {
        return None;
    }
    bounds.into_iter().find(|points| holds(*points))
}
