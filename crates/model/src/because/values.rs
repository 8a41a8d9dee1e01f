//! Values of closed lists as analysts read them: a signal keeps the machine's word, its sentence says it in the reader's language.
//!
//! A word that is not in these lists is shown as it is, so that something new is seen. Names, addresses and numbers are never touched.

use super::Lang;
use super::scopes::scope_word;
use crate::finding::Value;
use crate::moment::moment_to_second;
use std::collections::BTreeMap;

/// A place's words: the machine's, then Korean. English sentences keep the machine's, which are English.
type Words = &'static [(&'static str, &'static str)];

const CLASSES: Words = &[
    ("residential", "가정용 회선"),
    ("mobile", "이동통신"),
    ("business", "기업 회선"),
    ("hosting", "호스팅"),
    ("vpn", "VPN"),
    ("relay", "중계 서비스"),
    ("tor", "Tor"),
    ("satellite", "위성 통신"),
    ("unknown", "종류 미상"),
];
const NEW: Words = &[
    ("neighbourhood", "주소 대역"),
    ("network", "네트워크"),
    ("country", "국가"),
    ("client", "프로그램"),
    ("hosting", "호스팅·VPN"),
];
const EFFECTS: Words =
    &[("read", "조회"), ("cancel", "주문 취소"), ("order", "주문"), ("transfer", "자산 이동")];
const PURPOSES: Words = &[
    ("portfolio", "자산 조회"),
    ("own_bot", "본인의 자동매매"),
    ("third_party_tool", "외부 도구"),
    ("copy_trading", "카피 트레이딩"),
    ("treasury", "자금 관리"),
    ("omnibus", "옴니버스 계정"),
    ("market_making", "시장 조성"),
    ("other", "기타"),
];
const STATES: Words =
    &[("applied", "승인 대기"), ("approved", "승인"), ("suspended", "정지"), ("removed", "해지")];
const CHANGES: Words = &[
    ("stopped", "사용 중지"),
    ("resumed", "사용 재개"),
    ("upgraded", "프로그램 변경"),
    ("switched_market", "마켓 변경"),
    ("moved", "접속 위치 변경"),
];

fn words_of(place: &str) -> Words {
    match place {
        "class" => CLASSES,
        "new" => NEW,
        "effect" => EFFECTS,
        "purpose" => PURPOSES,
        "state" => STATES,
        "change" => CHANGES,
        _ => &[],
    }
}

fn word(place: &str, text: &str) -> String {
    if place == "scope"
        && let Some(scope) = scope_word(text, Lang::Ko)
    {
        return scope.to_owned();
    }
    let known = words_of(place).iter().find(|(machine, _)| *machine == text);
    known.map_or_else(|| text.to_owned(), |(_, ko)| (*ko).to_owned())
}

/// The values as a sentence in this language says them.
pub(super) fn in_words(values: &BTreeMap<String, Value>, lang: Lang) -> BTreeMap<String, Value> {
    let said = |place: &str, value: &Value| match value {
        Value::Text(text) if place == "expires" => Value::Text(instant(text, lang)),
        Value::Text(text) if lang == Lang::Ko => Value::Text(word(place, text)),
        Value::List(list) if lang == Lang::Ko && (place == "scope" || !words_of(place).is_empty()) => {
            Value::Text(list.iter().map(|text| word(place, text)).collect::<Vec<_>>().join(", "))
        }
        other => other.clone(),
    };
    let mut words: BTreeMap<String, Value> =
        values.iter().map(|(place, value)| (place.clone(), said(place, value))).collect();
    if let Some(Value::Int(days)) = values.get("days") {
        words.insert("known".to_owned(), Value::Text(known(*days, lang)));
    }
    if let Some(Value::Int(turns)) = values.get("turns") {
        words.insert("times".to_owned(), Value::Text(times(*turns, lang)));
    }
    words
}

/// For how long something is known, in whole days. A key of this morning is not known for "0 days".
fn known(days: i64, lang: Lang) -> String {
    match (lang, days) {
        (Lang::Ko, ..=0) => "1일 미만".to_owned(),
        (Lang::Ko, days) => format!("{days}일"),
        (Lang::En, ..=0) => "less than a day".to_owned(),
        (Lang::En, 1) => "1 day".to_owned(),
        (Lang::En, days) => format!("{days} days"),
    }
}

/// How often.
fn times(count: i64, lang: Lang) -> String {
    match (lang, count) {
        (Lang::Ko, count) => format!("{count}회"),
        (Lang::En, ..=0) => "never".to_owned(),
        (Lang::En, 1) => "once".to_owned(),
        (Lang::En, count) => format!("{count} times"),
    }
}

/// An instant as people read it, to the second; anything else as it is.
fn instant(text: &str, lang: Lang) -> String {
    text.parse().map_or_else(|_| text.to_owned(), |at| moment_to_second(at, lang))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::because::because;
    use crate::wire::state::NetworkClass;

    #[test]
    fn a_korean_sentence_has_korean_words() {
        let values = BTreeMap::from([
            ("network".to_owned(), Value::from("Otter Hosting (made up)")),
            ("class".to_owned(), Value::from("hosting")),
            ("country".to_owned(), Value::from("SG")),
            ("address".to_owned(), Value::from("203.0.113.7")),
            ("client".to_owned(), Value::from("python/3")),
            ("days".to_owned(), Value::Int(3)),
            ("new".to_owned(), Value::List(vec!["neighbourhood".to_owned(), "client".to_owned()])),
        ]);
        assert_eq!(
            because("first_seen_network", &values, Lang::Ko),
            "Otter Hosting (made up)(호스팅, SG) 네트워크에서 처음 사용됨. 주소 203.0.113.7, 클라이언트 python/3, 관찰 기간 3일. \
             신규 항목: 주소 대역, 프로그램."
        );
        assert!(because("first_seen_network", &values, Lang::En).contains("(hosting, SG)"));
    }

    #[test]
    fn a_new_key_is_not_known_for_no_days() {
        let values = |days| BTreeMap::from([("days".to_owned(), Value::Int(days))]);
        let said = |days, lang| because("first_seen_network", &values(days), lang);
        for (days, ko, en) in [
            (0, "관찰 기간 1일 미만.", "known for less than a day."),
            (1, "관찰 기간 1일.", "known for 1 day."),
            (40, "관찰 기간 40일.", "known for 40 days."),
        ] {
            assert!(said(days, Lang::Ko).contains(ko), "{}", said(days, Lang::Ko));
            assert!(said(days, Lang::En).contains(en), "{}", said(days, Lang::En));
        }
    }

    #[test]
    fn every_class_of_network_has_its_word() {
        for class in NetworkClass::ALL {
            assert!(CLASSES.iter().any(|(machine, _)| *machine == class.as_str()), "{class}");
        }
    }

    #[test]
    fn an_end_names_its_zone() {
        let values = BTreeMap::from([("expires".to_owned(), Value::from("2026-11-20T09:30:00.5Z"))]);
        let said = |lang| because("expired_key_used", &values, lang);
        assert!(said(Lang::En).contains("20 Nov 2026, 18:30:00 KST"), "{}", said(Lang::En));
        assert!(said(Lang::Ko).contains("2026년 11월 20일 18:30:00(한국 시간)"), "{}", said(Lang::Ko));
    }
}
