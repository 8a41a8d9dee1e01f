//! The follower against a naive server: lines lost, doubled, reordered, forged, connections cut, storage rolled back.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use proptest::prelude::*;
use serde_json::{Value, json};
use sumun_feed::{FollowError, Follower, Frame, Mark, SigningKey, SnapshotWriter, Step};
use sumun_model::{KeyId, Timestamp};

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n; 32])
}

fn at(version: u64) -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000 + i64::try_from(version).unwrap() * 1000)
}

/// What version `n` of history `h` says: one key, whose account names both.
fn record(history: u8, version: u64) -> Value {
    json!({ "key": format!("K{}", version % 3), "account": format!("{history}-{version}") })
}

/// What version `n` of history `h` is.
fn mark(history: u8, version: u64) -> Mark {
    Mark { entry: version + 10, root: [history; 32] }
}

fn mark_of(history: u8, version: u64) -> Option<Mark> {
    (version > 0).then(|| mark(history, version))
}

fn delta(history: u8, version: u64) -> String {
    Frame::Delta {
        version,
        mark: mark(history, version),
        at: at(version),
        records: vec![record(history, version)],
    }
    .sign(&key(1))
    .unwrap()
}

fn heartbeat(version: u64, ms: i64) -> String {
    Frame::Heartbeat {
        version,
        mark: mark_of(0, version),
        at: Timestamp::from_millis(1_796_000_000_000 + ms),
    }
    .sign(&key(1))
    .unwrap()
}

fn table(history: u8, version: u64) -> Vec<Value> {
    (version.saturating_sub(2).max(1)..=version).map(|v| record(history, v)).collect()
}

fn snapshot(history: u8, version: u64) -> Vec<String> {
    let records = table(history, version);
    let key = key(1);
    let dead = vec![KeyId::new("D1").unwrap()];
    let (mut writer, begin) =
        SnapshotWriter::begin(&key, version, at(version), records.len() as u64, 1).unwrap();
    let mut lines = vec![begin];
    lines.extend(records.into_iter().map(|record| writer.part(vec![record], Vec::new()).unwrap()));
    lines.push(writer.part(Vec::new(), dead).unwrap());
    lines.push(writer.end(mark_of(history, version)).unwrap());
    lines
}

fn all(follower: &mut Follower, lines: &[String]) -> Result<Step, FollowError> {
    let mut last = Step::Wait;
    for line in lines {
        last = follower.line(line)?;
    }
    Ok(last)
}

#[test]
fn a_snapshot_then_deltas_then_silence() {
    let mut follower = Follower::new(key(1).public(), None, 0);
    assert_eq!((follower.from(), follower.due()), (0, None));
    let Step::Replace(taken) = all(&mut follower, &snapshot(0, 7)).unwrap() else { panic!() };
    assert_eq!((taken.version, taken.records, taken.dead.len()), (7, table(0, 7), 1));
    assert_eq!(follower.due(), None, "not before it is settled");
    follower.settled(7, mark_of(0, 7));
    assert_eq!(follower.due(), Some((1, 7, mark(0, 7))));
    let Step::Change(change) = follower.line(&delta(0, 8)).unwrap() else { panic!() };
    assert_eq!((change.version, change.mark), (8, mark(0, 8)));
    assert_eq!(follower.line(&heartbeat(8, 5)), Ok(Step::Heard(Timestamp::from_millis(1_796_000_000_005))));
    assert_eq!(follower.line(&heartbeat(8, 5)), Ok(Step::Wait), "played again it makes nothing younger");
    follower.settled(8, mark_of(0, 8));
    assert_eq!(follower.due(), Some((1, 8, mark(0, 8))), "what was not taken off is said with the next");
    follower.acknowledged(8);
    assert_eq!((follower.due(), follower.from()), (None, 8));
}

