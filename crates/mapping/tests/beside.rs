//! A field beside the lines: it comes from its own record, byte for byte, and nothing that is told quotes it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::ops::ControlFlow;
use sumun_mapping::{Beside, Mapping, Run, ready};
use sumun_model::wire::Line;

/// What must stand in nothing that is told.
const HIDDEN: &str = "made-up-and-hidden";

fn mapping(text: &str) -> Mapping {
    Mapping::parse("small.toml", text, &mut |_| None).unwrap_or_else(|error| panic!("{error}"))
}

/// A mapping of keys, with this source.
fn keys(source: &str) -> Mapping {
    mapping(&format!(
        r#"
[mapping]
format = 1
name = "small"
title = {{ ko = "작은 예", en = "A small example" }}
[source]
{source}
[[line]]
type = "key"
[line.fields]
ts = {{ given = "as_of", time = "rfc3339" }}
key = {{ field = "id" }}
state = {{ field = "state", words = {{ on = "active" }} }}
"#
    ))
}

/// Each record as `key=what stands beside it`, and how it ended.
fn read(mapping: &Mapping, field: &str, bytes: &[u8]) -> Vec<String> {
    let given = BTreeMap::from([("as_of".to_owned(), "2026-11-20T00:00:00Z".to_owned())]);
    let mut told = Vec::new();
    let mut run = match Run::new(mapping, given).with_beside(field) {
        Ok(run) => run,
        Err(error) => return vec![error.to_string()],
    };
    let ended = run.read("x", bytes, &mut |row| {
        let keys: Vec<&str> = row
            .lines
            .iter()
            .filter_map(|line| if let Line::Key(key) = line { Some(key.key.as_str()) } else { None })
            .collect();
        let beside = match row.beside {
            Beside::Text(text) => format!("{text:?}"),
            other => format!("{other:?}"),
        };
        let refusals: Vec<String> = row
            .refusals
            .iter()
            .map(|no| format!(" {} {} {:?}", no.code.as_str(), no.field, no.detail))
            .collect();
        told.push(format!("{}={beside}{}", keys.join("+"), refusals.concat()));
        ControlFlow::Continue(())
    });
    if let Err(error) = ended {
        told.push(error.to_string());
    }
    // The report is what other commands print.
    let report = serde_json::to_string(run.report()).unwrap();
    assert!(!report.contains(HIDDEN), "{report}");
    told
}

#[test]
fn a_column_is_read_whatever_the_table_is_written_like() {
    let plain = keys("kind = \"csv\"\nempty = [\"\", \"-\", \"NULL\"]");
    let semicolons = keys("kind = \"csv\"\ndelimiter = \";\"\nquote = \"'\"");
    let named = keys("kind = \"csv\"\ncolumns = [\"id\", \"state\", \"sk\"]");
    let cases: [(&Mapping, &[u8], &[&str]); 9] = [
        (&plain, b"id,state,sk\nK1,on,a\nK2,on,b\n", &["K1=\"a\"", "K2=\"b\""]),
        (&plain, b"\xef\xbb\xbfsk,id,state\r\na,K1,on\r\nb,K2,on\r\n", &["K1=\"a\"", "K2=\"b\""]),
        (
            &plain,
            b"id,state,\"sk\"\nK1,on,\"a,\"\"b\"\"\"\nK2,on, c \n",
            &["K1=\"a,\\\"b\\\"\"", "K2=\" c \""],
        ),
        (&plain, b"id,state,more,sk\nK1,on,\"x\ny\",a\nK2,on,z,b", &["K1=\"a\"", "K2=\"b\""]),
        (
            &plain,
            b"id,state,sk\nK1,on,\nK2,on,NULL\nK3,on,-\nK4,on,null\n",
            &["K1=Empty", "K2=Empty", "K3=Empty", "K4=\"null\""],
        ),
        (&semicolons, b"id;state;sk\nK1;on;'a;b'\nK2;on;\"c\"\n", &["K1=\"a;b\"", "K2=\"\\\"c\\\"\""]),
        (&named, b"K1,on,a\nK2,on,b\n", &["K1=\"a\"", "K2=\"b\""]),
        // One record is refused, and what stands beside it goes with no other.
        (
            &plain,
            b"id,state,sk\nK1,off,a\nK2,on,b\nK3,on\n",
            &["=\"a\" unknown_word key.state \"\"", "K2=\"b\"", "=Absent wrong_cells  \"2 \u{2260} 3\""],
        ),
        (&plain, b"id,state,sk\nK1,on,a\nK1,on,a\n", &["K1=\"a\"", "K1=\"a\""]),
    ];
    for (mapping, bytes, wanted) in cases {
        assert_eq!(read(mapping, "sk", bytes), wanted, "{}", String::from_utf8_lossy(bytes));
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(bytes).unwrap();
        assert_eq!(read(mapping, "sk", &packed.finish().unwrap()), wanted, "the same, packed");
    }
}

