//! What a policy file says that cannot be right, though it parses: errors that keep it out of force, and warnings worth a look.
//!
//! Errors: an expiry by machine that does not need hard evidence; a high-risk test that always passes; a window of no time. Warnings:
//! rules that can never be met or always are, a stricter measure easier to reach than a lesser one, a strange budget, names of evidence
//! that no detector has, sentences missing. Conditions are tried on typed samples both ways ([`samples`]).
//!
//! Never here: syntax, names and types, which [`Policy::parse`] refuses at once.

mod budget;
mod samples;

use crate::condition::{Argument, Function, Kind, Var};
use crate::policy::{ActBy, Policy, Rule, SegmentLadder, rank};
pub(crate) use samples::differ;
use samples::{Tried, needs_hard, only_totals, threshold, tried};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::{Measure, ScoreKind, Segment, because};

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The policy may not come into force.
    Error,
    /// Worth a look.
    Warning,
}

/// One finding of the linter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Lint {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// How grave.
    pub severity: Severity,
    /// What it is, stable.
    pub code: &'static str,
    /// In words.
    pub message: String,
}

/// Everything the linter finds, in the order of the file.
#[must_use]
pub fn lint(policy: &Policy) -> Vec<Lint> {
    let mut linter = Linter { policy, found: BTreeSet::new() };
    linter.whole();
    linter.ladder(None, &policy.default);
    for (segment, ladder) in &policy.segments {
        linter.ladder(Some(*segment), ladder);
    }
    linter.found.into_iter().collect()
}

struct Linter<'a> {
    policy: &'a Policy,
    found: BTreeSet<Lint>,
}