#[test]
fn what_is_refused_and_what_stays() {
    let held = || Follower::new(key(1).public(), Some((7, mark_of(0, 7))), 5);
    let forged = Frame::Heartbeat { version: 7, mark: mark_of(0, 7), at: at(9) }.sign(&key(2)).unwrap();
    let records = vec![json!({ "state": "active" })];
    let keyless = Frame::Delta { version: 8, mark: mark(0, 8), at: at(8), records }.sign(&key(1)).unwrap();
    let forked = Frame::Heartbeat { version: 7, mark: mark_of(1, 7), at: at(9) }.sign(&key(1)).unwrap();
    let earlier = Frame::Delta { version: 8, mark: mark(0, 7), at: at(8), records: vec![record(0, 8)] };
    let earlier = earlier.sign(&key(1)).unwrap();
    let cases: Vec<(&str, Vec<String>)> = vec![
        ("not signed", vec!["{}".to_owned()]),
        ("signed by another", vec![forged]),
        ("played again", vec![delta(0, 7)]),
        ("older", vec![delta(0, 3)]),
        ("left out", vec![delta(0, 9)]),
        ("a record that names no key", vec![keyless]),
        ("a heartbeat of a version not sent", vec![heartbeat(8, 0)]),
        ("rolled back, by heartbeat", vec![heartbeat(6, 0)]),
        ("rolled back, by snapshot", snapshot(0, 6)),
        ("grown again, by heartbeat", vec![forked]),
        ("grown again, by snapshot", snapshot(1, 7)),
        ("grown again, by an entry that is no later", vec![earlier]),
        ("a part of nothing", snapshot(0, 8)[1..].to_vec()),
        ("an end of nothing", vec![snapshot(0, 8).pop().unwrap()]),
        ("a delta inside", vec![snapshot(0, 8)[0].clone(), delta(0, 8)]),
        ("a snapshot inside", vec![snapshot(0, 8)[0].clone(), snapshot(0, 9)[0].clone()]),
        ("a part of another", vec![snapshot(0, 8)[0].clone(), snapshot(0, 9)[1].clone()]),
        ("a part missing", {
            let mut s = snapshot(0, 8);
            s.remove(2);
            s
        }),
        ("a part twice", {
            let mut s = snapshot(0, 8);
            s.insert(2, s[2].clone());
            s
        }),
        ("parts in another order", {
            let mut s = snapshot(0, 8);
            s.swap(1, 2);
            s
        }),
        ("a part of another history", {
            let mut s = snapshot(0, 8);
            s[2] = snapshot(1, 8)[2].clone();
            s
        }),
    ];
    let mut said = String::new();
    for (what, lines) in cases {
        let mut follower = held();
        let error = all(&mut follower, &lines).unwrap_err();
        said.push_str(&format!("{what}: {error}\n"));
        assert_eq!(
            (follower.held(), follower.from(), follower.due()),
            (Some(7), 7, Some((6, 7, mark(0, 7)))),
            "{what}"
        );
        follower.disconnected();
        assert!(matches!(follower.line(&delta(0, 8)), Ok(Step::Change(_))), "{what}: goes on");
    }
    insta::assert_snapshot!(said, @"
not signed: a line of the feed cannot be believed: not a compact JWS: three parts of unpadded base64url with dots between, the last of 64 bytes
signed by another: a line of the feed cannot be believed: the signature of a token does not fit its text and key
played again: the feed is at version 7 and this gate holds 7: the storage behind govern was rolled back, or an old connection is being played again; nothing was taken back. Compare the ledger with an older checkpoint (`sumun ledger verify --since`)
older: the feed is at version 3 and this gate holds 7: the storage behind govern was rolled back, or an old connection is being played again; nothing was taken back. Compare the ledger with an older checkpoint (`sumun ledger verify --since`)
left out: the feed went on to version 9 and this gate holds 7; what is between was not sent
a record that names no key: version 8 holds a record that names no key
a heartbeat of a version not sent: the feed went on to version 8 and this gate holds 7; what is between was not sent
rolled back, by heartbeat: the feed is at version 6 and this gate holds 7: the storage behind govern was rolled back, or an old connection is being played again; nothing was taken back. Compare the ledger with an older checkpoint (`sumun ledger verify --since`)
rolled back, by snapshot: the feed is at version 6 and this gate holds 7: the storage behind govern was rolled back, or an old connection is being played again; nothing was taken back. Compare the ledger with an older checkpoint (`sumun ledger verify --since`)
grown again, by heartbeat: version 7 of the feed is another one than this gate holds under that number: the storage behind govern was rolled back and has grown again, or forked; nothing was taken. Compare the ledger with an older checkpoint (`sumun ledger verify --since`)
grown again, by snapshot: version 7 of the feed is another one than this gate holds under that number: the storage behind govern was rolled back and has grown again, or forked; nothing was taken. Compare the ledger with an older checkpoint (`sumun ledger verify --since`)
grown again, by an entry that is no later: version 8 of the feed is another one than this gate holds under that number: the storage behind govern was rolled back and has grown again, or forked; nothing was taken. Compare the ledger with an older checkpoint (`sumun ledger verify --since`)
a part of nothing: the feed sent a part of a snapshot where it has no place: a delta, a heartbeat or the beginning of a snapshot was expected
an end of nothing: the feed sent the end of a snapshot where it has no place: a delta, a heartbeat or the beginning of a snapshot was expected
a delta inside: the feed sent a delta where it has no place: the rest of a snapshot was expected
a snapshot inside: the feed sent a snapshot where it has no place: the rest of a snapshot was expected
a part of another: the snapshot of version 9 is not what was announced: a part is of another version
a part missing: the snapshot of version 8 is not what was announced: it holds fewer keys
a part twice: the snapshot of version 8 is not what was announced: it holds more keys
parts in another order: the snapshot of version 8 is not what was announced: its parts are not those that were sent
a part of another history: the snapshot of version 8 is not what was announced: its parts are not those that were sent
");
}

#[test]
fn long_records_go_in_as_many_parts_as_they_need() {
    let key = key(1);
    let long = |n: usize| json!({ "key": format!("K{n}"), "mandate": "x".repeat(60_000) });
    let records: Vec<Value> = (0..200).map(long).collect();
    let (mut writer, begin) = SnapshotWriter::begin(&key, 7, at(7), 200, 0).unwrap();
    let mut lines = vec![begin];
    lines.extend(writer.records(records.clone()).unwrap());
    assert!(lines.len() > 5 && lines.len() < 12, "{}", lines.len());
    lines.push(writer.end(mark_of(0, 7)).unwrap());
    let mut follower = Follower::new(key.public(), None, 0);
    let Step::Replace(taken) = all(&mut follower, &lines).unwrap() else { panic!() };
    assert_eq!(taken.records, records);
}

#[test]
fn nothing_is_taken_before_a_snapshot() {
    let mut follower = Follower::new(key(1).public(), None, 0);
    assert!(follower.line(&delta(0, 1)).is_err());
    assert!(follower.line(&heartbeat(0, 0)).is_err());
    assert!(matches!(all(&mut follower, &snapshot(0, 0)), Ok(Step::Replace(_))));
    follower.settled(0, None);
    assert_eq!((follower.held(), follower.due()), (Some(0), None));
    assert!(matches!(follower.line(&delta(0, 1)), Ok(Step::Change(_))));
}

#[derive(Clone, Debug)]
enum Op {
    /// The server makes a version.
    Commit,
    /// It sends the next line of what it should.
    Send,
    /// It loses one.
    Lose,
    /// It sends the last line again.
    Again,
    /// Any old line, of this history or another.
    Old(u64, u8),
    /// Somebody else signs one.
    Forge,
    Heartbeat,
    Reconnect,
    /// As many of its newest versions as that are gone from the server's storage.
    RollBack(u64),
    /// Up to which of the applied the gate settles.
    Settle(u64),
    Acknowledge,
    /// The gate dies: what is not settled is gone; that something was acknowledged may be.
    Die(bool),
}

fn ops() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => Just(Op::Commit),
        16 => Just(Op::Send),
        1 => Just(Op::Lose),
        1 => Just(Op::Again),
        1 => (0u64..20, 0u8..2).prop_map(|(v, h)| Op::Old(v, h)),
        1 => Just(Op::Forge),
        2 => Just(Op::Heartbeat),
        2 => Just(Op::Reconnect),
        1 => (0u64..4).prop_map(Op::RollBack),
        4 => (0u64..4).prop_map(Op::Settle),
        4 => Just(Op::Acknowledge),
        1 => any::<bool>().prop_map(Op::Die),
    ]
}

