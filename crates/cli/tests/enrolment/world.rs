//! `sumun serve` with imported keys, a client on each of them, and a campaign whose days are seconds.

use crate::house::{House, Open, invite_of};
use crate::rest::Rest;
use crate::stage::client::{Answer, Effect, Signed, once, secret_of};
use crate::waiting::until;
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};
use sumun_model::Timestamp;

/// The campaign's seconds from now: told, open, reading only, over.
const ANNOUNCE_S: i64 = 3;
const OPENS_S: i64 = 4;
const READ_ONLY_S: i64 = 30;
const ENDS_S: i64 = 44;

pub(crate) struct World<'a> {
    pub(crate) open: Open<'a>,
    pub(crate) rest: Rest,
    token: String,
    nonce: Cell<u32>,
}

/// How many keys stand where.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) keys: u64,
    pub(crate) states: BTreeMap<String, u64>,
}

/// A house whose venue asks for a second's notice.
pub(crate) fn stage() -> (House, Value) {
    let (house, made) = House::with("[gate.rates]\ndefault_per_second = 0\norder_per_second = 0");
    let venue = house.place.read("venue.toml");
    let quick = match venue.contains("[campaign]") {
        true => venue.replace("notice_s = 2592000", "notice_s = 1"),
        false => format!("{venue}\n[campaign]\nnotice_s = 1\n"),
    };
    house.place.write("venue.toml", &quick);
    (house, made)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_micros(since.as_micros().try_into().unwrap())
}

fn id(key: usize) -> String {
    format!("X{key:02}")
}

impl<'a> World<'a> {
    /// For the first time: people come in, and thirty keys that the exchange had before, with their secrets.
    pub(crate) fn first(house: &'a House, made: &Value) -> Self {
        let open = house.open();
        for user in ["alice", "bob"] {
            open.enrol(user, &invite_of(made, user));
        }
        open.enter_customer();
        open.owner();
        let make = [
            "tokens",
            "make",
            "--name",
            "back end",
            "--roles",
            "exchange_backend",
            "--expires",
            "2027-03-01T00:00:00Z",
        ];
        let token = open.json("alice", &make);
        let waits = token["result"]["approval"].as_str().unwrap();
        open.must("bob", &["approvals", "grant", waits, "--reason", "the exchange comes in"]);
        let token = token["result"]["secret"].as_str().unwrap().to_owned();
        let rest = Rest::new(&open.server, house.place.path("profiles"));
        let world = Self { open, rest, token, nonce: Cell::new(0) };
        let line = |key| {
            json!({ "line": { "type": "key", "ts": "2026-01-02T00:00:00Z", "key": id(key), "account": "A1", "state": "active",
                "scopes": ["read", "trade"], "allowlist": ["127.0.0.1/32"], "application": "bot", "expires": "2099-01-01T00:00:00Z" },
                "secret": secret_of(&id(key)) })
        };
        let lines: String = (0..30).map(|key| format!("{}\n", line(key))).collect();
        let taken = world.machine("/v1/imports", "application/x-ndjson", &lines);
        assert_eq!((&taken["made"], &taken["secrets"]), (&json!(30), &json!(30)), "{taken}");
        for key in 0..30 {
            world.until_works(key);
        }
        world
    }

    /// Power is cut, and comes back.
    pub(crate) fn cut(self) -> Self {
        let Self { open: Open { desk, process }, token, nonce, .. } = self;
        let said = process.kill();
        assert!(!said.contains("ERROR"), "{said}");
        let house = desk.house;
        let open = house.open();
        // Whoever was signed in still is, at another port.
        for who in ["alice", "bob", "owner"] {
            let path = format!("profiles/{who}.json");
            let mut profile: Value = serde_json::from_str(&house.place.read(&path)).unwrap();
            profile["server"] = json!(open.server);
            house.place.write_private(&path, &profile.to_string());
        }
        let rest = Rest::new(&open.server, house.place.path("profiles"));
        let world = Self { open, rest, token, nonce };
        until("the gate to serve again", || (world.ask(0, Effect::Read).status == 200).then_some(()));
        world
    }

    /// Proposed by one, granted by the other. Gives its id.
    pub(crate) fn campaign(&self) -> String {
        let from_now = now();
        let at = |seconds: i64| from_now.plus_micros(seconds * 1_000_000).to_string();
        let file = format!(
            "name = \"Who uses your key\"\nterms = \"2\"\nannounce = \"{}\"\nopens = \"{}\"\nread_only = \"{}\"\nends = \"{}\"\n\
             reminders = [\"6s\", \"3s\"]\n",
            at(ANNOUNCE_S),
            at(OPENS_S),
            at(READ_ONLY_S),
            at(ENDS_S)
        );
        self.open.house.place.write("campaign.toml", &file);
        let propose = ["campaign", "propose", "campaign.toml", "--reason", "terms of next year"];
        let proposed = self.open.json("alice", &propose);
        let waits = proposed["result"]["waits_for"].as_str().unwrap();
        self.open.must("bob", &["approvals", "grant", waits, "--reason", "counsel has read the letters"]);
        let id = proposed["result"]["campaign"].as_str().unwrap().to_owned();
        let shown = self.open.json("alice", &["campaign", "show", &id]);
        assert_eq!(shown["state"], "running", "{shown}");
        id
    }

