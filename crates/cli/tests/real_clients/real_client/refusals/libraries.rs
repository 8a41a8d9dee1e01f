//! Each reason that a library can cause by itself: what its caller sees is what the table says.

use super::{
    FAILURES_MAX, GATE, bring_the_table_back, give_the_disk_room, let_the_disk_fill_up,
    let_the_table_grow_old,
};
use crate::driver::{Answer, Driver, Library, REGISTERED, balance, cancel, resting_order, withdrawal};
use crate::stage::{Setup, Stage};
use crate::table::{Row, Table};
use crate::waiting::until;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const LIBRARIES: [Library; 4] = [Library::Ccxt, Library::CcxtAsync, Library::UpbitSdk, Library::Pyupbit];

/// The two shapes in which pyupbit answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    /// A reading call, which lets exceptions through.
    Read,
    /// A call that prints the exception's name and returns `None`.
    Order,
}

fn told(row: &Row, library: Library, call: Call) -> &str {
    match (library, call) {
        (Library::Ccxt | Library::CcxtAsync | Library::CcxtPro, _) => &row.ccxt,
        (Library::UpbitSdk, _) => &row.upbit_sdk,
        (_, Call::Read) => &row.pyupbit_read,
        (_, Call::Order) => &row.pyupbit_order,
    }
}

struct Libraries {
    table: Table,
    stage: Stage,
    drivers: Vec<(Library, Driver)>,
    /// Reasons whose row was compared with a library.
    compared: BTreeSet<&'static str>,
}

impl Libraries {
    fn matches(&mut self, reason: &'static str, library: Library, call: Call, answer: &Answer) {
        let row = self.table.row(reason);
        assert_eq!(answer.outcome(), told(row, library, call), "`{reason}`: {}", answer.shown());
        if library != Library::Pyupbit {
            // The class alone may as well come of a broken connection.
            assert!(answer.shown().contains(&row.message), "`{reason}`: {}", answer.shown());
        }
        self.compared.insert(reason);
    }

    /// Every library asks this and gets what the row says; beyond a rate only after a moment.
    fn all(&mut self, reason: &'static str, call: Call, operation: impl Fn(Library) -> Value) {
        let slow_down = self.table.row("rate_limited").clone();
        for index in 0..self.drivers.len() {
            let (library, driver) = &mut self.drivers[index];
            let library = *library;
            let answer = until("an answer other than to slow down", || {
                let answer = driver.ask(&operation(library));
                (answer.outcome() != told(&slow_down, library, call)).then_some(answer)
            });
            self.matches(reason, library, call, &answer);
        }
    }

    fn all_read(&mut self, reason: &'static str) {
        self.all(reason, Call::Read, |_| balance());
    }

    fn all_order(&mut self, reason: &'static str) {
        self.all(reason, Call::Order, |_| resting_order());
    }

    /// Every library still gets this done; beyond a rate only after a moment.
    fn all_pass(&mut self, operation: impl Fn(Library) -> Value) {
        let slow_down = self.table.row("rate_limited");
        for (library, driver) in &mut self.drivers {
            let answer = until("an answer other than to slow down", || {
                let answer = driver.ask(&operation(*library));
                let outcome = answer.outcome();
                let limited =
                    [Call::Read, Call::Order].iter().any(|call| outcome == told(slow_down, *library, *call));
                (!limited).then_some(answer)
            });
            answer.result();
        }
    }

    /// Under an edit of the key: each library's reading and ordering calls are refused, or still pass.
    fn under(&mut self, reason: &'static str, reads_pass: bool, edit: impl FnOnce(&mut toml::Table)) {
        let before = std::fs::read_to_string(self.stage.keys_file()).unwrap();
        self.stage.edit("K1", edit);
        if reads_pass {
            self.all_pass(|_| balance());
        } else {
            self.all_read(reason);
        }
        self.all_order(reason);
        self.stage.change(|table| *table = toml::from_str(&before).unwrap());
    }

    fn of_the_key(&mut self) {
        let word = |field: &'static str, word: &'static str| {
            move |key: &mut toml::Table| {
                key.insert(field.to_owned(), toml::Value::String(word.to_owned()));
            }
        };
        let list = |field: &'static str, word: &'static str| {
            move |key: &mut toml::Table| {
                key.insert(field.to_owned(), toml::Value::Array(vec![toml::Value::String(word.to_owned())]));
            }
        };
        self.under("key_not_active", false, word("state", "requested"));
        self.under("key_suspended", false, word("state", "suspended"));
        self.under("key_held", true, word("measure", "hold"));
        self.under("reverification_required", true, word("measure", "reverify"));
        self.under("registration_required", true, |key| {
            key.insert("registration_due".to_owned(), toml::Value::Boolean(true));
        });
        self.under("address_not_allowed", false, list("allowlist", "203.0.113.7/32"));
        self.under("scope_missing", false, list("scopes", "market_data"));
        self.under("market_not_allowed", true, |key| {
            key.insert("mandate".to_owned(), toml::from_str("markets = [\"KRW-ETH\"]").unwrap());
        });
        let other = self.stage.other_secret("K1");
        let secret = |other: String| {
            move |key: &mut toml::Table| {
                key.insert("secret".to_owned(), toml::Value::String(other));
            }
        };
        self.under("signature_invalid", false, secret(other.clone()));

        // Not registered and signing wrongly, which is what the limiter of failures counts.
        let before = std::fs::read_to_string(self.stage.keys_file()).unwrap();
        self.stage.edit("K1", |key| {
            list("allowlist", "203.0.113.7/32")(key);
            secret(other)(key);
        });
        for _ in 0..FAILURES_MAX {
            let (library, driver) = &mut self.drivers[0];
            let (library, answer) = (*library, driver.ask(&balance()));
            self.matches("signature_invalid", library, Call::Read, &answer);
        }
        self.all_read("too_many_failures");
        self.all_order("too_many_failures");

        self.stage.change(|table| {
            table["keys"].as_array_mut().unwrap().retain(|key| key["key"].as_str() != Some("K1"));
        });
        self.all_read("unknown_key");
        self.all_order("unknown_key");
        self.stage.change(|table| *table = toml::from_str(&before).unwrap());
        self.all_pass(|_| balance());
    }

