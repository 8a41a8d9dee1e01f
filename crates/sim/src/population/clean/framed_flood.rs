//! Somebody sends hundreds of wrongly signed requests an hour in the victim's name, from a few rented machines, some hours on some days.
//! Beyond a number of failures the gate no longer looks at their signatures.
//!
//! Must not raise the victim's points: anybody can send an invalid signature.

use crate::population::HOUR;
use crate::population::cast::{Cast, always};
use crate::population::places::{CLOUDS, VPNS};
use crate::population::plan::Noise;

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    for n in 0..size {
        let (owner, key) = cast.home_user();
        cast.own_bot(&owner, key, always(&owner.home, &owner.client));
        let mut draws = cast.draws("flood", n);
        for burst in 0..2 + draws.below(3) {
            let from = cast.moment(100, 850, &mut draws).max(cast.created(key) + HOUR);
            let [alpha, _, _, delta, epsilon] = CLOUDS;
            let [veil, _] = VPNS;
            cast.unit.noise.push(Noise {
                key,
                tree: cast.tree.child("burst", n * 16 + burst),
                from,
                until: from + draws.between(1, 5) * HOUR,
                per_hour: draws.spread(300, 2),
                nets: vec![alpha, delta, epsilon, veil],
                addresses: 1 + draws.below(6),
            });
        }
    }
}
