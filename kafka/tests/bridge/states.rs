//! The topic of key states, as the actuator of a real control plane fills it: each cut, each return, through kills and brokers that are away.

use crate::cluster::{Cluster, Read};
use crate::forward::Forward;
use crate::house::{House, Open};
use crate::process::Process;
use crate::until;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use sumun_actuator::webhook;

pub(crate) const SECRET: &str = "whsec_TUFERXhVUHhTRUNSRVR4b2Z4dGhpcnR5eHR3b3hieXRlcw==";
pub(crate) const TOPIC: &str = "sumun-key-states";
const PARTITIONS: i32 = 3;

/// A control plane that tells a topic of its keys, by way of a bridge.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) house: House,
    pub(crate) forward: Forward,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::retrying("attempts = 100")
    }

    /// With these settings of `[retry]` besides.
    pub(crate) fn retrying(more: &str) -> Self {
        let cluster = Cluster::start(&[(TOPIC, PARTITIONS)]);
        let house = House::new("[actuator]\nfile = \"actuator.toml\"");
        let forward = Forward::start();
        house.write_private("states-webhook.txt", SECRET);
        house.write(
            "kafka.toml",
            &format!(
                "[kafka]\nbrokers = \"{}\"\n[states]\nlisten = \"127.0.0.1:0\"\ntopic = \"{TOPIC}\"\nsecret_file = \"states-webhook.txt\"\n",
                cluster.brokers()
            ),
        );
        house.write(
            "actuator.toml",
            &format!(
                "format = 1\n[retry]\nfirst_ms = 10\nmax_ms = 200\n{more}\n[[webhook]]\nname = \"topic\"\nurl = \"http://{}/\"\nsecret = {{ file = \"states-webhook.txt\" }}\n",
                forward.at
            ),
        );
        Self { cluster, house, forward }
    }

    pub(crate) fn bridge(&self) -> Process {
        let bridge = Process::start(self.house.bridge(&["states", "--config", "kafka.toml"]));
        self.forward.to(bridge.ready["listen"].as_str().unwrap());
        bridge
    }

    /// Opened, with keys K1 to K9.
    pub(crate) fn opened(&self) -> Open<'_> {
        let open = self.house.opened();
        enter_keys(&self.house, &open);
        open
    }

    pub(crate) fn read(&self) -> Vec<Read> {
        self.cluster.read(TOPIC, PARTITIONS)
    }
}

pub(crate) fn enter_keys(house: &House, open: &Open<'_>) {
    open.json("alice", &["customers", "put", "C1", "--segment", "retail", "--country", "KR"]);
    open.json("alice", &["persons", "put", "P1", "--customer", "C1", "--role", "owner", "--name", "Made Up"]);
    open.json("alice", &["operators", "put", "O1", "--kind", "owner", "--customer", "C1"]);
    let account = [
        "accounts",
        "put",
        "A1",
        "--customer",
        "C1",
        "--person",
        "P1",
        "--segment",
        "retail",
        "--owner",
        "O1",
    ];
    open.json("alice", &account);
    let line = |number: u32| {
        json!({ "type": "key", "ts": "2026-01-02T00:00:00Z", "key": format!("K{number}"), "account": "A1", "state": "active",
            "scopes": ["read", "trade"], "allowlist": ["127.0.0.1/32"], "application": "bot", "expires": "2099-01-01T00:00:00Z" })
    };
    house.write("keys.ndjson", &(1..=9).map(|number| format!("{}\n", line(number))).collect::<String>());
    open.json("alice", &["import", "--kind", "keys", "keys.ndjson"]);
}

pub(crate) fn suspend(open: &Open<'_>, key: &str) {
    open.json("alice", &["keys", "suspend", key, "--reason", "used by two at once"]);
}

pub(crate) fn lift(open: &Open<'_>, key: &str) {
    open.json("bob", &["keys", "lift", key, "--reason", "it was his own machine"]);
}

/// What the control plane was answered about each key.
pub(crate) fn acknowledged(open: &Open<'_>, watching: &str, keys: usize) -> Vec<Value> {
    until("every state to be acknowledged", || {
        let told = open.list(watching, "/v1/actuations");
        let done = |one: &Value| {
            !one["acknowledged"].is_null() && one["state"] != "waiting" && one["state"] != "failed"
        };
        (told.len() == keys && told.iter().all(done)).then_some(told)
    })
}

/// What a reader who keeps to the rule knows: of each key the state with the highest version.
pub(crate) fn newest(read: &[Read]) -> BTreeMap<String, (i64, String)> {
    let mut known: BTreeMap<String, (i64, String)> = BTreeMap::new();
    for one in read {
        let data = one.data();
        let (version, target) =
            (data["version"].as_i64().unwrap(), data["target"].as_str().unwrap().to_owned());
        let before = known.insert(one.key.clone(), (version, target));
        assert!(
            before.is_none_or(|(before, _)| before < version),
            "an older state behind a newer one: {read:?}"
        );
    }
    known
}

