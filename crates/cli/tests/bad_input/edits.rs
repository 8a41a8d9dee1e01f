//! Edits of the keys file of a running gate: whoever asks after one is decided under it, whatever the file's times and size.

use crate::stage::client::{Effect, Signed, get, once};
use crate::stage::process::Gate;
use crate::stage::upstream::Upstream;
use crate::stage::{Key, Stage, keys_text, wait_for};
use crate::support::KEK_TWO;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

static NONCE: AtomicU64 = AtomicU64::new(0);

fn status(gate: &Gate, effect: Effect, key: &str) -> u16 {
    let nonce = format!("nonce-{}", NONCE.fetch_add(1, Ordering::Relaxed));
    once(gate.listen, &Signed::new(effect, key, &nonce)).status
}

fn set_modified(path: &Path, at: SystemTime) {
    File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
}

/// A keys file with the same keys whose entries are `bytes` long and more.
fn padded(keys: &[Key], bytes: usize) -> String {
    let mut file: serde_json::Value = serde_json::from_str(&keys_text(keys)).unwrap();
    for entry in file["keys"].as_array_mut().unwrap() {
        entry["application"] = "made up ".repeat(bytes / 8).into();
    }
    file.to_string()
}

#[test]
fn a_file_from_the_future_is_taken_once_and_edits_of_it_at_once() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let keys = stage.place.path("keys.json");
    let gate = stage.start();
    stage.keys(&[Key::active("K1"), Key::expired("K2"), Key::active("K3")]);
    gate.says("1 key ended for good");
    // Each reading of this file says that K2 cannot come back.
    let future = SystemTime::now() + Duration::from_secs(3_600);
    stage.place.write("keys.json.new", &keys_text(&["K1", "K2", "K3", "K4"].map(Key::active)));
    set_modified(&stage.place.path("keys.json.new"), future);
    std::fs::rename(stage.place.path("keys.json.new"), &keys).unwrap();
    assert_eq!(status(&gate, Effect::Order, "K4"), 200);
    let readings = || gate.said().matches("key `K2` has ended and cannot become").count();
    // Fifty looks at the file. Only those of the first tenth of a second may read it again.
    std::thread::sleep(Duration::from_secs(1));
    assert!((1..=10).contains(&readings()), "read {} times", readings());

    // In place, of the same size, its time put back: only the file system's own time tells.
    let before = stage.place.read("keys.json");
    let at = before.find("\"state\": \"active\"").unwrap();
    let mut after = before.clone();
    after.replace_range(at..at + "\"state\": \"active\"".len(), "\"state\":\"expired\"");
    assert_eq!(before.len(), after.len());
    assert_eq!(status(&gate, Effect::Order, "K1"), 200);
    std::fs::write(&keys, &after).unwrap();
    set_modified(&keys, future);
    assert_eq!(status(&gate, Effect::Order, "K1"), 401);
    assert_eq!(status(&gate, Effect::Order, "K3"), 200);
}

#[test]
fn every_request_after_an_edit_is_decided_under_it_however_many_come_at_once() {
    const AT_ONCE: usize = 8;
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let all = |state: &'static str| {
        let keys: Vec<Key> =
            (1..=900).map(|number| Key { state, ..Key::active(&format!("K{number}")) }).collect();
        padded(&keys, 64)
    };
    let [living, suspended] = ["active", "suspended"].map(all);
    assert!(living.len() < 1 << 20 && suspended.len() < 1 << 20, "left to the housekeeper");
    stage.keys_as(&living);
    let gate = stage.start();
    for round in 0..6 {
        let (text, expected) = if round % 2 == 0 { (&suspended, false) } else { (&living, true) };
        stage.keys_as(text);
        let passed: Vec<bool> = std::thread::scope(|scope| {
            let asked: Vec<_> = (0..AT_ONCE)
                .map(|at| {
                    let gate = &gate;
                    scope.spawn(move || status(gate, Effect::Order, &format!("K{}", 900 - at)) == 200)
                })
                .collect();
            asked.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(passed, [expected; AT_ONCE], "round {round}");
    }
}

#[test]
fn an_edit_of_a_large_file_is_taken_too_and_requests_go_on_meanwhile() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let all = |first: Key| {
        let keys: Vec<Key> =
            std::iter::once(first).chain((2..=40).map(|number| Key::active(&format!("K{number}")))).collect();
        let text = padded(&keys, 40 << 10);
        assert!(text.len() > 1 << 20);
        text
    };
    stage.keys_as(&all(Key::active("K1")));
    let gate = stage.start();
    assert_eq!(status(&gate, Effect::Order, "K1"), 200);
    stage.keys_as(&all(Key::expired("K1")));
    let refused = wait_for(|| {
        assert_eq!(status(&gate, Effect::Order, "K2"), 200);
        (status(&gate, Effect::Order, "K1") == 401).then_some(())
    });
    assert!(refused.is_some(), "{}", gate.said());
    gate.says("1 key ended for good");
    assert!(stage.place.read("sumun-data/table.json").len() > 1 << 20);
    // Made small again: the next request finds it.
    stage.keys(&[Key::active("K2")]);
    assert_eq!(status(&gate, Effect::Order, "K40"), 401);
}