#[test]
fn a_member_of_json_is_read_and_only_a_text_is_one() {
    let json = keys("kind = \"json\"\nempty = [\"\", \"-\"]");
    let text = [
        r#"{"id":"K1","state":"on","sk":"a\u0062\n"}"#,
        r#"{"id":"K2","state":"on","sk":null}"#,
        r#"{"id":"K3","state":"on"}"#,
        r#"{"id":"K4","state":"on","sk":"-"}"#,
        r#"{"id":"K5","state":"on","sk":17}"#,
        r#"{"id":"K6","state":"on","sk":["made-up-and-hidden"]}"#,
        r#"{"id":"K7","state":"on","more":{"sk":"made-up-and-hidden"}}"#,
        r#"{"id":"K8","state":"on","sk":"made-up-and-hidden","sk":"b"}"#,
        r#""made-up-and-hidden""#,
        r#"{"id":"K9","state":"made-up-and-hidden","sk":"b"}"#,
    ];
    insta::assert_snapshot!(read(&json, "sk", text.join("\n").as_bytes()).join("\n"), @r#"
    K1="ab\n"
    K2=Empty
    K3=Absent
    K4=Empty
    K5=NotText
    K6=NotText
    K7=Absent
    =Absent bad_json  ""
    =Absent bad_json  ""
    ="b" unknown_word key.state ""
    "#);
}

#[test]
fn what_cannot_be_is_refused_before_any_row_and_names_no_cell() {
    let csv = || keys("kind = \"csv\"");
    let told: Vec<String> = [
        read(&csv(), "secret", b"id,state,api_secret\nK1,on,made-up-and-hidden\n"),
        read(&csv(), "id", b"id,state,sk\nK1,on,made-up-and-hidden\n"),
        read(&csv(), "sk", b"id,state,sk,sk\nK1,on,made-up-and-hidden,b\n"),
        read(&csv(), "sk", b"id,state,sk,a,a\nK1,on,made-up-and-hidden,b,c\n"),
        // Without a header the first line is a key.
        read(&csv(), "sk", b"K1,on,made-up-and-hidden\nK2,on,b\n"),
        read(&csv(), "sk", b"K1,made-up-and-hidden,made-up-and-hidden\nK2,on,b\n"),
        read(&csv(), "sk", b"id,state,sk\nK1,on,\"made-up-and-hidden\nK2,on,b\n"),
        read(
            &mapping(
                r#"
[mapping]
format = 1
name = "whole-lines"
title = { ko = "작은 예", en = "A small example" }
[source]
kind = "csv"
[[line]]
type = "key"
[line.fields]
ts = { given = "as_of", time = "rfc3339" }
key = { field = "id" }
"ext.row" = { line = "digest" }
"#,
            ),
            "sk",
            b"id,sk\nK1,made-up-and-hidden\n",
        ),
    ]
    .concat();
    let told = told.join("\n");
    assert!(!told.contains(HIDDEN), "{told}");
    insta::assert_snapshot!(told);
}

#[test]
fn the_ready_table_takes_a_column_of_any_name_it_does_not_read() {
    let ready = Mapping::parse("keys-csv", ready::mapping("keys-csv").unwrap(), &mut |_| None).unwrap();
    let text =
        "key_id,account_id,state,scopes,allowlist,created_at,expires_at,비밀\nK1,A1,active,read,,,,a\n";
    assert_eq!(read(&ready, "비밀", text.as_bytes()), ["K1=\"a\""]);
    let (euc_kr, ..) = encoding_rs::EUC_KR.encode(text);
    assert_eq!(read(&ready, "비밀", &euc_kr), ["K1=\"a\""]);
}

proptest! {
    /// Rows in any order of columns, with cells of anything that a table can hold: each key has what the row was written with.
    #[test]
    fn each_key_has_what_its_own_row_holds(
        rows in prop::collection::vec(("[a-z,;\"' 한\n]{0,8}", "[!-~]{0,12}", any::<bool>()), 1..24),
        first in any::<bool>(),
        windows in any::<bool>(),
    ) {
        let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
        let end = if windows { "\r\n" } else { "\n" };
        let mut text = format!("{}{end}", if first { "sk,id,more,state" } else { "id,more,state,sk" });
        let mut wanted = Vec::new();
        for (n, (more, secret, good)) in rows.iter().enumerate() {
            let (key, state) = (format!("K{n}"), if *good { "on" } else { "off" });
            // What is over several lines is bounded; blank lines in a cell are no row's.
            let more = more.replace("\n\n", "\n").trim_matches('\n').to_owned();
            let cells = if first {
                [quoted(secret), key.clone(), quoted(&more), state.to_owned()]
            } else {
                [key.clone(), quoted(&more), state.to_owned(), quoted(secret)]
            };
            text.push_str(&format!("{}{end}", cells.join(",")));
            if *good {
                // What the mapping calls empty is none.
                let none = ["", "-"].contains(&secret.as_str());
                wanted.push(if none { format!("{key}=Empty") } else { format!("{key}={secret:?}") });
            }
        }
        let told: Vec<String> = read(&keys("kind = \"csv\""), "sk", text.as_bytes())
            .into_iter()
            .filter(|told| !told.starts_with('='))
            .collect();
        prop_assert_eq!(told, wanted, "{}", text);
    }
}
