//! What the table of keys says of each, held against what was used: findings with counts and the first by risk.

use crate::census::{Census, Held};
use crate::conclude::{UNKNOWN, count, filled, word};
use crate::fit::Fit;
use crate::report::{Bounds, Code, Item, KeyFinding, Keys, RightUse, SourceRead};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use sumun_model::{KeyState, Prefix, Scope, Timestamp};

const DAY_US: i64 = 86_400_000_000;

/// Rights by which something is done; the others read.
pub(crate) const ACTING: [Scope; 5] =
    [Scope::Withdraw, Scope::Transfer, Scope::Trade, Scope::Deposit, Scope::SubAccounts];

/// What everything here is judged by.
struct Rules {
    bounds: Bounds,
    addresses_max: usize,
    to: Timestamp,
}

impl Rules {
    fn is_wide(&self, prefix: Prefix) -> bool {
        prefix.length() < if prefix.is_v4() { self.bounds.wide_v4 } else { self.bounds.wide_v6 }
    }

    fn is_dormant(&self, held: &Held) -> bool {
        let since = |days: u32| self.to.plus_micros(-i64::from(days) * DAY_US);
        let new = held.created.is_some_and(|created| created > since(self.bounds.dormant_days_judged));
        match held.last {
            // Older than the log: the table said so itself, and the whole bound can be held against it.
            Some(last) => last < since(self.bounds.dormant_days),
            None => !new,
        }
    }

    fn is_long(&self, held: &Held) -> bool {
        let Some(expires) = held.expires else { return false };
        let from = held.created.unwrap_or(self.to);
        expires.micros_since(from) > i64::from(self.bounds.validity_days_max) * DAY_US
    }
}

fn unused_rights(held: &Held) -> Vec<Scope> {
    let never = |scope: &Scope| held.holds(*scope) && !held.used.contains(*scope);
    if held.uses == 0 { Vec::new() } else { ACTING.into_iter().filter(never).collect() }
}

fn meets(code: Code, held: &Held, rules: &Rules) -> bool {
    match code {
        Code::WithoutAllowlist => held.allowlist.is_empty(),
        Code::WidePrefix => held.allowlist.iter().any(|prefix| rules.is_wide(*prefix)),
        Code::ManyAddresses => held.allowlist.len() > rules.addresses_max,
        Code::OverScoped => !unused_rights(held).is_empty(),
        Code::MayWithdraw => held.holds(Scope::Withdraw),
        Code::Dormant => rules.is_dormant(held),
        Code::WithoutExpiry => held.expires.is_none(),
        Code::LongValidity => rules.is_long(held),
        Code::PastExpiry => held.expires.is_some_and(|end| end < rules.to),
        Code::UsedFromOutside => held.outside > 0 && !held.allowlist.is_empty(),
    }
}

impl Code {
    /// Every code, in the order of the report.
    pub const ALL: [Self; 10] = [
        Self::WithoutAllowlist,
        Self::UsedFromOutside,
        Self::WidePrefix,
        Self::ManyAddresses,
        Self::MayWithdraw,
        Self::OverScoped,
        Self::Dormant,
        Self::WithoutExpiry,
        Self::LongValidity,
        Self::PastExpiry,
    ];

    /// Fields without which nothing can be said: all of them.
    const fn needs(self) -> &'static [&'static str] {
        match self {
            Self::WithoutAllowlist | Self::WidePrefix | Self::ManyAddresses => &["key.allowlist"],
            Self::OverScoped => &["key.scopes", "access.scope", "access.key"],
            Self::MayWithdraw => &["key.scopes"],
            Self::Dormant => &["access.key"],
            Self::WithoutExpiry | Self::LongValidity | Self::PastExpiry => &["key.expires"],
            Self::UsedFromOutside => &["key.allowlist", "access.ip", "access.key"],
        }
    }

    /// Whether the log says enough of the table's keys: of none, nothing is found, which is no good news.
    fn could_be_seen(self, read: &[SourceRead], fit: &Fit) -> bool {
        match self {
            Self::UsedFromOutside => fit.requests_compared > 0,
            Self::OverScoped => !fit.is_nothing(),
            Self::Dormant => !fit.is_nothing() || filled(read, "key.ext.last_used"),
            Self::WithoutAllowlist
            | Self::WidePrefix
            | Self::ManyAddresses
            | Self::MayWithdraw
            | Self::WithoutExpiry
            | Self::LongValidity
            | Self::PastExpiry => true,
        }
    }

    /// Whether it is judged by the log.
    pub(crate) const fn is_of_use(self) -> bool {
        matches!(self, Self::UsedFromOutside | Self::OverScoped | Self::Dormant)
    }
}

