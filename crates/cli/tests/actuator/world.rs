//! `sumun serve` beside such an exchange: a tap on its log, an actuator on its key API, its keys imported.

use crate::exchange::{Exchange, KEYS};
use crate::house::{House, Open, invite_of};
use crate::rest::Rest;
use crate::waiting::until;
use serde_json::{Value, json};
use sumun_sim::http::keys::ADMIN_TOKEN;

/// The file of calls, with an address to be filled in.
pub(crate) const ACTUATOR: &str = include_str!("../../../../docs/adopt/actuator/actuator.toml");

const TAP: &str = "[tap]\npoll_ms = 10\n[[follow]]\nname = \"front-1\"\nfiles = \"access.json\"\nmap = \"nginx-json\"\nbegin = \"start\"\n";

/// Retries that a test can wait for.
pub(crate) const QUICK: &str = "[retry]\nfirst_ms = 10\nmax_ms = 50\nattempts = 4\nagain_s = 0\n";

pub(crate) struct Stage {
    pub(crate) house: House,
    made: Value,
    pub(crate) exchange: Exchange,
}

pub(crate) struct World<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) open: Open<'a>,
    pub(crate) rest: Rest,
}

impl Stage {
    /// With this section of retries, and whatever else the file of calls says.
    pub(crate) fn new(more: &str) -> Self {
        Self::under("", more)
    }

    /// The same, with further lines for the control plane.
    pub(crate) fn under(govern: &str, more: &str) -> Self {
        let (house, made) = House::with(&format!(
            "{govern}\n[tap]\nfile = \"tap.toml\"\n[actuator]\nfile = \"actuator.toml\""
        ));
        let exchange = Exchange::start(house.place.path("access.json"));
        house.place.write("tap.toml", TAP);
        house.place.write_private("admin-token.txt", ADMIN_TOKEN);
        let back_office = format!("http://{}", exchange.control());
        let calls = ACTUATOR.replace("https://keys.exchange.example", &back_office);
        assert!(calls != ACTUATOR);
        let log = "[log]\ngrace_s = 1\nsettle_s = 1\n";
        house.place.write("actuator.toml", &format!("{calls}\n{log}\n{more}"));
        Self { house, made, exchange }
    }

    pub(crate) fn open(&self) -> World<'_> {
        let open = self.house.open();
        let rest = Rest::new(&open.server, self.house.place.path("profiles"));
        World { stage: self, open, rest }
    }

    /// For the first time: staff come in, and the exchange's keys.
    pub(crate) fn opened_first(&self) -> World<'_> {
        let world = self.open();
        for user in ["alice", "bob"] {
            world.open.enrol(user, &invite_of(&self.made, user));
        }
        world.open.enter_customer();
        let line = |key: &str| {
            json!({ "type": "key", "ts": "2026-01-02T00:00:00Z", "key": key, "account": "A1", "state": "active",
                "scopes": ["read", "trade"], "allowlist": ["127.0.0.1/32"], "application": "bot", "expires": "2099-01-01T00:00:00Z" })
        };
        let lines: String = KEYS.iter().map(|key| format!("{}\n", line(key))).collect();
        self.house.place.write("keys.ndjson", &lines);
        world.open.must("alice", &["import", "--kind", "keys", "keys.ndjson"]);
        world
    }
}

impl World<'_> {
    /// Does something to a key; who cuts it does not give it back.
    pub(crate) fn act(&self, key: &str, what: &str) {
        let who = if what == "lift" { "bob" } else { "alice" };
        let reason = json!({ "reason": "used by two at once" });
        self.rest.must(who, "POST", &format!("/v1/keys/{key}/{what}"), Some(reason));
    }

    /// The exchange tells what it knows of two addresses: a home, and a machine abroad.
    pub(crate) fn tell_networks(&self) {
        let make =
            json!({ "name": "back end", "roles": ["exchange_backend"], "expires": "2027-03-01T00:00:00Z" });
        let made = self.rest.must("alice", "POST", "/v1/tokens", Some(make));
        let approval = made["result"]["approval"].as_str().unwrap();
        let decision = json!({ "decision": "approve", "reason": "checked by phone" });
        self.rest.must("bob", "POST", &format!("/v1/approvals/{approval}/decide"), Some(decision));
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let now = sumun_model::Timestamp::from_micros(now.as_micros().try_into().unwrap());
        let network = |prefix: &str, asn: u32, org: &str, country: &str, class: &str| json!({ "type": "network", "ts": now, "prefix": prefix, "asn": asn, "org": org, "country": country, "class": class });
        let lines = format!(
            "{}\n{}\n",
            network("127.0.0.1/32", 64500, "Example Home", "KR", "residential"),
            network("127.0.0.2/32", 64501, "Example Hosting", "SG", "hosting")
        );
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let told = agent
            .post(format!("{}/v1/events?from=1", self.open.server))
            .header("authorization", format!("Bearer {}", made["result"]["secret"].as_str().unwrap()))
            .header("content-type", "application/x-ndjson")
            .header("idempotency-key", "made-up-networks")
            .send(lines)
            .unwrap();
        assert_eq!(told.status(), 200);
    }

    /// What stands about a key at the exchange.
    pub(crate) fn told(&self, key: &str) -> Option<Value> {
        let found = self.rest.get("alice", &format!("/v1/actuations?key={key}"));
        found["items"].as_array().unwrap().iter().find(|item| item["destination"] == "exchange").cloned()
    }

    /// Waits until it stands so.
    pub(crate) fn stands(&self, key: &str, target: &str, state: &str) -> Value {
        until(&format!("{key} to be {target} and {state}"), || {
            self.told(key).filter(|told| told["target"] == target && told["state"] == state)
        })
    }

    /// As [`World::stands`], while another key's requests move the exchange's log on.
    pub(crate) fn stands_while_others_go_on(&self, key: &str, target: &str, state: &str) -> Value {
        until(&format!("{key} to be {target} and {state}"), || {
            assert_eq!(self.stage.exchange.ask("K3"), 200);
            self.told(key).filter(|told| told["target"] == target && told["state"] == state)
        })
    }

    /// Classes of the ledger's entries about what the exchange was told.
    pub(crate) fn entries(&self) -> Vec<String> {
        let read = self.rest.get("alice", "/v1/ledger/entries?limit=1000");
        let classes = read["items"].as_array().unwrap().iter().map(|entry| entry["class"].as_str().unwrap());
        classes.filter(|class| class.starts_with("actuator.")).map(str::to_owned).collect()
    }

    /// Open tasks of this kind.
    pub(crate) fn tasks(&self) -> Vec<Value> {
        let read = self.rest.get("alice", "/v1/tasks?state=open");
        let all = read["items"].as_array().unwrap();
        all.iter().filter(|task| task["kind"] == "act_at_exchange").cloned().collect()
    }

    /// What anybody may ask of it.
    pub(crate) fn text(&self, path: &str) -> String {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        agent.get(format!("{}{path}", self.open.server)).call().unwrap().body_mut().read_to_string().unwrap()
    }
}

impl Drop for World<'_> {
    fn drop(&mut self) {
        let said = self.open.process.said();
        if std::thread::panicking() {
            let exchange = &self.stage.exchange;
            let asked = exchange.is_up().then(|| exchange.was_asked());
            eprintln!("it said:\n{said}\nasked: {asked:?}");
            for list in ["signals", "measures"] {
                let found = self.rest.ask("alice", "GET", &format!("/v1/{list}?limit=50"), None).text;
                eprintln!("{list}: {found}");
            }
        } else {
            assert!(!said.contains(ADMIN_TOKEN), "a secret was printed:\n{said}");
        }
    }
}
