//! Changes in their surroundings: which are everybody's, which are together, and what is said.

use super::pairs::{Hit, ordered};
use super::{CoChange, KIND_WORDS, Lane, Params, State, Waiting, kind, micros};
use crate::emit::{Change, LinkSignal, Raw};
use crate::links::LinkDetector;
use crate::mark::Mark;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use sumun_model::{Cause, EventId, KeyId, Timestamp, Value};

/// Earlier changes that one is compared with: the nearest.
const PARTNERS_MAX: usize = 32;
/// A change so near a whole minute may be a timetable's.
const EDGE_US: i64 = 1_500_000;

/// Instants of changes, sorted, by kind and by kind and network.
type Times = BTreeMap<(u8, Option<Mark>), Vec<i64>>;

fn within(times: Option<&Vec<i64>>, at: Timestamp, reach_us: i64) -> u32 {
    let Some(times) = times else { return 0 };
    let (from, to) = (at.as_micros() - reach_us, at.as_micros() + reach_us);
    let count = times.partition_point(|t| *t <= to) - times.partition_point(|t| *t < from);
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn is_share(part: u32, whole: u32, milli: u32) -> bool {
    whole > 0 && u64::from(part) * 1000 >= u64::from(whole) * u64::from(milli)
}

fn is_edge(at: Timestamp) -> bool {
    let past = at.as_micros().rem_euclid(60_000_000);
    past.min(60_000_000 - past) <= EDGE_US
}

impl State {
    /// Judges every change that has waited long enough.
    pub(super) fn judge(
        &mut self,
        params: &Params,
        lane: &mut Lane,
        settle_s: u32,
        now: Timestamp,
        out: &mut Vec<LinkSignal>,
    ) {
        let until = now.plus_micros(-micros(settle_s));
        let from =
            lane.waiting.partition_point(|waiting| lane.judged.is_some_and(|judged| waiting.at <= judged));
        let to = lane.waiting.partition_point(|waiting| waiting.at <= until);
        lane.judged = lane.judged.max(Some(until));
        if from >= to {
            return;
        }
        let times = self.times(params, lane, from..to);
        let mut stand = BTreeSet::new();
        for index in from..to {
            let Some(waiting) = lane.waiting.get(index).cloned() else { break };
            if lane.crowded.is_some_and(|crowded| waiting.at <= crowded) {
                self.crowded += 1;
                continue;
            }
            if self.is_everybodys(params, &waiting, &times) {
                continue;
            }
            if self.pair_up(params, lane, index, &times) {
                stand.insert((waiting.at, waiting.key, kind(waiting.change)));
            }
        }
        let mut told = BTreeSet::new();
        for (_, key, change) in stand.iter().rev() {
            if !told.contains(key) {
                told.extend(self.tell(params, key, *change, now, out));
            }
        }
    }

    /// When what waits happened, as far around those to be judged as anybody looks: stops wait for hours, and a minute of them is judged.
    fn times(&self, params: &Params, lane: &Lane, judged: Range<usize>) -> Times {
        let mut times = Times::new();
        let (Some(first), Some(last)) =
            (lane.waiting.get(judged.start), lane.waiting.get(judged.end.saturating_sub(1)))
        else {
            return times;
        };
        let reach = micros(params.outage_s.max(params.window_s));
        let (from, to) = (first.at.plus_micros(-reach), last.at.plus_micros(reach));
        let near = lane.waiting.partition_point(|waiting| waiting.at < from)
            ..lane.waiting.partition_point(|waiting| waiting.at <= to);
        for waiting in lane.waiting.range(near) {
            let kind = kind(waiting.change);
            times.entry((kind, None)).or_default().push(waiting.at.as_micros());
            if let Some(network) = self.keys.get(&waiting.key).and_then(|known| known.network) {
                times.entry((kind, Some(network))).or_default().push(waiting.at.as_micros());
            }
        }
        times
    }

    /// Whether what happened happened to everybody: an outage of the venue, a release day, a fashion.
    fn is_everybodys(&self, params: &Params, waiting: &Waiting, times: &Times) -> bool {
        if matches!(waiting.change, Change::Stopped | Change::Resumed) {
            let keys = within(times.get(&(kind(waiting.change), None)), waiting.at, micros(params.outage_s));
            return is_share(keys, self.active.keys, params.venue_share_milli);
        }
        let day = 86_400_000_000;
        let movers = self.targets.get(&waiting.change).into_iter().flatten();
        let unrelated = movers.filter(|(at, _)| {
            let apart = at.micros_since(waiting.at).abs();
            apart > micros(params.window_s) && apart < day
        });
        unrelated.count() > params.unrelated_max as usize
    }

    /// Compares a change with those shortly before it; says whether a pair of its key stands.
    fn pair_up(&mut self, params: &Params, lane: &Lane, index: usize, times: &Times) -> bool {
        let Some(waiting) = lane.waiting.get(index) else { return false };
        let earliest = waiting.at.plus_micros(-micros(params.window_s));
        let change = kind(waiting.change);
        let crowd = within(times.get(&(change, None)), waiting.at, micros(params.window_s));
        let among = self.active.keys.max(crowd).max(1);
        let crowd_ppm = u64::from(crowd) * 1_000_000 / u64::from(among);
        let Some(mut own) = self.keys.get(&waiting.key).cloned() else { return false };
        let in_outage = own.network.is_some_and(|network| {
            let times = times.get(&(change, Some(network)));
            let keys = within(times, waiting.at, micros(params.outage_s));
            let active = self.active.by_network.get(&network).copied().unwrap_or(0);
            matches!(waiting.change, Change::Stopped | Change::Resumed)
                && is_share(keys, active, params.network_share_milli)
        });
        let surprising =
            surprise_milli(u64::from(waiting.chance_ppm), false) >= i64::from(params.surprise_min_milli);
        if surprising
            && !in_outage
            && let Some(known) = self.keys.get_mut(&waiting.key)
        {
            known.tries = known.tries.saturating_add(1);
            own.tries = known.tries;
        }
        let partners: Vec<&Waiting> = lane
            .waiting
            .iter()
            .take(index)
            .rev()
            .take_while(|other| other.at >= earliest)
            .filter(|other| other.change == waiting.change && other.key != waiting.key)
            .take(PARTNERS_MAX)
            .collect();
        let (mut stands, mut met) = (false, BTreeSet::new());
        for other in partners {
            let Some(partner) = self.keys.get(&other.key) else { continue };
            let same_outage = in_outage && partner.network == own.network;
            if same_outage || own.is_explained_with(partner) || !met.insert(other.key.clone()) {
                continue;
            }
            let own_ppm = u64::from(waiting.chance_ppm.max(other.chance_ppm));
            let edge = is_edge(waiting.at) || is_edge(other.at);
            let (key, turned) = ordered(&other.key, &waiting.key);
            let lag_us = waiting.at.micros_since(other.at);
            let tries = (partner.tries, own.tries);
            let hit = Hit {
                at: waiting.at,
                lag_us: if turned { -lag_us } else { lag_us },
                surprise_milli: surprise_milli(own_ppm.max(crowd_ppm), edge),
                own_milli: surprise_milli(own_ppm, edge),
                tries: if turned { (tries.1, tries.0) } else { tries },
            };
            stands |= self.pairs.hit(params, &key, hit, among);
        }
        stands
    }

    /// Tells of the group that a key is tied to; gives the group.
    fn tell(
        &mut self,
        params: &Params,
        by: &KeyId,
        change: u8,
        now: Timestamp,
        out: &mut Vec<LinkSignal>,
    ) -> BTreeSet<KeyId> {
        let group = self.pairs.group(by);
        let tries = |key: &KeyId| self.keys.get(key).map_or(0, |known| known.tries);
        let (mut weights, mut occasions) = (Vec::new(), 0);
        for key in &group {
            let mut best = 0;
            for other in self.pairs.tied(key) {
                let Some((pair, turned)) = self.pairs.get(key, other) else { continue };
                let both = (tries(key), tries(other));
                let both = if turned { (both.1, both.0) } else { both };
                let (first, second) = pair.accuses();
                if if turned { second } else { first } {
                    best = best.max(pair.llr_milli(params, both, self.active.keys));
                    occasions = occasions.max(pair.occasions);
                }
            }
            let weight = i32::try_from(best).unwrap_or(i32::MAX).min(params.llr_max_milli);
            if weight > 0 {
                weights.push((key.clone(), weight));
            }
        }
        let known: Vec<_> = weights.iter().filter_map(|(key, _)| self.keys.get(key)).collect();
        let customers: BTreeSet<u64> = known.iter().map(|known| known.who).collect();
        let networks: BTreeSet<_> = known.iter().map(|known| known.network).collect();
        let household = networks.len() == 1
            && known.iter().all(|known| known.home && known.retail)
            && customers.len() <= params.household_max as usize;
        let due = |said: Option<Timestamp>| {
            said.is_none_or(|said| now.micros_since(said) >= micros(params.repeat_s))
        };
        if customers.len() < params.customers_min as usize
            || household
            || !known.iter().any(|known| due(known.said))
        {
            return group;
        }
        let word = KIND_WORDS.get(usize::from(change)).copied().unwrap_or("changed");
        let mut events: Vec<(Timestamp, EventId)> = weights
            .iter()
            .filter_map(|(key, _)| Some((self.keys.at(key)?, self.keys.get(key)?.event.clone()?)))
            .collect();
        events.sort_unstable();
        let count = |n: usize| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
        let raw = Raw {
            code: "keys_change_together".to_owned(),
            cause: Cause::Coordinated,
            llr_milli: weights.iter().map(|(_, weight)| *weight).max().unwrap_or(0),
            values: vec![
                ("change".to_owned(), Value::from(word)),
                ("customers".to_owned(), count(customers.len())),
                ("keys".to_owned(), count(weights.len())),
                ("occasions".to_owned(), Value::from(occasions)),
                ("window".to_owned(), Value::from(params.window_s)),
            ],
            baseline: None,
            evidence: events.into_iter().map(|(_, event)| event).collect(),
            hard: None,
        };
        for (key, _) in &weights {
            if let Some(known) = self.keys.get_mut(key) {
                known.said = Some(now);
            }
        }
        let by = weights.iter().find(|(key, _)| key == by).or(weights.first());
        let Some((by, _)) = by.cloned() else { return group };
        out.push(LinkSignal {
            detector: CoChange::NAME,
            family: CoChange::FAMILY,
            members: weights.iter().map(|(key, _)| key.clone()).collect(),
            by,
            raw,
            weights,
        });
        group
    }
}

/// −1000 ln of a chance in millionths; half at a whole minute.
fn surprise_milli(chance_ppm: u64, edge: bool) -> i64 {
    #[expect(clippy::cast_precision_loss, reason = "at most a million")]
    let chance = chance_ppm.clamp(1, 1_000_000) as f64 / 1e6;
    #[expect(clippy::cast_possible_truncation, reason = "at most 13,816")]
    let milli = libm::round(-1000.0 * libm::log(chance)) as i64;
    if edge { milli / 2 } else { milli }
}
