//! `operator.co_change@1`: many keys stop, resume, upgrade, switch market or move together, again and again (detectors.md B7).
//!
//! Orders can be jittered, an outage of the one machine behind them cannot. A change together with another key's is worth what it
//! surprises under both keys' own rates and habits ([`habit`]); it takes several occasions, few changes alone, and three customers.
//! Changes wait until their surroundings are known ([`judge`]): an outage of the venue or of a network, a release day, a market
//! that everybody turns to. Whoever always goes first is not accused: a stranger can follow, but cannot make anybody lead.
//!
//! Bounded by [`Params`]: keys, pairs (the pair longest quiet makes room), and changes waiting.

mod habit;
mod judge;
mod pairs;

use crate::emit::{Change, Link, LinkSignal};
use crate::links::aged::Aged;
use crate::links::{LinkDetector, LinkMessage};
use crate::mark::{Mark, hash64};
use habit::Known;
use pairs::Pairs;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use sumun_model::finding::Family;
use sumun_model::wire::state::{NetworkClass, VendorState};
use sumun_model::{KeyId, Prefix, Segment, Timestamp};

/// Customers remembered per target of a change, the latest: enough to tell a release day.
const MOVERS_MAX: usize = 128;
/// Targets remembered (clients, markets, networks), the latest moved to.
const TARGETS_MAX: usize = 8_192;

/// Parameters, `[detectors.co_change]`; windows in seconds, strengths and shares in thousandths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Changes at most so far apart are together. Default 300.
    pub window_s: u32,
    /// How long a change waits for its surroundings. Default 1200.
    pub settle_s: u32,
    /// The same for stops, which are told only after a silence that is longer for slower keys, and dated back. What is told later
    /// yet is not compared with anything. Default 7200.
    pub stop_settle_s: u32,
    /// How far around a stop or a return an outage is looked for. Default 600.
    pub outage_s: u32,
    /// Share of all active keys that stop or return at once in an outage of the venue. Default 300.
    pub venue_share_milli: u32,
    /// Share of a network's active keys that stop or return at once in an outage of that network. Default 500.
    pub network_share_milli: u32,
    /// Customers, outside the window, who within a day move to the same client, market or network: more are a release day or a
    /// fashion. Default 10.
    pub unrelated_max: u32,
    /// Occasions on which a pair must have changed together. Default 3.
    pub repeats_min: u32,
    /// Changes less than this after an occasion belong to it. Default one hour.
    pub apart_s: u32,
    /// A key's own rate is known after so long. Default one day.
    pub known_after_s: u32,
    /// What surprises less is no occasion: keys that change often, timetables, crowds. Default 3500: a chance of 3 in 100.
    pub surprise_min_milli: u32,
    /// What every surprising change without the other takes away. Default 1200.
    pub miss_milli: u32,
    /// From what on a pair counts. Default 3000.
    pub pair_min_milli: u32,
    /// Customers a group must have. Default 3.
    pub customers_min: u32,
    /// Retail customers in one network of homes that may be a household. Default 3.
    pub household_max: u32,
    /// One that went first by less than this did not go first. Default 1.
    pub lead_s: u32,
    /// Most that it weighs. Default 3000.
    pub llr_max_milli: i32,
    /// While it lasts, the same is said again after so long. Default one day.
    pub repeat_s: u32,
    /// How long pairs and unused keys are remembered. Default sixty days.
    pub memory_s: u32,
    /// Keys remembered. Default 2,000,000.
    pub keys_max: u32,
    /// Pairs remembered. Default 200,000.
    pub pairs_max: u32,
    /// Changes waiting at once; beyond it something happens to everybody, and nobody is judged by it, which is counted. Default
    /// 65,536.
    pub waiting_max: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            window_s: 300,
            settle_s: 1_200,
            stop_settle_s: 7_200,
            outage_s: 600,
            venue_share_milli: 300,
            network_share_milli: 500,
            unrelated_max: 10,
            repeats_min: 3,
            apart_s: 3_600,
            known_after_s: 86_400,
            surprise_min_milli: 3_500,
            miss_milli: 1_200,
            pair_min_milli: 3_000,
            customers_min: 3,
            household_max: 3,
            lead_s: 1,
            llr_max_milli: 3_000,
            repeat_s: 86_400,
            memory_s: 60 * 86_400,
            keys_max: 2_000_000,
            pairs_max: 200_000,
            waiting_max: 65_536,
        }
    }
}

fn micros(seconds: u32) -> i64 {
    i64::from(seconds) * 1_000_000
}

/// Which of the five changes it is.
const fn kind(change: Change) -> u8 {
    match change {
        Change::Stopped => 0,
        Change::Resumed => 1,
        Change::Upgraded { .. } => 2,
        Change::SwitchedMarket { .. } => 3,
        Change::Moved { .. } => 4,
    }
}

const KIND_WORDS: [&str; 5] = ["stopped", "resumed", "upgraded", "switched_market", "moved"];

/// A change that waits for its surroundings.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Waiting {
    at: Timestamp,
    key: KeyId,
    change: Change,
    /// The chance of such a change of this key within the window of another's, millionths.
    chance_ppm: u32,
}

/// Changes in order of time. Stops have a lane of their own, since they come late.
#[derive(Default, Serialize, Deserialize)]
struct Lane {
    waiting: VecDeque<Waiting>,
    /// Changes up to here are judged.
    judged: Option<Timestamp>,
    /// Changes up to here came too thick to be kept, so their surroundings are unknown.
    crowded: Option<Timestamp>,
}

