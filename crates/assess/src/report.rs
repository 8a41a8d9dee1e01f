//! The report as a value: the shape of `report.json`, version 1 (docs/adopt/assess.md). Codes are words that stay; sentences are in
//! the language of the run. Members may be added; a member that changes its meaning raises the version.

use crate::source::Role;
use serde::Serialize;
use std::collections::BTreeMap;
use sumun_mapping::Report as SourceReport;
use sumun_model::{
    AccountId, Cause, Effect, EventId, FindingId, KeyId, Lang, Measure, MilliNats, Prefix, Scope, Segment,
    Timestamp,
};

/// The version of the shape.
pub const VERSION: u32 = 1;

/// All of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// `sumun.assess`.
    pub format: &'static str,
    /// [`VERSION`].
    pub version: u32,
    /// The language of sentences.
    pub lang: Lang,
    /// Id and version of the policy that was run dry.
    pub policy: String,
    /// When and how fast, where the caller has a clock.
    pub run: Option<RunTold>,
    /// What was read.
    pub read: Read,
    /// What logs and tables have in common, and what stands against relying on the figures.
    pub fit: crate::fit::Fit,
    /// The keys.
    pub keys: Keys,
    /// Addresses of several owners.
    pub shared: Shared,
    /// Keys that seem to have one operator.
    pub clusters: Clusters,
    /// What the ladder would do.
    pub ladder: LadderDry,
    /// What enforced lists would refuse.
    pub shadow: Shadow,
    /// Each detector and what it is left with.
    pub detectors: Vec<Detector>,
    /// The points of the standard and of practice, one by one.
    pub points: Vec<Point>,
}

/// When and how fast.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RunTold {
    /// Made at.
    pub made: Timestamp,
    /// Milliseconds it took.
    pub took_ms: u64,
    /// Log lines a second.
    pub lines_per_second: u64,
}

/// What was read.
#[derive(Clone, Debug, Serialize)]
pub struct Read {
    /// Each export.
    pub sources: Vec<SourceRead>,
    /// The first event.
    pub from: Timestamp,
    /// The last event.
    pub to: Timestamp,
    /// Requests, copies left out.
    pub requests: u64,
    /// Of these, refused by the exchange.
    pub refused: u64,
    /// Copies of a request that was just seen.
    pub copies: u64,
    /// By day, UTC.
    pub days: Vec<RequestDay>,
    /// Events so far behind the latest that detection took no notice.
    pub late: u64,
    /// What detection left out for a bound.
    pub over_cap: u64,
    /// Changes of keys that were compared with no other key's, because more came at once than detection keeps.
    pub crowded: u64,
    /// Entries the report's own counting kept: by keys, accounts, addresses and days, never by lines.
    pub kept_entries: u64,
    /// No more lines than these were read and waited to be taken, of all logs together.
    pub waiting_lines_max: u64,
}

/// One export.
#[derive(Clone, Debug, Serialize)]
pub struct SourceRead {
    /// What it holds.
    pub role: Role,
    /// Lines left out because a clock was ahead.
    pub leaps: u64,
    /// Lines of a log more than five minutes behind the latest, leaps left out. What the mapping counted took leaps for the time.
    pub late: u64,
    /// Steps forward of more than an hour that are no leaps.
    pub gaps: u64,
    /// What the mapping counted.
    pub counted: SourceReport,
}

/// Requests of one day.
#[derive(Clone, Debug, Serialize)]
pub struct RequestDay {
    /// The day.
    pub day: String,
    /// Requests.
    pub requests: u64,
    /// Refused.
    pub refused: u64,
}

/// The keys of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Keys {
    /// How many.
    pub total: u64,
    /// Neither ended, rejected nor only requested: what findings are about.
    pub living: u64,
    /// Living ones that were used.
    pub used: u64,
    /// Accounts known.
    pub accounts: u64,
    /// By state; `unknown` where the table says none.
    pub by_state: BTreeMap<&'static str, u64>,
    /// Living ones by segment.
    pub by_segment: BTreeMap<&'static str, u64>,
    /// Living ones with a vendor.
    pub with_vendor: u64,
    /// Keys in the log that the table lacks, at least so many.
    pub not_in_table: u64,
    /// Their requests.
    pub not_in_table_requests: u64,
    /// What was found of them.
    pub findings: Vec<KeyFinding>,
    /// By right: how many living keys hold it, and how many of those that were used never used it.
    pub rights: Vec<RightUse>,
    /// Registered prefixes by length, IPv4.
    pub lengths_v4: BTreeMap<u8, u64>,
    /// Registered prefixes by length, IPv6.
    pub lengths_v6: BTreeMap<u8, u64>,
    /// Bounds the findings were judged by.
    pub bounds: Bounds,
}

