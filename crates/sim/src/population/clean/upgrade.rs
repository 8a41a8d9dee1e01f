//! The owner takes up a new version of the library at a time of his own, sometimes with a new machine below it: the agent's version and,
//! for some libraries, the TLS fingerprint change; nothing else does. (On a release day many clients of all kinds do so at once.)
//!
//! Could be mistaken for: another client, and so another operator.

use crate::population::MINUTE;
use crate::population::cast::{Cast, FOR_EVER, LONG_AGO, stage};
use crate::population::clients::{Client, Upgrades};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    for n in 0..size {
        let (owner, key) = cast.home_user();
        let mut draws = cast.draws("upgrade", n);
        let at = cast.moment(150, 850, &mut draws);
        let old = Client { upgrades: Upgrades::Never, ..owner.client.clone() };
        let new = Client { upgrades: Upgrades::At(at), ..owner.client.clone() };
        let new = if draws.chance(300) { Client { platform: draws.below(4), ..new } } else { new };
        let stopped = draws.between(1, 45) * MINUTE;
        cast.own_bot(
            &owner,
            key,
            vec![stage(LONG_AGO, at, &owner.home, &old), stage(at + stopped, FOR_EVER, &owner.home, &new)],
        );
    }
}
