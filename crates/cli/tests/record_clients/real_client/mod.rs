//! The tests, one file per story.

mod one_gate;
mod three_gates;

use crate::driver::{Answer, Driver, Library, balance, resting_order};
use crate::table::Table;

/// Reads and orders are refused for this reason, in the library's own way.
fn refused(library: Library, driver: &mut Driver, table: &Table, reason: &str) {
    let row = table.row(reason);
    for (operation, by_pyupbit) in [(balance(), &row.pyupbit_read), (resting_order(), &row.pyupbit_order)] {
        let answer = driver.ask(&operation);
        assert_eq!(
            answer.outcome(),
            told(library, &row.ccxt, &row.upbit_sdk, by_pyupbit),
            "{}",
            answer.shown()
        );
    }
}

fn told(library: Library, ccxt: &str, upbit_sdk: &str, pyupbit: &str) -> String {
    match library {
        Library::UpbitSdk => upbit_sdk,
        Library::Pyupbit => pyupbit,
        _ => ccxt,
    }
    .to_owned()
}

/// The last part of the name of what was raised when a stream ended.
fn raised(seen: &serde_json::Value) -> &str {
    seen["closed"]["exception"].as_str().and_then(|name| name.rsplit('.').next()).unwrap_or("nothing")
}

/// An order is refused for lack of a scope, and only that.
fn scope_missing(library: Library, answer: &Answer, table: &Table) {
    let row = table.row("scope_missing");
    let expected = told(library, &row.ccxt, &row.upbit_sdk, &row.pyupbit_order);
    assert_eq!(answer.outcome(), expected, "{}", answer.shown());
}
