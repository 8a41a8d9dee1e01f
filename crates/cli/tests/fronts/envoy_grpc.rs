//! Envoy's `ext_authz` over gRPC: the exchange's own refusals, who may name a key, and what a client cannot make of it.

use crate::envoy::envoy;
use crate::front::{TOKEN, World, gate_answers, nonce, send, statuses};
use crate::stage::client::{Client, Effect, Signed};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

const FILE: &str = "envoy-grpc.yaml";

/// An answer with its headers, those that every hop writes anew left out.
fn whole(at: SocketAddr, wire: &[u8]) -> (u16, BTreeMap<String, Vec<String>>, String) {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(crate::stage::PATIENCE)).unwrap();
    stream.write_all(wire).unwrap();
    let mut text = Vec::new();
    stream.read_to_end(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in lines.map(|line| line.split_once(": ").unwrap()) {
        let name = name.to_ascii_lowercase();
        if !matches!(name.as_str(), "date" | "server" | "connection") {
            headers.entry(name).or_default().push(value.to_owned());
        }
    }
    (status, headers, body.to_owned())
}

fn unsigned(request: &str, more: &str) -> Vec<u8> {
    format!("{request} HTTP/1.1\r\nHost: exchange.example\r\n{more}Connection: close\r\n\r\n").into_bytes()
}

#[test]
fn a_refusal_reaches_the_client_as_the_gate_itself_would_give_it() {
    let world = World::new();
    let gate = world.gate();
    gate_answers(&world);
    let front = envoy(&world, FILE, TOKEN);
    for (effect, key) in
        [(Effect::Order, "K2"), (Effect::Read, "K3"), (Effect::Cancel, "K4"), (Effect::Read, "K9")]
    {
        let told = |at| Client::default().send(at, &Signed::new(effect, key, &nonce()), "grpc").unwrap();
        let (by_envoy, by_gate) = (told(front.clients), told(gate.listen));
        assert_eq!((by_envoy.status, &by_envoy.body), (by_gate.status, &by_gate.body), "{effect:?} {key}");
    }
    let bad = unsigned("GET /v1/accounts", "Authorization: Bearer made.up.token\r\n");
    let (status, mut headers, body) = whole(front.clients, &bad);
    let sumun: Vec<_> = headers
        .extract_if(.., |name, _| name.starts_with("x-sumun-"))
        .map(|(name, values)| (name, values.concat()))
        .collect();
    assert_eq!((status, headers, body), whole(gate.listen, &bad), "each header once");
    let told =
        [("enforced", "true"), ("reason", "malformed_credentials"), ("status", "401"), ("verdict", "deny")];
    assert_eq!(sumun, told.map(|(name, value)| (format!("x-sumun-{name}"), value.to_owned())));
    assert!(gate.stop().0.success());
}

