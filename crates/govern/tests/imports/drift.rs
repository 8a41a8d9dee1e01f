//! Both sides kept in step, and where they disagree: with both values, whose word counts, and since when.

use crate::bench::{Bench, HOUR, staff};
use crate::{backend, import, line, said, snapshot, take_as};
use serde_json::json;
use sumun_govern::drift::DriftView;
use sumun_govern::imports::Taking;
use sumun_govern::{Role, venue};
use sumun_store::tables::KEYS;

const MINUTE: i64 = 60_000_000;

async fn drifts(bench: &Bench) -> Vec<DriftView> {
    bench.govern.reconcile().await.unwrap();
    bench.govern.drifts(&staff("anna", Role::Analyst), None, None, 100).await.unwrap()
}

fn told(drifts: &[DriftView]) -> String {
    let one = |drift: &DriftView| {
        format!(
            "{} since {}: {} {} here {} there {} authority {}",
            drift.key,
            drift.since,
            drift.what.kind.as_str(),
            drift.what.attribute.as_str(),
            drift.what.here,
            drift.what.there,
            serde_json::to_value(drift.what.authority).unwrap()
        )
    };
    drifts.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn drift_planted_in_both_directions_is_reported_with_the_right_authority() {
    let facts = venue::EXAMPLE.replace("scopes = \"exchange\"\nallowlist", "scopes = \"sumun\"\nallowlist");
    let bench = Bench::at(&facts).await;
    let all: Vec<String> = ["X1", "X2", "X3", "X4", "X5"].iter().map(|key| line(key, &json!({}))).collect();
    let first = snapshot(&bench, &all).await;
    assert_eq!(first.made, 5);
    assert_eq!(told(&drifts(&bench).await), "", "both sides are the same");
    // Planted there: another scope (ours), another address (theirs), an end, a key nobody knows.
    bench.pass(10 * MINUTE);
    let lines = [
        line("X1", &json!({"scopes": ["read"]})),
        line("X2", &json!({"allowlist": ["203.0.113.7/32", "203.0.113.8/32"]})),
        line("X3", &json!({"state": "suspended"})),
        line("X4", &json!({})),
        line("X6", &json!({"account": "A9"})),
    ];
    let taken = snapshot(&bench, &lines).await;
    insta::assert_snapshot!(said(&taken));
    // Planted here: an end, a shorter name, behind the exchange's back.
    let owner = bench.owner("C1");
    bench.govern.revoke_key(&owner, "X4", None, &Default::default()).await.unwrap();
    bench.alter(&KEYS, "X2", "application", json!("another bot")).await;
    // An end has just been: nobody there can have heard of it.
    let known = drifts(&bench).await;
    assert!(known.iter().all(|drift| drift.key != "X4"), "{}", told(&known));
    bench.pass(10 * MINUTE);
    take_as(&bench, &Taking::of("exchange", 10), &[line("X4", &json!({}))]).await;
    let known = drifts(&bench).await;
    insta::assert_snapshot!(told(&known));
    // It stands since when it was first seen, whatever is found again.
    bench.pass(HOUR);
    assert_eq!(told(&drifts(&bench).await), told(&known));
}

#[tokio::test]
async fn a_key_dead_here_and_alive_there_is_an_entry_and_a_task_until_it_is_not() {
    let bench = Bench::new().await;
    snapshot(&bench, &[line("X1", &json!({}))]).await;
    bench.govern.revoke_key(&bench.owner("C1"), "X1", None, &Default::default()).await.unwrap();
    bench.pass(2 * MINUTE);
    let taken = snapshot(&bench, &[line("X1", &json!({}))]).await;
    assert_eq!(
        taken.refused.first().map(|no| no.code.as_str()),
        Some("dead_id"),
        "the mirror revives nothing"
    );
    assert_eq!(bench.column("X1", "state").await, "expired");
    let found = drifts(&bench).await;
    assert_eq!(found.len(), 1);
    let open = async || {
        let tasks =
            bench.govern.tasks(&staff("anna", Role::Analyst), None, Some("open"), None, 100).await.unwrap();
        tasks
            .into_iter()
            .map(|task| (serde_json::to_value(task.kind).unwrap(), task.body.key))
            .collect::<Vec<_>>()
    };
    assert_eq!(open().await, [(json!("end_at_exchange"), Some("X1".to_owned()))]);
    // Looked at again, nothing is told twice.
    drifts(&bench).await;
    let classes = async |class: &str| bench.ledger().await.iter().filter(|(of, _)| of == class).count();
    assert_eq!((classes("drift.appeared").await, classes("drift.gone").await), (1, 0));
    bench.pass(MINUTE);
    snapshot(&bench, &[line("X1", &json!({"state": "expired"}))]).await;
    assert_eq!(told(&drifts(&bench).await), "");
    assert_eq!(open().await, []);
    assert_eq!((classes("drift.appeared").await, classes("drift.gone").await), (1, 1));
}

#[tokio::test]
async fn what_is_dead_there_ends_here_but_not_everything_at_once() {
    let facts = venue::EXAMPLE.replace("ends_max = 1000", "ends_max = 2");
    let bench = Bench::at(&facts).await;
    let ids = ["X1", "X2", "X3", "X4"];
    snapshot(&bench, &ids.map(|key| line(key, &json!({})))).await;
    // A wrong column: every key would be dead.
    let taken =
        snapshot(&bench, &ids.map(|key| line(key, &json!({"state": "expired", "cause": "owner"})))).await;
    assert_eq!(said(&taken), "made 0 changed 0 same 0 ended 2 held back 2 older 0 differing 0 secrets 0");
    let kinds: Vec<_> =
        drifts(&bench).await.iter().map(|drift| (drift.key.clone(), drift.what.kind.as_str())).collect();
    let waiting = "alive_here_dead_there";
    assert_eq!(kinds, [("X3".to_owned(), waiting), ("X4".to_owned(), waiting)]);
    assert_eq!(bench.column("X1", "cause").await, "owner");
}

#[tokio::test]
async fn a_key_that_a_whole_snapshot_lacks_is_gone_there_and_lives_on_here() {
    let bench = Bench::new().await;
    snapshot(&bench, &[line("X1", &json!({})), line("X2", &json!({}))]).await;
    // A snapshot that never ends says nothing.
    let cut = bench.govern.snapshot_begins(&backend(), "exchange").await.unwrap();
    take_as(&bench, &cut, &[line("X1", &json!({}))]).await;
    assert_eq!(told(&drifts(&bench).await), "");
    snapshot(&bench, &[line("X1", &json!({}))]).await;
    let late = bench.govern.snapshot_ends(&cut, 0).await.unwrap_err();
    assert_eq!(late.code, "snapshot_superseded");
    let found = drifts(&bench).await;
    insta::assert_snapshot!(told(&found));
    assert_eq!(bench.column("X2", "state").await, "active");
    // It was never away.
    bench.pass(MINUTE);
    snapshot(&bench, &[line("X1", &json!({})), line("X2", &json!({}))]).await;
    assert_eq!(told(&drifts(&bench).await), "");
}

#[tokio::test]
async fn an_older_line_and_another_sources_key_change_nothing() {
    let bench = Bench::new().await;
    import(&bench, &[line("X1", &json!({"ts": "2026-11-02T00:00:09Z", "application": "new"}))]).await;
    let older = import(&bench, &[line("X1", &json!({"application": "old"}))]).await;
    assert_eq!(said(&older), "made 0 changed 0 same 0 ended 0 held back 0 older 1 differing 0 secrets 0");
    assert_eq!(bench.column("X1", "application").await, "new");
    let taken =
        take_as(&bench, &Taking::of("other", 10), &[line("X1", &json!({"ts": "2026-11-02T00:00:10Z"}))])
            .await;
    insta::assert_snapshot!(said(&taken));
}
