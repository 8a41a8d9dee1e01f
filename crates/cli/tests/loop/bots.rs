//! Client libraries on one key, each in a process and at an address of its own.

use crate::driver::{Answer, Driver, Library, balance, cancel, resting_order};
use crate::keys::Key;
use crate::world::{ELSEWHERE, HOME, World};
use serde_json::json;
use std::net::SocketAddr;

/// The owner's ccxt at home and somebody's pyupbit elsewhere, with the same key.
pub(crate) struct Bots {
    pub(crate) owner: Driver,
    pub(crate) borrower: Driver,
}

/// The owner's library, from an address. Over plain HTTP it looks like pyupbit: both call themselves `python-requests`.
pub(crate) fn ccxt(gate: SocketAddr, key: &Key, from: &str) -> Driver {
    Driver::at(Library::CcxtPro, gate, &key.id, &key.secret, from)
}

impl Bots {
    pub(crate) fn start(world: &World<'_>, key: &Key) -> Self {
        let gate = world.open().gate();
        let borrower = Driver::at(Library::Pyupbit, gate, &key.id, &key.secret, ELSEWHERE);
        Self { owner: ccxt(gate, key, HOME), borrower }
    }

    /// Each asks once, the borrower first.
    pub(crate) fn both_ask(&mut self) {
        self.borrower.get(&balance());
        self.owner.get(&balance());
    }
}

/// An order that rests, and its end.
pub(crate) fn trades(driver: &mut Driver) {
    let order = driver.get(&resting_order());
    driver.get(&cancel(&order));
}

/// Opens a private stream.
pub(crate) fn listens(driver: &mut Driver) {
    driver.get(&json!({"op": "ws_subscribe", "types": ["myOrder"]}));
}

/// How a read goes.
pub(crate) fn asks(driver: &mut Driver) -> Answer {
    driver.ask(&balance())
}
