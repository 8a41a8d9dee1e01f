//! A whole ladder at one moment: the totals term by term with their evidence and what would lower it, and every rule with what it
//! needs and what is so. Answers why and why not alike.

mod render;

use super::plain::said;
use crate::Policy;
use crate::condition::{Condition, Kind, Node, Reading, Scope, Source};
use crate::ladder::{Approve, BudgetLeft, Standing, step};
use crate::policy::{ActBy, Bilingual, rank};
use serde::Serialize;
use std::collections::BTreeMap;
use sumun_model::because::text;
use sumun_model::{
    Assessment, Evidence, ExpiryCause, Family, FindingId, Hard, Lang, Measure, MilliNats, Risk, ScoreKind,
    Segment, Timestamp,
};

/// Why a key stands where it stands, and what each rule would need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Policy id and version.
    pub policy: String,
    /// Which key.
    pub key: String,
    /// At which moment.
    pub at: Timestamp,
    /// By which segment's ladder.
    pub segment: Option<Segment>,
    /// Whether it has ended, and how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// The measure in force.
    pub measure: Option<Measure>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// When it lapses, is due or times out.
    pub due: Option<Timestamp>,
    /// What waits for people, and since when.
    pub proposed: Option<(Measure, Timestamp)>,
    /// Both totals.
    pub scores: Vec<ScoreExplained>,
    /// Hard evidence, with its proof.
    pub hard: BTreeMap<Hard, String>,
    /// Signals that people cleared, which no longer count.
    pub cleared: Vec<FindingId>,
    /// Signals already settled, on which alone no measure that the owner is told of begins anew.
    pub settled: Vec<FindingId>,
    /// Every rule, strictest first.
    pub rules: Vec<RuleExplained>,
    /// When the clock next asks something of this key.
    pub next_due: Option<Timestamp>,
}

/// How a key ended. After that no measure is in force on it, but for a forced end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Why, if that is known.
    pub cause: Option<ExpiryCause>,
    /// Under which measure it stood then.
    pub measure: Option<Measure>,
}

impl Explanation {
    /// The same of a key that has ended: nothing is in force, due or proposed any more. A forced end of a key that ended otherwise is the
    /// ladder's alone, and was never taken.
    #[must_use]
    pub fn ended(self, ended: Ended) -> Self {
        let otherwise = ended.cause.is_some_and(|cause| cause != ExpiryCause::Forced);
        let forced = self.measure.filter(|measure| *measure == Measure::Expire && !otherwise);
        Self {
            measure: forced,
            since: self.since.filter(|_| forced.is_some()),
            due: None,
            proposed: None,
            next_due: None,
            ended: Some(ended),
            ..self
        }
    }
}

/// A total with its terms, which add up to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScoreExplained {
    /// Which.
    pub score: ScoreKind,
    /// The total.
    pub points: MilliNats,
    /// The model's posterior; shown to people only after calibration on real labels.
    pub risk: Risk,
    /// Its terms.
    pub terms: Vec<TermExplained>,
}

/// A family's term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TermExplained {
    /// Which family.
    pub family: Family,
    /// Its points now.
    pub points: MilliNats,
    /// Its α in thousandths.
    pub alpha_milli: u32,
    /// In how many seconds it loses half.
    pub half_life_s: u32,
    /// Its evidence, strongest first.
    pub pieces: Vec<PieceExplained>,
}

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PieceExplained {
    /// Detector and version.
    pub detector: String,
    /// Reason code.
    pub code: String,
    /// Its strength when seen, thousandths of a nat.
    pub llr_milli: i32,
    /// What it is worth now by itself.
    pub points: MilliNats,
    /// How much of that counts, in thousandths: the strongest wholly, the second by a share, the others not.
    pub counts_milli: u32,
    /// When it was seen.
    pub at: Timestamp,
    /// The signal that said it.
    pub signal: FindingId,
    /// What would lower it, if the detector's texts say so.
    pub lowered_by: Option<Bilingual>,
}

/// A rule and what is so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleExplained {
    /// Its id.
    pub rule: String,
    /// What it earns.
    pub measure: Measure,
    /// Who acts.
    pub act: ActBy,
    /// Met, not met, or unknown.
    pub reading: Reading,
    /// Its condition.
    pub condition: String,
    /// The same in plain words.
    pub said: Bilingual,
    /// Its parts joined by `and`.
    pub parts: Vec<PartExplained>,
    /// Why.
    pub reason: Bilingual,
    /// A stricter measure, or this one, is in force already.
    pub passed: bool,
}

/// A part of a condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartExplained {
    /// As written.
    pub condition: String,
    /// The same in plain words.
    pub said: Bilingual,
    /// Met, not met, or unknown.
    pub reading: Reading,
    /// Present values of what it names; `null`: unknown.
    pub values: Vec<(String, Option<String>)>,
    /// Where one of several suffices: each of them, and whether it is met. Empty where there is no choice.
    pub either: Vec<AlternativeExplained>,
}

