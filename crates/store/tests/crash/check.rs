//! What must hold whatever happened: between answers given, rows, ledger, published folder, feed and messages.

use crate::program::{Program, now};
use crate::report::{self, Line};
use crate::work::{STATES, signer};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use sumun_ledger::{Appender, Checkpoint};
use sumun_store::{EntryRow, Store, tables};

/// Checks all that a program left, once a last one has ended well, so that everything was made.
pub(crate) async fn all(program: &Program) {
    among(program, &[program]).await;
}

/// Checks all that several programs on one database left, from one of them.
pub(crate) async fn among(program: &Program, programs: &[&Program]) {
    let store = Store::open(program.options()).await.expect("the store opens after a crash");
    let entries = entries(&store).await;
    let head = store.head();
    assert_eq!(head.size, entries.len() as u64);

    // Every change once.
    let mut by_id: BTreeMap<String, u64> = BTreeMap::new();
    for entry in &entries {
        let payload: Value = serde_json::from_str(entry.payload.as_deref().unwrap()).unwrap();
        let id = payload["facts"]["id"].as_str().unwrap().to_owned();
        let earlier = by_id.insert(id.clone(), entry.index);
        assert_eq!(earlier, None, "{id} stands in the ledger twice, the second time at {}", entry.index);
    }
    let wanted: Vec<String> = program.steps().map(|step| step.id()).collect();
    let missing: Vec<_> = wanted.iter().filter(|id| !by_id.contains_key(*id)).collect();
    assert_eq!(missing, Vec::<&String>::new());
    assert_eq!(by_id.len(), wanted.len());

    // Every answer given still holds.
    let roots = roots(&entries);
    for program in programs {
        let lines = report::read(&program.report());
        answers(&lines, &by_id, &roots);
        feed(&store, &lines).await;
    }
    rows(&store, program, &by_id, entries).await;
    messages(&store, &by_id).await;
    store.close().await;
    published(program, head.size);
}

fn answers(lines: &[Line], by_id: &BTreeMap<String, u64>, roots: &[sumun_ledger::Hash]) {
    let mut made = BTreeSet::new();
    for line in lines {
        match line {
            Line::Made { id, entry, checkpoint, .. } => {
                assert!(made.insert(id), "{id} was answered as made twice");
                assert_eq!(by_id.get(id), Some(entry), "{id} was answered as entry {entry}");
                let told = Checkpoint::open(checkpoint, &signer().verifier()).unwrap();
                assert!(told.size > *entry, "the checkpoint of {id} covers it");
                let root = roots.get(told.size as usize).map(|root| root.0);
                assert_eq!(root, Some(told.root.0), "the tree of {} entries that was signed", told.size);
            }
            Line::MadeBefore { id } => assert!(by_id.contains_key(id), "{id} was answered as made before"),
            Line::Lost { id, said } => {
                assert!(by_id.contains_key(id), "{id} was answered as made by somebody else: {said}");
                assert!(said.contains("changed meanwhile"), "{said}");
            }
            Line::NotMade { id, in_doubt: false, said } if !later_made(lines, id) => {
                assert!(!by_id.contains_key(id), "{id} was answered as not made ({said}), but was");
            }
            _ => {}
        }
    }
}

fn later_made(lines: &[Line], wanted: &str) -> bool {
    lines.iter().any(|line| match line {
        Line::Made { id, .. } | Line::MadeBefore { id } | Line::Lost { id, .. } => id == wanted,
        _ => false,
    })
}

async fn entries(store: &Store) -> Vec<EntryRow> {
    let mut entries = Vec::new();
    loop {
        let more = store.entries(entries.len() as u64, 1000).await.unwrap();
        if more.is_empty() {
            return entries;
        }
        entries.extend(more);
    }
}

/// Root of every prefix.
fn roots(entries: &[EntryRow]) -> Vec<sumun_ledger::Hash> {
    let mut tree = Appender::empty();
    let mut roots = vec![tree.root()];
    for entry in entries {
        tree.append(entry.leaf.as_bytes());
        roots.push(tree.root());
    }
    roots
}

