//! Lent from birth: the key was made for the borrower, and every use of it is his. The owner has no bot and, but for editing
//! addresses, never signs in; when he does, it is from another network and another device than the key is used from. Three in five keys are
//! born within the world; the others before it, so that a baseline, if one is made, is the borrower's own.
//!
//! The borrower's address changes one to three times; each time the owner signs in within hours and registers the new one.

use super::{Operator, PROOF, skill};
use crate::population::cast::{Cast, FOR_EVER, awake, stage};
use crate::population::{DAY, HOUR, MINUTE};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    for n in 0..size {
        let owner = cast.owner();
        let mut draws = cast.draws("birth", n);
        let created = if draws.chance(600) {
            cast.moment(20, 500, &mut draws)
        } else {
            cast.scene.start - draws.between(2, 200) * DAY
        };
        let key = cast.key_made(&owner, created);
        let level = skill(&mut draws);
        let borrower = Operator::of(cast, &owner, n, level);
        let seat = (&owner.home, owner.device.as_str());
        let mut host = borrower.host.clone();
        let mut first = created;
        let mut from = if created >= cast.scene.start {
            let effect = cast.edits(
                &owner,
                key,
                seat,
                (&host, &borrower.client),
                created + draws.between(1, 12) * MINUTE,
            );
            first = effect - PROOF;
            effect + draws.between(3, 600) * MINUTE
        } else {
            cast.listed(key, &host, created, Some(created + 4 * MINUTE), FOR_EVER);
            created + HOUR
        };
        cast.misused(key, first, &borrower.name, borrower.skill);
        let mut stages = Vec::new();
        for _ in 0..draws.between(1, 3) {
            let at = from.max(cast.scene.start) + draws.between(4, 20) * DAY + draws.between(0, DAY);
            let hood = host.net.hood(&mut draws);
            let next = host.moved(host.net, host.net.v4(hood, &mut draws));
            let effect = cast.edits(
                &owner,
                key,
                seat,
                (&next, &borrower.client),
                awake(at + draws.between(1, 10) * HOUR),
            );
            cast.struck(key, &host, effect + draws.between(1, 24) * HOUR);
            stages.push(stage(from, at, &host, &borrower.client));
            from = effect + draws.between(1, 30) * MINUTE;
            host = next;
        }
        stages.push(stage(from, FOR_EVER, &host, &borrower.client));
        cast.drives(key, borrower.rhythm.clone(), borrower.brain.clone(), stages);
    }
}
