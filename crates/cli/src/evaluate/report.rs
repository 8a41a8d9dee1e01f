//! Numbers of the records: recall, false rates with bounds, precision, time to detect, fairness, and the two strata.
//!
//! A measure counts for its rank and all below. Recall counts keys that met it at or after their first misuse; the false rate
//! honest keys that ever met it, by key-months watched.

use super::record::{FalseAlarm, Reached, Record, WorldNumbers};
use super::statistics::{Bounded, Share, bounded_precision, poisson_upper, quantile};
use super::{MEASURES, naive::RULES};
use serde::Serialize;
use std::collections::BTreeMap;
use sumun_sim::population::{Kind, Role, Skill};

/// Seconds of a key-month.
const MONTH_S: f64 = 30.0 * 86_400.0;
/// Shares of misused keys at which precision is told.
pub const BASE_RATES: [f64; 2] = [0.002, 0.005];
/// Columns of a table: the measures, then the baseline.
pub const COLUMNS: usize = MEASURES + 1;
/// Most false alarms told one by one.
const ALARMS_MAX: usize = 1_000;

/// Everything.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Worlds.
    pub worlds: usize,
    /// Lines.
    pub lines: u64,
    /// Honest keys, those of framers left out.
    pub clean_keys: u64,
    /// Their key-months.
    pub clean_key_months: f64,
    /// Misused keys.
    pub bad_keys: u64,
    /// Recall: all, then by kind, then by kind and skill.
    pub recall: Vec<Recall>,
    /// Misused keys that met a measure before their misuse, by column.
    pub before: [u64; COLUMNS],
    /// Time to detect: all, then by kind.
    pub time: Vec<TimeRow>,
    /// False rates: all, then by kind.
    pub clean: Vec<CleanRow>,
    /// Honest keys ended by the machine alone.
    pub ended_by_machine: u64,
    /// Keys whose owners attack others.
    pub framers: CleanRow,
    /// Rules of the baseline: misused keys met, honest keys met.
    pub naive_rules: Vec<(u64, u64)>,
    /// Precision by column, at each base rate.
    pub precision: Vec<Vec<Option<Bounded>>>,
    /// Groups of honest keys compared.
    pub fairness: Vec<Fairness>,
    /// Born in the world, address added in the world.
    pub strata: Vec<Stratum>,
    /// Warnings a day.
    pub alerts: Alerts,
    /// Measures on keys that were honest then, one by one.
    pub false_alarms: Vec<FalseAlarm>,
}

/// Recall of some keys.
#[derive(Debug, Serialize)]
pub struct Recall {
    /// Their kind; none: all.
    pub kind: Option<&'static str>,
    /// Their operators' skill; none: all.
    pub skill: Option<&'static str>,
    /// How many.
    pub keys: u64,
    /// By column.
    pub met: [u64; COLUMNS],
}

/// Time from the first misuse.
#[derive(Debug, Serialize)]
pub struct TimeRow {
    /// Kind; none: all.
    pub kind: Option<&'static str>,
    /// By column; none: nobody met it.
    pub by: Vec<Option<Time>>,
}

/// Median and p90 of those that met a measure.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Time {
    /// Hours.
    pub hours: (f64, f64),
    /// Requests.
    pub requests: (u64, u64),
}

/// Honest keys.
#[derive(Debug, Serialize)]
pub struct CleanRow {
    /// Kind; none: all.
    pub kind: Option<&'static str>,
    /// How many.
    pub keys: u64,
    /// Key-months.
    pub months: f64,
    /// By column.
    pub met: [u64; COLUMNS],
    /// Per 10,000 key-months, by column.
    pub per_10k: [f64; COLUMNS],
    /// Its 95 % upper bound.
    pub upper: [f64; COLUMNS],
}

/// Two groups of honest keys.
#[derive(Debug, Serialize)]
pub struct Fairness {
    /// The group that could be wronged.
    pub group: &'static str,
    /// Compared with.
    pub against: &'static str,
    /// Keys met of keys, at `monitor` and `warn`, of the group.
    pub of_group: [(u64, u64); 2],
    /// The same of the other.
    pub of_other: [(u64, u64); 2],
    /// Ratio of rates; none where either met none.
    pub ratio: [Option<f64>; 2],
}

/// Keys of one stratum.
#[derive(Debug, Serialize)]
pub struct Stratum {
    /// Born within the world.
    pub born: bool,
    /// An address added within the world.
    pub edited: bool,
    /// Honest keys, and of them met at `monitor` and `warn`.
    pub clean: (u64, u64, u64),
    /// Misused keys, likewise.
    pub bad: (u64, u64, u64),
}

/// Warnings a day.
#[derive(Debug, Serialize)]
pub struct Alerts {
    /// Mean of a world's days.
    pub mean: f64,
    /// The most of one day in one world.
    pub most: u64,
    /// Mean keys of a world.
    pub keys: f64,
    /// What a machine may raise by itself a day.
    pub budget: u32,
    /// Expected a day among 10,000 keys, at each base rate.
    pub expected: Vec<f64>,
}

