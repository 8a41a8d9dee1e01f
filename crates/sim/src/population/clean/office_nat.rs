//! Colleagues with accounts of their own behind one office address: two in three have the bot there, all sign in from there, by
//! browser, on devices of their own. Libraries and strategies differ.
//!
//! Could be mistaken for: a pool on one host.

use crate::population::cast::{Cast, always};
use crate::population::places::{OFFICES, host_in};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    let net = cast.draws("office", 0).pick(&OFFICES);
    let office = host_in(net, &cast.tree.child("office", 1));
    for _ in 0..size {
        let owner = cast.owner();
        let key = cast.key(&owner);
        let at_work = owner.tree.child("works", 0).draws().chance(670);
        let host = if at_work { &office } else { &owner.home };
        cast.registered(&owner, key, (host, &owner.client));
        cast.own_bot(&owner, key, always(host, &owner.client));
        cast.at_home(&owner, &office);
    }
}
