//! Damaged sources: what is wrong is counted, told with its place, and the reading goes on.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;
use sumun_mapping::{Ended, Mapping, Report, Run, Unusable, told};
use sumun_model::Lang;

const SMALL: &str = r#"
[mapping]
format = 1
name = "small"
title = { ko = "작은 예", en = "A small example" }

[source]
kind = "json"
encoding = "utf-8-or-euc-kr"
line_bytes_max = 400
ignore = ["pool"]

[[line]]
type = "access"
needs = ["key"]
when = [{ field = "kind", is = ["api"] }]

[line.fields]
id = { field = "id" }
ts = { field = "at", time = "ms" }
key = { field = "key" }
ip = { field = "chain", forwarded = { hops = 1, peer = "peer" }, bad = "absent" }
agent = { field = "agent" }
status = { field = "status" }
verdict = { field = "status", words = { "2xx" = "allow", "401" = "deny" } }
reason = { field = "why" }
"#;

fn small() -> Mapping {
    Mapping::parse("small.toml", SMALL, &mut |_| None).unwrap_or_else(|error| panic!("{error}"))
}

fn row(n: u64, at: i64, more: &str) -> String {
    format!(
        r#"{{"kind":"api","id":"a{n}","at":{at},"key":"K1","chain":"203.0.113.7","peer":"10.0.0.1","status":200{more}}}"#
    )
}

fn run(input: &[u8]) -> Report {
    let mapping = small();
    let mut run = Run::new(&mapping, BTreeMap::new());
    run.read("access.log", input, &mut |_| ControlFlow::Continue(())).unwrap();
    run.into_report()
}

const AT: i64 = 1_795_132_800_000;

