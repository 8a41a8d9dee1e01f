//! Each reason by a hand-made request: the exact answer, and the line on record.

use super::{
    FAILURES_MAX, GATE, bring_the_table_back, give_the_disk_room, let_the_disk_fill_up,
    let_the_table_grow_old, order_body,
};
use crate::driver::{Driver, Library, REGISTERED, UNREGISTERED};
use crate::records;
use crate::stage::{Setup, Stage};
use crate::table::Table;
use crate::waiting::until;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};
use sumun_model::Timestamp;

/// What a refusal's line must say.
struct Expected {
    reason: &'static str,
    ip: &'static str,
    signature: &'static str,
    /// The check that failed, if one could be made.
    failed: Option<&'static str>,
}

struct Raw {
    table: Table,
    stage: Stage,
    here: Driver,
    elsewhere: Driver,
    expected: BTreeMap<String, Expected>,
}

/// A request under a key, signed well unless `auth` bends it.
fn request(stage: &Stage, key: &str, method: &str, path: &str, more: Value) -> Value {
    let key = stage.key(key);
    let mut request = json!({
        "op": "request", "method": method, "path": path,
        "auth": {"access_key": key.access_key, "secret": key.secret},
    });
    for (name, value) in more.as_object().unwrap() {
        match (name.as_str(), value.get("kind")) {
            // Bends the good token.
            ("auth", None) => {
                for (claim, bent) in value.as_object().unwrap() {
                    request["auth"][claim] = bent.clone();
                }
            }
            _ => request[name] = value.clone(),
        }
    }
    request
}

fn header<'a>(answer: &'a Value, name: &str) -> &'a str {
    let headers = answer["headers"].as_array().unwrap();
    let found = headers.iter().find(|pair| pair[0].as_str().unwrap().eq_ignore_ascii_case(name));
    found.and_then(|pair| pair[1].as_str()).unwrap_or_else(|| panic!("no `{name}` in {answer}"))
}

/// `group=…; min=…; sec=…` in Upbit's form: the requests left in this second.
fn remaining(answer: &Value) -> u32 {
    let text = header(answer, "Remaining-Req");
    let parts: Vec<(&str, &str)> = text.split("; ").map(|part| part.split_once('=').unwrap()).collect();
    let [("group", group), ("min", minute), ("sec", second)] = parts.as_slice() else {
        panic!("not Upbit's form: {text}")
    };
    assert!(["default", "order"].contains(group), "{text}");
    minute.parse::<u32>().unwrap();
    second.parse().unwrap()
}

impl Raw {
    fn ask(&mut self, from: &str, agent: &str, mut request: Value) -> Value {
        request["headers"] = json!([["User-Agent", agent]]);
        let driver = if from == REGISTERED { &mut self.here } else { &mut self.elsewhere };
        driver.get(&request)
    }

    /// Looks at a refusal's bytes, and remembers what its line must say.
    fn refused(&mut self, agent: &str, answer: &Value, expected: Expected) {
        let row = self.table.row(expected.reason);
        assert_eq!(answer["status"], row.status, "{agent}: {answer}");
        assert_eq!(answer["body"], row.text(), "{agent}: {answer}");
        assert_eq!(header(answer, "Content-Type"), "application/json; charset=utf-8");
        let left = remaining(answer);
        assert_eq!(left == 0, expected.reason == "rate_limited", "{agent}: {left} requests left");
        let earlier = self.expected.insert(agent.to_owned(), expected);
        assert!(earlier.is_none(), "`{agent}` twice");
    }

    fn cause(
        &mut self,
        reason: &'static str,
        how: &str,
        from: &'static str,
        request: Value,
        signature: &'static str,
        failed: Option<&'static str>,
    ) {
        let agent = format!("{reason}: {how}");
        let answer = self.ask(from, &agent, request);
        self.refused(&agent, &answer, Expected { reason, ip: from, signature, failed });
    }

    /// The request goes through.
    fn passes(&mut self, how: &str, request: Value) -> Value {
        let answer = self.ask(REGISTERED, how, request);
        assert!([200, 201].contains(&answer["status"].as_u64().unwrap()), "{how}: {answer}");
        answer
    }

    fn on(&self, key: &str, method: &str, path: &str, more: Value) -> Value {
        request(&self.stage, key, method, path, more)
    }

    fn read(&self, key: &str) -> Value {
        self.on(key, "GET", "/v1/accounts", json!({}))
    }

    fn order(&self, key: &str) -> Value {
        self.on(key, "POST", "/v1/orders", json!({"body": order_body("KRW-BTC")}))
    }

    fn withdraw(&self, key: &str) -> Value {
        let body = r#"{"currency":"BTC","net_type":"BTC","amount":"0.01","address":"made-up-address-btc"}"#;
        self.on(key, "POST", "/v1/withdraws/coin", json!({"body": body}))
    }

