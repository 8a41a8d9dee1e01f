//! A bot on a rented machine, registered from the start; the owner signs in from home.
//!
//! Could be mistaken for: a borrower in a cloud, as the owner never sits where the key is used.

use crate::population::cast::{Cast, always};
use crate::population::places::{CLOUDS, host_in};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    for n in 0..size {
        let owner = cast.owner();
        let key = cast.key(&owner);
        let net = cast.draws("cloud", n).pick(&CLOUDS);
        let host = host_in(net, &cast.tree.child("machine", n));
        cast.registered(&owner, key, (&host, &owner.client));
        cast.at_home(&owner, &owner.home);
        cast.own_bot(&owner, key, always(&host, &owner.client));
    }
}