#[test]
fn every_cut_stands_in_the_topic_before_it_is_acknowledged() {
    let world = World::new();
    let mut bridge = world.bridge();
    let open = world.opened();
    let watching = open.machine("viewer");
    suspend(&open, "K1");
    let told = acknowledged(&open, &watching, 1);
    let read = world.read();
    let stands = json!({ "key": "K1", "offset": read[0].offset, "partition": read[0].partition, "topic": TOPIC, "version": read[0].data()["version"] });
    assert_eq!((read.len(), read[0].key.as_str(), &read[0].data()["target"]), (1, "K1", &json!("suspended")));
    // The receipt is of that very place.
    let digest = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(stands.to_string()));
    assert_eq!(told[0]["answer"], json!(digest), "{stands}");
    // Who reads the topic can tell who wrote it.
    let secret = webhook::secret(SECRET).unwrap();
    let header = |name: &str| read[0].headers[name].clone();
    let signature =
        webhook::signature(&secret, &header("webhook-id"), &header("webhook-timestamp"), &read[0].value);
    assert_eq!(header("webhook-signature"), format!("v1,{signature}"));

    // Killed again and again, while keys are cut and given back.
    for key in ["K2", "K3", "K4"] {
        suspend(&open, key);
        let said = bridge.kill();
        assert!(!said.contains("whsec_"), "{said}");
        lift(&open, "K1");
        bridge = world.bridge();
        suspend(&open, "K1");
    }
    lift(&open, "K4");
    let told = acknowledged(&open, &watching, 4);
    let read = world.read();
    let known = newest(&read);
    for one in &told {
        let (version, target) = &known[one["key"].as_str().unwrap()];
        assert_eq!((&one["intent"], &one["target"]), (&json!(version), &json!(target)), "{one}");
    }

    // The brokers take nothing for a while.
    world.cluster.mock.broker_down(1).unwrap();
    suspend(&open, "K5");
    until("the bridge to be asked in vain", || {
        open.list(&watching, "/v1/actuations?key=K5").pop().filter(|one| one["acknowledged"].is_null())
    });
    world.cluster.mock.broker_up(1).unwrap();
    acknowledged(&open, &watching, 5);
    assert_eq!(newest(&world.read())["K5"].1, "suspended");
    assert!(bridge.stop().0.success());
}

#[test]
fn what_is_not_ours_or_older_or_there_already_is_not_written() {
    let world = World::new();
    let bridge = world.bridge();
    let send = |secret: &str, key: &str, version: i64, target: &str| {
        let body = json!({ "type": "key.state", "timestamp": "2026-11-20T09:00:00Z", "data": { "key": key, "version": version, "target": target } });
        send(&world, secret, &body.to_string())
    };
    let other = SECRET.replace("TUFE", "TUFF");
    let (status, first) = send(SECRET, "K1", 3, "held");
    assert_eq!((status, &first["version"]), (200, &json!(3)));
    assert_eq!(
        send(SECRET, "K1", 3, "held"),
        (200, first.clone()),
        "asked again it is the same, and written once"
    );
    let (status, older) = send(SECRET, "K1", 2, "live");
    assert_eq!((status, &older["code"]), (409, &json!("older")), "{older}");
    assert_eq!(send(&other, "K1", 4, "live").0, 401);
    assert_eq!(send_text(&world.forward.at.to_string(), "made up", "v1,AAAA", "0").0, 401);
    assert_eq!(self::send(&world, SECRET, "{}").0, 400);
    assert_eq!(world.read().len(), 1);
    // It knows as much when it is started anew.
    bridge.kill();
    let bridge = world.bridge();
    assert_eq!(bridge.ready["keys"], 1);
    assert_eq!(send(SECRET, "K1", 3, "held"), (200, first));
    assert_eq!(send(SECRET, "K1", 2, "live").0, 409);
    assert_eq!(send(SECRET, "K1", 4, "ended").0, 200);
    assert_eq!(newest(&world.read())["K1"], (4, "ended".to_owned()));
}

pub(crate) fn send(world: &World, secret: &str, body: &str) -> (u16, Value) {
    let now = signed::now();
    send_text(&world.forward.at.to_string(), body, &signed::by(secret, body, &now), &now)
}

/// As the actuator signs.
pub(crate) mod signed {
    use sumun_actuator::webhook;

    pub(crate) fn now() -> String {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        now.as_secs().to_string()
    }

    pub(crate) fn by(secret: &str, body: &str, now: &str) -> String {
        format!("v1,{}", webhook::signature(&webhook::secret(secret).unwrap(), "m1", now, body))
    }
}

pub(crate) fn send_text(to: &str, body: &str, signature: &str, at: &str) -> (u16, Value) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let ask = agent.post(format!("http://{to}/")).header("webhook-id", "m1");
    let mut answer =
        ask.header("webhook-timestamp", at).header("webhook-signature", signature).send(body).unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null))
}
