//! Canonical forms against a naive model: random parameters, signed the way each client signs, are accepted and read
//! as meant; whatever is changed afterwards is refused, or means the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod common;

use common::Request;
use proptest::prelude::*;
use sumun_dialect::{Params, Rejection};

/// A parameter as its sender means it.
#[derive(Clone, Debug)]
enum Meant {
    Text(String),
    /// A number or boolean, by its literal.
    Literal(String),
    List(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Client {
    /// Percent-encodes a query and hashes it as sent.
    RawQuery,
    /// Percent-encodes a query, space as `%20`, and hashes it decoded (ccxt).
    DecodedQuery,
    /// The same with space as `+` (upbit-sdk).
    DecodedPlusQuery,
    /// JSON body, hashed plain (ccxt).
    Json,
    /// JSON body, hashed form-encoded (pyupbit).
    JsonEncoded,
    /// JSON body, hashed form-encoded and decoded again (upbit-sdk).
    JsonDecoded,
    /// Form body, hashed as sent (pyupbit's reads, wickra).
    Form,
}

const CLIENTS: [Client; 7] = [
    Client::RawQuery,
    Client::DecodedQuery,
    Client::DecodedPlusQuery,
    Client::Json,
    Client::JsonEncoded,
    Client::JsonDecoded,
    Client::Form,
];

type Meaning = Vec<(String, Meant)>;

/// (name, value, element) triples, as [`Params`] must read them.
fn flat(meaning: &Meaning) -> Vec<(String, String, bool)> {
    let each = |(name, meant): &(String, Meant)| match meant {
        Meant::Text(value) | Meant::Literal(value) => vec![(name.clone(), value.clone(), false)],
        Meant::List(values) => values.iter().map(|v| (name.clone(), v.clone(), true)).collect(),
    };
    meaning.iter().flat_map(each).collect()
}

fn read(params: &Params<'_>) -> Vec<(String, String, bool)> {
    params.iter().map(|p| (p.name.to_string(), p.value.to_string(), p.element)).collect()
}

fn encoded(text: &str, space: &str) -> String {
    let each = |byte: u8| match byte {
        b' ' => space.to_owned(),
        b if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    text.bytes().map(each).collect()
}

/// `name=value` pairs joined by `&`, each part written by `write`, brackets of lists as given.
fn joined(meaning: &Meaning, brackets: &str, write: impl Fn(&str) -> String) -> String {
    let pair = |(name, value, element): (String, String, bool)| {
        format!("{}{}={}", write(&name), if element { brackets } else { "" }, write(&value))
    };
    flat(meaning).into_iter().map(pair).collect::<Vec<_>>().join("&")
}

fn json(meaning: &Meaning) -> String {
    let text = |t: &String| serde_json::to_string(t).unwrap();
    let member = |(name, meant): &(String, Meant)| {
        let value = match meant {
            Meant::Text(value) => text(value),
            Meant::Literal(literal) => literal.clone(),
            Meant::List(values) => format!("[{}]", values.iter().map(text).collect::<Vec<_>>().join(",")),
        };
        format!("{}:{value}", text(name))
    };
    format!("{{{}}}", meaning.iter().map(member).collect::<Vec<_>>().join(","))
}

/// The request that the client would send.
fn sent(client: Client, meaning: &Meaning) -> Request {
    let plain = joined(meaning, "[]", str::to_owned);
    let percent = joined(meaning, "%5B%5D", |t| encoded(t, "%20"));
    let plus = joined(meaning, "%5B%5D", |t| encoded(t, "+"));
    let with_plus_for_space = joined(meaning, "[]", |t| t.replace(' ', "+"));
    let (json_type, form_type) = (Some("application/json"), Some("application/x-www-form-urlencoded"));
    match client {
        Client::RawQuery => Request::new(&percent, b"", None, Some(&percent)),
        Client::DecodedQuery => Request::new(&percent, b"", None, Some(&plain)),
        Client::DecodedPlusQuery => Request::new(&plus, b"", None, Some(&with_plus_for_space)),
        Client::Json => Request::new("", json(meaning).as_bytes(), json_type, Some(&plain)),
        Client::JsonEncoded => {
            let hashed = joined(meaning, "[]", |t| encoded(t, "+"));
            Request::new("", json(meaning).as_bytes(), json_type, Some(&hashed))
        }
        Client::JsonDecoded => {
            Request::new("", json(meaning).as_bytes(), json_type, Some(&with_plus_for_space))
        }
        Client::Form => Request::new("", plus.as_bytes(), form_type, Some(&plus)),
    }
}

/// Values without control characters, with and without what needs encoding.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[A-Za-z0-9.-]{1,12}",
        2 => "[ -~]{0,12}",
        1 => r"[ -~가-힣é😀]{0,8}",
        1 => "[&=+%2B6 ]{1,6}",
    ]
}

fn meaning() -> impl Strategy<Value = Meaning> {
    let meant = prop_oneof![
        5 => value().prop_map(Meant::Text),
        1 => r"-?(0|[1-9][0-9]{0,6})(\.[0-9]{1,4})?(e-0[1-9])?|true|false".prop_map(Meant::Literal),
        1 => prop::collection::vec(value(), 1..4).prop_map(Meant::List),
    ];
    prop::collection::btree_map("[a-z_]{1,8}", meant, 1..6).prop_map(|m| m.into_iter().collect())
}

fn client() -> impl Strategy<Value = Client> {
    prop::sample::select(&CLIENTS[..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_a_client_signed_is_read_as_it_was_meant(client in client(), meaning in meaning()) {
        let request = sent(client, &meaning);
        let separators = flat(&meaning).iter().any(|(_, value, _)| value.contains(['&', '=']));
        let found = request.verify();
        if separators && !matches!(client, Client::RawQuery | Client::Form) {
            prop_assert_eq!(found.map(|v| read(&v.params)), Err(Rejection::SmuggledParameter));
        } else {
            let verified = found.unwrap();
            prop_assert_eq!(read(&verified.params), flat(&meaning));
        }
    }

    #[test]
    fn a_changed_byte_is_refused_or_means_the_same(
        client in client(),
        meaning in meaning(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        kind in 0..3,
    ) {
        let mut request = sent(client, &meaning);
        let is_query = !request.query.is_empty();
        let mut bytes = if is_query { request.query.clone().into_bytes() } else { request.body.clone() };
        let at = at.index(bytes.len());
        match kind {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            _ => {
                bytes.remove(at);
            }
        }
        if is_query {
            let Ok(query) = String::from_utf8(bytes) else { return Ok(()) };
            request.query = query;
        } else {
            request.body = bytes;
        }
        if let Ok(verified) = request.verify() {
            // No form tells a space from a plus: the one thing that a change may change unseen.
            let same = |rows: Vec<(String, String, bool)>| {
                rows.into_iter().map(|(n, v, e)| (n, v.replace('+', " "), e)).collect::<Vec<_>>()
            };
            prop_assert_eq!(same(read(&verified.params)), same(flat(&meaning)));
        }
    }

    #[test]
    fn a_changed_token_is_refused(at in any::<prop::sample::Index>(), byte in 0x21..0x7f_u8) {
        let mut request = Request::new("market=KRW-BTC", b"", None, Some("market=KRW-BTC"));
        let mut value = request.headers["authorization"].as_bytes().to_vec();
        let at = "Bearer ".len() + at.index(value.len() - "Bearer ".len());
        prop_assume!(value[at] != byte);
        value[at] = byte;
        request.headers.insert("authorization", http::HeaderValue::from_bytes(&value).unwrap());
        let raw = request.raw();
        let accepted = match sumun_dialect::Dialect::Upbit.credential(&raw) {
            Ok(Some(credential)) => {
                sumun_dialect::Dialect::Upbit.verify(&raw, &credential, &common::mac_key()).is_ok()
            }
            _ => false,
        };
        prop_assert!(!accepted);
    }

    #[test]
    fn parameters_never_move_between_query_and_body_unseen(meaning in meaning(), client in client()) {
        let mut request = sent(client, &meaning);
        if request.query.is_empty() {
            request.query = "a=b".to_owned();
        } else {
            request.body = b"a=b".to_vec();
        }
        prop_assert_eq!(request.verify().map(|v| read(&v.params)), Err(Rejection::ParametersInBoth));
    }

    #[test]
    fn nothing_panics(
        query in any::<String>(),
        body in prop::collection::vec(any::<u8>(), 0..64),
        content_type in prop::option::of("[ -~]{0,40}|application/(json|x-www-form-urlencoded)(; ?charset=utf-8)?"),
        hashed in any::<Option<String>>(),
        path in any::<String>(),
    ) {
        for (query, body) in [(query.as_str(), &b""[..]), ("", &body), (&query, &body)] {
            let request = Request::new(query, body, content_type.as_deref(), hashed.as_deref());
            if let Ok(verified) = request.verify() {
                let _ = verified.params.market("market");
            }
        }
        let dialect = sumun_dialect::Dialect::Upbit;
        let _ = dialect.route(&http::Method::GET, &path, false);
        let _ = dialect.client_message(&path, &body);
    }
}
