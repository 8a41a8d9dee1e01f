//! A client's raw bytes to what the exchange reads: through the HTTP server, the gate's check and preparation of heads,
//! and the HTTP client.
//!
//! Never panics; and of what passes the check the exchange, read here by `Content-Length` alone and by nothing of the
//! HTTP library, gets exactly one request with the same method, target, credential and body, and not a byte more.

#![no_main]

use std::cell::RefCell;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONNECTION};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use libfuzzer_sys::fuzz_target;
use sumun_proxy::head;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

/// Above the longest input, so that no side waits for the other to read.
const PIPE_BYTES: usize = 256 * 1024;
const BODY_BYTES_MAX: usize = 4096;
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

/// A request as decided upon.
struct Decided {
    method: Method,
    target: String,
    credentials: Vec<HeaderValue>,
    body: Bytes,
}

fuzz_target!(|bytes: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without drivers");
    runtime.block_on(converse(bytes));
});

async fn converse(bytes: &[u8]) {
    let (mut client, server) = duplex(PIPE_BYTES);
    let ended = RefCell::new(false);
    let service = service_fn(|request| async {
        assert!(!*ended.borrow(), "a request was read after the connection's last");
        let response = answer(request).await;
        *ended.borrow_mut() = response.headers().get(CONNECTION).is_some_and(|value| value == "close");
        Ok::<_, Infallible>(response)
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    // Half-closed connections are served here, so that the input's end is not taken for a client that left.
    http.half_close(true).max_buf_size(16 * 1024);
    let serve = http.serve_connection(TokioIo::new(server), service);
    let talk = async {
        client.write_all(bytes).await.expect("room in the pipe");
        client.shutdown().await.expect("a pipe can be shut");
        let mut said = Vec::new();
        let _ = client.read_to_end(&mut said).await;
    };
    let _ = tokio::join!(serve, talk);
}

fn last(status: StatusCode) -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn answer(request: Request<Incoming>) -> Response<Empty<Bytes>> {
    if head::check(&request).is_err() {
        return last(StatusCode::BAD_REQUEST);
    }
    let (mut parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        return last(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let decided = Decided {
        method: parts.method.clone(),
        target: parts.uri.path_and_query().map_or("/", PathAndQuery::as_str).to_owned(),
        credentials: parts.headers.get_all(AUTHORIZATION).iter().cloned().collect(),
        body: body.to_bytes(),
    };
    head::prepare_for_upstream(&mut parts.headers, CLIENT);
    parts.uri = decided.target.parse().expect("what was parsed once");
    parts.version = http::Version::HTTP_11;
    send(Request::from_parts(parts, Full::new(decided.body.clone())), &decided).await;
    Response::new(Empty::new())
}

/// Sends a request on and reads at the other end what came.
async fn send(request: Request<Full<Bytes>>, decided: &Decided) {
    let (gate, mut exchange) = duplex(PIPE_BYTES);
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(gate)).await.expect("a pipe to write to");
    let ask = async {
        let answered = sender.send_request(request).await;
        drop(sender);
        answered.expect("an answer").status()
    };
    let read = async {
        read_one(&mut exchange, decided).await;
        exchange.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("room in the pipe");
        let mut more = Vec::new();
        exchange.read_to_end(&mut more).await.expect("the pipe's end");
        assert!(more.is_empty(), "a second request came after the first: {more:?}");
    };
    let (status, _, ()) = tokio::join!(ask, connection, read);
    assert_eq!(status, StatusCode::NO_CONTENT);
}

/// One request, as the plainest of servers reads it.
async fn read_one(exchange: &mut DuplexStream, decided: &Decided) {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(exchange.read_u8().await.expect("a whole head"));
    }
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let first = format!("{} {} HTTP/1.1\r", decided.method, decided.target);
    assert_eq!(lines[0], first.as_bytes(), "another request line than was decided on");
    let (mut credentials, mut lengths, mut hosts) = (Vec::new(), Vec::new(), 0);
    for line in &lines[1..lines.len() - 2] {
        let line = line.strip_suffix(b"\r").expect("lines end with both");
        assert!(!line.contains(&b'\r') && !line.contains(&0), "a line that some end early");
        let colon = line.iter().position(|byte| *byte == b':').expect("a name and a value");
        let (name, value) = (line[..colon].to_ascii_lowercase(), line[colon + 1..].trim_ascii());
        assert!(
            name.iter().all(|b| b.is_ascii_graphic() && *b != b'_') && !name.is_empty(),
            "a name that some read as another"
        );
        match name.as_slice() {
            b"authorization" => credentials.push(value),
            b"content-length" => lengths.push(value.to_vec()),
            b"host" => hosts += 1,
            b"transfer-encoding" | b"connection" | b"upgrade" | b"te" | b"trailer" | b"expect" => {
                panic!("{} came through", String::from_utf8_lossy(&name))
            }
            _ => {}
        }
    }
    assert_eq!(hosts, 1);
    let decided_on: Vec<_> = decided.credentials.iter().map(|value| value.as_bytes().trim_ascii()).collect();
    assert_eq!(credentials, decided_on, "another credential than was decided on");
    let length = match lengths.as_slice() {
        [] => 0,
        [one] => std::str::from_utf8(one).ok().and_then(|text| text.parse().ok()).expect("a length"),
        _ => panic!("two lengths"),
    };
    let mut body = vec![0; length];
    exchange.read_exact(&mut body).await.expect("a whole body");
    assert_eq!(body, decided.body, "another body than was decided on");
}
