//! Every line of the exchange's own log that is the tap's stands in the event log once, however often the log was rotated; and what the gate was asked about stands there by the gate's own word alone.

use crate::bots::CUSTOMERS;
use crate::waiting::until;
use crate::weeks::Run;
use serde_json::Value;
use std::collections::BTreeSet;

/// What the mapping calls a front that does not say its name.
const FRONT: &str = "nginx";

/// Ids of what came out of the log of the exchange's own front.
fn of_front(events: &[Value]) -> impl Iterator<Item = &str> {
    events.iter().filter(|event| event["gate"] == FRONT).filter_map(|event| event["id"].as_str())
}

impl Run {
    /// What the log holds for the tap since the exchange's own gateway began: all but what the gate passed on.
    fn for_tap(&self) -> Vec<String> {
        let word = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let lines = self.gateway.lines();
        let new = lines.iter().filter(|line| line["hostname"].is_null());
        new.filter(|line| word(line, "remote_addr") != "127.0.0.1" && !word(line, "key_id").is_empty())
            .map(|line| word(line, "request_id"))
            .collect()
    }

    fn events(&self) -> Vec<Value> {
        let dumped = self.hand.shell("sumun log dump --events");
        let access = dumped.lines().filter(|line| line.starts_with(r#"{"type":"access""#));
        access.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until the tap has brought all that it is to bring, and looks that nothing came twice. Back-fill has read what was written before
    /// week 2 ended its reading; files are read by turns, so that the order says nothing.
    pub(crate) fn tap_has_brought_every_line_once(&self) {
        let written = self.for_tap();
        let (by_backfill, events) = until("the tap to bring every line", || {
            let events = self.events();
            let brought: BTreeSet<&str> = of_front(&events).collect();
            let first = written.iter().position(|id| brought.contains(id.as_str()))?;
            written.iter().skip(first).all(|id| brought.contains(id.as_str())).then_some((first, events))
        });
        let brought: Vec<&str> = of_front(&events).collect();
        assert_eq!(written.len() - by_backfill, brought.len(), "some came twice, or were never written");
        assert!(by_backfill > 0 && brought.len() > 100, "{by_backfill} {}", brought.len());
        let files = self.gateway.files();
        assert!(files > 8, "{files}");
        eprintln!(
            "{} lines in {files} files: {by_backfill} read as history, {} brought by the tap, each once",
            written.len(),
            brought.len()
        );
        for client in CUSTOMERS.iter().filter(|client| client.is_pilot()) {
            let of = |gate: &str| {
                events.iter().filter(|event| event["key"] == client.key && event["gate"] == gate).count()
            };
            eprintln!("{}: {} by the gate's word, {} by the log", client.key, of("gate-a"), of(FRONT));
            assert!(of("gate-a") > 50, "{} was not decided by the gate", client.key);
        }
    }
}
