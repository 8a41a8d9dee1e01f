//! Killed twenty times under load, in start-up too, with torn tails in between: nothing that anybody knew of is lost.

use crate::accounts::Accounts;
use crate::load::{Book, Expect, Load};
use crate::stage::chance::Chance;
use crate::stage::client::{Client, Effect, Signed};
use crate::stage::process::{self, Gate};
use crate::stage::upstream::Upstream;
use crate::stage::{Stage, disk};
use std::sync::Arc;
use std::time::Duration;

/// Kills in a quick run.
const ROUNDS: u64 = 20;
/// Clients at once.
const CLIENTS: u64 = 6;
/// Nonces sent again after each start.
const REPLAYS: usize = 8;
/// The logs in a data folder.
const LOGS: [&str; 4] = ["spool", "log", "replay", "dead"];

pub(crate) fn factor() -> u64 {
    std::env::var("SUMUN_CAMPAIGN_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

pub(crate) fn seed() -> u64 {
    let told = std::env::var("SUMUN_CRASH_SEED").ok().and_then(|text| text.parse().ok());
    told.unwrap_or_else(|| u64::from(std::process::id()) << 16 | ROUNDS)
}

#[test]
fn nothing_that_anybody_knew_of_is_lost_or_doubled() {
    let seed = seed();
    // Each in a folder of its own: what is compared would grow with every round.
    (0..factor()).for_each(|case| campaign(seed.wrapping_add(case)));
}

fn campaign(seed: u64) {
    println!("SUMUN_CRASH_SEED={seed}");
    let mut chance = Chance::new(seed);
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let book = Arc::new(Book::default());
    let mut accounts = Accounts::new(&stage);
    let mut gate = stage.start();
    upstream.watch_spool(stage.data("spool"));
    book.gate_is(Some(gate.listen));
    let load = Load::start(&book, CLIENTS, seed);
    for round in 0..ROUNDS {
        std::thread::sleep(Duration::from_micros(20_000 + chance.below(300_000)));
        gate.kill();
        book.gate_is(None);
        for _ in 0..chance.below(3) {
            die_starting(&stage, Duration::from_micros(chance.below(80_000)));
        }
        let torn = round % 3 == 2;
        if torn {
            tear(&stage, &mut chance);
        }
        gate = stage.start();
        if torn {
            says_torn(&gate);
        }
        book.gate_is(Some(gate.listen));
        replay(&book, &upstream, &mut chance);
        accounts.settle(&book, &upstream);
    }
    load.stop();
    accounts.settle(&book, &upstream);
    let (status, said) = gate.stop();
    assert!(status.success(), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    accounts.close(&book, &upstream);
}

#[test]
fn killed_while_it_makes_its_folder_it_starts_the_next_time() {
    let upstream = Upstream::start();
    let mut chance = Chance::new(seed());
    for _ in 0..10 * factor() {
        let stage = Stage::new(upstream.address, "");
        for _ in 0..3 {
            die_starting(&stage, Duration::from_micros(chance.below(25_000)));
        }
        let gate = stage.start();
        let book = Book::default();
        book.gate_is(Some(gate.listen));
        let mut client = Client::default();
        let transfer = Signed::new(Effect::Transfer, "K1", "nonce-1");
        assert_eq!(book.send(&mut client, transfer.clone(), Expect::Pass), Some(200));
        assert_eq!(book.send(&mut client, transfer, Expect::Refuse("replayed")), Some(401));
    }
}

/// A process that is killed before it serves.
fn die_starting(stage: &Stage, after: Duration) {
    let mut child = process::spawn(&mut stage.place.command(&["gate"]));
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What a machine that died may leave at the end of a file: noise, zeros, half a record.
fn tear(stage: &Stage, chance: &mut Chance) {
    for name in LOGS {
        let folder = stage.data(name);
        let noise: Vec<u8> = match chance.below(3) {
            0 => (0..1 + chance.below(200)).map(|_| chance.next() as u8 | 1).collect(),
            1 => vec![0; 1 + chance.below(5000) as usize],
            _ => {
                let bytes = std::fs::read(disk::segments(&folder).pop().unwrap()).unwrap();
                bytes.get(24..24 + 30).map_or(vec![1, 2, 3], <[u8]>::to_vec)
            }
        };
        disk::append(&folder, &noise);
    }
}

fn says_torn(gate: &Gate) {
    let said = gate.said();
    for name in LOGS {
        let line = said.lines().find(|line| line.contains(&format!("sumun-data/{name}`")));
        assert!(
            line.is_some_and(|line| line.contains("unfinished record")),
            "`{name}` is not named in {said}"
        );
    }
}

/// Sends again what passed before: it must not pass again.
fn replay(book: &Book, upstream: &Upstream, chance: &mut Chance) {
    let (got, made) = (upstream.got(), book.made());
    let mut passed: Vec<_> = made.iter().filter(|(agent, _)| got.contains_key(*agent)).collect();
    passed.sort_unstable_by_key(|(agent, _)| *agent);
    let mut client = Client::default();
    for _ in 0..REPLAYS.min(passed.len()) {
        let (agent, made) = passed[chance.below(passed.len() as u64) as usize];
        let status = book.send(&mut client, made.signed.clone(), Expect::Refuse("replayed"));
        assert_eq!(status, Some(401), "{agent} passed again: {made:?}");
    }
}
