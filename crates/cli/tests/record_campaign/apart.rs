//! Control planes and gates as processes of their own, each killed and started again where it was, and the life of keys
//! among them.

use crate::faults::{self, Faults};
use crate::house::{Desk, House, invite_of};
use crate::rest::{self, Answer};
use crate::stage::client::{Effect, Signed, once};
use crate::stage::process::{Gate, terminate};
use crate::stage::wait_for;
use crate::support::Place;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The steps of a key's life, each a write through REST.
pub(crate) const STEPS: [&str; 5] = ["request", "approve", "issue", "narrow", "revoke"];
/// Versions of the feed that a life makes: issued, narrowed, ended.
pub(crate) const VERSIONS: u64 = 3;

/// `sumun govern` in a folder.
pub(crate) struct Plane {
    pub(crate) place: Place,
    pub(crate) server: String,
    child: Mutex<Option<Child>>,
}

impl Plane {
    /// Runs it in this folder, at a port of its own.
    pub(crate) fn start(place: Place) -> Self {
        let (child, server) = govern(&place, "127.0.0.1:0").expect("the control plane starts");
        Self { place, server, child: Mutex::new(Some(child)) }
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts it again, where it listened, if it does not run. Not yet, if its database is away.
    pub(crate) fn up(&self) {
        let mut child = self.child();
        if child.as_mut().is_none_or(|child| child.try_wait().unwrap().is_some()) {
            let listen = self.server.strip_prefix("http://").unwrap();
            *child = govern(&self.place, listen).map(|(child, _)| child);
        }
    }

    /// SIGKILL.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child().take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// SIGTERM, and the end.
    pub(crate) fn stop(&self) {
        if let Some(mut child) = self.child().take() {
            terminate(&child);
            assert!(child.wait().unwrap().success(), "{}", self.said());
        }
    }

    pub(crate) fn said(&self) -> String {
        self.place.read("govern.log")
    }

    pub(crate) fn verifies(&self) {
        let verified = self.place.run(&["ledger", "verify"]);
        assert_eq!(verified.code, 0, "{}", verified.shown());
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = self.said();
            let lines: Vec<&str> = said.lines().rev().take(30).collect();
            eprintln!("{} said last, newest first:\n{}", self.server, lines.join("\n"));
        }
        self.kill();
    }
}

