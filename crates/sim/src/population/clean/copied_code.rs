//! Strangers who run one published bot unchanged: the same library, the same markets, the same looks as the minute begins, and so much
//! the same orders within seconds. Everybody has his own home or cloud, his own stake, his own days off; some leave out what they
//! cannot afford.
//!
//! Could be mistaken for: a pool on many hosts. What differs: they do not stop, resume, upgrade or move together.

use crate::population::SECOND;
use crate::population::cast::{Cast, always};
use crate::population::clients::{Client, LIBRARIES, PYTHON};
use crate::population::habit::{Brain, Rhythm};
use crate::population::places::{CLOUDS, host_in};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    let mut draws = cast.draws("published", 0);
    let [_, ccxt, ..] = LIBRARIES;
    let library = draws.pick(&[PYTHON, PYTHON, ccxt]);
    let daily = draws.spread(85, 1);
    let rhythm = Rhythm::of((daily * cast.scene.activity / 2000).max(1), (0, 24), &mut draws).each_minute();
    let strategy = cast.tree.child("strategy", 0);
    let orders = (daily * cast.scene.activity * 15 / 100).max(1);
    let published = Brain { on_the_minute: true, ..Brain::usual(strategy, orders, &mut draws) };
    for n in 0..size {
        let owner = cast.owner();
        let key = cast.key(&owner);
        let mut draws = owner.tree.child("copy", 0).draws();
        let host = if draws.chance(650) {
            owner.home.clone()
        } else {
            host_in(draws.pick(&CLOUDS), &cast.tree.child("machine", n))
        };
        let client = Client { library, ..owner.client.clone() };
        cast.registered(&owner, key, (&host, &client));
        cast.at_home(&owner, &owner.home);
        let brain = Brain {
            delay: (200_000, 9 * SECOND),
            skip: draws.pick(&[0, 0, 50, 200]),
            worth: owner.brain.worth,
            ..published.clone()
        };
        cast.drives(key, rhythm.copied(&mut draws), brain, always(&host, &client));
    }
}
