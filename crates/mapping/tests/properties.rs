//! Against a small, naive model: the same rows read with plain JSON values give the same lines; any bytes at all give counts that add up.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use sumun_mapping::{Ended, Mapping, Report, Run, ready};
use sumun_model::wire::to_json;

fn mapping(name: &str) -> Mapping {
    Mapping::parse(name, ready::mapping(name).unwrap(), &mut |_| None).unwrap()
}

fn run(mapping: &Mapping, bytes: &[u8]) -> (Vec<Value>, Report) {
    let given = BTreeMap::from([("as_of".to_owned(), "2026-11-20T00:00:00Z".to_owned())]);
    let mut run = Run::new(mapping, given);
    let mut out = Vec::new();
    let _ = run.read("x", bytes, &mut |row| {
        out.extend(row.lines.iter().map(|line| serde_json::from_str(&to_json(line).unwrap()).unwrap()));
        ControlFlow::Continue(())
    });
    (out, run.into_report())
}

/// What `nginx-json` makes of a row, said again without any of its code.
fn naive(row: &Value) -> Option<Value> {
    let text = |name: &str| {
        row.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !matches!(*text, "" | "-"))
    };
    let key = text("key_id")?;
    let target = text("request_uri")?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (scope, effect, takes_market) = match (text("request_method")?, path) {
        ("GET", "/v1/accounts") => (Some("read_balances"), Some("read"), false),
        ("GET", "/v1/orders") => (Some("read_orders"), Some("read"), true),
        ("GET", "/v1/order") => (Some("read_orders"), Some("read"), false),
        ("POST", "/v1/orders") => (Some("trade"), Some("order"), true),
        ("DELETE", "/v1/order") => (Some("cancel"), Some("cancel"), false),
        _ => (None, None, false),
    };
    let status: u16 = text("status")?.parse().unwrap();
    let market = query.strip_prefix("market=").filter(|_| takes_market);
    let refused = [401, 403, 418, 429].contains(&status);
    Some(json!({
        "key": key, "ip": text("remote_addr"), "route": path, "scope": scope, "effect": effect, "market": market,
        "verdict": if refused { "deny" } else { "allow" }, "status": (status != 499).then_some(status), "agent": text("http_user_agent"),
    }))
}

fn rows() -> impl Strategy<Value = Vec<Value>> {
    let row = (
        prop::option::of("[a-z0-9:]{1,12}"),
        prop::sample::select(vec![
            "/v1/accounts",
            "/v1/orders?market=KRW-BTC",
            "/v1/orders",
            "/v1/order?uuid=7",
            "/v9/new",
        ]),
        prop::sample::select(vec!["GET", "POST", "DELETE"]),
        prop::sample::select(vec!["200", "201", "400", "401", "403", "429", "499", "500"]),
        prop::sample::select(vec!["203.0.113.7", "2001:db8::1"]),
        prop::sample::select(vec!["", "-", "ccxt/4.5", "수문 \"x\"\n"]),
    );
    let row = row.prop_map(|(key, target, method, status, ip, agent)| {
        json!({"key_id": key, "request_uri": target, "request_method": method, "status": status, "remote_addr": ip,
               "http_user_agent": agent, "msec": "1795132805.123"})
    });
    prop::collection::vec(row, 0..20)
}

proptest! {
    #[test]
    fn lines_are_what_a_naive_reader_makes(mut rows in rows()) {
        let mut text = String::new();
        for (n, row) in rows.iter_mut().enumerate() {
            row["request_id"] = json!(format!("r{n}"));
            text.push_str(&format!("{row}\n"));
        }
        let (lines, report) = run(&mapping("nginx-json"), text.as_bytes());
        let wanted: Vec<Value> = rows.iter().filter_map(naive).collect();
        prop_assert_eq!(report.refused, 0, "{:?}", report.refusals);
        prop_assert_eq!(lines.len(), wanted.len());
        for (line, wanted) in lines.iter().zip(wanted) {
            for (name, value) in wanted.as_object().unwrap() {
                prop_assert_eq!(&line[name], value, "{}", name);
            }
        }
    }

    #[test]
    fn any_bytes_give_counts_that_add_up(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\n\",{}:- []".to_vec())], 0..400),
        pick in 0..ready::MAPPINGS.len(),
    ) {
        let mapping = mapping(ready::MAPPINGS[pick].0);
        let (_, report) = run(&mapping, &bytes);
        prop_assert!(report.records + report.passed_over <= report.inputs.iter().map(|input| input.lines).sum::<u64>());
    }

    #[test]
    fn a_damaged_log_is_read_on(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let good = r#"{"msec":"1795132805.123","request_id":"a1","remote_addr":"203.0.113.7","key_id":"k1","request_method":"GET","request_uri":"/v1/accounts","status":"200"}"#;
        let mut bytes = format!("{good}\n{good}\n").into_bytes();
        let at = at.index(good.len());
        bytes[at] = byte;
        let (lines, report) = run(&mapping("nginx-json"), &bytes);
        prop_assert_eq!(&report.inputs[0].ended, &Ended::Whole);
        prop_assert!(!lines.is_empty(), "the second line is sound: {:?}", report.refusals);
        prop_assert_eq!(lines.last().unwrap()["id"].as_str(), Some("a1"));
    }
}
