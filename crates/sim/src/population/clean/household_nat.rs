//! Two or three of a family behind one home address, a key each. Every second household has one machine and one library for all
//! bots; strategies are each one's own.
//!
//! Could be mistaken for: one operator with several keys.

use crate::population::cast::{Cast, always};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    let shared = cast.draws("household", 0).chance(500);
    let mut first = None;
    for _ in 0..size {
        let owner = cast.owner();
        let (home, client) = first.get_or_insert_with(|| (owner.home.clone(), owner.client.clone()));
        let client = if shared { client.clone() } else { owner.client.clone() };
        let home = home.clone();
        let key = cast.key(&owner);
        cast.registered(&owner, key, (&home, &client));
        cast.at_home(&owner, &home);
        cast.own_bot(&owner, key, always(&home, &client));
    }
}
