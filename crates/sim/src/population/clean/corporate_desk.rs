//! A company or a broker: one account, a key for each desk, a delegation that names desk, key and network. The machines stand in the
//! office or in a cloud, registered. Employees sign in from the office, each on a device of his own.
//!
//! Could be mistaken for: keys in the hands of people who are not the owner, which is what they are, with leave.

use crate::population::cast::{Cast, FOR_EVER, LONG_AGO, always, stage};
use crate::population::lines::time;
use crate::population::names::made;
use crate::population::places::{CLOUDS, OFFICES, host_in};
use crate::population::{DAY, HOUR};
use sumun_model::wire::DelegationLine;
use sumun_model::wire::state::{DelegationState, TypeWord};
use sumun_model::{Purpose, ScopeSet, Segment};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    let mut draws = cast.draws("company", 0);
    let (segment, purpose) =
        draws.pick(&[(Segment::Corporate, Purpose::Treasury), (Segment::Broker, Purpose::Omnibus)]);
    let owner = cast.customer(segment);
    let office = host_in(draws.pick(&OFFICES), &cast.tree.child("office", 0));
    cast.at_home(&owner, &office);
    for n in 0..size {
        let key = cast.key_made(&owner, cast.scene.start - draws.between(30, 300) * DAY);
        let host = if draws.chance(500) {
            office.clone()
        } else {
            host_in(draws.pick(&CLOUDS), &cast.tree.child("machine", n))
        };
        cast.registered(&owner, key, (&host, &owner.client));
        let desk = format!("desk-{}-{n}", owner.operator);
        let created = cast.created(key);
        cast.on_key(key, |key| {
            key.purpose = purpose;
            key.operator = Some(made(&desk));
        });
        let Some(id) = cast.unit.keys.get(key).map(|key| key.id.clone()) else { continue };
        cast.unit.delegations.push(DelegationLine {
            type_word: TypeWord,
            ts: time(cast.scene.start),
            delegation: made(&format!("D-{id}")),
            account: Some(owner.account.clone()),
            key: Some(id),
            operator: Some(made(&desk)),
            networks: Some(host.prefixes().iter().map(|prefix| made(prefix)).collect()),
            scopes: Some(ScopeSet::READ.union(ScopeSet::TRADE)),
            from: Some(time(created)),
            until: Some(time(cast.scene.end + 90 * DAY)),
            state: Some(DelegationState::Active),
            source: None,
            seq: None,
            ext: None,
        });
        let daily = draws.spread(180, 2);
        let rhythm = cast.rhythm(daily, &mut draws);
        let brain = cast.brain(daily, cast.tree.child("desk", n), &mut draws);
        // One desk in four replaces its machine by a like one next to it.
        let stages = if draws.chance(250) {
            let at = cast.moment(200, 800, &mut draws);
            let next = host.moved(host.net, host.net.v4(host.net.hood(&mut draws), &mut draws));
            let effect = cast.edits(&owner, key, (&office, &owner.device), (&next, &owner.client), at);
            let over = effect + draws.between(1, 24) * HOUR;
            vec![stage(LONG_AGO, over, &host, &owner.client), stage(over, FOR_EVER, &next, &owner.client)]
        } else {
            always(&host, &owner.client)
        };
        cast.drives(key, rhythm, brain, stages);
    }
}
