//! The secret is in strangers' hands, and the owner goes on: rightly signed requests from one to four foreign hosts, in bursts of hours
//! over days, all refused, as nobody registered them. Two owners in three deny when asked; the rest do not answer, or
//! take it for their own and still register nothing.
//!
//! The owner is the victim. An adaptive thief uses the owner's library and provider; the registered address stays in use all the
//! while, which is how it differs from drift. The world does not react: the key lives on, and the thief gives up after a while.

use super::{Operator, skill};
use crate::population::cast::{Cast, always, answered, stage};
use crate::population::plan::Stage;
use crate::population::{DAY, HOUR, MINUTE};
use sumun_model::wire::event::ReportKind;

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    for n in 0..size {
        let (owner, key) = cast.home_user();
        cast.own_bot(&owner, key, always(&owner.home, &owner.client));
        let mut draws = cast.draws("leak", n);
        let from = cast.moment(200, 650, &mut draws).max(cast.created(key) + DAY);
        let level = skill(&mut draws);
        let (mut name, mut asked) = (None, from);
        for thief in 0..1 + draws.below(4) {
            let thief = Operator::of(cast, &owner, n * 8 + thief, level);
            let mut at = from + if name.is_none() { 0 } else { draws.between(1, 60) * HOUR };
            let mut stages: Vec<Stage> = Vec::new();
            for _ in 0..draws.between(2, 6) {
                let until = at + draws.between(30, 360) * MINUTE;
                stages.push(stage(at, until, &thief.host, &thief.client));
                at = until + draws.between(4, 40) * HOUR;
            }
            // Several may have found it; the truth names the first.
            if name.is_none() {
                asked = thief.rhythm.clone().restless().looked(from);
            }
            name.get_or_insert(thief.name);
            cast.drives(key, thief.rhythm.restless(), thief.brain, stages);
        }
        let answer = answered(asked + draws.between(5, 60) * MINUTE, &mut draws);
        match draws.below(20) {
            0..13 => cast.answers(&owner, key, answer, ReportKind::OwnerDenies),
            13..15 => cast.answers(&owner, key, answer, ReportKind::OwnerConfirms),
            _ => {}
        }
        cast.misused(key, from, &name.unwrap_or_default(), level);
    }
}