/// Starts one and waits until it serves; none if it ended.
fn govern(place: &Place, listen: &str) -> Option<(Child, String)> {
    let log = File::options().create(true).append(true).open(place.path("govern.log")).unwrap();
    let mut command = place.command(&["govern", "--listen", listen]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let Ok(ready) = serde_json::from_str::<Value>(&line) else {
        child.wait().unwrap();
        return None;
    };
    let server = format!("http://{}", ready["ready"]["govern"].as_str().unwrap());
    Some((child, server))
}

/// A gate on a machine of its own.
pub(crate) struct Machine {
    pub(crate) place: Place,
    id: &'static str,
    process: Option<Gate>,
}

impl Machine {
    fn enrolled(house: &House, id: &'static str, server: &str, invite: &str) -> Self {
        let place = Place::new();
        let upstream = house.place.read("sumun.toml");
        let upstream = upstream.lines().find(|line| line.starts_with("upstream")).unwrap();
        place.write(
            "sumun.toml",
            &format!(
                "[gate]\nid = \"{id}\"\nlisten = \"127.0.0.1:0\"\n{upstream}\n\
                 feed = {{ url = \"{server}\", reconnect_ms_max = 100 }}\n\
                 rates = {{ default_per_second = 0, order_per_second = 0 }}\n[seal]\nkey_file = \"kek.txt\"\n"
            ),
        );
        place.write_private("kek.txt", &house.place.read("kek.txt"));
        let ran = place.run(&["gate", "enrol", "--invite", invite]);
        assert_eq!(ran.code, 0, "{}", ran.shown());
        Self { place, id, process: None }
    }

    /// Starts it on a sound disk.
    pub(crate) fn start(&mut self) {
        self.process = None;
        self.process = Some(Gate::start(self.place.command(&["gate"])));
    }

    /// Starts it on a disk with these faults; it may die before it serves.
    pub(crate) fn start_on(&mut self, faults: &Faults) {
        self.process = None;
        let reports = self.place.path(".");
        faults::clear(&reports);
        let mut command = self.place.command(&["gate"]);
        faults.under(&mut command, &self.place.path("sumun-data"), &reports);
        self.process = Gate::try_start(command).ok();
    }

    pub(crate) fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    pub(crate) fn runs(&mut self) -> bool {
        self.process.as_mut().is_some_and(Gate::is_running)
    }

    /// What it says to a request; none if it is gone.
    pub(crate) fn tried(&mut self, key: &str, secret: &str) -> Option<u16> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        if !self.runs() {
            return None;
        }
        let listen = self.process.as_ref()?.listen;
        let nonce = format!("made-up-nonce-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let signed = Signed::with_secret(Effect::Read, key, secret, &nonce);
        std::panic::catch_unwind(|| once(listen, &signed).status).ok()
    }

    fn said(&self) -> String {
        self.process.as_ref().map(Gate::said).unwrap_or_default()
    }
}

/// A key that has lived. Without a secret if the answer that showed it was lost.
#[derive(Clone, Debug)]
pub(crate) struct Lived {
    pub(crate) key: String,
    pub(crate) secret: Option<String>,
}

/// Everything but the database server. Dropped in this order: gates end before what they follow.
pub(crate) struct World {
    pub(crate) gates: Vec<Machine>,
    pub(crate) site: Site,
    pub(crate) lived: Vec<Lived>,
    house: House,
}

/// The control planes, and who is signed in at all of them.
pub(crate) struct Site {
    pub(crate) planes: Vec<Plane>,
    tokens: BTreeMap<&'static str, String>,
}

impl std::ops::Deref for World {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Site {
    /// One try.
    pub(crate) fn send(
        &self,
        plane: usize,
        who: &str,
        step: &str,
        path: &str,
        body: &Value,
    ) -> Option<Answer> {
        let idempotency = format!("made-up-{step}");
        rest::send(&self.planes[plane].server, &self.tokens[who], path, Some((&idempotency, body)))
    }

    /// Asks until there is an answer, under one idempotency key; what has died is started again.
    pub(crate) fn write(&self, plane: usize, who: &str, step: &str, path: &str, body: &Value) -> Answer {
        let answer = wait_for(|| {
            self.planes[plane].up();
            let answer = self.send(plane, who, step, path, body)?;
            if answer.status == 503 {
                assert!(answer.body["code"].as_str().unwrap().starts_with("store_"), "{answer:?}");
                std::thread::sleep(Duration::from_millis(50));
                return None;
            }
            Some(answer)
        });
        let answer = answer.unwrap_or_else(|| panic!("{step} was never answered"));
        assert!((200..300).contains(&answer.status), "{step}: {answer:?}");
        answer
    }

    pub(crate) fn read(&self, plane: usize, path: &str) -> Value {
        let answer = wait_for(|| {
            self.planes[plane].up();
            let answer = rest::send(&self.planes[plane].server, &self.tokens["alice"], path, None)?;
            (answer.status != 503).then_some(answer)
        });
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    }

    /// Up to which version a gate has said that it obeys. None may be left out.
    pub(crate) fn reached(&self, plane: usize, gate: &str) -> u64 {
        let items = self.read(plane, &format!("/v1/gates/{gate}/receipts?limit=1000"))["items"].clone();
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
            assert!(*from <= reached + 1, "{gate}: no receipt from version {} to {from}", reached + 1);
            reached = reached.max(*to);
        }
        reached
    }

    /// Who takes a step of the n-th key's life, and what is asked.
    pub(crate) fn step(step: &str, n: usize, key: &str) -> (&'static str, String, Value) {
        let path = |action: &str| format!("/v1/keys/{key}/{action}");
        match step {
            "request" => (
                "owner",
                "/v1/keys".to_owned(),
                json!({
                    "account": "A1", "purpose": "own_bot", "application": format!("bot-{n}"),
                    "scopes": ["read", "trade"], "allowlist": ["127.0.0.1/32", "127.0.0.9/32"],
                    "expires": "2027-06-01T00:00:00Z", "terms": "1",
                }),
            ),
            "approve" => ("bob", path("approve"), json!({ "reason": "address checked by phone" })),
            "issue" => ("owner", path("issue"), json!({})),
            "narrow" => (
                "owner",
                path("allowlist"),
                json!({ "allowlist": ["127.0.0.1/32"], "reason": "one address is enough" }),
            ),
            "revoke" => ("owner", path("revoke"), json!({})),
            other => panic!("no step {other}"),
        }
    }
}

impl World {
    /// So many control planes on one database, and a gate for each, which follows it. `more` says which database.
    pub(crate) fn new(more: &str, planes: usize) -> Self {
        let (house, made) = House::with(more);
        let planes: Vec<Plane> = (0..planes).map(|_| Plane::start(copy(&house.place))).collect();
        let desk = Desk { house: &house, server: planes[0].server.clone() };
        for user in ["alice", "bob"] {
            desk.enrol(user, &invite_of(&made, user));
        }
        desk.enter_customer();
        desk.owner();
        let tokens = ["alice", "bob", "owner"]
            .map(|who| (who, rest::token(&house.place.read(&format!("profiles/{who}.json")))))
            .into();
        let site = Site { planes, tokens };
        let mut world = Self { gates: Vec::new(), site, lived: Vec::new(), house };
        for (plane, id) in ["gate-2", "gate-3"].into_iter().enumerate().take(world.planes.len()) {
            let invited = world.write(plane, "alice", id, "/v1/gates", &json!({ "gate": id }));
            let invite = invited.body["result"]["invite"].as_str().unwrap();
            let mut gate = Machine::enrolled(&world.house, id, &world.planes[plane].server, invite);
            gate.start();
            world.gates.push(gate);
        }
        world
    }

    /// One key from its request to its end. Something befalls the step of this name while it is taken.
    pub(crate) fn life(&mut self, plane: usize, at: &str, befalls: &(dyn Fn(&Site) + Sync)) {
        let n = self.lived.len();
        let mut lived = Lived { key: String::new(), secret: None };
        for step in STEPS {
            let (who, path, body) = Site::step(step, n, &lived.key);
            let named = format!("{step}-{n}");
            let answer = if step == at {
                let site = &self.site;
                std::thread::scope(|threads| {
                    let befalling = threads.spawn(|| befalls(site));
                    let answer = site.write(plane, who, &named, &path, &body);
                    befalling.join().unwrap();
                    answer
                })
            } else {
                self.write(plane, who, &named, &path, &body)
            };
            match step {
                "request" => {
                    lived.key = answer.body["result"]["key"]["key"].as_str().expect("a key's id").to_owned();
                }
                "issue" => lived.secret = answer.body["result"]["secret"].as_str().map(str::to_owned),
                _ => {}
            }
        }
        self.lived.push(lived);
    }

    /// Every gate obeys, says so, and refuses each ended key; each step of each life stands once.
    pub(crate) fn check(&mut self) {
        let wanted = VERSIONS * self.lived.len() as u64;
        for plane in 0..self.planes.len() {
            let gate = self.gates[plane].id;
            let obeyed = wait_for(|| (self.reached(plane, gate) >= wanted).then_some(()));
            assert!(obeyed.is_some(), "{gate} does not obey: {}", self.gates[plane].said());
            assert_eq!(self.reached(plane, gate), wanted, "{gate} obeys what nobody said");
            for lived in self.lived.clone() {
                let Some(secret) = &lived.secret else { continue };
                assert_eq!(self.gates[plane].tried(&lived.key, secret), Some(401), "{} at {gate}", lived.key);
            }
        }
        let (mut classes, mut after) = (BTreeMap::<String, usize>::new(), String::new());
        loop {
            let page = self.read(0, &format!("/v1/ledger/entries?limit=1000{after}"));
            for entry in page["items"].as_array().unwrap() {
                *classes.entry(entry["class"].as_str().unwrap().to_owned()).or_default() += 1;
            }
            match &page["next"] {
                Value::String(next) => after = format!("&after={next}"),
                Value::Number(next) => after = format!("&after={next}"),
                _ => break,
            }
        }
        for class in ["key.requested", "key.issued", "key.changed", "key.expired"] {
            assert_eq!(classes.get(class), Some(&self.lived.len()), "{class} among {classes:?}");
        }
    }
}

/// The same folder once more.
fn copy(place: &Place) -> Place {
    let copied = Place::new();
    let ran = Command::new("cp").arg("-a").arg(place.path(".")).arg(copied.path(".")).status();
    assert!(ran.unwrap().success());
    copied
}