/// One of several parts of which one suffices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlternativeExplained {
    /// As written.
    pub condition: String,
    /// The same in plain words.
    pub said: Bilingual,
    /// Met, not met, or unknown.
    pub reading: Reading,
    /// Present values of what it names; `null`: unknown.
    pub values: Vec<(String, Option<String>)>,
}

/// Explains. The same arguments as [`step`], which is asked for the next due time only.
#[must_use]
pub fn why(policy: &Policy, standing: &Standing, assessment: &Assessment, now: Timestamp) -> Explanation {
    let scope = Scope::of(policy, standing, assessment, now);
    let quiet = Assessment { acts: Vec::new(), ..assessment.clone() };
    let next_due = step(policy, standing, &quiet, now, Approve::People, BudgetLeft::UNBOUNDED).next_due;
    let score = |kind| {
        let points = scope.points(kind);
        let terms = scope.terms(kind).iter().map(|term| {
            let weight = policy.weights.of(term.family);
            TermExplained {
                family: term.family,
                points: term.points,
                alpha_milli: weight.alpha_milli,
                half_life_s: weight.half_life_s,
                pieces: pieces(&scope, term.family, policy.weights.second_milli),
            }
        });
        ScoreExplained { score: kind, points, risk: policy.weights.risk(points), terms: terms.collect() }
    };
    let rules = policy.segment(assessment.segment).rules.iter().map(|rule| RuleExplained {
        rule: rule.id.clone(),
        measure: rule.measure,
        act: rule.act,
        reading: scope.read(&rule.when),
        condition: rule.when.root.to_string(),
        said: plain(&rule.when.root),
        parts: parts(&rule.when, &scope),
        reason: rule.reason.clone(),
        passed: rank(standing.measure) >= rank(Some(rule.measure)),
    });
    Explanation {
        policy: policy.name(),
        key: assessment.key.to_string(),
        at: now,
        segment: assessment.segment,
        ended: None,
        measure: standing.measure,
        since: standing.since,
        due: standing.due,
        proposed: standing.proposal.as_ref().map(|open| (open.measure, open.at)),
        scores: vec![score(ScoreKind::Sharing), score(ScoreKind::Market)],
        hard: scope.hard().clone(),
        cleared: standing.cleared.iter().copied().collect(),
        settled: standing.settled.iter().copied().collect(),
        rules: rules.collect(),
        next_due,
    }
}

fn pieces(scope: &Scope<'_>, family: Family, second_milli: u32) -> Vec<PieceExplained> {
    let mut found: Vec<(MilliNats, &Evidence)> = scope
        .evidence()
        .iter()
        .filter(|p| p.family == family)
        .map(|piece| (scope.piece(piece), piece))
        .collect();
    found.sort_by(|a, b| {
        b.0.cmp(&a.0).then_with(|| (&a.1.detector, &a.1.code).cmp(&(&b.1.detector, &b.1.code)))
    });
    let explained = found.into_iter().enumerate().map(|(nth, (points, piece))| PieceExplained {
        detector: piece.detector.clone(),
        code: piece.code.clone(),
        llr_milli: piece.llr_milli,
        points,
        counts_milli: match nth {
            0 => 1_000,
            1 if points > 0 => second_milli,
            _ => 0,
        },
        at: piece.at,
        signal: piece.signal,
        lowered_by: text(&piece.code)
            .map(|t| Bilingual { ko: t.lower_ko.to_owned(), en: t.lower_en.to_owned() }),
    });
    explained.collect()
}

fn plain(node: &Node) -> Bilingual {
    Bilingual { ko: said(node, Lang::Ko), en: said(node, Lang::En) }
}

fn parts(condition: &Condition, scope: &Scope<'_>) -> Vec<PartExplained> {
    let alternative = |node: &Node| AlternativeExplained {
        condition: node.in_points(),
        said: plain(node),
        reading: scope.truth(node).into(),
        values: values(node, scope),
    };
    let part = |node: &Node| {
        let AlternativeExplained { condition, said, reading, values } = alternative(node);
        let either = node.alternatives();
        let either =
            if either.len() > 1 { either.into_iter().map(alternative).collect() } else { Vec::new() };
        PartExplained { condition, said, reading, values, either }
    };
    condition.conjuncts().into_iter().map(part).collect()
}

fn values(node: &Node, scope: &Scope<'_>) -> Vec<(String, Option<String>)> {
    let mut values: Vec<(String, Option<String>)> = Vec::new();
    node.walk(&mut |node| {
        let name = match &node.kind {
            Kind::Var(_) | Kind::Call(..) => node.in_points(),
            _ => return,
        };
        if !values.iter().any(|(known, _)| *known == name) {
            values.push((name, scope.known(node).map(|value| value.to_string())));
        }
    });
    values
}
