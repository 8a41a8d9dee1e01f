//! A disk without space: reading, ordering and cancelling go on and are counted, moving money stops; with space again
//! recording goes on, and what is missing is exactly what was counted.

use super::{error, refused};
use crate::stage::client::{Client, EFFECTS, Effect, Signed, get, once};
use crate::stage::process::Gate;
use crate::stage::upstream::Upstream;
use crate::stage::{Key, Stage, wait_for};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A small file system of its own in a folder, as long as it is wanted.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where mounting is not allowed.
    fn mount(at: PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "none"]).arg(&at).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(at)),
            other => {
                println!("skipped: a full disk needs the right to mount a tmpfs: {other:?}");
                None
            }
        }
    }

    fn fill(&self) {
        let mut file = File::create(self.filler()).unwrap();
        while file.write_all(&[1; 4096]).is_ok() {}
    }

    fn give_back(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["--lazy"]).arg(&self.0 as &Path).status();
    }
}

/// Sends requests under names of their own.
struct Sender {
    client: Client,
    sent: u64,
}

impl Sender {
    fn send(&mut self, gate: &Gate, effect: Effect, key: &str) -> u16 {
        self.sent += 1;
        let signed = Signed::new(effect, key, &format!("nonce-{}", self.sent));
        self.client.send(gate.listen, &signed, &format!("agent-{}", self.sent)).unwrap().status
    }
}

fn readiness(gate: &Gate) -> (u16, serde_json::Value) {
    let answer = get(gate.admin(), "/readyz");
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

/// Reads until what is left of the files' last blocks is used up too: a gap fits where no line does any more.
fn use_up_the_rest(gate: &Gate, sender: &mut Sender) -> serde_json::Value {
    let mut in_a_row = 0;
    let full = wait_for(|| {
        assert_eq!(sender.send(gate, Effect::Read, "K1"), 200);
        let (status, said) = readiness(gate);
        in_a_row = if status == 503 { in_a_row + 1 } else { 0 };
        (in_a_row == 100).then_some(said)
    });
    full.unwrap_or_else(|| panic!("never full: {}", gate.said()))
}

#[test]
fn what_is_missing_is_exactly_what_was_counted() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let Some(disk) = SmallDisk::mount(stage.place.path("sumun-data")) else { return };
    let gate = stage.start();
    let mut sender = Sender { client: Client::default(), sent: 0 };
    let mut counted = 0;
    for _ in 0..3 {
        for effect in EFFECTS {
            assert_eq!(sender.send(&gate, effect, "K1"), 200, "{effect:?}");
        }
        disk.fill();
        let said = use_up_the_rest(&gate, &mut sender);
        assert!(said["problems"][0].as_str().unwrap().contains("decisions cannot be recorded"), "{said}");
        assert!(said["problems"][0].as_str().unwrap().contains("the disk of data_dir"), "{said}");
        for _ in 0..20 {
            for effect in EFFECTS {
                let expected = if effect == Effect::Transfer { 503 } else { 200 };
                assert_eq!(sender.send(&gate, effect, "K1"), expected, "{effect:?}");
            }
        }
        let (status, said) = readiness(&gate);
        assert_eq!((status, &said["recording"]), (503, &false.into()), "{said}");
        assert!(said["unrecorded_total"].as_u64().unwrap() >= counted + 80, "{said}");

        disk.give_back();
        // By itself, without a request that would try.
        let ready = wait_for(|| Some(readiness(&gate)).filter(|(status, _)| *status == 200));
        let (_, said) = ready.unwrap_or_else(|| panic!("never ready again: {}", gate.said()));
        counted = said["unrecorded_total"].as_u64().unwrap();
        assert_eq!(sender.send(&gate, Effect::Transfer, "K1"), 200);
    }
    let (status, said) = gate.stop();
    assert!(status.success() && !said.contains("panicked"), "{said}");

    let lines = stage.dump(0);
    let numbers: BTreeSet<u64> = lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    let last = *numbers.last().unwrap();
    assert_eq!(numbers.len(), lines.len());
    assert_eq!(last, sender.sent);
    assert_eq!(last - numbers.len() as u64, counted, "missing numbers and counted decisions");
    // The gaps are in the operator's log with their counts.
    let told: u64 = said
        .lines()
        .filter(|line| line.contains("were not recorded; their numbers are missing in `seq`"))
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let at = words.iter().position(|word| *word == "decisions").unwrap();
            words[at - 1].parse::<u64>().unwrap()
        })
        .sum();
    assert_eq!(told, counted, "{said}");
    // No money moved without a line that was on the disk.
    let transfers = lines.iter().filter(|line| line["effect"] == "transfer" && line["verdict"] == "allow");
    let moved = upstream.got().values().filter(|got| got.target.contains("/withdraws/")).count();
    assert_eq!(transfers.count(), moved);
    assert_eq!(moved, 6);
}

