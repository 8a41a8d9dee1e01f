//! A disk without space: reading, ordering and cancelling go on and are counted, moving money stops; with space again
//! recording goes on, and what is missing is exactly what was counted.

use super::error;
use crate::stage::client::{Client, EFFECTS, Effect, Signed, get, once};
use crate::stage::process::{Ended, Gate};
use crate::stage::upstream::Upstream;
use crate::stage::{Key, Stage, secrets, wait_for};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

/// To what files may grow on a full disk of the second kind, bytes: none of the gate's logs has room, and the sixteen
/// bytes that its next number is written over are within.
const FULL_BYTES: u64 = 512;

/// A disk that can be full.
enum SmallDisk {
    /// A small file system of its own in a folder, as long as it is wanted.
    Mounted(PathBuf),
    /// A limit on the size of files, for the process under test only: whoever may not mount has this one alone.
    Limited { full: bool },
}

impl SmallDisk {
    /// Every kind that can be had here; the second always can.
    fn kinds() -> Vec<fn(&Stage) -> Option<Self>> {
        vec![Self::mounted, |_| Some(Self::Limited { full: false })]
    }

    /// `None` where mounting is not allowed.
    fn mounted(stage: &Stage) -> Option<Self> {
        let at = stage.place.path("sumun-data");
        std::fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "none"]).arg(&at).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self::Mounted(at)),
            other => {
                println!("with a limit on files only, as a tmpfs cannot be mounted: {other:?}");
                None
            }
        }
    }

    /// The gate's command; it inherits the limit, of which a signal would tell it, were that not ignored.
    fn command(&self, stage: &Stage, units: Option<u32>) -> Command {
        let gate = stage.place.command(&["gate"]);
        if matches!(self, Self::Mounted(_)) {
            return gate;
        }
        let limit = units.map_or_else(|| "unlimited".to_owned(), |units| units.to_string());
        let mut shell = stage.place.command(&[]);
        let sumun = shell.get_program().to_owned();
        let folder = shell.get_current_dir().unwrap().to_owned();
        shell = Command::new("sh");
        shell
            .arg("-c")
            .arg("trap '' XFSZ; ulimit -S -f \"$1\"; exec \"$2\" gate")
            .arg("sh")
            .arg(limit)
            .arg(sumun);
        shell.current_dir(folder).env_clear();
        shell
    }

    fn start(&self, stage: &Stage) -> Gate {
        // In units of 512 bytes.
        let units = matches!(self, Self::Limited { full: true }).then_some(1);
        Gate::start(self.command(stage, units))
    }

    /// Starts a gate for the first time on a disk without any space; it must not come to serve.
    fn refused_when_empty(&self, stage: &Stage) -> Ended {
        match Gate::try_start(self.command(stage, Some(0))) {
            Ok(gate) => panic!("it started: {}", gate.said()),
            Err(ended) => ended,
        }
    }

    /// From now on nothing more fits.
    fn fill(&mut self, gate: Option<&Gate>) {
        match self {
            Self::Mounted(at) => {
                let mut file = File::create(at.join("filler")).unwrap();
                while file.write_all(&[1; 4096]).is_ok() {}
            }
            Self::Limited { full } => {
                *full = true;
                limit_files(gate, Some(FULL_BYTES));
            }
        }
    }

    fn give_back(&mut self, gate: Option<&Gate>) {
        match self {
            Self::Mounted(at) => std::fs::remove_file(at.join("filler")).unwrap(),
            Self::Limited { full } => {
                *full = false;
                limit_files(gate, None);
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn limit_files(gate: Option<&Gate>, current: Option<u64>) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let Some(gate) = gate else { return };
    let pid = Pid::from_raw(i32::try_from(gate.pid()).unwrap());
    prlimit(pid, Resource::Fsize, Rlimit { current, maximum: None }).unwrap();
}

#[cfg(not(target_os = "linux"))]
fn limit_files(_: Option<&Gate>, _: Option<u64>) {
    panic!("only Linux can limit the files of a process that runs");
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Self::Mounted(at) = self {
            if !std::thread::panicking() {
                secrets::none_below(at);
            }
            let _ = Command::new("umount").arg("--lazy").arg(at).status();
        }
    }
}

/// Plays a test on every kind of disk that can be had.
fn on_every_disk(play: fn(&Upstream, &Stage, SmallDisk)) {
    for kind in SmallDisk::kinds() {
        let upstream = Upstream::start();
        let stage = Stage::new(upstream.address, "");
        if let Some(disk) = kind(&stage) {
            play(&upstream, &stage, disk);
        }
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
        let (_, said) = readiness(gate);
        in_a_row = if said["recording"] == false { in_a_row + 1 } else { 0 };
        (in_a_row == 100).then_some(said)
    });
    full.unwrap_or_else(|| panic!("never full: {}", gate.said()))
}

