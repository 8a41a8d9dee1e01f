//! What a key tells the link stage: uses of addresses, proved registrations, and changes it may share with other keys.
//!
//! Runs beside the detectors, and goes on when a key has ended: its events then feed only links (WIRE 5). Never here: what a link
//! means (`links`).

use super::moment::{MINUTE_US, SECOND_US};
use super::params::EngineParams;
use crate::emit::{Change, Link};
use crate::mark::Mark;
use crate::seen::{KeyView, Seen};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use sumun_model::key::AllowlistEntry;
use sumun_model::{Effect, Prefix, Timestamp};

/// A use of the same address is told once in ten minutes.
const USE_US: i64 = 10 * MINUTE_US;
/// A change of one kind is told at most once a minute.
const CHANGE_US: i64 = MINUTE_US;
/// Addresses and prefixes remembered; the one told longest ago makes room.
const ORIGINS_MAX: usize = 16;
/// Markets compared to find the main one.
const MARKETS_MAX: usize = 8;
/// Orders after which old ones count half.
const ORDERS_MAX: u32 = 64;
/// Silence is at least so many usual gaps.
const GAPS: i64 = 8;

/// What one key told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Uses {
    /// Addresses used, and when that was told.
    origins: Vec<(Mark, i64)>,
    /// Prefixes told as registered and proved.
    proved: Vec<(Mark, i64)>,
    family: Option<Mark>,
    client: Option<Mark>,
    network: Option<Mark>,
    markets: Vec<(Mark, u32)>,
    market: Option<Mark>,
    last: Option<Timestamp>,
    /// Running mean of the gap between uses, microseconds.
    gap_us: i64,
    silent: bool,
    /// When a move, an upgrade, a switch was last told, microseconds.
    told: [Option<i64>; 3],
}

/// Notes a mark in a small list; true if it was not told within `within_us`.
fn note(list: &mut Vec<(Mark, i64)>, mark: Mark, now_us: i64, within_us: i64) -> bool {
    if let Some((_, told)) = list.iter_mut().find(|(known, _)| *known == mark) {
        let old = now_us.saturating_sub(*told) >= within_us;
        if old {
            *told = now_us;
        }
        return old;
    }
    if list.len() >= ORIGINS_MAX
        && let Some(oldest) = list.iter_mut().min_by_key(|(_, told)| *told)
    {
        *oldest = (mark, now_us);
    } else {
        list.push((mark, now_us));
    }
    true
}

/// The address as links name it: IPv4 whole, IPv6 its /64.
pub(crate) fn origin(address: IpAddr) -> Prefix {
    let IpAddr::V6(v6) = address.to_canonical() else { return Prefix::host(address) };
    let first = std::net::Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64);
    // A text with the low half zero is a prefix of 64 bits.
    format!("{first}/64").parse().unwrap_or_else(|_| Prefix::host(address))
}

impl Uses {
    /// An allowed, validly signed request.
    pub(crate) fn access(&mut self, seen: &Seen<'_>, mut tell: impl FnMut(Link)) {
        let now_us = seen.now.as_micros();
        if note(&mut self.origins, Mark::of_address(seen.address), now_us, USE_US) {
            if let Some(AllowlistEntry::Plain(prefix)) = seen.key.entry_for(seen.address) {
                self.register(*prefix, now_us, &mut tell);
            }
            tell(Link::Use { origin: origin(seen.address), client: seen.client_mark });
        }
        if self.silent {
            self.silent = false;
            tell(Link::Change { change: Change::Resumed });
        } else if let Some(last) = self.last {
            self.gap_us += (seen.now.micros_since(last) - self.gap_us) / 8;
        }
        self.last = Some(seen.now);
        let network = seen.network.operator_mark();
        if self.network.replace(network).is_some_and(|before| before != network) {
            self.change(0, now_us, Change::Moved { network }, &mut tell);
        }
        let family = Mark::of(&seen.client.family);
        let same_family = self.family.replace(family) == Some(family);
        if self.client.replace(seen.client_mark).is_some_and(|before| before != seen.client_mark)
            && same_family
        {
            self.change(1, now_us, Change::Upgraded { client: seen.client_mark }, &mut tell);
        }
        if seen.line.effect == Some(Effect::Order)
            && let Some(market) = &seen.line.market
        {
            self.order(Mark::of(market.as_str()), now_us, &mut tell);
        }
    }

    /// When to look whether it fell silent, if that is not asked for yet.
    pub(crate) fn silence_at(&self, params: &EngineParams) -> Option<Timestamp> {
        let silence = (i64::from(params.silent_s) * SECOND_US).max(GAPS * self.gap_us);
        (!self.silent).then_some(self.last?.plus_micros(silence))
    }

    /// The time asked for came: the last use, if it fell silent.
    pub(crate) fn wake(&mut self, now: Timestamp, params: &EngineParams) -> Option<Timestamp> {
        if self.silence_at(params)? > now {
            return None;
        }
        self.silent = true;
        self.last
    }

    /// The key's line came: prefixes recorded as proved.
    pub(crate) fn key(&mut self, key: &KeyView, now: Timestamp, mut tell: impl FnMut(Link)) {
        for entry in &key.allowlist {
            if let AllowlistEntry::Recorded(recorded) = entry
                && recorded.proved.is_some()
            {
                self.register(recorded.prefix, now.as_micros(), &mut tell);
            }
        }
    }

    fn register(&mut self, prefix: Prefix, now_us: i64, tell: &mut impl FnMut(Link)) {
        // Told again when it was not for a day, so that link detectors may forget.
        if note(&mut self.proved, Mark::of(&prefix.to_string()), now_us, 24 * 60 * MINUTE_US) {
            tell(Link::Registration { prefix });
        }
    }

    fn change(&mut self, which: usize, now_us: i64, change: Change, tell: &mut impl FnMut(Link)) {
        let Some(told) = self.told.get_mut(which) else { return };
        if told.is_none_or(|told| now_us.saturating_sub(told) >= CHANGE_US) {
            *told = Some(now_us);
            tell(Link::Change { change });
        }
    }

    fn order(&mut self, market: Mark, now_us: i64, tell: &mut impl FnMut(Link)) {
        if let Some((_, count)) = self.markets.iter_mut().find(|(known, _)| *known == market) {
            *count += 1;
        } else if self.markets.len() < MARKETS_MAX {
            self.markets.push((market, 1));
        } else if let Some(rarest) = self.markets.iter_mut().min_by_key(|(_, count)| *count) {
            *rarest = (market, 1);
        }
        if self.markets.iter().map(|(_, count)| count).sum::<u32>() >= ORDERS_MAX {
            self.markets.iter_mut().for_each(|(_, count)| *count = count.div_ceil(2));
        }
        let count = |of: Mark| self.markets.iter().find(|(known, _)| *known == of).map_or(0, |(_, n)| *n);
        match self.market {
            None => self.market = Some(market),
            // Twice as often, so that two markets in turn are no switches.
            Some(main) if main != market && count(market) > 2 * count(main) => {
                self.market = Some(market);
                self.change(2, now_us, Change::SwitchedMarket { market }, tell);
            }
            Some(_) => {}
        }
    }
}