/// No version skipped, none given twice, none changed after somebody saw it.
async fn feed(store: &Store, lines: &[Line]) {
    let deltas = store.feed_since(0, 10_000).await.unwrap().expect("all deltas are kept");
    let versions: Vec<u64> = deltas.iter().map(|delta| delta.version).collect();
    assert_eq!(versions, (1..=versions.len() as u64).collect::<Vec<_>>());
    assert_eq!(store.head().feed_version, versions.len() as u64);
    let records: BTreeMap<u64, Value> =
        deltas.into_iter().map(|delta| (delta.version, delta.records.into())).collect();
    let mut last = 0;
    for line in lines {
        match line {
            Line::Saw { version, records: seen } => {
                assert!(*version == last + 1 || *version == 1, "a follower saw {version} after {last}");
                assert_eq!(records.get(version), Some(seen), "feed version {version} is as it was seen");
                last = *version;
            }
            Line::Made { id, feed_version, .. } => {
                let key = id.split('@').next().unwrap();
                let record = feed_version.and_then(|version| records.get(&version)).map(|r| &r[0]["key"]);
                assert_eq!(record.and_then(Value::as_str), Some(key), "feed version of {id}");
            }
            _ => {}
        }
    }
    let records_at_head = store.feed_snapshot().await.unwrap().records(10_000).await.unwrap();
    let mut latest: BTreeMap<String, Value> = BTreeMap::new();
    for record in records.values().map(|records| &records[0]) {
        latest.insert(record["key"].as_str().unwrap().to_owned(), record.clone());
    }
    assert_eq!(records_at_head, latest.into_values().collect::<Vec<_>>());
}

/// Each key stands at the last version that the ledger tells of, and the store itself finds nothing to object to.
async fn rows(store: &Store, program: &Program, by_id: &BTreeMap<String, u64>, entries: Vec<EntryRow>) {
    for step in program.steps().filter(|step| step.version == 1) {
        let id = step.key_id();
        let version = (1..=STATES.len()).rev().find(|version| by_id.contains_key(&format!("{id}@{version}")));
        let row = store.get(&tables::KEYS, &id).await.unwrap();
        let found =
            row.as_ref().map(|row| (row["version"].as_u64().unwrap(), row["state"].as_str().unwrap()));
        assert_eq!(found, version.map(|version| (version as u64, STATES[version - 1])), "row {id}");
        let dead = store.get(&tables::DEAD_KEYS, &id).await.unwrap();
        assert_eq!(dead.is_some(), version == Some(STATES.len()), "registry of dead ids, {id}");
        if let Some(row) = row {
            let sealed = store.vault(row["secret"].as_str().unwrap()).await.unwrap();
            assert_eq!(sealed.as_deref(), version.map(|v| format!("sealed:{id}@{v}")).as_deref());
        }
    }
    assert_eq!(store.check_rows(entries).await.unwrap(), Vec::new());
}

/// One message per change.
async fn messages(store: &Store, by_id: &BTreeMap<String, u64>) {
    let mut told = BTreeMap::new();
    loop {
        let items = store.outbox_take("made_up", 100, now(), 600_000_000).await.unwrap();
        if items.is_empty() {
            break;
        }
        for item in items {
            let id = item.body["id"].as_str().unwrap().to_owned();
            assert_eq!(told.insert(id.clone(), item.entry), None, "{id} is told of twice");
        }
    }
    assert_eq!(&told, by_id);
}

/// Another program's own folder, once it has been opened again, is the same ledger.
pub(crate) async fn published_by(program: &Program) {
    let store = Store::open(program.options()).await.expect("the store opens after a crash");
    let size = store.head().size;
    store.close().await;
    published(program, size);
}

/// The folder that strangers read verifies by itself, and is as large as the ledger.
fn published(program: &Program, size: u64) {
    let report = sumun_verifier::verify_folder(&program.disk().join("ledger"), &signer().vkey(), None);
    assert_eq!(report.map(|report| report.size).map_err(|fault| fault.to_string()), Ok(size));
}