/// How many keys were active in the last day, as of the last hour.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Active {
    at: Option<Timestamp>,
    keys: u32,
    by_network: BTreeMap<Mark, u32>,
}

/// What it remembers.
#[derive(Default, Serialize, Deserialize)]
pub struct State {
    keys: Aged<KeyId, Known>,
    stops: Lane,
    others: Lane,
    /// Who moved to what, the latest.
    targets: Aged<Change, Vec<(Timestamp, u64)>>,
    pairs: Pairs,
    active: Active,
    /// Changes that nobody was judged by because too many came at once, since it was last asked. The engine asks before any snapshot
    /// is taken, and keeps the sum.
    #[serde(skip)]
    crowded: u64,
}

/// The detector.
pub struct CoChange;

impl LinkDetector for CoChange {
    const NAME: &'static str = "operator.co_change@1";
    const FAMILY: Family = Family::Coordination;
    type Params = Params;
    type State = State;

    fn message(params: &Params, state: &mut State, message: &LinkMessage, _: &mut Vec<LinkSignal>) {
        let known = state.keys.touch(&message.key, message.now, || Known::new(message.now));
        known.who = super::fanout::who(message);
        known.retail = message.segment == Some(Segment::Retail);
        known.operator = message.operator.as_ref().map(|operator| hash64(operator.as_str().as_bytes()));
        known.vendor = match &message.vendor {
            Some((vendor, Some(VendorState::Approved))) => Some(hash64(vendor.as_str().as_bytes())),
            _ => None,
        };
        if let Some(network) = &message.network {
            known.network = Some(network.operator_mark());
            known.home = network.class == NetworkClass::Residential;
        } else if let Link::Use { origin, .. } = &message.link {
            known.network = Some(Mark::of(&Prefix::neighbourhood(origin.network()).to_string()));
        }
        if let Link::Change { change } = message.link {
            let chance_ppm =
                known.chance_ppm(kind(change), message.now, params.window_s, params.known_after_s);
            known.changed(kind(change), message.now);
            known.event.clone_from(&message.event);
            let who = known.who;
            state.wait(
                params,
                Waiting { at: message.now, key: message.key.clone(), change, chance_ppm },
                who,
            );
        }
        while state.keys.len() > params.keys_max as usize {
            state.keys.pop_oldest();
        }
    }

    fn minute(params: &Params, state: &mut State, now: Timestamp, out: &mut Vec<LinkSignal>) {
        let horizon = now.plus_micros(-micros(params.memory_s));
        while state.keys.pop_until(horizon).is_some() {}
        state.pairs.forget(horizon, params.pairs_max as usize);
        let hour = |at: Timestamp| at.as_micros().div_euclid(3_600_000_000);
        if state.active.at.is_none_or(|at| hour(at) != hour(now)) {
            state.count_active(now);
        }
        for (lane, settle_s) in [(true, params.stop_settle_s), (false, params.settle_s)] {
            // Taken out, so that judging may use the rest of the state.
            let mut judged = std::mem::take(state.lane(lane));
            state.judge(params, &mut judged, settle_s, now, out);
            judged.forget(now.plus_micros(-micros(settle_s + 2 * params.outage_s + params.window_s)));
            *state.lane(lane) = judged;
        }
    }

    fn take_crowded(state: &mut State) -> u64 {
        std::mem::take(&mut state.crowded)
    }
}

impl Lane {
    /// Keeps a change until it and its neighbours are judged; how many gave way to it that were not judged yet.
    fn wait(&mut self, params: &Params, waiting: Waiting) -> u64 {
        let place = self.waiting.partition_point(|other| other.at <= waiting.at);
        self.waiting.insert(place, waiting);
        let mut unjudged = 0;
        while self.waiting.len() > params.waiting_max as usize {
            if let Some(lost) = self.waiting.pop_front() {
                let reach = lost.at.plus_micros(micros(params.outage_s + params.window_s));
                self.crowded = self.crowded.max(Some(reach));
                unjudged += u64::from(self.judged.is_none_or(|judged| lost.at > judged));
            }
        }
        unjudged
    }

    fn forget(&mut self, past: Timestamp) {
        while self.waiting.front().is_some_and(|waiting| waiting.at < past) {
            self.waiting.pop_front();
        }
    }
}

impl State {
    const fn lane(&mut self, stops: bool) -> &mut Lane {
        if stops { &mut self.stops } else { &mut self.others }
    }

    fn wait(&mut self, params: &Params, waiting: Waiting, who: u64) {
        if !matches!(waiting.change, Change::Stopped | Change::Resumed) {
            let movers = self.targets.touch(&waiting.change, waiting.at, Vec::new);
            movers.retain(|(_, other)| *other != who);
            if movers.len() >= MOVERS_MAX {
                movers.remove(0);
            }
            movers.push((waiting.at, who));
            while self.targets.len() > TARGETS_MAX {
                self.targets.pop_oldest();
            }
        }
        let unjudged = self.lane(waiting.change == Change::Stopped).wait(params, waiting);
        self.crowded += unjudged;
    }

    fn count_active(&mut self, now: Timestamp) {
        let since = now.plus_micros(-86_400_000_000);
        let mut active = Active { at: Some(now), ..Active::default() };
        for (_, _, known) in self.keys.iter().filter(|(_, last, _)| *last > since) {
            active.keys += 1;
            if let Some(network) = known.network {
                *active.by_network.entry(network).or_default() += 1;
            }
        }
        self.active = active;
    }
}

#[cfg(test)]
mod tests;
