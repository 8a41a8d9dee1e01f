//! What another policy changes in effect: per segment, with inherited rules resolved, each change marked looser or stricter.
//!
//! Two conditions are compared by what they say on samples, not by how they are written. Never here: whether a change is wise.

use crate::condition::Condition;
use crate::explain::{measure_word, period, segment_word};
use crate::lint::differ;
use crate::policy::{ActBy, Bilingual, Policy, Rule, SegmentLadder, rank};
use serde::Serialize;
use std::collections::BTreeSet;
use sumun_model::{Family, Lang, Measure, Segment};

/// Which way a change goes for key owners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// More keys meet more measures, sooner.
    Stricter,
    /// Fewer, or later.
    Looser,
    /// Some more and some fewer, or it cannot be told.
    Different,
    /// Nothing in effect: written otherwise.
    Same,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Of which segment's ladder; null: of all, or of keys of no known segment.
    pub segment: Option<Segment>,
    /// Of the whole policy, not of one ladder.
    pub whole: bool,
    /// What: `rule.high_risk`, `window.quiet_s`, `scores.prior`.
    pub what: String,
    /// Which way.
    pub way: Way,
    /// In words.
    pub text: Bilingual,
}

/// What changes from one policy to another, the whole first, then by segment.
#[must_use]
pub fn diff(before: &Policy, after: &Policy) -> Vec<Change> {
    let mut found = Found { changes: Vec::new(), segment: None, whole: true };
    found.whole(before, after);
    found.whole = false;
    for segment in std::iter::once(None).chain(Segment::ALL.iter().copied().map(Some)) {
        found.segment = segment;
        found.budget(before.alerts_per_day(segment), after.alerts_per_day(segment));
        found.ladder(before.segment(segment), after.segment(segment));
    }
    found.changes
}

struct Found {
    changes: Vec<Change>,
    segment: Option<Segment>,
    whole: bool,
}

/// Whether more of it is stricter.
#[derive(Clone, Copy)]
enum More {
    Stricter,
    Looser,
}

fn way(before: i64, after: i64, more: More) -> Way {
    match (after > before, more) {
        (true, More::Stricter) | (false, More::Looser) => Way::Stricter,
        _ => Way::Looser,
    }
}

impl Found {
    fn say(&mut self, what: impl Into<String>, way: Way, ko: String, en: String) {
        let (segment, whole) = (self.segment, self.whole);
        self.changes.push(Change { segment, whole, what: what.into(), way, text: Bilingual { ko, en } });
    }

    /// A number that went up or down.
    fn number(
        &mut self,
        what: String,
        before: i64,
        after: i64,
        more: More,
        shown: impl Fn(i64, Lang) -> String,
    ) {
        if before == after {
            return;
        }
        let text = |lang| format!("{what}: {} → {}", shown(before, lang), shown(after, lang));
        let (ko, en) = (text(Lang::Ko), text(Lang::En));
        self.say(what, way(before, after, more), ko, en);
    }

