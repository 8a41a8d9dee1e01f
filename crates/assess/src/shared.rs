//! Addresses that keys of different owners share, by registration and by use.

use crate::census::{Census, Held};
use crate::conclude::{SOME, count};
use crate::report::{Shared, SharedAddress, SharedSide};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use sumun_detect::network::NetworkData;
use sumun_model::Prefix;

pub(crate) fn shared(census: &Census, data: &dyn NetworkData, most: usize) -> Shared {
    let mut registered: BTreeMap<Prefix, Vec<&Held>> = BTreeMap::new();
    for held in census.keys.iter().filter(|held| held.lives()) {
        for prefix in held.allowlist.iter().collect::<BTreeSet<_>>() {
            registered.entry(*prefix).or_default().push(held);
        }
    }
    let several = census.addresses.iter().filter(|(_, users)| users.all().len() > 1);
    let used = several.map(|(address, places)| {
        let of = |place: &u32| census.keys.get(*place as usize);
        (*address, address.to_string(), places.all().iter().filter_map(of).collect())
    });
    let registered = registered.into_iter().map(|(prefix, keys)| {
        let host = prefix.length() == if prefix.is_v4() { 32 } else { 128 };
        let shown = if host { prefix.network().to_string() } else { prefix.to_string() };
        (prefix.network(), shown, keys)
    });
    Shared {
        registered: side(registered, census, data, most),
        used: side(used, census, data, most),
        not_kept: census.addresses_not_kept,
    }
}

fn side<'c>(
    all: impl Iterator<Item = (IpAddr, String, Vec<&'c Held>)>,
    census: &'c Census,
    data: &dyn NetworkData,
    most: usize,
) -> SharedSide {
    let mut side = SharedSide::default();
    let mut keys: BTreeSet<&str> = BTreeSet::new();
    for (address, shown, on) in all {
        let owners: BTreeSet<&str> = on.iter().map(|held| census.owner(held)).collect();
        if owners.len() < 2 {
            continue;
        }
        let class = census.class(address, data).as_str();
        side.addresses += 1;
        *side.by_class.entry(class).or_default() += 1;
        keys.extend(on.iter().map(|held| held.id.as_str()));
        let mut some: Vec<_> = on.iter().map(|held| held.id.clone()).collect();
        some.sort();
        some.truncate(SOME);
        let (owners, keys) = (count(owners.len()), count(on.len()));
        side.first.push(SharedAddress { address: shown, owners, keys, class, some });
        // Sorted now and then, so that no more than twice the list is held.
        if side.first.len() > most * 2 + 64 {
            cut(&mut side.first, most);
        }
    }
    cut(&mut side.first, most);
    side.keys = count(keys.len());
    side
}

fn cut(first: &mut Vec<SharedAddress>, most: usize) {
    first.sort_by(|a, b| (Reverse(a.owners), &a.address).cmp(&(Reverse(b.owners), &b.address)));
    first.truncate(most);
}
