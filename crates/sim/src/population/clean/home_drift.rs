//! The provider gives the home another address of the same neighbourhood, every one to four weeks. The bot does not know and goes on
//! knocking: valid signatures, `address_not_allowed`, while the registered address is silent. The owner is asked, says *me*,
//! signs in from the new address and proves it; then all is as before. One in four bots stops at the first refusal instead,
//! and one owner in ten is away for days.
//!
//! Could be mistaken for: a secret in other hands.

use crate::population::cast::{Cast, FOR_EVER, LONG_AGO, answered, seat, stage};
use crate::population::{DAY, MINUTE};
use sumun_model::wire::event::ReportKind;

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    for n in 0..size {
        drift(cast, n);
    }
}

fn drift(cast: &mut Cast<'_>, n: u64) {
    let owner = cast.owner();
    let key = cast.key(&owner);
    cast.registered(&owner, key, (&owner.home, &owner.client));
    let mut draws = cast.draws("drift", n);
    let knocks = draws.chance(750);
    let (mut stages, mut seats, mut pauses) = (Vec::new(), Vec::new(), Vec::new());
    let (mut host, mut since) = (owner.home.clone(), LONG_AGO);
    let mut at = cast.created(key).max(cast.scene.start) + draws.between(2, 16) * DAY + draws.between(0, DAY);
    while at < cast.scene.end {
        let next = host.moved(owner.net, owner.net.v4(owner.hood, &mut draws));
        stages.push(stage(since, at, &host, &owner.client));
        seats.push(seat(&owner, &host, since, at));
        let away = if draws.chance(100) { draws.between(1, 4) * DAY } else { 0 };
        let answer = answered(owner.rhythm.looked(at) + draws.between(1, 30) * MINUTE + away, &mut draws);
        cast.answers(&owner, key, answer, ReportKind::OwnerConfirms);
        let edit = answer + draws.between(1, 40) * MINUTE;
        let effect = cast.edits(&owner, key, (&next, &owner.device), (&next, &owner.client), edit);
        if draws.chance(700) {
            cast.struck(key, &host, edit + 2 * MINUTE);
        }
        if !knocks {
            pauses.push((at + draws.between(1, 20) * MINUTE, effect + draws.between(1, 60) * MINUTE));
        }
        (host, since) = (next, at);
        at = effect + draws.between(7, 28) * DAY + draws.between(0, DAY);
    }
    stages.push(stage(since, FOR_EVER, &host, &owner.client));
    seats.push(seat(&owner, &host, since, FOR_EVER));
    let driver = cast.own_bot(&owner, key, stages);
    cast.on_driver(driver, |driver| driver.pauses.extend(pauses));
    cast.signs_in(&owner, seats);
}
