//! What the plan says will be seen, waited for.

use crate::bots::{CUSTOMERS, LENT, Outcome, SILENT, TEST_KEY};
use crate::plan::Step;
use crate::waiting::until;
use crate::weeks::{Run, now};
use serde_json::Value;
use std::collections::BTreeMap;
use sumun_model::Timestamp;

/// How long after the exchange's word a request may still have been under way.
pub(crate) const GRACE_S: i64 = 3;
/// Requests that every honest customer has served before a week may end.
const ENOUGH: u64 = 5;

impl Run {
    /// Waits until so many keys stand so in the campaign.
    pub(crate) fn covers(&self, state: &str, least: u64) {
        until(&format!("{least} keys to be {state}"), || {
            let of = |states: &Value| states[state].as_u64().unwrap_or_default();
            (self.coverage().iter().map(of).sum::<u64>() >= least).then_some(())
        });
    }

    /// How many keys of each segment stand how in the campaign.
    pub(crate) fn coverage(&self) -> Vec<Value> {
        let all = self.rest().get("bob", "/v1/campaigns");
        let Some(campaign) = all["items"][0]["campaign"].as_str() else { return Vec::new() };
        let seen = self.rest().get("bob", &format!("/v1/campaigns/{campaign}/coverage"));
        let segments = seen["segments"].as_array().cloned().unwrap_or_default();
        segments.into_iter().map(|segment| segment["states"].clone()).collect()
    }

    /// Measures in force or ended on the lender's key, the newest first.
    pub(crate) fn measures(&self) -> Vec<Value> {
        let found = self.rest().get("alice", &format!("/v1/measures?key={LENT}&limit=50"));
        let mut all = found["items"].as_array().unwrap().clone();
        all.retain(|row| {
            row["state"] == "in_force" || (row["measure"] == "expire" && row["state"] != "proposed")
        });
        all.sort_by_key(|row| std::cmp::Reverse(row["began"].as_str().unwrap_or_default().to_owned()));
        all
    }

    /// No measure, not even one that was only proposed, on anybody but the lender; and what staff practised on the exchange's own key.
    pub(crate) fn nobody_else_is_measured(&self) {
        let Some(rest) = &self.rest else { return };
        let all = rest.get("alice", "/v1/measures?limit=200");
        let practised = |row: &Value| row["key"] == TEST_KEY.key && row["by"] == "user:alice";
        let is_known = |row: &Value| row["key"] == LENT || practised(row);
        let others: Vec<&Value> =
            all["items"].as_array().unwrap().iter().filter(|row| !is_known(row)).collect();
        assert!(others.is_empty(), "{others:?}");
    }

    /// Waits until the owner was written to.
    pub(crate) fn is_told(&self, kind: &str) {
        until(&format!("a letter of {kind}"), || {
            let sent = self.hand.place.path("sumun-data/notices.ndjson");
            std::fs::read_to_string(sent).unwrap_or_default().contains(kind).then_some(())
        });
    }

    /// Waits until all that was written while it was stopped has been handed in.
    pub(crate) fn tap_catches_up(&self) {
        let position = || {
            let text = std::fs::read_to_string(self.hand.place.path("tap-state/front-1.json")).ok()?;
            serde_json::from_str::<Value>(&text).ok()?["position"].as_u64()
        };
        let before = position().unwrap();
        until("the tap to go on", || position().filter(|now| *now > before + 50));
    }

    pub(crate) fn stands(&self, measure: &str) {
        until(&format!("{measure} of the lender's key"), || {
            self.measures().iter().any(|row| row["measure"] == measure).then_some(())
        });
    }

    /// Waits until the exchange has said that a key is so; what stands about it.
    pub(crate) fn told_as(&self, key: &str, target: &str, states: &[&str]) -> Value {
        until(&format!("{key} to be {target} and one of {states:?}"), || {
            let found = self.rest().get("alice", &format!("/v1/actuations?key={key}"));
            let stands = |told: &&Value| {
                told["target"] == target && states.iter().any(|state| told["state"] == *state)
            };
            found["items"].as_array()?.iter().find(stands).cloned()
        })
    }

