//! Keys that an exchange has already: imported, mirrored, compared; through the service, on a database of their own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

#[path = "../keys/bench.rs"]
#[expect(dead_code, reason = "a bench for more than these tests")]
mod bench;
mod drift;
mod import;
mod walk;

#[path = "../support/world.rs"]
mod world;

use bench::Bench;
use serde_json::{Value, json};
use sumun_govern::imports::mirror::SnapshotEnd;
use sumun_govern::imports::{Taken, Taking, read};
use sumun_govern::{Actor, Role};

/// The exchange's back end.
fn backend() -> Actor {
    Actor {
        principal: "token:exchange".into(),
        roles: vec![Role::ExchangeBackend],
        customer: None,
        session: None,
        second_factor: None,
        rights: None,
    }
}

/// A line about a key of account A1, with these words for what differs.
fn line(key: &str, differs: &Value) -> String {
    let mut line = json!({
        "type": "key", "ts": "2026-11-02T00:00:00Z", "key": key, "account": "A1", "state": "active", "scopes": ["read", "trade"],
        "allowlist": ["203.0.113.7/32"], "application": "bot", "expires": "2027-01-01T00:00:00Z",
    });
    for (name, value) in differs.as_object().unwrap() {
        line.as_object_mut().unwrap().insert(name.clone(), value.clone());
    }
    line.to_string()
}

/// Takes lines of a source.
async fn take_as(bench: &Bench, taking: &Taking, lines: &[String]) -> Taken {
    let mut taken = Taken::default();
    let mut told = Vec::new();
    for (number, line) in (1..).zip(lines) {
        match read("test", number, line.as_bytes()) {
            Ok(line) => told.push(line),
            Err(refused) => taken.refused.push(refused),
        }
    }
    taken.add(bench.govern.take_lines(&backend(), taking, &told).await.unwrap());
    taken
}

/// Imports lines.
async fn import(bench: &Bench, lines: &[String]) -> Taken {
    take_as(bench, &Taking::of("exchange", 1_000), lines).await
}

/// A whole snapshot of these lines.
async fn snapshot(bench: &Bench, lines: &[String]) -> Taken {
    let taking = bench.govern.snapshot_begins(&backend(), "exchange").await.unwrap();
    let taken = take_as(bench, &taking, lines).await;
    let end = SnapshotEnd { keys: taken.named, seq: 0 };
    bench.govern.snapshot_ends(&taking, Some(end), taken.named).await.unwrap();
    taken
}

/// What became of lines, on one line.
fn said(taken: &Taken) -> String {
    let counted = format!(
        "made {} changed {} same {} ended {} held back {} older {} differing {} secrets {}",
        taken.made,
        taken.changed,
        taken.same,
        taken.ended,
        taken.held_back,
        taken.older,
        taken.differing,
        taken.secrets
    );
    let refused = taken.refused.iter().map(|no| {
        format!(
            "\n  line {} {} {} [{}]: {} -> {}",
            no.line,
            no.subject.as_deref().unwrap_or_default(),
            no.field.as_deref().unwrap_or_default(),
            no.code,
            no.message,
            no.remedy
        )
    });
    counted + &refused.collect::<String>()
}