    fn cancel(&self, key: &str, id: &str) -> Value {
        self.on(key, "DELETE", "/v1/order", json!({"query": format!("uuid={id}")}))
    }

    /// Places an order that rests and returns its id.
    fn resting(&mut self, how: &str, key: &str) -> String {
        let placed = self.passes(how, self.order(key));
        let placed: Value = serde_json::from_str(placed["body"].as_str().unwrap()).unwrap();
        placed["uuid"].as_str().unwrap().to_owned()
    }

    fn credentials(&mut self) {
        let read = |raw: &Self, auth: Value| raw.on("K1", "GET", "/v1/accounts", json!({"auth": auth}));
        for (how, auth, signature) in [
            ("no header", json!({"kind": "none"}), "absent"),
            ("no token", json!({"kind": "raw", "value": "Bearer x.y.z"}), "unchecked"),
            ("no nonce", json!({"nonce": null}), "unchecked"),
        ] {
            let request = read(self, auth);
            self.cause("malformed_credentials", how, REGISTERED, request, signature, None);
        }
        let large = self.on("K1", "POST", "/v1/orders", json!({"body_bytes": 2049}));
        self.cause("body_too_large", "a byte too many", REGISTERED, large, "unchecked", None);
        let nobody = read(self, json!({"access_key": "NOBODYxHASxTHISxKEY"}));
        self.cause("unknown_key", "made up", REGISTERED, nobody, "unchecked", None);

        let both = json!({"query": "market=KRW-BTC", "body": order_body("KRW-BTC")});
        for (how, request) in [
            ("wrong secret", read(self, json!({"secret": "not-the-secret"}))),
            ("one bit", read(self, json!({"tamper": true}))),
            (
                "other parameters",
                self.on(
                    "K1",
                    "GET",
                    "/v1/orders/chance",
                    json!({"query": "market=KRW-BTC", "auth": {"hash_of": "market=KRW-ETH"}}),
                ),
            ),
            (
                "no hash",
                self.on(
                    "K1",
                    "GET",
                    "/v1/orders/chance",
                    json!({"query": "market=KRW-BTC", "auth": {"query_hash": null}}),
                ),
            ),
            ("query and body", self.on("K1", "POST", "/v1/orders", both)),
            ("HS384", read(self, json!({"alg": "HS384"}))),
            ("none", read(self, json!({"alg": "none"}))),
        ] {
            self.cause("signature_invalid", how, REGISTERED, request, "invalid", Some("signature"));
        }

        let token = self.here.get(&json!({"op": "token", "auth": {
            "access_key": self.stage.key("K1").access_key, "secret": self.stage.key("K1").secret}}));
        let again = || json!({"auth": {"kind": "raw", "value": token["value"]}});
        let (first, second) =
            (self.on("K1", "GET", "/v1/accounts", again()), self.on("K1", "GET", "/v1/accounts", again()));
        self.passes("a token's first use", first);
        self.cause("replayed", "same token", REGISTERED, second, "valid", Some("replay"));
    }

    fn failures(&mut self) {
        for n in 1..=FAILURES_MAX {
            let wrong =
                self.on("K-failures", "GET", "/v1/accounts", json!({"auth": {"secret": "not-the-secret"}}));
            self.cause(
                "signature_invalid",
                &format!("guess {n}"),
                UNREGISTERED,
                wrong,
                "invalid",
                Some("signature"),
            );
        }
        let wrong =
            self.on("K-failures", "GET", "/v1/accounts", json!({"auth": {"secret": "not-the-secret"}}));
        self.cause("too_many_failures", "one guess more", UNREGISTERED, wrong, "unchecked", None);
        // Guesses from the owner's network lock the owner's own address out of nothing.
        let owner = self.read("K-failures");
        self.passes("the owner after a stranger's guesses", owner);
    }

