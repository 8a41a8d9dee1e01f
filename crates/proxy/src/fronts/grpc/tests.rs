//! What is read of a question, and what a call may be. What real Envoy sends is in `crates/cli/tests/fronts`.

use super::super::proto::{AttributeContext, HeaderMap as RawHeaders, Pair, Request as Wrapped};
use super::*;
use proptest::prelude::*;

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn asked(http: HttpRequest) -> Bytes {
    let request = Some(Wrapped { http: Some(http) });
    CheckRequest { attributes: Some(AttributeContext { request }) }.encode_to_vec().into()
}

fn joined(pairs: &[(&str, &str)]) -> Vec<Pair> {
    pairs.iter().map(|(key, value)| Pair { key: bytes(key), value: bytes(value) }).collect()
}

fn raw(pairs: &[(&str, &[u8])]) -> Option<RawHeaders> {
    let header = |(key, value): &(&str, &[u8])| Said {
        key: bytes(key),
        value: Bytes::new(),
        raw_value: Bytes::copy_from_slice(value),
    };
    Some(RawHeaders { headers: pairs.iter().map(header).collect() })
}

fn post(headers: Vec<Pair>, body: &str) -> HttpRequest {
    HttpRequest {
        method: bytes("POST"),
        path: bytes("/v1/orders"),
        headers,
        body: bytes(body),
        ..HttpRequest::default()
    }
}

#[test]
fn raw_headers_count_before_joined_ones_and_bytes_that_are_no_text_stay_what_they_are() {
    let http = HttpRequest {
        path: bytes("/v1/acc!ounts"),
        header_map: raw(&[
            (":path", b"/v1/acc\xffounts"),
            (":method", b"DELETE"),
            ("authorization", b"Bearer a"),
            ("authorization", b"Bearer b"),
        ]),
        raw_body: bytes("raw"),
        ..post(joined(&[("authorization", "Bearer c")]), "text")
    };
    let shown = shown(asked(http)).unwrap();
    assert_eq!((shown.method, shown.target.as_slice()), (Method::POST, &b"/v1/acc\xffounts"[..]));
    let credentials: Vec<_> = shown.headers.get_all(header::AUTHORIZATION).iter().collect();
    assert_eq!(credentials, ["Bearer a", "Bearer b"]);
    assert_eq!((shown.headers.len(), shown.body.bytes, shown.whole), (2, bytes("raw"), true));
}

#[test]
fn a_body_that_is_not_shown_is_not_taken_for_none() {
    for (headers, body, whole) in [
        (&[][..], "", true),
        (&[("content-length", "0")], "", true),
        (&[("content-length", "4")], "a=b&", true),
        (&[("content-length", "4"), ("x-envoy-auth-partial-body", "false")], "a=b&", true),
        (&[("content-length", "4"), ("x-envoy-auth-partial-body", "false,true")], "a=b&", false),
        (&[("transfer-encoding", "chunked")], "a=b", true),
        // The filter has no `with_request_body`.
        (&[("content-length", "4")], "", false),
        (&[("content-length", "x")], "", false),
        (&[("transfer-encoding", "chunked")], "", false),
        (&[("content-length", "400")], "a=b&", false),
    ] {
        let shown = shown(asked(post(joined(headers), body))).unwrap();
        assert_eq!(shown.whole, whole, "{headers:?} {body}");
    }
}

#[test]
fn what_is_no_request_is_a_refusal_and_not_a_failed_call() {
    let strange = |http| shown(asked(http)).map(|_| ()).unwrap_err();
    for (message, error) in [
        (bytes("\u{ff}"), "is no `CheckRequest`"),
        (Bytes::new(), "shows no HTTP request"),
        (
            CheckRequest { attributes: Some(AttributeContext::default()) }.encode_to_vec().into(),
            "shows no HTTP",
        ),
    ] {
        assert!(shown(message).map(|_| ()).unwrap_err().2.contains(error), "{error}");
    }
    assert!(strange(HttpRequest { method: bytes("GE T"), ..post(Vec::new(), "") }).2.contains("no method"));
    assert!(strange(post(joined(&[("a b", "c")]), "")).2.contains("header's name"));
    assert!(strange(post(joined(&[("a", "b\r\nc: d")]), "")).2.contains("header's value"));
    let answer = problem(&strange(post(joined(&[("a b", "c")]), "")));
    let denied = answer.denied.unwrap();
    assert_eq!((answer.status.unwrap().code, denied.status.unwrap().code), (PERMISSION_DENIED, 400));
}

#[test]
fn a_call_is_one_message_with_its_length() {
    let call = |head: &[u8], rest: &[u8]| unframed([head, rest].concat().into()).map_err(|error| error.0);
    assert_eq!(call(&[0, 0, 0, 0, 2], b"ab"), Ok(bytes("ab")));
    assert_eq!(call(&[0, 0, 0, 0, 0], b""), Ok(Bytes::new()));
    assert_eq!(call(&[1, 0, 0, 0, 2], b"ab"), Err(UNIMPLEMENTED));
    for rest in [&b"a"[..], b"abc", b""] {
        assert_eq!(call(&[0, 0, 0, 0, 2], rest), Err(INVALID_ARGUMENT));
    }
    assert_eq!(call(&[0, 255, 255, 255, 255], b"ab"), Err(INVALID_ARGUMENT));
    assert_eq!(call(&[0, 0], b""), Err(INVALID_ARGUMENT));
}

proptest! {
    #[test]
    fn no_message_makes_it_panic(message in prop::collection::vec(any::<u8>(), 0..200), http in any::<bool>()) {
        // Bytes at random, and the same as a request's insides.
        let message = if http {
            let inner = |tag: u8, inside: Vec<u8>| {
                let mut outer = vec![tag << 3 | 2];
                prost::encode_length_delimiter(inside.len(), &mut outer).unwrap();
                outer.extend(inside);
                outer
            };
            inner(1, inner(4, inner(2, message)))
        } else {
            message
        };
        let _ = shown(message.into());
    }
}