proptest! {
    /// Never a version skipped, never one taken back, acknowledgements one after the other; and what was handed out for
    /// applying is what some server signed.
    #[test]
    fn no_version_is_skipped_and_none_taken_back(ops in prop::collection::vec(ops(), 0..200), keeps in 0u64..6) {
        let mut head = 0;
        let mut follower = Follower::new(key(1).public(), None, 0);
        let mut queue: Vec<String> = Vec::new();
        let mut sent = 0;
        let mut last_line: Option<String> = None;
        let mut connected = false;
        // The naive model: what is applied, settled, acknowledged at govern.
        let (mut applied, mut settled, mut govern): (Option<u64>, Option<u64>, u64) = (None, None, 0);
        let mut beats = 0;
        for op in ops {
            let mut line = None;
            match op {
                Op::Commit => head += 1,
                Op::Reconnect => {
                    follower.disconnected();
                    let from = follower.from();
                    queue = if follower.held().is_none() || from + keeps < head { snapshot(0, head) } else { Vec::new() };
                    sent = if queue.is_empty() { from } else { head };
                    connected = true;
                }
                Op::Send | Op::Lose if connected => {
                    if queue.is_empty() && sent < head {
                        sent += 1;
                        queue.push(delta(0, sent));
                    }
                    if !queue.is_empty() {
                        let next = queue.remove(0);
                        if matches!(op, Op::Send) { line = Some(next); }
                    }
                }
                Op::Again => line = last_line.clone(),
                Op::Old(version, history) => line = Some(delta(history, version)),
                Op::Forge => line = Some(Frame::Heartbeat { version: follower.from(), mark: follower.mark(), at: at(0) }.sign(&key(2)).unwrap()),
                Op::Heartbeat if connected && queue.is_empty() => { beats += 1; line = Some(heartbeat(sent, beats)); }
                Op::RollBack(by) => { head = head.saturating_sub(by); connected = false; }
                Op::Settle(back) => {
                    if let Some(version) = applied {
                        let version = version.saturating_sub(back).max(settled.unwrap_or(0));
                        follower.settled(version, mark_of(0, version));
                        settled = settled.max(Some(version));
                    }
                }
                Op::Acknowledge => {
                    if let Some((from, to, mark)) = follower.due() {
                        prop_assert!(from <= govern + 1 && from <= to, "{from}..{to} after {govern}");
                        prop_assert!(Some(to) <= settled);
                        prop_assert!([mark_of(0, to), mark_of(1, to)].contains(&Some(mark)), "{to}: {mark}");
                        govern = govern.max(to);
                        follower.acknowledged(to);
                    }
                }
                Op::Die(forgets) => {
                    let known = if forgets { govern.saturating_sub(1) } else { govern };
                    applied = settled;
                    follower = Follower::new(key(1).public(), settled.map(|version| (version, mark_of(0, version))), known);
                    connected = false;
                }
                Op::Send | Op::Lose | Op::Heartbeat => {}
            }
            let Some(line) = line else { continue };
            last_line = Some(line.clone());
            let before = follower.held();
            match follower.line(&line) {
                Ok(Step::Change(change)) => {
                    prop_assert_eq!(Some(change.version), applied.map(|v| v + 1), "one after the other");
                    applied = Some(change.version);
                }
                Ok(Step::Replace(taken)) => {
                    prop_assert!(Some(taken.version) >= applied, "never back");
                    prop_assert_eq!(taken.records, table(0, taken.version));
                    applied = Some(taken.version);
                }
                Ok(Step::Heard(_) | Step::Wait) => prop_assert_eq!(follower.held(), before),
                Err(_) => {
                    prop_assert_eq!(follower.held(), before, "nothing of it was taken");
                    follower.disconnected();
                    connected = false;
                }
            }
            prop_assert_eq!(follower.held(), applied);
        }
    }
}
