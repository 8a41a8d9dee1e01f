//! Dead at any step between a request and the gate's receipt, started again, and asked to go on.

use crate::faults::{self, Faults, Only};
use crate::house::{House, invite_of};
use crate::rest::{self, Answer};
use crate::stage::client::{Effect, Signed, once};
use crate::stage::process::Gate;
use crate::stage::wait_for;
use crate::support::Place;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;

/// Keys that live and die in one run.
const KEYS: usize = 2;
/// Deaths in a quick run.
const CASES: u64 = 10;
/// Failing syncs in a quick run.
const SYNCS: u64 = 6;
/// What a gate says whose disk has failed.
const SAYS_NOTHING: &str = "nothing is acknowledged to govern meanwhile";

/// The way from a request to a gate's receipt, by what is done to the disk. On SQLite a change and its place are one
/// transaction: its bytes are the change, the sync after which it stands is the sequencing. At the gate a delta's signed line has
/// hundreds of bytes, the note of what govern has acknowledgements for has 25.
const CLASSES: [(&str, Only); 5] = [
    ("change", Only { kind: "write", path: "/govern.db-wal", bytes: ANY }),
    ("sequence", Only { kind: "sync", path: "/govern.db-wal", bytes: ANY }),
    ("publish", Only { kind: "any", path: "/ledger/", bytes: ANY }),
    ("feed", Only { kind: "write", path: "/feed/", bytes: (100, u64::MAX) }),
    ("acknowledgement", Only { kind: "write", path: "/feed/", bytes: (25, 26) }),
];
const ANY: (u64, u64) = (0, u64::MAX);

/// A house with a customer, its people signed in, closed: what every case begins with.
fn prepared() -> House {
    let (house, made) = House::new();
    let open = house.open();
    for user in ["alice", "bob"] {
        open.enrol(user, &invite_of(&made, user));
    }
    open.enter_customer();
    open.owner();
    let (status, said) = open.process.stop();
    assert!(status.success(), "{said}");
    house
}

/// A copy of the house, of which one process at a time runs.
struct Case {
    place: Place,
    tokens: BTreeMap<&'static str, String>,
    running: Option<Gate>,
    /// What was answered as done: step, and the ledger entry if it was told.
    done: Vec<(String, Option<u64>)>,
}

impl Case {
    fn of(house: &House) -> Self {
        let place = Place::new();
        let copied = Command::new("cp").arg("-a").arg(house.place.path(".")).arg(place.path(".")).status();
        assert!(copied.unwrap().success());
        let tokens = ["alice", "bob", "owner"]
            .map(|who| (who, rest::token(&place.read(&format!("profiles/{who}.json")))))
            .into();
        Self { place, tokens, running: None, done: Vec::new() }
    }

    /// Starts the process on a disk with these faults; it may die before it serves.
    fn start(&mut self, faults: &Faults) {
        faults::clear(&self.place.path("."));
        let mut command = self.place.command(&["serve"]);
        faults.under(&mut command, &self.place.path("sumun-data"), &self.place.path("."));
        self.running = Gate::try_start(command).ok();
    }

    /// The server; started again, on a sound disk, if it has died.
    fn server(&mut self) -> String {
        if self.running.as_mut().is_none_or(|gate| !gate.is_running()) {
            self.running = None;
            self.running = Some(Gate::start(self.place.command(&["serve"])));
        }
        format!("http://{}", self.running.as_ref().unwrap().ready["govern"].as_str().unwrap())
    }

    /// Asks until there is an answer, under one idempotency key.
    fn write(&mut self, who: &str, step: &str, path: &str, body: &Value) -> Answer {
        for _ in 0..4 {
            let server = self.server();
            let Some(answer) =
                rest::send(&server, &self.tokens[who], path, Some((&format!("made-up-{step}"), body)))
            else {
                wait_for(|| self.running.as_mut().is_none_or(|gate| !gate.is_running()).then_some(()));
                continue;
            };
            if answer.status == 503 {
                let code = answer.body["code"].as_str().unwrap_or_default();
                assert!(code.starts_with("store_"), "{answer:?}");
                self.ends();
                continue;
            }
            assert!((200..300).contains(&answer.status), "{step}: {answer:?}");
            self.done.push((step.to_owned(), answer.body["ledger"]["entry"].as_u64()));
            return answer;
        }
        panic!("{step} was never answered");
    }

