//! `sumun request check` on the vectors of the acceptance tests.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use support::Place;

const VECTORS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../dialect/tests/data/exchange-auth-vectors.json");

fn lines(out: &str) -> BTreeMap<String, Value> {
    out.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| (line["id"].as_str().unwrap().to_owned(), line))
        .collect()
}

#[test]
fn judges_every_upbit_vector_as_expected() {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(VECTORS).unwrap()).unwrap();
    let ran = Place::new().run(&["request", "check", VECTORS]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let judged = lines(&ran.out);
    let mut seen = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let line = &judged[vector["id"].as_str().unwrap()];
        if vector["exchange"] != "upbit" {
            continue;
        }
        seen += 1;
        let expected = match vector["expected_verdict"].as_str().unwrap() {
            "accept" | "accept_or_policy" => "accept",
            _ => "reject",
        };
        assert_eq!(line["verdict"], expected, "{line}");
    }
    assert!(seen > 0);
    assert_eq!(judged.len(), ran.out.lines().count());
}

#[test]
fn codes_are_the_gates_and_explanations_are_prose() {
    let place = Place::new();
    let codes = lines(&place.run(&["request", "check", VECTORS, "--codes"]).out);
    let words = lines(&place.run(&["request", "check", VECTORS]).out);
    for (id, line) in &codes {
        assert_eq!(line["verdict"], words[id]["verdict"]);
        assert_eq!(line["reason"].is_null(), words[id]["reason"].is_null());
        if let Some(code) = line["reason"].as_str() {
            assert!(code.parse::<sumun_model::Reason>().is_ok(), "{code}");
        }
    }
    let prose = place.run(&["request", "check", VECTORS, "--explain"]);
    assert_eq!(prose.code, 0);
    assert!(prose.out.lines().count() > 2 * codes.len());
}

#[test]
fn a_bad_file_is_bad_input() {
    let place = Place::new();
    place.write("bad.json", "{\n  \"vectors\": [ { \"id\": 3 } ]\n}\n");
    insta::assert_snapshot!(place.run(&["request", "check", "bad.json"]).shown(), @"
    exit 2
    error: `bad.json`: line 2, column 24: `vectors[0].id`: invalid type: integer `3`, expected a string
    ");
    insta::assert_snapshot!(place.run(&["request", "check", "none.json"]).shown(), @"
    exit 2
    error: failed to read `none.json`: No such file or directory (os error 2); name a file of requests
    ");
}
