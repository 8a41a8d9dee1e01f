//! One operator drives five to fifteen customers' keys from one machine, one strategy for all, an order for each key within
//! seconds. Its address is registered and proved on every key: by the owner from his home, or, three times in ten, by the operator
//! himself, signed in to the owner's account from the machine.
//!
//! Half of the keys had been their owner's own bot's before; the others were made for him. Keys join over weeks. A careful operator
//! gives each key its own library and leaves a tenth of the orders out; he still has one address. One in five is a vendor nobody approved.

use super::{Operator, PROOF, skill};
use crate::population::cast::{Cast, FOR_EVER, LONG_AGO, stage};
use crate::population::clients::{Client, UNKNOWN_TOOL, Upgrades};
use crate::population::habit::Brain;
use crate::population::places::{CLOUDS, VENDOR_UNKNOWN, host_in};
use crate::population::truth::Skill;
use crate::population::{DAY, MINUTE, SECOND};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    let mut draws = cast.draws("pool", 0);
    let level = skill(&mut draws);
    // One pool in five calls itself a tool. Its vendor has applied, and is not approved.
    let tool = draws.chance(200);
    let net = if tool { VENDOR_UNKNOWN } else { draws.pick(&CLOUDS) };
    let host = host_in(net, &cast.tree.child("machine", 0));
    let stops = cast.stops(&mut cast.draws("stops", 0));
    let mut boss: Option<Operator> = None;
    for _ in 0..size {
        let owner = cast.owner();
        let operator = boss.get_or_insert_with(|| Operator::of(cast, &owner, 0, Skill::Naive));
        let (rhythm, brain, device, name) =
            (operator.rhythm.clone(), operator.brain.clone(), operator.device.clone(), operator.name.clone());
        let client = operator.client.clone();
        let mut draws = owner.tree.child("joins", 0).draws();
        let had_bot = draws.chance(500);
        let joins = cast.moment(30, 450, &mut draws);
        let key = if had_bot {
            let key = cast.key_made(&owner, cast.scene.start - draws.between(5, 300) * DAY);
            cast.registered(&owner, key, (&owner.home, &owner.client));
            cast.own_bot(&owner, key, vec![stage(LONG_AGO, joins, &owner.home, &owner.client)]);
            key
        } else {
            cast.key_made(&owner, joins)
        };
        cast.at_home(&owner, &owner.home);
        let (client, skip) = match level {
            _ if tool => (Client { library: UNKNOWN_TOOL, platform: 0, upgrades: Upgrades::Never }, 0),
            Skill::Naive => (client, 0),
            Skill::Careful | Skill::Adaptive => (Client::usual(&mut draws), 100),
        };
        let edit = joins + draws.between(2, 90) * MINUTE;
        let seat =
            if draws.chance(300) { (&host, device.as_str()) } else { (&owner.home, owner.device.as_str()) };
        let effect = cast.edits(&owner, key, seat, (&host, &client), edit);
        let from = effect + draws.between(1, 240) * MINUTE;
        let brain =
            Brain { delay: (50_000, 20 * SECOND), skip, worth: draws.spread(60_000, 2).max(5_100), ..brain };
        let stages = vec![stage(from, FOR_EVER, &host, &client)];
        let driver = cast.drives(key, rhythm.phased(&mut draws), brain, stages);
        // One machine: what stops it stops all.
        cast.on_driver(driver, |driver| driver.pauses.clone_from(&stops));
        cast.misused(key, effect - PROOF, &name, level);
    }
}
