//! The victim pasted an error message with his key id into a forum. For days, many people try it, each a few times, from homes, clouds
//! and anonymity exits, without the secret.
//!
//! Must not raise the victim's points.

use crate::population::DAY;
use crate::population::cast::{Cast, always};
use crate::population::places::{ABROAD, CARRIERS, CLOUDS, HOMES, TOR};
use crate::population::plan::Noise;

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    for n in 0..size {
        let (owner, key) = cast.home_user();
        cast.own_bot(&owner, key, always(&owner.home, &owner.client));
        let mut draws = cast.draws("probe", n);
        let from = cast.moment(150, 700, &mut draws).max(cast.created(key) + DAY);
        let nets = [HOMES.as_slice(), &CLOUDS, &ABROAD, &CARRIERS, &[TOR, TOR]].concat();
        cast.unit.noise.push(Noise {
            key,
            tree: cast.tree.child("probes", n),
            from,
            until: from + draws.between(2, 6) * DAY,
            per_hour: 3 * draws.spread(3, 1).max(1),
            nets,
            addresses: 40 + draws.below(300),
        });
    }
}
