//! Why a step is taken, and why a lesser one would not do: structure, rendered by [`crate::explain`].

use super::walk::Walk;
use super::{Proposal, Reasoned, Standing};
use crate::condition::Scope;
use crate::policy::{Rule, rank};
use std::collections::BTreeMap;
use sumun_model::score::families_of;
use sumun_model::{Measure, Value};

/// Most codes of evidence named in one reason.
const CODES_MAX: usize = 8;

/// What a step stands on.
#[derive(Clone, Debug)]
pub(super) struct Grounds {
    pub(super) rule: String,
    pub(super) why: Reasoned,
    pub(super) lesser: Reasoned,
    /// People decided, so no budget of the machine's is spent.
    pub(super) by_people: bool,
}

fn reasoned(code: &str, values: impl IntoIterator<Item = (&'static str, Value)>) -> Reasoned {
    Reasoned {
        code: code.to_owned(),
        values: values.into_iter().map(|(name, v)| (name.to_owned(), v)).collect(),
    }
}

fn word(measure: Option<Measure>) -> Value {
    Value::from(measure.map_or("none", Measure::as_str))
}

impl Grounds {
    /// The ladder itself: time, or what people did.
    pub(super) fn ladder(code: &str, measure: Option<Measure>) -> Self {
        let lesser = if code == "ladder.after_proof" { "lesser.least" } else { "lesser.ends" };
        Self {
            rule: code.to_owned(),
            why: reasoned(code, [("measure", word(measure))]),
            lesser: reasoned(lesser, [("measure", word(measure))]),
            by_people: true,
        }
    }

    /// The time for re-verification ran out: what was shown in it, and what was not, as it is. Said of an owner who did his half, "no
    /// answer" would be untrue.
    pub(super) fn timed_out(standing: &Standing) -> Self {
        let failures = standing.control_failures;
        let lesser = match (standing.identity_proved.is_some(), standing.control_proved.is_some(), failures) {
            (_, true, _) => "lesser.timed_out_control",
            (true, false, 0) => "lesser.timed_out_identity",
            (true, false, _) => "lesser.timed_out_identity_tried",
            (false, false, 0) => "lesser.timed_out",
            (false, false, _) => "lesser.timed_out_tried",
        };
        let mut grounds = Self::ladder("ladder.timed_out", Some(Measure::Expire));
        let mut values = vec![("measure", word(Some(Measure::Expire)))];
        if failures > 0 {
            values.push(("failures", Value::from(i64::from(failures))));
        }
        grounds.lesser = reasoned(lesser, values);
        grounds
    }

    /// A measure that came with the customer or the key before.
    pub(super) fn taken_over(measure: Measure, from: &str) -> Self {
        let values = [("measure", word(Some(measure))), ("from", Value::from(from))];
        // Nothing was found about this key: its owner reads why it is cut, or warned of, all the same.
        let (ko, en) = if measure >= Measure::Hold {
            (
                "고객님의 다른 키에 대한 확인이 아직 끝나지 않아, 이 키도 그 확인이 끝날 때까지 조회와 주문 취소만 됩니다",
                "A check of another key of yours is still open, so this one too only reads and cancels until it is done",
            )
        } else {
            (
                "고객님의 다른 키에 대한 경고가 아직 끝나지 않아 이 키에도 이어집니다",
                "A warning about another key of yours is still open, and goes on with this one",
            )
        };
        let owner = [("owner_ko", Value::from(ko)), ("owner_en", Value::from(en))];
        let owner = owner.into_iter().filter(|_| measure > Measure::Monitor);
        let told = values.clone().into_iter().chain(owner);
        Self {
            rule: "ladder.follows".to_owned(),
            why: reasoned("ladder.follows", told),
            lesser: reasoned("lesser.follows", values),
            by_people: true,
        }
    }

    /// Two persons approved what waited.
    pub(super) fn approved_proposal(open: &Proposal, before: Option<Measure>) -> Self {
        let values = [("measure", word(Some(open.measure))), ("rule", Value::from(open.rule.as_str()))];
        Self {
            rule: open.rule.clone(),
            why: reasoned("ladder.approved", values),
            lesser: reasoned(
                "lesser.approved",
                [("before", word(before)), ("measure", word(Some(open.measure)))],
            ),
            by_people: true,
        }
    }

    /// The same, decided by people.
    pub(super) fn approved(mut self) -> Self {
        self.by_people = true;
        self
    }
}

/// A rule of the policy.
pub(super) fn of_rule(rule: &Rule, walk: &Walk<'_>, scope: &Scope<'_>) -> Grounds {
    let families = families_of(rule.score);
    let grounds = walk.grounds_of(rule.measure);
    let mut pieces: Vec<_> =
        grounds.evidence().iter().filter(|p| families.contains(&p.family) && p.llr_milli > 0).collect();
    pieces.sort_by_key(|piece| {
        (std::cmp::Reverse(scope.piece(piece)), piece.detector.clone(), piece.code.clone())
    });
    let mut codes: Vec<String> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for piece in &pieces {
        if codes.len() < CODES_MAX && !codes.contains(&piece.code) {
            codes.push(piece.code.clone());
        }
        let family = piece.family.to_string();
        if !seen.contains(&family) {
            seen.push(family);
        }
    }
    let hard: Vec<String> = grounds.hard().keys().map(ToString::to_string).collect();
    let mut values = BTreeMap::from([
        ("rule".to_owned(), Value::from(rule.id.as_str())),
        ("measure".to_owned(), word(Some(rule.measure))),
        ("condition".to_owned(), Value::from(rule.when.root.in_points())),
        ("reason_ko".to_owned(), Value::from(rule.reason.ko.as_str())),
        ("reason_en".to_owned(), Value::from(rule.reason.en.as_str())),
        ("families".to_owned(), Value::List(seen)),
        ("codes".to_owned(), Value::List(codes)),
    ]);
    if let Some(owner) = &rule.owner {
        values.insert("owner_ko".to_owned(), Value::from(owner.ko.as_str()));
        values.insert("owner_en".to_owned(), Value::from(owner.en.as_str()));
    }
    if !hard.is_empty() {
        values.insert("hard".to_owned(), Value::List(hard));
    }
    // What ended before is not what this rests on: see `Walk::barred`.
    let earlier = walk.standing.repeats(rule.measure, walk.now, walk.ladder.windows.memory_s);
    let cut = rank(walk.standing.measure) >= rank(Some(Measure::Hold));
    if earlier > 0 && rule.measure > Measure::Monitor && !cut {
        values.insert("again".to_owned(), Value::from(earlier));
    }
    // A direct jump to expiry records the test that allowed it (R98).
    let jump = rule.measure == Measure::Expire && walk.standing.measure != Some(Measure::Reverify);
    if jump {
        values.insert("high_risk".to_owned(), Value::from(walk.policy.high_risk.root.in_points()));
    }
    let code = if jump { "rule_jump" } else { "rule" };
    Grounds {
        rule: rule.id.clone(),
        why: Reasoned { code: code.to_owned(), values },
        lesser: lesser(rule, walk, scope),
        by_people: false,
    }
}

/// Why a lesser measure would not do (R99). The first that applies, from the gravest.
fn lesser(rule: &Rule, walk: &Walk<'_>, scope: &Scope<'_>) -> Reasoned {
    let standing = &walk.standing;
    let before = standing.measure;
    let values = |more: Vec<(&'static str, Value)>| {
        let both = [("before", word(before)), ("measure", word(Some(rule.measure)))];
        both.into_iter().chain(more).collect::<Vec<_>>()
    };
    let memory_s = walk.ladder.windows.memory_s;
    let repeats = standing.repeats(Measure::Warn, walk.now, memory_s);
    if rule.measure == Measure::Monitor {
        return reasoned("lesser.least", values(Vec::new()));
    }
    if walk.proved(sumun_model::Hard::ControlFailedTwice) {
        return reasoned("lesser.failed", values(Vec::new()));
    }
    if !scope.hard().is_empty() {
        let hard = scope.hard().keys().map(ToString::to_string).collect();
        return reasoned("lesser.hard", values(vec![("hard", Value::List(hard))]));
    }
    if standing.warning_ignored(walk.now) {
        return reasoned("lesser.ignored", values(Vec::new()));
    }
    if standing.repeated_after_warning(scope.evidence()) {
        return reasoned("lesser.repeated", values(Vec::new()));
    }
    match (before, standing.since) {
        (Some(measure), Some(since)) => {
            let skipped = rank(Some(rule.measure)) - rank(Some(measure)) > 1;
            let points = scope.points(rule.score);
            let code = if skipped {
                "lesser.in_force_skipped"
            } else if points > standing.entry {
                "lesser.in_force"
            } else {
                "lesser.still"
            };
            reasoned(
                code,
                values(vec![
                    ("since", Value::from(since.to_string())),
                    ("from", Value::from(standing.entry)),
                    ("to", Value::from(points)),
                ]),
            )
        }
        _ if repeats > 0 => reasoned("lesser.repeats", values(vec![("repeats", Value::from(repeats))])),
        _ => reasoned("lesser.at_once", values(vec![("points", Value::from(scope.points(rule.score)))])),
    }
}
