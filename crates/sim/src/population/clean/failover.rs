//! Two hosts, both registered from the start: home and a cloud, or two clouds. One works at a time, with the same client and the same
//! strategy; some times in a month the other takes over for hours or days.
//!
//! Could be mistaken for: interleaved use.

use crate::population::cast::{Cast, FOR_EVER, LONG_AGO, stage};
use crate::population::places::{CLOUDS, host_in};
use crate::population::{DAY, HOUR, MINUTE};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    for n in 0..size {
        let owner = cast.owner();
        let key = cast.key(&owner);
        let mut draws = cast.draws("failover", n);
        let cloud = |name: &str, net| host_in(net, &cast.tree.child(name, n));
        let first = if draws.chance(600) { owner.home.clone() } else { cloud("first", draws.pick(&CLOUDS)) };
        let second = cloud("second", draws.pick(&CLOUDS));
        cast.registered(&owner, key, (&first, &owner.client));
        cast.registered(&owner, key, (&second, &owner.client));
        cast.at_home(&owner, &owner.home);
        let (mut stages, mut since) = (Vec::new(), LONG_AGO);
        let mut at = cast.scene.start + draws.between(1, 9) * DAY + draws.between(0, DAY);
        while at < cast.scene.end {
            let until = at + draws.between(1, 60) * HOUR;
            // The spare notices within minutes.
            let over = at + draws.between(1, 12) * MINUTE;
            stages.push(stage(since, at, &first, &owner.client));
            stages.push(stage(over, until.max(over), &second, &owner.client));
            since = until + MINUTE;
            at = since + draws.between(2, 12) * DAY + draws.between(0, DAY);
        }
        stages.push(stage(since, FOR_EVER, &first, &owner.client));
        cast.own_bot(&owner, key, stages);
    }
}
