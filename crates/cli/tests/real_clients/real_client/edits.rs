//! An edit of the keys file takes effect at the next request, in each library's own way, and on open streams.

use crate::driver::{Answer, Driver, Library, REGISTERED, balance, cancel, identity, resting_order};
use crate::gate_process::GateProcess;
use crate::records::text;
use crate::stage::{Setup, Stage};
use crate::table::Table;
use crate::waiting::until;
use serde_json::{Value, json};

struct Bots {
    table: Table,
    stage: Stage,
    ccxt: Driver,
    sdk: Driver,
    pyupbit: Driver,
}

fn subscribe() -> Value {
    json!({"op": "ws_subscribe", "types": ["myOrder"]})
}

impl Bots {
    fn ask(&mut self, operation: &Value) -> [(Library, Answer); 3] {
        [
            (Library::CcxtPro, self.ccxt.ask(operation)),
            (Library::UpbitSdk, self.sdk.ask(operation)),
            (Library::Pyupbit, self.pyupbit.ask(operation)),
        ]
    }

    fn pass(&mut self, operation: &Value) -> Vec<Value> {
        self.ask(operation).iter().map(|(_, answer)| answer.result().clone()).collect()
    }

    /// An order of each, which rests.
    fn place(&mut self) -> Vec<Value> {
        self.pass(&resting_order())
    }

    fn orders_refused(&mut self, reason: &str) {
        for (library, answer) in self.ask(&resting_order()) {
            let row = self.table.row(reason);
            let told = match library {
                Library::UpbitSdk => &row.upbit_sdk,
                Library::Pyupbit => &row.pyupbit_order,
                _ => &row.ccxt,
            };
            assert_eq!(&answer.outcome(), told, "`{reason}`: {}", answer.shown());
        }
    }

    fn reads_refused(&mut self, reason: &str) {
        for (library, answer) in self.ask(&balance()) {
            let row = self.table.row(reason);
            let told = match library {
                Library::UpbitSdk => &row.upbit_sdk,
                Library::Pyupbit => &row.pyupbit_read,
                _ => &row.ccxt,
            };
            assert_eq!(&answer.outcome(), told, "`{reason}`: {}", answer.shown());
        }
    }

    /// Each cancels its own order.
    fn cancel(&mut self, orders: &[Value]) {
        let [first, second, third] = orders else { panic!("not three orders") };
        self.ccxt.get(&cancel(first));
        self.sdk.get(&cancel(second));
        self.pyupbit.get(&cancel(third));
    }

    /// Opens both streams, and shows that they carry news.
    fn open_streams(&mut self) {
        let before = self.stage.messages("K1").len();
        self.ccxt.get(&subscribe());
        self.sdk.get(&subscribe());
        // "Sent" is not "received": what happens before is told to nobody.
        until("both subscriptions at the exchange", || {
            (self.stage.messages("K1").len() == before + 2).then_some(())
        });
        let order = self.pyupbit.get(&resting_order());
        let told = |event: Value| event.to_string().contains(identity(&order));
        self.pyupbit.get(&cancel(&order));
        for driver in [&mut self.ccxt, &mut self.sdk] {
            until("news of an order", || {
                told(driver.get(&json!({"op": "ws_next", "timeout_s": 10}))).then_some(())
            });
        }
    }

    /// Both libraries saw the end of their streams, as the table says.
    fn streams_closed(&mut self) {
        let seen = self.ccxt.get(&json!({"op": "ws_closed", "timeout_s": 10}));
        let class = |seen: &Value| text(&seen["closed"], "exception").rsplit('.').next().unwrap().to_owned();
        assert_eq!(class(&seen), self.table.websocket.ccxt_pro_close, "{seen}");
        let seen = self.sdk.get(&json!({"op": "ws_closed", "timeout_s": 10}));
        assert_eq!(class(&seen), self.table.websocket.upbit_sdk_close, "{seen}");
        assert_eq!(seen["closed"]["code"], self.table.websocket.close_code, "{seen}");
        assert_eq!(seen["closed"]["reason"], self.table.websocket.close_reason, "{seen}");
        self.ccxt.get(&json!({"op": "ws_close"}));
        self.sdk.get(&json!({"op": "ws_close"}));
        until("no stream", || (self.stage.gate().readiness()["streams_open"] == 0).then_some(()));
    }

    fn set(&mut self, field: &str, value: toml::Value) {
        self.stage.edit("K1", |key| {
            key.insert(field.to_owned(), value);
        });
    }

