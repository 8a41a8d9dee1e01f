//! The overview: nothing made up of an empty record, and what gates answered once they say so.

use crate::bench::Bench;
use axum::body::Body;
use http::Request;
use serde_json::json;
use sumun_feed::{content_digest, request_events};
use sumun_govern::Role;

#[tokio::test]
async fn of_an_empty_record_it_says_nothing_that_is_not_so() {
    let bench = Bench::new().await;
    let analyst = bench.staff(Role::Analyst, "mina").await;
    let seen = bench.send("GET", "/v1/overview", &analyst, None).await.is(200).json;
    let none = |measure: &str| json!({ "measure": measure, "in_force": 0, "entered_day": 0, "proposed": 0 });
    assert_eq!(seen["ladder"], json!(["monitor", "warn", "hold", "reverify", "expire"].map(none)));
    assert_eq!(seen["cutoff"], json!({ "count": 0, "p50_ms": null, "p99_ms": null, "recent": [] }));
    assert_eq!(
        seen["queue"],
        json!({ "open": 0, "unassigned": 0, "overdue": 0, "budget_day": 0, "raised_day": 0 })
    );
    assert_eq!((&seen["gates"], &seen["banner"]), (&json!([]), &json!(null)));
    let verdicts = &seen["verdicts"];
    assert_eq!(
        (&verdicts["allowed"], &verdicts["refused"], &verdicts["reasons"]),
        (&json!(0), &json!(0), &json!([]))
    );
    assert_eq!(verdicts["since"], "2026-11-02T00:00:00.000000Z", "no further back than this process");
    assert_eq!(seen["ledger"]["entries"], json!(bench.govern().store.head().size));
}

#[tokio::test]
async fn what_only_the_exchanges_log_told_of_is_counted_apart() {
    let bench = Bench::new().await;
    let analyst = bench.staff(Role::Analyst, "mina").await;
    let backend = bench.machine(Role::ExchangeBackend).await;
    let line = |id: u32| {
        format!(
            r#"{{"type":"access","id":"t{id}","ts":"2026-11-02T00:00:01Z","source":"front-1","key":"K1"}}"#
        )
    };
    let body = [line(1), line(2)].join("\n");
    for _ in 0..2 {
        let request = Request::post("/v1/events?from=1&log=front-1")
            .header("authorization", format!("Bearer {backend}"))
            .header("content-type", "application/x-ndjson");
        bench.send_raw(request.body(Body::from(body.clone())).unwrap()).await.is(200);
    }
    let seen = bench.send("GET", "/v1/overview", &analyst, None).await.is(200).json;
    let verdicts = &seen["verdicts"];
    assert_eq!(
        (&verdicts["elsewhere"], &verdicts["allowed"], &verdicts["refused"]),
        (&json!(2), &json!(0), &json!(0)),
        "{verdicts}"
    );
}

#[tokio::test]
async fn what_gates_answered_is_counted_once() {
    let bench = Bench::new().await;
    bench.enrol().await;
    let analyst = bench.staff(Role::Analyst, "mina").await;
    let line = |id: u32, second: u32, rest: &str| {
        format!(
            r#"{{"type":"access","id":"a{id}","ts":"2026-11-02T00:00:{second:02}Z","gate":"g1","key":"K1",{rest}}}"#
        )
    };
    let refused = r#""verdict":"deny","reason":"address_not_allowed","enforced":true"#;
    let lines = [
        line(1, 1, r#""verdict":"allow""#),
        line(2, 2, refused),
        line(3, 11, refused),
        line(4, 11, r#""verdict":"deny","reason":"replayed","enforced":true"#),
        line(5, 12, r#""verdict":"deny","reason":"replayed","enforced":false"#),
    ];
    bench.pass_s(15);
    for (from, body) in [(1, lines[..3].join("\n")), (1, lines.join("\n"))] {
        let target = format!("/v1/events?from={from}&after=0");
        let digest = content_digest(body.as_bytes());
        let proof = bench.proof(&request_events(&target, &digest));
        let request = Request::post(&target)
            .header("authorization", format!("Bearer {proof}"))
            .header("content-type", "application/x-ndjson")
            .header("content-digest", digest);
        bench.send_raw(request.body(Body::from(body)).unwrap()).await.is(200);
    }
    let seen = bench.send("GET", "/v1/overview", &analyst, None).await.is(200).json;
    let verdicts = &seen["verdicts"];
    assert_eq!((&verdicts["allowed"], &verdicts["refused"]), (&json!(2), &json!(3)), "{verdicts}");
    assert_eq!(
        verdicts["reasons"],
        json!([{ "reason": "address_not_allowed", "count": 2 }, { "reason": "replayed", "count": 1 }])
    );
    let buckets: Vec<_> =
        verdicts["buckets"].as_array().unwrap().iter().map(|b| (&b["allowed"], &b["refused"])).collect();
    assert_eq!(buckets, [(&json!(1), &json!(1)), (&json!(1), &json!(2))]);
    let gate = &seen["gates"][0];
    assert_eq!((&gate["gate"], &gate["state"]), (&json!("g1"), &json!("away")));
    assert_eq!(gate["heard"], "2026-11-02T00:00:15.000000Z");
    // Old ones go with their buckets.
    bench.pass_s(590);
    let seen = bench.send("GET", "/v1/overview", &analyst, None).await.is(200).json;
    assert_eq!(seen["verdicts"]["refused"], json!(2), "the second bucket is the oldest kept");
    assert_eq!(seen["verdicts"]["buckets"].as_array().unwrap().len(), 60);
}
