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
    running.stop().await;
    let left = bench.govern().store.outbox_take("notice", 10, sumun_model::Timestamp::MAX, 1).await.unwrap();
    assert!(left.is_empty(), "marked done: {left:?}");
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
