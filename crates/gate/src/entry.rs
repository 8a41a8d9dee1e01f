//! One key as the gate holds it.

use crate::allowlist::Allowlist;
use crate::held_id::HeldId;
use crate::rate::Rate;
use crate::status::Status;
use std::hint::black_box;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use sumun_dialect::MacKey;
use sumun_model::secret::SECRET_ENTROPY_BYTES;
use sumun_model::{AccountId, ApiSecret, KeyId, MarketId, ScopeSet, Segment, Timestamp, ramp};

/// What the gate is told of a key. The only way to make an entry.
#[derive(Debug)]
pub struct KeySpec {
    /// The key.
    pub id: KeyId,
    /// The one account it belongs to.
    pub account: AccountId,
    /// Which rules of a ramp are for it; `None`: not known, and so none that names one.
    pub segment: Option<Segment>,
    /// State and measure.
    pub status: Status,
    /// What it may do.
    pub scopes: ScopeSet,
    /// Whence, only prefixes in effect.
    pub allowlist: Allowlist,
    /// When it ends by itself.
    pub expires: Timestamp,
    /// Markets it may trade; `None`: any.
    pub markets: Option<Vec<MarketId>>,
    /// Orders a second it was approved for; `None`: the venue's own limit.
    pub orders_per_second_max: Option<u32>,
    /// Its secret, ready to verify with; none where another holds it, and this gate can check no signature of it.
    pub mac: Option<MacKey>,
}

/// A key in the table. Everything but the status word is fixed; another allowlist is another entry.
///
/// In this order in memory: among millions of keys an entry is never in the cache, so what finding a key and deciding
/// about it read stands side by side, what only records need comes last.
#[derive(Debug)]
#[repr(C)]
pub struct KeyEntry {
    id: HeldId,
    status: AtomicU32,
    /// Its place within a ramp's percentages.
    share: u8,
    segment: Option<Segment>,
    scopes: ScopeSet,
    expires: Timestamp,
    allowlist: Allowlist,
    pub(crate) order_rate: Rate,
    pub(crate) default_rate: Rate,
    pub(crate) message_rate: Rate,
    /// When a request of this key was last let pass, microseconds since 1970; `i64::MIN`: never.
    admitted_us: AtomicI64,
    /// Apart, as few keys have one.
    mandate: Option<Box<Mandate>>,
    mac: MacKey,
    account: AccountId,
}

/// What a key was approved for, as far as the gate checks it.
#[derive(Debug)]
struct Mandate {
    markets: Option<Vec<MarketId>>,
    orders_per_second_max: Option<u32>,
    /// Another holds the key's secret, and the entry's `mac` is nobody's. Here, as an `Option` there would make every entry larger.
    held_elsewhere: bool,
}

impl Mandate {
    fn of(
        markets: Option<Vec<MarketId>>,
        orders_per_second_max: Option<u32>,
        held_elsewhere: bool,
    ) -> Option<Box<Self>> {
        (markets.is_some() || orders_per_second_max.is_some() || held_elsewhere)
            .then(|| Box::new(Self { markets, orders_per_second_max, held_elsewhere }))
    }
}

impl KeyEntry {
    pub(crate) fn new(spec: KeySpec, predecessor: Option<&Self>) -> Self {
        Self {
            share: ramp::share(spec.id.as_str()),
            segment: spec.segment,
            id: HeldId::new(spec.id),
            account: spec.account,
            status: AtomicU32::new(spec.status.pack()),
            scopes: spec.scopes,
            allowlist: spec.allowlist,
            expires: spec.expires,
            mandate: Mandate::of(spec.markets, spec.orders_per_second_max, spec.mac.is_none()),
            mac: spec.mac.unwrap_or_else(|| MacKey::new(&ApiSecret::issue(&[0; SECRET_ENTROPY_BYTES]))),
            admitted_us: AtomicI64::new(
                predecessor.map_or(i64::MIN, |p| p.admitted_us.load(Ordering::Relaxed)),
            ),
            default_rate: predecessor.map(|p| p.default_rate.carried()).unwrap_or_default(),
            order_rate: predecessor.map(|p| p.order_rate.carried()).unwrap_or_default(),
            message_rate: predecessor.map(|p| p.message_rate.carried()).unwrap_or_default(),
        }
    }

    /// The key.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id.to_key_id()
    }

    /// The bytes of its id.
    pub(crate) fn id_bytes(&self) -> &[u8] {
        self.id.as_bytes()
    }

    /// Asks the memory for what deciding reads, all at once: one wait instead of one after the other.
    pub(crate) fn touch(&self) {
        black_box((self.status.load(Ordering::Relaxed), self.allowlist.prefixes().len()));
        black_box((self.order_rate.carried(), self.account.as_str().len()));
    }

    /// The one account it belongs to.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// Which rules of a ramp are for it.
    #[must_use]
    pub const fn segment(&self) -> Option<Segment> {
        self.segment
    }

    /// Its place within a ramp's percentages, from 0 to 99.
    #[must_use]
    pub const fn share(&self) -> u8 {
        self.share
    }

    /// State and measure now.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::unpack(self.status.load(Ordering::Acquire))
    }

    /// The store that revokes, suspends or holds.
    pub(crate) fn set_status(&self, status: Status) {
        self.status.store(status.pack(), Ordering::Release);
    }

    /// Notes that a request of this key was let pass. Never goes back, whoever notes last.
    pub fn note_admitted(&self, at: Timestamp) {
        self.admitted_us.fetch_max(at.as_micros(), Ordering::Relaxed);
    }

    /// When a request of this key was last let pass, by this process.
    #[must_use]
    pub fn last_admitted(&self) -> Option<Timestamp> {
        let us = self.admitted_us.load(Ordering::Relaxed);
        (us != i64::MIN).then(|| Timestamp::from_micros(us))
    }

    /// What it may do.
    #[must_use]
    pub const fn scopes(&self) -> ScopeSet {
        self.scopes
    }

    /// When it ends by itself.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Whether the address is registered.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        self.allowlist.contains(address)
    }

    /// Markets the mandate names; `None`: any.
    #[must_use]
    pub fn markets(&self) -> Option<&[MarketId]> {
        self.mandate.as_ref().and_then(|mandate| mandate.markets.as_deref())
    }

    /// Orders a second the mandate allows.
    #[must_use]
    pub fn orders_per_second_max(&self) -> Option<u32> {
        self.mandate.as_ref().and_then(|mandate| mandate.orders_per_second_max)
    }

    /// Its secret, ready to verify with; none where another holds it.
    #[must_use]
    pub fn mac(&self) -> Option<&MacKey> {
        let held_elsewhere = self.mandate.as_ref().is_some_and(|mandate| mandate.held_elsewhere);
        (!held_elsewhere).then_some(&self.mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With its account's id, the allocator's rounding and its place in the table a key stays below 512 bytes.
    #[test]
    fn an_entry_is_small() {
        assert!(size_of::<KeyEntry>() <= 384, "{} bytes", size_of::<KeyEntry>());
    }
}