#[test]
fn what_is_missing_is_exactly_what_was_counted() {
    on_every_disk(count_what_is_missing);
}

fn count_what_is_missing(upstream: &Upstream, stage: &Stage, mut disk: SmallDisk) {
    let gate = disk.start(stage);
    let mut sender = Sender { client: Client::default(), sent: 0 };
    let mut counted = 0;
    for _ in 0..3 {
        for effect in EFFECTS {
            assert_eq!(sender.send(&gate, effect, "K1"), 200, "{effect:?}");
        }
        disk.fill(Some(&gate));
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

        disk.give_back(Some(&gate));
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
    on_every_disk(remember_what_happened);
}

fn remember_what_happened(_: &Upstream, stage: &Stage, mut disk: SmallDisk) {
    // More than fit into what is left of a block.
    let many: Vec<String> = (1..=300).map(|number| format!("K{number}")).collect();
    stage.keys(&many.iter().map(|id| Key::active(id)).collect::<Vec<_>>());
    let older = stage.place.read("keys.json");
    let gate = disk.start(stage);
    disk.fill(Some(&gate));
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
    for part in ["could not be written to the registry of dead ids", "nonces used are not in their journal"] {
        let told = wait_for(|| readiness(&gate).1["problems"].to_string().contains(part).then_some(()));
        assert!(told.is_some(), "no `{part}` in {}", readiness(&gate).1);
    }

    disk.give_back(Some(&gate));
    let ready = wait_for(|| (readiness(&gate).0 == 200).then_some(()));
    assert!(ready.is_some(), "{}", gate.said());
    gate.says("299 keys ended for good");
    gate.says("Every nonce is in the journal again");
    gate.kill();
    stage.keys_as(&older);
    let gate = disk.start(stage);
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
    on_every_disk(start_on_a_full_disk);
}

fn start_on_a_full_disk(_: &Upstream, stage: &Stage, mut disk: SmallDisk) {
    disk.fill(None);
    let said = error(&disk.refused_when_empty(stage));
    assert!(said.starts_with("exit 1\n"), "{said}");
    assert!(said.contains("sumun-data/") && said.contains("disk is full"), "{said}");
    disk.give_back(None);

    let gate = disk.start(stage);
    let mut sender = Sender { client: Client::default(), sent: 0 };
    for effect in EFFECTS {
        assert_eq!(sender.send(&gate, effect, "K1"), 200);
    }
    disk.fill(Some(&gate));
    use_up_the_rest(&gate, &mut sender);
    gate.kill();
    // A gate that was killed with a full disk starts on it, so that cancelling goes on.
    let gate = disk.start(stage);
    gate.says("decisions before this start were not recorded; their numbers are missing");
    let said = use_up_the_rest(&gate, &mut sender);
    assert_eq!(said["recording"], false, "{said}");
    for effect in EFFECTS {
        let expected = if effect == Effect::Transfer { 503 } else { 200 };
        assert_eq!(sender.send(&gate, effect, "K1"), expected, "{effect:?}");
    }
    disk.give_back(Some(&gate));
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
