//! One day the borrower takes the owner's place: ten minutes to three days after the owner's bot stops, another starts, from another
//! network, with other habits and, unless he is good at it, another client. The owner registers it from his own seat, and strikes his
//! own address half of the time. Nothing ever returns, so nothing interleaves.

use super::{Operator, PROOF, skill};
use crate::population::cast::{Cast, FOR_EVER, LONG_AGO, stage};
use crate::population::{DAY, HOUR, MINUTE};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    for n in 0..size {
        let (owner, key) = cast.home_user();
        let mut draws = cast.draws("hand over", n);
        let level = skill(&mut draws);
        let borrower = Operator::of(cast, &owner, n, level);
        let last = cast.moment(250, 600, &mut draws).max(cast.created(key) + DAY);
        let edit = last + draws.between(10, 600) * MINUTE;
        let seat = (&owner.home, owner.device.as_str());
        let effect = cast.edits(&owner, key, seat, (&borrower.host, &borrower.client), edit);
        let from = effect + draws.spread(180, 3).min(4000) as i64 * MINUTE;
        if draws.chance(500) {
            cast.struck(key, &owner.home, from + draws.between(1, 60) * HOUR);
        }
        cast.own_bot(&owner, key, vec![stage(LONG_AGO, last, &owner.home, &owner.client)]);
        let stages = vec![stage(from, FOR_EVER, &borrower.host, &borrower.client)];
        cast.drives(key, borrower.rhythm.clone(), borrower.brain.clone(), stages);
        cast.misused(key, effect - PROOF, &borrower.name, borrower.skill);
    }
}
