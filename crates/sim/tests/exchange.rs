//! The mock in process, over real sockets: what it answers, what it writes down, and that it stops.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]
#![allow(missing_docs, reason = "tests need no docs")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use sumun_sim::{Config, Handle, MockExchange};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

const KEY_1: &str = "MOCKxACCESSxKEYxA1xK1";
const KEY_2: &str = "MOCKxACCESSxKEYxA2xK1";

async fn start() -> Handle {
    MockExchange::start(Config::default()).await.unwrap()
}

/// A token nobody signed: without `verify` the mock only reads who it claims to be.
fn bearer(key: &str) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("Bearer {}.{}.eA", part(json!({"alg": "HS256"})), part(json!({"access_key": key, "nonce": "1"})))
}

struct Answer {
    status: StatusCode,
    remaining_req: Option<String>,
    body: Value,
}

async fn send(at: SocketAddr, method: Method, path: &str, key: Option<&str>, body: &str) -> Answer {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut request = Request::builder().method(method).uri(format!("http://{at}{path}"));
    if let Some(key) = key {
        request = request.header("authorization", bearer(key));
    }
    if !body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    let response = client.request(request.body(Full::from(body.to_owned())).unwrap()).await.unwrap();
    let status = response.status();
    let remaining_req =
        response.headers().get("remaining-req").map(|value| value.to_str().unwrap().to_owned());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Answer { status, remaining_req, body: serde_json::from_slice(&bytes).unwrap_or_default() }
}

async fn get(mock: &Handle, path: &str, key: Option<&str>) -> Answer {
    send(mock.addr, Method::GET, path, key, "").await
}

const ORDER: &str =
    r#"{"market":"KRW-BTC","side":"bid","ord_type":"limit","price":"50000000","volume":"0.001"}"#;

#[tokio::test]
async fn orders_belong_to_the_account_of_the_key() {
    let mock = start().await;
    let placed = send(mock.addr, Method::POST, "/v1/orders", Some(KEY_1), ORDER).await;
    assert_eq!(placed.status, StatusCode::CREATED, "{}", placed.body);
    let uuid = placed.body["uuid"].as_str().unwrap();
    let path = format!("/v1/order?uuid={uuid}");

    let theirs = get(&mock, &path, Some(KEY_2)).await;
    assert_eq!(
        (theirs.status, &theirs.body["error"]["name"]),
        (StatusCode::NOT_FOUND, &json!("order_not_found"))
    );
    let own = get(&mock, &path, Some(KEY_1)).await;
    assert_eq!(own.body["locked"], "50025");
    let accounts = get(&mock, "/v1/accounts", Some(KEY_1)).await;
    let won = accounts.body.as_array().unwrap().iter().find(|row| row["currency"] == "KRW").unwrap().clone();
    assert_eq!((&won["balance"], &won["locked"]), (&json!("99949975"), &json!("50025")));

    let cancelled = send(mock.addr, Method::DELETE, &path, Some(KEY_1), "").await;
    assert_eq!(cancelled.status, StatusCode::OK);
    assert_eq!(get(&mock, "/v1/orders/open", Some(KEY_1)).await.body, json!([]));
}

#[tokio::test]
async fn every_answer_has_upbits_header_and_errors_have_its_envelope() {
    let mock = start().await;
    for (path, key, status, name) in [
        ("/v1/market/all", None, 200, None),
        ("/v1/accounts", Some(KEY_1), 200, None),
        ("/v1/accounts", None, 401, Some("no_authorization_token")),
        ("/v1/accounts", Some("nobody"), 401, Some("invalid_access_key")),
        ("/v1/nothing", Some(KEY_1), 404, Some("not_found")),
        ("//v1/deposits", Some(KEY_1), 404, Some("not_found")),
        ("/v1/order", Some(KEY_1), 400, Some("validation_error")),
        ("/v1/candles/minutes/7?market=KRW-BTC", None, 404, Some("not_found")),
    ] {
        let answer = get(&mock, path, key).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert_eq!(answer.body["error"]["name"].as_str(), name, "{path}");
        assert_eq!(answer.remaining_req.as_deref(), Some("group=default; min=1800; sec=29"), "{path}");
    }
}