    /// Cut by the policy, from the log alone: the key never came to a gate.
    pub(crate) fn is_cut_by_machine(&self) {
        self.told_as(LENT, "held", &["acknowledged", "confirmed"]);
        let measures = self.measures();
        let [cut] = measures.as_slice() else { panic!("{measures:?}") };
        assert_eq!((&cut["measure"], &cut["by"]), (&"reverify".into(), &"policy:default@3".into()), "{cut}");
        until("the lender's orders to be refused by the exchange itself", || {
            let refused = self.bots.count(self.week, LENT).refused;
            refused.iter().any(|said| is_said(said, "may only read and cancel")).then_some(())
        });
    }

    pub(crate) fn gates_obey(&self) {
        until("the gate to obey the ramp", || {
            let ramp = self.rest().get("alice", "/v1/ramp");
            let gates = ramp["gates"].as_array()?;
            let obeys = |gate: &Value| gate["gate"] == "gate-a" && gate["state"] == "obeys";
            gates.iter().any(obeys).then_some(())
        });
    }

    /// The pilot's name is pointed at the gate, at the exchange's own gateway again, and at the gate for good.
    pub(crate) fn pilot_moves(&self) {
        for gate in [Some(self.gate()), None, Some(self.gate())] {
            self.bots.go_by_gate(gate);
            self.goes_on("the pilot has moved");
        }
        self.is_served("shadow");
    }

    pub(crate) fn shadows(&self) {
        until("the report to hold what would have been refused", || {
            let report = self.rest().get("alice", "/v1/ramp/report");
            let causes = report["causes"].as_array()?;
            let known = |cause: &Value| cause["reason"] == "address_not_allowed";
            assert!(causes.iter().all(known), "a cause that nobody expected: {report}");
            (!causes.is_empty()).then_some(())
        });
    }

    /// The exchange's own gateway has another configuration, and its pilot is asked about: of the test key it says what the gate thinks.
    pub(crate) fn own_gateway_asks(&self) {
        until("the exchange's own gateway to ask the gate", || {
            (self.bots.own_says()? == "address_not_allowed").then_some(())
        });
        assert_eq!(self.bots.tests_own(), Outcome::Served, "nothing is refused in shadow");
        self.goes_on("the exchange's own gateway asks the gate");
    }

    /// The exchange's own test key, at the gate and at the exchange's own gateway.
    pub(crate) fn is_served(&self, why: &str) {
        until(&format!("the test key to be served: {why}"), || {
            let outcomes = [self.bots.tests(self.gate()), self.bots.tests_own()];
            (outcomes == [Outcome::Served, Outcome::Served]).then_some(())
        });
    }

    pub(crate) fn is_refused(&self, why: &str) {
        until(&format!("the test key to be refused: {why}"), || {
            let (by_gate, by_own) = (self.bots.tests(self.gate()), self.bots.tests_own());
            let refused = is_said(&by_gate, "no_authorization_ip") && is_said(&by_own, "address_not_allowed");
            refused.then_some(())
        });
    }

    /// The test key goes on asking while the command is typed; from the ledger's time on it is counted until it is served.
    pub(crate) fn steps_back(&mut self, step: &Step) {
        self.is_refused("a quarter of retail is enforced");
        let (gate, bots) = (self.gate(), &self.bots);
        let served = std::thread::scope(|scope| {
            let served = scope.spawn(|| {
                until("the test key to be served: stepped back", || {
                    let outcomes = [bots.tests(gate), bots.tests_own()];
                    (outcomes == [Outcome::Served, Outcome::Served]).then(now)
                })
            });
            self.hand.does(step);
            served.join().unwrap()
        });
        let at: Timestamp = self.rest().get("alice", "/v1/ramp")["at"].as_str().unwrap().parse().unwrap();
        self.stepped_back_ms = Some(served.micros_since(at) / 1000);
        self.goes_on("stepped back");
    }

    /// Every honest customer is served some times more.
    pub(crate) fn goes_on(&self, why: &str) {
        let before = self.bots.counts();
        until(&format!("every honest customer to go on: {why}"), || {
            let now = self.bots.counts();
            let served = |of: &std::collections::BTreeMap<_, crate::bots::Count>, key| {
                of.get(&(self.week, key)).map_or(0, |count| count.served)
            };
            let mut honest = CUSTOMERS.iter().filter(|client| client.is_honest());
            honest
                .all(|client| served(&now, client.key) >= served(&before, client.key) + ENOUGH)
                .then_some(())
        });
    }

