//! `sumun map`: a simulated world, written as an nginx log and mapped back, is the same lines; what people read; what is refused.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod support;

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use support::Place;

/// One access line as a gateway's nginx would log it, in nginx's own variables and those the gateway sets.
fn nginx(line: &Value) -> String {
    let text = |name: &str| line[name].as_str().unwrap_or_default();
    let number = |name: &str| line[name].as_u64().map(|n| n.to_string()).unwrap_or_default();
    let us: u64 = line["latency_us"].as_u64().unwrap_or_default();
    let at: sumun_model::Timestamp = text("ts").parse().unwrap();
    let seconds = |us: i64| format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    let target = match line["market"].as_str() {
        Some(market) => format!("{}?market={market}", text("route")),
        None => text("route").to_owned(),
    };
    let upgrade = if text("channel") == "websocket" { "websocket" } else { "" };
    let request_time =
        line["latency_us"].as_u64().map(|_| seconds(i64::try_from(us).unwrap())).unwrap_or_default();
    json!({
        "msec": seconds(at.as_micros()), "request_id": text("id"), "remote_addr": text("ip"), "hostname": text("gate"),
        "key_id": text("key"), "account_id": text("account"), "request_method": text("method"), "request_uri": target,
        "http_upgrade": upgrade, "status": number("status"), "http_user_agent": text("agent"), "request_time": request_time,
        "error": text("reason"), "signature": text("signature"), "ja4": text("ja4"), "nonce": text("nonce"),
        "skew_ms": line["skew_ms"].as_i64().map(|n| n.to_string()).unwrap_or_default(),
        "token_time": text("token_time"), "tcpinfo_rtt": number("tcp_rtt_us"), "body_bytes_sent": "12",
    })
    .to_string()
}

/// What an nginx log has no place for.
fn without(line: &Value) -> Value {
    let mut line = line.clone();
    for name in ["checks", "tls_rtt_us", "seq", "source", "ext"] {
        line.as_object_mut().unwrap().remove(name);
    }
    line
}

#[test]
fn a_world_s_nginx_log_maps_back_to_its_lines() {
    let place = Place::new();
    let world = place.run(&["simulate", "--seed", "3", "--days", "2", "--clean", "12", "--bad", "4"]);
    assert_eq!(world.code, 0, "{}", world.err);
    let lines: Vec<Value> = world.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let accesses: Vec<&Value> = lines.iter().filter(|line| line["type"] == "access").collect();
    assert!(accesses.len() > 1000, "{}", accesses.len());
    let mut log = String::new();
    for line in &accesses {
        writeln!(log, "{}", nginx(line)).unwrap();
    }
    let file = place.path("access.log");
    std::fs::write(&file, log).unwrap();

    let mapped = place.run(&["map", "run", "--map", "nginx-json", file.to_str().unwrap()]);
    assert_eq!(mapped.code, 0, "{}", mapped.err);
    let back: Vec<Value> = mapped.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(back.len(), accesses.len(), "{}", mapped.err);
    for (back, line) in back.iter().zip(&accesses) {
        assert_eq!(without(back), without(line));
    }

    // The rest of the world with the mapped lines in the places of its own is a world that replay reads.
    let mut back = back.iter();
    let mut again = String::new();
    for line in &lines {
        let line = if line["type"] == "access" { back.next().unwrap() } else { line };
        writeln!(again, "{line}").unwrap();
    }
    let file = place.path("again.ndjson");
    std::fs::write(&file, again).unwrap();
    let replayed = place.run(&["replay", "--data", "none", file.to_str().unwrap()]);
    assert_eq!(replayed.code, 0, "{}", replayed.err);
    assert!(!replayed.err.contains("bad and skipped"), "{}", replayed.err);
    assert!(replayed.err.starts_with(&format!("{} lines,", lines.len())), "{}", replayed.err);
}

const LOG: &str = r#"{"msec":"1795132805.123","request_id":"a1","remote_addr":"203.0.113.7","key_id":"h:k1","request_method":"POST","request_uri":"/v1/orders","status":"201","http_user_agent":"ccxt/4.5","pool":"b","authorization":"Bearer abc.def"}
{"msec":"1795132806.000","request_id":"a2","remote_addr":"nowhere","key_id":"h:k1","request_method":"GET","request_uri":"/v1/accounts","status":"200"}
{"msec":"1795132807.000","request_id":"a3","remote_addr":"203.0.113.7","request_method":"GET","request_uri":"/v1/ticker","status":"200"}
not json
"#;