    fn whole(&mut self, before: &Policy, after: &Policy) {
        let milli = |n: i64, _| sumun_model::Value::milli(n).to_string();
        let (old, new) = (&before.weights, &after.weights);
        let ppm =
            |n: i64, _| format!("{}.{:06}", n / 1_000_000, n % 1_000_000).trim_end_matches('0').to_owned();
        self.number(
            "scores.prior".to_owned(),
            old.prior_ppm.into(),
            new.prior_ppm.into(),
            More::Stricter,
            ppm,
        );
        self.number(
            "scores.second".to_owned(),
            old.second_milli.into(),
            new.second_milli.into(),
            More::Stricter,
            milli,
        );
        self.number(
            "scores.cap".to_owned(),
            old.cap_milli.into(),
            new.cap_milli.into(),
            More::Stricter,
            milli,
        );
        for family in Family::ALL {
            let (old, new) = (old.of(*family), new.of(*family));
            let what = format!("scores.families.{family}.alpha");
            self.number(what, old.alpha_milli.into(), new.alpha_milli.into(), More::Stricter, milli);
            let what = format!("scores.families.{family}.half_life_s");
            self.number(what, old.half_life_s.into(), new.half_life_s.into(), More::Stricter, period);
        }
        for hard in before.hard.iter().filter(|hard| !after.hard.contains(hard)) {
            let ko = format!("확증 `{hard}`은(는) 더 이상 자동 종료의 근거가 아닙니다");
            self.say(
                "ladder.hard",
                Way::Looser,
                ko,
                format!("hard evidence `{hard}` no longer ends a key by machine"),
            );
        }
        for hard in after.hard.iter().filter(|hard| !before.hard.contains(hard)) {
            let ko = format!("확증 `{hard}`만으로 키가 자동 종료될 수 있습니다");
            self.say(
                "ladder.hard",
                Way::Stricter,
                ko,
                format!("hard evidence `{hard}` may end a key by machine"),
            );
        }
        self.condition("ladder.high_risk", &before.high_risk, &after.high_risk, None);
        self.number("ladder.day_s".to_owned(), before.ladder.day_s, after.ladder.day_s, More::Looser, period);
        for measure in Measure::ALL {
            let (old, new) = (before.budget.counts.contains(measure), after.budget.counts.contains(measure));
            let words = |lang| measure_word(*measure, lang);
            if old && !new {
                let en = format!("{} no longer counts against the day's alerts", words(Lang::En));
                self.say(
                    "budget.counts",
                    Way::Stricter,
                    format!("{}은(는) 하루 한도에 포함되지 않습니다", words(Lang::Ko)),
                    en,
                );
            } else if new && !old {
                let en = format!("{} counts against the day's alerts", words(Lang::En));
                self.say(
                    "budget.counts",
                    Way::Looser,
                    format!("{}이(가) 하루 한도에 포함됩니다", words(Lang::Ko)),
                    en,
                );
            }
        }
        let names: BTreeSet<&String> = before.detectors.keys().chain(after.detectors.keys()).collect();
        for name in names {
            if before.detectors.get(name) != after.detectors.get(name) {
                let ko = format!("탐지기 `{name}`의 매개변수가 바뀝니다");
                let en = format!("parameters of detector `{name}` change");
                self.say(format!("detectors.{name}"), Way::Different, ko, en);
            }
        }
    }

    fn budget(&mut self, before: u32, after: u32) {
        let shown =
            |n: i64, lang| if lang == Lang::Ko { format!("하루 {n}건") } else { format!("{n} a day") };
        self.number("budget.alerts".to_owned(), before.into(), after.into(), More::Stricter, shown);
    }

    fn ladder(&mut self, before: &SegmentLadder, after: &SegmentLadder) {
        let (old, new) = (&before.windows, &after.windows);
        for (what, old, new, more) in [
            ("monitor_period_s", old.monitor_period_s, new.monitor_period_s, More::Stricter),
            ("quiet_s", old.quiet_s, new.quiet_s, More::Stricter),
            ("warn_ack_s", old.warn_ack_s, new.warn_ack_s, More::Looser),
            ("hold_due_s", old.hold_due_s, new.hold_due_s, More::Stricter),
            ("reverify_timeout_s", old.reverify_timeout_s, new.reverify_timeout_s, More::Looser),
            ("memory_s", old.memory_s, new.memory_s, More::Stricter),
        ] {
            self.number(format!("window.{what}"), old, new, more, period);
        }
        for rule in &before.rules {
            match after.rules.iter().find(|new| new.id == rule.id) {
                Some(new) => self.rule(rule, new),
                None => self.gone_or_new(rule, Way::Looser, ("규칙이 없어집니다", "rule goes")),
            }
        }
        for rule in after.rules.iter().filter(|new| !before.rules.iter().any(|old| old.id == new.id)) {
            self.gone_or_new(rule, Way::Stricter, ("새 규칙", "new rule"));
        }
    }

