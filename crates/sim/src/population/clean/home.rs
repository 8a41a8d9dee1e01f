//! A bot at home: one address, registered and proved; one library; the owner signs in from the same line and by phone.
//!
//! One in ten only watches: a portfolio reader whose key may not trade.

use crate::population::cast::{Cast, always};
use sumun_model::{Purpose, ScopeSet};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    for _ in 0..size {
        let (owner, key) = cast.home_user();
        let driver = cast.own_bot(&owner, key, always(&owner.home, &owner.client));
        if owner.tree.child("watches", 0).draws().chance(100) {
            cast.on_key(key, |key| {
                key.scopes = ScopeSet::READ;
                key.purpose = Purpose::Portfolio;
            });
            cast.on_driver(driver, |driver| driver.brain.milli_per_day = 0);
        }
    }
}