#[test]
fn an_edge_names_a_key_by_the_token_of_its_call_and_nobody_else_does() {
    let world = World::new();
    let gate = world.gate();
    gate_answers(&world);
    let front = envoy(&world, FILE, TOKEN);
    let edge = |at, key: &str, client: &str| {
        ["GET /v1/accounts", "POST /v1/orders", "DELETE /v1/order?uuid=1", "POST /v1/withdraws/krw"].map(
            |asked| {
                let said =
                    format!("X-Sumun-Key: {key}\r\nX-Forwarded-For: {client}\r\nContent-Length: 0\r\n");
                whole(at, &unsigned(asked, &said)).0
            },
        )
    };
    assert_eq!(edge(front.edge, "K1", "203.0.113.7"), [200; 4], "no signature is asked for");
    assert_eq!(edge(front.edge, "K2", "203.0.113.7"), [200, 403, 200, 403]);
    assert_eq!(edge(front.edge, "K3", "203.0.113.7"), [401; 4]);
    assert_eq!(edge(front.edge, "K4", "203.0.113.7"), [200; 4], "the edge says where the client is");
    assert_eq!(edge(front.edge, "K4", "203.0.113.8"), [403; 4]);
    assert_eq!(edge(front.edge, "nobody", "203.0.113.7"), [401; 4]);
    // Its body was seen by whoever vouches.
    let body = "X-Sumun-Key: K1\r\nX-Forwarded-For: 203.0.113.7\r\nContent-Length: 7\r\n";
    let order = [unsigned("POST /v1/orders", body), b"{\"a\":1}".to_vec()].concat();
    assert_eq!(whole(front.edge, &order).0, 200);
    // The token without a key: the edge has forgotten it, and the client's own credentials are not looked at instead.
    let (status, _, said) = whole(front.edge, &unsigned("GET /v1/accounts", ""));
    assert!(status == 403 && said.contains("key_not_named"), "{status} {said}");
    assert_eq!(edge(front.edge, "not a key", "203.0.113.7"), [400; 4]);
    // Clients of the other listener name none.
    assert_eq!(edge(front.clients, "K1", "203.0.113.7"), [401; 4]);

    let stranger = envoy(&world, FILE, &TOKEN.replace('a', "b"));
    assert_eq!(edge(stranger.edge, "K1", "203.0.113.7"), [403; 4]);
    let (_, _, said) = whole(stranger.edge, &unsigned("GET /v1/accounts", "X-Sumun-Key: K1\r\n"));
    assert!(said.contains("front_not_trusted"), "{said}");
    assert!(gate.stop().0.success());

    let lines = world.stage.dump(0);
    let by_word: Vec<_> = lines.iter().filter(|line| line["signature"] == "unchecked").collect();
    assert!(by_word.iter().all(|line| line["ip"].as_str().unwrap().starts_with("203.0.113.")), "{by_word:?}");
    let allowed = |line: &&&serde_json::Value| line["key"] == "K1" && line["verdict"] == "allow";
    assert_eq!(by_word.iter().filter(allowed).count(), 5);
    assert!(lines.iter().all(|line| line["key"] != "K1" || line["signature"] == "unchecked"), "{lines:?}");
}

#[test]
fn nothing_a_client_writes_is_taken_for_a_gate_that_is_down() {
    let world = World::new();
    let gate = world.gate();
    gate_answers(&world);
    let front = envoy(&world, FILE, TOKEN);
    let refused = |wire: &[u8]| {
        let (status, _, body) = whole(front.clients, wire);
        assert!((400..500).contains(&status), "{status} {body}: {}", String::from_utf8_lossy(wire));
    };
    for target in
        ["/v1/accounts?<", "/v1/accounts?a=>", "/v1/accounts?x#y", "/v1/accounts?q=\u{c2dc}", "/v1/acc<ounts"]
    {
        refused(&unsigned(&format!("GET {target}"), ""));
    }
    // Bytes that are no text, where a front may carry them on.
    for wire in [
        &b"GET /v1/acc\xffounts HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"[..],
        b"GET /v1/accounts?\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /v1/accounts HTTP/1.1\r\nHost: a\r\nAuthorization: \xff\r\nConnection: close\r\n\r\n",
        b"GET /v1/accounts HTTP/1.1\r\nHost: a\r\nUser-Agent: \xff\xfe\r\nConnection: close\r\n\r\n",
        b"POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\n\xff\xfe",
        b"G<T /v1/accounts HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /v1/accounts HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: nonsense\r\nConnection: close\r\n\r\n",
    ] {
        refused(wire);
    }
    // As much as Envoy lets through: a head and a body at its own limits, and beyond.
    let long = format!("Authorization: Bearer {}\r\nContent-Length: 100000\r\n", "a".repeat(50_000));
    refused(&[unsigned("POST /v1/orders", &long), vec![b'x'; 100_000]].concat());
    // Two credentials, of which somebody behind might read the other.
    let twice = "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n";
    refused(&unsigned("GET /v1/accounts", twice));
    assert_eq!(world.exchange.count(), 0, "the exchange saw none of it");

    // Still there for everybody else.
    assert_eq!(statuses(front.clients, "K1"), [200; 4]);
    assert_eq!(send(front.clients, &Signed::forged(Effect::Cancel, "K1", &nonce())), 401);
    assert!(gate.stop().0.success());
    let lines = world.stage.dump(0);
    let unread =
        |line: &&serde_json::Value| line["reason"] == "malformed_credentials" && line["enforced"] == true;
    assert!(lines.iter().filter(unread).count() >= 5, "{lines:?}");
}