    /// It has ended at the exchange as well, and the exchange's own log says when it last worked.
    pub(crate) fn ends_the_key(&self) {
        let told = self.told_as(LENT, "ended", &["confirmed"]);
        let at = |name: &str| -> Timestamp { told[name].as_str().unwrap().parse().unwrap() };
        let (last, acknowledged) = (at("last_access"), at("acknowledged"));
        // One that was under way is written down after the answer.
        assert!(last.micros_since(acknowledged) <= GRACE_S * 1_000_000, "{told}");
        eprintln!("the lender's last request that succeeded: {last}; ended at the exchange: {acknowledged}");
        assert!(matches!(self.bots.lender_asks(), Outcome::Refused { gate: false, .. }));
        until("every gate and the exchange to have said so", || {
            let row = self.measures().into_iter().find(|row| row["measure"] == "expire")?;
            let obeyed = row["body"]["obeyed"].as_array()?.clone();
            let says = |name: &str| obeyed.iter().any(|one| one["gate"] == name);
            (says("exchange") && says("gate-a")).then_some(())
        });
    }

    /// Which entry says that the key has ended.
    pub(crate) fn notes_the_end(&mut self) {
        let mut entries = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.rest().get("alice", &format!("/v1/ledger/entries?limit=1000{after}"));
            entries.extend(page["items"].as_array().unwrap().iter().cloned());
            match &page["next"] {
                Value::String(next) => after = format!("&after={next}"),
                Value::Number(next) => after = format!("&after={next}"),
                _ => break,
            }
        }
        let ended = |entry: &&Value| entry["class"] == "key.expired";
        let index =
            entries.iter().rfind(ended).unwrap_or_else(|| panic!("no end in {entries:?}"))["index"].clone();
        self.hand.notes(&format!("noted entry {index}"));
    }

    /// Every request is counted, and every refusal is somebody's, in words that say why.
    pub(crate) fn attributes(&self) {
        // Whose, whether at the gate, and in which words: a refused order leaves nothing to be cancelled.
        let known = [
            (LENT, false, "may only read and cancel"),
            (LENT, false, "there is no such access key"),
            (LENT, false, "order_not_found"),
            (SILENT, false, "may only read and cancel"),
            (SILENT, false, "there is no such access key"),
            (SILENT, false, "order_not_found"),
            (TEST_KEY.key, true, "no_authorization_ip"),
            (TEST_KEY.key, false, "address_not_allowed"),
        ];
        let mut refusals = BTreeMap::<_, u64>::new();
        for ((week, key), count) in self.bots.counts() {
            eprintln!(
                "week {week}, {key}: {} served, {} of them by the gate, {} refused",
                count.served,
                count.served_by_gate,
                count.refused.len()
            );
            for refused in &count.refused {
                let of = known.iter().find(|(of, by_gate, words)| {
                    let by = matches!(refused, Outcome::Refused { gate, .. } if gate == by_gate);
                    key == *of && by && is_said(refused, words)
                });
                let of = of.unwrap_or_else(|| panic!("{key} in week {week}: {refused:?}"));
                *refusals.entry(*of).or_default() += 1;
            }
        }
        for ((key, gate, words), count) in refusals {
            let at = if gate { "the gate" } else { "the exchange's own gateway" };
            eprintln!("{count} refusals of {key} at {at}: {words}");
        }
    }
}

/// Whether it was refused in these words.
pub(crate) fn is_said(outcome: &Outcome, words: &str) -> bool {
    matches!(outcome, Outcome::Refused { said, .. } if said.contains(words))
}

impl Drop for Run {
    fn drop(&mut self) {
        if let (true, Some(rest)) = (std::thread::panicking(), &self.rest) {
            for list in ["measures", "actuations"] {
                eprintln!(
                    "{list}:\n{}",
                    rest.ask("alice", "GET", &format!("/v1/{list}?limit=50"), None).text
                );
            }
        }
    }
}
