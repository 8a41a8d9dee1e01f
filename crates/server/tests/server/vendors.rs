//! A vendor over the API: entered, proposed, approved by another person, used, cut off by one.

use crate::bench::Bench;
use serde_json::{Value, json};
use sumun_govern::Role;

fn looked_into() -> Value {
    json!({ "name": "가상 봇", "class": "tool", "networks": ["198.51.100.0/24"], "scopes": ["read", "trade"],
        "attested": "2026-10-20T00:00:00Z",
        "diligence": { "company": "made up", "country": "KR", "secrets_kept": "made up", "access": "made up",
            "incidents": "made up", "review": "made up", "reviewed": "2026-10-01" } })
}

#[tokio::test]
async fn one_proposes_and_another_approves() {
    let bench = Bench::new().await;
    let lead = bench.staff(Role::ComplianceLead, "lead").await;
    let other = bench.staff(Role::ComplianceLead, "other").await;
    let approver = bench.staff(Role::Approver, "approver").await;
    let propose = json!({ "state": "approved", "reason": "looked into, and fit for use" });
    let path = "/v1/vendors/V1/state";

    // What nobody looked into cannot even be proposed, and the answer names what is missing.
    let bare = json!({ "name": "v", "class": "tool", "scopes": ["read"] });
    bench.send("PUT", "/v1/vendors/V1", &lead, Some(bare)).await.is(200);
    let lacking = bench.send("POST", path, &lead, Some(propose.clone())).await.is(409);
    assert_eq!(lacking.code(), "vendor_incomplete");
    assert!(
        lacking.text.contains("diligence.company") && lacking.text.contains("attested"),
        "{}",
        lacking.text
    );

    bench.send("PUT", "/v1/vendors/V1", &lead, Some(looked_into())).await.is(200);
    let proposed = bench.send("POST", path, &lead, Some(propose.clone())).await.is(202);
    assert_eq!(proposed.json["result"]["vendor"]["state"], "applied");
    let approval = proposed.json["result"]["approval"].as_str().unwrap().to_owned();
    assert_eq!(bench.send("POST", path, &lead, Some(propose.clone())).await.is(409).code(), "approval_open");
    let decide = format!("/v1/approvals/{approval}/decide");
    let yes = Some(json!({ "decision": "approve", "reason": "read the review" }));
    assert_eq!(bench.send("POST", &decide, &lead, yes.clone()).await.is(403).code(), "own_request");
    assert_eq!(bench.send("POST", &decide, &approver, yes.clone()).await.is(403).code(), "role_not_entitled");
    let granted = bench.send("POST", &decide, &other, yes.clone()).await.is(200);
    assert_eq!(granted.json["result"]["state"], "granted");
    let shown = bench.send("GET", "/v1/vendors/V1", &approver, None).await.is(200);
    assert_eq!(shown.json["state"], "approved");
    assert!(shown.json["recertify"].is_string());
    let owner = bench.customer(Role::Owner, "C1").await;
    let outwards = bench.send("GET", "/v1/vendors/V1", &owner, None).await.is(200);
    assert_eq!((&outwards.json["state"], &outwards.json["diligence"]), (&json!("approved"), &json!(null)));

    let cut = json!({ "state": "suspended", "reason": "told us of an incident" });
    let cut = bench.send("POST", path, &lead, Some(cut)).await.is(200);
    assert_eq!(cut.json["result"]["vendor"]["state"], "suspended");

    // What was looked at is what is approved: a record that changed in between is looked at anew.
    let proposed = bench.send("POST", path, &lead, Some(propose)).await.is(202);
    let approval = proposed.json["result"]["approval"].as_str().unwrap().to_owned();
    let mut changed = looked_into();
    changed["scopes"] = json!(["read"]);
    bench.send("PUT", "/v1/vendors/V1", &lead, Some(changed)).await.is(200);
    let stale = bench.send("POST", &format!("/v1/approvals/{approval}/decide"), &other, yes).await.is(409);
    assert_eq!(stale.code(), "subject_changed");
}
