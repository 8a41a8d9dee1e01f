//! From what was counted to what the report says.

use crate::census::{Census, Held};
use crate::fit::Fit;
use crate::found::Found;
use crate::report::{
    AlertDay, Bounds, Cluster, Clusters, Detector, LadderDry, LadderKey, LadderSegment, Read, Report,
    RequestDay, Shadow, ShadowSegment, SourceRead, VERSION, date,
};
use crate::run::With;
use crate::{hygiene, points, shared};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use sumun_detect::Counts;
use sumun_mapping::needs;
use sumun_model::{KeyId, Measure, Segment, Timestamp};
use sumun_policy::Policy;
use sumun_policy::policy::rank;

/// Keys named of one cluster, and of one address.
pub(crate) const SOME: usize = 12;
/// Where the tables say nothing.
pub(crate) const UNKNOWN: &str = "unknown";

pub(crate) struct Everything<'e> {
    pub(crate) read: Vec<SourceRead>,
    pub(crate) census: &'e Census,
    pub(crate) found: &'e Found,
    pub(crate) counts: Counts,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) waiting_max: usize,
}

/// A length as the report counts it.
pub(crate) fn count(n: usize) -> u64 {
    n as u64
}

pub(crate) fn word(segment: Option<Segment>) -> &'static str {
    segment.map_or(UNKNOWN, Segment::as_str)
}

/// Whether any export filled a field.
pub(crate) fn filled(read: &[SourceRead], field: &str) -> bool {
    read.iter().any(|source| source.counted.filled.get(field).is_some_and(|count| count > 0))
}

pub(crate) fn conclude(all: Everything<'_>, with: &With<'_>) -> Report {
    let Everything { census, found, from, to, .. } = all;
    let span_days = u32::try_from(to.micros_since(from) / 86_400_000_000).unwrap_or(u32::MAX);
    let bounds = Bounds {
        dormant_days: with.bounds.dormant_days,
        dormant_days_judged: with.bounds.dormant_days.min(span_days),
        validity_days_max: with.bounds.validity_days_max,
        wide_v4: with.bounds.wide_v4,
        wide_v6: with.bounds.wide_v6,
        list_max: with.bounds.list_max,
    };
    let shadow = shadow(census);
    let fit = Fit::of(census, &shadow.segments, &all.read);
    let keys = hygiene::keys(census, (&all.read, &fit), bounds, with.bounds.addresses_max, to);
    let mut report = Report {
        format: "sumun.assess",
        version: VERSION,
        lang: with.lang,
        policy: with.policy.name(),
        run: None,
        read: Read {
            from,
            to,
            requests: census.requests,
            refused: census.refused,
            copies: census.copies,
            days: days(census),
            late: all.counts.late,
            over_cap: all.counts.over_cap,
            crowded: all.counts.crowded,
            kept_entries: count(census.entries() + found.entries()),
            waiting_lines_max: count(all.waiting_max),
            sources: Vec::new(),
        },
        shared: shared::shared(census, with.data, with.bounds.list_max),
        clusters: clusters(census, found, with.bounds.list_max),
        ladder: ladder(census, found, with.policy, span_days, with.bounds.list_max),
        shadow,
        fit,
        detectors: detectors(&all.read, found),
        points: Vec::new(),
        keys,
    };
    report.points = points::judge(&report, census, &all.read);
    report.read.sources = all.read;
    report
}

fn days(census: &Census) -> Vec<RequestDay> {
    let day = |(day, counted): (&i64, &crate::census::DayCount)| RequestDay {
        day: date(*day),
        requests: counted.requests,
        refused: counted.refused,
    };
    census.days.iter().map(day).collect()
}

