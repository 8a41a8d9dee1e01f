//! A real socket: served, stopped, and what runs beside the requests.

use crate::bench::Bench;
use crate::own::key_request;
use serde_json::{Value, json};
use std::sync::Arc;
use sumun_govern::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn requests_are_served_until_it_is_told_to_stop() {
    let bench = Bench::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = sumun_server::serve(listener, Arc::clone(&bench.server)).unwrap();
    let mut tcp = TcpStream::connect(running.address).await.unwrap();
    tcp.write_all(b"GET /healthz HTTP/1.1\r\nhost: sumun.example\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut said = String::new();
    tcp.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 200 OK") && said.ends_with("ok\n"), "{said}");
    let address = running.address;
    running.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_notice_leaves_once_its_change_is_in_the_ledger() {
    let bench = Bench::new().await;
    let backend = bench.machine(Role::ExchangeBackend).await;
    for (path, body) in [
        ("/v1/customers/C1", json!({ "segment": "retail" })),
        ("/v1/operators/O1", json!({ "kind": "owner", "customer": "C1" })),
        ("/v1/accounts/A1", json!({ "customer": "C1", "segment": "retail", "owner": "O1" })),
    ] {
        bench.send("PUT", path, &backend, Some(body)).await.is(200);
    }
    let owner = bench.customer(Role::Owner, "C1").await;
    let asked = bench.send("POST", "/v1/keys", &owner, Some(key_request("A1"))).await.is(201);
    let key = asked.json["result"]["key"]["key"].as_str().unwrap().to_owned();
    bench.send("POST", &format!("/v1/keys/{key}/issue"), &owner, None).await.is(200);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = sumun_server::serve(listener, Arc::clone(&bench.server)).unwrap();
    let path = bench.folder.path().join("notices.ndjson");
    let line = loop {
        match tokio::fs::read_to_string(&path).await {
            Ok(text) if text.ends_with('\n') => break text,
            _ => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
    };
    let notice: Value = serde_json::from_str(line.lines().next().unwrap()).unwrap();
    assert_eq!((&notice["topic"], &notice["body"]["key"]), (&json!("notice"), &json!(key)));
    // Written first and marked second: whoever stops between the two sends it again.
    while bench.govern().store.backlog().await.unwrap().messages > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    running.stop().await;
}

/// One request over a socket; the head and body of its answer.
async fn spoken(address: std::net::SocketAddr, request: &str) -> String {
    let mut tcp = TcpStream::connect(address).await.unwrap();
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut said = String::new();
    tcp.read_to_string(&mut said).await.unwrap();
    said
}

#[tokio::test]
async fn one_place_cannot_take_every_connection() {
    let bench = Bench::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = sumun_server::serve(listener, Arc::clone(&bench.server)).unwrap();
    let mut idle = Vec::new();
    for _ in 0..256 {
        idle.push(TcpStream::connect(running.address).await.unwrap());
    }
    // One more from there is closed unheard.
    let mut more = TcpStream::connect(running.address).await.unwrap();
    let mut said = Vec::new();
    let _ = more.read_to_end(&mut said).await;
    assert!(said.is_empty());
    // Whoever goes makes room.
    idle.clear();
    let health = "GET /healthz HTTP/1.1\r\nhost: sumun.example\r\nconnection: close\r\n\r\n";
    let heard = async {
        loop {
            let mut tcp = TcpStream::connect(running.address).await.unwrap();
            let mut said = String::new();
            let _ = tcp.write_all(health.as_bytes()).await;
            let _ = tcp.read_to_string(&mut said).await;
            if said.starts_with("HTTP/1.1 200") {
                break;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), heard).await.unwrap();
    running.stop().await;
}

#[tokio::test]
async fn behind_a_trusted_hop_the_client_is_slowed_down_and_not_the_hop() {
    let bench = Bench::trusting(&["127.0.0.0/8"]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = sumun_server::serve(listener, Arc::clone(&bench.server)).unwrap();
    let attempt = async |number: u32, forwarded: &str| {
        let body = format!(r#"{{"user":"made-up-{number}","password":"made up","totp":"000000"}}"#);
        let request = format!(
            "POST /v1/sessions HTTP/1.1\r\nhost: sumun.example\r\nconnection: close\r\nx-forwarded-for: {forwarded}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        spoken(running.address, &request).await
    };
    let mut last = String::new();
    for number in 0..6 {
        // What a client writes on the left changes nothing.
        last = attempt(number, &format!("192.0.2.{number}, 198.51.100.1, 127.0.0.2")).await;
    }
    assert!(last.starts_with("HTTP/1.1 429"), "{last}");
    let other = attempt(7, "198.51.100.2").await;
    assert!(other.starts_with("HTTP/1.1 401"), "{other}");
    let unreadable = attempt(8, "nowhere").await;
    assert!(
        unreadable.starts_with("HTTP/1.1 400") && unreadable.contains("forwarded_for_bad"),
        "{unreadable}"
    );
    running.stop().await;
}

#[tokio::test]
async fn rights_end_by_themselves_and_the_feed_says_so() {
    let (bench, owner) = crate::keys::one_customer().await;
    let mut wanted = key_request("A1");
    wanted["scopes"] = json!(["read", "trade"]);
    wanted["trade_until"] = json!("2026-11-02T00:02:00Z");
    let asked = bench.send("POST", "/v1/keys", &owner, Some(wanted)).await.is(201);
    let key = asked.json["result"]["key"]["key"].as_str().unwrap().to_owned();
    let analyst = bench.staff(Role::Analyst, "an").await;
    let approve = Some(json!({ "reason": "a made-up reason" }));
    bench.send("POST", &format!("/v1/keys/{key}/approve"), &analyst, approve).await.is(200);
    bench.send("POST", &format!("/v1/keys/{key}/issue"), &owner, None).await.is(200);
    let path = format!("/v1/keys/{key}");
    let scopes = async || bench.send("GET", &path, &owner, None).await.is(200).json["scopes"].to_string();
    assert!(scopes().await.contains("trade"));
    let version = bench.govern().store.feed_head();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = sumun_server::serve(listener, Arc::clone(&bench.server)).unwrap();
    bench.pass_s(119);
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert!(scopes().await.contains("trade"), "not before its time");
    bench.pass_s(2);
    while scopes().await.contains("trade") {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let delta = bench.govern().store.feed_since(version, 10).await.unwrap().unwrap();
    let record = delta.first().unwrap().records.first().unwrap().to_string();
    assert!(record.contains(&key) && !record.contains("trade"), "{record}");
    let told = bench.send("GET", &format!("{path}/timeline"), &owner, None).await.is(200);
    let last = told.json["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["class"], &last["actor"]), (&json!("key.changed"), &json!("system:clock")));
    running.stop().await;
}

/// Stands for tools that try an API from its document: `cargo test -p sumun-server serve_for_tools -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "serves until it is interrupted"]
async fn serve_for_tools() {
    let bench = Bench::new().await;
    bench.enrol().await;
    for role in [Role::ComplianceLead, Role::SecurityAdmin] {
        println!("{} {}", role.as_str(), bench.staff(role, &role.as_str().replace('_', "-")).await);
    }
    println!("exchange_backend {}", bench.machine(Role::ExchangeBackend).await);
    println!("owner {}", bench.customer(Role::Owner, "C1").await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = sumun_server::serve(listener, Arc::clone(&bench.server)).unwrap();
    println!("http://{}", running.address);
    std::future::pending::<()>().await;
}
