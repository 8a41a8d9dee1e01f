//! The ramp over REST: raised by two persons, stepped back by one, told to gates, and what would have been refused.

use crate::bench::Bench;
use crate::feed::frames;
use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sumun_feed::{Acknowledgement, Frame, Mark, RAMP_RECORD, content_digest, request_events};
use sumun_govern::Role;
use sumun_model::wire::{Origin, parse_line};
use sumun_model::{GateId, KeyId};
use sumun_server::shadow::Shadowed;

fn quarter() -> Value {
    json!({ "default": "shadow", "ends": "refused", "rules": [
        { "segment": "retail", "effect": "order", "route": "/v1/orders*", "percent": 25, "stage": "allowlist" },
    ]})
}

fn put(ramp: Value) -> Value {
    json!({ "ramp": ramp, "reason": "two quiet weeks in shadow" })
}

/// The classes of the last entries of the ledger, the newest last.
async fn classes(bench: &Bench, last: usize) -> Vec<String> {
    let auditor = bench.staff(Role::Auditor, &format!("a-{}", bench.govern().store.head().size)).await;
    let size = usize::try_from(bench.govern().store.head().size).unwrap();
    let seen = bench.send("GET", "/v1/ledger/entries?limit=1000", &auditor, None).await.is(200).json;
    let all: Vec<String> = seen["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["class"].as_str().unwrap().to_owned())
        .collect();
    let known = |class: &&String| class.starts_with("ramp.") || class.starts_with("approval.");
    assert_eq!(all.len(), size);
    let kept: Vec<String> = all.iter().filter(known).cloned().collect();
    kept[kept.len().saturating_sub(last)..].to_vec()
}

#[tokio::test]
async fn two_persons_raise_it_and_one_steps_back() {
    let bench = Bench::new().await;
    let (sora, hana) =
        (bench.staff(Role::SecurityAdmin, "sora").await, bench.staff(Role::SecurityAdmin, "hana").await);
    let viewer = bench.staff(Role::Viewer, "watcher").await;
    let seen = bench.send("GET", "/v1/ramp", &viewer, None).await.is(200).json;
    assert_eq!(
        (&seen["ramp"], &seen["by"], &seen["feed_version"]),
        (&json!({ "default": "ladder", "ends": "refused", "rules": [] }), &json!(null), &json!(0))
    );

    let asked = bench.send("PUT", "/v1/ramp", &sora, Some(put(quarter()))).await.is(202).json;
    let approval = asked["result"]["waits_for"].as_str().unwrap().to_owned();
    assert_eq!(asked["result"]["ramp"]["default"], "ladder", "nothing holds yet");
    let yes = json!({ "decision": "approve", "reason": "looked at the report" });
    let decide = format!("/v1/approvals/{approval}/decide");
    assert_eq!(bench.send("POST", &decide, &sora, Some(yes.clone())).await.is(403).code(), "own_request");
    let again = bench.send("PUT", "/v1/ramp", &sora, Some(put(quarter()))).await.is(409);
    assert_eq!(again.code(), "approval_open");
    bench.send("POST", &decide, &hana, Some(yes.clone())).await.is(200);
    let seen = bench.send("GET", "/v1/ramp", &viewer, None).await.is(200).json;
    assert_eq!((&seen["ramp"], &seen["by"], &seen["version"]), (&quarter(), &json!("user:hana"), &json!(1)));
    assert_eq!(seen["before"]["default"], "ladder");

    // Stepping back takes one, from whoever may; and what was asked for meanwhile was about another ramp.
    let lead = bench.staff(Role::ComplianceLead, "lead").await;
    let more =
        bench.send("PUT", "/v1/ramp", &lead, Some(put(json!({ "default": "ladder" })))).await.is(202).json;
    let back = json!({ "reason": "a market maker is refused" });
    let approver = bench.staff(Role::Approver, "joon").await;
    let stepped = bench.send("POST", "/v1/ramp/step-back", &approver, Some(back.clone())).await.is(200).json;
    assert_eq!(stepped["result"]["ramp"], json!({ "default": "shadow", "ends": "refused", "rules": [] }));
    assert!(stepped["ledger"]["feed_version"].is_u64(), "{stepped}");
    let late = format!("/v1/approvals/{}/decide", more["result"]["waits_for"].as_str().unwrap());
    assert_eq!(stepped["result"]["withdrawn"], json!([more["result"]["waits_for"]]));
    assert_eq!(bench.send("POST", &late, &hana, Some(yes.clone())).await.is(409).code(), "approval_closed");
    assert_eq!(
        bench.send("POST", "/v1/ramp/step-back", &approver, Some(back)).await.is(409).code(),
        "ramp_state"
    );
    assert_eq!(
        classes(&bench, 4).await,
        ["approval.opened", "ramp.set", "approval.opened", "ramp.stepped_back"]
    );
}

#[tokio::test]
async fn a_step_back_withdraws_what_waits_even_where_nothing_is_refused() {
    let bench = Bench::new().await;
    let (sora, hana) =
        (bench.staff(Role::SecurityAdmin, "sora").await, bench.staff(Role::SecurityAdmin, "hana").await);
    let back = json!({ "reason": "a market maker is refused" });
    let again = async || bench.send("POST", "/v1/ramp/step-back", &hana, Some(back.clone())).await;
    again().await.is(200);
    let asked = bench.send("PUT", "/v1/ramp", &sora, Some(put(quarter()))).await.is(202).json;
    let (approval, before) = (asked["result"]["waits_for"].clone(), asked["result"]["before"].clone());
    assert_eq!(asked["result"]["proposed"], quarter(), "what was asked for is what is shown");
    let seen = bench.send("GET", "/v1/ramp", &hana, None).await.is(200).json;
    assert_eq!((&seen["waits_for"], &seen["proposed"]), (&approval, &quarter()));

    let stepped = again().await.is(200).json;
    assert_eq!(stepped["result"]["withdrawn"], json!([approval]));
    assert_eq!(
        stepped["result"]["before"], before,
        "the one to be put back is still the one that was enforced"
    );
    let warnings = stepped["plan"]["warnings"].to_string();
    assert!(warnings.contains("nothing was enforced"), "{warnings}");
    let path = format!("/v1/approvals/{}", approval.as_str().unwrap());
    let seen = bench.send("GET", &path, &hana, None).await.is(200).json;
    assert_eq!(seen["state"], "withdrawn");
    let yes = json!({ "decision": "approve", "reason": "looked at the report" });
    let late = bench.send("POST", &format!("{path}/decide"), &hana, Some(yes)).await.is(409);
    assert_eq!(late.code(), "approval_closed");
    let seen = bench.send("GET", "/v1/ramp", &hana, None).await.is(200).json;
    assert_eq!(
        (&seen["waits_for"], &seen["proposed"], &seen["version"]),
        (&json!(null), &json!(null), &json!(2))
    );
    // Nothing waits and nothing is refused: there is nothing to do.
    assert_eq!(again().await.is(409).code(), "ramp_state");
    bench.send("PUT", "/v1/ramp", &sora, Some(put(quarter()))).await.is(202);
}

#[tokio::test]
async fn a_proposal_that_nobody_can_grant_any_more_is_in_nobodys_way() {
    let bench = Bench::new().await;
    let sora = bench.staff(Role::SecurityAdmin, "sora").await;
    let asked = bench.send("PUT", "/v1/ramp", &sora, Some(put(quarter()))).await.is(202).json;
    let dead = asked["result"]["waits_for"].clone();
    // As a build before this one stepped back: the ramp is another one, and the proposal still open.
    let now = sumun_govern::World::now(&*bench.world);
    let mut change = sumun_govern::govern::change("ramp.stepped_back", now, serde_json::Map::new());
    let told = json!({ "by": "user:sora", "at": now, "reason": "a made-up reason", "before": null });
    let ramp = serde_json::from_value(json!({ "default": "shadow" })).unwrap();
    change.feed.push(sumun_feed::ramp_record(&ramp, &told));
    sumun_govern::World::draw(&*bench.world, &mut change.salt);
    bench.govern().store.execute(change).await.unwrap();

    let seen = bench.send("GET", "/v1/ramp", &sora, None).await.is(200).json;
    assert_eq!(seen["waits_for"], json!(null), "nobody can grant it");
    let asked = bench.send("PUT", "/v1/ramp", &sora, Some(put(quarter()))).await.is(202).json;
    assert_eq!(asked["result"]["withdrawn"], json!([dead]));
    let again = bench.send("PUT", "/v1/ramp", &sora, Some(put(quarter()))).await.is(409);
    assert_eq!(again.code(), "approval_open", "one that can be granted is not swept aside");
}

#[tokio::test]
async fn what_may_not_be_in_force_is_not_even_proposed() {
    let bench = Bench::new().await;
    let sora = bench.staff(Role::SecurityAdmin, "sora").await;
    for (ramp, status) in [
        (json!({ "default": "sometimes" }), 422),
        (json!({ "default": "shadow", "weekdays": [] }), 422),
        (json!({ "default": "shadow", "rules": [{ "percent": 0, "stage": "shadow" }] }), 422),
        (json!({ "default": "shadow", "rules": [{ "route": "orders", "stage": "shadow" }] }), 422),
        // Left out it would have meant `ladder`, for everybody.
        (json!({}), 422),
        (json!({ "rules": [{ "segment": "retail", "percent": 25, "stage": "allowlist" }] }), 422),
        (json!({ "default": "ladder", "ends": "recorded" }), 422),
    ] {
        let refused = bench.send("PUT", "/v1/ramp", &sora, Some(put(ramp.clone()))).await;
        assert_eq!(refused.status.as_u16(), status, "{ramp}: {}", refused.text);
    }
    let to = json!({ "to": "ladder", "reason": "no step back" });
    bench.send("POST", "/v1/ramp/step-back", &sora, Some(to)).await.is(422);
}

/// The first record that is a ramp, and the version that brought it.
async fn ramp_of(bench: &Bench, body: &mut Body) -> (u64, Mark, Value) {
    let ramp = |frame: &Frame| match frame {
        Frame::Delta { version, mark, records, .. } => {
            let record = records.iter().find(|record| record["key"] == RAMP_RECORD)?;
            Some((*version, *mark, record["ramp"].clone()))
        }
        _ => None,
    };
    frames(bench, body, |frame| ramp(frame).is_some()).await.last().and_then(ramp).unwrap()
}

/// A gate's stream that has begun: what changes from now on comes as a change, and not within the snapshot.
async fn begun(bench: &Bench) -> Body {
    let mut body = bench.feed(0).await;
    frames(bench, &mut body, |frame| matches!(frame, Frame::SnapshotEnd { .. })).await;
    body
}

#[tokio::test]
async fn gates_hear_of_it_at_once_and_say_whether_they_obey() {
    let bench = Bench::new().await;
    bench.enrol().await;
    let sora = bench.staff(Role::SecurityAdmin, "sora").await;
    let mut body = begun(&bench).await;
    let back = json!({ "to": "tap", "reason": "a made-up reason" });
    bench.send("POST", "/v1/ramp/step-back", &sora, Some(back)).await.is(200);
    let (version, mark, ramp) = ramp_of(&bench, &mut body).await;
    assert_eq!(ramp["default"], "tap");
    let state = async || {
        let seen = bench.send("GET", "/v1/ramp", &sora, None).await.is(200).json;
        assert_eq!(seen["gates"].as_array().unwrap().len(), 1);
        seen["gates"][0]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state().await, "waits");
    let now = sumun_govern::World::now(&*bench.world);
    let ack = |boot: &str, unusable: Vec<KeyId>| Acknowledgement {
        gate: GateId::new("g1").unwrap(),
        boot: boot.to_owned(),
        from: 1,
        to: version,
        mark,
        applied_at: now,
        acknowledged_at: now,
        last_admitted: Vec::new(),
        streams_closed: 0,
        unusable,
    };
    let token = ack("0a", Vec::new()).sign(&bench.gate_key).unwrap();
    bench.govern().take_receipt(&token).await.unwrap();
    assert_eq!(state().await, "obeys");
}

#[tokio::test]
async fn a_gate_that_cannot_read_a_ramp_is_named() {
    let bench = Bench::new().await;
    bench.enrol().await;
    let sora = bench.staff(Role::SecurityAdmin, "sora").await;
    let mut body = begun(&bench).await;
    let back = json!({ "reason": "a made-up reason" });
    bench.send("POST", "/v1/ramp/step-back", &sora, Some(back)).await.is(200);
    let (version, mark, _) = ramp_of(&bench, &mut body).await;
    let now = sumun_govern::World::now(&*bench.world);
    let ack = Acknowledgement {
        gate: GateId::new("g1").unwrap(),
        boot: "0a".to_owned(),
        from: 1,
        to: version,
        mark,
        applied_at: now,
        acknowledged_at: now,
        last_admitted: Vec::new(),
        streams_closed: 0,
        unusable: vec![KeyId::new(RAMP_RECORD).unwrap()],
    };
    bench.govern().take_receipt(&ack.sign(&bench.gate_key).unwrap()).await.unwrap();
    let seen = bench.send("GET", "/v1/ramp", &sora, None).await.is(200).json;
    assert_eq!(seen["gates"][0]["state"], "cannot_read");
}

#[tokio::test]
async fn what_would_have_been_refused_is_told_by_cause_segment_and_effect() {
    let bench = Bench::new().await;
    bench.enrol().await;
    let backend = bench.machine(Role::ExchangeBackend).await;
    for (path, body) in [
        ("/v1/customers/C1", json!({ "segment": "retail" })),
        ("/v1/accounts/A1", json!({ "customer": "C1", "segment": "retail" })),
    ] {
        bench.send("PUT", path, &backend, Some(body)).await.is(200);
    }
    let line = |id: u32, rest: &str| {
        format!(
            r#"{{"type":"access","id":"a{id}","ts":"2026-11-02T00:00:01Z","gate":"g1","key":"K1",{rest}}}"#
        )
    };
    let held = r#""account":"A1","effect":"order","verdict":"deny","reason":"key_held","enforced":false"#;
    let lines = [
        line(1, held),
        line(2, held),
        line(3, r#""effect":"read","verdict":"deny","reason":"unknown_key","enforced":false"#),
        // Refused in earnest, and allowed: no news.
        line(4, r#""account":"A1","effect":"order","verdict":"deny","reason":"key_held","enforced":true"#),
        line(5, r#""account":"A1","effect":"order","verdict":"allow","enforced":false"#),
    ]
    .join("\n");
    for _ in 0..2 {
        let proof = bench.proof(&request_events("/v1/events?from=1", &content_digest(lines.as_bytes())));
        let request = Request::post("/v1/events?from=1")
            .header("authorization", format!("Bearer {proof}"))
            .header("content-type", "application/x-ndjson")
            .header("content-digest", content_digest(lines.as_bytes()))
            .body(Body::from(lines.clone()))
            .unwrap();
        bench.send_raw(request).await.is(200);
    }
    // As whoever reads the log hands it in.
    let held = bench.events.0.lock().unwrap().1.clone();
    assert_eq!(held.len(), 5, "sent twice, held once");
    let read = |source: &str| {
        let of = |text: &String| {
            let origin = Origin { source_name: source, line: 1 };
            Shadowed::of(source, &parse_line(origin, text).unwrap())
        };
        held.iter().filter_map(of).collect::<Vec<_>>()
    };
    assert_eq!(read("exchange:front").len(), 0, "what the exchange says of itself is no gate's verdict");
    let (server, now) = (&bench.server, sumun_govern::World::now(&*bench.world));
    server.shadow.note(read("gate:g1:main"), 5, &server.govern.store, now).await.unwrap();
    let viewer = bench.staff(Role::Viewer, "watcher").await;
    let seen = bench.send("GET", "/v1/ramp/report", &viewer, None).await.is(200).json;
    assert_eq!((&seen["total"], &seen["lines_behind"]), (&json!(3), &json!(0)), "{seen}");
    assert_eq!(
        seen["causes"],
        json!([
            { "reason": "key_held", "segment": "retail", "effect": "order", "count": 2 },
            { "reason": "unknown_key", "segment": null, "effect": "read", "count": 1 },
        ])
    );
    let later = bench.send("GET", "/v1/ramp/report?since=2027-01-01T00:00:00Z", &viewer, None).await.is(200);
    assert_eq!(later.json["total"], 0);
}