    fn clear(&mut self, field: &str) {
        self.stage.edit("K1", |key| {
            key.remove(field).unwrap();
        });
    }
}

#[test]
fn an_edit_takes_effect_at_the_next_request() {
    let stage = Setup::default().key("K1").start();
    let start = |library| Driver::start(library, &stage, stage.key("K1"), REGISTERED);
    let (ccxt, sdk, pyupbit) = (start(Library::CcxtPro), start(Library::UpbitSdk), start(Library::Pyupbit));
    let mut bots = Bots { table: Table::read(), stage, ccxt, sdk, pyupbit };

    let orders = bots.place();
    bots.open_streams();
    bots.set("state", "suspended".into());
    bots.orders_refused("key_suspended");
    bots.reads_refused("key_suspended");
    bots.cancel(&orders);
    bots.streams_closed();
    let refused = bots.ccxt.ask(&subscribe());
    assert_eq!(refused.outcome(), bots.table.websocket.ccxt_pro_upgrade, "{}", refused.shown());
    let refused = bots.sdk.ask(&subscribe());
    assert_eq!(refused.outcome(), bots.table.websocket.upbit_sdk_upgrade, "{}", refused.shown());

    bots.set("state", "active".into());
    let orders = bots.place();
    bots.open_streams();

    bots.set("allowlist", vec!["203.0.113.7/32"].into());
    bots.orders_refused("address_not_allowed");
    bots.reads_refused("address_not_allowed");
    bots.streams_closed();
    bots.set("allowlist", vec!["127.0.0.1/32"].into());
    bots.open_streams();

    bots.set("measure", "hold".into());
    bots.orders_refused("key_held");
    bots.pass(&balance());
    bots.cancel(&orders);
    // The streams of before tell of what happens now.
    for driver in [&mut bots.ccxt, &mut bots.sdk] {
        until("news of a cancellation on hold", || {
            let event = driver.get(&json!({"op": "ws_next", "timeout_s": 10}));
            assert!(event.get("message").is_some(), "instead of a message: {event}");
            event.to_string().contains(identity(&orders[2])).then_some(())
        });
    }
    bots.clear("measure");
    let orders = bots.place();

    bots.set("state", "expired".into());
    bots.streams_closed();
    bots.orders_refused("key_expired");
    bots.reads_refused("key_expired");
    for (_, answer) in bots.ask(&cancel(&orders[0])) {
        assert!(!answer.is_ok(), "a dead key cancels: {}", answer.shown());
    }
    nobody_comes_back(&mut bots);
}

/// A dead id edited back to life stays dead, and also after a restart.
fn nobody_comes_back(bots: &mut Bots) {
    bots.stage.edit_unseen("K1", |key| {
        key.insert("state".to_owned(), "active".into());
    });
    let told = until("the gate to refuse the revival", || {
        let said = bots.stage.gate().said();
        said.lines().find(|line| line.contains("ERROR")).map(str::to_owned)
    });
    assert!(told.contains("`K1`"), "{told}");
    bots.orders_refused("key_expired");
    bots.stage.stop_gate();
    bots.stage.restart_gate(GateProcess::start);
    bots.orders_refused("key_expired");
    bots.reads_refused("key_expired");
    bots.stage.stop_gate();
    let lines = bots.stage.log();
    let last_allowed = lines.iter().rposition(|line| line["verdict"] == "allow").unwrap();
    let first_dead = lines.iter().position(|line| line["reason"] == "key_expired").unwrap();
    assert!(last_allowed < first_dead, "{}", lines[last_allowed]);
    for line in lines.iter().filter(|line| line["reason"] == "key_expired") {
        assert_eq!(line["signature"], "valid", "a dead key's use is still told from noise: {line}");
    }
    // ccxt.pro opens every stream with the token of the first; upbit-sdk signs anew.
    let reopened = |library: &str| -> Vec<bool> {
        let upgrades = lines.iter().filter(|line| line["method"] == "GET" && line["channel"] == "websocket");
        let own = upgrades.filter(|line| text(line, "agent").starts_with(library));
        own.map(|line| line["ext"]["nonce_reused"] == true).collect()
    };
    assert_eq!(reopened("Python/"), [false, true, true, true], "by ccxt.pro, as aiohttp calls itself");
    assert_eq!(reopened("Upbit/Python"), [false; 4], "by upbit-sdk");
}
