//! A keys file that cannot be used: at the start nothing starts; while it runs the table stays, and says so.

use super::{error, refused};
use crate::stage::client::{Effect, Signed, get, once};
use crate::stage::process::Gate;
use crate::stage::upstream::Upstream;
use crate::stage::{Key, Stage, keys_text, wait_for};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

static NONCE: AtomicU64 = AtomicU64::new(0);

fn status(gate: &Gate, effect: Effect, key: &str) -> u16 {
    let nonce = format!("nonce-{}", NONCE.fetch_add(1, Ordering::Relaxed));
    once(gate.listen, &Signed::new(effect, key, &nonce)).status
}

#[test]
fn at_the_start_every_problem_is_shown_with_its_place() {
    let stage = Stage::new("127.0.0.1:9".parse().unwrap(), "");
    stage.keys_as("{ \"keys\": [ { \"key\": \"K1\", \"alowlist\": [] } ] }\n");
    let said = error(&refused(&stage));
    assert!(said.starts_with("exit 2\nerror: the keys file cannot be used\n  keys.json:1:"), "{said}");
    assert!(said.contains("alowlist") && said.contains("The gate did not start"), "{said}");

    std::fs::remove_file(stage.place.path("keys.json")).unwrap();
    let said = error(&refused(&stage));
    assert!(said.starts_with("exit 2\n") && said.contains("sumun keys new"), "{said}");

    std::fs::create_dir(stage.place.path("keys.json")).unwrap();
    let said = error(&refused(&stage));
    assert!(said.starts_with("exit 2\n") && said.contains("keys.json: "), "{said}");
}

/// What a name of a keys file may come to be by mistake. Permissions alone would not stop a test that runs as root.
type Spoil = fn(&Path);

const SPOILS: &[(&str, Spoil)] = &[
    ("a half-written file", |path| std::fs::write(path, &keys_text(&[Key::active("K1")])[..100]).unwrap()),
    ("an empty file", |path| std::fs::write(path, "").unwrap()),
    ("not text", |path| std::fs::write(path, [0xff, 0xfe, 0, 1]).unwrap()),
    ("a seal of another key", |path| {
        let text = keys_text(&[Key::active("K1"), Key::active("K2")]);
        let seal = Key::active("K9").entry(crate::support::KEK_ONE)["secret"].as_str().unwrap().to_owned();
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        value["keys"][1]["secret"] = seal.into();
        std::fs::write(path, value.to_string()).unwrap();
    }),
    ("a folder", |path| std::fs::create_dir(path).unwrap()),
    ("a link to itself", |path| symlink(path.file_name().unwrap(), path).unwrap()),
    ("a link to nowhere", |path| symlink("nowhere.json", path).unwrap()),
    ("a pipe", |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success())),
    ("gone", |_| {}),
];

#[test]
fn while_it_runs_the_table_stays_says_so_once_and_heals() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "table_age_max_s = 1");
    let keys = stage.place.path("keys.json");
    let gate = stage.start();
    let mut keys_now = 3;
    for (name, spoil) in SPOILS {
        println!("{name}");
        let said_before = gate.said().len();
        let errors = || gate.said()[said_before..].matches("ERROR").count();
        std::fs::remove_file(&keys).unwrap();
        spoil(&keys);
        // Old after a second: transfers are refused, all else goes on under the table as it was.
        let old = wait_for(|| Some(get(gate.admin(), "/readyz")).filter(|answer| answer.status == 503));
        let old = old.unwrap_or_else(|| panic!("{name}: always ready"));
        assert!(old.body.contains("the key table is too old"), "{name}: {}", old.body);
        assert!(old.body.contains(&format!("\"keys\":{keys_now}")), "{name}: {}", old.body);
        for (effect, expected) in
            [(Effect::Read, 200), (Effect::Order, 200), (Effect::Cancel, 200), (Effect::Transfer, 503)]
        {
            assert_eq!(status(&gate, effect, "K1"), expected, "{name} {effect:?}");
        }
        // More than fifty looks have been taken by now. A removal and what came after it may be seen step by step.
        assert!((1..=4).contains(&errors()), "{name}: {} errors in\n{}", errors(), gate.said());
        let said = gate.said()[said_before..].to_owned();
        assert!(said.contains("keys.json"), "{name}: {said}");
        assert!(said.contains("table stays as it is"), "{name}: {said}");

        // Put right, with one more key: no restart is needed.
        let _ = std::fs::remove_file(&keys);
        let _ = std::fs::remove_dir(&keys);
        keys_now += 1;
        let all: Vec<Key> = (1..=keys_now).map(|number| Key::active(&format!("K{number}"))).collect();
        stage.keys(&all);
        let ready = wait_for(|| Some(get(gate.admin(), "/readyz")).filter(|answer| answer.status == 200));
        assert!(ready.is_some(), "{name}: never ready again: {}", gate.said());
        assert_eq!(status(&gate, Effect::Transfer, &format!("K{keys_now}")), 200, "{name}");
    }
    let (ended, said) = gate.stop();
    assert!(ended.success() && !said.contains("panicked"), "{said}");
}

#[test]
fn a_gate_is_stopped_in_time_whatever_the_keys_file_is() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let gate = stage.start();
    // In one step, so that it is never seen missing.
    let made = Command::new("mkfifo").arg(stage.place.path("pipe")).status().unwrap();
    assert!(made.success());
    std::fs::rename(stage.place.path("pipe"), stage.place.path("keys.json")).unwrap();
    gate.says("is not a plain file");
    assert!(gate.stop().0.success());
}