/// Groups compared: name, kinds.
type Group = (&'static str, &'static [Kind]);
const HOMES: Group = ("home", &[Kind::Home, Kind::HomeDrift, Kind::HouseholdNat]);
const GROUPS: [(Group, Group); 4] = [
    (
        ("mobile", &[Kind::Mobile]),
        ("fixed", &[Kind::Home, Kind::HomeDrift, Kind::HouseholdNat, Kind::OfficeNat]),
    ),
    (("cloud", &[Kind::Cloud, Kind::PopularCloud]), HOMES),
    (("ipv6", &[Kind::DualStack]), ("ipv4", &[Kind::Home, Kind::HomeDrift])),
    (
        ("shared address", &[Kind::OfficeNat, Kind::HouseholdNat, Kind::Vendor]),
        ("own address", &[Kind::Home, Kind::Cloud]),
    ),
];

#[expect(clippy::cast_precision_loss, reason = "counts of keys are far below 2^53")]
fn real(n: u64) -> f64 {
    n as f64
}

fn met(record: &Record) -> [bool; COLUMNS] {
    let mut all = [false; COLUMNS];
    let columns = record.reached.iter().map(Option::is_some).chain([record.naive_first().is_some()]);
    for (place, is) in all.iter_mut().zip(columns) {
        *place = is;
    }
    all
}

fn add(counts: &mut [u64; COLUMNS], met: [bool; COLUMNS]) {
    for (count, met) in counts.iter_mut().zip(met) {
        *count += u64::from(met);
    }
}

/// Makes it.
#[must_use]
pub fn report(
    records: &[Record],
    worlds: &[WorldNumbers],
    mut alarms: Vec<FalseAlarm>,
    budget: u32,
) -> Report {
    let of = |role: Role| records.iter().filter(move |record| record.role == role);
    let bad: Vec<&Record> = of(Role::Misused).collect();
    let honest: Vec<&Record> = of(Role::Honest).collect();
    let framers: Vec<&Record> = of(Role::Framer).collect();
    let clean = clean_row(None, &honest);
    let precision: Vec<Vec<_>> = BASE_RATES
        .iter()
        .map(|base| (0..COLUMNS).map(|at| precision_at(*base, at, &bad, &honest)).collect())
        .collect();
    let mut before = [0; COLUMNS];
    for record in &bad {
        let mut columns = [false; COLUMNS];
        let naive = record.naive_before.iter().any(|met| *met);
        for (place, is) in columns.iter_mut().zip(record.before.iter().copied().chain([naive])) {
            *place = is;
        }
        add(&mut before, columns);
    }
    alarms.truncate(ALARMS_MAX);
    let recall = recall(&bad);
    let alerts = alerts(worlds, budget, &recall, &clean);
    Report {
        worlds: worlds.len(),
        lines: worlds.iter().map(|world| world.lines).sum(),
        clean_keys: clean.keys,
        clean_key_months: clean.months,
        bad_keys: bad.len() as u64,
        before,
        time: by_kind(&bad).map(|(kind, keys)| time_row(kind, &keys)).collect(),
        clean: by_kind(&honest).map(|(kind, keys)| clean_row(kind, &keys)).collect(),
        ended_by_machine: honest.iter().filter(|record| record.ended_by_machine).count() as u64,
        framers: clean_row(None, &framers),
        naive_rules: (0..RULES).map(|rule| (rule_met(&bad, rule), rule_met(&honest, rule))).collect(),
        precision,
        fairness: GROUPS.iter().map(|(group, other)| fairness(&honest, group, other)).collect(),
        strata: strata(&honest, &bad),
        alerts,
        recall,
        false_alarms: alarms,
    }
}

/// All, then each kind that is there.
fn by_kind<'a>(records: &[&'a Record]) -> impl Iterator<Item = (Option<Kind>, Vec<&'a Record>)> {
    let mut kinds: BTreeMap<Kind, Vec<&Record>> = BTreeMap::new();
    for record in records {
        kinds.entry(record.kind).or_default().push(record);
    }
    let all = (None, records.to_vec());
    std::iter::once(all).chain(kinds.into_iter().map(|(kind, records)| (Some(kind), records)))
}

fn recall(bad: &[&Record]) -> Vec<Recall> {
    let row = |kind: Option<Kind>, skill: Option<Skill>, records: &[&Record]| {
        let mut counts = [0; COLUMNS];
        records.iter().for_each(|record| add(&mut counts, met(record)));
        Recall {
            kind: kind.map(Kind::as_str),
            skill: skill.map(Skill::as_str),
            keys: records.len() as u64,
            met: counts,
        }
    };
    let mut rows = Vec::new();
    for (kind, records) in by_kind(bad) {
        rows.push(row(kind, None, &records));
        for skill in [Skill::Naive, Skill::Careful, Skill::Adaptive] {
            let of: Vec<&Record> = records.iter().copied().filter(|r| r.skill == Some(skill)).collect();
            if !of.is_empty() {
                rows.push(row(kind, Some(skill), &of));
            }
        }
    }
    rows
}

