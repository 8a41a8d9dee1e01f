//! What owner and borrower do, up to the first warning.

use crate::bots::{Bots, asks, listens, trades};
use crate::driver::{Driver, balance};
use crate::exchange::Exchange;
use crate::keys::Key;
use crate::table::Table;
use crate::waiting::until;
use crate::world::{ELSEWHERE, HOME, World, network, now};
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::Duration;

/// A home line and a machine abroad.
pub(super) fn networks() -> [Value; 2] {
    [
        network(HOME, 64500, "Example Home", "KR", "residential"),
        network(ELSEWHERE, 64501, "Example Hosting", "SG", "hosting"),
    ]
}

/// The owner alone, long enough for it to be a habit; his stream is open.
pub(super) fn settles(world: &World<'_>, exchange: &Exchange, key: &Key, owner: &mut Driver) {
    listens(owner);
    until("the subscription at the exchange", || (exchange.messages(&key.id) == 1).then_some(()));
    // `history_medium_s` of the test's policy is three seconds.
    let began = now();
    while now().micros_since(began) < 3_600_000 {
        trades(owner);
        sleep(Duration::from_millis(300));
    }
    assert_eq!(world.measures(key), [] as [Value; 0], "nothing is held against who uses his own key");
}

/// Somebody else knocks with the same key while the owner's program goes on: refused, asked about, watched.
pub(super) fn knocks(world: &World<'_>, key: &Key, bots: &mut Bots, table: &Table) {
    let refused = asks(&mut bots.borrower);
    assert_eq!(refused.outcome(), table.row("address_not_allowed").pyupbit_read, "{}", refused.shown());
    trades(&mut bots.owner);
    let question = world.question(key, ELSEWHERE);
    for language in ["ko", "en"] {
        assert!(
            question["say"][0][language].as_str().is_some_and(|text| text.contains(ELSEWHERE)),
            "{question}"
        );
    }
    world.obeyed(key, "monitor");
    assert_eq!(world.measures(key).len(), 1);
}

/// The owner registers the address with his second factor, and a request from there proves it.
pub(super) fn registers(world: &World<'_>, key: &Key, borrower: &mut Driver) {
    let path = format!("/v1/keys/{}/addresses", key.id);
    world.rest.must("owner", "POST", &path, Some(json!({ "prefix": ELSEWHERE })));
    assert!(!world.is_in_effect(key, ELSEWHERE));
    until("the address to be proved", || {
        asks(borrower);
        world.is_in_effect(key, ELSEWHERE).then_some(())
    });
    until("the borrower to be let in", || asks(borrower).is_ok().then_some(()));
}

/// The owner was last elsewhere, by the borrower's hand: home, elsewhere, and home again is three returns.
pub(super) fn returns_thrice(bots: &mut Bots) {
    bots.owner.get(&balance());
    bots.both_ask();
}
