//! Smuggling: whatever framing a client invents, the upstream sees exactly the requests that were decided, or none.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic and read clocks"
)]

mod support;

use std::time::Duration;
use sumun_model::Reason;
use support::{World, sign};

const ORDER: &str = "market=KRW-BTC&side=bid&volume=1&price=1&ord_type=limit";
const CHUNKED_ORDER: &str = "37\r\nmarket=KRW-BTC&side=bid&volume=1&price=1&ord_type=limit\r\n0\r\n\r\n";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// The head of an order of K1, signed, with framing of the test's choice, and bytes behind it.
fn order(framing: &str, behind: &str) -> Vec<u8> {
    format!("{}{behind}", sign::head("POST", "/v1/orders", ORDER, &format!("{FORM}{framing}"))).into_bytes()
}

/// A request somebody would like to hide behind another: of K2, with its own credential.
fn hidden() -> String {
    format!(
        "DELETE /v1/order?uuid=x HTTP/1.1\r\nHost: api.example\r\nAuthorization: {}\r\n\r\n",
        sign::bearer("K2", "uuid=x")
    )
}

/// A proxy that soon ends a connection on which nothing more comes, so that a test can read to the end.
async fn world() -> World {
    World::with(|o| {
        o.config.timeouts.header_read = Duration::from_millis(250);
        o.config.timeouts.body_read = Duration::from_millis(250);
    })
    .await
}

/// Sends bytes, then reads every response until the proxy ends the connection.
async fn statuses(world: &World, bytes: &[u8]) -> Vec<u16> {
    let mut client = world.client().await;
    client.send(bytes).await;
    let mut statuses = Vec::new();
    while let Some(response) = client.try_response("GET").await {
        statuses.push(response.status);
    }
    statuses
}

#[tokio::test]
async fn framing_with_two_readings_is_refused_and_reaches_nobody() {
    let length = format!("Content-Length: {}\r\n", ORDER.len());
    let chunked = "Transfer-Encoding: chunked\r\n";
    let rows: Vec<(&str, String, String)> = vec![
        ("two different lengths", format!("{length}Content-Length: 3\r\n"), ORDER.into()),
        ("a list of lengths", format!("Content-Length: {0}, {0}\r\n", ORDER.len()), ORDER.into()),
        ("a signed length", format!("Content-Length: +{}\r\n", ORDER.len()), ORDER.into()),
        ("a negative length", "Content-Length: -1\r\n".into(), ORDER.into()),
        ("a length in hexadecimal", "Content-Length: 0x37\r\n".into(), ORDER.into()),
        ("an empty length", "Content-Length:\r\n".into(), ORDER.into()),
        ("chunked is not last", "Transfer-Encoding: chunked, identity\r\n".into(), CHUNKED_ORDER.into()),
        ("identity first", "Transfer-Encoding: identity, chunked\r\n".into(), CHUNKED_ORDER.into()),
        ("compressed too", "Transfer-Encoding: gzip, chunked\r\n".into(), CHUNKED_ORDER.into()),
        ("chunked twice", format!("{chunked}{chunked}"), CHUNKED_ORDER.into()),
        ("an unknown coding", "Transfer-Encoding: xchunked\r\n".into(), CHUNKED_ORDER.into()),
        ("a quoted coding", "Transfer-Encoding: \"chunked\"\r\n".into(), CHUNKED_ORDER.into()),
        ("a vertical tab", "Transfer-Encoding: \x0bchunked\r\n".into(), CHUNKED_ORDER.into()),
        (
            "a space before the colon",
            format!("{length}Transfer-Encoding : chunked\r\n"),
            CHUNKED_ORDER.into(),
        ),
        ("a folded line", format!("{length}X-Fold: a\r\n Transfer-Encoding: chunked\r\n"), ORDER.into()),
        ("a folded value", "Transfer-Encoding:\r\n chunked\r\n".into(), CHUNKED_ORDER.into()),
        ("a bare return in a value", format!("{length}X-A: b\rTransfer-Encoding: chunked\r\n"), ORDER.into()),
        ("a null in a value", format!("{length}X-A: b\0c\r\n"), ORDER.into()),
        ("a null in a name", format!("{length}X-A\0: b\r\n"), ORDER.into()),
        ("a name without a colon", format!("{length}Transfer-Encoding\r\n"), ORDER.into()),
        ("a chunk size that is no number", chunked.into(), "zz\r\n".into()),
        ("a chunk size that overflows", chunked.into(), "fffffffffffffffff\r\na\r\n0\r\n\r\n".into()),
        ("a chunk longer than it says", chunked.into(), "1\r\nabc\r\n0\r\n\r\n".into()),
        ("a bare line feed in a chunk's size", chunked.into(), "1;a\nb\r\nc\r\n0\r\n\r\n".into()),
    ];
    for (what, framing, body) in rows {
        let world = world().await;
        let bytes = [order(&framing, &body), hidden().into_bytes()].concat();
        let statuses = statuses(&world, &bytes).await;
        assert_eq!(statuses, [400], "{what}");
        assert_eq!(world.upstream.count(), 0, "{what}: {:?}", world.upstream.requests());
        assert_eq!(world.sink.admit_count(), 0, "{what}");
    }
}

