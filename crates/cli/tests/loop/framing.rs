//! Nobody can make another look guilty (DESIGN 11, 10): each act of a stranger against an innocent key, through `sumun replay`.
//!
//! Under two policies: the shipped one, with four requests a day for seventy days, and the test's, where seconds are days and the
//! least sign is watched. What is found, if anything, names the stranger alone.

use crate::support::Place;
use crate::world::policy;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use sumun_model::Timestamp;

const VICTIM_AT: &str = "203.0.113.7";
const STRANGER_AT: &str = "198.51.100.9";
/// 2026-03-01T00:00:00Z.
const BEGAN_US: i64 = 1_772_323_200_000_000;

/// How a world passes.
struct Pace {
    policy: PathBuf,
    /// Between two rounds, microseconds.
    step_us: i64,
    rounds: i64,
    /// The stranger begins here.
    from: i64,
}

fn paces() -> [Pace; 2] {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    [
        Pace {
            policy: policies.join("default.toml"),
            step_us: 6 * 3_600_000_000,
            rounds: 4 * 72,
            from: 4 * 66,
        },
        Pace { policy: policy().into(), step_us: 1_000_000, rounds: 200, from: 60 },
    ]
}

/// The lines so far, and when the next ones are.
struct Lines {
    text: String,
    at_us: i64,
    next: u32,
}

impl Lines {
    fn say(&mut self, after_ms: i64, mut line: Value) {
        self.next += 1;
        line["ts"] = json!(Timestamp::from_micros(self.at_us + after_ms * 1_000));
        if line["type"] != "key" && line["type"] != "account" && line["type"] != "network" {
            line["id"] = json!(format!("e{}", self.next));
        }
        self.text += &format!("{line}\n");
    }

    /// An allowed order of a key from its own place, and the order itself.
    fn trades(&mut self, after_ms: i64, who: &str, ip: &str, agent: &str) {
        self.say(
            after_ms,
            json!({ "type": "access", "key": format!("K{who}"), "account": format!("A{who}"), "ip": ip, "agent": agent,
                "channel": "rest", "method": "POST", "route": "/v1/orders", "effect": "order", "scope": "trade",
                "market": "KRW-BTC", "verdict": "allow", "enforced": true, "signature": "valid", "status": 201,
                "nonce": format!("made-up-{}", self.next), "checks": { "signature": "pass", "address": "pass" } }),
        );
        let side = if self.at_us / 1_000_000 % 3 == 0 { "sell" } else { "buy" };
        self.say(
            after_ms + 1,
            json!({ "type": "order", "account": format!("A{who}"), "key": format!("K{who}"), "medium": "api", "market": "KRW-BTC",
                "order": format!("O{}", self.next), "action": "new", "side": side, "kind": "limit",
                "price": "95000000", "quantity": "0.0137", "remaining": "0.0137" }),
        );
    }

    /// A refused request that names the victim's key.
    fn names_the_victims_key(
        &mut self,
        after_ms: i64,
        ip: &str,
        signature: &str,
        reason: &str,
        checks: &Value,
    ) {
        self.say(
            after_ms,
            json!({ "type": "access", "key": "KV", "account": "AV", "ip": ip, "agent": "curl/8", "channel": "rest",
                "method": "POST", "route": "/v1/orders", "effect": "order", "scope": "trade", "verdict": "deny",
                "reason": reason, "enforced": true, "signature": signature, "checks": checks }),
        );
    }

    fn key(&mut self, who: &str, allowlist: &Value) {
        let line = json!({ "type": "key", "key": format!("K{who}"), "account": format!("A{who}"), "state": "active",
            "scopes": ["read", "trade"], "allowlist": allowlist, "purpose": "own_bot" });
        self.say(0, line);
    }
}

/// What the stranger does in a round; the number of the round comes along.
type Act = fn(&mut Lines, i64);

/// Every act. The stranger has a key of his own, used from his own place.
const ACTS: &[(&str, Act)] = &[
    ("copies every order of the victim", |lines, _| lines.trades(40, "S", STRANGER_AT, "ccxt/4.5")),
    ("registers the victim's address on his own key, and never proves it", |lines, round| {
        if round % 100 == 0 {
            let since = Timestamp::from_micros(lines.at_us);
            let unproved = json!({ "prefix": format!("{VICTIM_AT}/32"), "since": since, "proved": null });
            lines.key("S", &json!([format!("{STRANGER_AT}/32"), unproved]));
        }
        lines.trades(500, "S", STRANGER_AT, "python-requests/2");
    }),
    ("floods bad signatures that name the victim's key", |lines, _| {
        for n in 0..5 {
            lines.names_the_victims_key(
                100 + n,
                STRANGER_AT,
                "invalid",
                "signature_invalid",
                &json!({ "signature": "fail" }),
            );
        }
    }),
    ("floods bad signatures from the victim's own network", |lines, _| {
        lines.names_the_victims_key(
            100,
            "203.0.113.99",
            "invalid",
            "signature_invalid",
            &json!({ "signature": "fail", "address": "fail" }),
        );
    }),
    ("probes the posted key id from many places", |lines, round| {
        let ip = format!("198.51.100.{}", round % 200 + 1);
        lines.names_the_victims_key(
            100,
            &ip,
            "absent",
            "malformed_credentials",
            &json!({ "signature": "not_run" }),
        );
    }),
    ("sends again what he overheard", |lines, _| {
        let checks = json!({ "signature": "pass", "replay": "fail", "address": "fail" });
        lines.names_the_victims_key(100, STRANGER_AT, "valid", "replayed", &checks);
    }),
    ("trades against the victim", |lines, _| {
        lines.trades(100, "S", STRANGER_AT, "python-requests/2");
        let trade = json!({ "type": "trade", "market": "KRW-BTC", "price": "95000000", "quantity": "0.0137", "taker_side": "sell",
            "taker_account": "AS", "taker_key": "KS", "taker_order": "OS", "maker_account": "AV", "maker_key": "KV",
            "maker_order": "OV" });
        lines.say(102, trade);
    }),
];