#[test]
fn an_end_that_comes_with_a_later_expiry_holds() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let past = Key { expires: "2020-01-01T00:00:00Z".to_owned(), ..Key::active("K2") };
    stage.keys(&[Key::active("K1"), past]);
    let gate = stage.start();
    stage.keys(&[Key::active("K1"), Key::expired("K2")]);
    assert_eq!(status(&gate, Effect::Read, "K2"), 401);
    gate.says("cannot be given a later end");
    // Not only by the clock: it is in the registry.
    gate.says("1 key ended for good");
}

#[test]
fn what_a_file_takes_away_holds_though_the_rest_cannot_be_used() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let gate = stage.start();
    let text = keys_text(&[Key::expired("K1"), Key::active("K2"), Key::active("K3"), Key::active("K4")]);
    let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
    file["keys"][3]["secret"] = file["keys"][2]["secret"].clone();
    stage.keys_as(&file.to_string());
    assert_eq!(status(&gate, Effect::Order, "K1"), 401);
    assert_eq!(status(&gate, Effect::Order, "K2"), 200);
    assert_eq!(status(&gate, Effect::Order, "K4"), 401);
    gate.says("1 key ended for good");
    gate.says("Changes of state and measure were made; for the rest the table stays as it is");
    // Said at once, and the gate is ready all the same.
    let told =
        wait_for(|| Some(get(gate.admin(), "/readyz")).filter(|told| told.body.contains("does not open")));
    let told = told.unwrap_or_else(|| panic!("never told: {}", get(gate.admin(), "/readyz").body));
    assert_eq!(told.status, 200, "{}", told.body);
}

/// A keys file whose last entry has another's secret, which does not open for it.
fn with_one_that_does_not_open(keys: &[Key]) -> serde_json::Value {
    let mut all = keys.to_vec();
    all.push(Key::active("K9"));
    let mut file: serde_json::Value = serde_json::from_str(&keys_text(&all)).unwrap();
    file["keys"][keys.len()]["secret"] = file["keys"][0]["secret"].clone();
    file
}

#[test]
fn what_a_file_gives_back_waits_until_all_of_it_can_be_used() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let with = |state, measure| Key { state, measure, ..Key::active("K1") };
    let beside = |key| [key, Key::active("K2"), Key::active("K3")];
    stage.keys(&beside(with("suspended", None)));
    let gate = stage.start();
    assert_eq!(status(&gate, Effect::Read, "K1"), 403);
    for measure in ["monitor", "warn", "reverify", "hold"] {
        // With and without another change of the key itself.
        for address in ["127.0.0.0/8", "127.0.0.0/9"] {
            let mut file = with_one_that_does_not_open(&beside(with("active", Some(measure))));
            file["keys"][0]["allowlist"] = serde_json::json!([address]);
            stage.keys_as(&file.to_string());
            assert_eq!(status(&gate, Effect::Read, "K1"), 403, "{measure} {address}");
        }
    }
    // Taking the offending entry out lets the rest of the file hold.
    stage.keys(&beside(with("active", Some("hold"))));
    assert_eq!(status(&gate, Effect::Read, "K1"), 200);
    assert_eq!(status(&gate, Effect::Order, "K1"), 403);
}

#[test]
fn what_was_taken_away_at_once_is_not_forgotten_by_a_gate_that_starts_alone() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let gate = stage.start();
    let suspended = Key { state: "suspended", ..Key::active("K1") };
    let file = with_one_that_does_not_open(&[suspended, Key::active("K2"), Key::active("K3")]);
    stage.keys_as(&file.to_string());
    assert_eq!(status(&gate, Effect::Read, "K1"), 403);
    assert!(gate.stop().0.success());
    stage.keys_as("{\"keys\":[");
    let gate = stage.start();
    assert_eq!(status(&gate, Effect::Read, "K1"), 403);
    assert_eq!(status(&gate, Effect::Read, "K2"), 200);
}

#[test]
fn an_end_by_the_clock_holds_though_the_last_good_table_no_longer_opens() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let past = Key { expires: "2020-01-01T00:00:00Z".to_owned(), ..Key::active("K2") };
    stage.keys(&[Key::active("K1"), past]);
    let gate = stage.start();
    assert_eq!(status(&gate, Effect::Read, "K2"), 401);
    assert!(gate.stop().0.success());
    // Another key-encryption key, and with it a later end.
    stage.place.write_private("kek.txt", KEK_TWO);
    let entries = ["K1", "K2"].map(|id| Key::active(id).entry(KEK_TWO));
    stage.keys_as(&serde_json::json!({ "keys": entries }).to_string());
    let gate = stage.start();
    assert_eq!(status(&gate, Effect::Read, "K1"), 200);
    assert_eq!(status(&gate, Effect::Read, "K2"), 401);
    gate.says("cannot be given a later end");
}