#[tokio::test]
async fn the_control_routes_are_on_their_own_listener_only() {
    let mock = start().await;
    assert_eq!(get(&mock, "/_mock/requests", Some(KEY_1)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        send(mock.control, Method::GET, "/v1/market/all", None, "").await.status,
        StatusCode::NOT_FOUND
    );

    send(mock.addr, Method::POST, "/v1/orders?a=%41", Some(KEY_1), ORDER).await;
    let seen = send(mock.control, Method::GET, "/_mock/requests", None, "").await.body;
    let last = seen.as_array().unwrap().last().unwrap();
    assert_eq!(last["path"], "/v1/orders");
    assert_eq!(last["query"], "a=%41", "as it came, undecoded");
    assert_eq!(last["body"], ORDER);
    assert_eq!(last["access_key"], KEY_1);
    assert_eq!(last["number"], 2);
    let later = send(mock.control, Method::GET, "/_mock/requests?after=1", None, "").await.body;
    assert_eq!(later, json!([last]));

    let reset = send(mock.control, Method::POST, "/_mock/reset", None, "").await;
    assert_eq!(reset.status, StatusCode::NO_CONTENT);
    assert_eq!(send(mock.control, Method::GET, "/_mock/requests", None, "").await.body, json!([]));
    assert_eq!(get(&mock, "/v1/orders/open", Some(KEY_1)).await.body, json!([]), "orders are gone too");
}

type Socket = tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>;

async fn connect(mock: &Handle, key: &str) -> Result<Socket, Box<WsError>> {
    let mut request = format!("ws://{}/websocket/v1/private", mock.addr).into_client_request().unwrap();
    request.headers_mut().insert("authorization", bearer(key).parse().unwrap());
    let stream = tokio::net::TcpStream::connect(mock.addr).await.unwrap();
    tokio_tungstenite::client_async(request, stream).await.map(|(socket, _)| socket).map_err(Box::new)
}

async fn next(socket: &mut Socket) -> Value {
    let message =
        tokio::time::timeout(Duration::from_secs(10), socket.next()).await.expect("a message").unwrap();
    serde_json::from_str(message.unwrap().to_text().unwrap()).unwrap()
}

async fn say(socket: &mut Socket, text: &str) {
    socket.send(Message::text(text)).await.unwrap();
}

#[tokio::test]
async fn the_private_socket_tells_its_own_account_what_it_asked_for() {
    let mock = start().await;
    let mut orders = connect(&mock, KEY_1).await.unwrap();
    let mut assets = connect(&mock, KEY_1).await.unwrap();
    let mut stranger = connect(&mock, KEY_2).await.unwrap();
    say(&mut orders, r#"[{"ticket":"t"},{"type":"myOrder","codes":["KRW-BTC"]}]"#).await;
    say(&mut assets, r#"[{"ticket":"t"},{"type":"myAsset"}]"#).await;
    say(&mut stranger, r#"[{"ticket":"t"},{"type":"myOrder"},{"type":"myAsset"}]"#).await;
    for socket in [&mut orders, &mut assets, &mut stranger] {
        // The answer to a later message shows that the earlier one was read.
        say(socket, "PING").await;
        assert_eq!(next(socket).await, json!({"status": "UP"}));
    }
    send(mock.addr, Method::POST, "/v1/orders", Some(KEY_1), &ORDER.replace("50000000", "95001000")).await;
    let states: Vec<Value> = [next(&mut orders).await, next(&mut orders).await, next(&mut orders).await]
        .map(|frame| frame["state"].clone())
        .into();
    assert_eq!(states, ["wait", "trade", "done"]);
    let asset = next(&mut assets).await;
    assert_eq!(asset["type"], "myAsset");
    assert_eq!(asset["assets"][0]["currency"], "BTC");
    assert_eq!(asset["assets"][0]["balance"], 2.001);
    say(&mut stranger, "PING").await;
    assert_eq!(next(&mut stranger).await, json!({"status": "UP"}), "nothing came in between");
}

#[tokio::test]
async fn a_bad_message_is_answered_with_upbits_error_and_changes_nothing() {
    let mock = start().await;
    let mut socket = connect(&mock, KEY_1).await.unwrap();
    for (message, name) in [
        ("hello", "WRONG_FORMAT"),
        (r#"[{"type":"myAsset"}]"#, "NO_TICKET"),
        (r#"[{"ticket":"t"}]"#, "NO_TYPE"),
        (r#"[{"ticket":"t"},{"type":"ticker"}]"#, "INVALID_PARAM"),
    ] {
        say(&mut socket, message).await;
        assert_eq!(next(&mut socket).await["error"]["name"], name);
    }
    let seen = send(mock.control, Method::GET, "/_mock/requests", None, "").await.body;
    let messages = seen.as_array().unwrap().iter().filter(|entry| entry["kind"] == "websocket_message");
    assert_eq!(messages.map(|entry| entry["body"].as_str().unwrap()).next(), Some("hello"));
    let refused = connect(&mock, "nobody").await.unwrap_err();
    assert!(matches!(*refused, WsError::Http(response) if response.status() == 401));
}

#[tokio::test]
async fn stopping_closes_open_sockets_and_frees_the_port() {
    let mock = start().await;
    let mut socket = connect(&mock, KEY_1).await.unwrap();
    let addr = mock.addr;
    tokio::time::timeout(Duration::from_secs(5), mock.stop()).await.expect("it stops");
    let closed = tokio::time::timeout(Duration::from_secs(5), socket.next()).await.expect("it is told");
    assert!(matches!(closed, Some(Ok(Message::Close(Some(frame)))) if u16::from(frame.code) == 1001));
    tokio::net::TcpListener::bind(addr).await.expect("the port is free");
}

#[tokio::test]
async fn a_busy_port_is_named() {
    let mock = start().await;
    let again = MockExchange::start(Config { listen: mock.addr, ..Config::default() }).await.err().unwrap();
    let expected = format!("cannot listen on {}; is something else listening there?", mock.addr);
    assert_eq!(again.to_string(), expected);
}

#[tokio::test]
async fn a_key_that_is_issued_later_is_known_from_then_on() {
    let mock = start().await;
    let path = "/v1/accounts";
    assert_eq!(get(&mock, path, Some("MADExUPxLATER")).await.status, StatusCode::UNAUTHORIZED);
    let tell = |account: &str| format!("/_mock/keys?account={account}&access_key=MADExUPxLATER");
    let unknown = send(mock.control, Method::POST, &tell("nobody"), None, "").await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    let told = send(mock.control, Method::POST, &tell("A1"), None, "").await;
    assert_eq!(told.status, StatusCode::NO_CONTENT);
    let (later, first) = (get(&mock, path, Some("MADExUPxLATER")).await, get(&mock, path, Some(KEY_1)).await);
    assert_eq!((later.status, later.body), (StatusCode::OK, first.body));
}
