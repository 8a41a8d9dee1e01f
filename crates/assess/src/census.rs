//! What tables and requests say of each key, counted while they pass.
//!
//! Bounded: one entry for a key, one for an account, both of the tables; addresses to [`ADDRESSES_MAX`], each with at most
//! [`KEYS_PER_ADDRESS`] keys; days to [`DAYS_MAX`]; ids of requests to the last 65,536. Nothing here grows with the number of lines.

use crate::recent::Recent;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use sumun_detect::network::NetworkData;
use sumun_model::prefix::canonical;
use sumun_model::wire::event::{Signature, Verdict};
use sumun_model::wire::state::NetworkClass;
use sumun_model::wire::{AccessLine, AccountLine, KeyLine, Line, OrderLine, SessionLine};
use sumun_model::{
    AccountId, CustomerId, Effect, KeyId, KeyState, Prefix, Reason, Scope, ScopeSet, Segment, Timestamp,
};

/// Addresses of which it is kept who used them.
///
/// Four times a million keys: a home has one address now and then another, a machine one or two. At some 64 bytes each they stay small
/// beside what detection keeps of a million keys.
pub const ADDRESSES_MAX: usize = 4_194_304;
/// Keys kept of one address.
pub const KEYS_PER_ADDRESS: usize = 64;
/// Days counted apart.
pub const DAYS_MAX: usize = 400;
/// Keys kept that no table has.
const STRANGERS_MAX: usize = 65_536;
/// Lines of a table of networks.
const NETWORKS_MAX: usize = 65_536;
const DAY_US: i64 = 86_400_000_000;

/// One key of the table.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) id: KeyId,
    pub(crate) account: Option<AccountId>,
    pub(crate) state: Option<KeyState>,
    pub(crate) scopes: Option<ScopeSet>,
    pub(crate) allowlist: Vec<Prefix>,
    pub(crate) has_vendor: bool,
    pub(crate) created: Option<Timestamp>,
    pub(crate) expires: Option<Timestamp>,
    /// The last allowed use, by the log or by the table.
    pub(crate) last: Option<Timestamp>,
    pub(crate) used: ScopeSet,
    pub(crate) uses: u64,
    pub(crate) refused: u64,
    /// Allowed requests from addresses that are not on its list, by effect; the whole where it has no list.
    pub(crate) outside: u64,
}

impl Held {
    /// Neither ended nor never granted.
    pub(crate) fn lives(&self) -> bool {
        !matches!(self.state, Some(KeyState::Expired | KeyState::Rejected | KeyState::Requested))
    }

    pub(crate) fn holds(&self, scope: Scope) -> bool {
        self.scopes.is_some_and(|scopes| scopes.contains(scope))
    }
}

/// Who used an address, by place: most have one key alone, and a million lists of one would cost more than they say.
#[derive(Debug)]
pub(crate) enum Users {
    One(u32),
    Several(Vec<u32>),
}

impl Users {
    pub(crate) const fn all(&self) -> &[u32] {
        match self {
            Self::One(place) => std::slice::from_ref(place),
            Self::Several(places) => places.as_slice(),
        }
    }

    fn add(&mut self, place: u32) {
        match self {
            Self::One(known) if *known != place => *self = Self::Several(vec![*known, place]),
            Self::Several(places) if places.len() < KEYS_PER_ADDRESS && !places.contains(&place) => {
                places.push(place);
            }
            _ => {}
        }
    }
}

/// What the tables say of an account.
#[derive(Debug)]
pub(crate) struct Told {
    customer: Option<CustomerId>,
    segment: Option<Segment>,
    /// A table of accounts said so, not only the key's own row.
    by_table: bool,
}

/// How many lines name somebody, and of how many a table knows him.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Met {
    pub(crate) named: u64,
    pub(crate) known: u64,
}

impl Met {
    fn note(&mut self, known: bool) {
        self.named += 1;
        self.known += u64::from(known);
    }
}

/// Requests of one day, and those refused.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DayCount {
    pub(crate) requests: u64,
    pub(crate) refused: u64,
}