#[test]
fn what_happened_on_a_full_disk_is_still_so_after_a_restart() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let Some(disk) = SmallDisk::mount(stage.place.path("sumun-data")) else { return };
    // More than fit into what is left of a block.
    let many: Vec<String> = (1..=300).map(|number| format!("K{number}")).collect();
    stage.keys(&many.iter().map(|id| Key::active(id)).collect::<Vec<_>>());
    let older = stage.place.read("keys.json");
    let gate = stage.start();
    disk.fill();
    let mut sender = Sender { client: Client::default(), sent: 0 };
    use_up_the_rest(&gate, &mut sender);
    // The nonces' own journal has a block of its own to fill.
    for _ in 0..400 {
        assert_eq!(sender.send(&gate, Effect::Read, "K1"), 200);
    }
    let used = sender.sent;
    let ended = many.iter().skip(1).map(|id| Key::expired(id));
    stage.keys(&[Key::active("K1")].into_iter().chain(ended).collect::<Vec<_>>());
    assert!(wait_for(|| (sender.send(&gate, Effect::Read, "K2") == 401).then_some(())).is_some());
    gate.says("could not be written to the registry of dead ids");

    disk.give_back();
    let ready = wait_for(|| (readiness(&gate).0 == 200).then_some(()));
    assert!(ready.is_some(), "{}", gate.said());
    gate.says("299 keys ended for good");
    gate.says("Every nonce is in the journal again");
    gate.kill();
    stage.keys_as(&older);
    let gate = stage.start();
    for id in &many[1..] {
        assert_eq!(once(gate.listen, &Signed::new(Effect::Read, id, "a-new-nonce")).status, 401, "{id}");
    }
    for number in 1..=used {
        let again = once(gate.listen, &Signed::new(Effect::Read, "K1", &format!("nonce-{number}")));
        assert_eq!(again.status, 401, "nonce {number} of {used}: {}", again.body);
    }
}

#[test]
fn a_start_on_a_full_disk_says_so_and_loses_nothing() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let Some(disk) = SmallDisk::mount(stage.place.path("sumun-data")) else { return };
    disk.fill();
    let said = error(&refused(&stage));
    assert!(said.starts_with("exit 1\n"), "{said}");
    assert!(said.contains("sumun-data/") && said.contains("disk is full"), "{said}");
    disk.give_back();

    let gate = stage.start();
    let mut sender = Sender { client: Client::default(), sent: 0 };
    for effect in EFFECTS {
        assert_eq!(sender.send(&gate, effect, "K1"), 200);
    }
    disk.fill();
    use_up_the_rest(&gate, &mut sender);
    gate.kill();
    // A gate that was killed with a full disk starts on it, so that cancelling goes on.
    let gate = stage.start();
    gate.says("decisions before this start were not recorded; their numbers are missing");
    let said = use_up_the_rest(&gate, &mut sender);
    assert_eq!(said["recording"], false, "{said}");
    for effect in EFFECTS {
        let expected = if effect == Effect::Transfer { 503 } else { 200 };
        assert_eq!(sender.send(&gate, effect, "K1"), expected, "{effect:?}");
    }
    disk.give_back();
    let ready = wait_for(|| (readiness(&gate).0 == 200).then_some(()));
    assert!(ready.is_some(), "{}", gate.said());
    assert_eq!(sender.send(&gate, Effect::Transfer, "K1"), 200);
    assert!(gate.stop().0.success());
    let lines = stage.dump(0);
    let first: Vec<_> = lines.iter().take(4).map(|line| line["effect"].as_str().unwrap()).collect();
    assert_eq!(first, ["read", "order", "cancel", "transfer"]);
    let last = lines.last().unwrap();
    assert_eq!((last["effect"].as_str(), last["status"].as_u64()), (Some("transfer"), Some(200)));
}
