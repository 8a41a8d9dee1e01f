//! Why, in words: one table from a signal's code to sentences in Korean and English.
//!
//! Analysts read what was measured; owners read what was seen and what helps, never weights or thresholds. `{name}` is filled
//! from the signal's values. Adding a code: one entry in a file of `because/`, by detector. Never here: which code applies.

mod keys;
mod links;
mod scopes;
mod texts;
mod values;

pub use scopes::scope_word;

use crate::finding::Value;
use crate::words::words;
use std::collections::BTreeMap;

words! {
    /// A language people are spoken to in.
    pub enum Lang ("language") {
        /// English.
        En = "en",
        /// Korean.
        Ko = "ko",
    }
}

/// What one code says.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// The code, as in [`crate::finding::Signal::code`].
    pub code: &'static str,
    /// For analysts, English.
    pub en: &'static str,
    /// For analysts, Korean.
    pub ko: &'static str,
    /// For the key's owner, English: what was seen, without weights.
    pub owner_en: &'static str,
    /// For the key's owner, Korean.
    pub owner_ko: &'static str,
    /// What would lower it, English.
    pub lower_en: &'static str,
    /// What would lower it, Korean.
    pub lower_ko: &'static str,
}

/// The entry of a code.
#[must_use]
pub fn text(code: &str) -> Option<&'static Text> {
    all().find(|text| text.code == code)
}

/// Every entry.
pub fn all() -> impl Iterator<Item = &'static Text> {
    texts::ALL.iter().flat_map(|texts| texts.iter())
}

/// The analyst's sentence for a code. A code without an entry is shown itself, with its values.
#[must_use]
pub fn because(code: &str, values: &BTreeMap<String, Value>, lang: Lang) -> String {
    match text(code) {
        Some(text) => fill(if lang == Lang::Ko { text.ko } else { text.en }, &values::in_words(values, lang)),
        None => {
            let values: Vec<_> = values.iter().map(|(name, value)| format!("{name} {value}")).collect();
            format!("{code}: {}", values.join(", "))
        }
    }
}

/// The owner's sentence for a code; empty for a code without an entry.
#[must_use]
pub fn for_owner(code: &str, values: &BTreeMap<String, Value>, lang: Lang) -> String {
    text(code).map_or_else(String::new, |text| {
        fill(if lang == Lang::Ko { text.owner_ko } else { text.owner_en }, values)
    })
}

/// Puts values in the place of `{name}`; what has no value stays as it is, so that it shows.
#[must_use]
pub fn fill(template: &str, values: &BTreeMap<String, Value>) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        match values.get(name) {
            Some(value) => out.push_str(&value.to_string()),
            None => {
                out.push('{');
                out.push_str(name);
                out.push('}');
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_once_with_the_same_places_in_every_language() {
        let places = |text: &str| {
            let mut names: Vec<String> = text
                .split('{')
                .skip(1)
                .filter_map(|part| part.split_once('}'))
                .map(|(n, _)| n.to_owned())
                .collect();
            names.sort();
            names.dedup();
            names
        };
        let mut codes = std::collections::BTreeSet::new();
        for text in all() {
            assert!(codes.insert(text.code), "{} stands twice", text.code);
            for part in [text.en, text.ko, text.owner_en, text.owner_ko, text.lower_en, text.lower_ko] {
                assert!(!part.trim().is_empty(), "{} lacks a sentence", text.code);
            }
            assert_eq!(places(text.en), places(text.ko), "{}", text.code);
            assert_eq!(places(text.owner_en), places(text.owner_ko), "{}", text.code);
        }
    }

    #[test]
    fn places_are_filled_and_missing_values_show() {
        let values = BTreeMap::from([("n".to_owned(), Value::Int(3))]);
        assert_eq!(fill("{n} of {m}, {", &values), "3 of {m}, {");
    }
}