/// What a list that is enforced would have refused.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outside {
    /// Requests that were allowed and named a key of the table.
    pub(crate) allowed: u64,
    /// From an address the key has not registered.
    pub(crate) unregistered: u64,
    /// Of a key that has registered none.
    pub(crate) without_list: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Census {
    pub(crate) keys: Vec<Held>,
    places: HashMap<KeyId, u32>,
    pub(crate) accounts: HashMap<AccountId, Told>,
    /// A table of accounts was read.
    pub(crate) accounts_given: bool,
    pub(crate) addresses: HashMap<IpAddr, Users>,
    /// Requests from addresses for which there was no room.
    pub(crate) addresses_not_kept: u64,
    networks: HashMap<Prefix, NetworkClass>,
    /// The lengths that prefixes of networks have, the longest first.
    lengths: BTreeSet<Reverse<u8>>,
    strangers: HashSet<KeyId>,
    pub(crate) stranger_requests: u64,
    /// Requests by the keys they name.
    pub(crate) by_key: Met,
    /// Sign-ins by their accounts.
    pub(crate) sign_ins: Met,
    /// Orders by their keys or accounts.
    pub(crate) orders: Met,
    pub(crate) days: BTreeMap<i64, DayCount>,
    pub(crate) outside: BTreeMap<Option<Segment>, Outside>,
    pub(crate) outside_by_effect: BTreeMap<Option<Effect>, u64>,
    pub(crate) requests: u64,
    pub(crate) refused: u64,
    /// Refused by the exchange itself for their address.
    pub(crate) refused_for_address: u64,
    pub(crate) copies: u64,
    recent: Recent,
}

/// The day of an instant, since 1970, UTC.
pub(crate) const fn day_of(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(DAY_US)
}

impl Census {
    /// Looks at a line on its way to the engine.
    pub(crate) fn see(&mut self, line: &Line) {
        match line {
            Line::Account(line) => self.account(line),
            Line::Key(line) => self.key(line),
            Line::Network(line) if self.networks.len() < NETWORKS_MAX => {
                self.networks.insert(line.prefix, line.class.unwrap_or(NetworkClass::Unknown));
                self.lengths.insert(Reverse(line.prefix.length()));
            }
            Line::Access(line) => self.access(line),
            Line::Session(line) => self.session(line),
            Line::Order(line) => self.order(line),
            _ => {}
        }
    }

    /// Whether a table of accounts has said whose it is: a table of keys then says no more.
    pub(crate) fn knows(&self, account: &AccountId) -> bool {
        self.accounts.contains_key(account)
    }

    fn account(&mut self, line: &AccountLine) {
        let told = Told { customer: line.customer.clone(), segment: line.segment, by_table: false };
        self.accounts.insert(line.account.clone(), told);
    }

    /// Whoever is known by now was told by a table of accounts.
    pub(crate) fn accounts_are_told(&mut self) {
        self.accounts_given = true;
        self.accounts.values_mut().for_each(|told| told.by_table = true);
    }

    /// Whether the table of accounts has the account of this key.
    pub(crate) fn has_account(&self, held: &Held) -> bool {
        let told = held.account.as_ref().and_then(|account| self.accounts.get(account));
        told.is_some_and(|told| told.by_table)
    }

    fn session(&mut self, line: &SessionLine) {
        self.sign_ins.note(self.accounts.contains_key(&line.account));
    }

    fn order(&mut self, line: &OrderLine) {
        let by_key = line.key.as_ref().is_some_and(|key| self.places.contains_key(key));
        self.orders.note(by_key || self.accounts.contains_key(&line.account));
    }

    fn key(&mut self, line: &KeyLine) {
        let told = line.ext.as_ref().and_then(|ext| ext.get("last_used")).and_then(|at| at.as_str());
        let allowlist = line.allowlist.iter().flatten().map(|entry| entry.prefix()).collect();
        let held = Held {
            id: line.key.clone(),
            account: line.account.clone(),
            state: line.state,
            scopes: line.scopes,
            allowlist,
            has_vendor: line.vendor.is_some(),
            created: line.created,
            expires: line.expires,
            last: told.and_then(|at| at.parse().ok()),
            used: ScopeSet::EMPTY,
            uses: 0,
            refused: 0,
            outside: 0,
        };
        if let Some(place) = self.places.get(&line.key) {
            if let Some(known) = self.keys.get_mut(*place as usize) {
                *known = held;
            }
            return;
        }
        let Ok(place) = u32::try_from(self.keys.len()) else { return };
        self.places.insert(line.key.clone(), place);
        self.keys.push(held);
    }