#[tokio::test]
async fn chunked_over_http_1_0_is_refused() {
    let world = world().await;
    let head = sign::head("POST", "/v1/orders", ORDER, &format!("{FORM}Transfer-Encoding: chunked\r\n"));
    let bytes = format!("{}{CHUNKED_ORDER}{}", head.replacen("HTTP/1.1", "HTTP/1.0", 1), hidden());
    assert_eq!(statuses(&world, bytes.as_bytes()).await, [400]);
    assert_eq!(world.upstream.count(), 0);
}

#[tokio::test]
async fn a_chunked_request_is_sent_on_with_a_length_and_ends_the_connection() {
    for framing in [
        "Transfer-Encoding: chunked\r\n",
        "tRANSFER-eNCODING: cHuNkEd\r\n",
        "Transfer-Encoding:\tchunked \r\n",
        // The HTTP stack drops a length beside it (RFC 9112, 6.3). A hop in front may have gone by that length; as
        // the connection ends, what it took for the next request is read by nobody.
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 55\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
    ] {
        let world = world().await;
        let bytes = [order(framing, CHUNKED_ORDER), hidden().into_bytes()].concat();
        assert_eq!(statuses(&world, &bytes).await, [200], "{framing:?}");
        let got = world.upstream.only();
        assert_eq!((got.method.as_str(), got.target.as_str()), ("POST", "/v1/orders"));
        assert_eq!(got.body, ORDER.as_bytes());
        assert_eq!(got.all("content-length"), [ORDER.len().to_string()]);
        assert!(got.all("transfer-encoding").is_empty());
        world.check();
    }
}

#[tokio::test]
async fn chunk_extensions_and_trailers_are_dropped() {
    let world = world().await;
    let (first, rest) = ORDER.split_at(7);
    let credential = sign::bearer("K2", "");
    let body = format!(
        "7;name=\"v;\"\r\n{first}\r\n{:x} \r\n{rest}\r\n000\r\nAuthorization: {credential}\r\nContent-Length: 9\r\n\r\n",
        rest.len()
    );
    let bytes = order("Transfer-Encoding: chunked\r\nTrailer: Authorization\r\n", &body);
    let statuses = statuses(&world, &bytes).await;
    assert_eq!(statuses, [200]);
    let got = world.upstream.only();
    assert_eq!(got.body, ORDER.as_bytes());
    assert_eq!(got.all("authorization").len(), 1);
    assert_eq!(sign::key_of(got.header("authorization").unwrap()), "K1");
    assert!(got.all("trailer").is_empty());
    assert_eq!(got.all("content-length"), [ORDER.len().to_string()]);
    world.check();
}

#[tokio::test]
async fn equal_lengths_twice_are_one_length() {
    let world = world().await;
    let length = format!("Content-Length: {0}\r\nContent-Length: {0}\r\n", ORDER.len());
    assert_eq!(statuses(&world, &order(&length, ORDER)).await, [200]);
    let got = world.upstream.only();
    assert_eq!(got.all("content-length"), [ORDER.len().to_string()]);
    assert_eq!(got.body, ORDER.as_bytes());
    world.check();
}

#[tokio::test]
async fn lines_ended_by_a_line_feed_alone_are_written_anew() {
    let world = world().await;
    let length = format!("Content-Length: {}\n", ORDER.len());
    let head = sign::head("POST", "/v1/orders", ORDER, &format!("{FORM}{length}")).replace("\r\n", "\n");
    let statuses = statuses(&world, format!("{head}{ORDER}").as_bytes()).await;
    assert_eq!(statuses, [200]);
    let got = world.upstream.only();
    assert_eq!(got.body, ORDER.as_bytes());
    assert!(got.headers.iter().all(|(n, v)| !n.contains('\n') && !v.contains('\n')), "{got:?}");
    world.check();
}

