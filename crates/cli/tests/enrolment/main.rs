//! An enrolment campaign on the built program: thirty keys that an exchange had before, a client on each of them, a window of seconds.
//!
//! Whoever registered is never refused; whoever did not reads and cancels only, and then ends; a power cut in between changes nothing.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic, wait for real processes, and their names say what they are"
)]

#[path = "../crash/stage/mod.rs"]
mod stage;
#[path = "../support/mod.rs"]
mod support;

#[path = "../record/house.rs"]
#[allow(dead_code, reason = "several test binaries share it; each uses what it needs")]
mod house;
#[path = "../record_clients/rest.rs"]
#[allow(dead_code, reason = "as above")]
mod rest;
#[path = "../real_clients/waiting.rs"]
#[allow(dead_code, reason = "as above")]
mod waiting;

mod world;

use crate::house::Open;
use serde_json::json;
use stage::client::Effect;
use world::{Counts, World, stage};

/// Whoever of the thirty is handed in while the window is open, registers when it is late, or never does.
const HANDED_IN: std::ops::Range<usize> = 0..20;
const LATE: usize = 20;
const NEVER: std::ops::Range<usize> = 21..30;

#[test]
fn registered_keys_are_never_refused_others_come_to_a_halt_and_end_and_a_power_cut_changes_nothing() {
    let (house, made) = stage();
    let world = World::first(&house, &made);
    let campaign = world.campaign();
    // Told, and power is cut before anybody could register.
    world.counts(&campaign, "everybody to be told", |counts| counts.get("not_told") == 0);
    let world = world.cut();
    world.hands_in(HANDED_IN);
    world.works(0);

    // The day comes: orders of the others are refused, with what to do about it; cancelling and reading pass.
    world.counts(&campaign, "the others to come to a halt", |counts| counts.get("read_only") == 10);
    let refused = world.until_refused(NEVER.start, Effect::Order, 403);
    assert!(refused.contains("has not registered who uses it"), "{refused}");
    for key in NEVER.chain([LATE]) {
        world.until_refused(key, Effect::Order, 403);
        for effect in [Effect::Read, Effect::Cancel] {
            assert_eq!(world.ask(key, effect).status, 200, "{effect:?} of a key that reads and cancels only");
        }
    }
    let world = world.cut();
    assert_eq!(world.ask(NEVER.start, Effect::Order).status, 403, "as before the power cut");
    // One comes now, and his key works again with the next version of the feed.
    world.registers_late(LATE);
    world.until_works(LATE);

    world.counts(&campaign, "the rest to end", |counts| counts.get("ended") == 9);
    for key in NEVER {
        world.until_refused(key, Effect::Cancel, 401);
        assert_eq!(world.key(key)["cause"], "natural");
    }
    for key in HANDED_IN.chain([LATE]) {
        world.works(key);
        assert_eq!(world.key(key)["state"], "active");
    }
    world.counts(&campaign, "nothing more", |counts| {
        (counts.get("enrolled"), counts.get("ended"), counts.keys) == (21, 9, 30)
    });

    // Nobody was suspected of anything, every letter that was due left, and the record is whole.
    for list in ["signals", "measures", "cases"] {
        assert_eq!(world.rest.get("alice", &format!("/v1/{list}?limit=200"))["items"], json!([]), "{list}");
    }
    let shown = world.open.must("alice", &["campaign", "coverage", &campaign]).out;
    assert!(shown.starts_with("21 of 30 keys are registered"), "{shown}");
    let letters = house.place.read("sumun-data/notices.ndjson");
    let mut kinds = std::collections::BTreeMap::new();
    for line in letters.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        *kinds.entry(line["body"]["kind"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    for (kind, least) in [
        ("announced", 30),
        ("opened", 10),
        ("reminded", 20),
        ("read_only", 10),
        ("ended", 9),
        ("enrolled", 21),
    ] {
        assert!(
            kinds.get(&format!("campaign.{kind}")).is_some_and(|count| *count >= least),
            "{kind}: {kinds:?}"
        );
    }
    let Open { desk, process } = world.open;
    let (status, said) = process.stop();
    assert!(status.success() && !said.contains("ERROR"), "{said}");
    drop(desk);
    let verified = house.place.run(&["ledger", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.shown());
}

impl Counts {
    fn get(&self, state: &str) -> u64 {
        self.states.get(state).copied().unwrap_or_default()
    }
}