fn world(pace: &Pace, act: Act) -> String {
    let mut lines = Lines { text: String::new(), at_us: BEGAN_US, next: 0 };
    for (ip, asn, org, class) in [
        ("203.0.113.0/24", 64500, "Example Home", "residential"),
        ("198.51.100.0/24", 64501, "Example Hosting", "hosting"),
    ] {
        let known = json!({ "type": "network", "prefix": ip, "asn": asn, "org": org, "country": "KR", "class": class });
        lines.say(0, known);
    }
    for (who, ip) in [("V", VICTIM_AT), ("S", STRANGER_AT)] {
        let account = json!({ "type": "account", "account": format!("A{who}"), "customer": format!("C{who}"), "segment": "retail" });
        lines.say(0, account);
        lines.key(who, &json!([format!("{ip}/32")]));
    }
    for round in 0..pace.rounds {
        lines.at_us = BEGAN_US + (round + 1) * pace.step_us;
        lines.trades(0, "V", VICTIM_AT, "ccxt/4.5");
        if round >= pace.from {
            act(&mut lines, round);
        }
    }
    lines.text
}

/// Whether a finding is about the victim: his key, his account, or a crowd that he is said to be of.
fn is_about_the_victim(found: &Value) -> bool {
    let names = |value: &Value| {
        value["key"] == "KV"
            || value["account"] == "AV"
            || value["members"].as_array().is_some_and(|all| all.contains(&json!("KV")))
    };
    names(found) || names(&found["subject"])
}

#[test]
fn a_strangers_act_raises_nothing_of_an_innocent_key() {
    let place = Place::new();
    for pace in paces() {
        for (what, act) in ACTS {
            place.write("world.ndjson", &world(&pace, *act));
            let policy = pace.policy.to_str().unwrap();
            let ran =
                place.run(&["replay", "world.ndjson", "--policy", policy, "--data", "none", "--shards", "1"]);
            assert_eq!(ran.code, 0, "{}", ran.shown());
            for line in ran.out.lines() {
                let found: Value = serde_json::from_str(line).unwrap();
                let harmless = found["type"] == "signal" && found["points"] == 0;
                assert!(!is_about_the_victim(&found) || harmless, "{what}, under {policy}: {line}");
            }
            let end = Timestamp::from_micros(BEGAN_US + (pace.rounds + 1) * pace.step_us).to_string();
            let explain = [
                "explain",
                "KV",
                "--at",
                &end,
                "--log",
                "world.ndjson",
                "--policy",
                policy,
                "--data",
                "none",
                "--json",
            ];
            let ran = place.run(&explain);
            assert_eq!(ran.code, 0, "{what}: {}", ran.shown());
            let told = ran.json();
            assert_eq!(told["explanation"]["measure"], Value::Null, "{what}");
            for score in told["explanation"]["scores"].as_array().unwrap() {
                assert_eq!(score["points"], 0, "{what}, under {policy}: {score}");
            }
        }
    }
}

/// The same stranger with the secret itself is seen: what the table above finds nothing of is not found because nothing is.
#[test]
fn who_has_the_secret_is_seen() {
    let place = Place::new();
    for pace in paces() {
        let act: Act = |lines, _| {
            let checks = json!({ "signature": "pass", "replay": "pass", "address": "fail" });
            lines.names_the_victims_key(100, STRANGER_AT, "valid", "address_not_allowed", &checks);
            lines.trades(200, "V", VICTIM_AT, "ccxt/4.5");
        };
        place.write("world.ndjson", &world(&pace, act));
        let policy = pace.policy.to_str().unwrap();
        let ran =
            place.run(&["replay", "world.ndjson", "--policy", policy, "--data", "none", "--shards", "1"]);
        assert_eq!(ran.code, 0, "{}", ran.shown());
        assert!(ran.out.contains("foreign_address_in_use"), "{}", ran.shown());
    }
}
