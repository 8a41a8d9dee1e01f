//! Envoy's question by gRPC, put by a small client: the same verdict as by HTTP, and which faults are refusals and which errors of the call.
//! Real Envoy asks in `crates/cli/tests/fronts`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic and read clocks"
)]

mod support;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use sumun_proxy::{FrontToken, Running, decide_service};
use support::client::Client;
use support::{World, sign, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";
const TOKEN: &str = "a-made-up-token-of-32-characters-or-more";

/// As much of an answer as is looked at.
#[derive(PartialEq, Message)]
struct Answer {
    #[prost(message, optional, tag = "1")]
    status: Option<Code>,
    #[prost(message, optional, tag = "2")]
    denied: Option<Denied>,
}

#[derive(PartialEq, Message)]
struct Denied {
    #[prost(message, optional, tag = "1")]
    status: Option<Code>,
    #[prost(string, tag = "3")]
    body: String,
}

#[derive(PartialEq, Message)]
struct Code {
    #[prost(int32, tag = "1")]
    code: i32,
}

/// A field that holds bytes, a text or a message.
fn field(tag: u8, inside: &[u8]) -> Vec<u8> {
    let mut whole = vec![tag << 3 | 2];
    prost::encode_length_delimiter(inside.len(), &mut whole).unwrap();
    whole.extend_from_slice(inside);
    whole
}

/// A `CheckRequest` about such a request.
fn question(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let pairs = headers
        .iter()
        .map(|(name, value)| field(3, &[field(1, name.as_bytes()), field(2, value.as_bytes())].concat()));
    let parts = [field(2, method.as_bytes()), field(4, target.as_bytes()), field(11, body.as_bytes())];
    field(1, &field(4, &field(2, &parts.into_iter().chain(pairs).flatten().collect::<Vec<_>>())))
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0], &length[..], message].concat()
}

struct Caller {
    sender: SendRequest<Full<Bytes>>,
}

impl Caller {
    async fn new(to: SocketAddr) -> Self {
        let stream = TokioIo::new(TcpStream::connect(to).await.unwrap());
        let (sender, connection) = handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        Self { sender }
    }

    /// The status of the call, and the answer if it is well.
    async fn send(&mut self, request: Request<Full<Bytes>>) -> (String, Option<Answer>) {
        let response = soon("an answer", self.sender.send_request(request)).await.unwrap();
        assert_eq!(response.status(), 200);
        let head: HeaderMap = response.headers().clone();
        assert_eq!(head["content-type"], "application/grpc");
        let body = soon("the rest of it", response.into_body().collect()).await.unwrap();
        let trailers = body.trailers().cloned().unwrap_or(head);
        let status = trailers["grpc-status"].to_str().unwrap().to_owned();
        let bytes = body.to_bytes();
        (status, bytes.get(5..).map(|message| Answer::decode(message).unwrap()))
    }

    async fn call(&mut self, path: &str, wire: Vec<u8>, token: Option<&str>) -> (String, Option<Answer>) {
        let mut request =
            Request::post(format!("http://gate{path}")).header("content-type", "application/grpc");
        if let Some(token) = token {
            request = request.header("x-sumun-front-token", token);
        }
        self.send(request.body(Full::new(wire.into())).unwrap()).await
    }

    /// Status and body of a refusal; none: it may go on.
    async fn asked(&mut self, message: &[u8], token: Option<&str>) -> Option<(i32, String)> {
        let (status, answer) = self.call(CHECK, framed(message), token).await;
        assert_eq!(status, "0", "whatever a client can cause is an answer");
        let answer = answer.unwrap();
        let code = answer.status.unwrap().code;
        assert_eq!(code == 0, answer.denied.is_none(), "{code}");
        answer.denied.map(|denied| (denied.status.unwrap().code, denied.body))
    }
}

async fn serve(world: &World) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    decide_service::start(Arc::clone(&world.proxy), listener).unwrap()
}

