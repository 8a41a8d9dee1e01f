//! A stolen secret is useless elsewhere: refused on every protocol, on record as what it is, and no harm to the owner.

use crate::driver::{Driver, Library, REGISTERED, UNREGISTERED, balance, cancel, resting_order, withdrawal};
use crate::records::text;
use crate::stage::{Key, Setup, Stage};
use crate::table::Table;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

/// Reads, orders and cancels until told to stop; returns how often. Any failure fails the test.
fn trade_on(mut owner: Driver, stop: &AtomicBool) -> usize {
    owner.get(&json!({"op": "ws_subscribe", "types": ["myOrder"]}));
    let mut rounds = 0;
    while !stop.load(Ordering::Relaxed) || rounds == 0 {
        owner.get(&balance());
        let order = owner.get(&resting_order());
        owner.get(&cancel(&order));
        rounds += 1;
    }
    let event = owner.get(&json!({"op": "ws_next", "timeout_s": 10}));
    assert!(event.get("message").is_some(), "the owner's stream: {event}");
    rounds
}

/// Everything a thief might try, with every library. Returns how many requests that were.
fn steal(stage: &Stage, key: &Key, table: &Table) -> usize {
    let row = table.row("address_not_allowed");
    let libraries = [Library::CcxtPro, Library::UpbitSdk, Library::Pyupbit];
    let thieves = libraries.map(|library| (library, Driver::start(library, stage, key, UNREGISTERED)));
    let mut tried = 0;
    for (library, mut thief) in thieves {
        for (operation, by_pyupbit) in [
            (balance(), &row.pyupbit_read),
            (resting_order(), &row.pyupbit_order),
            (withdrawal(library), &row.pyupbit_order),
        ] {
            let told = match library {
                Library::UpbitSdk => &row.upbit_sdk,
                Library::Pyupbit => by_pyupbit,
                _ => &row.ccxt,
            };
            let answer = thief.ask(&operation);
            assert_eq!(&answer.outcome(), told, "{operation}: {}", answer.shown());
            tried += 1;
        }
        let told = match library {
            Library::UpbitSdk => &table.websocket.upbit_sdk_upgrade,
            Library::CcxtPro => &table.websocket.ccxt_pro_upgrade,
            _ => continue,
        };
        let answer = thief.ask(&json!({"op": "ws_subscribe", "types": ["myAsset", "myOrder"]}));
        assert_eq!(&answer.outcome(), told, "{}", answer.shown());
        tried += 1;
    }
    tried
}

#[test]
fn a_stolen_secret_is_useless_elsewhere() {
    // The owner's own pace is not what is tried here.
    let unlimited = "[gate.rates]\ndefault_per_second = 0\norder_per_second = 0";
    let mut stage = Setup::default().key("K1").gate(unlimited).start();
    let table = Table::read();
    let key = stage.key("K1").clone();
    let owner = Driver::start(Library::CcxtPro, &stage, &key, REGISTERED);

    let stop = AtomicBool::new(false);
    let (rounds, mut tried) = std::thread::scope(|scope| {
        let trading = scope.spawn(|| trade_on(owner, &stop));
        let stolen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| steal(&stage, &key, &table)));
        stop.store(true, Ordering::Relaxed);
        (trading.join().unwrap(), stolen.unwrap())
    });
    assert!(rounds > 1, "the owner traded meanwhile");

    // The owner's next token, caught and used first by the thief, still works for the owner; once.
    let (mut owner, mut thief) = (
        Driver::start(Library::Raw, &stage, &key, REGISTERED),
        Driver::start(Library::Raw, &stage, &key, UNREGISTERED),
    );
    let token = owner.get(&json!({"op": "token"}))["value"].clone();
    let bearer = json!({"op": "request", "auth": {"kind": "raw", "value": token}});
    for (by_thief, status) in [(true, 403), (true, 403), (false, 200), (false, 401)] {
        let driver = if by_thief { &mut thief } else { &mut owner };
        let answer = driver.get(&bearer);
        assert_eq!(answer["status"], status, "{answer}");
    }
    tried += 2;
    stage.stop_gate();

    let lines = stage.log();
    let stolen: Vec<&Value> = lines.iter().filter(|line| line["ip"] == UNREGISTERED).collect();
    assert_eq!(stolen.len(), tried);
    for line in stolen {
        assert_eq!(line["verdict"], "deny", "{line}");
        assert_eq!(line["reason"], "address_not_allowed", "{line}");
        assert_eq!(line["signature"], "valid", "the secret is out: {line}");
        assert_eq!(line["checks"]["address"], "fail", "{line}");
        assert_eq!(line["status"], 403, "{line}");
    }
    let failed = lines.iter().filter(|line| line["ip"] == REGISTERED && line["verdict"] != "allow");
    assert_eq!(failed.map(|line| text(line, "reason")).collect::<Vec<_>>(), ["replayed"], "the last request");
    for entry in stage.received_with_key() {
        let headers = entry["headers"].to_string();
        assert!(!headers.contains(UNREGISTERED), "the exchange saw the thief: {entry}");
    }
    let passed = lines.iter().filter(|line| line["verdict"] == "allow").count();
    assert_eq!(stage.received_with_key().len(), passed, "nothing but what was allowed reached the exchange");
}
