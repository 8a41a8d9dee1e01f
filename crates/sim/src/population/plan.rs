//! What a story comes to: accounts, keys, drivers, people, noise. Plain values; [`super::drive`] and its neighbours make
//! lines of them, hour by hour.

use super::Us;
use super::clients::Client;
use super::habit::{Brain, Rhythm};
use super::places::{Host, Net};
use super::truth::Truth;
use std::net::IpAddr;
use sumun_model::wire::{AccountLine, DelegationLine, Line};
use sumun_model::{AccountId, KeyId, OperatorId, Prefix, Purpose, ScopeSet, VendorId};

/// Keys whose stories hang together, generated and numbered together.
#[derive(Debug)]
pub(super) struct Unit {
    /// Begins every event id of the unit; says nothing of its kind.
    pub(super) name: String,
    /// How many events were numbered.
    pub(super) events: u64,
    /// Its place among lines of one instant.
    pub(super) order: u64,
    /// How many lines were made.
    pub(super) lines: u64,
    /// Its accounts' lines; a key names its own by place.
    pub(super) accounts: Vec<AccountLine>,
    /// Its delegations' lines.
    pub(super) delegations: Vec<DelegationLine>,
    /// Its keys.
    pub(super) keys: Vec<Key>,
    /// Who uses them.
    pub(super) drivers: Vec<Driver>,
    /// Who signs in.
    pub(super) people: Vec<Person>,
    /// What strangers send in a key's name.
    pub(super) noise: Vec<Noise>,
    /// Requests that prove an address.
    pub(super) proofs: Vec<Proof>,
    /// Lines that happen once, by time: changes of keys, answers of owners.
    pub(super) once: Vec<(Us, Line)>,
}

/// A key and what its record says over time.
#[derive(Debug)]
pub(super) struct Key {
    /// Its id.
    pub(super) id: KeyId,
    /// Its branch.
    pub(super) tree: super::tree::Tree,
    /// Its account.
    pub(super) account: AccountId,
    /// What it really is.
    pub(super) truth: Truth,
    /// Created then.
    pub(super) created: Us,
    /// What it may do.
    pub(super) scopes: ScopeSet,
    /// What its owner said it is for.
    pub(super) purpose: Purpose,
    /// Who its record says drives it.
    pub(super) operator: Option<OperatorId>,
    /// Whose tool it is for.
    pub(super) vendor: Option<VendorId>,
    /// Registered addresses.
    pub(super) allow: Vec<Allow>,
    /// Whether it sits behind the gate that learns TLS fingerprints.
    pub(super) sees_tls: bool,
}

/// One registered address and its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allow {
    /// Which.
    pub(super) prefix: Prefix,
    /// Registered.
    pub(super) since: Us,
    /// Proved; in effect from then on.
    pub(super) proved: Option<Us>,
    /// Taken off again.
    pub(super) until: Us,
}

impl Key {
    /// Draws of its own.
    pub(super) fn draws(&self, number: u64) -> super::tree::Draws {
        self.tree.child("proof", number).draws()
    }

    /// Whether the gate admits that address then.
    pub(super) fn admits(&self, address: IpAddr, at: Us) -> bool {
        self.allow.iter().any(|a| {
            a.proved.is_some_and(|proved| proved <= at) && at < a.until && a.prefix.contains(address)
        })
    }
}

/// A programme that uses a key.
#[derive(Debug)]
pub(super) struct Driver {
    /// Whose key, by place in the unit.
    pub(super) key: usize,
    /// Its own branch.
    pub(super) tree: super::tree::Tree,
    /// When it wakes and what it reads.
    pub(super) rhythm: Rhythm,
    /// When and what it orders.
    pub(super) brain: Brain,
    /// Where it runs, by time; silent outside.
    pub(super) stages: Vec<Stage>,
    /// When it is stopped.
    pub(super) pauses: Vec<(Us, Us)>,
    /// Whose resting orders it takes, if somebody's in particular.
    pub(super) against: Option<(AccountId, KeyId)>,
}

/// A programme at a place for a time.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    /// From then.
    pub(super) from: Us,
    /// Until then, not included.
    pub(super) until: Us,
    /// There.
    pub(super) host: Host,
    /// As this.
    pub(super) client: Client,
}

/// Somebody who signs in at the venue's pages.
#[derive(Debug)]
pub(super) struct Person {
    /// His account.
    pub(super) account: AccountId,
    /// His branch.
    pub(super) tree: super::tree::Tree,
    /// Where he sits, by time, and on which device.
    pub(super) seats: Vec<Seat>,
    /// His phone's network and device.
    pub(super) phone: (Host, String),
    /// Sign-ins in a hundred days.
    pub(super) per_100_days: u64,
    /// How many of them by phone, in thousandths.
    pub(super) phone_permille: u64,
    /// Waking hours at the venue: first, and how many.
    pub(super) hours: (i64, i64),
}

/// A person's place for a time.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    /// From then.
    pub(super) from: Us,
    /// Until then.
    pub(super) until: Us,
    /// There.
    pub(super) host: Host,
    /// The venue's name for the browser.
    pub(super) device: String,
}

/// Requests in a key's name that its owner and its drivers know nothing of, none of them rightly signed.
#[derive(Debug)]
pub(super) struct Noise {
    /// Whose key, by place in the unit.
    pub(super) key: usize,
    /// Its branch.
    pub(super) tree: super::tree::Tree,
    /// From then.
    pub(super) from: Us,
    /// Until then.
    pub(super) until: Us,
    /// How many an hour.
    pub(super) per_hour: u64,
    /// From these networks.
    pub(super) nets: Vec<Net>,
    /// By this many addresses.
    pub(super) addresses: u64,
}

/// The one signed request with the owner's code by which a new address proves itself. It is refused like any other from
/// there; the record changes by it.
#[derive(Debug)]
pub(super) struct Proof {
    /// Of which key, by place in the unit.
    pub(super) key: usize,
    /// When.
    pub(super) at: Us,
    /// From there.
    pub(super) host: Host,
    /// By that programme.
    pub(super) client: Client,
}
