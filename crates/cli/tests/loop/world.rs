//! The whole: a mock exchange, `sumun serve` before it, people signed in, two addresses whose networks are known.

use crate::exchange::Exchange;
use crate::house::{House, Open, invite_of};
use crate::keys::Key;
use crate::rest::{Answer, Rest};
use crate::waiting::until;
use serde_json::{Value, json};
use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};
use sumun_model::Timestamp;

/// Where the owner's program runs, and the other address.
pub(crate) const HOME: &str = "127.0.0.1";
pub(crate) const ELSEWHERE: &str = "127.0.0.2";

/// Seconds for minutes: a test of control that a test of ours can wait for.
const CONTROL_TEST: &[(&str, u32)] =
    &[("slots", 4), ("slot_s", 2), ("grace_s", 0), ("lead_s", 0), ("code_s", 2), ("settle_s", 0)];

/// What stands on the disk, whoever runs.
pub(crate) struct Stage {
    pub(crate) house: House,
    made: Value,
}

/// It at work.
pub(crate) struct World<'a> {
    running: Option<Open<'a>>,
    pub(crate) rest: Rest,
    asked: Cell<u32>,
}

/// The policy under which seconds are days.
pub(crate) fn policy() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/test.toml")
}

/// Now, as lines bear it.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_micros(since.as_micros().try_into().unwrap())
}

fn replaced(text: &str, name: &str, value: &str) -> String {
    let start = format!("{name} = ");
    let lines = text
        .lines()
        .map(|line| if line.starts_with(&start) { format!("{start}{value}") } else { line.to_owned() });
    lines.map(|line| line + "\n").collect()
}

impl Stage {
    /// Made by `sumun init`, its gate before this exchange.
    pub(crate) fn new(exchange: &Exchange) -> Self {
        let (house, made) = House::with(&format!(
            "policy_file = \"{}\"\n[detect]\nsnapshot_s = 1\nshards = 2\n\
             [gate.rates]\ndefault_per_second = 0\norder_per_second = 0",
            policy()
        ));
        let place = &house.place;
        let upstream = format!("\"http://{}\"", exchange.address);
        place.write("sumun.toml", &replaced(&place.read("sumun.toml"), "upstream", &upstream));
        let quick = CONTROL_TEST
            .iter()
            .fold(place.read("venue.toml"), |text, (name, value)| replaced(&text, name, &value.to_string()));
        place.write("venue.toml", &quick);
        Self { house, made }
    }

    /// Runs it.
    pub(crate) fn open(&self) -> World<'_> {
        let open = self.house.open();
        let rest = Rest::new(&open.server, self.house.place.path("profiles"));
        World { running: Some(open), rest, asked: Cell::new(0) }
    }

    /// Runs it for the first time: staff and an owner come in, and the exchange tells what it knows of networks.
    pub(crate) fn opened_first(&self, networks: &[Value]) -> World<'_> {
        let world = self.open();
        for user in ["alice", "bob"] {
            world.open().enrol(user, &invite_of(&self.made, user));
        }
        world.open().enter_customer();
        world.open().owner();
        world.tell_networks(networks);
        world
    }
}

/// What the exchange knows of an address.
pub(crate) fn network(address: &str, asn: u32, org: &str, country: &str, class: &str) -> Value {
    json!({ "type": "network", "ts": now(), "prefix": format!("{address}/32"), "asn": asn, "org": org, "country": country,
        "class": class })
}

