//! Bots on telephones or tethered laptops: the address is one of a carrier's, shared with others, and changes every half hour to two
//! hours within one /24, which the owner has registered. Up to four customers of this world share the same addresses.
//!
//! Could be mistaken for: fan-out; several origins.

use crate::population::cast::{Cast, always};
use crate::population::places::phone;

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    let cell = phone(&cast.tree.child("cell", 0));
    for n in 0..size {
        let owner = cast.owner();
        let key = cast.key(&owner);
        let host = cell.clone().turning(n);
        cast.registered(&owner, key, (&host, &owner.client));
        cast.at_home(&owner, &host);
        cast.own_bot(&owner, key, always(&host, &owner.client));
    }
}
