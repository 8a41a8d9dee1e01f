//! One operator, five to fifteen customers' keys, each from a machine of its own in several clouds (an adaptive operator's in home
//! networks), one strategy: each key's orders come up to ten minutes late and two in five are left out, and each key places some
//! of its own by chance. No address and, for the better ones, no system image is shared.
//!
//! What cannot be jittered away: they stop and resume within minutes of each other, take up a new version on one evening, and change
//! their addresses in one night, when the owners register the new ones within hours.

use super::{Operator, PROOF, skill};
use crate::population::cast::{Cast, FOR_EVER, LONG_AGO, awake, stage};
use crate::population::clients::{Client, Upgrades};
use crate::population::habit::Brain;
use crate::population::places::{CLOUDS, HOMES, Net, host_in};
use crate::population::tree::Draws;
use crate::population::truth::Skill;
use crate::population::{DAY, HOUR, MINUTE, SECOND};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    let mut draws = cast.draws("pool", 0);
    let level = skill(&mut draws);
    // His hand on the switch.
    let stops: Vec<_> = (0..draws.between(3, 7))
        .map(|_| {
            let from = cast.moment(350, 980, &mut draws);
            (from, from + draws.between(20, 500) * MINUTE)
        })
        .collect();
    let (upgrade, moves) = (cast.moment(450, 900, &mut draws), cast.moment(500, 900, &mut draws));
    let mut boss: Option<Operator> = None;
    for n in 0..size {
        let owner = cast.owner();
        let operator = boss.get_or_insert_with(|| Operator::of(cast, &owner, 0, Skill::Naive));
        let (rhythm, brain, name, client) =
            (operator.rhythm.clone(), operator.brain.clone(), operator.name.clone(), operator.client.clone());
        let mut draws = owner.tree.child("joins", 0).draws();
        let joins = cast.moment(30, 330, &mut draws);
        let key = if draws.chance(500) {
            let key = cast.key_made(&owner, cast.scene.start - draws.between(5, 300) * DAY);
            cast.registered(&owner, key, (&owner.home, &owner.client));
            cast.own_bot(&owner, key, vec![stage(LONG_AGO, joins, &owner.home, &owner.client)]);
            key
        } else {
            cast.key_made(&owner, joins)
        };
        cast.at_home(&owner, &owner.home);
        let first = host_in(net(level, &mut draws), &cast.tree.child("machine", 2 * n));
        let second = host_in(net(level, &mut draws), &cast.tree.child("machine", 2 * n + 1));
        let platform = if level == Skill::Naive { client.platform } else { draws.below(4) };
        let upgrades = Upgrades::At(upgrade + draws.between(0, 90) * MINUTE);
        let client = Client { platform, upgrades, ..client };
        // The better ones give each key days off of its own.
        let rhythm =
            if level == Skill::Adaptive { rhythm.copied(&mut draws) } else { rhythm.phased(&mut draws) };
        let seat = (&owner.home, owner.device.as_str());
        let effect = cast.edits(&owner, key, seat, (&first, &client), joins + draws.between(2, 90) * MINUTE);
        let from = effect + draws.between(1, 240) * MINUTE;
        let asked = awake(moves - draws.between(1, 9) * HOUR).max(from + HOUR);
        let ready = cast.edits(&owner, key, seat, (&second, &client), asked);
        let over = (moves + draws.between(0, 40) * MINUTE).max(ready + 2 * MINUTE);
        cast.struck(key, &first, over + draws.between(1, 48) * HOUR);
        let strategy = Brain {
            delay: (SECOND, 600 * SECOND),
            skip: 400,
            worth: draws.spread(60_000, 2).max(5_100),
            ..brain.clone()
        };
        let stages = vec![stage(from, over, &first, &client), stage(over, FOR_EVER, &second, &client)];
        let driver = cast.drives(key, rhythm.clone(), strategy, stages.clone());
        let mut around = |(from, until): &(i64, i64)| {
            (from + draws.between(0, 6) * MINUTE, until + draws.between(0, 6) * MINUTE)
        };
        let pauses: Vec<_> = stops.iter().map(&mut around).collect();
        cast.on_driver(driver, |driver| driver.pauses.clone_from(&pauses));
        // Chaff: as many orders again as pass through the jitter, each key its own.
        let chaff = Brain {
            strategy: owner.tree.child("chaff", 0),
            milli_per_day: brain.milli_per_day * 6 / 10,
            worth: draws.spread(40_000, 2).max(5_100),
            ..brain
        };
        let silent = rhythm.silent();
        let driver = cast.drives(key, silent, chaff, stages);
        cast.on_driver(driver, |driver| driver.pauses.clone_from(&pauses));
        cast.misused(key, effect - PROOF, &name, level);
    }
}

fn net(level: Skill, draws: &mut Draws) -> Net {
    if level == Skill::Adaptive { draws.pick(&HOMES) } else { draws.pick(&CLOUDS) }
}