#[tokio::test]
async fn the_verdict_is_that_of_the_http_form() {
    let world = World::new().await;
    let running = serve(&world).await;
    let mut caller = Caller::new(running.address).await;
    let form = "application/x-www-form-urlencoded";
    let order = "market=KRW-BTC&side=bid";
    type Row = (&'static str, &'static str, Option<(&'static str, &'static str)>, &'static str);
    let rows: [Row; 6] = [
        ("GET", "/v1/accounts", Some(("K1", "")), ""),
        ("POST", "/v1/orders", Some(("K1", order)), order),
        ("POST", "/v1/orders", Some(("K1", "")), order),
        ("GET", "/v1/accounts", None, ""),
        ("GET", "/v1/accounts", Some(("K9", "")), ""),
        ("DELETE", "/v1/order?uuid=1", Some(("K1", "uuid=1")), ""),
    ];
    for (method, target, signed, body) in rows {
        // Credentials of their own: both must see a fresh nonce.
        let bearer = || signed.map(|(key, over)| sign::bearer(key, over));
        let (by_grpc, by_http) = (bearer(), bearer());
        let length = body.len().to_string();
        let mut headers = vec![("content-type", form), ("content-length", length.as_str())];
        headers.extend(by_grpc.as_deref().map(|value| ("authorization", value)));
        let told = caller.asked(&question(method, target, &headers, body), None).await;
        let mut client = Client::connect(running.address, None).await;
        let authorization = by_http.map_or_else(String::new, |value| format!("Authorization: {value}\r\n"));
        let head = format!(
            "{method} /v1/ext-authz{target} HTTP/1.1\r\nHost: gate\r\nContent-Type: {form}\r\nContent-Length: {length}\r\n{authorization}\r\n"
        );
        client.send(format!("{head}{body}").as_bytes()).await;
        let http = client.response(method).await;
        let expected =
            (http.status != 200).then(|| (i32::from(http.status), String::from_utf8(http.body).unwrap()));
        assert_eq!(told, expected, "{method} {target} {signed:?}");
    }
    soon("a stop with a connection open", running.stop()).await;
}

#[tokio::test]
async fn a_key_is_named_by_the_calls_token_and_by_nothing_else() {
    let world = World::new().await;
    world.proxy.trust_fronts_with(FrontToken::new(TOKEN).unwrap());
    let running = serve(&world).await;
    let mut caller = Caller::new(running.address).await;
    let named = question("GET", "/v1/accounts", &[("x-sumun-key", "K1")], "");
    assert_eq!(caller.asked(&named, Some(TOKEN)).await, None);
    for token in [None, Some("another-token-of-32-characters-or-more")] {
        let (status, said) = caller.asked(&named, token).await.unwrap();
        assert!(status == 403 && said.contains("front_not_trusted"), "{status} {said}");
    }
    // The call's token counts, and not what stands in the request.
    let claimed = [("x-sumun-key", "K1"), ("x-sumun-front-token", TOKEN)];
    let claimed = question("GET", "/v1/accounts", &claimed, "");
    let other = Some("another-token-of-32-characters-or-more");
    assert_eq!(caller.asked(&claimed, other).await.unwrap().0, 403);
    let keyless = question("GET", "/v1/accounts", &[], "");
    let (status, said) = caller.asked(&keyless, Some(TOKEN)).await.unwrap();
    assert!(status == 403 && said.contains("key_not_named"), "{status} {said}");
    let twice = question("GET", "/v1/accounts", &[("x-sumun-key", "K1"), ("x-sumun-key", "K2")], "");
    assert_eq!(caller.asked(&twice, Some(TOKEN)).await.unwrap().0, 403);
}

#[tokio::test]
async fn a_bad_question_is_a_refusal_and_a_bad_call_an_error() {
    let world = World::new().await;
    let running = serve(&world).await;
    let mut caller = Caller::new(running.address).await;
    for (message, code) in [
        (vec![0xff; 20], 400),
        (Vec::new(), 400),
        (field(1, &[]), 400),
        (question("GE T", "/v1/accounts", &[], ""), 400),
        (question("GET", "/v1/accounts", &[("a b", "c")], ""), 400),
        // What could be read in two ways is decided, and refused by rule.
        (question("GET", "/v1/acc<ounts", &[], ""), 401),
        (question("POST", "/v1/orders", &[], &"x".repeat(200_000)), 413),
    ] {
        assert_eq!(caller.asked(&message, None).await.unwrap().0, code, "{}", message.len());
    }
    let asked = question("GET", "/v1/accounts", &[], "");
    let compressed = [&[1], &framed(&asked)[1..]].concat();
    let cut = framed(&asked)[..10].to_vec();
    for (path, wire, status) in [
        ("/envoy.service.auth.v3.Authorization/Other", framed(&asked), "12"),
        (CHECK, compressed, "12"),
        (CHECK, cut, "3"),
        (CHECK, Vec::new(), "3"),
        (CHECK, [framed(&asked), framed(&asked)].concat(), "3"),
    ] {
        assert_eq!(caller.call(path, wire, None).await, (status.to_owned(), None), "{path}");
    }
    // The same connection still serves.
    assert_eq!(caller.asked(&asked, None).await.unwrap().0, 401);
}

#[tokio::test]
async fn who_begins_a_preface_and_stops_is_cut_off_and_clients_are_not_spoken_to_in_http2() {
    let world = World::with(|options| options.config.timeouts.header_read = Duration::from_millis(50)).await;
    let running = serve(&world).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
    assert_eq!(soon("the end", stream.read(&mut [0; 64])).await.unwrap(), 0);

    let stream = TokioIo::new(TcpStream::connect(world.address).await.unwrap());
    if let Ok((mut sender, connection)) = handshake(TokioExecutor::new(), stream).await {
        tokio::spawn(connection);
        let request = Request::get("http://gate/v1/accounts").body(Full::new(Bytes::new())).unwrap();
        assert!(soon("an end", sender.send_request(request)).await.is_err());
    }
}