    fn gone_or_new(&mut self, rule: &Rule, way: Way, (ko, en): (&str, &str)) {
        let text =
            |said: &str, lang| format!("{said}: {} ← {}", measure_word(rule.measure, lang), rule.when.root);
        let (ko, en) = (text(ko, Lang::Ko), text(en, Lang::En));
        self.say(format!("rule.{}", rule.id), way, ko, en);
    }

    fn rule(&mut self, before: &Rule, after: &Rule) {
        let what = format!("rule.{}", after.id);
        if before.measure != after.measure {
            let up = rank(Some(after.measure)) > rank(Some(before.measure));
            let text = |lang| {
                format!("{} → {}", measure_word(before.measure, lang), measure_word(after.measure, lang))
            };
            let way = if up { Way::Stricter } else { Way::Looser };
            self.say(what.clone(), way, text(Lang::Ko), text(Lang::En));
        }
        match (before.act, after.act) {
            (ActBy::Machine, ActBy::Propose) => {
                let en = "by machine → proposed to people".to_owned();
                self.say(what.clone(), Way::Looser, "자동 → 사람에게 제안".to_owned(), en);
            }
            (ActBy::Propose, ActBy::Machine) => {
                let en = "proposed to people → by machine".to_owned();
                self.say(what.clone(), Way::Stricter, "사람에게 제안 → 자동".to_owned(), en);
            }
            _ => {}
        }
        self.condition(&what, &before.when, &after.when, Some(after.measure));
        if before.reason != after.reason || before.owner != after.owner {
            let en = "its sentences change".to_owned();
            self.say(what, Way::Same, "안내 문구가 바뀝니다".to_owned(), en);
        }
    }

    fn condition(&mut self, what: &str, before: &Condition, after: &Condition, earns: Option<Measure>) {
        let (old, new) = (before.root.to_string(), after.root.to_string());
        if old == new {
            return;
        }
        let way = match differ(before, after, earns) {
            (true, false) => Way::Stricter,
            (false, true) => Way::Looser,
            (true, true) => Way::Different,
            (false, false) => Way::Same,
        };
        let text = format!("{old}  →  {new}");
        self.say(what, way, text.clone(), text);
    }
}

impl Way {
    /// As people say it.
    #[must_use]
    pub const fn word(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Stricter, Lang::Ko) => "강화",
            (Self::Looser, Lang::Ko) => "완화",
            (Self::Different, Lang::Ko) => "변경",
            (Self::Same, Lang::Ko) => "효과 같음",
            (Self::Stricter, Lang::En) => "stricter",
            (Self::Looser, Lang::En) => "looser",
            (Self::Different, Lang::En) => "different",
            (Self::Same, Lang::En) => "same effect",
        }
    }
}

/// As a person reads it on a terminal.
#[must_use]
pub fn render(before: &Policy, after: &Policy, changes: &[Change], lang: Lang) -> String {
    let mut out = format!("{} → {}\n", before.name(), after.name());
    if changes.is_empty() {
        out.push_str(if lang == Lang::Ko {
            "효과가 달라지는 것이 없습니다.\n"
        } else {
            "Nothing changes in effect.\n"
        });
    }
    let mut head: Option<String> = None;
    for change in changes {
        let place = match (change.whole, lang) {
            (true, Lang::Ko) => "전체".to_owned(),
            (true, Lang::En) => "The whole policy".to_owned(),
            (false, _) => segment_word(change.segment, lang).to_owned(),
        };
        if head.as_ref() != Some(&place) {
            out.push_str(&format!("\n{place}\n"));
            head = Some(place);
        }
        let (way, what, text) = (change.way.word(lang), &change.what, change.text.in_lang(lang));
        let text = text.strip_prefix(&format!("{what}: ")).unwrap_or(text);
        out.push_str(&format!("  [{way}] {what}: {text}\n"));
    }
    out
}
