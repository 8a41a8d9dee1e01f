//! What is filled into a sentence for people: instants in Korean time, countries and rights by name, a program that gave none as such.
//!
//! Rows keep values as machines wrote them; here they become words, in the language of the sentence. What is not known here stays as it is.

use crate::keys::capability::written;
use std::collections::BTreeMap;
use sumun_model::because::{Lang, scope_word};
use sumun_model::moment::{moment, moment_to_second};
use sumun_model::{Timestamp, Value};

/// Sentences of the control test name moments to be kept by the second.
const BY_SECOND: &str = "control.";

/// Countries that customers of a Korean exchange are most often told of: code, Korean, English.
const COUNTRIES: [(&str, &str, &str); 20] = [
    ("AU", "호주", "Australia"),
    ("CA", "캐나다", "Canada"),
    ("CN", "중국", "China"),
    ("DE", "독일", "Germany"),
    ("FI", "핀란드", "Finland"),
    ("FR", "프랑스", "France"),
    ("GB", "영국", "the United Kingdom"),
    ("HK", "홍콩", "Hong Kong"),
    ("ID", "인도네시아", "Indonesia"),
    ("IE", "아일랜드", "Ireland"),
    ("IN", "인도", "India"),
    ("JP", "일본", "Japan"),
    ("KR", "한국", "Korea"),
    ("NL", "네덜란드", "the Netherlands"),
    ("PH", "필리핀", "the Philippines"),
    ("SG", "싱가포르", "Singapore"),
    ("TH", "태국", "Thailand"),
    ("TW", "대만", "Taiwan"),
    ("US", "미국", "the United States"),
    ("VN", "베트남", "Vietnam"),
];

fn named(table: &[(&'static str, &'static str, &'static str)], word: &str, lang: Lang) -> Option<Value> {
    let (_, ko, en) = table.iter().find(|(known, ..)| *known == word)?;
    Some(Value::from(if lang == Lang::Ko { *ko } else { *en }))
}

/// The values of the sentence with this code, for people who read this language.
#[must_use]
pub fn for_people(code: &str, values: &BTreeMap<String, Value>, lang: Lang) -> BTreeMap<String, Value> {
    let shown = |(name, value): (&String, &Value)| (name.clone(), one(code, name, value, lang));
    values.iter().map(shown).collect()
}

fn one(code: &str, name: &str, value: &Value, lang: Lang) -> Value {
    let Value::Text(text) = value else { return value.clone() };
    if let Ok(at) = text.parse::<Timestamp>() {
        let written = if code.starts_with(BY_SECOND) { moment_to_second } else { moment };
        return Value::Text(written(at, lang));
    }
    let known = match name {
        "country" => named(&COUNTRIES, text, lang),
        // `AS64500, SG`
        "network" => text.rsplit_once(", ").and_then(|(network, code)| {
            Some(Value::Text(format!("{network}, {}", named(&COUNTRIES, code, lang)?)))
        }),
        "scope" => scope_word(text, lang).map(Value::from),
        "prefix" => Some(Value::Text(written(text))),
        "client" if text == "-" => Some(Value::from(match lang {
            Lang::Ko => "이름을 밝히지 않은 프로그램",
            Lang::En => "a program that gives no name",
        })),
        _ => None,
    };
    known.unwrap_or_else(|| value.clone())
}

/// The instant by which a sentence asks for something, or at which what it tells of is over.
#[must_use]
pub fn until(values: &BTreeMap<String, Value>) -> Option<Timestamp> {
    match values.get("until") {
        Some(Value::Text(text)) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_words_of_the_readers_language() {
        let table = [
            (
                "warn",
                "until",
                "2026-11-20T09:30:00.000000Z",
                "2026년 11월 20일 18:30(한국 시간)",
                "20 Nov 2026, 18:30 KST",
            ),
            (
                "control.rotate",
                "until",
                "2026-11-20T09:30:05.5Z",
                "2026년 11월 20일 18:30:05(한국 시간)",
                "20 Nov 2026, 18:30:05 KST",
            ),
            ("any", "country", "SG", "싱가포르", "Singapore"),
            ("any", "country", "ZZ", "ZZ", "ZZ"),
            ("any", "scope", "trade", "주문", "place orders"),
            ("any", "client", "-", "이름을 밝히지 않은 프로그램", "a program that gives no name"),
            ("any", "client", "otter/2", "otter/2", "otter/2"),
            ("any", "network", "AS64500, SG", "AS64500, 싱가포르", "AS64500, Singapore"),
            ("any", "network", "Otter Hosting, Inc.", "Otter Hosting, Inc.", "Otter Hosting, Inc."),
        ];
        for (code, name, value, ko, en) in table {
            let values = BTreeMap::from([(name.to_owned(), Value::from(value))]);
            let shown = |lang| for_people(code, &values, lang)[name].to_string();
            assert_eq!((shown(Lang::Ko), shown(Lang::En)), (ko.to_owned(), en.to_owned()));
        }
    }
}