    fn states(&mut self) {
        for (key, reason) in [
            ("K-requested", "key_not_active"),
            ("K-rejected", "key_not_active"),
            ("K-suspended", "key_suspended"),
            ("K-expired", "key_expired"),
        ] {
            let (read, order) = (self.read(key), self.order(key));
            self.cause(reason, &format!("{key} reads"), REGISTERED, read, "valid", Some("status"));
            self.cause(reason, &format!("{key} orders"), REGISTERED, order, "valid", Some("status"));
        }
        for (key, reason) in [
            ("K-held", "key_held"),
            ("K-reverify", "reverification_required"),
            ("K-unregistered", "registration_required"),
        ] {
            let read = self.read(key);
            self.passes(&format!("{key} reads"), read);
            let (order, withdraw) = (self.order(key), self.withdraw(key));
            self.cause(reason, &format!("{key} orders"), REGISTERED, order, "valid", Some("status"));
            self.cause(reason, &format!("{key} withdraws"), REGISTERED, withdraw, "valid", Some("status"));
        }
        // A key that ends by itself, at an instant nobody edits in.
        let read = self.read("K-ending");
        self.passes("K-ending before its end", read);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let end = Timestamp::from_micros(i64::try_from(now.as_micros()).unwrap() + 1_500_000);
        self.stage.edit("K-ending", |key| {
            key.insert("expires".to_owned(), toml::Value::String(end.to_string()));
        });
        let mut attempt = 0;
        let (agent, answer) = until("K-ending to end", || {
            attempt += 1;
            let agent = format!("key_expired: K-ending, attempt {attempt}");
            let answer = self.ask(REGISTERED, &agent, self.read("K-ending"));
            (answer["status"] == 401).then_some((agent, answer))
        });
        let expected =
            Expected { reason: "key_expired", ip: REGISTERED, signature: "valid", failed: Some("status") };
        self.refused(&agent, &answer, expected);
    }

    fn rights(&mut self) {
        let read = self.read("K1");
        self.cause("address_not_allowed", "from elsewhere", UNREGISTERED, read, "valid", Some("address"));
        for (how, method, path) in [
            ("made up", "GET", "/v1/nowhere"),
            ("two slashes", "GET", "//v1/accounts"),
            ("wrong method", "PUT", "/v1/accounts"),
        ] {
            let unknown = self.on("K1", method, path, json!({}));
            self.cause("route_unknown", how, REGISTERED, unknown, "valid", Some("route"));
        }
        let (order, withdraw) = (self.order("K-reader"), self.withdraw("K-reader"));
        self.cause("scope_missing", "a reader orders", REGISTERED, order, "valid", Some("scope"));
        self.cause("scope_missing", "a reader withdraws", REGISTERED, withdraw, "valid", Some("scope"));
        let other = self.on("K-mandate", "POST", "/v1/orders", json!({"body": order_body("KRW-ETH")}));
        self.cause("market_not_allowed", "KRW-ETH", REGISTERED, other, "valid", Some("market"));
        let own = self.order("K-mandate");
        self.passes("the mandate's own market", own);

        for (kind, make) in [("reads", Self::read as fn(&Self, &str) -> Value), ("orders", Self::order)] {
            let mut attempt = 0;
            let (agent, answer) = until("a rate to be passed", || {
                attempt += 1;
                let agent = format!("rate_limited: {kind}, attempt {attempt}");
                let request = make(self, "K-rate");
                let answer = self.ask(REGISTERED, &agent, request);
                (answer["status"] == 429).then_some((agent, answer))
            });
            let expected =
                Expected { reason: "rate_limited", ip: REGISTERED, signature: "valid", failed: Some("rate") };
            self.refused(&agent, &answer, expected);
        }
    }

    fn own_troubles(&mut self) {
        let resting = self.resting("an order before the table is old", "K-troubles");
        let_the_table_grow_old(&self.stage);
        let (withdraw, order) = (self.withdraw("K-troubles"), self.order("K-troubles"));
        self.cause("key_table_stale", "withdraws", REGISTERED, withdraw, "valid", Some("table_age"));
        self.cause("key_table_stale", "orders", REGISTERED, order, "valid", Some("table_age"));
        let (read, cancel) = (self.read("K-troubles"), self.cancel("K-troubles", &resting));
        self.passes("reads under an old table", read);
        self.passes("cancels under an old table", cancel);
        bring_the_table_back(&self.stage);
        let withdraw = self.withdraw("K-troubles");
        self.passes("withdraws under a fresh table", withdraw);
    }

    /// Full: a withdrawal is refused, all else passes unrecorded.
    fn full_disk(&mut self) {
        let resting = self.resting("an order before the disk is full", "K-troubles");
        let fill = json!({"op": "burst", "count": 20, "request": {"auth": {"kind": "none"}}});
        let here = &mut self.here;
        let_the_disk_fill_up(&mut self.stage, || {
            here.get(&fill);
        });
        let row = self.table.row("recording_unavailable");
        let (status, text) = (row.status, row.text());
        let withdraw = self.withdraw("K-troubles");
        let answer = self.ask(REGISTERED, "withdraws while the disk is full", withdraw);
        assert_eq!(answer["status"], status, "{answer}");
        assert_eq!(answer["body"], text, "{answer}");
        remaining(&answer);
        for (how, request) in [
            ("reads while the disk is full", self.read("K-troubles")),
            ("orders while the disk is full", self.order("K-troubles")),
            ("cancels while the disk is full", self.cancel("K-troubles", &resting)),
        ] {
            self.passes(how, request);
        }
        give_the_disk_room(&mut self.stage);
        let withdraw = self.withdraw("K-troubles");
        self.passes("withdraws once there is room", withdraw);
    }
}

