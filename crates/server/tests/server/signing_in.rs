//! Customers' people by the exchange's assertion, staff by invite, password and code.

use crate::bench::{Bench, START_US, exchange_key};
use serde_json::{Value, json};
use sumun_feed::{Typ, jws};
use sumun_govern::Role;

pub(crate) fn assertion(jti: &str, amr: &[&str]) -> String {
    assertion_of(jti, amr, "P1", 0)
}

/// Of a person who was recognised so many seconds before.
fn assertion_of(jti: &str, amr: &[&str], person: &str, ago_s: i64) -> String {
    let now = START_US / 1_000_000;
    let claims = json!({ "aud": "example", "iat": now, "exp": now + 60, "auth_time": now - ago_s, "jti": jti, "sub": "C1",
        "person": person, "role": "owner", "amr": amr });
    jws::sign(&exchange_key(), Typ::Assertion, &claims).unwrap()
}

pub(crate) async fn with_customer() -> Bench {
    with_customer_at(Bench::new().await).await
}

pub(crate) async fn with_customer_at(bench: Bench) -> Bench {
    let backend = bench.machine(Role::ExchangeBackend).await;
    bench.send("PUT", "/v1/customers/C1", &backend, Some(json!({ "segment": "retail" }))).await.is(200);
    for person in ["P1", "P%2F1%25"] {
        let body = json!({ "customer": "C1", "role": "owner" });
        bench.send("PUT", &format!("/v1/persons/{person}"), &backend, Some(body)).await.is(200);
    }
    bench.send("PUT", "/v1/customers/C2", &backend, Some(json!({ "segment": "retail" }))).await.is(200);
    let another = json!({ "customer": "C2", "role": "owner" });
    bench.send("PUT", "/v1/persons/P2", &backend, Some(another)).await.is(200);
    bench
}

#[tokio::test]
async fn an_assertion_opens_one_session_once() {
    let bench = with_customer().await;
    let body = json!({ "assertion": assertion("j1", &["pwd", "otp"]) });
    let opened = bench.send("POST", "/v1/owner/sessions", "", Some(body.clone())).await.is(201);
    assert_eq!(opened.headers["cache-control"], "no-store");
    assert_eq!(opened.json["idle_minutes"], 15, "as the venue's facts have it");
    let token = opened.json["token"].as_str().unwrap();
    let who = bench.send("GET", "/v1/sessions/current", token, None).await.is(200);
    assert_eq!(who.json["principal"], "customer:C1/P1");
    assert_eq!(who.json["second_factor"]["method"], "totp");
    let again = bench.send("POST", "/v1/owner/sessions", "", Some(body)).await.is(401);
    assert_eq!(again.code(), "assertion_refused");
    bench.send("DELETE", "/v1/sessions/current", token, None).await.is(204);
    bench.send("GET", "/v1/sessions/current", token, None).await.is(401);
}

#[tokio::test]
async fn a_token_that_waits_says_so_to_whoever_holds_all_of_it() {
    let bench = Bench::new().await;
    let (sora, hana) =
        (bench.staff(Role::SecurityAdmin, "sora").await, bench.staff(Role::SecurityAdmin, "hana").await);
    let body =
        json!({ "name": "back end", "roles": ["exchange_backend"], "expires": "2026-12-01T00:00:00Z" });
    let made = bench.send("POST", "/v1/tokens", &sora, Some(body)).await.is(201).json;
    let text = made["result"]["secret"].as_str().unwrap();
    let refused = bench.send("GET", "/v1/accounts", text, None).await.is(401);
    assert!(refused.json["detail"].as_str().unwrap().contains("waits for approval"), "{}", refused.text);
    assert!(refused.json["remedy"].as_str().unwrap().contains("approvals"), "{}", refused.text);
    // Whoever has only a part of it is a stranger.
    let part = &text[..text.len() - 1];
    let stranger = bench.send("GET", "/v1/accounts", part, None).await.is(401);
    assert!(stranger.json["detail"].as_str().unwrap().contains("not known here"), "{}", stranger.text);
    let open = bench.send("GET", "/v1/approvals?for=me", &hana, None).await.is(200).json;
    let approval = open["items"][0]["approval"].as_str().unwrap().to_owned();
    let no = json!({ "decision": "refuse", "reason": "nobody knows this machine" });
    bench.send("POST", &format!("/v1/approvals/{approval}/decide"), &hana, Some(no)).await.is(200);
    let refused = bench.send("GET", "/v1/accounts", text, None).await.is(401);
    assert!(refused.json["detail"].as_str().unwrap().contains("not known here"), "it waits no more");
}

