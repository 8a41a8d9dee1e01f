//! From the text of a policy file to a [`Policy`], or to everything wrong with it.

mod cases;
mod numbers;

use crate::condition::{Condition, Facts, Type, Var, compile};
use crate::file::{File, RuleTable, SegmentTable};
use crate::places::Places;
use crate::policy::{Budget, Policy, Rule, SegmentLadder, Windows, rank};
use crate::position::{PolicyErrors, Problem};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use sumun_model::position::line_and_column;
use sumun_model::{Family, ScoreKind, Segment, Weights};
use toml::Spanned;

/// Most rules of one segment.
const RULES_MAX: usize = 64;

impl Policy {
    /// Reads a policy file. Strict: an unknown key is an error.
    ///
    /// # Errors
    /// Everything wrong with it, with line and column. What is dubious but can work is [`crate::lint`]'s.
    pub fn parse(text: &str) -> Result<Self, PolicyErrors> {
        let file: File = toml::from_str(text).map_err(|error| {
            let (line, column) = line_and_column(text, error.span().map_or(0, |span| span.start));
            PolicyErrors(vec![Problem { line, column, message: error.message().to_owned() }])
        })?;
        let mut reader = Reader { text, problems: Vec::new() };
        let policy = reader.policy(file);
        reader.problems.sort();
        match policy {
            Some(policy) if reader.problems.is_empty() => Ok(policy),
            _ => Err(PolicyErrors(reader.problems)),
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn wrong(&mut self, at: usize, message: impl Into<String>) {
        let (line, column) = line_and_column(self.text, at);
        self.problems.push(Problem { line, column, message: message.into() });
    }

    fn policy(&mut self, file: File) -> Option<Policy> {
        let id = file.policy.id.get_ref();
        if id.is_empty()
            || !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
        {
            self.wrong(
                file.policy.id.span().start,
                format!("id `{id}` is made of small letters, digits, `_` and `-`"),
            );
        }
        if *file.policy.version.get_ref() == 0 {
            self.wrong(file.policy.version.span().start, "versions count from 1");
        }
        let weights = self.weights(&file);
        let facts = self.facts(&file);
        let table = &file.ladder;
        let seconds = i64::from;
        let windows = Windows {
            day_s: seconds(table.day_s).max(1),
            monitor_period_s: seconds(table.monitor_period_s),
            quiet_s: seconds(table.quiet_s),
            warn_ack_s: seconds(table.warn_ack_s),
            hold_due_s: seconds(table.hold_due_s),
            reverify_timeout_s: seconds(table.reverify_timeout_s),
            memory_s: seconds(table.memory_s),
        };
        let high_risk = self.condition(&table.high_risk, &facts, &weights);
        let mut tables = BTreeMap::new();
        let mut default = None;
        for (name, table) in file.segments {
            match (name.get_ref().as_str(), name.get_ref().parse::<Segment>()) {
                ("default", _) => default = Some(table),
                (_, Ok(segment)) => {
                    tables.insert(segment, table);
                }
                (_, Err(error)) => self.wrong(name.span().start, format!("{error}, or `default`")),
            }
        }
        let Some(default_table) = default else {
            self.wrong(0, "`[segments.default]` is missing: rules for keys of no known segment");
            return None;
        };
        let mut ground = Ground { facts: &facts, weights: &weights, windows, rules: Vec::new() };
        let default = self.ladder(default_table, &ground);
        ground.rules = default.rules.clone();
        ground.windows = default.windows;
        let segments =
            tables.into_iter().map(|(segment, table)| (segment, self.ladder(table, &ground))).collect();
        let tests = file.tests.into_iter().map(|test| self.case(test)).collect();
        Some(Policy {
            id: file.policy.id.into_inner(),
            version: file.policy.version.into_inner(),
            title: file.policy.title,
            owner: file.policy.owner,
            reason: file.policy.reason,
            detectors: file.detectors,
            budget: Budget {
                counts: file.budget.counts,
                alerts_per_day: file.budget.alerts_per_day.into_inner(),
                segments: file.budget.segments,
            },
            ladder: default.windows,
            hard: file.ladder.hard.into_inner(),
            high_risk: high_risk?,
            facts,
            default,
            segments,
            tests,
            weights,
            places: Places::of(self.text),
        })
    }

    fn facts(&mut self, file: &File) -> Facts {
        let mut facts = Facts::new();
        for (name, kind) in &file.facts {
            let found = match kind.get_ref().as_str() {
                "bool" => Type::Bool,
                "int" => Type::Int,
                "text" => Type::Text,
                other => {
                    self.wrong(
                        kind.span().start,
                        format!("`{other}` is not a fact's type: bool, int or text"),
                    );
                    continue;
                }
            };
            let dotted = name.split('.').count() == 2
                && name.split('.').all(|part| {
                    part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
                        && part.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
                });
            if !dotted {
                self.wrong(
                    kind.span().start,
                    format!("a fact is named like `key.returns_30m`, not `{name}`"),
                );
            } else if Var::of(name, &Facts::new()).is_some() {
                self.wrong(kind.span().start, format!("`{name}` means something already"));
            } else {
                facts.insert(name.clone(), found);
            }
        }
        facts
    }

    fn condition(
        &mut self,
        written: &Spanned<String>,
        facts: &Facts,
        weights: &Weights,
    ) -> Option<Condition> {
        match compile(written.get_ref(), facts, weights) {
            Ok(condition) => Some(condition),
            Err(error) => {
                let at = within_literal(self.text, &written.span(), written.get_ref(), error.at.start);
                self.wrong(at, error.message);
                None
            }
        }
    }

    fn ladder(&mut self, table: SegmentTable, ground: &Ground<'_>) -> SegmentLadder {
        let own = |value: Option<u32>, inherited: i64| value.map_or(inherited, i64::from);
        let base = ground.windows;
        let windows = Windows {
            day_s: base.day_s,
            monitor_period_s: own(table.monitor_period_s, base.monitor_period_s),
            quiet_s: own(table.quiet_s, base.quiet_s),
            warn_ack_s: own(table.warn_ack_s, base.warn_ack_s),
            hold_due_s: own(table.hold_due_s, base.hold_due_s),
            reverify_timeout_s: own(table.reverify_timeout_s, base.reverify_timeout_s),
            memory_s: own(table.memory_s, base.memory_s),
        };
        let mut rules: Vec<Rule> =
            ground.rules.iter().map(|rule| Rule { inherited: true, ..rule.clone() }).collect();
        for name in &table.without {
            let before = rules.len();
            rules.retain(|rule| rule.id != *name.get_ref());
            if rules.len() == before {
                let message = format!("`[segments.default]` has no rule `{}` to leave out", name.get_ref());
                self.wrong(name.span().start, message);
            }
        }
        let mut own_ids = BTreeSet::new();
        for rule in table.rules {
            let (id, at) = (rule.id.get_ref().clone(), rule.id.span().start);
            if !own_ids.insert(id.clone()) {
                self.wrong(at, format!("rule `{id}` stands twice in this segment"));
            }
            if id.starts_with("ladder.") || id.is_empty() {
                self.wrong(at, "a rule's id is not empty and does not begin with `ladder.`");
            }
            let Some(rule) = self.rule(rule, ground) else { continue };
            match rules.iter_mut().find(|known| known.id == rule.id) {
                Some(known) => *known = rule,
                None => rules.push(rule),
            }
            if rules.len() > RULES_MAX {
                self.wrong(at, format!("a segment has at most {RULES_MAX} rules"));
            }
        }
        rules.sort_by_key(|rule| std::cmp::Reverse(rank(Some(rule.measure))));
        let mut seconds_asked: Vec<_> = rules.iter().flat_map(|rule| rule.when.seconds_asked()).collect();
        seconds_asked.sort_unstable();
        seconds_asked.dedup();
        SegmentLadder { rules, windows, seconds_asked }
    }

    fn rule(&mut self, table: RuleTable, ground: &Ground<'_>) -> Option<Rule> {
        let (line, column) = line_and_column(self.text, table.id.span().start);
        let when = self.condition(&table.when, ground.facts, ground.weights)?;
        let score = table.score.unwrap_or_else(|| score_of(&when));
        Some(Rule {
            id: table.id.into_inner(),
            measure: table.measure,
            when,
            act: table.act,
            score,
            reason: table.reason,
            owner: table.owner,
            line,
            column,
            inherited: false,
        })
    }
}

/// What a segment's ladder is read against.
struct Ground<'a> {
    facts: &'a Facts,
    weights: &'a Weights,
    windows: Windows,
    rules: Vec<Rule>,
}

/// Which total a rule is about, if it does not say: market if it names only the market's.
fn score_of(condition: &Condition) -> ScoreKind {
    let mut market = false;
    for var in condition.variables() {
        match var {
            Var::Points(ScoreKind::Sharing) | Var::Probability(ScoreKind::Sharing) => {
                return ScoreKind::Sharing;
            }
            Var::Points(ScoreKind::Market)
            | Var::Probability(ScoreKind::Market)
            | Var::Days(ScoreKind::Market)
            | Var::Family(Family::Market) => market = true,
            _ => {}
        }
    }
    if market { ScoreKind::Market } else { ScoreKind::Sharing }
}

/// Where a byte of a string's value stands in the file. Exact where the string has no escapes.
fn within_literal(text: &str, span: &Range<usize>, value: &str, at: usize) -> usize {
    let raw = text.get(span.clone()).unwrap_or_default();
    let quotes = if raw.starts_with("'''") || raw.starts_with("\"\"\"") { 3 } else { 1 };
    let body = raw.get(quotes..).unwrap_or_default();
    let newline = if quotes == 3 && body.starts_with("\r\n") {
        2
    } else {
        usize::from(quotes == 3 && body.starts_with('\n'))
    };
    if body.get(newline..).is_some_and(|body| body.starts_with(value)) {
        span.start + quotes + newline + at
    } else {
        span.start
    }
}
