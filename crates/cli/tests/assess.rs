//! `sumun assess`: exports in, a page and JSON out, and what cannot be done is told.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod support;

use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use std::io::Write as _;
use sumun_sim::exports::check::{counts, detected};
use sumun_sim::exports::{Options, Truth, write};
use support::Place;

const KEYS: &str =
    "key_id,account_id,customer_id,segment,state,scopes,allowlist,vendor,created_at,expires_at,last_used_at
h:k1,h:a1,h:c1,개인,사용중,자산조회;주문하기;출금하기,203.0.113.7,,2026-10-01 09:00:00,2027-10-01 09:00:00,
h:k2,h:a2,h:c2,법인,사용중,자산조회;주문하기,,,2026-10-01 09:00:00,,
";
const LOG: &str = r#"{"msec":"1795132805.123","request_id":"a1","remote_addr":"203.0.113.7","key_id":"h:k1","request_method":"POST","request_uri":"/v1/orders","status":"201"}
{"msec":"1795132806.000","request_id":"a2","remote_addr":"198.51.100.9","key_id":"h:k1","request_method":"GET","request_uri":"/v1/accounts","status":"200"}
{"msec":"1795132807.000","request_id":"a3","remote_addr":"198.51.100.9","key_id":"h:k2","request_method":"GET","request_uri":"/v1/accounts","status":"200"}
{"msec":"1795132808.000","request_id":"a4","remote_addr":"198.51.100.9","key_id":"h:k3","request_method":"GET","request_uri":"/v1/accounts","status":"200"}
not json
"#;

fn exports() -> Place {
    let place = Place::new();
    std::fs::write(place.path("keys.csv"), KEYS).unwrap();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(LOG.as_bytes()).unwrap();
    std::fs::write(place.path("access.log.gz"), gzip.finish().unwrap()).unwrap();
    place
}

fn report(place: &Place) -> Value {
    serde_json::from_str(&std::fs::read_to_string(place.path("out/report.json")).unwrap()).unwrap()
}

/// Ids hashed otherwise in the table than in the log: the report is written, and nobody takes it for good news.
#[test]
fn where_nothing_fits_the_report_is_written_and_the_command_fails() {
    let place = exports();
    place.write("keys.csv", &KEYS.replace("h:k", "other:k"));
    let path = |name: &str| place.path(name).to_str().unwrap().to_owned();
    let (keys, log, out) = (path("keys.csv"), path("access.log.gz"), path("out"));
    for (lang, said, next) in [
        (
            "en",
            "attention: No key of the access log is in the table of keys (4 requests)",
            "Hash ids with the same key",
        ),
        (
            "ko",
            "주의: 접근 로그에 나온 키가 키 목록에 하나도 없습니다(요청 4건)",
            "같은 키와 같은 방식으로 해시했는지",
        ),
    ] {
        let run =
            ["assess", "--keys", &keys, "--access", &log, "--data", "none", "--lang", lang, "--out", &out];
        let ran = place.run(&run);
        assert_eq!(ran.code, 1, "{}", ran.shown());
        assert!(ran.err.contains(said) && ran.err.contains(next), "{}", ran.err);
        assert!(ran.err.contains("report.html"), "{}", ran.err);
        let json = report(&place);
        assert_eq!(json["fit"]["requests_of_listed"], 0);
        assert_eq!(json["fit"]["remarks"][0]["code"], "keys_not_in_table");
        let met = |code: &str| {
            json["points"].as_array().unwrap().iter().find(|point| point["code"] == code).unwrap().clone()
        };
        for code in ["addresses_enforced", "lawful_undisturbed"] {
            let point = met(code);
            assert_eq!((&point["state"], &point["lacks"]), (&"cannot_judge".into(), &"keys_in_table".into()));
        }
    }
}