#[tokio::test]
async fn requests_in_one_stretch_are_answered_in_order_and_each_decided() {
    let world = world().await;
    let mut bytes = Vec::new();
    for n in 0..20 {
        bytes.extend(match n % 3 {
            0 => sign::request("GET", &format!("/v1/order?uuid={n}"), "").into_bytes(),
            1 => order(&format!("Content-Length: {}\r\n", ORDER.len()), ORDER),
            _ => b"GET /v1/ticker?markets=KRW-BTC HTTP/1.1\r\nHost: api.example\r\n\r\n".to_vec(),
        });
    }
    let mut client = world.client().await;
    client.send(&bytes).await;
    for n in 0..20 {
        let response = client.response("GET").await;
        let expected = match n % 3 {
            0 => format!("GET /v1/order?uuid={n}"),
            1 => "POST /v1/orders".to_owned(),
            _ => "GET /v1/ticker?markets=KRW-BTC".to_owned(),
        };
        assert_eq!((response.status, String::from_utf8(response.body).unwrap()), (200, expected));
    }
    assert_eq!(world.upstream.count(), 20);
    assert_eq!(world.sink.admit_count(), 14);
    world.check();
}

#[tokio::test]
async fn a_request_hidden_in_a_body_stays_a_body() {
    let world = world().await;
    let body = hidden();
    // Signed as a form that it is not: the parameters cannot be read in one way, whoever signed them.
    let head = sign::head("POST", "/v1/orders", &body, &format!("{FORM}Content-Length: {}\r\n", body.len()));
    assert_eq!(statuses(&world, format!("{head}{body}").as_bytes()).await, [401]);
    assert_eq!(world.refused().reason, Some(Reason::SignatureInvalid));
    assert_eq!(world.upstream.count(), 0);
}

#[tokio::test]
async fn a_body_cut_short_is_no_request() {
    let world = world().await;
    let bytes = order(&format!("Content-Length: {}\r\n", ORDER.len()), &ORDER[..20]);
    let answered = statuses(&world, &bytes).await;
    assert_eq!(answered, [408]);
    let bytes = order("Transfer-Encoding: chunked\r\n", &CHUNKED_ORDER[..CHUNKED_ORDER.len() - 2]);
    let answered = statuses(&world, &bytes).await;
    assert_eq!(answered, [408]);
    assert_eq!((world.upstream.count(), world.sink.admit_count()), (0, 0));
}

#[tokio::test]
async fn bodies_on_get_and_delete_go_on_whole() {
    let world = world().await;
    for (method, path, body) in
        [("GET", "/v1/order", r#"{"uuid":"a-1"}"#), ("DELETE", "/v1/order", r#"{"uuid":"b-2"}"#)]
    {
        let hashed = body.replace(['{', '}', '"'], "").replace(':', "=");
        let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let bytes = format!("{}{body}", sign::head(method, path, &hashed, &more));
        assert_eq!(statuses(&world, bytes.as_bytes()).await, [200], "{method}");
        let got = world.upstream.requests().pop().unwrap();
        assert_eq!((got.method.as_str(), got.target.as_str()), (method, path));
        assert_eq!(got.body, body.as_bytes());
        assert_eq!(got.header("content-type"), Some("application/json"));
        assert_eq!(got.all("content-length"), [body.len().to_string()]);
    }
    world.check();
}

#[tokio::test]
async fn nonsense_before_a_request_is_no_request() {
    for bytes in [
        "\0\0\0\0\r\n\r\n".to_owned(),
        "GET\r\n\r\n".into(),
        "GET /v1/accounts\r\n\r\n".into(),
        "GET /v1/accounts HTTP/2.0\r\nHost: a\r\n\r\n".into(),
        "GET /v1/accounts HTTP/1.1 x\r\nHost: a\r\n\r\n".into(),
        "GET  /v1/accounts HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "GET /v1/acc ounts HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(),
        "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03\r\n\r\n".into(),
    ] {
        let world = world().await;
        let statuses = statuses(&world, bytes.as_bytes()).await;
        assert!(statuses.is_empty() || statuses == [400], "{bytes:?}: {statuses:?}");
        assert_eq!((world.upstream.count(), world.sink.entries().len()), (0, 0), "{bytes:?}");
    }
}
