//! The owner is away for three to nine days and signs in from a hotel abroad or over a VPN. In six stories of ten the bot is on the
//! laptop and comes along: half of these owners register the hotel before they start the bot, the others see it refused first. In the rest
//! the bot stays at home and only the sign-ins travel.
//!
//! Could be mistaken for: a hand-over and back; a leak.

use crate::population::cast::{Cast, FOR_EVER, LONG_AGO, always, answered, seat, stage};
use crate::population::places::{ABROAD, VPNS, host_in};
use crate::population::{DAY, HOUR, MINUTE};
use sumun_model::wire::event::ReportKind;

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    for n in 0..size {
        let owner = cast.owner();
        let key = cast.key(&owner);
        cast.registered(&owner, key, (&owner.home, &owner.client));
        let mut draws = cast.draws("trip", n);
        let leave = cast.moment(150, 750, &mut draws).max(cast.created(key) + DAY);
        let arrive = leave + draws.between(5, 20) * HOUR;
        let back = arrive + draws.between(3, 9) * DAY;
        let net = if draws.chance(750) { draws.pick(&ABROAD) } else { draws.pick(&VPNS) };
        let there = host_in(net, &cast.tree.child("hotel", n));
        cast.signs_in(
            &owner,
            vec![
                seat(&owner, &owner.home, LONG_AGO, leave),
                seat(&owner, &there, arrive, back),
                seat(&owner, &owner.home, back + 8 * HOUR, FOR_EVER),
            ],
        );
        if !draws.chance(600) {
            cast.own_bot(&owner, key, always(&owner.home, &owner.client));
            continue;
        }
        let knocks = draws.chance(500);
        let edit = if knocks {
            let answer = answered(owner.rhythm.looked(arrive) + 10 * MINUTE, &mut draws);
            cast.answers(&owner, key, answer, ReportKind::OwnerConfirms);
            answer + draws.between(2, 30) * MINUTE
        } else {
            arrive
        };
        let effect = cast.edits(&owner, key, (&there, &owner.device), (&there, &owner.client), edit);
        cast.struck(key, &there, back + draws.between(1, 3) * DAY);
        let begin = if knocks { arrive } else { effect + 10 * MINUTE };
        cast.own_bot(
            &owner,
            key,
            vec![
                stage(LONG_AGO, leave, &owner.home, &owner.client),
                stage(begin, back.max(begin), &there, &owner.client),
                stage(back + 8 * HOUR, FOR_EVER, &owner.home, &owner.client),
            ],
        );
    }
}