/// Bounds the findings are judged by.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Bounds {
    /// Unused for so long is dormant, days.
    pub dormant_days: u32,
    /// The same, cut to what the log spans where the table tells no last use.
    pub dormant_days_judged: u32,
    /// Longest time a key may be valid, days.
    pub validity_days_max: u32,
    /// IPv4 prefixes shorter than this are wide.
    pub wide_v4: u8,
    /// IPv6 prefixes shorter than this are wide.
    pub wide_v6: u8,
    /// Most entries of one list.
    pub list_max: usize,
}

/// One kind of finding on keys.
#[derive(Clone, Debug, Serialize)]
pub struct KeyFinding {
    /// Which; see [`Code`].
    pub code: Code,
    /// How many living keys; null: the data cannot say.
    pub count: Option<u64>,
    /// Of how many.
    pub of: u64,
    /// The first by risk.
    pub first: Vec<Item>,
}

/// What is found on keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// No address registered.
    WithoutAllowlist,
    /// A prefix wider than the bound.
    WidePrefix,
    /// More addresses than members allow.
    ManyAddresses,
    /// A right to act was never used in the span, though the key was.
    OverScoped,
    /// May withdraw.
    MayWithdraw,
    /// Not used for long.
    Dormant,
    /// No end.
    WithoutExpiry,
    /// Valid for longer than the bound.
    LongValidity,
    /// Its end is past, and it is not ended.
    PastExpiry,
    /// Used from addresses it has not registered.
    UsedFromOutside,
}

/// A key in a list, its id as given.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    /// The key.
    pub key: KeyId,
    /// Whose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// Kind of customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<Segment>,
    /// Allowed requests.
    pub uses: u64,
    /// The last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Timestamp>,
    /// The rights it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rights: Vec<Scope>,
    /// The prefixes it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<Prefix>,
    /// Its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// A number it is about: addresses, or requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
}

/// How a right is held and used.
#[derive(Clone, Debug, Serialize)]
pub struct RightUse {
    /// Which.
    pub right: Scope,
    /// Living keys that hold it.
    pub held: u64,
    /// Of these, used in the span.
    pub in_use: u64,
    /// Of these, never by this right.
    pub never: u64,
}

/// Addresses that keys of different owners share.
#[derive(Clone, Debug, Serialize)]
pub struct Shared {
    /// By registration.
    pub registered: SharedSide,
    /// By allowed use.
    pub used: SharedSide,
    /// Requests from addresses beyond those kept: the second is then a lower bound.
    pub not_kept: u64,
}

/// One way of sharing.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SharedSide {
    /// How many addresses.
    pub addresses: u64,
    /// Keys on them.
    pub keys: u64,
    /// Addresses by kind of network, as far as data say.
    pub by_class: BTreeMap<&'static str, u64>,
    /// Those with most owners.
    pub first: Vec<SharedAddress>,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub struct SharedAddress {
    /// The address, or the prefix registered.
    pub address: String,
    /// Owners; at least so many.
    pub owners: u64,
    /// Keys; at least so many.
    pub keys: u64,
    /// Its network's kind.
    pub class: &'static str,
    /// Some of the keys.
    pub some: Vec<KeyId>,
}