fn item(code: Code, held: &Held, census: &Census, rules: &Rules) -> Item {
    let mut item = Item {
        key: held.id.clone(),
        account: held.account.clone(),
        segment: census.segment(held),
        uses: held.uses,
        last_used: held.last,
        rights: Vec::new(),
        prefixes: Vec::new(),
        expires: None,
        number: None,
    };
    match code {
        Code::WithoutAllowlist | Code::Dormant => item.rights = acting(held),
        Code::WidePrefix => {
            item.prefixes =
                held.allowlist.iter().filter(|prefix| rules.is_wide(**prefix)).take(8).copied().collect();
        }
        Code::ManyAddresses => item.number = Some(count(held.allowlist.len())),
        Code::OverScoped => item.rights = unused_rights(held),
        Code::MayWithdraw => item.rights = acting(held),
        Code::LongValidity | Code::PastExpiry => item.expires = held.expires,
        Code::WithoutExpiry => {}
        Code::UsedFromOutside => item.number = Some(held.outside),
    }
    item
}

fn acting(held: &Held) -> Vec<Scope> {
    ACTING.into_iter().filter(|scope| held.holds(*scope)).collect()
}

/// What can be lost comes first: who may withdraw, then who may trade, then who is used most.
fn by_risk(held: &Held, widest: u8) -> (bool, bool, u8, Reverse<u64>, &str) {
    (!held.holds(Scope::Withdraw), !held.holds(Scope::Trade), widest, Reverse(held.uses), held.id.as_str())
}

fn finding(
    code: Code,
    living: &[&Held],
    census: &Census,
    (read, fit): (&[SourceRead], &Fit),
    rules: &Rules,
) -> KeyFinding {
    let can = code.needs().iter().all(|field| filled(read, field)) && code.could_be_seen(read, fit);
    let of = count(living.len());
    if !can {
        return KeyFinding { code, count: None, of, first: Vec::new() };
    }
    let mut found: Vec<&Held> = living.iter().filter(|held| meets(code, held, rules)).copied().collect();
    let widest = |held: &Held| match code {
        Code::WidePrefix => held.allowlist.iter().map(Prefix::length).min().unwrap_or(0),
        _ => 0,
    };
    found.sort_by(|a, b| by_risk(a, widest(a)).cmp(&by_risk(b, widest(b))));
    let first = found.iter().take(rules.bounds.list_max).map(|held| item(code, held, census, rules));
    KeyFinding { code, count: Some(count(found.len())), of, first: first.collect() }
}

pub(crate) fn keys(
    census: &Census,
    seen: (&[SourceRead], &Fit),
    bounds: Bounds,
    addresses_max: usize,
    to: Timestamp,
) -> Keys {
    let rules = Rules { bounds, addresses_max, to };
    let living: Vec<&Held> = census.keys.iter().filter(|held| held.lives()).collect();
    let (mut by_state, mut by_segment) = (BTreeMap::new(), BTreeMap::new());
    for held in &census.keys {
        *by_state.entry(held.state.map_or(UNKNOWN, KeyState::as_str)).or_default() += 1;
    }
    let (mut lengths_v4, mut lengths_v6) = (BTreeMap::new(), BTreeMap::new());
    for held in &living {
        *by_segment.entry(word(census.segment(held))).or_default() += 1;
        for prefix in &held.allowlist {
            let lengths = if prefix.is_v4() { &mut lengths_v4 } else { &mut lengths_v6 };
            *lengths.entry(prefix.length()).or_default() += 1;
        }
    }
    Keys {
        total: count(census.keys.len()),
        living: count(living.len()),
        used: count(living.iter().filter(|held| held.uses > 0).count()),
        accounts: count(census.accounts.len()),
        by_state,
        by_segment,
        with_vendor: count(living.iter().filter(|held| held.has_vendor).count()),
        not_in_table: count(census.strangers()),
        not_in_table_requests: census.stranger_requests,
        findings: Code::ALL.iter().map(|code| finding(*code, &living, census, seen, &rules)).collect(),
        rights: Scope::ALL.iter().map(|right| right_use(*right, &living)).collect(),
        lengths_v4,
        lengths_v6,
        bounds,
    }
}

fn right_use(right: Scope, living: &[&Held]) -> RightUse {
    let holds = living.iter().filter(|held| held.holds(right));
    let in_use = holds.clone().filter(|held| held.uses > 0);
    RightUse {
        right,
        held: count(holds.count()),
        never: count(in_use.clone().filter(|held| !held.used.contains(right)).count()),
        in_use: count(in_use.count()),
    }
}