    /// A store that has stopped ends the process, which says why at the end; whoever watches over it starts it anew.
    fn ends(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        let ended = wait_for(|| (!running.is_running()).then_some(()));
        assert!(ended.is_some(), "nothing can be changed, and it goes on: {}", running.said());
        let said = running.kill();
        let last = said.lines().last().unwrap_or_default();
        assert!(last.contains("takes no changes any more") && last.contains("See to the disk"), "{said}");
    }

    fn read(&mut self, path: &str) -> Value {
        let answer = wait_for(|| {
            let server = self.server();
            rest::send(&server, &self.tokens["alice"], path, None).filter(|answer| answer.status != 503)
        });
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    }

    /// One key from its request to its end. Answers id and secret; none if the answer that showed the secret was lost.
    fn key(&mut self, n: usize) -> (String, Option<String>) {
        let request = json!({
            "account": "A1", "purpose": "own_bot", "application": format!("bot-{n}"), "scopes": ["read", "trade"],
            "allowlist": ["127.0.0.1/32", "127.0.0.9/32"], "expires": "2027-06-01T00:00:00Z", "terms": "1",
        });
        let asked = self.write("owner", &format!("request-{n}"), "/v1/keys", &request);
        let key = asked.body["result"]["key"]["key"].as_str().expect("a key's id").to_owned();
        let reason = json!({"reason": "address checked by phone"});
        self.write("bob", &format!("approve-{n}"), &format!("/v1/keys/{key}/approve"), &reason);
        let issued = self.write("owner", &format!("issue-{n}"), &format!("/v1/keys/{key}/issue"), &json!({}));
        let secret = issued.body["result"]["secret"].as_str().map(str::to_owned);
        let narrowed = json!({"allowlist": ["127.0.0.1/32"], "reason": "one address is enough"});
        self.write("owner", &format!("narrow-{n}"), &format!("/v1/keys/{key}/allowlist"), &narrowed);
        if let Some(secret) = &secret {
            let passed = wait_for(|| {
                self.server();
                (self.tried(&key, secret) == Some(200)).then_some(())
            });
            assert!(passed.is_some(), "{key} never passed");
        }
        self.write("owner", &format!("revoke-{n}"), &format!("/v1/keys/{key}/revoke"), &json!({}));
        (key, secret)
    }

