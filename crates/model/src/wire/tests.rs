//! Wire lines: the contract's own examples, and every way of going wrong.

use super::*;
use proptest::prelude::*;

const EXAMPLES: &str = include_str!("examples.ndjson");
const HERE: Origin<'static> = Origin { source_name: "test.ndjson", line: 7 };

fn error_of(text: &str) -> String {
    parse_line(HERE, text).unwrap_err().to_string()
}

#[test]
fn every_type_reads_and_writes_back() {
    let mut seen = std::collections::BTreeSet::new();
    for (i, text) in EXAMPLES.lines().enumerate() {
        let origin = Origin { source_name: "examples", line: i as u64 + 1 };
        let line = parse_line(origin, text).unwrap_or_else(|e| panic!("{e}"));
        seen.insert(line.type_word());
        let again = parse_line(origin, &to_json(&line).unwrap()).unwrap();
        assert_eq!(line, again);
    }
    assert_eq!(seen.len(), Line::TYPES.len(), "an example of every type: {seen:?}");
}

#[test]
fn an_access_line_is_written_the_same_either_way() {
    let text = EXAMPLES.lines().find(|text| text.contains("\"access\"")).unwrap();
    let line = parse_line(HERE, text).unwrap();
    let Line::Access(access) = &line else { panic!("an access line") };
    assert_eq!(access_to_json(access).unwrap(), to_json(&line).unwrap());
}

#[test]
fn errors_name_source_line_column_and_field() {
    insta::assert_snapshot!(error_of(r#"{"type":"tick","ts":"yesterday"}"#), @"test.ndjson:7:32: field `ts`: time `yesterday` must end in `Z` (UTC)");
    insta::assert_snapshot!(error_of(r#"{"type":"tick"}"#), @"test.ndjson:7:15: missing field `ts`");
    insta::assert_snapshot!(error_of(r#"{"ts":"2026-05-28T00:00:00Z"}"#), @"test.ndjson:7:29: field `type`: missing field `type`");
    insta::assert_snapshot!(error_of(r#"{"type":"tick","ts":"2026-05-28T00:00:00Z","x":1}"#), @"test.ndjson:7:46: field `x`: unknown field `x`, expected one of `type`, `ts`, `source`, `seq`, `ext`");
    insta::assert_snapshot!(error_of(r#"{"type":"tick","ts":"2026-05-28T00:00:00Z","ts":"2026-05-28T00:00:00Z"}"#), @"test.ndjson:7:47: duplicate field `ts`");
    insta::assert_snapshot!(error_of(r#"{"type":"tick","ts":"2026-05-28T00:00:00Z"} x"#), @"test.ndjson:7:45: field `type`: trailing characters");
    insta::assert_snapshot!(error_of("{\"type\":\"key\",\"ts\":\"2026-05-28T00:00:00Z\",\"key\":\"K1\",\"mandate\":{\"orders_per_second_max\":-1}}"), @"test.ndjson:7:90: field `mandate.orders_per_second_max`: invalid value: integer `-1`, expected u32");
    assert!(
        error_of(r#"{"type":"weather","ts":"2026-05-28T00:00:00Z"}"#)
            .contains("unknown line type `weather`, expected one of account, vendor")
    );
    assert!(error_of("").contains("test.ndjson:7:0"));
    assert!(
        error_of(r#"{"type":"tick","type":"key","ts":"2026-05-28T00:00:00Z"}"#)
            .contains("duplicate field `type`")
    );
}

#[test]
fn ext_is_carried_but_may_not_repeat_a_field() {
    let text = r#"{"type":"tick","ts":"2026-05-28T00:00:00.000000Z","ext":{"a":{"b":[1,null]}}}"#;
    assert_eq!(to_json(&parse_line(HERE, text).unwrap()).unwrap(), text);
    assert!(
        error_of(r#"{"type":"tick","ts":"2026-05-28T00:00:00Z","ext":{"a":{"b":1,"b":2}}}"#)
            .contains("field `b` is repeated")
    );
    assert!(
        error_of(r#"{"type":"tick","ts":"2026-05-28T00:00:00Z","ext":3}"#)
            .contains("`ext` must be an object")
    );
}

#[test]
fn counting_drops_only_what_is_unknown() {
    let (line, dropped) =
        parse_line_counting(HERE, r#"{"type":"tick","ts":"2026-05-28T00:00:00Z","x":1,"y":{}}"#).unwrap();
    assert_eq!((line.type_word(), dropped), ("tick", 2));
    assert!(parse_line_counting(HERE, r#"{"type":"tick","x":1}"#).is_err());
    let twice = r#"{"type":"tick","x":1,"ts":"2026-05-28T00:00:00Z","ts":"2026-05-29T00:00:00Z"}"#;
    assert!(parse_line_counting(HERE, twice).is_err(), "a repeated field behind an unknown one");
    let unknown_twice = r#"{"type":"tick","x":1,"\u0078":2,"ts":"2026-05-28T00:00:00Z"}"#;
    assert_eq!(parse_line_counting(HERE, unknown_twice).unwrap_err().cause, "duplicate field `x`");
    assert!(
        parse_line_counting(
            HERE,
            r#"{"type":"tick","ts":"2026-05-28T00:00:00Z","ts":"2026-05-28T00:00:00Z","x":1}"#
        )
        .is_err()
    );
}

#[test]
fn null_and_absent_are_unknown() {
    let with_null =
        parse_line(HERE, r#"{"type":"key","ts":"2026-05-28T00:00:00Z","key":"K1","measure":null}"#).unwrap();
    let without = parse_line(HERE, r#"{"type":"key","ts":"2026-05-28T00:00:00Z","key":"K1"}"#).unwrap();
    assert_eq!(with_null, without);
}

proptest! {
    #[test]
    fn no_input_makes_it_panic(text in ".{0,200}") {
        let _ = parse_line(HERE, &text);
        let _ = parse_line_counting(HERE, &text);
    }

    #[test]
    fn a_damaged_example_is_an_error_or_another_good_line(at in 0usize..400, byte in 0x20u8..0x7f, pick in 0usize..14) {
        let text = EXAMPLES.lines().nth(pick).unwrap();
        let mut bytes = text.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        let damaged = String::from_utf8(bytes).unwrap();
        if let Ok(line) = parse_line(HERE, &damaged) {
            prop_assert_eq!(&line, &parse_line(HERE, &to_json(&line).unwrap()).unwrap());
        }
    }
}
