//! A secret that was seen in public ends its key at once; an id alone ends nothing. The secret is repeated nowhere.

use crate::bench::Bench;
use crate::keys::one_customer;
use crate::own::key_request;
use serde_json::{Value, json};
use sumun_govern::Role;

/// A key that lives, and its secret.
async fn issued(bench: &Bench, owner: &str) -> (String, String) {
    let asked = bench.send("POST", "/v1/keys", owner, Some(key_request("A1"))).await.is(201);
    let key = asked.json["result"]["key"]["key"].as_str().unwrap().to_owned();
    let issued = bench.send("POST", &format!("/v1/keys/{key}/issue"), owner, None).await.is(200);
    (key, issued.json["result"]["secret"].as_str().unwrap().to_owned())
}

async fn report(bench: &Bench, token: &str, body: Value) -> crate::bench::Answered {
    bench.send("POST", "/v1/exposures", token, Some(body)).await
}

#[tokio::test]
async fn a_secret_ends_its_key_and_an_id_does_not() {
    let (bench, owner) = one_customer().await;
    let (key, secret) = issued(&bench, &owner).await;
    let support = bench.staff(Role::Support, "sori").await;
    let told = report(&bench, &support, json!({ "key": key, "seen_at": "a made-up page" })).await.is(200);
    assert_eq!(
        (&told.json["result"]["ended"], &told.json["result"]["key"]["state"]),
        (&json!(false), &json!("active"))
    );
    let other = json!({ "key": key, "secret": format!("{secret}x"), "seen_at": "a made-up page" });
    let told = report(&bench, &support, other).await.is(200);
    assert_eq!(told.json["result"]["ended"], false);
    let body = json!({ "secret": secret, "seen_at": "a made-up page" });
    let dry = bench
        .send_with("POST", "/v1/exposures?dry_run=true", &support, Some(body.clone()), &[])
        .await
        .is(200);
    assert_eq!((&dry.json["result"]["ended"], &dry.json["ledger"]), (&json!(true), &json!(null)));
    let machine = bench.machine(Role::ExchangeBackend).await;
    let once = [("idempotency-key", "seen-on-a-page")];
    let ended = bench.send_with("POST", "/v1/exposures", &machine, Some(body.clone()), &once).await.is(200);
    assert_eq!(
        (&ended.json["result"]["ended"], &ended.json["result"]["key"]["cause"]),
        (&json!(true), &json!("leaked"))
    );
    let again = bench.send_with("POST", "/v1/exposures", &machine, Some(body), &once).await.is(200);
    assert_eq!(again.json["repeated"], true);
    let shown = bench.send("GET", &format!("/v1/keys/{key}"), &owner, None).await.is(200);
    assert_eq!(shown.json["state"], "expired");
    assert!(!ended.text.contains(&secret) && !dry.text.contains(&secret));
    let auditor = bench.staff(Role::Auditor, "auditor").await;
    let entries = bench.send("GET", "/v1/ledger/entries?limit=1000", &auditor, None).await.is(200);
    assert!(entries.text.contains("key.exposure_reported") && !entries.text.contains(&secret));
    for file in std::fs::read_dir(bench.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
}

#[tokio::test]
async fn no_answer_repeats_a_secret_wherever_it_stands() {
    let (bench, owner) = one_customer().await;
    let (key, secret) = issued(&bench, &owner).await;
    let admin = bench.staff(Role::SecurityAdmin, "admin").await;
    for (body, code) in [
        (json!({ "key": secret, "seen_at": "there" }), "secret_in_request"),
        (json!({ "key": key, "seen_at": format!("SECRET={secret}") }), "secret_in_request"),
        (json!({ "key": { "of": secret }, "seen_at": "there" }), "bad_field"),
        (json!({ "secret": [secret], "seen_at": "there" }), "bad_field"),
        (json!({ "secret": format!("{secret} "), "seen_at": "there" }), "bad_field"),
        (json!({ "secret": "a".repeat(5000), "seen_at": "there" }), "bad_field"),
        (json!({ "secret": "not a key's".replace(' ', "-"), "seen_at": "there" }), "not_found"),
        (json!({ "seen_at": "there" }), "nothing_reported"),
    ] {
        let answer = report(&bench, &admin, body).await;
        assert_eq!(answer.code(), code, "{}", answer.text);
        assert!(!answer.text.contains(&secret), "{}", answer.text);
    }
    report(&bench, &owner, json!({ "secret": secret, "seen_at": "there" })).await.is(403);
    let shown = bench.send("GET", &format!("/v1/keys/{key}"), &owner, None).await.is(200);
    assert_eq!(shown.json["state"], "active");
}
