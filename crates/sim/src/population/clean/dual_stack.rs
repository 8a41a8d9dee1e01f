//! A home with IPv4 and IPv6; the library chooses for each connection, so that both alternate within seconds. Three in four have
//! registered both. The others learn of IPv6 by refusals, a third of the time, until they add it.
//!
//! Could be mistaken for: two operators at once.

use crate::population::MINUTE;
use crate::population::cast::{Cast, FOR_EVER, LONG_AGO, always, answered, seat, stage};
use sumun_model::wire::event::ReportKind;

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    for n in 0..size {
        let owner = cast.owner();
        let key = cast.key(&owner);
        let mut draws = cast.draws("dual", n);
        let second = owner.net.v6(owner.hood, &mut draws);
        let share = u64::try_from(draws.between(80, 700)).unwrap_or(300);
        let both = owner.home.clone().or(second, share);
        if draws.chance(750) {
            cast.registered(&owner, key, (&both, &owner.client));
            cast.at_home(&owner, &both);
            cast.own_bot(&owner, key, always(&both, &owner.client));
            continue;
        }
        // The provider switches IPv6 on.
        cast.registered(&owner, key, (&owner.home, &owner.client));
        let at = cast.moment(100, 700, &mut draws).max(cast.created(key) + 60 * MINUTE);
        let answer = answered(owner.rhythm.looked(at) + 20 * MINUTE, &mut draws);
        cast.answers(&owner, key, answer, ReportKind::OwnerConfirms);
        let alone = owner.home.moved(owner.net, second);
        cast.edits(
            &owner,
            key,
            (&both, &owner.device),
            (&alone, &owner.client),
            answer + draws.between(2, 30) * MINUTE,
        );
        let stages =
            vec![stage(LONG_AGO, at, &owner.home, &owner.client), stage(at, FOR_EVER, &both, &owner.client)];
        cast.own_bot(&owner, key, stages);
        cast.signs_in(
            &owner,
            vec![seat(&owner, &owner.home, LONG_AGO, at), seat(&owner, &both, at, FOR_EVER)],
        );
    }
}