impl Linter<'_> {
    fn say(&mut self, at: (usize, usize), severity: Severity, code: &'static str, message: String) {
        self.found.insert(Lint { line: at.0, column: at.1, severity, code, message });
    }

    fn whole(&mut self) {
        use Severity::{Error, Warning};
        let policy = self.policy;
        let at = |path: &str| policy.places.first(&[path]);
        if tried(&policy.high_risk, None).never_false {
            let message =
                "`ladder.high_risk` always passes: a jump to expiry would need no test (R98)".to_owned();
            self.say(at("ladder.high_risk"), Error, "high_risk_always", message);
        }
        if policy.ladder.day_s != crate::policy::DAY_S {
            let message =
                format!("a day is {} seconds here: for demos and tests, not for people", policy.ladder.day_s);
            self.say(at("ladder.day_s"), Warning, "compressed_time", message);
        }
        self.budget();
        if policy.tests.is_empty() {
            // What is not there has no place but the whole file's.
            let message = "the file has no `[[tests]]`: nothing shows what a change changes".to_owned();
            self.say((1, 1), Warning, "no_tests", message);
        }
        let mut used = BTreeSet::new();
        let ladders = policy.segments.values().chain([&policy.default]);
        for rule in ladders.flat_map(|ladder| &ladder.rules) {
            used.extend(rule.when.variables().into_iter().filter_map(|var| match var {
                Var::Fact(name, _) => Some(name.clone()),
                _ => None,
            }));
        }
        for name in policy.facts.keys().filter(|name| !used.contains(*name)) {
            let message = format!("the fact `{name}` is declared and used by no rule");
            self.say(at(&format!("facts.{name}")), Warning, "fact_unused", message);
        }
    }

    /// Where a window of a segment's is written: its own, else the one that it inherits.
    fn window(&self, segment: &str, window: &str) -> (usize, usize) {
        let own = format!("segments.{segment}.{window}");
        let default = format!("segments.default.{window}");
        self.policy.places.first(&[&own, &default, &format!("ladder.{window}")])
    }

    fn ladder(&mut self, segment: Option<Segment>, ladder: &SegmentLadder) {
        use Severity::{Error, Warning};
        let name = segment.map_or("default", Segment::as_str);
        let first = ladder.rules.iter().find(|rule| !rule.inherited).or(ladder.rules.first());
        let at = first.map_or((1, 1), |rule| (rule.line, rule.column));
        let windows = &ladder.windows;
        let base = &self.policy.default.windows;
        // What is inherited is told of once.
        let own = |seconds: i64, inherited: i64| seconds == 0 && (segment.is_none() || inherited != 0);
        for (window, seconds, inherited) in [
            ("warn_ack_s", windows.warn_ack_s, base.warn_ack_s),
            ("hold_due_s", windows.hold_due_s, base.hold_due_s),
            ("reverify_timeout_s", windows.reverify_timeout_s, base.reverify_timeout_s),
        ] {
            if own(seconds, inherited) {
                self.say(
                    self.window(name, window),
                    Error,
                    "window_zero",
                    format!("`{window}` of `{name}` is 0: nobody could ever answer in time"),
                );
            }
        }
        if own(windows.quiet_s, base.quiet_s) {
            let message = format!("`quiet_s` of `{name}` is 0: measures would flicker on and off");
            self.say(self.window(name, "quiet_s"), Warning, "no_hysteresis", message);
        }
        for measure in Measure::ALL {
            if !ladder.rules.iter().any(|rule| rule.measure == *measure) {
                self.say(
                    at,
                    Warning,
                    "measure_unreachable",
                    format!("in `{name}` no rule earns `{measure}`"),
                );
            }
        }
        let answers = ladder.rules.iter().filter(|rule| rule.measure == Measure::Expire).any(|rule| {
            let failed = Var::Hard(sumun_model::Hard::ControlFailedTwice);
            rule.when.variables().into_iter().any(|var| *var == failed || *var == Var::AnyHard)
        });
        if !answers {
            let message = format!(
                "in `{name}` nothing follows when the control test fails twice (`hard.control_failed_twice`)"
            );
            self.say(at, Warning, "failure_unanswered", message);
        }
        for rule in &ladder.rules {
            // Inherited rules are told of once, where they stand.
            if !rule.inherited {
                self.rule(name, segment, rule, ladder);
            }
        }
        self.monotone(name, ladder);
    }

    fn rule(&mut self, name: &str, segment: Option<Segment>, rule: &Rule, ladder: &SegmentLadder) {
        use Severity::{Error, Warning};
        let at = (rule.line, rule.column);
        let id = &rule.id;
        if rule.measure == Measure::Expire
            && rule.act == ActBy::Machine
            && !needs_hard(&rule.when, &self.policy.hard)
        {
            let message = format!(
                "rule `{id}` ends a key by machine without hard evidence that `ladder.hard` names; risk alone never does: \
                 `act = \"propose\"`, or ask for `hard.…`"
            );
            self.say(at, Error, "expire_without_hard_evidence", message);
        }
        let Tried { never_true, never_false } = tried(&rule.when, Some(rule.measure));
        if never_true {
            let message = format!(
                "rule `{id}` can never be met: its parts contradict each other, or ask for a measure as strict as `{}`",
                rule.measure
            );
            self.say(at, Warning, "never_met", message);
        } else if never_false {
            self.say(at, Warning, "always_met", format!("rule `{id}` is met whatever is known of a key"));
        }
        if rule.measure == Measure::Reverify
            && rule.act == ActBy::Machine
            && segment.is_some_and(|segment| segment != Segment::Retail)
        {
            let message = format!(
                "rule `{id}` asks an institution (`{name}`) to verify anew by machine; proposed is usual"
            );
            self.say(at, Warning, "institution_by_machine", message);
        }
        for (under, asked) in rule.when.seconds_asked() {
            if under == Some(Measure::Hold) && asked >= ladder.windows.hold_due_s {
                let due = ladder.windows.hold_due_s;
                let message = format!("rule `{id}` waits {asked} s in a hold that lapses after {due} s");
                self.say(at, Warning, "after_the_lapse", message);
            }
        }
        rule.when.root.walk(&mut |node| {
            if let Kind::Call(Function::Seen | Function::DaysOf, Argument::Text(word)) = &node.kind
                && !word.contains('.')
                && because::text(word).is_none()
            {
                let message = format!("rule `{id}` asks for `{word}`: no signal has that code");
                self.found.insert(Lint {
                    line: at.0,
                    column: at.1,
                    severity: Warning,
                    code: "unknown_evidence",
                    message,
                });
            }
        });
        for (what, text) in [("reason", Some(&rule.reason)), ("owner", rule.owner.as_ref())] {
            let Some(text) = text else { continue };
            if text.ko.trim().is_empty() || text.en.trim().is_empty() {
                self.say(
                    at,
                    Error,
                    "sentence_missing",
                    format!("rule `{id}`: `{what}` says nothing in one language"),
                );
            } else if !text.ko.chars().any(|c| ('가'..='힣').contains(&c)) {
                self.say(at, Warning, "not_korean", format!("rule `{id}`: `{what}.ko` has no Korean in it"));
            }
        }
    }

    /// A stricter measure is not easier to reach than a lesser one, by rules that look at the total alone.
    fn monotone(&mut self, name: &str, ladder: &SegmentLadder) {
        let mut least: BTreeMap<(u8, &str), (i64, &Rule)> = BTreeMap::new();
        for rule in ladder.rules.iter().filter(|rule| only_totals(&rule.when)) {
            for kind in [ScoreKind::Sharing, ScoreKind::Market] {
                let Some(points) = threshold(&rule.when, kind) else { continue };
                let place = least.entry((rank(Some(rule.measure)), kind.as_str())).or_insert((points, rule));
                if points < place.0 {
                    *place = (points, rule);
                }
            }
        }
        for ((level, kind), (points, rule)) in &least {
            for ((lower, other), (lower_points, lesser)) in &least {
                if other == kind
                    && lower < level
                    && lower_points > points
                    && !(rule.inherited && lesser.inherited)
                {
                    let message = format!(
                        "in `{name}`, `{}` (rule `{}`) begins at {points} {kind} points, below `{}` (rule `{}`) at {lower_points}",
                        rule.measure, rule.id, lesser.measure, lesser.id
                    );
                    self.found.insert(Lint {
                        line: rule.line,
                        column: rule.column,
                        severity: Severity::Warning,
                        code: "not_monotone",
                        message,
                    });
                }
            }
        }
    }
}