    fn access(&mut self, line: &AccessLine) {
        if !self.recent.is_new(line.id.as_str()) {
            self.copies += 1;
            return;
        }
        let denied = line.verdict == Some(Verdict::Deny);
        self.requests += 1;
        self.refused += u64::from(denied);
        let day = day_of(line.ts);
        if self.days.len() < DAYS_MAX || self.days.contains_key(&day) {
            let count = self.days.entry(day).or_default();
            count.requests += 1;
            count.refused += u64::from(denied);
        }
        let Some(key) = &line.key else { return };
        let place = self.places.get(key).copied();
        self.by_key.note(place.is_some());
        let Some((place, held)) = place.and_then(|place| Some((place, self.keys.get_mut(place as usize)?)))
        else {
            self.stranger_requests += 1;
            if self.strangers.len() < STRANGERS_MAX {
                self.strangers.insert(key.clone());
            }
            return;
        };
        // What is not rightly signed says nothing of the key it names.
        let unsigned = matches!(line.signature, Some(Signature::Invalid | Signature::Absent));
        if denied || unsigned {
            held.refused += u64::from(denied);
            self.refused_for_address += u64::from(line.reason == Some(Reason::AddressNotAllowed));
            return;
        }
        held.uses += 1;
        held.last = held.last.max(Some(line.ts));
        if let Some(scope) = line.scope {
            held.used = held.used.with(scope);
        }
        let Some(address) = line.ip.map(canonical) else { return };
        let registered = held.allowlist.iter().any(|prefix| prefix.contains(address));
        let segment = held.account.as_ref().and_then(|account| self.accounts.get(account)?.segment);
        let outside = self.outside.entry(segment).or_default();
        outside.allowed += 1;
        if !registered {
            held.outside += 1;
            if held.allowlist.is_empty() {
                outside.without_list += 1;
            } else {
                outside.unregistered += 1;
                *self.outside_by_effect.entry(line.effect).or_default() += 1;
            }
        }
        self.note(address, place);
    }

    fn note(&mut self, address: IpAddr, place: u32) {
        if let Some(users) = self.addresses.get_mut(&address) {
            users.add(place);
        } else if self.addresses.len() < ADDRESSES_MAX {
            self.addresses.insert(address, Users::One(place));
        } else {
            self.addresses_not_kept += 1;
        }
    }

    pub(crate) fn strangers(&self) -> usize {
        self.strangers.len()
    }

    pub(crate) fn segment(&self, held: &Held) -> Option<Segment> {
        held.account.as_ref().and_then(|account| self.accounts.get(account)?.segment)
    }

    /// Who answers for a key: the customer where the tables say him, else the account.
    pub(crate) fn owner<'c>(&'c self, held: &'c Held) -> &'c str {
        let Some(account) = &held.account else { return held.id.as_str() };
        let customer = self.accounts.get(account).and_then(|told| told.customer.as_ref());
        customer.map_or(account.as_str(), CustomerId::as_str)
    }

    /// What kind of network an address is of: the exchange's own table before data files, the longest prefix first.
    pub(crate) fn class(&self, address: IpAddr, data: &dyn NetworkData) -> NetworkClass {
        let told = self
            .lengths
            .iter()
            .find_map(|Reverse(length)| self.networks.get(&Prefix::around(address, *length)?).copied());
        told.or_else(|| data.look_up(address).map(|network| network.class)).unwrap_or(NetworkClass::Unknown)
    }

    /// Everything kept, in entries: what memory goes by.
    pub(crate) fn entries(&self) -> usize {
        let lists: usize = self.addresses.values().map(|users| users.all().len()).sum();
        self.keys.len()
            + self.accounts.len()
            + self.addresses.len()
            + lists
            + self.networks.len()
            + self.strangers.len()
            + self.days.len()
            + self.outside.len()
            + self.outside_by_effect.len()
            + self.recent.len()
    }
}
