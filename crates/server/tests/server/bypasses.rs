//! What gates tell of times in which everything passed at them: each beginning and each end in the ledger once, and shown while it lasts.

use crate::bench::Bench;
use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sumun_feed::{content_digest, request_events};
use sumun_govern::Role;
use sumun_store::Filter;
use sumun_store::tables::BYPASSES;

#[tokio::test]
async fn that_everything_passes_at_a_gate_is_entered_once_from_beginning_to_end() {
    let bench = Bench::new().await;
    bench.enrol().await;
    let tell = async |bypasses: Value| {
        let body = json!({ "bypasses": bypasses }).to_string();
        let digest = content_digest(body.as_bytes());
        let proof = bench.proof(&request_events("/v1/feed/bypasses", &digest));
        let request = Request::post("/v1/feed/bypasses")
            .header("authorization", format!("Bearer {proof}"))
            .header("content-type", "application/json")
            .header("content-digest", digest)
            .body(Body::from(body))
            .unwrap();
        bench.send_raw(request).await
    };
    let one = |since: &str, until: Value, let_pass: Value| {
        json!({ "since": format!("2026-11-02T00:{since}Z"), "by": "uid 0", "reason": "a made-up reason", "until": until,
            "let_pass": let_pass })
    };
    let auditor = bench.staff(Role::Auditor, "mira").await;
    let entered = async || {
        let seen = bench.send("GET", "/v1/ledger/entries?limit=1000", &auditor, None).await.is(200).json;
        let mut found = Vec::new();
        for entry in seen["items"].as_array().unwrap() {
            let class = entry["class"].as_str().unwrap();
            if class.starts_with("gate.bypass") {
                found.push(class.to_owned());
            }
        }
        found
    };
    let shown = async || {
        // Overview and readiness are kept for a second.
        bench.pass_s(2);
        let of = async |path: &str| bench.send("GET", path, &auditor, None).await.is(200).json;
        let ramp = of("/v1/ramp").await["gates"][0].clone();
        let checks = of("/v1/readiness").await["checks"].as_array().unwrap().clone();
        let gate = checks.iter().find(|check| check["name"] == "gate g1").unwrap();
        let told = gate["detail"].as_str().unwrap().starts_with("BYPASS: everything passes there");
        assert_eq!(told, ramp["state"] == "bypassed", "{gate}");
        assert!(!told || gate["state"] == "degraded", "{gate}");
        assert_eq!(of("/v1/overview").await["gates"][0]["bypass"], ramp["bypass"]);
        ramp["bypass"].clone()
    };
    tell(json!([])).await.is(200);
    assert_eq!((entered().await.len(), shown().await), (0, json!(null)));
    let began = one("00:10", json!(null), json!(null));
    assert_eq!(tell(json!([began])).await.is(200).json["entered"], 1);
    assert_eq!(tell(json!([began])).await.is(200).json["entered"], 0);
    assert_eq!(shown().await, json!("2026-11-02T00:00:10.000000Z"));
    // Its end, and a whole one of which nobody had heard.
    let both = json!([
        one("00:10", json!("2026-11-02T00:00:40Z"), json!(7)),
        one("01:00", json!("2026-11-02T00:01:30Z"), json!(null)),
    ]);
    for entered in [2, 0] {
        assert_eq!(tell(both.clone()).await.is(200).json["entered"], entered);
    }
    // One that is told of again from before its end does not begin anew.
    tell(json!([began])).await.is(200);
    assert_eq!(shown().await, json!(null));
    assert_eq!(entered().await.iter().filter(|class| *class == "gate.bypassed").count(), 2);
    assert_eq!(entered().await.iter().filter(|class| *class == "gate.bypass_ended").count(), 1);
    let rows = bench.govern().store.list(&BYPASSES, &Filter { limit: 9, ..Filter::default() }).await.unwrap();
    let let_pass: Vec<_> = rows.iter().map(|row| row["let_pass"].clone()).collect();
    assert_eq!(let_pass, [json!(7), json!(null)]);

    // A gate that lost its folder while everything passed there no longer speaks of it.
    tell(json!([one("02:00", json!(null), json!(null))])).await.is(200);
    tell(json!([])).await.is(200);
    assert_eq!(shown().await, json!("2026-11-02T00:02:00.000000Z"), "a word that came late ends nothing");
    bench.pass_s(600);
    assert_eq!(tell(json!([])).await.is(200).json["entered"], 1);
    assert_eq!(shown().await, json!(null));
    // What looks like a secret is withheld, and the rest is entered.
    let mut secret = one("09:00", json!("2026-11-02T00:09:30Z"), json!(1));
    secret["reason"] = json!("kek:v1:a-made-up-one");
    assert_eq!(tell(json!([secret])).await.is(200).json["entered"], 1);
    assert_eq!(tell(json!([{ "since": "now" }])).await.is(422).code(), "bad_field");
}
