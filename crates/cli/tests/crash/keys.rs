//! The key table through kills: a gate starts alone, and what has ended stays ended whatever the file says later.

use crate::campaign::{factor, seed};
use crate::stage::chance::Chance;
use crate::stage::client::{Effect, Signed, once};
use crate::stage::process::Gate;
use crate::stage::upstream::Upstream;
use crate::stage::{Key, Stage, wait_for};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

static NONCE: AtomicU64 = AtomicU64::new(0);

/// What a key's owner is told now, for every effect in turn.
fn statuses(gate: &Gate, key: &str) -> [u16; 4] {
    [Effect::Read, Effect::Order, Effect::Cancel, Effect::Transfer].map(|effect| {
        let nonce = format!("nonce-{}", NONCE.fetch_add(1, Ordering::Relaxed));
        once(gate.listen, &Signed::new(effect, key, &nonce)).status
    })
}

const PASSES: [u16; 4] = [200; 4];
const REFUSED: [u16; 4] = [401; 4];

/// K2 is ended by its state, K3 by a measure; both are on the disk's registry then.
fn end_two_keys(stage: &Stage, gate: &Gate) {
    let by_measure = Key { measure: Some("expire"), ..Key::active("K3") };
    stage.keys(&[Key::active("K1"), Key::expired("K2"), by_measure]);
    gate.says("2 keys ended for good");
    // Acknowledged by now. The snapshot follows; these tests want it too.
    let kept = wait_for(|| stage.place.read("sumun-data/table.json").contains("expired").then_some(()));
    assert!(kept.is_some(), "{}", gate.said());
}

#[test]
fn an_ended_key_stays_ended_though_an_older_file_comes_back() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let older = stage.place.read("keys.json");
    let gate = stage.start();
    for key in ["K1", "K2", "K3"] {
        assert_eq!(statuses(&gate, key), PASSES, "{key}");
    }
    end_two_keys(&stage, &gate);
    gate.kill();

    stage.keys_as(&older);
    let gate = stage.start();
    gate.says("K2");
    assert_eq!(statuses(&gate, "K1"), PASSES);
    assert_eq!(statuses(&gate, "K2"), REFUSED);
    assert_eq!(statuses(&gate, "K3"), REFUSED);
    gate.kill();

    // Without the snapshot the registry of the dead alone remembers.
    std::fs::remove_file(stage.data("table.json")).unwrap();
    let gate = stage.start();
    assert_eq!(statuses(&gate, "K1"), PASSES);
    assert_eq!(statuses(&gate, "K2"), REFUSED);
    assert_eq!(statuses(&gate, "K3"), REFUSED);

    // While it runs, too, and after being forgotten in between.
    stage.keys(&[Key::active("K1")]);
    gate.says("keys=1");
    stage.keys(&["K1", "K2", "K3", "K4"].map(Key::active));
    gate.says("issue a new key instead");
    let gate_knows = wait_for(|| (statuses(&gate, "K4") == PASSES).then_some(()));
    assert!(gate_knows.is_some(), "{}", gate.said());
    let passed = upstream.count();
    assert_eq!(statuses(&gate, "K2"), REFUSED);
    assert_eq!(statuses(&gate, "K3"), REFUSED);
    assert_eq!(upstream.count(), passed);
}

/// Kills while keys are being ended: whatever end the gate had acknowledged holds, though a file from before comes back.
#[test]
fn an_end_acknowledged_at_the_last_instant_holds() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let mut chance = Chance::new(seed());
    let ids: Vec<String> = (0..10 * factor()).map(|number| format!("Key-{number}")).collect();
    let all = |ended: usize| {
        let state = |(at, id): (usize, &String)| if at < ended { Key::expired(id) } else { Key::active(id) };
        ids.iter().enumerate().map(state).collect::<Vec<_>>()
    };
    let mut acknowledged = 0;
    for round in 0..ids.len() {
        // As it was at first, with every key alive.
        stage.keys(&all(0));
        let gate = stage.start();
        for dead in &ids[..acknowledged] {
            assert_eq!(statuses(&gate, dead), REFUSED, "{dead} lives again");
        }
        let before = gate.said().len();
        stage.keys(&all(round + 1));
        std::thread::sleep(Duration::from_micros(chance.below(40_000)));
        let said = gate.kill();
        if said[before..].contains("ended for good") {
            // All that the file ended, those of earlier rounds too.
            acknowledged = round + 1;
        }
    }
    println!("{acknowledged} of {} ends were acknowledged", ids.len());
    assert!(acknowledged > 0);
}

#[test]
fn a_gate_starts_alone_with_the_same_keys() {
    let upstream = Upstream::start();
    for damage in [None, Some("{\"keys\": [{\"key\": \"K1\""), Some(""), Some("not a keys file\n")] {
        let stage = Stage::new(upstream.address, "");
        let gate = stage.start();
        end_two_keys(&stage, &gate);
        gate.kill();
        match damage {
            Some(text) => stage.keys_as(text),
            None => std::fs::remove_file(stage.place.path("keys.json")).unwrap(),
        }
        let gate = stage.start();
        gate.says("Started alone from the last good table");
        assert_eq!(gate.ready["keys"], 3, "{damage:?}");
        assert_eq!(statuses(&gate, "K1"), PASSES, "{damage:?}");
        assert_eq!(statuses(&gate, "K2"), REFUSED, "{damage:?}");
        assert_eq!(statuses(&gate, "K3"), REFUSED, "{damage:?}");
        gate.kill();
        // Again alone, and with the file back.
        stage.start().kill();
        stage.keys(&["K1", "K2", "K3"].map(Key::active));
        let gate = stage.start();
        assert_eq!(statuses(&gate, "K1"), PASSES, "{damage:?}");
        assert_eq!(statuses(&gate, "K2"), REFUSED, "{damage:?}");
        assert_eq!(statuses(&gate, "K3"), REFUSED, "{damage:?}");
    }
}

#[test]
fn an_end_by_the_clock_cannot_be_put_off_after_a_kill() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let past = Key { expires: "2020-01-01T00:00:00Z".to_owned(), ..Key::active("K2") };
    stage.keys(&[Key::active("K1"), past]);
    let gate = stage.start();
    assert_eq!(statuses(&gate, "K2"), REFUSED);
    gate.kill();
    stage.keys(&["K1", "K2"].map(Key::active));
    let gate = stage.start();
    assert_eq!(statuses(&gate, "K1"), PASSES);
    assert_eq!(statuses(&gate, "K2"), REFUSED, "{}", gate.said());
    // Nor by taking it out and putting it in again.
    stage.keys(&[Key::active("K1")]);
    gate.says("keys=1 ");
    gate.kill();
    stage.keys(&["K1", "K2"].map(Key::active));
    let gate = stage.start();
    assert_eq!(statuses(&gate, "K1"), PASSES);
    assert_eq!(statuses(&gate, "K2"), REFUSED, "{}", gate.said());
}
