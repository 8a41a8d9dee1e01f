//! The feed as a gate reads it: signed frames in order, with secrets it can open, and what it acknowledges.

use crate::bench::Bench;
use crate::own::key_request;
use http::Request;
use http_body_util::BodyExt;
use serde_json::json;
use sumun_feed::{Acknowledgement, Frame, Mark, REQUEST_ACKNOWLEDGE};
use sumun_govern::Role;
use sumun_model::GateId;

async fn issued() -> (Bench, String, String) {
    let bench = Bench::new().await;
    bench.enrol().await;
    let backend = bench.machine(Role::ExchangeBackend).await;
    for (path, body) in [
        ("/v1/customers/C1", json!({ "segment": "retail" })),
        ("/v1/operators/O1", json!({ "kind": "owner", "customer": "C1" })),
        ("/v1/accounts/A1", json!({ "customer": "C1", "segment": "retail", "owner": "O1" })),
    ] {
        bench.send("PUT", path, &backend, Some(body)).await.is(200);
    }
    let owner = bench.customer(Role::Owner, "C1").await;
    let asked = bench.send("POST", "/v1/keys", &owner, Some(key_request("A1"))).await.is(201);
    let key = asked.json["result"]["key"]["key"].as_str().unwrap().to_owned();
    bench.send("POST", &format!("/v1/keys/{key}/issue"), &owner, None).await.is(200);
    (bench, owner, key)
}

/// Frames but heartbeats, until one is the last asked for.
pub(crate) async fn frames(
    bench: &Bench,
    body: &mut axum::body::Body,
    last: impl Fn(&Frame) -> bool,
) -> Vec<Frame> {
    let (mut held, mut frames) = (Vec::new(), Vec::new());
    loop {
        let data = body.frame().await.unwrap().unwrap().into_data().unwrap();
        held.extend_from_slice(&data);
        while let Some(end) = held.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = held.drain(..=end).collect();
            let line = std::str::from_utf8(&line).unwrap().trim();
            let frame = Frame::verify(line, &bench.server.feed_key.public()).unwrap();
            let done = last(&frame);
            if !matches!(frame, Frame::Heartbeat { .. }) {
                frames.push(frame);
            }
            if done {
                return frames;
            }
        }
    }
}

#[tokio::test]
async fn a_gate_gets_a_snapshot_then_each_change_and_its_receipt_is_taken() {
    let (bench, owner, key) = issued().await;
    let mut body = bench.feed(0).await;
    let snapshot = frames(&bench, &mut body, |frame| matches!(frame, Frame::SnapshotEnd { .. })).await;
    let Some(Frame::SnapshotPart { records, .. }) = snapshot.get(1) else { panic!("{snapshot:?}") };
    assert_eq!(records[0]["key"], json!(key));
    assert!(records[0]["secret"].is_string() && records[0].get("secret_ref").is_none());
    let version = bench.govern().store.feed_head();
    bench.send("POST", &format!("/v1/keys/{key}/revoke"), &owner, Some(json!({}))).await.is(200);
    let delta = frames(&bench, &mut body, |frame| matches!(frame, Frame::Delta { .. })).await;
    let Some(Frame::Delta { version: next, mark, records, .. }) = delta.last() else { panic!("{delta:?}") };
    assert_eq!((*next, &records[0]["state"]), (version + 1, &json!("expired")));

    let now = sumun_govern::World::now(&*bench.world);
    let ack = Acknowledgement {
        gate: GateId::new("g1").unwrap(),
        boot: "0a0b".to_owned(),
        from: 1,
        to: *next,
        mark: *mark,
        applied_at: now,
        acknowledged_at: now,
        last_admitted: Vec::new(),
        streams_closed: 0,
        unusable: Vec::new(),
    };
    let token = ack.sign(&bench.gate_key).unwrap();
    let send = async || {
        let request = Request::post("/v1/feed/acknowledgements")
            .header("authorization", format!("Bearer {}", bench.proof(REQUEST_ACKNOWLEDGE)))
            .header("content-type", "application/jose")
            .body(token.clone().into())
            .unwrap();
        bench.send_raw(request).await
    };
    let other = Acknowledgement { mark: Mark { root: [0; 32], ..*mark }, ..ack.clone() };
    let refused = bench.govern().take_receipt(&other.sign(&bench.gate_key).unwrap()).await.unwrap_err();
    assert_eq!(refused.code, "receipt_forked");
    let taken = send().await.is(201);
    assert!(taken.json["entry"].is_u64());
    assert_eq!(send().await.is(200).json["known"], json!(true));
    let watcher = bench.staff(Role::Viewer, "watcher").await;
    let receipts = bench.send("GET", "/v1/gates/g1/receipts", &watcher, None).await.is(200);
    assert_eq!(receipts.json["items"][0]["to_version"], json!(next));
}