#[test]
fn check_shows_what_would_be_made() {
    let place = Place::new();
    std::fs::write(place.path("access.log"), LOG).unwrap();
    let log = place.path("access.log");
    let ran = |more: &[&str]| {
        let ran =
            place.run(&[&["map", "check", "--map", "nginx-json"], more, &[log.to_str().unwrap()]].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.out.replace(log.to_str().unwrap(), "access.log")
    };
    insta::assert_snapshot!("map_check_en", ran(&[]));
    insta::assert_snapshot!("map_check_ko", ran(&["--lang", "ko", "--rows", "1"]));
    let whole: Value = serde_json::from_str(&ran(&["--json"])).unwrap();
    assert_eq!(whole["ok"], true);
    assert_eq!(whole["report"]["refusals"].as_array().unwrap().len(), 2);
    assert_eq!(whole["samples"].as_array().unwrap().len(), 3);
    assert!(!whole.to_string().contains("abc.def"), "a credential is never shown");
}

#[test]
fn what_cannot_be_done_is_told() {
    let place = Place::new();
    let log = place.path("access.log");
    std::fs::write(&log, "nothing of the kind\n").unwrap();
    let log = log.to_str().unwrap();
    let ran = |arguments: &[&str]| {
        let ran = place.run(arguments);
        (ran.code, ran.err.replace(log, "access.log"))
    };
    let (code, said) = ran(&["map", "check", "--map", "nginx-jsn", log]);
    assert_eq!(code, 2);
    assert!(said.contains("ready ones are accounts-csv, envoy-json"), "{said}");
    let (code, said) = ran(&["map", "run", "--map", "keys-csv", log]);
    assert_eq!(
        (code, said.as_str()),
        (2, "error: the mapping `keys-csv` asks for `as_of`; add `--set as_of=…`\n")
    );
    let (code, said) = ran(&["map", "run", "--map", "nginx-json", "--set", "as_off=1", log]);
    assert_eq!((code, said.contains("asks for no `as_off`")), (2, true), "{said}");
    assert_eq!(ran(&["map", "check", "--map", "nginx-json", log]).0, 2, "no line could be made");
    let (code, said) = ran(&["map", "run", "--map", "keys-csv", "--set", "as_of=2026-11-20T00:00:00Z", log]);
    assert_eq!(code, 2);
    assert!(said.contains("there is no column"), "{said}");
}

#[test]
fn a_table_beside_the_mapping_is_used() {
    let place = Place::new();
    let mapping =
        include_str!("../../../mappings/nginx-json.toml").replace("uses = \"upbit\"", "uses = \"ours\"");
    std::fs::write(place.path("mine.toml"), mapping).unwrap();
    let table = "[paths]\nformat = 1\nname = \"ours\"\ntitle = { ko = \"우리\", en = \"ours\" }\n\
                 [[route]]\nmethod = \"POST\"\npath = \"/v1/orders\"\neffect = \"transfer\"\n";
    std::fs::write(place.path("ours.toml"), table).unwrap();
    std::fs::write(place.path("access.log"), LOG).unwrap();
    let (map, log) = (place.path("mine.toml"), place.path("access.log"));
    let ran = place.run(&["map", "run", "--map", map.to_str().unwrap(), log.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains(r#""effect":"transfer""#), "{}", ran.out);
}

#[test]
fn the_page_on_mappings_runs_as_written() {
    let place = Place::new();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, LOG.as_bytes()).unwrap();
    std::fs::write(place.path("access.log.gz"), gzip.finish().unwrap()).unwrap();
    place.write(
        "keys.csv",
        "key_id,account_id,customer_id,segment,state,scopes,allowlist,vendor,created_at,expires_at,last_used_at\n\
         h:k1,h:a1,h:c1,retail,active,read;trade,203.0.113.7,,2026-01-02 09:00:00,,\n",
    );
    let page = include_str!("../../../docs/adopt/mappings.md");
    let block = page.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_sumun")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    for command in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let ran = std::process::Command::new("sh")
            .args(["-c", command])
            .current_dir(place.path(""))
            .env("PATH", &path)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{command}\n{}", String::from_utf8_lossy(&ran.stderr));
    }
    assert_eq!(place.read("access.ndjson").lines().count(), 1);
    assert_eq!(place.read("keys.ndjson").lines().count(), 2);
}

#[test]
fn every_detector_says_what_it_needs() {
    let catalogue = sumun_detect::keys::DETECTORS.iter().chain(sumun_detect::links::DETECTORS);
    let known: BTreeSet<&str> = catalogue.map(|(name, _)| *name).collect();
    let ours: BTreeSet<&str> = sumun_mapping::needs::ALL.iter().map(|needs| needs.detector).collect();
    assert_eq!(ours, known);
}
