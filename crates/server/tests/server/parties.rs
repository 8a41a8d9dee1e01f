//! Parties over the API: versions, repetition, dry runs, personal data.

use crate::bench::Bench;
use serde_json::json;
use sumun_govern::Role;

#[tokio::test]
async fn a_write_is_shown_first_done_once_and_kept_from_overwriting_unseen() {
    let bench = Bench::new().await;
    let lead = bench.staff(Role::ComplianceLead, "lead").await;
    let (path, body) = ("/v1/customers/C1", json!({ "segment": "retail", "country": "KR" }));
    let plan =
        bench.send_with("PUT", "/v1/customers/C1?dry_run=true", &lead, Some(body.clone()), &[]).await.is(200);
    assert_eq!((&plan.json["ledger"], &plan.json["plan"]["class"]), (&json!(null), &json!("customer.put")));
    bench.send("GET", path, &lead, None).await.is(404);
    let key = [("idempotency-key", "once-and-only")];
    let first = bench.send_with("PUT", path, &lead, Some(body.clone()), &key).await.is(200);
    assert!(first.json["ledger"]["entry"].is_u64());
    let again = bench.send_with("PUT", path, &lead, Some(body), &key).await.is(200);
    assert_eq!((&again.json["result"], &again.json["ledger"]), (&first.json["result"], &json!(null)));
    let other = bench.send_with("PUT", path, &lead, Some(json!({ "segment": "broker" })), &key).await.is(422);
    assert_eq!(other.code(), "idempotency_key_reused");
    let shown = bench.send("GET", path, &lead, None).await.is(200);
    assert_eq!(shown.headers["etag"], "\"1\"");
    let seen = [("idempotency-key", "another-one"), ("if-match", "\"1\"")];
    bench.send_with("PUT", path, &lead, Some(json!({ "segment": "broker" })), &seen).await.is(200);
    let unseen = [("idempotency-key", "a-third-one"), ("if-match", "\"1\"")];
    bench.send_with("PUT", path, &lead, Some(json!({ "segment": "retail" })), &unseen).await.is(412);
}

#[tokio::test]
async fn a_person_is_masked_until_a_reason_is_recorded() {
    let bench = Bench::new().await;
    let backend = bench.machine(Role::ExchangeBackend).await;
    bench.send("PUT", "/v1/customers/C1", &backend, Some(json!({ "segment": "retail" }))).await.is(200);
    let person =
        json!({ "customer": "C1", "role": "owner", "name": "가상의 사람", "email": "made-up@mail.example" });
    bench.send("PUT", "/v1/persons/P1", &backend, Some(person)).await.is(200);
    let analyst = bench.staff(Role::Analyst, "an").await;
    let masked = bench.send("GET", "/v1/persons/P1", &analyst, None).await.is(200);
    assert!(!masked.text.contains("가상의 사람") && !masked.text.contains("made-up@"));
    let size = bench.govern().store.head().size;
    let whole = bench.send("GET", "/v1/persons/P1?reason=case%2041", &analyst, None).await.is(200);
    assert_eq!((&whole.json["name"], &whole.json["entry"]), (&json!("가상의 사람"), &json!(size)));
    // The back end put him, and has no business reading him.
    bench.send("GET", "/v1/persons/P1?reason=case%2041", &backend, None).await.is(403);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let bench = Bench::new().await;
    let lead = bench.staff(Role::ComplianceLead, "lead").await;
    for id in ["C1", "C2", "C3"] {
        let path = format!("/v1/customers/{id}");
        bench.send("PUT", &path, &lead, Some(json!({ "segment": "retail" }))).await.is(200);
    }
    let first = bench.send("GET", "/v1/customers?limit=2", &lead, None).await.is(200);
    assert_eq!((first.json["items"].as_array().unwrap().len(), &first.json["next"]), (2, &json!("C2")));
    let second = bench.send("GET", "/v1/customers?limit=2&after=C2", &lead, None).await.is(200);
    assert_eq!((second.json["items"].as_array().unwrap().len(), &second.json["next"]), (1, &json!(null)));
}