    fn of_the_request(&mut self) {
        // A long price or name is all it takes; nothing of it can be read.
        self.all("body_too_large", Call::Order, |library| {
            let mut order = resting_order();
            match library {
                Library::Pyupbit => order["price"] = json!("5".repeat(3000)),
                _ => order["identifier"] = json!("x".repeat(3000)),
            }
            order
        });
        // The one library that asks for a path nobody knows: two slashes.
        let (library, driver) =
            self.drivers.iter_mut().find(|(library, _)| *library == Library::Pyupbit).unwrap();
        let (library, answer) = (*library, driver.ask(&json!({"op": "deposits", "asset": "BTC"})));
        self.matches("route_unknown", library, Call::Order, &answer);

        for (call, operation) in [(Call::Read, balance()), (Call::Order, resting_order())] {
            for index in 0..self.drivers.len() {
                let (library, driver) = &mut self.drivers[index];
                let library = *library;
                let answer = until("a rate to be passed", || {
                    let answer = driver.ask(&operation);
                    (!answer.is_ok()).then_some(answer)
                });
                self.matches("rate_limited", library, call, &answer);
            }
        }
    }

    fn of_the_gate(&mut self) {
        let_the_table_grow_old(&self.stage);
        self.all_order("key_table_stale");
        self.all("key_table_stale", Call::Order, withdrawal);
        self.all_pass(|_| balance());
        bring_the_table_back(&self.stage);

        // Somebody without a credential fills the disk.
        let mut filler = Driver::start(Library::Raw, &self.stage, self.stage.key("K1"), REGISTERED);
        let fill = json!({"op": "burst", "count": 20, "request": {"auth": {"kind": "none"}}});
        let_the_disk_fill_up(&mut self.stage, || {
            filler.get(&fill);
        });
        // Reading first: an asynchronous client finds out only now that its connections ended with the last gate, and
        // sends nothing twice but what only reads.
        self.all_pass(|_| balance());
        self.all("recording_unavailable", Call::Order, withdrawal);
        give_the_disk_room(&mut self.stage);
        self.all_pass(|_| balance());
        self.all_pass(withdrawal);
    }

    fn of_its_end(&mut self) {
        let (_, owner) = &mut self.drivers[0];
        let order = until("an order to be placed", || {
            let answer = owner.ask(&resting_order());
            answer.is_ok().then(|| answer.result().clone())
        });
        self.stage.edit("K1", |key| {
            key.insert("state".to_owned(), toml::Value::String("expired".to_owned()));
        });
        self.all_read("key_expired");
        self.all_order("key_expired");
        // Not even cancelling: the key is no more.
        self.all("key_expired", Call::Order, |_| cancel(&order));
    }
}

/// Which a library cannot cause: they sign well, with a fresh nonce.
const NOT_BY_THEMSELVES: [&str; 2] = ["malformed_credentials", "replayed"];

#[test]
fn what_libraries_make_of_every_reason() {
    // A second key, since a keys file that loses its last one is taken for a mistake.
    let stage = Setup::default().key("K1").key("K2").gate(GATE).start();
    let drivers = LIBRARIES
        .map(|library| (library, Driver::start(library, &stage, stage.key("K1"), REGISTERED)))
        .into();
    let mut libraries = Libraries { table: Table::read(), stage, drivers, compared: BTreeSet::new() };
    libraries.of_the_key();
    libraries.of_the_request();
    libraries.of_the_gate();
    libraries.of_its_end();
    libraries.stage.stop_gate();

    for row in &libraries.table.rows {
        let expected = row.emitted && !NOT_BY_THEMSELVES.contains(&row.reason.as_str());
        assert_eq!(libraries.compared.contains(row.reason.as_str()), expected, "`{}`", row.reason);
    }
    for line in libraries.stage.log() {
        if let Some(reason) = line["reason"].as_str() {
            assert!(libraries.table.row(reason).emitted, "`{reason}` is never emitted, but: {line}");
        }
    }
}
