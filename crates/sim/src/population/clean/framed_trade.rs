//! A stranger takes the victim's resting orders again and again, so that the two look like partners. The victim only quotes, as he always
//! has; the venue's engine matched them.
//!
//! Must not raise the victim's points: nobody chooses who trades against him. The stranger's truth says `framer`.

use crate::population::cast::{Cast, FOR_EVER, always, stage};
use crate::population::habit::Brain;

pub(in super::super) fn tell(cast: &mut Cast<'_>, _size: u64) {
    let mut draws = cast.draws("taker", 0);
    let (victim, key) = cast.home_user();
    let brain = Brain {
        limit: 1000,
        milli_per_day: victim.brain.milli_per_day.max(12_000 * cast.scene.activity / 1000),
        ..victim.brain.clone()
    };
    let markets = brain.markets.clone();
    cast.drives(key, victim.rhythm.clone(), brain, always(&victim.home, &victim.client));
    let against = cast.unit.keys.get(key).map(|key| (key.account.clone(), key.id.clone()));
    let (stranger, key) = cast.home_user();
    cast.framer(key);
    let from = cast.moment(100, 500, &mut draws);
    let brain = Brain {
        limit: 0,
        markets,
        milli_per_day: 15_000 * cast.scene.activity / 1000,
        ..stranger.brain.clone()
    };
    let stages = vec![stage(from, FOR_EVER, &stranger.home, &stranger.client)];
    let driver = cast.drives(key, stranger.rhythm, brain, stages);
    cast.on_driver(driver, |driver| driver.against = against);
}