fn time_row(kind: Option<Kind>, records: &[&Record]) -> TimeRow {
    let column = |at: usize| -> Vec<Reached> {
        let of =
            |r: &Record| if at < MEASURES { r.reached.get(at).copied().flatten() } else { r.naive_first() };
        records.iter().filter_map(|record| of(record)).collect()
    };
    let time = |reached: Vec<Reached>| {
        let us: Vec<i64> = reached.iter().map(|r| r.after_us).collect();
        let requests: Vec<u64> = reached.iter().map(|r| r.requests).collect();
        #[expect(clippy::cast_precision_loss, reason = "microseconds of a month")]
        let hours = |permille| quantile(&us, permille).map(|us| us as f64 / 3.6e9);
        Some(Time {
            hours: (hours(500)?, hours(900)?),
            requests: (quantile(&requests, 500)?, quantile(&requests, 900)?),
        })
    };
    TimeRow { kind: kind.map(Kind::as_str), by: (0..COLUMNS).map(|at| time(column(at))).collect() }
}

fn clean_row(kind: Option<Kind>, records: &[&Record]) -> CleanRow {
    let mut counts = [0; COLUMNS];
    records.iter().for_each(|record| add(&mut counts, met(record)));
    let months: f64 = records.iter().map(|record| months(record)).sum();
    let rate = |n: f64| n / months.max(1e-9) * 10_000.0;
    CleanRow {
        kind: kind.map(Kind::as_str),
        keys: records.len() as u64,
        months,
        met: counts,
        per_10k: counts.map(|n| rate(real(n))),
        upper: counts.map(|n| rate(poisson_upper(n))),
    }
}

fn months(record: &Record) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "seconds of a month")]
    let seconds = record.watched_s as f64;
    seconds / MONTH_S
}

fn precision_at(base: f64, column: usize, bad: &[&Record], honest: &[&Record]) -> Option<Bounded> {
    let shares = |records: &[&Record], of: fn(&Record) -> f64| -> Vec<Share> {
        let mut stories: BTreeMap<_, Share> = BTreeMap::new();
        for record in records {
            let share = stories.entry(record.group()).or_default();
            share.met += f64::from(u8::from(met(record).get(column).copied().unwrap_or(false)));
            share.of += of(record);
        }
        stories.into_values().collect()
    };
    bounded_precision(base, &shares(bad, |_| 1.0), &shares(honest, months))
}

fn rule_met(records: &[&Record], rule: usize) -> u64 {
    records.iter().filter(|record| record.naive.get(rule).is_some_and(Option::is_some)).count() as u64
}

fn fairness(honest: &[&Record], group: &Group, other: &Group) -> Fairness {
    let count = |(_, kinds): &Group, column: usize| {
        let of = honest.iter().filter(|record| kinds.contains(&record.kind));
        of.fold((0, 0), |(n, all), record| (n + u64::from(met(record).get(column) == Some(&true)), all + 1))
    };
    let pair = |group: &Group| [count(group, 0), count(group, 1)];
    let (of_group, of_other) = (pair(group), pair(other));
    let ratio = |at: usize| {
        let ((a, of_a), (b, of_b)) = (*of_group.get(at)?, *of_other.get(at)?);
        (a > 0 && b > 0).then(|| (real(a) / real(of_a)) / (real(b) / real(of_b)))
    };
    Fairness { group: group.0, against: other.0, of_group, of_other, ratio: [ratio(0), ratio(1)] }
}

fn strata(honest: &[&Record], bad: &[&Record]) -> Vec<Stratum> {
    let count = |records: &[&Record], born: bool, edited: bool| {
        let here = records.iter().filter(|record| record.born == born && record.edited == edited);
        here.fold((0, 0, 0), |(all, watched, warned), record| {
            let at = |rank: usize| u64::from(record.reached.get(rank).is_some_and(Option::is_some));
            (all + 1, watched + at(0), warned + at(1))
        })
    };
    [(false, false), (false, true), (true, false), (true, true)]
        .into_iter()
        .map(|(born, edited)| Stratum {
            born,
            edited,
            clean: count(honest, born, edited),
            bad: count(bad, born, edited),
        })
        .collect()
}

fn alerts(worlds: &[WorldNumbers], budget: u32, recall: &[Recall], clean: &CleanRow) -> Alerts {
    let days: Vec<u64> = worlds.iter().flat_map(|world| world.warnings_by_day.iter().copied()).collect();
    let keys: u64 = worlds.iter().map(|world| world.keys).sum();
    let all = recall.first();
    let share = all.map_or(0.0, |all| real(all.met.get(1).copied().unwrap_or(0)) / real(all.keys.max(1)));
    let wrong = clean.per_10k.get(1).copied().unwrap_or(0.0) / 10_000.0;
    let expected = |base: &f64| 10_000.0 * (base * share + (1.0 - base) * wrong) / 30.0;
    Alerts {
        mean: real(days.iter().sum()) / real(days.len().max(1) as u64),
        most: days.iter().copied().max().unwrap_or(0),
        keys: real(keys) / real(worlds.len().max(1) as u64),
        budget,
        expected: BASE_RATES.iter().map(expected).collect(),
    }
}