#[test]
fn exports_become_a_page_and_json() {
    let place = exports();
    let path = |name: &str| place.path(name).to_str().unwrap().to_owned();
    let (keys, log, out) = (path("keys.csv"), path("access.log.gz"), path("out"));
    let ran = place
        .run(&["assess", "--keys", &keys, "--access", &log, "--data", "none", "--lang", "ko", "--out", &out]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert!(ran.err.contains("키 2개, 요청 4건, 한 사람이 운용하는 것으로 보이는 묶음 0개"), "{}", ran.err);
    // One of four requests names a key that no table has.
    assert!(
        ran.err.contains("주의: 키 ID가 있는 요청 4건 가운데 1건(25%)의 키가 키 목록에 없습니다"),
        "{}",
        ran.err
    );
    let en_out = path("out-en");
    let en = place.run(&["assess", "--keys", &keys, "--access", &log, "--data", "none", "--out", &en_out]);
    assert_eq!(en.code, 0, "{}", en.err);
    assert!(en.err.contains("attention: 1 of 4 requests with a key (25%) name one that is not in the table"));
    assert!(en.err.contains("2 keys, 4 requests, 0 likely clusters"), "{}", en.err);
    let page = std::fs::read_to_string(place.path("out/report.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("API 키 준비도 진단 보고서"));
    let json = report(&place);
    let counts: Vec<(&str, &Value)> = json["keys"]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["code"].as_str().unwrap(), &finding["count"]))
        .filter(|(_, count)| **count != 0)
        .collect();
    insta::assert_snapshot!(format!("{counts:?}"), @r#"[("without_allowlist", Number(1)), ("used_from_outside", Number(1)), ("may_withdraw", Number(1)), ("over_scoped", Number(2)), ("without_expiry", Number(1))]"#);
    assert_eq!(json["keys"]["not_in_table"], 1);
    assert_eq!(json["shadow"]["segments"].as_array().unwrap().len(), 2);
    assert!(json["run"]["lines_per_second"].as_u64().unwrap() > 0);
}

/// The pair that `cargo xtask bench assess` makes of a million keys, small: nginx's log, and Envoy's with all that real exports suffer.
#[test]
fn a_small_pair_of_exports_is_told_as_it_is() {
    let place = Place::new();
    let options = Options {
        seed: 4,
        start: "2026-03-02T00:00:00Z".parse().unwrap(),
        days: 4,
        clean: 150,
        bad: 24,
        activity_permille: 250,
        lines: 9_000,
        worlds: 2,
    };
    write(&options, &place.path(""), &mut |_| ()).unwrap();
    for (name, log, map, lang) in
        [("plain", "access.log.gz", "nginx-json", "en"), ("damaged", "access.json.gz", "envoy-json", "ko")]
    {
        let path = |file: &str| place.path(&format!("{name}/{file}")).to_str().unwrap().to_owned();
        let tables = ["keys", "accounts", "networks", "vendors", "sessions"]
            .map(|table| [format!("--{table}"), path(&format!("{table}.csv"))])
            .concat();
        let mut arguments: Vec<&str> = vec!["assess"];
        arguments.extend(tables.iter().map(String::as_str));
        let (log, out) = (path(log), path("report"));
        arguments.extend(["--access", &log, "--map", map, "--data", "none", "--lang", lang, "--out", &out]);
        let ran = place.run(&arguments);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let report: Value =
            serde_json::from_slice(&std::fs::read(path("report/report.json")).unwrap()).unwrap();
        let truth: Truth = serde_json::from_slice(&std::fs::read(path("truth.json")).unwrap()).unwrap();
        let wrong: Vec<_> = counts(&report, &truth).into_iter().filter(|held| !held.holds()).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
        assert_eq!(truth.truncated, name == "damaged");
        let found = detected(&report, &truth);
        assert!(found.pools > 0 && found.pools_found == found.pools, "{name}: {found:?}");
        assert_eq!((found.lent_with_honest, found.cut.1), (0, 0), "{name}: {found:?}");
    }
}

#[test]
fn what_cannot_be_done_is_told() {
    let place = exports();
    let path = |name: &str| place.path(name).to_str().unwrap().to_owned();
    let (keys, log, out) = (path("keys.csv"), path("access.log.gz"), path("out"));
    let refused = |more: &[&str]| {
        let ran = place.run(
            &[&["assess", "--keys", &keys, "--access", &log, "--data", "none", "--out", &out], more].concat(),
        );
        assert_eq!(ran.code, 2, "{}", ran.err);
        ran.err
    };
    let said = refused(&["--map", "nginx-json", "--map", "envoy-json"]);
    assert!(said.contains("`nginx-json` and `envoy-json` both make `access` lines"), "{said}");
    let said = refused(&["--map", "orders-csv"]);
    assert!(said.contains("is for `order` lines, and no export of these is given"), "{said}");
    let said = refused(&["--set", "sauce=1"]);
    assert!(said.contains("no mapping asks for `sauce`"), "{said}");
    let said = refused(&["--map", "envoy-json"]);
    assert!(said.contains("no request could be read from the access log"), "{said}");
    assert!(!place.path("out").exists(), "nothing is written of what failed");
}
