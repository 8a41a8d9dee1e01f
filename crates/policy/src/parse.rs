//! From the text of a policy file to a [`Policy`], or to everything wrong with it.

use crate::cases::{Case, Moment};
use crate::condition::{Condition, Facts, Type, Var, compile};
use crate::file::{File, RuleTable, SegmentTable, TestEvidence, TestTable};
use crate::policy::{Budget, Policy, Rule, SegmentLadder, Windows, rank};
use crate::position::{PolicyErrors, Problem, line_and_column};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use sumun_model::score::{FamilyWeight, LLR_MILLI_MAX, LLR_MILLI_MIN};
use sumun_model::{Cause, Evidence, Family, FindingId, ScoreKind, Segment, Timestamp, Weights};
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
        })
    }

    fn weights(&mut self, file: &File) -> Weights {
        let scores = &file.scores;
        let mut weights = Weights::default();
        weights.prior_ppm = self.decimal(&scores.prior, 6, 1..=500_000);
        weights.second_milli = self.decimal(&scores.second, 3, 0..=1_000);
        weights.cap_milli = self.decimal(&scores.cap, 3, 100..=20_000);
        for family in Family::ALL {
            let Some(table) = scores.families.get(family) else {
                self.wrong(scores.prior.span().start, format!("`[scores.families.{family}]` is missing"));
                continue;
            };
            let alpha_milli = self.decimal(&table.alpha, 3, 0..=5_000);
            if *table.half_life_s.get_ref() == 0 {
                self.wrong(table.half_life_s.span().start, "a half-life is at least one second");
            }
            if let Some(weight) = weights.families.get_mut(family.index()) {
                *weight = FamilyWeight { alpha_milli, half_life_s: *table.half_life_s.get_ref() };
            }
        }
        weights
    }

    /// An exact decimal of so many places as a whole number.
    fn decimal(
        &mut self,
        written: &Spanned<String>,
        places: usize,
        within: std::ops::RangeInclusive<u32>,
    ) -> u32 {
        let found = scaled(written.get_ref(), places).and_then(|n| u32::try_from(n).ok());
        match found.filter(|n| within.contains(n)) {
            Some(n) => n,
            None => {
                let (low, high) = (shown(*within.start(), places), shown(*within.end(), places));
                let message = format!(
                    "`{}` is not a decimal of at most {places} places within {low} and {high}",
                    written.get_ref()
                );
                self.wrong(written.span().start, message);
                *within.start()
            }
        }
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

    fn case(&mut self, test: Spanned<TestTable>) -> Case {
        let (line, _) = line_and_column(self.text, test.span().start);
        let test = test.into_inner();
        let mut moments = Vec::new();
        let mut last = i64::MIN;
        for (at, step) in test.steps.into_iter().enumerate() {
            let start = step.span().start;
            let (line, column) = line_and_column(self.text, start);
            let step = step.into_inner();
            if step.at_s < last {
                self.wrong(start, "moments of a test stand in order of time");
            }
            last = step.at_s;
            let now = Timestamp::from_seconds(step.at_s).unwrap_or(Timestamp::MIN);
            let evidence = step.evidence.map(|list| {
                list.iter()
                    .enumerate()
                    .map(|(nth, piece)| self.piece(piece, now, at, nth))
                    .collect::<Vec<_>>()
            });
            for written in step.must.iter().chain(&step.must_not) {
                if !crate::run_cases::well_formed(written.get_ref()) {
                    let message = format!(
                        "`{}` is not a step such as `enter warn act` or `leave hold`",
                        written.get_ref()
                    );
                    self.wrong(written.span().start, message);
                }
            }
            let words = |list: Vec<Spanned<String>>| list.into_iter().map(Spanned::into_inner).collect();
            moments.push(Moment {
                at_s: step.at_s,
                evidence,
                hard: step.hard,
                acts: step.acts,
                facts: step.facts,
                cluster: step.cluster,
                must: words(step.must),
                must_not: words(step.must_not),
                line,
                column,
            });
        }
        Case { name: test.name, segment: test.segment, moments, line }
    }

    fn piece(&mut self, table: &TestEvidence, now: Timestamp, moment: usize, nth: usize) -> Evidence {
        let found = scaled(table.llr.get_ref(), 3).and_then(|n| i32::try_from(n).ok());
        let llr_milli = found.filter(|n| (LLR_MILLI_MIN..=LLR_MILLI_MAX).contains(n)).unwrap_or_else(|| {
            self.wrong(
                table.llr.span().start,
                "a likelihood ratio lies within -2 and 4, at most three places",
            );
            0
        });
        let mut id = [0; 16];
        let mark = u64::try_from(moment * 1_000 + nth + 1).unwrap_or(u64::MAX).to_be_bytes();
        for (to, from) in id.iter_mut().rev().zip(mark.iter().rev()) {
            *to = *from;
        }
        let code = table.code.clone().unwrap_or_else(|| format!("case_{}_{nth}", table.family));
        Evidence {
            detector: table.detector.clone().unwrap_or_else(|| format!("case.{}@1", table.family)),
            code,
            family: table.family,
            cause: table.cause.unwrap_or(Cause::Unknown),
            llr_milli,
            at: now,
            signal: FindingId::of(id),
            days: table.days,
        }
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

/// `0.25` with three places is 250; none if it is not a decimal or has more places.
fn scaled(text: &str, places: usize) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty()
        || !plain(whole)
        || !plain(fraction)
        || fraction.len() > places
        || digits.ends_with('.')
    {
        return None;
    }
    let n: i64 = format!("{whole}{fraction:0<places$}").parse().ok()?;
    Some(if negative { -n } else { n })
}

fn shown(n: u32, places: usize) -> String {
    let scale = 10_u64.pow(u32::try_from(places).unwrap_or(0));
    let n = u64::from(n);
    let text = format!("{}.{:0places$}", n / scale, n % scale);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
