//! Why, in words: a step for analysts and for owners ([`because`], [`lesser`], [`for_owner`]), and a whole ladder at one moment
//! ([`why`]), every rule with what it needs and what is so.
//!
//! Analysts read points, terms and conditions; owners read what, why, by when, what next and how to object, never a weight, a
//! point or a probability. Korean first. Never here: a signal's own sentence (`sumun_model::because`).

mod ladder;
mod owner;
mod plain;
mod signal_words;
mod texts;
mod why;
mod words;

pub use ladder::ladder;
pub use owner::{for_owner, found_for_owner, nth_for_owner};
pub use plain::{in_words as condition_in_words, period};
pub use why::{
    Ended, Explanation, PartExplained, PieceExplained, RuleExplained, ScoreExplained, TermExplained, why,
};
pub use words::{expiry_word, family_word, measure_word, segment_word};

use crate::condition::{Facts, compile};
use crate::ladder::{Reasoned, Step};
use std::collections::BTreeMap;
use sumun_model::because::fill;
use sumun_model::moment::moment;
use sumun_model::{Family, Hard, Lang, Measure, Phase, Value, Weights};
use words::{cause_word, hard_word};

/// Sentences said behind a reason whose values have one of their name.
const TAILS: [&str; 2] = ["again", "unfounded"];

/// Why a step is taken, for analysts: the reason, the rule and its condition, and the total with its terms.
#[must_use]
pub fn because(step: &Step, lang: Lang) -> String {
    let mut said = vec![sentence(&step.why, lang)];
    if step.phase == Phase::Enter && step.why.code != "ladder.follows" {
        said.push(totals(step, lang));
    }
    said.retain(|part| !part.is_empty());
    said.join(" ")
}

/// Why a lesser measure would not do, for analysts (R99).
#[must_use]
pub fn lesser(step: &Step, lang: Lang) -> String {
    sentence(&step.lesser, lang)
}

/// One reason in words. A code without an entry is shown itself, with its values.
#[must_use]
pub fn sentence(reason: &Reasoned, lang: Lang) -> String {
    let Some(text) = texts::ALL.iter().find(|text| text.code == reason.code) else {
        let values: Vec<_> = reason.values.iter().map(|(name, value)| format!("{name} {value}")).collect();
        return if values.is_empty() {
            reason.code.clone()
        } else {
            format!("{}: {}", reason.code, values.join(", "))
        };
    };
    let values = in_words(&reason.values, lang);
    let tails = texts::ALL.iter().filter(|tail| TAILS.contains(&tail.code) && values.contains_key(tail.code));
    let said: Vec<String> = std::iter::once(text)
        .chain(tails)
        .map(|text| capital(&fill(if lang == Lang::Ko { text.ko } else { text.en }, &values)))
        .collect();
    said.join(" ")
}

fn capital(said: &str) -> String {
    let mut letters = said.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Words of closed lists as people say them; the rule's reason in the language asked for.
fn in_words(values: &BTreeMap<String, Value>, lang: Lang) -> BTreeMap<String, Value> {
    let mut shown = values.clone();
    let translated = |text: &str| -> String {
        if let Ok(measure) = text.parse::<Measure>() {
            return measure_word(measure, lang).to_owned();
        }
        if text == "none" {
            return if lang == Lang::Ko { "조치 없음" } else { "no measure" }.to_owned();
        }
        text.to_owned()
    };
    for name in ["measure", "before"] {
        if let Some(Value::Text(text)) = shown.get(name) {
            let text = Value::Text(translated(text));
            shown.insert(name.to_owned(), text);
        }
    }
    for name in ["from", "to", "points"] {
        if let Some(Value::Int(n)) = values.get(name) {
            shown.insert(name.to_owned(), Value::Text(signed(*n)));
        }
    }
    // Kept as code, which is what holds; people read what it says. What no longer compiles, or needs a venue's own facts, stays.
    for name in ["condition", "high_risk"] {
        if let Some(Value::Text(code)) = values.get(name)
            && let Ok(condition) = compile(code, &Facts::new(), &Weights::default())
        {
            shown.insert(name.to_owned(), Value::Text(plain::in_words(&condition, lang)));
        }
    }
    if let Some(at) = values.get("since").and_then(|at| at.to_string().parse().ok()) {
        shown.insert("since".to_owned(), Value::Text(moment(at, lang)));
    }
    if let Some(Value::List(list)) = shown.get("hard") {
        let list = list
            .iter()
            .map(|w| w.parse::<Hard>().map_or_else(|_| w.clone(), |h| hard_word(h, lang).to_owned()));
        let list = Value::Text(list.collect::<Vec<_>>().join(if lang == Lang::Ko { ", " } else { "; " }));
        shown.insert("hard".to_owned(), list);
    }
    let reason = if lang == Lang::Ko { "reason_ko" } else { "reason_en" };
    if let Some(reason) = values.get(reason) {
        shown.insert("reason".to_owned(), reason.clone());
    }
    shown
}

/// The total with its terms, which add up to it.
fn totals(step: &Step, lang: Lang) -> String {
    let terms: Vec<String> = step
        .terms
        .iter()
        .map(|term| format!("{} {}", family_word(term.family, lang), signed(term.points)))
        .collect();
    let cause = cause_word(step.cause, lang);
    let score = words::score_word(step.score, lang);
    match (lang, terms.is_empty()) {
        (_, true) => String::new(),
        (Lang::Ko, false) => {
            format!("{score} 합계 {}점: {}. 추정 원인: {cause}.", signed(step.points), terms.join(", "))
        }
        (Lang::En, false) => {
            format!(
                "{score} total {} points: {}. Most believed: {cause}.",
                signed(step.points),
                terms.join(", ")
            )
        }
    }
}

/// Whole numbers with a comma every three digits.
pub(crate) fn signed(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + 4);
    if n < 0 {
        out.push('−');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Families named by a reason, in its order.
fn families(reason: &Reasoned) -> Vec<Family> {
    match reason.values.get("families") {
        Some(Value::List(words)) => words.iter().filter_map(|word| word.parse().ok()).collect(),
        _ => Vec::new(),
    }
}
