//! What a report on an export must say: counted while it was written, by the naive rules that the report's own words state.

use super::names::Names;
use super::tables::KeyRow;
use crate::population::{self, Kind};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use sumun_model::wire::AccessLine;
use sumun_model::wire::event::{Signature, Verdict};
use sumun_model::{KeyState, Prefix, Reason, Scope, ScopeSet, Timestamp};

const DAY_US: i64 = 86_400_000_000;
/// Bounds as `sumun assess` has them without options.
const DORMANT_DAYS: i64 = 90;
const VALIDITY_DAYS: i64 = 366;
const ADDRESSES_MAX: usize = 10;
const WIDE: (u8, u8) = (29, 64);
const ACTING: [Scope; 5] =
    [Scope::Withdraw, Scope::Transfer, Scope::Trade, Scope::Deposit, Scope::SubAccounts];

/// Keys driven from one host by one operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// All of them, as the exports name them.
    pub keys: BTreeSet<String>,
    /// How many of them the operator had used before the log ends.
    pub begun: u64,
}

/// What a report must say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// What the world was made of.
    pub seed: u64,
    /// Records of the access log, rubbish and copies among them.
    pub records: u64,
    /// Records that are none.
    pub rubbish: u64,
    /// Requests, copies and leaps left out.
    pub requests: u64,
    /// Of these, refused by the exchange.
    pub refused: u64,
    /// Lines written twice.
    pub copies: u64,
    /// Lines of a clock far ahead.
    pub leaps: u64,
    /// Lines of a clock behind.
    pub late: u64,
    /// Lines with bytes that are no text.
    pub replaced: u64,
    /// Whether the stream breaks off.
    pub truncated: bool,
    /// The first and the last instant, microseconds since 1970.
    pub span_us: (i64, i64),
    /// Keys of the table.
    pub keys: u64,
    /// Of these, living.
    pub living: u64,
    /// Of these, used.
    pub used: u64,
    /// Accounts.
    pub accounts: u64,
    /// Keys in the log that the table lacks, and their requests.
    pub not_in_table: (u64, u64),
    /// Findings on keys, by code.
    pub findings: BTreeMap<String, u64>,
    /// Addresses of several owners, by registration and by allowed use.
    pub shared: (u64, u64),
    /// Allowed requests; of these from addresses not registered; of keys without a list.
    pub shadow: (u64, u64, u64),
    /// Refused by the exchange for their address.
    pub refused_for_address: u64,
    /// Pools of five keys and more.
    pub pools: Vec<Pool>,
    /// Every misused key. All others are honest.
    pub misused: BTreeSet<String>,
}

/// What one key did.
#[derive(Clone, Debug, Default)]
struct Did {
    requests: u64,
    uses: u64,
    rights: ScopeSet,
    from: Vec<(IpAddr, u64)>,
    refused_for_address: u64,
}

/// Counts one export while it is written.
#[derive(Debug, Default)]
pub(super) struct Counting {
    pub(super) truth: Truth,
    did: Vec<Did>,
    span: Option<(Timestamp, Timestamp)>,
}

impl Counting {
    pub(super) fn new(seed: u64, keys: usize) -> Self {
        Self { truth: Truth { seed, ..Truth::default() }, did: vec![Did::default(); keys], span: None }
    }

    /// A request that the report has to count.
    pub(super) fn request(&mut self, line: &AccessLine, key: usize) {
        let denied = line.verdict == Some(Verdict::Deny);
        self.truth.requests += 1;
        self.truth.refused += u64::from(denied);
        self.seen(line.ts);
        let Some(did) = self.did.get_mut(key) else { return };
        did.requests += 1;
        let unsigned = matches!(line.signature, Some(Signature::Invalid | Signature::Absent));
        if denied || unsigned {
            did.refused_for_address += u64::from(line.reason == Some(Reason::AddressNotAllowed));
            return;
        }
        did.uses += 1;
        if let Some(scope) = line.scope {
            did.rights = did.rights.with(scope);
        }
        let Some(ip) = line.ip else { return };
        match did.from.iter_mut().find(|(known, _)| *known == ip) {
            Some((_, n)) => *n += 1,
            None => did.from.push((ip, 1)),
        }
    }

    /// Something of any log happened then: the report's span is that of all logs together.
    pub(super) fn seen(&mut self, at: Timestamp) {
        let (from, to) = self.span.unwrap_or((at, at));
        self.span = Some((from.min(at), to.max(at)));
    }

