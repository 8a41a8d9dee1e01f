//! Strangers register addresses that are not theirs on their own keys, and never prove them: one stranger those of many victims, or many
//! strangers that of one victim, so that it looks as if one host drove them all. The strangers' bots work from their own homes.
//!
//! Must not raise a victim's points: a registration without proof accuses the registrant only. Strangers' truth says `framer`.

use crate::population::cast::{Cast, FOR_EVER, always};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    let mut draws = cast.draws("framing", 0);
    let one_stranger = draws.chance(500);
    let mut people = Vec::new();
    for n in 0..size {
        let (owner, key) = cast.home_user();
        cast.own_bot(&owner, key, always(&owner.home, &owner.client));
        let stranger = (n == 0) == one_stranger;
        if stranger {
            cast.framer(key);
        }
        people.push((owner, key, stranger));
    }
    for (owner, key, stranger) in people.iter().filter(|(_, _, stranger)| *stranger) {
        debug_assert!(stranger);
        for (victim, _, _) in people.iter().filter(|(_, _, stranger)| !stranger) {
            let since = cast.moment(150, 600, &mut draws).max(cast.created(*key));
            debug_assert_ne!(owner.account, victim.account);
            cast.listed(*key, &victim.home, since, None, FOR_EVER);
        }
    }
}