impl<'a> World<'a> {
    pub(crate) fn open(&self) -> &Open<'a> {
        self.running.as_ref().unwrap()
    }

    /// Stops it in order; nothing may have gone wrong.
    pub(crate) fn stop(mut self) {
        let (status, said) = self.running.take().unwrap().process.stop();
        assert!(status.success(), "{said}");
        assert!(!said.contains("ERROR"), "{said}");
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        let said = self.running.take().unwrap().process.kill();
        assert!(!said.contains("ERROR"), "{said}");
    }

    /// Sends what nobody signed in sends.
    pub(crate) fn post(&self, path: &str, token: Option<&str>, kind: &str, body: &str) -> Answer {
        self.asked.set(self.asked.get() + 1);
        let mut request = http::Request::builder()
            .method("POST")
            .uri(format!("{}{path}", self.open().server))
            .header("Content-Type", kind)
            .header("Idempotency-Key", format!("made-up-post-{:08}", self.asked.get()));
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.run(request.body(body.to_owned()).unwrap()).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        Answer { status: answer.status().as_u16(), text }
    }

    fn tell_networks(&self, networks: &[Value]) {
        let make =
            json!({ "name": "back end", "roles": ["exchange_backend"], "expires": "2027-03-01T00:00:00Z" });
        let made = self.rest.must("alice", "POST", "/v1/tokens", Some(make));
        let token = made["result"]["secret"].as_str().unwrap();
        let approval = made["result"]["approval"].as_str().unwrap();
        self.agree(&[approval.into()]);
        let lines: String = networks.iter().map(|line| format!("{line}\n")).collect();
        let told = self.post("/v1/events?from=1", Some(token), "application/x-ndjson", &lines);
        assert_eq!(told.status, 200, "{}", told.text);
        assert_eq!(told.json()["taken"], networks.len(), "{}", told.text);
    }

    /// Bob agrees.
    fn agree(&self, approvals: &[Value]) -> Option<Value> {
        let decision = json!({ "decision": "approve", "reason": "checked by phone" });
        let decided = approvals.iter().map(|approval| {
            let path = format!("/v1/approvals/{}/decide", approval.as_str().unwrap());
            self.rest.must("bob", "POST", &path, Some(decision.clone()))
        });
        decided.last()
    }

    /// A key for trading from home, asked for by the owner, agreed to, issued, and in force at the gate.
    pub(crate) fn key(&self) -> Key {
        let request = json!({
            "account": "A1", "purpose": "own_bot", "application": "bot", "scopes": ["read", "trade"],
            "allowlist": [format!("{HOME}/32")], "expires": "2027-06-01T00:00:00Z", "terms": "1",
        });
        let asked = self.rest.must("owner", "POST", "/v1/keys", Some(request));
        let id = asked["result"]["key"]["key"].as_str().unwrap().to_owned();
        self.agree(asked["result"]["waits_for"].as_array().unwrap());
        let issued = self.rest.must("owner", "POST", &format!("/v1/keys/{id}/issue"), None);
        self.in_force(issued["ledger"]["feed_version"].as_u64().unwrap());
        Key { id, secret: issued["result"]["secret"].as_str().unwrap().to_owned() }
    }

    /// Waits until the gate has signed that this version is in force.
    fn in_force(&self, version: u64) {
        until(&format!("the gate to obey version {version}"), || {
            let receipts = self.rest.get("alice", "/v1/gates/gate-1/receipts?limit=1000");
            let obeyed =
                receipts["items"].as_array()?.iter().any(|r| r["to_version"].as_u64() >= Some(version));
            obeyed.then_some(())
        });
    }

    /// Everything of a list.
    pub(crate) fn all(&self, who: &str, path: &str) -> Vec<Value> {
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let between = if path.contains('?') { '&' } else { '?' };
            let page = self.rest.get(who, &format!("{path}{between}limit=200{after}"));
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match &page["next"] {
                Value::String(next) => after = format!("&after={next}"),
                Value::Number(next) => after = format!("&after={next}"),
                _ => return items,
            }
        }
    }

    /// Measures of a key, in the order in which they began.
    pub(crate) fn measures(&self, key: &Key) -> Vec<Value> {
        let mut all = self.all("alice", &format!("/v1/measures?key={}", key.id));
        all.sort_by_key(|measure| measure["began"].as_str().unwrap().to_owned());
        all
    }

    /// Waits until a measure was obeyed by every gate.
    pub(crate) fn obeyed(&self, key: &Key, measure: &str) -> Value {
        until(&format!("{measure} to be obeyed"), || {
            self.measure(key, measure).filter(|row| !row["effect"].is_null())
        })
    }

    /// A measure of a key, if it was ever taken.
    pub(crate) fn measure(&self, key: &Key, measure: &str) -> Option<Value> {
        self.measures(key).into_iter().find(|row| row["measure"] == measure)
    }

    /// The open question about an address.
    pub(crate) fn question(&self, key: &Key, address: &str) -> Value {
        until(&format!("a question about {address}"), || {
            let open = self.rest.get("owner", &format!("/v1/questions?key={}&state=open", key.id));
            open["items"].as_array()?.iter().find(|question| question["address"] == address).cloned()
        })
    }

    /// Whether requests of a key may pass from an address.
    pub(crate) fn is_in_effect(&self, key: &Key, address: &str) -> bool {
        let listed = self.rest.get("owner", &format!("/v1/keys/{}/addresses", key.id));
        let prefix = format!("{address}/32");
        let items = listed["items"].as_array().unwrap();
        items.iter().any(|item| item["prefix"] == prefix && item["in_effect"] == true)
    }
}

impl Drop for World<'_> {
    fn drop(&mut self) {
        if let (true, Some(open)) = (std::thread::panicking(), &self.running) {
            eprintln!("it said:\n{}", open.process.said());
            for list in ["signals", "measures"] {
                eprintln!(
                    "{list}:\n{}",
                    self.rest.ask("alice", "GET", &format!("/v1/{list}?limit=200"), None).text
                );
            }
            let dumped = self.open().house.place.run(&["log", "dump", "--events"]);
            eprintln!("{}", dumped.out);
        }
    }
}
