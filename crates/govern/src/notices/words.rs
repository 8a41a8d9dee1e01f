//! A notice in words: subject and body in Korean and English, from its codes and values.
//!
//! Sentences stand in `data/notices.toml` and in `owner::texts`; a detector's sentence for owners comes from `sumun_model::because`, which has no
//! weights. A code without a sentence shows itself, so that nothing is silently left out. Never here: the addressee, or sending.

use super::NoticeText;
use super::named::in_mail;
use super::values::for_people;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use sumun_model::Value;
use sumun_model::because::{self, Lang, fill};

/// The shipped sentences.
const SHIPPED: &str = include_str!("../../data/notices.toml");

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    ko: String,
    en: String,
}

impl Pair {
    fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ko => &self.ko,
            Lang::En => &self.en,
        }
    }
}

/// The file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    /// Subject lines by kind, or by the part of a kind before its dot.
    subjects: BTreeMap<String, Pair>,
    /// Sentences by code.
    sentences: BTreeMap<String, Pair>,
}

fn words() -> &'static Words {
    static WORDS: OnceLock<Words> = OnceLock::new();
    WORDS.get_or_init(|| toml::from_str(SHIPPED).unwrap_or_default())
}

/// A notice as a person reads it, in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// Paragraphs.
    pub body: Vec<String>,
}

/// What a notice is about: a key or an account, and what its owner calls it.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// Its id, as values name it.
    pub id: &'a str,
    /// What is written in its place.
    pub shown: &'a str,
}

/// The notice in this language, about this; `venue` signs.
#[must_use]
pub fn letter(kind: &str, texts: &[NoticeText], about: About<'_>, venue: &str, lang: Lang) -> Letter {
    let words = words();
    let group = kind.split('.').next().unwrap_or(kind);
    let subject =
        words.subjects.get(kind).or_else(|| words.subjects.get(group)).or_else(|| words.subjects.get("any"));
    let frame = BTreeMap::from([
        ("about".to_owned(), Value::from(about.shown)),
        ("venue".to_owned(), Value::from(venue)),
    ]);
    let subject = subject.map_or_else(|| format!("{venue}: {kind}"), |pair| fill(pair.get(lang), &frame));
    let named = |name: &str, value: &Value| match value {
        Value::Text(id) if id == about.id => Value::from(about.shown),
        // Programs call themselves what they like.
        Value::Text(own) if name == "client" => match in_mail(own) {
            own if own.is_empty() => Value::from("-"),
            own => Value::Text(own),
        },
        _ => value.clone(),
    };
    let told = |text: &NoticeText| {
        let values = text.values.iter().map(|(name, value)| (name.clone(), named(name, value))).collect();
        sentence(&NoticeText { code: text.code.clone(), values }, &frame, lang)
    };
    Letter { subject, body: texts.iter().map(told).collect() }
}

/// One sentence in this language.
#[must_use]
pub fn sentence(text: &NoticeText, frame: &BTreeMap<String, Value>, lang: Lang) -> String {
    let mut values = frame.clone();
    values.extend(for_people(&text.code, &text.values, lang));
    // Words of the policy's own come in both languages.
    let own = if lang == Lang::Ko { "owner_ko" } else { "owner_en" };
    if let Some(found) = values.get(own).cloned() {
        values.insert("found".to_owned(), found);
    }
    if let Some(pair) = words().sentences.get(&text.code) {
        return fill(pair.get(lang), &values);
    }
    if let Some(own) = crate::owner::texts::text(&text.code) {
        return fill(if lang == Lang::Ko { own.ko } else { own.en }, &values);
    }
    let owner = because::for_owner(&text.code, &values, lang);
    if owner.is_empty() { because::because(&text.code, &text.values, lang) } else { owner }
}

/// Both languages in one text, Korean first.
#[must_use]
pub fn bilingual(ko: &Letter, en: &Letter) -> String {
    let paragraphs = |letter: &Letter| letter.body.join("\n\n");
    format!("{}\n\n{}\n\n----\n\n{}\n\n{}\n", ko.subject, paragraphs(ko), en.subject, paragraphs(en))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_sentences_can_be_read_and_have_the_same_places_in_both_languages() {
        let words: Words = toml::from_str(SHIPPED).unwrap();
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
        for (code, pair) in words.subjects.iter().chain(&words.sentences) {
            assert_eq!(places(&pair.ko), places(&pair.en), "{code}");
            assert!(pair.ko.chars().any(|c| ('가'..='힣').contains(&c)), "{code} has no Korean");
        }
    }

    #[test]
    fn a_letter_reads_well_in_both_languages() {
        let until = "2026-11-20T09:30:00.000000Z";
        let measure = |name: &str| {
            let code = |part: &str| NoticeText::new(&format!("measure.{name}.{part}"));
            let texts = [
                NoticeText::new("foreign_address_in_use").with("address", "198.51.100.7"),
                code("asked").with("key", "K1").with("until", until),
                code("next"),
                NoticeText::new("object"),
            ];
            let kind = format!("measure.{name}");
            let about = About { id: "K1", shown: "‘otter bot’ …4f5a6b" };
            let ko = letter(&kind, &texts, about, "예시 거래소", Lang::Ko);
            let en = letter(&kind, &texts, about, "Example Exchange", Lang::En);
            bilingual(&ko, &en)
        };
        let all: Vec<String> = ["warn", "hold", "reverify", "expire"].into_iter().map(measure).collect();
        insta::assert_snapshot!(all.join("\n====\n"));
    }

    #[test]
    fn a_program_is_named_as_it_calls_itself_and_never_as_a_link() {
        let about = About { id: "K1", shown: "K1" };
        let named = |client: &str| {
            let text = NoticeText::new("question.client").with("client", client);
            letter("question.asked", &[text], about, "예시 거래소", Lang::Ko).body.concat()
        };
        assert_eq!(named("okhttp/4.12.0"), "사용한 프로그램: okhttp/4.12.0.");
        assert_eq!(named("evil.example.com"), "사용한 프로그램: evil\u{b7}example\u{b7}com.");
        assert_eq!(
            named("https://evil.example.com/4.12"),
            "사용한 프로그램: https\u{b7}\u{b7}\u{b7}evil\u{b7}example\u{b7}com/4.12."
        );
    }

    #[test]
    fn what_has_no_sentence_shows_itself() {
        let text = NoticeText::new("made_up_code").with("n", 3_i64);
        let letter = letter("made.up", &[text], About { id: "K1", shown: "K1" }, "Example", Lang::En);
        assert_eq!(letter.body, ["made_up_code: n 3"]);
        assert!(letter.subject.contains("K1"));
    }
}
