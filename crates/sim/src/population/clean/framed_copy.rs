//! A stranger sees a leader's orders (he publishes them, or the stranger watches the book) and places the like one to six seconds later.
//! The leader knows nothing of it; all else about both is plain.
//!
//! Must not raise the leader's points. The copier is no lender either; his truth says `framer`.

use crate::population::SECOND;
use crate::population::cast::{Cast, FOR_EVER, always, stage};
use crate::population::habit::Brain;

pub(in super::super) fn tell(cast: &mut Cast<'_>, _size: u64) {
    let mut draws = cast.draws("copier", 0);
    let (leader, key) = cast.home_user();
    cast.own_bot(&leader, key, always(&leader.home, &leader.client));
    let (copier, key) = cast.home_user();
    cast.framer(key);
    let from = cast.moment(100, 500, &mut draws);
    let brain =
        Brain { delay: (SECOND, 6 * SECOND), skip: 50, worth: copier.brain.worth, ..leader.brain.clone() };
    let stages = vec![stage(from, FOR_EVER, &copier.home, &copier.client)];
    cast.drives(key, copier.rhythm, brain, stages);
}
