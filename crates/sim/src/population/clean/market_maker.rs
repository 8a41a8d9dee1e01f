//! A market maker: a machine in a cloud near the venue, one market a key, a thousand looks and hundreds of limit orders a day, most of
//! them withdrawn unfilled.
//!
//! Could be mistaken for: nothing of lending; it must not drown what is beside it.

use crate::population::DAY;
use crate::population::cast::{Cast, always};
use crate::population::clients::{Client, LIBRARIES, Upgrades};
use crate::population::habit::{Brain, Rhythm};
use crate::population::places::{CLOUDS, host_in};
use sumun_model::{Purpose, Segment};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    let owner = cast.customer(Segment::MarketMaker);
    cast.at_home(&owner, &owner.home);
    let [alpha, beta, ..] = CLOUDS;
    let [.., go, java, _, _] = LIBRARIES;
    for n in 0..size {
        let mut draws = cast.draws("maker", n);
        let key = cast.key_made(&owner, cast.scene.start - draws.between(30, 300) * DAY);
        let host = host_in(draws.pick(&[alpha, beta]), &cast.tree.child("machine", n));
        cast.registered(&owner, key, (&host, &owner.client));
        cast.on_key(key, |key| key.purpose = Purpose::MarketMaking);
        let client = Client { library: draws.pick(&[go, java]), platform: n % 4, upgrades: Upgrades::Never };
        let looks = draws.spread(900, 1) * cast.scene.activity / 1000;
        let rhythm = Rhythm::of(looks.max(1), (0, 24), &mut draws);
        let orders = draws.spread(500, 1) * cast.scene.activity;
        let brain = Brain::usual(cast.tree.child("quotes", n), orders, &mut draws);
        let brain =
            Brain { markets: vec![draws.below(6)], limit: 1000, cancels: 800, worth: 400_000, ..brain };
        cast.drives(key, rhythm, brain, always(&host, &client));
    }
}
