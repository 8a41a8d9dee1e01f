//! The data files keep their rules, and every kind of message and path is read or refused as documented.

use super::*;
use crate::dialect::Dialect;
use crate::stream::{AskKind, ClientMessage, StreamAsk};
use http::Method;
use std::collections::BTreeMap;
use sumun_model::{Effect, Reason, Scope};

const UPBIT: Dialect = Dialect::Upbit;

#[test]
fn routes_keep_the_rules_of_their_effect() {
    assert_eq!(ROUTES.iter().count(), 55);
    for route in ROUTES.iter() {
        let name = format!("{} {}", route.method, route.path);
        let writes = [
            Scope::Trade,
            Scope::Cancel,
            Scope::Deposit,
            Scope::Withdraw,
            Scope::Transfer,
            Scope::SubAccounts,
        ];
        match route.effect {
            Effect::Read => {
                assert_eq!(route.method, "GET", "{name}");
                let plain = route.scope.is_none_or(|s| !writes.contains(&s));
                assert!(plain || route.path.starts_with("/v1/pockets"), "{name}");
            }
            Effect::Order => {
                assert_eq!((route.scope, route.method.as_str()), (Some(Scope::Trade), "POST"), "{name}");
            }
            Effect::Cancel => {
                assert_eq!((route.scope, route.method.as_str()), (Some(Scope::Cancel), "DELETE"), "{name}");
            }
            Effect::Transfer => {
                assert!(route.scope.is_some_and(|s| writes[2..].contains(&s)), "{name}");
                assert_ne!(route.method, "GET", "{name}");
            }
        }
        // pyupbit reads groups by this alphabet only.
        assert!(route.group.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
        // Nobody need sign a public call; who does, calls with a key that may be for something else.
        let scope = (!route.stream).then_some(Scope::MarketData);
        assert!(!route.public || route.scope == scope, "{name}");
        assert_eq!(route.stream, route.path.starts_with("/websocket/"), "{name}");
    }
}

#[test]
fn every_call_of_the_client_libraries_has_a_route() {
    // Method and path of each private call in ccxt 4.5.90 (`api` table) and upbit-sdk 1.1.0 (`resources`).
    let calls = "
        GET accounts, GET orders/chance, GET order, GET orders/closed, GET orders/open, GET orders/uuids,
        GET withdraws, GET withdraw, GET withdraws/chance, GET withdraws/coin_addresses, GET deposits,
        GET deposits/chance/coin, GET deposit, GET deposits/coin_addresses, GET deposits/coin_address,
        GET travel_rule/vasps, GET status/wallet, GET api_keys, GET pockets, GET pockets/api_keys,
        GET pockets/assets, GET pockets/universal_transfers, GET pockets/transfers, POST orders,
        POST orders/test, POST orders/cancel_and_new, POST withdraws/coin, POST withdraws/krw,
        POST deposits/krw, POST deposits/generate_coin_address, POST travel_rule/deposit/uuid,
        POST travel_rule/deposit/txid, POST pockets/universal_transfers, POST pockets/transfers,
        DELETE order, DELETE orders/open, DELETE orders/uuids, DELETE withdraws/coin, GET orders";
    for call in calls.split(',') {
        let (method, path) = call.trim().split_once(' ').unwrap();
        let route = UPBIT.route(&method.parse().unwrap(), &format!("/v1/{path}"), false);
        assert!(route.is_some_and(|r| !r.public), "{call}");
    }
    let public = "market/all candles/seconds candles/minutes/1 candles/minutes/240 candles/days candles/weeks
        candles/months candles/years trades/ticks ticker ticker/all orderbook orderbook/instruments";
    for path in public.split_whitespace() {
        assert!(UPBIT.route(&Method::GET, &format!("/v1/{path}"), false).is_some_and(|r| r.public), "{path}");
    }
}

#[test]
fn a_path_is_a_route_only_if_written_exactly() {
    let is_route = |path: &str| UPBIT.route(&Method::GET, path, false).is_some();
    assert!(is_route("/v1/accounts"));
    assert!(is_route("/v1/candles/minutes/15"));
    for other in [
        "",
        "/",
        "v1/accounts",
        "//v1/accounts",
        "/v1//accounts",
        "/v1/accounts/",
        "/v1/./accounts",
        "/v1/orders/../accounts",
        "/v1/%61ccounts",
        "/v1%2Faccounts",
        "/v1/accounts;x=1",
        "/v1/accounts?",
        "/v1/accounts%00",
        "/V1/accounts",
        "/v1/Accounts",
        "/v1/accounts ",
        "http://h/v1/accounts",
        "/v1/candles/minutes/",
        "/v1/candles/minutes/.",
        "/v1/candles/minutes/..",
        "/v1/candles/minutes/1;2",
        "/v1/candles/minutes/%31",
        "/v1/candles/minutes/1/2",
        "/v1/candles/minutes/{unit}",
        "/websocket/v1/private",
    ] {
        assert!(!is_route(other), "{other}");
    }
    for method in [Method::HEAD, Method::PUT, Method::PATCH, Method::OPTIONS, "get".parse().unwrap()] {
        assert!(UPBIT.route(&method, "/v1/accounts", false).is_none(), "{method}");
    }
    assert!(UPBIT.route(&Method::GET, "/websocket/v1/private", true).is_some());
    assert!(UPBIT.route(&Method::GET, "/v1/accounts", true).is_none(), "no upgrade on a plain route");
    assert_eq!(UPBIT.route(&Method::DELETE, "/v1/order", false).unwrap().effect, Effect::Cancel);
    assert_eq!(UPBIT.route(&Method::GET, "/v1/order", false).unwrap().effect, Effect::Read);
}

#[test]
fn every_reason_has_a_refusal_that_clients_understand() {
    for reason in Reason::ALL {
        let refusal = UPBIT.refusal(*reason);
        assert_eq!(refusal.reason, *reason);
        assert!(refusal.status.is_client_error() || refusal.status.is_server_error(), "{reason}");
        let body: serde_json::Value = serde_json::from_str(&refusal.body).unwrap();
        let error = body.get("error").unwrap_or(&body);
        assert_eq!(error["name"], refusal.name.as_str(), "{reason}");
        assert_eq!(error["message"], refusal.message.as_str(), "{reason}");
        // ccxt raises by status only if there is no `error` object.
        assert!(refusal.status != 429 || body.get("error").is_none(), "{reason}");
    }
    let silent: Vec<_> =
        Reason::ALL.iter().filter(|r| !UPBIT.refusal(**r).emitted).map(|r| r.as_str()).collect();
    insta::assert_snapshot!(silent.join(" "), @r"
    timestamp_out_of_window client_not_allowed grant_expired account_not_allowed operator_not_approved confirmation_required halted limit_exceeded
    ");
}

#[test]
fn every_message_error_has_its_own_frame() {
    let mut frames = BTreeMap::new();
    for reason in [Reason::ScopeMissing, Reason::RouteUnknown, Reason::MalformedCredentials] {
        let frame = UPBIT.message_refusal(reason);
        let json: serde_json::Value = serde_json::from_str(frame).unwrap();
        assert!(json["error"]["name"].is_string() && json["error"]["message"].is_string(), "{frame}");
        frames.insert(frame, reason);
    }
    assert_eq!(frames.len(), 3);
    assert_eq!(UPBIT.message_refusal(Reason::KeySuspended), UPBIT.message_refusal(Reason::ScopeMissing));
    assert!((1000..5000).contains(&UPBIT.stream_refusal().close_code));
}

#[test]
fn permissions_are_known_by_both_names() {
    assert_eq!(UPBIT.permission("자산조회"), UPBIT.permission("view_account"));
    assert_eq!(UPBIT.permission("make_orders").unwrap(), [Scope::Trade, Scope::Cancel]);
    assert_eq!(UPBIT.permission("View_Account"), None);
    let all = "view_account view_orders make_orders view_withdrawals withdraw view_deposits deposit transfer manage_pockets";
    assert!(all.split(' ').all(|name| UPBIT.permission(name).is_some()));
}

const PRIVATE: &str = "/websocket/v1/private";

fn understood(text: &str) -> Option<StreamAsk> {
    match UPBIT.client_message(PRIVATE, text.as_bytes()) {
        ClientMessage::Understood(ask) => Some(ask),
        ClientMessage::Refused(_) => None,
    }
}

#[test]
fn what_the_client_libraries_send_is_understood() {
    assert!(STREAMS.len() >= 15);
    let asks = |text: &str| understood(text).map(|a| (a.kind, a.asks, a.markets));
    let none = Vec::<String>::new;
    assert_eq!(asks("PING"), Some((AskKind::Ping, vec![], none())));
    // ccxt.pro
    assert_eq!(
        asks(r#"[{"ticket":"t"},{"type":"myAsset"}]"#),
        Some((AskKind::Subscribe, vec![Scope::ReadBalances], none()))
    );
    assert_eq!(
        asks(
            r#"[{"ticket":"t"},{"type":"myAsset"},{"type":"myOrder","codes":["KRW-BTC","KRW-ETH","KRW-BTC"]}]"#
        ),
        Some((
            AskKind::Subscribe,
            vec![Scope::ReadBalances, Scope::ReadOrders],
            vec!["KRW-BTC".into(), "KRW-ETH".into()]
        ))
    );
    // upbit-sdk
    assert_eq!(
        asks(
            r#"[{"ticket": "t"}, {"type": "announcement", "categories": ["notice"], "include_body": true}, {"type": "myOrder", "codes": []}, {"format": "SIMPLE_LIST"}]"#
        ),
        Some((AskKind::Subscribe, vec![Scope::MarketData, Scope::ReadOrders], none()))
    );
    assert_eq!(
        asks(r#"[{"ticket": "t"}, {"method": "LIST_SUBSCRIPTIONS"}]"#),
        Some((AskKind::ListSubscriptions, vec![], none()))
    );
    // pyupbit, on the public path
    let ClientMessage::Understood(public) = UPBIT.client_message(
        "/websocket/v1",
        br#"[{"ticket":"abc123"},{"type":"orderbook","codes":["KRW-BTC.5"],"isOnlyRealtime":true},{"type":"candle.1m","codes":["KRW-XRP"]}]"#,
    ) else {
        panic!("understood")
    };
    assert_eq!(
        (public.asks, public.markets),
        (vec![Scope::MarketData], vec!["KRW-BTC".into(), "KRW-XRP".into()])
    );
}

#[test]
fn an_escaped_type_is_the_type_it_spells() {
    let ask = understood(r#"[{"ticket":"t"},{"\u0074ype":"my\u004frder"}]"#).unwrap();
    assert_eq!(ask.asks, [Scope::ReadOrders]);
}

#[test]
fn what_is_not_understood_strictly_is_refused() {
    let t = r#"{"ticket":"t"}"#;
    for bad in [
        "",
        "ping",
        "PING ",
        "[]",
        "{}",
        "null",
        r#"{"ticket":"t","type":"myAsset"}"#,
        r#"[{"type":"myAsset"}]"#,
        &format!("[{t}]"),
        &format!("[{t},{t},{{\"type\":\"myAsset\"}}]"),
        &format!("[{t},{{\"type\":\"myAsset\"}}] x"),
        &format!("[{t},{{\"type\":\"myAsset\"}},[{{\"type\":\"myOrder\"}}]]"),
        &format!("[{t},{{\"type\":[\"myAsset\"]}}]"),
        &format!("[{t},{{\"type\":null}}]"),
        &format!("[{t},{{\"type\":\"MyAsset\"}}]"),
        &format!("[{t},{{\"type\":\"myAsset \"}}]"),
        &format!("[{t},{{\"type\":\"myTrade\"}}]"),
        &format!("[{t},{{\"Type\":\"myAsset\"}}]"),
        &format!("[{t},{{\"type\":\"ticker\",\"type\":\"myAsset\"}}]"),
        &format!("[{t},{{\"type\":\"ticker\",\"\\u0074ype\":\"myAsset\"}}]"),
        &format!("[{t},{{\"type\":\"ticker\",\"types\":[\"myAsset\"]}}]"),
        &format!("[{t},{{\"type\":\"ticker\",\"ticket\":\"t\"}}]"),
        &format!("[{t},{{\"type\":\"ticker\",\"codes\":\"KRW-BTC\"}}]"),
        &format!("[{t},{{\"type\":\"ticker\",\"codes\":[1]}}]"),
        &format!("[{t},{{\"type\":\"ticker\",\"codes\":[\"KRW-BTC\\u0000\"]}}]"),
        &format!("[{t},{{\"type\":\"myAsset\",\"codes\":[]}}]"),
        &format!("[{t},{{\"type\":\"ticker\"}},{{\"method\":\"LIST_SUBSCRIPTIONS\"}}]"),
        &format!("[{t},{{\"method\":\"SUBSCRIBE\"}}]"),
        &format!("[{t},{{\"type\":\"ticker\"}},{{\"format\":\"X\"}}]"),
        &format!("[{t},{{\"type\":\"ticker\"}},{{\"format\":\"SIMPLE\"}},{{\"format\":\"DEFAULT\"}}]"),
        &format!("[{t},{{\"type\":\"ticker\"}},{{}}]"),
        &format!("\u{feff}[{t},{{\"type\":\"ticker\"}}]"),
    ] {
        assert_eq!(understood(bad), None, "{bad}");
    }
    let long = format!(r#"[{t},{{"type":"ticker","codes":["{}"]}}]"#, "A".repeat(Dialect::MESSAGE_BYTES_MAX));
    assert_eq!(understood(&long), None);
    assert!(matches!(UPBIT.client_message(PRIVATE, b"[{\"ticket\":\"\xff\"}]"), ClientMessage::Refused(_)));
}

#[test]
fn private_types_are_unknown_on_other_paths() {
    for path in ["/websocket/v1", "/websocket/v1/info", "/websocket/v1/private/", ""] {
        let message = UPBIT.client_message(path, br#"[{"ticket":"t"},{"type":"myAsset"}]"#);
        let ClientMessage::Refused(error) = message else { panic!("{path}") };
        assert_eq!(error.reason(), Reason::RouteUnknown);
    }
}