/// Reads on until the stream ends; panics at a delta.
async fn ends_without_a_delta(bench: &Bench, body: &mut axum::body::Body) {
    let rest = async {
        while let Some(Ok(data)) = body.frame().await {
            let data = data.into_data().unwrap();
            for line in std::str::from_utf8(&data).unwrap().lines() {
                let frame = Frame::verify(line, &bench.server.feed_key.public()).unwrap();
                assert!(!matches!(frame, Frame::Delta { .. }), "{frame:?}");
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), rest).await.unwrap();
}

#[tokio::test]
async fn a_gate_that_is_revoked_hears_nothing_more() {
    let (bench, owner, key) = issued().await;
    let mut body = bench.feed(0).await;
    frames(&bench, &mut body, |frame| matches!(frame, Frame::SnapshotEnd { .. })).await;
    let (admin, gate) = (crate::bench::admin(), GateId::new("g1").unwrap());
    bench.govern().revoke_gate(&admin, &gate, "lost", &sumun_govern::Call::default()).await.unwrap();
    bench.send("POST", &format!("/v1/keys/{key}/revoke"), &owner, Some(json!({}))).await.is(200);
    ends_without_a_delta(&bench, &mut body).await;
}

#[tokio::test]
async fn a_gates_newer_stream_ends_its_older() {
    let (bench, _, _) = issued().await;
    let mut older = bench.feed(0).await;
    frames(&bench, &mut older, |frame| matches!(frame, Frame::SnapshotEnd { .. })).await;
    let mut newer = bench.feed(0).await;
    frames(&bench, &mut newer, |frame| matches!(frame, Frame::SnapshotEnd { .. })).await;
    ends_without_a_delta(&bench, &mut older).await;
    frames(&bench, &mut newer, |frame| matches!(frame, Frame::Heartbeat { .. })).await;
}

#[tokio::test]
async fn a_control_plane_that_takes_no_changes_says_nothing_of_freshness() {
    let (bench, _, _) = issued().await;
    let mut body = bench.feed(0).await;
    frames(&bench, &mut body, |frame| matches!(frame, Frame::Heartbeat { .. })).await;
    bench.govern().store.close().await;
    ends_without_a_delta(&bench, &mut body).await;
}

/// Another hand in the database, beside the process that writes.
async fn tamper(bench: &Bench, sql: &str) {
    use sqlx::Connection;
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", bench.folder.path().join("sumun.db").display());
    let mut connection = sqlx::AnyConnection::connect(&url).await.unwrap();
    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    assert!(done.rows_affected() > 0, "{sql}");
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_damaged_secret_is_one_keys_misfortune() {
    let (bench, owner, key) = issued().await;
    let asked = bench.send("POST", "/v1/keys", &owner, Some(key_request("A1"))).await.is(201);
    let other = asked.json["result"]["key"]["key"].as_str().unwrap().to_owned();
    bench.send("POST", &format!("/v1/keys/{other}/issue"), &owner, None).await.is(200);
    tamper(
        &bench,
        &format!(
            "UPDATE vault SET sealed = 'altered' WHERE digest = (SELECT secret FROM keys WHERE key = '{key}')"
        ),
    )
    .await;
    let mut body = bench.feed(0).await;
    let snapshot = frames(&bench, &mut body, |frame| matches!(frame, Frame::SnapshotEnd { .. })).await;
    let Some(Frame::SnapshotPart { records, .. }) = snapshot.get(1) else { panic!("{snapshot:?}") };
    let secrets: std::collections::BTreeMap<&str, bool> = records
        .iter()
        .map(|record| (record["key"].as_str().unwrap(), record["secret"].is_string()))
        .collect();
    assert_eq!(secrets, [(key.as_str(), false), (other.as_str(), true)].into());
    // Nor does it hold up its own end.
    bench.send("POST", &format!("/v1/keys/{key}/revoke"), &owner, Some(json!({}))).await.is(200);
    let delta = frames(&bench, &mut body, |frame| matches!(frame, Frame::Delta { .. })).await;
    let Some(Frame::Delta { records, .. }) = delta.last() else { panic!("{delta:?}") };
    assert_eq!(records[0]["state"], json!("expired"));
}

#[tokio::test]
async fn a_gate_that_is_ahead_is_told_that_storage_is_old() {
    let (bench, _, _) = issued().await;
    let proof = bench.proof(sumun_feed::REQUEST_FEED);
    let answer = bench.send("GET", "/v1/feed?from=99", &proof, None).await.is(409);
    assert_eq!(answer.code(), "feed_behind_gate");
}

#[tokio::test]
async fn a_gate_that_holds_another_version_of_the_same_number_is_refused() {
    let (bench, owner, key) = issued().await;
    let mut body = bench.feed(0).await;
    let snapshot = frames(&bench, &mut body, |frame| matches!(frame, Frame::SnapshotEnd { .. })).await;
    let Some(Frame::SnapshotEnd { version, mark: Some(mark), .. }) = snapshot.last() else {
        panic!("{snapshot:?}")
    };
    bench.send("POST", &format!("/v1/keys/{key}/revoke"), &owner, Some(json!({}))).await.is(200);
    let ask = async |mark: String| {
        let proof = bench.proof(sumun_feed::REQUEST_FEED);
        bench.send("GET", &format!("/v1/feed?from={version}{mark}"), &proof, None).await
    };
    ask(format!("&mark={mark}")).await.is(200);
    assert_eq!(ask(String::new()).await.is(422).code(), "mark_invalid");
    for other in [
        Mark { root: [0; 32], ..*mark },
        Mark { entry: mark.entry + 1, ..*mark },
        Mark { entry: 9999, ..*mark },
    ] {
        assert_eq!(ask(format!("&mark={other}")).await.is(409).code(), "feed_forked");
    }
    // The very entry is altered under the open stream: what was sent is not what the record has.
    let mut body = bench.feed(0).await;
    frames(&bench, &mut body, |frame| matches!(frame, Frame::SnapshotEnd { .. })).await;
    tamper(&bench, "UPDATE ledger_entries SET leaf = 'another' WHERE feed_version = (SELECT feed_version FROM ledger_head)").await;
    ends_without_a_delta(&bench, &mut body).await;
}

#[tokio::test]
async fn an_altered_step_is_sent_as_its_entry_says() {
    let (bench, owner, key) = issued().await;
    let mut body = bench.feed(0).await;
    let snapshot = frames(&bench, &mut body, |frame| matches!(frame, Frame::SnapshotEnd { .. })).await;
    let Some(Frame::SnapshotEnd { version, mark: Some(mark), .. }) = snapshot.last() else {
        panic!("{snapshot:?}")
    };
    bench.send("POST", &format!("/v1/keys/{key}/revoke"), &owner, Some(json!({}))).await.is(200);
    tamper(&bench, &format!("UPDATE feed_deltas SET records = '[]' WHERE feed_version = {}", version + 1))
        .await;
    let mut body = bench.feed_from(*version, &format!("&mark={mark}")).await;
    let delta = frames(&bench, &mut body, |frame| matches!(frame, Frame::Delta { .. })).await;
    let Some(Frame::Delta { records, .. }) = delta.last() else { panic!("{delta:?}") };
    assert_eq!((&records[0]["key"], &records[0]["state"]), (&json!(key), &json!("expired")));
}

#[tokio::test]
async fn a_signature_is_for_one_request_and_one_use() {
    let (bench, _, _) = issued().await;
    let proof = bench.proof("GET /v1/venue");
    bench.send("GET", "/v1/feed", &proof, None).await.is(401);
    let proof = bench.proof(sumun_feed::REQUEST_FEED);
    bench.send("GET", "/v1/feed", &proof, None).await.is(200);
    bench.send("GET", "/v1/feed", &proof, None).await.is(401);
    let proof = bench.proof(sumun_feed::REQUEST_FEED);
    bench.pass_s(61);
    bench.send("GET", "/v1/feed", &proof, None).await.is(401);
}