    /// The truth, the table and who is who being known.
    pub(super) fn end(
        mut self,
        rows: &[Option<KeyRow>],
        unlisted: &HashSet<usize>,
        owners: &HashMap<String, String>,
        whose: &[population::Truth],
        names: &Names,
    ) -> Truth {
        let mut truth = std::mem::take(&mut self.truth);
        let (from, to) = self.span.unwrap_or((Timestamp::from_micros(0), Timestamp::from_micros(0)));
        truth.span_us = (from.as_micros(), to.as_micros());
        truth.accounts = owners.len() as u64;
        let judged = (to.micros_since(from) / DAY_US).min(DORMANT_DAYS);
        let mut shared = (Sharing::default(), Sharing::default());
        let never = Did::default();
        for (place, row) in rows.iter().enumerate() {
            let Some(row) = row else { continue };
            let did = self.did.get(place).unwrap_or(&never);
            if unlisted.contains(&place) {
                truth.not_in_table.0 += u64::from(did.requests > 0);
                truth.not_in_table.1 += did.requests;
                continue;
            }
            truth.keys += 1;
            let owner = owners.get(&row.account).map_or(row.account.as_str(), String::as_str);
            truth.refused_for_address += did.refused_for_address;
            let mut outside = 0;
            for (ip, n) in &did.from {
                shared.1.note(*ip, owner);
                truth.shadow.0 += n;
                if !row.allowlist.iter().any(|prefix| prefix.contains(*ip)) {
                    outside += n;
                }
            }
            if row.allowlist.is_empty() {
                truth.shadow.2 += outside;
            } else {
                truth.shadow.1 += outside;
            }
            if matches!(row.state, Some(KeyState::Expired | KeyState::Rejected | KeyState::Requested)) {
                continue;
            }
            truth.living += 1;
            truth.used += u64::from(did.uses > 0);
            for prefix in row.allowlist.iter().collect::<HashSet<_>>() {
                shared.0.note(*prefix, owner);
            }
            for code in findings(row, did, outside, to, judged) {
                *truth.findings.entry(code.to_owned()).or_default() += 1;
            }
        }
        truth.shared = (shared.0.several, shared.1.several);
        self.people(&mut truth, whose, names);
        truth
    }

    fn people(&self, truth: &mut Truth, whose: &[population::Truth], names: &Names) {
        let mut pools: BTreeMap<&str, Pool> = BTreeMap::new();
        for (place, one) in whose.iter().enumerate().filter(|(_, one)| one.is_bad()) {
            let name = names.of(one.key.as_str());
            truth.misused.insert(name.clone());
            let (Kind::PoolOneHost, Some(operator)) = (one.kind, one.operator.as_deref()) else { continue };
            let pool = pools.entry(operator).or_insert_with(|| Pool { keys: BTreeSet::new(), begun: 0 });
            pool.keys.insert(name);
            let to = Timestamp::from_micros(truth.span_us.1);
            let used = self.did.get(place).is_some_and(|did| did.uses > 0);
            pool.begun += u64::from(used && one.from.is_some_and(|from| from < to));
        }
        truth.pools = pools.into_values().filter(|pool| pool.keys.len() >= 5).collect();
    }
}

fn findings(row: &KeyRow, did: &Did, outside: u64, to: Timestamp, judged: i64) -> Vec<&'static str> {
    let wide = |prefix: &Prefix| prefix.length() < if prefix.is_v4() { WIDE.0 } else { WIDE.1 };
    let long = |end: Timestamp| end.micros_since(row.created.unwrap_or(to)) > VALIDITY_DAYS * DAY_US;
    let unused = |right: &Scope| row.scopes.contains(*right) && !did.rights.contains(*right);
    let old = row.created.is_none_or(|at| at <= to.plus_micros(-judged * DAY_US));
    let all = [
        ("without_allowlist", row.allowlist.is_empty()),
        ("used_from_outside", outside > 0 && !row.allowlist.is_empty()),
        ("wide_prefix", row.allowlist.iter().any(wide)),
        ("many_addresses", row.allowlist.len() > ADDRESSES_MAX),
        ("may_withdraw", row.scopes.contains(Scope::Withdraw)),
        ("over_scoped", did.uses > 0 && ACTING.iter().any(unused)),
        ("dormant", did.uses == 0 && old),
        ("without_expiry", row.expires.is_none()),
        ("long_validity", row.expires.is_some_and(long)),
        ("past_expiry", row.expires.is_some_and(|end| end < to)),
    ];
    all.into_iter().filter_map(|(code, is)| is.then_some(code)).collect()
}

/// Who has something first, and whether others have it too.
struct Sharing<'o, T> {
    first: HashMap<T, Option<&'o str>>,
    several: u64,
}

impl<T> Default for Sharing<'_, T> {
    fn default() -> Self {
        Self { first: HashMap::new(), several: 0 }
    }
}

impl<'o, T: Eq + std::hash::Hash> Sharing<'o, T> {
    fn note(&mut self, of: T, owner: &'o str) {
        let first = self.first.entry(of).or_insert(Some(owner));
        if first.is_some_and(|known| known != owner) {
            *first = None;
            self.several += 1;
        }
    }
}
