//! State lines: the networks, markets and vendors of the world, and each unit's accounts and keys as their records change.

use super::cast::FOR_EVER;
use super::lines::{self, time};
use super::markets::{MARKETS, milli};
use super::names::made;
use super::out::Out;
use super::places::{self, VENDOR, VENDOR_UNKNOWN};
use super::plan::{Key, Unit};
use super::{DAY, SLICE, Scene, Us};
use sumun_model::key::{AllowlistEntry, RecordedPrefix};
use sumun_model::wire::state::{TypeWord, VendorClass, VendorState};
use sumun_model::wire::{Line, MarketLine, NetworkLine, VendorLine};
use sumun_model::{KeyState, ScopeSet};

/// The approved vendor's id.
pub(super) const VENDOR_ID: &str = "V-tradenest";
/// The id of a vendor that has applied, and is not approved.
const VENDOR_UNKNOWN_ID: &str = "V-quanthive";

/// What is known before anybody does anything.
pub(super) fn opening(scene: &Scene) -> Vec<Line> {
    let ts = time(scene.start);
    let mut opening = Vec::new();
    for net in places::all() {
        for prefix in net.prefixes() {
            opening.push(Line::Network(Box::new(NetworkLine {
                type_word: TypeWord,
                ts,
                prefix: made(&prefix),
                asn: Some(net.asn),
                org: Some(net.org.to_owned()),
                country: Some(net.country.to_owned()),
                class: Some(net.class),
                source: None,
                seq: None,
                ext: None,
            })));
        }
    }
    for market in MARKETS {
        opening.push(Line::Market(Box::new(MarketLine {
            type_word: TypeWord,
            ts,
            market: made(market.name),
            tick: Some(made(&milli(market.tick))),
            notional_min: Some(made("5000")),
            source: None,
            seq: None,
            ext: None,
        })));
    }
    let vendors = [
        (VENDOR_ID, VendorState::Approved, VENDOR),
        (VENDOR_UNKNOWN_ID, VendorState::Applied, VENDOR_UNKNOWN),
    ];
    for (id, state, net) in vendors {
        opening.push(Line::Vendor(Box::new(VendorLine {
            type_word: TypeWord,
            ts,
            vendor: made(id),
            state: Some(state),
            class: Some(VendorClass::Tool),
            networks: Some(net.prefixes().iter().map(|p| made(p)).collect()),
            scopes: Some(ScopeSet::READ.union(ScopeSet::TRADE)),
            source: None,
            seq: None,
            ext: None,
        })));
    }
    opening
}

impl Unit {
    /// Accounts and delegations that stand when the world begins; accounts of later keys too.
    pub(super) fn opening(&self, scene: &Scene, out: &mut Out<'_>) {
        for account in &self.accounts {
            out.push(scene.start, Line::Account(Box::new(account.clone())));
        }
        for delegation in &self.delegations {
            out.push(scene.start, Line::Delegation(Box::new(delegation.clone())));
        }
        for key in self.keys.iter().filter(|key| key.created <= scene.start) {
            out.push(scene.start, key.line(scene.start));
        }
    }

    /// Records that change in the slice from `from`.
    pub(super) fn changes(&self, scene: &Scene, from: Us, out: &mut Out<'_>) {
        for key in &self.keys {
            let mut times: Vec<Us> = key
                .allow
                .iter()
                .flat_map(|allow| [Some(allow.since), allow.proved, Some(allow.until)])
                .flatten()
                .chain([key.created])
                .chain(key.renewals(from))
                .filter(|at| (from..from + SLICE).contains(at) && *at > scene.start && *at >= key.created)
                .collect();
            times.sort_unstable();
            times.dedup();
            for at in times {
                out.push(at, key.line(at));
            }
        }
    }
}

/// A key is renewed this often, a month before it would end.
const RENEWED: Us = 330 * DAY;

impl Key {
    /// The last time it was renewed before the end of the slice from `from`, if it was.
    fn renewals(&self, from: Us) -> Option<Us> {
        let times = (from + SLICE - 1 - self.created) / RENEWED;
        (times > 0).then_some(self.created + times * RENEWED)
    }

    /// Its record then.
    fn line(&self, at: Us) -> Line {
        let known = |t: Us| (t <= at && t < FOR_EVER).then(|| time(t));
        let entries = self.allow.iter().filter(|allow| allow.since <= at && at < allow.until);
        let mut line = lines::key(at, self.id.clone(), self.account.clone());
        line.state = Some(KeyState::Active);
        line.scopes = Some(self.scopes);
        line.allowlist = Some(
            entries
                .map(|allow| {
                    AllowlistEntry::Recorded(RecordedPrefix {
                        prefix: allow.prefix,
                        since: Some(time(allow.since)),
                        proved: allow.proved.and_then(known),
                    })
                })
                .collect(),
        );
        line.purpose = Some(self.purpose);
        line.application = Some(if self.vendor.is_some() { "tool" } else { "bot" }.to_owned());
        line.operator = self.operator.clone();
        line.vendor = self.vendor.clone();
        line.created = Some(time(self.created));
        line.expires = Some(time(self.created + ((at - self.created) / RENEWED + 1) * RENEWED + 30 * DAY));
        line.ext = Some(self.truth.ext());
        Line::Key(Box::new(line))
    }
}
