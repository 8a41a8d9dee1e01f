//! What readers are told beside the codes: rules and masked columns in words, an ended key's measure, and cursors and versions that were
//! given out, or never were.

use crate::bench::Bench;
use crate::keys::one_customer;
use crate::own::key_request;
use serde_json::json;
use sumun_govern::Role;

#[tokio::test]
async fn a_cursor_that_no_page_gave_is_told() {
    let (bench, owner) = one_customer().await;
    let analyst = bench.staff(Role::Analyst, "an").await;
    for list in ["cases", "approvals", "measures", "signals", "tasks", "notices", "questions", "objections"] {
        let path = format!("/v1/{list}?after=made-up");
        let refused = bench.send("GET", &path, &analyst, None).await.is(400);
        assert_eq!((refused.code(), &refused.json["pointer"]), ("cursor_unknown", &json!("after")), "{list}");
    }
    assert_eq!(
        bench.send("GET", "/v1/drift?after=made-up", &analyst, None).await.is(400).code(),
        "cursor_unknown"
    );
    // What stood there once may be gone: an old cursor goes on from its place.
    bench.send("GET", "/v1/drift?after=2-K9", &analyst, None).await.is(200);
    // A customer learns from no cursor whether an id is there.
    bench.send("GET", "/v1/notices?after=made-up", &owner, None).await.is(200);
    // One that was given out goes on, until nothing is left.
    let asked = bench.send("POST", "/v1/keys", &owner, Some(key_request("A1"))).await.is(201);
    let id = asked.json["result"]["key"]["key"].as_str().unwrap();
    bench.send("POST", &format!("/v1/keys/{id}/issue"), &owner, None).await.is(200);
    let lead = bench.staff(Role::Approver, "bert").await;
    let reason =
        json!({ "reason": "used from two places at once", "lesser": "a warning would come too late" });
    let waits = bench.send("POST", &format!("/v1/keys/{id}/expire"), &lead, Some(reason)).await.is(202);
    let approval = waits.json["result"]["waits_for"][0].as_str().unwrap();
    let path = format!("/v1/approvals?subject=key:{id}&after={approval}");
    assert_eq!(bench.send("GET", &path, &analyst, None).await.is(200).json["items"], json!([]));
}

#[tokio::test]
async fn the_version_of_what_nobody_has_set_may_be_repeated_back() {
    let bench = Bench::new().await;
    let sora = bench.staff(Role::SecurityAdmin, "sora").await;
    let seen = bench.send("GET", "/v1/ramp", &sora, None).await.is(200);
    let etag = seen.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(etag, "\"0\"");
    let ramp = json!({ "ramp": { "default": "shadow", "ends": "refused", "rules": [] }, "reason": "two quiet weeks" });
    let put = async |etag: &str, key: &str| {
        let headers = [("if-match", etag), ("idempotency-key", key)];
        bench.send_with("PUT", "/v1/ramp?dry_run=true", &sora, Some(ramp.clone()), &headers).await
    };
    put(&etag, "first-key").await.is(200);
    assert_eq!(put("\"1\"", "second-key").await.is(412).code(), "version_stale");
}

#[tokio::test]
async fn an_address_with_host_bits_is_told_what_to_write() {
    let (bench, owner) = one_customer().await;
    let asked = bench.send("POST", "/v1/keys", &owner, Some(key_request("A1"))).await.is(201);
    let key = asked.json["result"]["key"]["key"].as_str().unwrap();
    // Wherever a key's addresses are named: one code, the field, and what to write instead.
    let wrong = "203.0.113.7/24";
    let mut new = key_request("A1");
    new["allowlist"] = json!(["203.0.113.9", wrong]);
    let mut recorded = key_request("A1");
    recorded["allowlist"] = json!([{ "prefix": wrong }]);
    let (add, change) = (format!("/v1/keys/{key}/addresses"), format!("/v1/keys/{key}/allowlist"));
    for (path, body, field) in [
        ("/v1/keys", new, "/allowlist/1"),
        ("/v1/keys", recorded, "/allowlist/0"),
        (change.as_str(), json!({ "allowlist": [wrong] }), "/allowlist/0"),
        (add.as_str(), json!({ "prefix": wrong }), "/prefix"),
    ] {
        let refused = bench.send("POST", path, &owner, Some(body)).await.is(422);
        assert_eq!((refused.code(), &refused.json["pointer"]), ("prefix_host_bits", &json!(field)), "{path}");
        let remedy = refused.json["remedy"].as_str().unwrap();
        assert!(remedy.contains("without `/`") && remedy.contains("203.0.113.0/24"), "{remedy}");
    }
}

#[tokio::test]
async fn entries_say_what_is_masked_and_an_ended_keys_measure_that_it_holds_nothing() {
    let (bench, owner) = one_customer().await;
    let asked = bench.send("POST", "/v1/keys", &owner, Some(key_request("A1"))).await.is(201);
    let key = asked.json["result"]["key"]["key"].as_str().unwrap().to_owned();
    bench.send("POST", &format!("/v1/keys/{key}/issue"), &owner, None).await.is(200);
    let auditor = bench.staff(Role::Auditor, "audit").await;
    let entries = bench.send("GET", "/v1/ledger/entries?limit=1000", &auditor, None).await.is(200).json;
    let issued =
        entries["items"].as_array().unwrap().iter().find(|entry| entry["class"] == "key.issued").unwrap();
    let (masked, said) = (issued["masked"].as_array().unwrap(), issued["masked_said"].as_array().unwrap());
    assert!(masked.contains(&json!("keys.secret")) && masked.len() == said.len());
    for one in said {
        let (ko, en) = (one["ko"].as_str().unwrap(), one["en"].as_str().unwrap());
        assert!(!ko.contains("keys.") && !en.contains("keys."), "{one}");
    }
    assert_eq!(issued["rules"], json!({}));
    // Held, then ended by its owner over it.
    let analyst = bench.staff(Role::Analyst, "an").await;
    let held = json!({ "reason": "used from two places at once", "lesser": "a warning would come too late", "review_by": "user:an" });
    bench.send("POST", &format!("/v1/keys/{key}/hold"), &analyst, Some(held)).await.is(200);
    let measure = async || {
        let path = format!("/v1/measures?key={key}&state=in_force");
        bench.send("GET", &path, &analyst, None).await.is(200).json["items"][0].clone()
    };
    let living = measure().await;
    assert_eq!((&living["measure"], &living["key_ended"]), (&json!("hold"), &json!(null)));
    bench.pass_s(5);
    bench.send("POST", &format!("/v1/keys/{key}/revoke"), &owner, Some(json!({}))).await.is(200);
    let waiting = measure().await;
    assert_eq!(waiting["key_ended"], json!("2026-11-02T00:00:05.000000Z"), "{waiting}");
    let one = format!("/v1/measures/{}", waiting["measure_id"].as_str().unwrap());
    assert_eq!(bench.send("GET", &one, &analyst, None).await.is(200).json["key_ended"], waiting["key_ended"]);
}
