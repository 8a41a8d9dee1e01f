//! A key's life over the API: asked for, issued with its secret shown once, told, ended.

use crate::bench::Bench;
use crate::own::key_request;
use serde_json::json;
use sumun_govern::Role;

pub(crate) async fn one_customer() -> (Bench, String) {
    let bench = Bench::new().await;
    let backend = bench.machine(Role::ExchangeBackend).await;
    for (path, body) in [
        ("/v1/customers/C1", json!({ "segment": "retail" })),
        ("/v1/persons/P1", json!({ "customer": "C1", "role": "owner" })),
        ("/v1/operators/O1", json!({ "kind": "owner", "customer": "C1" })),
        ("/v1/accounts/A1", json!({ "customer": "C1", "segment": "retail", "person": "P1", "owner": "O1" })),
    ] {
        bench.send("PUT", path, &backend, Some(body)).await.is(200);
    }
    let owner = bench.customer(Role::Owner, "C1").await;
    (bench, owner)
}

#[tokio::test]
async fn a_secret_is_shown_once() {
    let (bench, owner) = one_customer().await;
    let asked = bench.send("POST", "/v1/keys", &owner, Some(key_request("A1"))).await.is(201);
    let key = asked.json["result"]["key"]["key"].as_str().unwrap().to_owned();
    let issue = format!("/v1/keys/{key}/issue");
    let dry = bench.send_with("POST", &format!("{issue}?dry_run=true"), &owner, None, &[]).await.is(200);
    assert_eq!(dry.json["result"]["secret"], json!(null));
    let once = [("idempotency-key", "issue-once")];
    let issued = bench.send_with("POST", &issue, &owner, None, &once).await.is(200);
    let secret = issued.json["result"]["secret"].as_str().unwrap().to_owned();
    assert_eq!(issued.headers["cache-control"], "no-store");
    let again = bench.send_with("POST", &issue, &owner, None, &once).await.is(200);
    assert_eq!((&again.json["repeated"], &again.json["result"]["secret"]), (&json!(true), &json!(null)));
    let auditor = bench.staff(Role::Auditor, "auditor").await;
    for path in
        [format!("/v1/keys/{key}"), format!("/v1/keys/{key}/timeline"), "/v1/ledger/entries".to_owned()]
    {
        assert!(!bench.send("GET", &path, &auditor, None).await.is(200).text.contains(&secret), "{path}");
    }
    let told = bench.send("GET", &format!("/v1/keys/{key}/capability"), &owner, None).await.is(200);
    assert!(told.json["sentences"].as_array().is_some_and(|said| !said.is_empty()));
}

#[tokio::test]
async fn a_proof_of_what_happened_can_be_taken_away() {
    let (bench, owner) = one_customer().await;
    let asked = bench.send("POST", "/v1/keys", &owner, Some(key_request("A1"))).await.is(201);
    let auditor = bench.staff(Role::Auditor, "auditor").await;
    let index = &asked.json["ledger"]["entry"];
    let entry = bench.send("GET", &format!("/v1/ledger/entries/{index}"), &auditor, None).await.is(200).json;
    let path = format!("/v1/ledger/entries/{index}/proof");
    let proof = bench.send("GET", &path, &owner, None).await.is(200).text;
    // A proof names class and time of its entry: of others' entries, and of those nobody tells him of, there is none for him.
    let other = bench.customer(Role::Owner, "C2").await;
    bench.send("GET", &path, &other, None).await.is(404);
    bench.send("GET", "/v1/ledger/entries/0/proof", &owner, None).await.is(404);
    bench.send("GET", "/v1/ledger/entries/0/proof", &auditor, None).await.is(200);
    let signer = sumun_ledger::CheckpointSigner::new(&[7; 32], "sumun.example/made-up").unwrap();
    let leaf = entry["leaf"].as_str().unwrap();
    sumun_ledger::TlogProof::parse(&proof).unwrap().check(leaf.as_bytes(), &signer.verifier()).unwrap();
    assert!(leaf.contains(entry["commitment"].as_str().unwrap()));
    let consistent = bench.send("GET", "/v1/ledger/consistency?from=1", "", None).await.is(200);
    assert_eq!(consistent.json["to"], bench.govern().store.head().size);
    bench.send("GET", "/v1/ledger/entries/9999/proof", &owner, None).await.is(404);
}

#[tokio::test]
async fn without_a_fresh_second_factor_a_key_cannot_be_asked_for() {
    let (bench, owner) = one_customer().await;
    bench.pass_s(6 * 60);
    let refused = bench.send("POST", "/v1/keys", &owner, Some(key_request("A1"))).await.is(401);
    let challenge = refused.headers["www-authenticate"].to_str().unwrap();
    assert!(
        challenge.contains("insufficient_user_authentication") && challenge.contains("max_age="),
        "{challenge}"
    );
}
