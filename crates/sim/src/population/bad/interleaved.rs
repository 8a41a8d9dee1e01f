//! Owner and borrower use the key in turns: both bots go on, or the borrower has the nights.
//!
//! Most owners register the borrower's address before he begins, from their own seat. One in three does not think of it: the
//! borrower is refused, the owner is asked, answers *me*, and registers then; a third of these never do, and the
//! borrower knocks on for good. An adaptive borrower sits with the owner's provider, in his neighbourhood, with his library.

use super::{Operator, PROOF, skill};
use crate::population::cast::{Cast, FOR_EVER, always, answered, stage};
use crate::population::habit::Rhythm;
use crate::population::{DAY, HOUR, MINUTE};
use sumun_model::wire::event::ReportKind;

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    for n in 0..size {
        let (owner, key) = cast.home_user();
        let mut draws = cast.draws("lending", n);
        let level = skill(&mut draws);
        let borrower = Operator::of(cast, &owner, n, level);
        let begin = cast.moment(250, 600, &mut draws).max(cast.created(key) + DAY);
        cast.own_bot(&owner, key, always(&owner.home, &owner.client));
        let rhythm = if draws.chance(250) {
            let looks = draws.spread(60, 1) * cast.scene.activity / 1000;
            Rhythm::of(looks.max(1), (20, 9), &mut draws)
        } else {
            borrower.rhythm.clone()
        };
        let seat = (&owner.home, owner.device.as_str());
        let (mut from, mut first) = (begin, begin);
        if draws.chance(670) {
            let effect = cast.edits(&owner, key, seat, (&borrower.host, &borrower.client), begin);
            first = effect - PROOF;
            from = effect + draws.between(2, 300) * MINUTE;
        } else {
            let answer = answered(rhythm.looked(begin) + draws.between(5, 90) * MINUTE, &mut draws);
            if draws.chance(670) {
                cast.answers(&owner, key, answer, ReportKind::OwnerConfirms);
                let at = answer + draws.between(1, 30) * HOUR;
                cast.edits(&owner, key, seat, (&borrower.host, &borrower.client), at);
            }
        }
        let stages = vec![stage(from, FOR_EVER, &borrower.host, &borrower.client)];
        cast.drives(key, rhythm, borrower.brain.clone(), stages);
        cast.misused(key, first, &borrower.name, borrower.skill);
    }
}
