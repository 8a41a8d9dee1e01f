//! Whatever is wrong with a request is answered by a problem document that says what to do.

use crate::bench::{Answered, Bench};
use http::Request;
use serde_json::json;
use sumun_govern::Role;

fn told(name: &str, answer: &Answered) -> String {
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{name}: {}", answer.text);
    let field = |field: &str| answer.json[field].as_str().unwrap_or("-").to_owned();
    assert!(field("instance").starts_with("urn:sumun:request:"));
    assert_eq!(answer.json["status"], answer.status.as_u16());
    format!(
        "{name}\n  {} {} {}: {}; {}",
        answer.status.as_u16(),
        field("code"),
        field("pointer"),
        field("detail"),
        field("remedy")
    )
}

#[tokio::test]
async fn every_bad_request_is_told_what_to_do() {
    let bench = Bench::new().await;
    let lead = bench.staff(Role::ComplianceLead, "lead").await;
    let mut all = Vec::new();
    for (name, method, path, body) in [
        ("no such path", "GET", "/v1/nothing", None),
        ("no such method", "DELETE", "/v1/venue", None),
        ("bad id", "GET", "/v1/customers/a%20b", None),
        ("bad escape", "GET", "/v1/customers/%ff", None),
        ("bad index", "GET", "/v1/ledger/entries/-1", None),
        ("bad query", "GET", "/v1/customers?limit=0", None),
        ("unknown query", "GET", "/v1/customers?colour=red", None),
        ("missing query", "GET", "/v1/ledger/consistency", None),
        ("longer log", "GET", "/v1/ledger/consistency?from=99", None),
        ("unknown field", "PUT", "/v1/customers/C1", Some(json!({ "segment": "retail", "colour": "red" }))),
        ("missing field", "PUT", "/v1/customers/C1", Some(json!({}))),
        ("bad word", "PUT", "/v1/customers/C1", Some(json!({ "segment": "whale" }))),
        ("no body", "PUT", "/v1/customers/C1", None),
        ("not found", "GET", "/v1/customers/C404", None),
        ("wrong role", "POST", "/v1/tokens", Some(json!({}))),
    ] {
        all.push(told(name, &bench.send(method, path, &lead, body).await));
    }
    let good = Some(json!({ "segment": "retail" }));
    let without = bench.send_with("PUT", "/v1/customers/C1", &lead, good.clone(), &[]).await;
    all.push(told("no idempotency key", &without));
    let stale = [("idempotency-key", "12345678"), ("if-match", "\"7\"")];
    bench.send("PUT", "/v1/customers/C1", &lead, good.clone()).await.is(200);
    all.push(told("stale", &bench.send_with("PUT", "/v1/customers/C1", &lead, good, &stale).await));
    for (name, kind, body) in [
        ("broken JSON", "application/json", "{".to_owned()),
        ("twice", "application/json", r#"{"segment":"retail","segment":"broker"}"#.to_owned()),
        ("too large", "application/json", "x".repeat(65 * 1024)),
        ("other type", "text/plain", "{}".to_owned()),
    ] {
        let request = Request::put("/v1/customers/C1")
            .header("authorization", format!("Bearer {lead}"))
            .header("idempotency-key", "12345678")
            .header("content-type", kind)
            .body(body.into())
            .unwrap();
        all.push(told(name, &bench.send_raw(request).await));
    }
    insta::assert_snapshot!(all.join("\n"));
}

#[tokio::test]
async fn a_list_is_no_object_wherever_it_stands() {
    let bench = Bench::new().await;
    let lead = bench.staff(Role::ComplianceLead, "lead").await;
    let owner = bench.customer(Role::Owner, "C1").await;
    for (method, path, token, body, pointer) in [
        (
            "PUT",
            "/v1/vendors/V1",
            &lead,
            json!({ "name": "v", "class": "tool", "scopes": ["read"], "diligence": ["made up", "KR"] }),
            "/diligence",
        ),
        (
            "POST",
            "/v1/keys",
            &owner,
            json!({ "account": "A1", "mandate": [["KRW-BTC"], null, 8] }),
            "/mandate",
        ),
        (
            "POST",
            "/v1/keys",
            &owner,
            json!({ "account": "A1", "allowlist": [["203.0.113.7/32", null, null]] }),
            "/allowlist/0",
        ),
        ("POST", "/v1/gates", &lead, json!(["g1"]), ""),
    ] {
        let answer = bench.send(method, path, token, Some(body)).await;
        if answer.status == 403 {
            continue;
        }
        assert_eq!(
            (answer.status.as_u16(), answer.code(), &answer.json["pointer"]),
            (422, "bad_field", &json!(pointer)),
            "{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn a_method_that_is_none_is_told_which_are() {
    let bench = Bench::new().await;
    let answer = bench.send("PATCH", "/v1/venue", "", None).await.is(405);
    let allow = answer.headers["allow"].to_str().unwrap();
    assert!(allow.contains("GET") && allow.contains("PUT"), "{allow}");
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let bench = Bench::new().await;
    for path in
        ["/healthz", "/readyz", "/metrics", "/v1/openapi.json", "/v1/ledger/checkpoint", "/v1/nothing"]
    {
        let answer = bench.send("GET", path, "", None).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(answer.headers[name], value, "{path}");
        }
        assert_eq!(answer.headers["x-request-id"].len(), 32);
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn health_is_told_in_words() {
    let bench = Bench::new().await;
    bench.enrol().await;
    bench.send("GET", "/healthz", "", None).await.is(200);
    let ready = bench.send("GET", "/readyz", "", None).await.is(200);
    insta::assert_json_snapshot!(ready.json);
    // A gate that never came is told of, and is no reason to send requests elsewhere.
    bench.pass_s(40);
    let degraded = bench.send("GET", "/readyz", "", None).await.is(200);
    assert_eq!((&degraded.json["ready"], &degraded.json["state"]), (&json!(true), &json!("degraded")));
    let all = degraded.json["checks"].as_array().unwrap();
    let gates = all.iter().find(|check| check["name"] == "gates").unwrap();
    assert_eq!(gates["detail"], "0 of 1 stand as they should");
    assert!(!degraded.text.contains("g1"), "gates are named to staff only");
    let viewer = bench.staff(Role::Viewer, "vi").await;
    bench.pass_s(1);
    let degraded = bench.send("GET", "/v1/readiness", &viewer, None).await.is(200);
    let gate =
        degraded.json["checks"].as_array().unwrap().iter().find(|check| check["name"] == "gate g1").unwrap();
    assert!(
        gate["detail"].as_str().unwrap().contains("not connected") && gate["remedy"].is_string(),
        "{gate}"
    );
    let page = bench.send("GET", "/metrics", "", None).await.is(200).text;
    let entries = format!("sumun_ledger_entries {}\n", bench.govern().store.head().size);
    assert!(page.contains(&entries) && page.ends_with("# EOF\n"), "{page}");
}

/// Whoever asks may ask often: he gets what was found a moment ago.
#[tokio::test]
async fn asking_often_looks_once_a_second() {
    let bench = Bench::new().await;
    let asked = async || bench.send("GET", "/readyz", "", None).await.is(200).json;
    let first = asked().await;
    bench.staff(Role::Viewer, "vi").await;
    bench.pass_us(999_999);
    assert_eq!(asked().await, first);
    bench.pass_us(1);
    assert_ne!(asked().await, first, "an entry more");
}