#[tokio::test]
async fn a_new_assertion_does_not_make_an_old_second_factor_new() {
    let bench = with_customer().await;
    let at = async |jti: &str, ago_s| {
        let body = json!({ "assertion": assertion_of(jti, &["otp"], "P1", ago_s) });
        let opened = bench.send("POST", "/v1/owner/sessions", "", Some(body)).await.is(201);
        opened.json["second_factor"]["at"].as_str().unwrap().to_owned()
    };
    assert_eq!(at("j1", 0).await, "2026-11-02T00:00:00.000000Z");
    assert_eq!(at("j2", 3600).await, "2026-11-01T23:00:00.000000Z");
    assert_eq!(at("j3", -3).await, "2026-11-02T00:00:00.000000Z", "a clock that is a little ahead");
    let ahead = json!({ "assertion": assertion_of("j4", &["otp"], "P1", -3600) });
    bench.send("POST", "/v1/owner/sessions", "", Some(ahead)).await.is(401);
}

#[tokio::test]
async fn nobody_signs_in_who_is_not_on_record_as_this_customers_person() {
    let bench = with_customer().await;
    for (jti, person) in [("j1", "GHOST"), ("j2", "P2")] {
        let body = json!({ "assertion": assertion_of(jti, &["otp"], person, 0) });
        let refused = bench.send("POST", "/v1/owner/sessions", "", Some(body)).await.is(401);
        assert!(refused.text.contains("not on record as one of this customer's"), "{}", refused.text);
    }
}

#[tokio::test]
async fn two_persons_are_two_principals_whatever_their_ids_hold() {
    let bench = with_customer().await;
    let body = json!({ "assertion": assertion_of("j1", &["otp"], "P/1%", 0) });
    let opened = bench.send("POST", "/v1/owner/sessions", "", Some(body)).await.is(201);
    let token = opened.json["token"].as_str().unwrap();
    let who = bench.send("GET", "/v1/sessions/current", token, None).await.is(200);
    assert_eq!(who.json["principal"], "customer:C1/P%2F1%25");
}

#[tokio::test]
async fn a_message_is_no_second_factor() {
    let bench = with_customer().await;
    let body = json!({ "assertion": assertion("j2", &["pwd", "sms"]) });
    let opened = bench.send("POST", "/v1/owner/sessions", "", Some(body)).await.is(201);
    assert_eq!(opened.json["second_factor"], Value::Null);
}

#[tokio::test]
async fn a_stale_or_unknown_customers_assertion_opens_nothing() {
    let bench = with_customer().await;
    bench.pass_s(61);
    let late = json!({ "assertion": assertion("j3", &["otp"]) });
    let late = bench.send("POST", "/v1/owner/sessions", "", Some(late)).await.is(401);
    assert!(late.headers.contains_key("www-authenticate"));
    let bench = Bench::new().await;
    let nobody = json!({ "assertion": assertion("j4", &["otp"]) });
    bench.send("POST", "/v1/owner/sessions", "", Some(nobody)).await.is(401);
}

#[tokio::test]
async fn an_unused_session_ends() {
    let bench = with_customer().await;
    let token = bench.customer(Role::Owner, "C1").await;
    bench.pass_s(10 * 60);
    bench.send("GET", "/v1/sessions/current", &token, None).await.is(200);
    bench.pass_s(10 * 60);
    bench.send("GET", "/v1/sessions/current", &token, None).await.is(200);
    bench.pass_s(16 * 60);
    bench.send("GET", "/v1/sessions/current", &token, None).await.is(401);
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    let bench = Bench::new().await;
    let guess = json!({ "user": "mina", "password": "made up", "totp": "000000" });
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(bench.send("POST", "/v1/sessions", "", Some(guess.clone())).await.status.as_u16());
    }
    assert_eq!((statuses.first(), statuses.last()), (Some(&401), Some(&429)), "{statuses:?}");
    // Whoever waits as long as he is told is heard again.
    let refused = bench.send("POST", "/v1/sessions", "", Some(guess.clone())).await.is(429);
    let seconds: i64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(refused.text.contains(&format!("wait {seconds} seconds")), "{}", refused.text);
    bench.pass_s(seconds - 1);
    bench.send("POST", "/v1/sessions", "", Some(guess.clone())).await.is(429);
    bench.pass_s(1);
    bench.send("POST", "/v1/sessions", "", Some(guess)).await.is(401);
}