/// Keys that seem to have one operator.
#[derive(Clone, Debug, Serialize)]
pub struct Clusters {
    /// How many; at least so many where the bound was met.
    pub total: u64,
    /// Keys in them.
    pub keys: u64,
    /// Of these, clusters against which nothing speaks but a line of a business that several customers use.
    pub office_lines: u64,
    /// The largest, those of office lines last.
    pub first: Vec<Cluster>,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub struct Cluster {
    /// Its id.
    pub id: FindingId,
    /// What is believed.
    pub cause: Cause,
    /// Keys.
    pub keys: u64,
    /// Owners.
    pub owners: u64,
    /// Keys that name a vendor: where no register of vendors was given, that may be all there is to it.
    pub with_vendor: u64,
    /// Nothing speaks against them but a line of a business that all use: an office looks just so until its people have signed in.
    pub office_line: bool,
    /// Some of the keys.
    pub some: Vec<KeyId>,
    /// What was seen.
    pub said: Vec<Said>,
}

/// A sentence of a detector.
#[derive(Clone, Debug, Serialize)]
pub struct Said {
    /// Whose.
    pub detector: String,
    /// Reason code.
    pub code: String,
    /// The sentence.
    pub because: String,
    /// Milli-nats.
    pub points: MilliNats,
    /// When it was last said.
    pub at: Timestamp,
    /// Some of the requests.
    pub evidence: Vec<EventId>,
}

/// What the ladder would do, nobody approving anything.
#[derive(Clone, Debug, Serialize)]
pub struct LadderDry {
    /// By segment.
    pub segments: Vec<LadderSegment>,
    /// Alerts by day.
    pub days: Vec<AlertDay>,
    /// Alerts a day, in thousandths.
    pub alerts_per_day_milli: u64,
    /// The most of one day.
    pub alerts_day_max: u64,
    /// All alerts of the log.
    pub alerts: u64,
    /// How many of them are wrong if the risk that stands beside each is exact, in thousandths.
    pub alerts_wrong_expected_milli: u64,
    /// The budget of a day.
    pub budget: u32,
    /// The keys that rose highest.
    pub first: Vec<LadderKey>,
}

/// One segment.
#[derive(Clone, Debug, Serialize)]
pub struct LadderSegment {
    /// Which; `unknown` where the tables say none.
    pub segment: &'static str,
    /// Its living keys.
    pub keys: u64,
    /// Keys by the strictest measure the machine would have entered.
    pub reached: BTreeMap<&'static str, u64>,
    /// Keys by the strictest measure people would have been asked for.
    pub proposed: BTreeMap<&'static str, u64>,
    /// Keys by where they stand at the end.
    pub stands: BTreeMap<&'static str, u64>,
}

/// One key on the ladder.
#[derive(Clone, Debug, Serialize)]
pub struct LadderKey {
    /// Which.
    pub key: KeyId,
    /// What the machine would have entered.
    pub reached: Option<Measure>,
    /// What people would have been asked for.
    pub proposed: Option<Measure>,
    /// Most points.
    pub points: MilliNats,
    /// Why.
    pub because: String,
}

/// Alerts of one day.
#[derive(Clone, Debug, Serialize)]
pub struct AlertDay {
    /// The day.
    pub day: String,
    /// Raised within the budget.
    pub raised: u64,
    /// Put before people instead: beyond the budget, or because the rule says so.
    pub beyond: u64,
}

/// What enforced lists would refuse.
#[derive(Clone, Debug, Serialize)]
pub struct Shadow {
    /// By segment.
    pub segments: Vec<ShadowSegment>,
    /// From unregistered addresses, by what the request would do.
    pub by_effect: Vec<(Option<Effect>, u64)>,
    /// Refused by the exchange itself for their address, in the log.
    pub refused_already: u64,
}

/// One segment.
#[derive(Clone, Debug, Serialize)]
pub struct ShadowSegment {
    /// Which.
    pub segment: &'static str,
    /// Requests that were allowed.
    pub allowed: u64,
    /// Of these, from addresses the key has not registered.
    pub unregistered: u64,
    /// Keys they are of.
    pub keys_unregistered: u64,
    /// Of these, of keys that have registered none.
    pub without_list: u64,
    /// Keys they are of.
    pub keys_without_list: u64,
}

/// One detector.
#[derive(Clone, Debug, Serialize)]
pub struct Detector {
    /// Which, with its version.
    pub detector: &'static str,
    /// What it rests for: of each group one field would do. Empty: it works.
    pub lacks: Vec<Vec<&'static str>>,
    /// Fields it would see more with.
    pub better: Vec<&'static str>,
    /// Signals.
    pub signals: u64,
}

/// One point, judged.
#[derive(Clone, Debug, Serialize)]
pub struct Point {
    /// Which; its words are in the report.
    pub code: crate::points::PointCode,
    /// Whence it is known.
    pub origin: crate::points::Origin,
    /// How the data stand to it.
    pub state: crate::points::PointState,
    /// The figures it is judged by.
    pub figures: BTreeMap<&'static str, u64>,
    /// What is missing, where nothing was seen because nothing could be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<crate::fit::Lack>,
}

impl AlertDay {
    pub(crate) fn of(day: i64) -> Self {
        Self { day: date(day), raised: 0, beyond: 0 }
    }
}

/// A day since 1970 as `YYYY-MM-DD`.
pub(crate) fn date(day: i64) -> String {
    let at = Timestamp::from_micros(day.saturating_mul(86_400_000_000));
    at.to_string().chars().take(10).collect()
}