fn set(setup: Setup) -> Stage {
    fn put(key: &mut toml::Table, field: &str, word: &str) {
        key.insert(field.to_owned(), toml::Value::String(word.to_owned()));
    }
    setup
        .key("K1")
        .key("K-failures")
        .key("K-ending")
        .key("K-rate")
        .key("K-troubles")
        .key_with("K-reader", "read")
        .edited_key("K-requested", |key| put(key, "state", "requested"))
        .edited_key("K-rejected", |key| put(key, "state", "rejected"))
        .edited_key("K-suspended", |key| put(key, "state", "suspended"))
        .edited_key("K-expired", |key| put(key, "state", "expired"))
        .edited_key("K-held", |key| put(key, "measure", "hold"))
        .edited_key("K-reverify", |key| put(key, "measure", "reverify"))
        .edited_key("K-unregistered", |key| {
            key.insert("registration_due".to_owned(), toml::Value::Boolean(true));
        })
        .edited_key("K-mandate", |key| {
            key.insert("mandate".to_owned(), toml::from_str("markets = [\"KRW-BTC\"]").unwrap());
        })
        .gate(GATE)
        .start()
}

#[test]
fn every_reason_a_client_can_cause() {
    let stage = set(Setup::default());
    let here = Driver::start(Library::Raw, &stage, stage.key("K1"), REGISTERED);
    let elsewhere = Driver::start(Library::Raw, &stage, stage.key("K1"), UNREGISTERED);
    let mut raw = Raw { table: Table::read(), stage, here, elsewhere, expected: BTreeMap::new() };
    raw.credentials();
    raw.failures();
    raw.states();
    raw.rights();
    raw.own_troubles();
    raw.full_disk();
    let said = raw.stage.stop_gate().said;

    let lines = raw.stage.log();
    for (agent, expected) in &raw.expected {
        let line = records::of_agent(&lines, agent);
        let row = raw.table.row(expected.reason);
        assert_eq!(line["verdict"], "deny", "{line}");
        assert_eq!(line["reason"], expected.reason, "{line}");
        assert_eq!(line["signature"], expected.signature, "{line}");
        assert_eq!(line["status"], row.status, "{line}");
        assert_eq!(line["ip"], expected.ip, "{line}");
        assert_eq!(line["enforced"], true, "{line}");
        if let Some(check) = expected.failed {
            assert_eq!(line["checks"][check], "fail", "{line}");
        }
    }
    the_exchange_saw_none_of_it(&raw.stage.received(), &lines);
    numbers_are_missing_only_of_what_could_not_be_written(&lines, &said);
    every_row_is_covered(&raw.table, &lines);
}

fn the_exchange_saw_none_of_it(received: &[Value], lines: &[Value]) {
    let agents: BTreeSet<&str> = received
        .iter()
        .flat_map(|entry| entry["headers"].as_array().unwrap())
        .filter(|pair| pair[0] == "user-agent")
        .filter_map(|pair| pair[1].as_str())
        .collect();
    for line in lines.iter().filter(|line| line["verdict"] == "deny" && line["agent"].is_string()) {
        assert!(
            !agents.contains(line["agent"].as_str().unwrap()),
            "refused, but the exchange saw it: {line}"
        );
    }
    assert!(!agents.contains("withdraws while the disk is full"));
}

/// Each missing number was announced, perhaps once more after a restart, when its gap was met.
fn numbers_are_missing_only_of_what_could_not_be_written(lines: &[Value], said: &str) {
    let mut numbers: Vec<u64> = lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers.first(), Some(&1));
    let missing: u64 = numbers.windows(2).map(|pair| pair[1] - pair[0] - 1).sum();
    let gaps: BTreeSet<(&str, &str)> = said
        .lines()
        .filter_map(|line| line.split_once(" decisions between "))
        .map(|(before, instants)| (before.rsplit(' ').next().unwrap(), instants))
        .collect();
    let met: u64 = gaps.iter().map(|(count, _)| count.parse::<u64>().unwrap()).sum();
    // What was missing when a run ended is told by the next.
    let left: u64 = said
        .lines()
        .filter_map(|line| line.split_once(" decisions before this start"))
        .map(|(before, _)| before.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
        .sum();
    assert_eq!(missing, met + left, "{said}");
}

fn every_row_is_covered(table: &Table, lines: &[Value]) {
    let seen: BTreeSet<&str> = lines.iter().filter_map(|line| line["reason"].as_str()).collect();
    for row in &table.rows {
        // The one refusal that cannot be on record; its answer was looked at above.
        let expected = row.emitted && row.reason != "recording_unavailable";
        assert_eq!(seen.contains(row.reason.as_str()), expected, "`{}` on record", row.reason);
    }
}