fn clusters(census: &Census, found: &Found, most: usize) -> Clusters {
    let ended = found.clusters_at_end();
    let owners: BTreeMap<&KeyId, &str> = census.keys.iter().map(|key| (&key.id, census.owner(key))).collect();
    let tooled: BTreeSet<&KeyId> =
        census.keys.iter().filter(|key| key.has_vendor).map(|key| &key.id).collect();
    let keys: BTreeSet<&KeyId> = ended.iter().flat_map(|(_, cluster)| &cluster.members).collect();
    let total = count(ended.len()) + found.clusters_not_kept;
    let first = ended.iter().take(most).map(|(id, together)| Cluster {
        id: *id,
        cause: together.cause,
        keys: count(together.members.len()),
        owners: {
            let of =
                |key: &KeyId| owners.get(key).map_or_else(|| key.to_string(), |owner| (*owner).to_owned());
            count(together.members.iter().map(of).collect::<BTreeSet<_>>().len())
        },
        with_vendor: count(together.members.iter().filter(|key| tooled.contains(key)).count()),
        office_line: together.office_line,
        some: together.members.iter().take(SOME).cloned().collect(),
        said: together.said.clone(),
    });
    let office_lines = count(ended.iter().filter(|(_, cluster)| cluster.office_line).count());
    Clusters { total, keys: count(keys.len()), office_lines, first: first.collect() }
}

fn ladder(census: &Census, found: &Found, policy: &Policy, span_days: u32, most: usize) -> LadderDry {
    let mut segments: BTreeMap<&'static str, LadderSegment> = BTreeMap::new();
    let tally = |into: &mut BTreeMap<&'static str, u64>, measure: Option<Measure>| {
        if let Some(measure) = measure {
            *into.entry(measure.as_str()).or_default() += 1;
        }
    };
    for held in census.keys.iter().filter(|held| held.lives()) {
        let segment = word(census.segment(held));
        let row = segments.entry(segment).or_insert_with(|| LadderSegment {
            segment,
            keys: 0,
            reached: BTreeMap::new(),
            proposed: BTreeMap::new(),
            stands: BTreeMap::new(),
        });
        row.keys += 1;
        if let Some(on) = found.ladder.get(&held.id) {
            tally(&mut row.reached, on.reached);
            tally(&mut row.proposed, on.proposed);
            tally(&mut row.stands, on.stands);
        }
    }
    let mut highest: Vec<_> = found.ladder.iter().collect();
    highest.sort_by_key(|(key, on)| {
        (Reverse(rank(on.reached).max(rank(on.proposed))), Reverse(on.points), *key)
    });
    let first = highest.into_iter().take(most).map(|(key, on)| LadderKey {
        key: key.clone(),
        reached: on.reached,
        proposed: on.proposed,
        points: on.points,
        because: on.because.clone(),
    });
    let days: Vec<AlertDay> = found.alerts.values().cloned().collect();
    let raised = |day: &AlertDay| day.raised + day.beyond;
    let alerts: u64 = days.iter().map(raised).sum();
    LadderDry {
        segments: segments.into_values().collect(),
        alerts_per_day_milli: alerts * 1000 / u64::from(span_days.max(1)),
        alerts_day_max: days.iter().map(raised).max().unwrap_or(0),
        days,
        alerts,
        alerts_wrong_expected_milli: found.alerts_wrong / 10,
        budget: policy.budget.alerts_per_day,
        first: first.collect(),
    }
}

fn shadow(census: &Census) -> Shadow {
    let keys_outside = |segment: &Option<Segment>, without: bool| {
        let of = |held: &&Held| {
            held.outside > 0 && held.allowlist.is_empty() == without && census.segment(held) == *segment
        };
        count(census.keys.iter().filter(of).count())
    };
    let segments = census.outside.iter().map(|(segment, outside)| ShadowSegment {
        segment: word(*segment),
        allowed: outside.allowed,
        unregistered: outside.unregistered,
        keys_unregistered: keys_outside(segment, false),
        without_list: outside.without_list,
        keys_without_list: keys_outside(segment, true),
    });
    Shadow {
        segments: segments.collect(),
        by_effect: census.outside_by_effect.iter().map(|(effect, n)| (*effect, *n)).collect(),
        refused_already: census.refused_for_address,
    }
}

fn detectors(read: &[SourceRead], found: &Found) -> Vec<Detector> {
    let of = |needs: &needs::Needs| Detector {
        detector: needs.detector,
        lacks: needs
            .groups
            .iter()
            .filter(|group| !group.iter().any(|field| filled(read, field)))
            .map(|group| group.to_vec())
            .collect(),
        better: needs.better.iter().filter(|field| !filled(read, field)).copied().collect(),
        signals: found.signals.get(needs.detector).copied().unwrap_or(0),
    };
    needs::ALL.iter().map(of).collect()
}
