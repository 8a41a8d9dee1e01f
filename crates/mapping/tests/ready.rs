//! Ready mappings and path tables: each is sound, and gives what its example promises.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use sumun_mapping::{Mapping, PathTable, Report, Run, ready};
use sumun_model::wire::to_json;

fn mapping(name: &str, paths: Option<&str>) -> Mapping {
    let text = ready::mapping(name).unwrap_or_else(|| panic!("no `{name}`"));
    let mapping = Mapping::parse(name, text, &mut |_| None).unwrap_or_else(|error| panic!("{error}"));
    match paths {
        None => mapping,
        Some(paths) => mapping.with_paths(ready::paths(paths).unwrap().unwrap()),
    }
}

fn run(mapping: &Mapping, input: &[u8]) -> (Vec<String>, Report) {
    let given = BTreeMap::from([("as_of".to_owned(), "2026-11-20T00:00:00Z".to_owned())]);
    let mut run = Run::new(mapping, given);
    let mut out = Vec::new();
    run.read("in.log", input, &mut |row| {
        out.extend(row.lines.iter().map(|line| known(&to_json(line).unwrap())));
        ControlFlow::Continue(())
    })
    .unwrap();
    (out, run.into_report())
}

/// Without nulls, so that a snapshot shows what was filled.
fn known(json: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    let members = value.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
    members.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_ready_file_is_sound() {
    for (name, text) in ready::MAPPINGS {
        let mapping = Mapping::parse(name, text, &mut |_| None).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(mapping.name, *name);
    }
    for (name, text) in ready::PATHS {
        let table = PathTable::parse(name, text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(table.name, *name);
    }
}

#[test]
fn upbit_s_paths_are_the_dialect_s_routes() {
    let own = ready::PATHS.iter().find(|(name, _)| *name == "upbit").unwrap().1;
    let dialect = include_str!("../../dialect/data/upbit-routes.toml");
    let routes = |text: &str| text.get(text.find("# Assets").unwrap()..).unwrap().to_owned();
    assert_eq!(routes(own), routes(dialect), "copy the routes over");
}

#[test]
fn paths_of_five_exchanges() {
    let table: Vec<String> =
        include_str!("paths.table").lines().filter(|line| !line.starts_with('#')).map(judged).collect();
    insta::assert_snapshot!(table.join("\n"));
}

fn judged(line: &str) -> String {
    let [exchange, method, path] = line.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
    let table = ready::paths(exchange).unwrap().unwrap();
    let said = table.find(method, path).map_or("not known".to_owned(), |route| {
        let scope = route.scope.map_or("any key", sumun_model::Scope::as_str);
        format!("{} {scope}", route.effect)
    });
    format!("{exchange:8} {method:6} {path:32} {said}")
}

const NGINX: &str = r#"{"msec":"1795132805.123","request_id":"a1","remote_addr":"203.0.113.7","http_x_forwarded_for":"","key_id":"h:k1","account_id":"h:a1","request_method":"GET","request_uri":"/v1/orders/chance?market=KRW-BTC","http_upgrade":"","status":"200","http_user_agent":"ccxt/4.5","request_time":"0.012","tcpinfo_rtt":"4100","error":""}
{"msec":"1795132806.000","request_id":"a2","remote_addr":"198.51.100.9","key_id":"h:k1","account_id":"h:a1","request_method":"POST","request_uri":"/v1/orders","status":"401","http_user_agent":"pyupbit","request_time":"0.001","error":"no_authorization_ip"}
{"msec":"1795132806.500","request_id":"a3","remote_addr":"198.51.100.9","request_method":"GET","request_uri":"/v1/ticker","status":"200"}
{"msec":"1795132807.000","request_id":"a4","remote_addr":"2001:db8::1","key_id":"h:k2","request_method":"GET","request_uri":"/websocket/v1/private","http_upgrade":"websocket","status":"101","request_time":"12.5","pool":"b"}
{"msec":"1795132808.000","request_id":"a5","remote_addr":"2001:db8::1","key_id":"h:k2","request_method":"GET","request_uri":"/v3/new/90017361/x","status":"400"}
"#;

#[test]
fn nginx_json() {
    let (lines, report) = run(&mapping("nginx-json", None), NGINX.as_bytes());
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!((report.skipped[0].field.as_str(), report.skipped[0].count), ("key", 1));
    assert_eq!(report.unknown_fields.len(), 1, "{:?}", report.unknown_fields);
    assert_eq!(report.unknown_paths[0].name, "GET /v3/new/{id}/x");
    assert_eq!(report.refused, 0, "{:?}", report.refusals);
}

/// What nginx 1.22 and Envoy 1.40 really wrote, by the formats in the mappings' heads: sound requests, quotes and bytes that are no text in
/// the user agent, a request id the client chose (Envoy put its own there), a scanner.
#[test]
fn what_real_fronts_wrote() {
    let mut out = Vec::new();
    for (name, log) in [
        ("nginx-json", &include_bytes!("real/nginx-1.22.json.log")[..]),
        ("nginx-combined", include_bytes!("real/nginx-1.22.combined.log")),
        ("envoy-json", include_bytes!("real/envoy-1.40.json.log")),
        ("envoy-text", include_bytes!("real/envoy-1.40.text.log")),
    ] {
        let (lines, report) = run(&mapping(name, None), log);
        let refused: Vec<&str> = report.refusals.iter().map(|tally| tally.code.as_str()).collect();
        out.push(format!(
            "== {name}: {} records, replaced {}, refused {refused:?}",
            report.records, report.replaced
        ));
        out.extend(lines);
    }
    insta::assert_snapshot!(out.join("\n"));
}

/// As nginx 1.22 wrote it, with `escape=json`, of a user agent that is no text, of a long one full of quotes, and of a scanner's bytes.
#[test]
fn no_client_hides_a_request_by_its_bytes() {
    let line = |id: &str, key: &str, uri: &str, method: &str, agent: &[u8]| {
        let mut line = format!(
            r#"{{"msec":"1795220862.480","request_id":"{id}","remote_addr":"203.0.113.7","key_id":"{key}","request_method":"{method}","request_uri":"{uri}","status":"200","http_user_agent":""#
        )
        .into_bytes();
        line.extend_from_slice(agent);
        line.extend_from_slice(b"\"}\n");
        line
    };
    let mut log = line("a1", "h:k1", "/v1/accounts", "GET", b"\xff\xfe bad");
    log.extend(line("a2", "h:k1", "/v1/accounts", "GET", &br#"\""#.repeat(60_000)));
    log.extend(line("a3", "", "", "", b""));
    log.extend(line("a5", "h:k1", "/v1/orders?market=not%20a%20market", "POST", b"x"));
    log.extend(line("a4", "h:k1", "", "", b""));
    let (lines, report) = run(&mapping("nginx-json", None), &log);
    assert_eq!(lines.len(), 3, "{:?}", report.refusals);
    assert!(lines[0].contains("\u{fffd}\u{fffd} bad"), "{}", lines[0]);
    assert_eq!(
        (report.replaced, report.refused, report.skipped[0].count),
        (1, 1, 1),
        "a key without a request is refused, a scanner passed over"
    );
}

#[test]
fn nginx_combined_with_bithumb_paths() {
    let log = b"203.0.113.7 - h:k1 [20/Nov/2026:09:00:05 +0900] \"POST /trade/place HTTP/1.1\" 200 12 \"-\" \"pybithumb\"\n\
                203.0.113.7 - - [20/Nov/2026:09:00:06 +0900] \"GET /public/ticker HTTP/1.1\" 200 12 \"-\" \"-\"\n\
                not a line of this log\n";
    let (lines, report) = run(&mapping("nginx-combined", Some("bithumb")), log);
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!(report.refusals[0].code, sumun_mapping::Code::NoMatch);
}

#[test]
fn envoy_json_with_korbit_paths() {
    let log = br#"{"start_time":"1795132805.123456","request_id":"e1","downstream":"203.0.113.7","forwarded_for":"203.0.113.7","key_id":"h:k1","account_id":null,"method":"DELETE","path":"/v2/orders?symbol=btc_krw&orderId=7","response_code":200,"user_agent":"digitalx-cli/1.2","duration":12,"upgrade":null,"error":null}
{"start_time":"1795132806.123456","request_id":"e2","downstream":"203.0.113.7","key_id":"h:k1","method":"POST","path":"/v2/coin/withdrawal","response_code":0,"duration":3}
"#;
    let (lines, _) = run(&mapping("envoy-json", Some("korbit")), log);
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn envoy_text_with_gopax_paths() {
    let log = br#"[2026-11-20T00:00:05.123Z] "DELETE /orders/67732576 HTTP/1.1" 200 - 154 0 226 100 "198.51.100.1, 203.0.113.7" "ccxt/1.50" "e1" "api" "10.0.0.9:80"
[2026-11-20T00:00:06.123Z] "GET /balances HTTP/1.1" 200 - 154 0 226 100 "203.0.113.7" "x" "forged" "y" "e2" "api" "10.0.0.9:80"
"#;
    let (lines, report) = run(&mapping("envoy-text", Some("gopax")), log);
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!(report.refusals[0].code, sumun_mapping::Code::Ambiguous);
}

#[test]
fn keys_of_a_spreadsheet_in_cp949() {
    let text = "key_id,account_id,customer_id,segment,state,scopes,allowlist,vendor,created_at,expires_at,last_used_at\n\
                h:k1,h:a1,h:c1,개인,사용중,자산조회;주문하기,203.0.113.7;198.51.100.0/24,,2026-01-02 09:00:00,2027-01-02 09:00:00,2026-11-01 00:00:00\n\
                h:k2,h:a2,h:c2,법인,정지,출금하기,,\"V1\",2026-01-02 09:00:00,,\n\
                h:k3,h:a3,h:c3,법인,휴면,출금하기,,,2026-01-02 09:00:00,,\n";
    let bytes = cp949(text);
    let (lines, report) = run(&mapping("keys-csv", None), &bytes);
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!(report.refusals.len(), 1, "{:?}", report.refusals);
    assert_eq!(report.refusals[0].field, "key.state");
}

fn cp949(text: &str) -> Vec<u8> {
    let (bytes, _, bad) = encoding_rs::EUC_KR.encode(text);
    assert!(!bad);
    bytes.into_owned()
}

#[test]
fn orders_trades_sessions_networks_accounts() {
    let mut out = Vec::new();
    for (name, text) in [
        (
            "orders-csv",
            "event_id,at,account_id,key_id,channel,request_id,market,order_id,action,side,kind,price,quantity,remaining\n\
             o1,2026-11-20 09:00:05.123,h:a1,h:k1,API,a1,krw-btc,O-1,접수,매수,지정가,\"95,000,000\",0.01,0.01\n",
        ),
        (
            "trades-csv",
            "trade_id,at,market,price,quantity,taker_side,taker_account_id,taker_key_id,taker_order_id,maker_account_id,maker_key_id,maker_order_id\n\
             t1,2026-11-20 09:00:05.123,KRW-BTC,95000000,0.01,bid,h:a1,h:k1,O-1,h:a2,,O-2\n",
        ),
        (
            "sessions-csv",
            "session_id,at,account_id,key_id,action,channel,ip,device_id,remote_control\n\
             s1,2026-11-20 09:00:05,h:a1,,로그인,APP,203.0.113.7,d1,N\n",
        ),
        ("vendors-csv", "vendor_id,state,class,networks\nV1,승인,tool,203.0.113.0/24;198.51.100.7\n"),
        ("networks-csv", "prefix,asn,org,country,class\n203.0.113.0/24,AS64500,Example Hosting,kr,cloud\n"),
        (
            "accounts-csv",
            "account_id,customer_id,person_id,parent_account_id,segment,country,opened_on,fee_tier\nh:a1,h:c1,,,MM,kr,2025-03-02,vip\n",
        ),
    ] {
        let (lines, report) = run(&mapping(name, None), text.as_bytes());
        assert_eq!(report.refused, 0, "{name}: {:?}", report.refusals);
        out.extend(lines);
    }
    insta::assert_snapshot!(out.join("\n"));
}

/// What a table needs stands in the page as the mapping has it.
#[test]
fn the_page_lists_the_columns_of_every_ready_table() {
    let page = include_str!("../../../docs/adopt/mappings.md");
    let named = |columns: &[&str]| match columns {
        [] => "–".to_owned(),
        columns => columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", "),
    };
    for (name, _) in ready::MAPPINGS {
        let mapping = mapping(name, None);
        if mapping.is_table() {
            let row = format!("| `{name}` | {} | {} |", named(&mapping.needed()), named(&mapping.optional()));
            assert!(page.contains(&row), "docs/adopt/mappings.md should hold:\n{row}");
        }
    }
}

#[test]
fn a_table_of_accounts_needs_three_columns() {
    let (lines, report) =
        run(&mapping("accounts-csv", None), b"account_id,customer_id,segment\nA1,C1,retail\n");
    assert_eq!((lines.len(), report.refused), (1, 0));
    assert!(lines[0].contains("account=\"A1\"") && lines[0].contains("segment=\"retail\""), "{lines:?}");
    let accounts = mapping("accounts-csv", None);
    let mut refused = Run::new(&accounts, BTreeMap::new());
    let said = refused
        .read("a.csv", &b"account_id,customer\nA1,C1\n"[..], &mut |_| ControlFlow::Continue(()))
        .unwrap_err()
        .to_string();
    for words in [
        "`customer_id`, `segment`",
        "the columns are: account_id, customer",
        "name it so",
        "a copy of the mapping",
    ] {
        assert!(said.contains(words), "{said}");
    }
}

/// What Excel does to a table of keys is refused with words, and a day that stands for "no end" is none.
#[test]
fn what_a_spreadsheet_wrote_is_told() {
    let head = "key_id,account_id,state,scopes,allowlist,created_at,expires_at\n";
    let rows = [
        "1.23E+15,A1,active,read,,2026-01-05 10:00:00,",
        "K2,1.23E+15,active,read,,2026-01-05 10:00:00,",
        "K3,A3,active,read,,2026-01-05 오전 10:00,",
        "K4,A4,active,read,,2026-01-05 10:00:00,2027-06-30",
        "K5,A5,active,read,,2026-01-05 10:00:00,9999-12-31 23:59:59",
        "K6,A6,active,read,,2026-01-05 10:00:00,2027-06-30 00:00:00",
    ];
    let (lines, report) = run(&mapping("keys-csv", None), format!("{head}{}\n", rows.join("\n")).as_bytes());
    let refused: Vec<String> = report
        .refusals
        .iter()
        .map(|tally| format!("{} {} {}", tally.field, tally.code.as_str(), tally.first[0].line))
        .collect();
    assert_eq!(
        refused,
        [
            "key.key spreadsheet_number 2",
            "account.account spreadsheet_number 3",
            "key.account spreadsheet_number 3",
            "key.created bad_time 4",
            "key.expires bad_time 5"
        ]
    );
    let key = |id: &str| {
        lines
            .iter()
            .find(|line| line.contains(&format!("key=\"{id}\"")))
            .unwrap_or_else(|| panic!("{id}: {lines:?}"))
    };
    assert!(!key("K5").contains("expires="), "{}", key("K5"));
    assert!(key("K6").contains("expires=\"2027-06-29T15:00:00"), "{}", key("K6"));
}