fn damaged() -> Vec<u8> {
    let mut bytes = b"\xef\xbb\xbf".to_vec();
    let mut line = |line: &[u8]| {
        bytes.extend_from_slice(line);
        bytes.extend_from_slice(b"\r\n");
    };
    line(row(1, AT, "").as_bytes());
    line(row(1, AT, "").as_bytes());
    line(
        row(2, AT + 1000, r#","agent":"수문","pool":"a","extra":{"a":1},"authorization":"Bearer xyz""#)
            .as_bytes(),
    );
    let (cp949, ..) = encoding_rs::EUC_KR.encode(r#"{"kind":"api","id":"a3","at":1795132802000,"key":"K1","chain":"203.0.113.7","peer":"10.0.0.1","status":200,"agent":"수문"}"#);
    line(&cp949);
    line(b"{\"kind\":\"api\",\"agent\":\"\xff\xff\"}");
    line(b"");
    line(b"{\"kind\":\"api\",");
    line(row(4, AT + 3000, &format!(r#","agent":"{}""#, "x".repeat(500))).as_bytes());
    line(row(5, AT / 1000, "").as_bytes());
    line(row(6, AT + 4_000_000, "").as_bytes());
    line(row(7, AT + 5000, "").as_bytes());
    line(row(8, AT + 4_001_000, "").replace("200", "301").as_bytes());
    line(row(9, AT + 4_002_000, r#","why":"bad luck""#).as_bytes());
    line(row(10, AT + 4_003_000, "").replace("\"203.0.113.7\"", "\"unknown\"").as_bytes());
    line(row(11, AT + 4_004_000, "").replace("\"api\"", "\"web\"").as_bytes());
    line(row(12, AT + 4_005_000, "").replace("\"K1\"", "\"\"").as_bytes());
    bytes
}

#[test]
fn damage_is_told_in_english() {
    insta::assert_snapshot!(told::report(&small(), &run(&damaged()), Lang::En));
}

#[test]
fn damage_is_told_in_korean() {
    insta::assert_snapshot!(told::report(&small(), &run(&damaged()), Lang::Ko));
}

#[test]
fn rows_stand_above_what_they_gave() {
    let mapping = small();
    let mut run = Run::new(&mapping, BTreeMap::new());
    let mut out = String::new();
    run.read("access.log", damaged().as_slice(), &mut |row| {
        out.push_str(&told::sample(row, Lang::En));
        ControlFlow::Continue(())
    })
    .unwrap();
    insta::assert_snapshot!(out);
}

#[test]
fn programs_get_the_same_as_json() {
    let report = serde_json::to_string_pretty(&run(&damaged())).unwrap();
    insta::assert_snapshot!(report);
}

#[test]
fn a_cut_gzip_keeps_what_was_read_and_says_so() {
    let text: String =
        (0..4000).map(|n| row(n, AT + i64::try_from(n * n % 977).unwrap(), "") + "\n").collect();
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(text.as_bytes()).unwrap();
    let whole = out.finish().unwrap();
    assert_eq!(run(&whole).made["access"], 4000);
    let cut = run(&whole[..whole.len() * 2 / 3]);
    assert_eq!(cut.inputs[0].ended, Ended::Truncated);
    assert!(!cut.whole());
    assert!(cut.made["access"] > 1000 && cut.refused == 0, "{:?}", cut.refusals);
    assert!(told::report(&small(), &cut, Lang::En).contains("CUT OFF"));
}

#[test]
fn a_column_that_something_else_may_stand_for_need_not_be_there() {
    let text = sumun_mapping::ready::mapping("orders-csv").unwrap();
    let mapping = Mapping::parse("orders-csv", text, &mut |_| None).unwrap();
    let mut run = Run::new(&mapping, BTreeMap::new());
    let csv = "at,account_id,key_id,channel,request_id,market,order_id,action,side,kind,price,quantity,remaining\n\
               2026-11-20 09:00:05,h:a1,h:k1,api,,KRW-BTC,O-1,new,buy,limit,1,1,1\n";
    let mut ids = Vec::new();
    run.read("orders.csv", csv.as_bytes(), &mut |row| {
        ids.extend(row.lines.iter().map(|line| serde_json::to_value(line).unwrap()["id"].clone()));
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(ids, ["orders.csv:2"]);
}

#[test]
fn a_credential_never_becomes_an_id() {
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJhY2Nlc3Nfa2V5IjoieCJ9.c2ln";
    for secret in [token.to_owned(), format!("Bearer {token}"), "Basic eDp5".to_owned()] {
        let report = run(row(1, AT, "").replace("\"K1\"", &format!("{secret:?}")).as_bytes());
        let told = told::report(&small(), &report, Lang::Ko);
        assert_eq!(report.refusals[0].code.as_str(), "credential", "{told}");
        assert!(!told.contains("eyJ") && !told.contains("eDp5"), "{told}");
    }
}

#[test]
fn whoever_reads_may_stop() {
    let mapping = small();
    let mut run = Run::new(&mapping, BTreeMap::new());
    let text: String = (0..10).map(|n| row(n, AT, "") + "\n").collect();
    run.read("x", text.as_bytes(), &mut |row| {
        if row.number == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert_eq!(run.report().inputs[0].lines, 3);
    assert_eq!(run.report().inputs[0].ended, Ended::Stopped);
}

#[test]
fn a_stray_quote_does_not_swallow_the_rest() {
    let mapping = Mapping::parse(
        "c.toml",
        "[mapping]\nformat = 1\nname = \"c\"\ntitle = { ko = \"예\", en = \"c\" }\n[source]\nkind = \"csv\"\n[[line]]\ntype = \"market\"\n\
         [line.fields]\nts = { const = \"2026-11-20T00:00:00Z\", time = \"rfc3339\" }\nmarket = { field = \"m\" }\ntick = { field = \"t\" }\n",
        &mut |_| None,
    )
    .unwrap();
    let mut text = "m,t,note\nA,1,\"two\nlines\"\nB,\"2,\n".to_owned();
    text.extend((0..40).map(|n| format!("C{n},1,\n")));
    text.push_str("D,1\n");
    let mut run = Run::new(&mapping, BTreeMap::new());
    let mut numbers = Vec::new();
    run.read("m.csv", text.as_bytes(), &mut |row| {
        numbers.push((row.number, row.lines.len(), row.refusals.len()));
        ControlFlow::Continue(())
    })
    .unwrap();
    let report = run.into_report();
    assert_eq!(report.made["market"], 41, "{:?}", report.refusals);
    assert_eq!(numbers[..3], [(2, 1, 0), (4, 0, 1), (5, 1, 0)]);
    assert_eq!(
        report.refusals.iter().map(|tally| tally.code.as_str()).collect::<Vec<_>>(),
        ["open_quote", "wrong_cells"]
    );
    assert_eq!(report.inputs[0].lines, 45);
}

#[test]
fn a_header_that_lacks_a_column_is_told_before_a_line_is_read() {
    let text = sumun_mapping::ready::mapping("trades-csv").unwrap();
    let mapping = Mapping::parse("trades-csv", text, &mut |_| None).unwrap();
    let mut run = Run::new(&mapping, BTreeMap::new());
    let header = "trade_id,at,market,price,qty,taker_side,taker_account_id,taker_key_id,taker_order_id,maker_account_id,maker_key_id,maker_order_id\n";
    let told = run.read("t.csv", header.as_bytes(), &mut |_| ControlFlow::Continue(()));
    let Err(Unusable::Header { what, .. }) = told else { panic!("{told:?}") };
    assert!(what.starts_with("there is no column `quantity`"), "{what}");
}
