//! The owner himself changes something for good: he moves the bot into a cloud (registered by him before, from his own seat), writes it
//! anew in another language, thinks up another strategy, or the last two at once.
//!
//! Could be mistaken for: a hand-over. What differs is who registered the address, from where, and that his sign-ins go on as
//! before; where language and strategy change together at home, even that does not help.

use crate::population::cast::{Cast, FOR_EVER, LONG_AGO, stage};
use crate::population::clients::Client;
use crate::population::places::{CLOUDS, host_in};
use crate::population::{DAY, HOUR, MINUTE};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    for n in 0..size {
        let (owner, key) = cast.home_user();
        let mut draws = cast.draws("migration", n);
        let at = cast.moment(200, 800, &mut draws).max(cast.created(key) + DAY);
        let (moves, rewrites, rethinks) = draws.pick(&[
            (true, false, false),
            (true, false, false),
            (false, true, false),
            (false, false, true),
            (false, true, true),
        ]);
        let mut host = owner.home.clone();
        let mut begin = at + draws.between(1, 20) * HOUR;
        if moves {
            host = host_in(draws.pick(&CLOUDS), &cast.tree.child("cloud", n));
            let effect = cast.edits(&owner, key, (&owner.home, &owner.device), (&host, &owner.client), at);
            begin = begin.max(effect + 5 * MINUTE);
            if draws.chance(500) {
                cast.struck(key, &owner.home, begin + draws.between(1, 72) * HOUR);
            }
        }
        let client = if rewrites {
            Client::other_than(owner.client.library, &mut draws)
        } else {
            owner.client.clone()
        };
        let old = stage(LONG_AGO, at, &owner.home, &owner.client);
        let new = stage(begin, FOR_EVER, &host, &client);
        if rethinks {
            cast.own_bot(&owner, key, vec![old]);
            let daily = draws.spread(85, 2);
            let rhythm = cast.rhythm(daily, &mut draws);
            let brain = cast.brain(daily, cast.tree.child("second thoughts", n), &mut draws);
            cast.drives(key, rhythm, brain, vec![new]);
        } else {
            cast.own_bot(&owner, key, vec![old, new]);
        }
    }
}
