//! Lines of gates, as the live wiring gives them.

use crate::bench::Bench;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use sumun_govern::owner::Noticed;
use sumun_govern::owner::intake::Saw;
use sumun_govern::{World, venue};
use sumun_model::wire::{AccessLine, Line, Origin, parse_line};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// The venue as it is shipped: its retail segment asks for proof.
pub(crate) async fn asking() -> Bench {
    Bench::at(venue::EXAMPLE).await
}

/// A request as a gate tells of it, now. `more` overrides.
pub(crate) fn line(bench: &Bench, key: &str, address: &str, registered: bool, more: Value) -> AccessLine {
    let number = NEXT.fetch_add(1, Ordering::SeqCst);
    let (verdict, check) = if registered { ("allow", "pass") } else { ("deny", "fail") };
    let mut line = json!({
        "type": "access", "id": format!("g1-{number}"), "ts": bench.world.now(), "gate": "g1", "key": key,
        "account": "A1", "ip": address, "method": "GET", "route": "/v1/accounts", "agent": "made-up-bot/1", "verdict": verdict,
        "enforced": true, "signature": "valid", "checks": { "signature": "pass", "replay": "pass", "address": check },
    });
    for (name, value) in more.as_object().unwrap() {
        line[name] = value.clone();
    }
    match parse_line(Origin { source_name: "test", line: 1 }, &line.to_string()) {
        Ok(Line::Access(line)) => *line,
        other => panic!("{other:?}"),
    }
}

/// Takes lines in as the live wiring does: the ones that matter, at their places.
pub(crate) async fn take(bench: &Bench, lines: &[(u64, AccessLine)]) -> Saw {
    told(bench, lines, Noticed::of_gate).await
}

/// The same lines, as the exchange tells of its own log.
pub(crate) async fn take_of_exchange(bench: &Bench, lines: &[(u64, AccessLine)]) -> Saw {
    told(bench, lines, |noticed| noticed).await
}

async fn told(bench: &Bench, lines: &[(u64, AccessLine)], as_said: fn(Noticed) -> Noticed) -> Saw {
    bench.govern.refresh_watch().await.unwrap();
    let notice = |(position, line): &(u64, AccessLine)| bench.govern.watch.notice(line, *position);
    let seen: Vec<_> = lines.iter().filter_map(notice).map(as_said).collect();
    let saw = bench.govern.saw(&seen).await.unwrap();
    assert_eq!(saw.failed, []);
    saw
}

/// One request, seen.
pub(crate) async fn seen(bench: &Bench, key: &str, address: &str, registered: bool) -> Saw {
    let line = line(bench, key, address, registered, json!({}));
    take(bench, &[(NEXT.load(Ordering::SeqCst), line)]).await
}

/// Classes of entries, those of making keys left out.
pub(crate) async fn classes(bench: &Bench) -> Vec<String> {
    let all = bench.ledger().await;
    let setup = ["test.setup", "key.requested", "key.approved", "key.issued", "approval.decided"];
    all.into_iter().map(|(class, _)| class).filter(|class| !setup.contains(&class.as_str())).collect()
}

/// The facts of the last entry of this class.
pub(crate) async fn facts(bench: &Bench, class: &str) -> Value {
    let all = bench.ledger().await;
    all.into_iter().rev().find(|(of, _)| of == class).unwrap_or_else(|| panic!("no {class}")).1["facts"]
        .clone()
}

/// What is told, in both languages.
pub(crate) fn words(said: &[sumun_govern::owner::texts::Said]) -> String {
    said.iter().map(|said| format!("{}\n{}", said.ko, said.en)).collect::<Vec<_>>().join("\n")
}