    /// Waits until the counts are so; meanwhile the client of a registered key goes on. A letter that was taken up when power was cut is taken
    /// up again half a minute later, and all that rests on it waits for that: so does this.
    pub(crate) fn counts(&self, campaign: &str, what: &str, are: impl Fn(&Counts) -> bool) {
        let deadline = now().plus_micros(180_000_000);
        loop {
            let seen = self.rest.get("alice", &format!("/v1/campaigns/{campaign}/coverage"));
            let mut counts = Counts { keys: seen["keys"].as_u64().unwrap(), states: BTreeMap::new() };
            for segment in seen["segments"].as_array().unwrap() {
                for (state, count) in segment["states"].as_object().unwrap() {
                    *counts.states.entry(state.clone()).or_default() += count.as_u64().unwrap();
                }
            }
            self.works(0);
            if counts.keys == 30 && are(&counts) {
                return;
            }
            assert!(now() < deadline, "waited in vain for {what}: {counts:?}");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// The exchange hands in what its customers declared there.
    pub(crate) fn hand_in(&self, keys: Range<usize>) -> Value {
        let one = |key| {
            json!({ "key": id(key), "terms": "2", "who": "myself", "lent_before": key % 2 == 0, "consented": now(),
                "reference": format!("consent-{key}") })
        };
        let all: Vec<Value> = keys.map(one).collect();
        self.machine("/v1/registrations", "application/json", &json!({ "registrations": all }).to_string())
    }

    /// The same, as soon as registration is open.
    pub(crate) fn hands_in(&self, keys: Range<usize>) {
        let wanted = keys.len() as u64;
        until("registrations to be taken", || {
            let done = self.hand_in(keys.clone());
            self.works(0);
            let taken = done["registered"].as_u64().unwrap() + done["same"].as_u64().unwrap();
            for refused in done["refused"].as_array().unwrap() {
                assert_eq!(refused["code"], "registration_closed", "{refused}");
            }
            (taken == wanted).then_some(())
        });
    }

    /// The owner himself, late.
    pub(crate) fn registers_late(&self, key: usize) {
        let asked = self.rest.get("owner", "/v1/owner/registrations?limit=200");
        let of_key = |item: &&Value| item["key"] == id(key);
        let item = asked["items"].as_array().unwrap().iter().find(of_key).cloned().unwrap();
        assert_eq!((&item["state"], &item["open"]), (&json!("read_only"), &json!(true)), "{item}");
        let body = json!({ "terms": item["terms"], "who": "operator", "id": "O1" });
        let done = self.rest.must("owner", "POST", &format!("/v1/keys/{}/registration", id(key)), Some(body));
        assert_eq!(done["result"]["state"], "enrolled", "{done}");
    }

    pub(crate) fn key(&self, key: usize) -> Value {
        self.rest.get("alice", &format!("/v1/keys/{}", id(key)))
    }

    pub(crate) fn ask(&self, key: usize, effect: Effect) -> Answer {
        self.nonce.set(self.nonce.get() + 1);
        let nonce = format!("made-up-{}-{}", now().as_micros(), self.nonce.get());
        once(self.open.gate(), &Signed::new(effect, &id(key), &nonce))
    }

    /// It orders, cancels and reads.
    pub(crate) fn works(&self, key: usize) {
        for effect in [Effect::Order, Effect::Cancel, Effect::Read] {
            let answer = self.ask(key, effect);
            assert_eq!(answer.status, 200, "{effect:?} of {}: {}", id(key), answer.body);
        }
    }

    pub(crate) fn until_works(&self, key: usize) {
        until(&format!("{} to work", id(key)), || (self.ask(key, Effect::Order).status == 200).then_some(()));
    }

    /// Waits until the gate has heard of it. Gives the body.
    pub(crate) fn until_refused(&self, key: usize, effect: Effect, status: u16) -> String {
        until(&format!("{effect:?} of {} to be refused", id(key)), || {
            let answer = self.ask(key, effect);
            (answer.status == status).then_some(answer.body)
        })
    }

    /// What the exchange's back end sends.
    fn machine(&self, path: &str, kind: &str, body: &str) -> Value {
        self.nonce.set(self.nonce.get() + 1);
        let request = http::Request::builder()
            .method("POST")
            .uri(format!("{}{path}", self.open.server))
            .header("Content-Type", kind)
            .header("Idempotency-Key", format!("made-up-machine-{:08}", self.nonce.get()))
            .header("Authorization", format!("Bearer {}", self.token));
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.run(request.body(body.to_owned()).unwrap()).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }
}
