//! The bookkeeper: holds the event log against what the exchange saw and what the clients were told.

use crate::load::{Book, Expect, Made};
use crate::stage::client::Effect;
use crate::stage::upstream::{Got, Upstream};
use crate::stage::{Stage, wait_for};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};
use sumun_gate::ReplayMemory;

/// The event log as read so far.
pub(crate) struct Accounts<'a> {
    stage: &'a Stage,
    lines: Vec<Value>,
    by_agent: HashMap<String, Value>,
    ids: HashSet<String>,
    numbers: BTreeSet<u64>,
}

impl<'a> Accounts<'a> {
    pub(crate) fn new(stage: &'a Stage) -> Self {
        let (by_agent, ids, numbers) = (HashMap::new(), HashSet::new(), BTreeSet::new());
        Self { stage, lines: Vec::new(), by_agent, ids, numbers }
    }

    /// Reads what is new; no line, no id and no number may come twice.
    fn read(&mut self) {
        for line in self.stage.dump(self.lines.len()) {
            let agent = line["agent"].as_str().unwrap().to_owned();
            let number = line["seq"].as_u64().unwrap();
            assert!(self.ids.insert(line["id"].as_str().unwrap().to_owned()), "an id twice: {line}");
            assert!(self.numbers.insert(number), "a number twice: {line}");
            let before = self.by_agent.insert(agent, line.clone());
            assert!(before.is_none(), "two lines of one request: {before:?} {line}");
            self.lines.push(line);
        }
    }

    /// Everything that was known to anybody at this moment must come to be in the log, as it was.
    pub(crate) fn settle(&mut self, book: &Book, upstream: &Upstream) {
        // In this order: what the exchange has, its client has made.
        let got = upstream.got();
        let made = book.made();
        let owed: Vec<&String> =
            made.iter().filter(|(agent, made)| is_owed(agent, made, &got)).map(|(agent, _)| agent).collect();
        let all_there = wait_for(|| {
            self.read();
            owed.iter().all(|agent| self.by_agent.contains_key(*agent)).then_some(())
        });
        if all_there.is_none() {
            let lost: Vec<_> =
                owed.iter().filter(|agent| !self.by_agent.contains_key(**agent)).take(5).collect();
            panic!(
                "lost: {:?}",
                lost.iter().map(|agent| (&made[**agent], got.get(**agent))).collect::<Vec<_>>()
            );
        }
        let memory = memory(self.stage);
        for (agent, line) in &self.by_agent {
            if let Some(made) = made.get(agent) {
                agrees(line, made, got.get(agent), &memory);
            }
        }
    }

    /// Nobody sends any more: the log and its numbers are whole, and a second reading gives the same.
    pub(crate) fn close(&mut self, book: &Book, upstream: &Upstream) {
        self.settle(book, upstream);
        let made = book.made();
        let strangers: Vec<_> = self.by_agent.keys().filter(|agent| !made.contains_key(*agent)).collect();
        assert!(strangers.is_empty(), "lines of requests nobody made: {strangers:?}");
        let last = self.numbers.last().copied().unwrap();
        let missing: Vec<u64> = (1..=last).filter(|number| !self.numbers.contains(number)).collect();
        assert!(missing.is_empty(), "numbers missing without a counted gap: {missing:?} of {last}");
        assert_eq!(self.stage.dump(0), self.lines);
        println!(
            "{} requests made, {} seen by the exchange, {} lines, {} of them without an outcome",
            made.len(),
            upstream.got().len(),
            self.lines.len(),
            self.lines.iter().filter(|line| line["status"].is_null()).count()
        );
    }
}

/// Whether somebody outside the gate knows of it, so that it must be in the log.
fn is_owed(agent: &str, made: &Made, got: &HashMap<String, Got>) -> bool {
    made.status.is_some() || got.contains_key(agent)
}

fn agrees(line: &Value, made: &Made, got: Option<&Got>, memory: &ReplayMemory) {
    let said = || format!("{line} {made:?} {got:?}");
    assert_eq!(line["key"], made.signed.key, "{}", said());
    match made.expect {
        Expect::Pass => {
            assert_eq!(line["verdict"], "allow", "{}", said());
            assert_eq!(line["reason"], Value::Null, "{}", said());
        }
        Expect::Refuse(reason) => {
            assert_eq!(line["verdict"], "deny", "{}", said());
            assert_eq!(line["reason"], reason, "{}", said());
            assert!(got.is_none(), "refused and yet forwarded: {}", said());
        }
    }
    if line["key"] != "K9" {
        let mark = memory.mark(&made.signed.key, &made.signed.nonce);
        assert_eq!(line["nonce"], format!("{:016x}", mark.0), "{}", said());
    }
    // The outcome is written before the answer leaves.
    if let Some(status) = made.status {
        assert_eq!(line["status"], status, "{}", said());
    }
    if let Some(got) = got {
        assert_eq!(got.times, 1, "forwarded more than once: {}", said());
        if made.signed.effect == Effect::Transfer {
            assert!(
                got.was_durable,
                "a transfer was forwarded before its record was on the disk: {}",
                said()
            );
        }
    }
}

/// The stage's own hashing of nonces.
fn memory(stage: &Stage) -> ReplayMemory {
    let mut key = [0; 16];
    let text = std::fs::read_to_string(stage.data("replay.key")).unwrap();
    hex::decode_to_slice(text.trim(), &mut key).unwrap();
    ReplayMemory::new(16, key)
}