    /// What the gate says to a request; `None` if the process is gone.
    fn tried(&mut self, key: &str, secret: &str) -> Option<u16> {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let running = self.running.as_mut()?;
        if !running.is_running() {
            return None;
        }
        let gate = running.listen;
        let nonce = format!("made-up-nonce-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let signed = Signed::with_secret(Effect::Read, key, secret, &nonce);
        std::panic::catch_unwind(|| once(gate, &signed).status).ok()
    }

    /// Lives through everything, wherever the first process dies. Answers the step it died at, if it did.
    fn live(mut self) -> Option<String> {
        let keys: Vec<_> = (0..KEYS).map(|n| self.key(n)).collect();
        self.check(&keys);
        let log = faults::log(&self.place.path("."));
        let died = log.lines().position(|line| line.starts_with("killed "))?;
        log.lines().nth(died.checked_sub(1)?).map(str::to_owned)
    }

    /// Waits until the gate's receipts cover all versions, none left out. Gives up once the gate says that it cannot.
    fn obeyed(&mut self) -> Option<()> {
        let obeyed = wait_for(|| {
            if self.running.as_ref().is_some_and(|gate| gate.said().contains(SAYS_NOTHING)) {
                return Some(false);
            }
            let items = self.read("/v1/gates/gate-1/receipts?limit=1000")["items"].clone();
            let number = |item: &Value, name: &str| item[name].as_u64().unwrap();
            let mut spans: Vec<(u64, u64)> = items
                .as_array()
                .unwrap()
                .iter()
                .map(|item| (number(item, "from_version"), number(item, "to_version")))
                .collect();
            spans.sort_unstable();
            let mut reached = 0;
            for (from, to) in &spans {
                assert!(*from <= reached + 1, "no receipt from version {} to {from}: {spans:?}", reached + 1);
                reached = reached.max(*to);
            }
            // Per key: issued, narrowed, ended.
            (reached >= 3 * KEYS as u64).then_some(true)
        });
        obeyed.filter(|obeyed| *obeyed).map(|_| ())
    }

    fn check(&mut self, keys: &[(String, Option<String>)]) {
        // The gate obeys, and says so without leaving a version out.
        self.server();
        let head = self.running.as_ref().unwrap().ready["feed_version"].as_u64();
        if self.obeyed().is_none() {
            // A gate whose disk failed acknowledges nothing more: it says why, and somebody starts it anew.
            let (_, said) = self.running.take().unwrap().stop();
            assert!(
                said.contains("Input/output error"),
                "the gate does not obey, from version {head:?}: {said}"
            );
            assert!(self.obeyed().is_some(), "the gate does not obey, though started anew");
        }
        for (key, secret) in keys {
            let Some(secret) = secret else { continue };
            assert_eq!(self.tried(key, secret), Some(401), "{key} has ended");
        }

        // Each step once, where it was answered to stand.
        let entries = self.read("/v1/ledger/entries?limit=1000")["items"].clone();
        let entries = entries.as_array().unwrap();
        let count = |class: &str| entries.iter().filter(|entry| entry["class"] == class).count();
        for class in ["key.requested", "key.issued", "key.changed", "key.expired"] {
            assert_eq!(count(class), KEYS, "entries of class {class}");
        }
        for (step, entry) in &self.done {
            let Some(entry) = entry else { continue };
            let class =
                entries.iter().find(|found| found["index"].as_u64() == Some(*entry)).map(|e| &e["class"]);
            assert!(
                class.is_some_and(|class| class.as_str().unwrap().starts_with("key.")),
                "{step}: {class:?}"
            );
        }

        // Dead it stays: killed, started again, asked at once.
        self.running.take().unwrap().kill();
        self.server();
        for (key, secret) in keys {
            let Some(secret) = secret else { continue };
            assert_eq!(self.tried(key, secret), Some(401), "{key} lives again");
        }
        let (status, said) = self.running.take().unwrap().stop();
        assert!(status.success(), "{said}");
        let verified = self.place.run(&["ledger", "verify"]);
        assert_eq!(verified.code, 0, "{}", verified.shown());
    }
}

pub(crate) fn seed() -> u64 {
    let told = std::env::var("SUMUN_CRASH_SEED").ok().and_then(|text| text.parse().ok());
    told.unwrap_or_else(|| u64::from(std::process::id()))
}

/// What a life without a fault does to the disk, a line each.
fn a_whole_life(house: &House) -> String {
    let mut case = Case::of(house);
    case.start(&Faults { drop: true, ..Faults::none() });
    let keys: Vec<_> = (0..KEYS).map(|n| case.key(n)).collect();
    assert!(case.obeyed().is_some(), "the gate obeys");
    let log = faults::log(&case.place.path("."));
    case.check(&keys);
    log
}

#[test]
fn dead_at_any_step_what_was_answered_stands_and_what_ended_stays_ended() {
    let house = prepared();
    let log = a_whole_life(&house);
    let seed = seed();
    println!("{} steps, SUMUN_CRASH_SEED={seed}", log.lines().count());
    let each = (CASES * faults::factor()).div_ceil(CLASSES.len() as u64);
    let mut case = seed;
    for (class, only) in CLASSES {
        let all = only.count(&log);
        let mut hit = 0;
        for at in faults::steps(all, each, seed) {
            let faults = Faults { only: Some(only), ..Faults::variant(case, at) };
            let mut running = Case::of(&house);
            running.start(&faults);
            let died_at = running.live();
            println!("{class} {at} of {all}: dead at {died_at:?}");
            hit += u64::from(died_at.is_some());
            case += 1;
        }
        assert!(hit > 0, "never dead at a step of class {class}, of which there are {all}");
    }
}

#[test]
fn a_failing_sync_is_told_and_healed_by_a_start() {
    let house = prepared();
    let log = a_whole_life(&house);
    let all = log.lines().filter(|line| line.split(' ').nth(1) == Some("sync")).count() as u64;
    let seed = seed();
    println!("{all} syncs, SUMUN_CRASH_SEED={seed}");
    for at in faults::steps(all, SYNCS * faults::factor(), seed) {
        println!("sync {at} fails");
        let mut case = Case::of(&house);
        case.start(&Faults::failing_sync(at));
        case.live();
    }
}
