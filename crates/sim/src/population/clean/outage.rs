//! Homes of one street, whose line fails three to six times: all their bots stop in the same second and resume within a minute or two of
//! each other. They share provider and neighbourhood, and nothing else.
//!
//! Could be mistaken for: keys that stop and resume together because one person drives them.

use crate::population::MINUTE;
use crate::population::cast::{Cast, always};
use crate::population::places::{HOMES, Host};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    let mut draws = cast.draws("street", 0);
    let net = draws.pick(&HOMES);
    let hood = net.hood(&mut draws);
    let outages: Vec<_> = (0..draws.between(3, 6))
        .map(|_| {
            let from = cast.moment(20, 950, &mut draws);
            (from, from + draws.between(12, 150) * MINUTE)
        })
        .collect();
    for _ in 0..size {
        let owner = cast.owner();
        let home = Host::at(net, net.v4(hood, &mut draws), &mut draws);
        let key = cast.key(&owner);
        cast.registered(&owner, key, (&home, &owner.client));
        cast.at_home(&owner, &home);
        let driver = cast.own_bot(&owner, key, always(&home, &owner.client));
        // A router takes a minute or so to come back.
        let stopped: Vec<_> = outages
            .iter()
            .map(|(from, until)| (*from, until + draws.between(5, 110) * MINUTE / 60))
            .collect();
        cast.on_driver(driver, |driver| driver.pauses.extend(stopped));
    }
}
