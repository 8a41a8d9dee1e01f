//! The borrower's requests leave by the owner's own line, with the owner's library and version, through a box or a tunnel there. No
//! address, network, client or registration changes. What is left: another rhythm, other markets and sizes, other hours;
//! through a plain tunnel a TLS round trip longer than TCP's, where the gate sees either; the owner's bot, in half of the stories, falls silent.
//!
//! Nearly invisible, and meant to be: whoever finds many of these on this data should look for what gives them away by mistake.

use super::Operator;
use crate::population::DAY;
use crate::population::cast::{Cast, FOR_EVER, LONG_AGO, always, stage};
use crate::population::truth::Skill;

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    for n in 0..size {
        let (owner, key) = cast.home_user();
        let mut draws = cast.draws("relay", n);
        let from = cast.moment(250, 600, &mut draws).max(cast.created(key) + DAY);
        // Habits of a careful stranger, the network and the client of the owner.
        let borrower = Operator::of(cast, &owner, n, Skill::Careful);
        let mut host = owner.home.clone();
        if draws.chance(500) {
            host.tunnel_us = draws.spread(18_000, 2);
        }
        if draws.chance(500) {
            cast.own_bot(&owner, key, always(&owner.home, &owner.client));
        } else {
            cast.own_bot(&owner, key, vec![stage(LONG_AGO, from, &owner.home, &owner.client)]);
        }
        let stages = vec![stage(from, FOR_EVER, &host, &owner.client)];
        cast.drives(key, borrower.rhythm, borrower.brain, stages);
        cast.misused(key, from, &borrower.name, Skill::Adaptive);
    }
}
