//! The points that are publicly known of DAXA's standard, and what members already do, one by one: met by the data, a gap, or not to be
//! judged from exports.
//!
//! No text of the standard has been published. These are our own words for what reports and members' pages say; a lawyer decides what
//! binds. A point is met only as far as these exports show.

use crate::census::Census;
use crate::conclude::filled;
use crate::fit::Lack;
use crate::report::{Code, Point, Report, SourceRead};
use serde::Serialize;
use std::collections::BTreeMap;
use sumun_model::Scope;

/// Whence a point is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Reports on the standard of 2026-05-28.
    Standard,
    /// What members already do.
    Practice,
}

/// How the data stand to a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PointState {
    /// Nothing in the data speaks against it.
    Met,
    /// The data show where it is not met.
    Gap,
    /// Exports cannot say.
    CannotJudge,
}

/// Which point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PointCode {
    /// Every key has registered addresses.
    AddressesRegistered,
    /// Requests from other addresses do not pass.
    AddressesEnforced,
    /// Lawful users go on undisturbed.
    LawfulUndisturbed,
    /// Lending is looked for, and every key has an assessed risk.
    RiskAssessed,
    /// Intensive monitoring.
    StageMonitor,
    /// Warning.
    StageWarn,
    /// Renewed verification.
    StageReverify,
    /// Forced expiry.
    StageExpire,
    /// Rights are separate, withdrawing apart.
    RightsSeparate,
    /// Few addresses for a key.
    FewAddresses,
    /// Narrow addresses.
    NarrowAddresses,
    /// A year at most.
    ValidityBounded,
    /// Few keys for an account.
    FewKeys,
    /// Addresses of high risk are looked at.
    RiskyAddresses,
    /// Terms against lending, accepted.
    TermsAccepted,
    /// A second factor where keys are made and changed.
    SecondFactor,
}

use PointCode as P;
use PointState::{CannotJudge, Gap, Met};

/// Most keys of one account that members allow.
const KEYS_PER_ACCOUNT: u64 = 10;

type Figures = BTreeMap<&'static str, u64>;

fn of(figures: &[(&'static str, u64)]) -> Figures {
    figures.iter().copied().collect()
}

/// A gap where something was counted, met where it was looked for and nothing found.
fn by(counted: Option<u64>, name: &'static str) -> (PointState, Figures) {
    match counted {
        None => (CannotJudge, Figures::new()),
        Some(0) => (Met, of(&[(name, 0)])),
        Some(n) => (Gap, of(&[(name, n)])),
    }
}

pub(crate) fn judge(report: &Report, census: &Census, read: &[SourceRead]) -> Vec<Point> {
    let found = |code: Code| {
        report.keys.findings.iter().find(|finding| finding.code == code).and_then(|finding| finding.count)
    };
    let rests = report.detectors.iter().filter(|detector| !detector.lacks.is_empty()).count() as u64;
    let all = report.detectors.len() as u64;
    let sum =
        |of: fn(&crate::report::ShadowSegment) -> u64| report.shadow.segments.iter().map(of).sum::<u64>();
    let unregistered = sum(|segment| segment.unregistered);
    let would = unregistered + sum(|segment| segment.without_list);
    let keys = sum(|segment| segment.keys_unregistered) + sum(|segment| segment.keys_without_list);
    let judgeable = found(Code::UsedFromOutside).is_some();
    let stage = |measure: &str| {
        let on = |segment: &crate::report::LadderSegment| {
            segment.reached.get(measure).copied().unwrap_or(0)
                + segment.proposed.get(measure).copied().unwrap_or(0)
        };
        (CannotJudge, of(&[("keys", report.ladder.segments.iter().map(on).sum())]))
    };
    let point = |code, origin, (state, figures)| Point { code, origin, state, figures, lacks: None };
    // That nothing was seen is no merit where nothing could be.
    let seen = |code, (state, figures), lacks: Option<Lack>| match lacks.filter(|_| state != Gap) {
        Some(lacks) => {
            Point { lacks: Some(lacks), ..point(code, Origin::Standard, (CannotJudge, Figures::new())) }
        }
        None => point(code, Origin::Standard, (state, figures)),
    };
    let fit = &report.fit;
    use Origin::{Practice, Standard};
    vec![
        point(P::AddressesRegistered, Standard, by(found(Code::WithoutAllowlist), "keys")),
        seen(
            P::AddressesEnforced,
            by(judgeable.then_some(unregistered), "requests"),
            fit.lacks_addresses(true),
        ),
        seen(
            P::LawfulUndisturbed,
            {
                let (state, mut figures) = by(judgeable.then_some(would), "requests");
                if judgeable {
                    figures.insert("keys", keys);
                }
                (state, figures)
            },
            fit.lacks_addresses(false),
        ),
        seen(
            P::RiskAssessed,
            {
                let figures = of(&[("rests", rests), ("all", all)]);
                (if rests == 0 { Met } else { Gap }, figures)
            },
            fit.lacks(),
        ),
        point(P::StageMonitor, Standard, stage("monitor")),
        point(P::StageWarn, Standard, stage("warn")),
        point(P::StageReverify, Standard, stage("reverify")),
        point(P::StageExpire, Standard, stage("expire")),
        point(P::RightsSeparate, Practice, rights(report, census)),
        point(P::FewAddresses, Practice, by(found(Code::ManyAddresses), "keys")),
        point(P::NarrowAddresses, Practice, by(found(Code::WidePrefix), "keys")),
        point(P::ValidityBounded, Practice, {
            let [without, long, past] =
                [Code::WithoutExpiry, Code::LongValidity, Code::PastExpiry].map(found);
            let any = without.zip(long).zip(past).map(|((without, long), past)| without + long + past);
            let (state, figures) = by(any, "keys");
            (state, figures)
        }),
        point(P::FewKeys, Practice, {
            let mut accounts: BTreeMap<&str, u64> = BTreeMap::new();
            for account in
                census.keys.iter().filter(|held| held.lives()).filter_map(|held| held.account.as_ref())
            {
                *accounts.entry(account.as_str()).or_default() += 1;
            }
            let many = accounts.values().filter(|keys| **keys > KEYS_PER_ACCOUNT).count() as u64;
            by(filled(read, "key.account").then_some(many), "accounts")
        }),
        point(P::RiskyAddresses, Practice, (CannotJudge, Figures::new())),
        point(P::TermsAccepted, Practice, (CannotJudge, Figures::new())),
        point(P::SecondFactor, Practice, (CannotJudge, Figures::new())),
    ]
}

/// Reading, trading and withdrawing in one key is what separate rights are there to prevent.
fn rights(report: &Report, census: &Census) -> (PointState, Figures) {
    let told = report.keys.findings.iter().find(|finding| finding.code == Code::MayWithdraw);
    if told.is_none_or(|finding| finding.count.is_none()) {
        return (CannotJudge, Figures::new());
    }
    let bundled =
        |held: &&crate::census::Held| held.lives() && held.holds(Scope::Withdraw) && held.holds(Scope::Trade);
    by(Some(census.keys.iter().filter(bundled).count() as u64), "keys")
}
