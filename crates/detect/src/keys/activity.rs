//! The key's own life in numbers, for conditions of policy. Scores nothing, signals nothing.
//!
//! **Sees** how old and how active a key is, with how many networks and programs, and how much it trades: the facts of [`super::facts`].
//! **Misses** everything between two uses: a fact is as of the key's latest use, or of the whole hour in which a window emptied.
//!
//! Example: a key of 40 days, used on 12 of the last 14, from 2 networks since yesterday, with 1 program this week.
//!
//! What keys tell of things they share with others (uses, registrations, changes) goes on after a key's end, so the engine tells it
//! (`engine::uses`), not a detector.
//!
//! State: 16 networks and 16 programs of 16 bytes, 24 hours of 4, one word of days, seven numbers; at most 0.8 KiB.

#[cfg(test)]
mod tests;

use super::KeyDetector;
use super::around::{is_use, us};
use super::facts;
use super::recent::Recent;
use crate::emit::Emit;
use crate::mark::Mark;
use crate::seen::{KeyView, Seen};
use serde::{Deserialize, Serialize};
use sumun_model::finding::Family;
use sumun_model::{Effect, Fact, Timestamp};

/// The detector.
#[derive(Clone, Copy, Debug)]
pub struct Activity;

/// Lengths of the windows, for demonstrations that compress days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// What counts as a day, seconds. 86400.
    pub day_s: u32,
    /// `key.last_use_s` is told anew after so many seconds of use. 600.
    pub last_use_s: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self { day_s: 86_400, last_use_s: 600 }
    }
}

/// Parts of a day in which orders are counted.
const PARTS: usize = 24;

/// What is remembered of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    first: Option<i64>,
    networks: Recent<16>,
    clients: Recent<16>,
    /// Days of use, the latest in the lowest bit, and which day that is.
    days: u64,
    day: i64,
    /// Orders in each part of the latest day, and which part is the latest.
    orders: Vec<u32>,
    part: i64,
    /// Address and program of the last use, and when they were last noted in the sets.
    same: Option<(Mark, Mark, i64)>,
    /// What was said last, in the order of [`NAMES`].
    said: [Option<i64>; NAMES.len()],
}

const NAMES: [&str; 6] = [
    facts::AGE_DAYS,
    facts::ACTIVE_DAYS_14D,
    facts::NETWORKS_24H,
    facts::CLIENTS_7D,
    facts::ORDERS_24H,
    facts::LAST_USE_S,
];

impl KeyDetector for Activity {
    const NAME: &'static str = "key.activity@1";
    /// It has none of its own, since it never signals; this is where its facts would belong.
    const FAMILY: Family = Family::Lifecycle;
    type Params = Params;
    type State = State;

    fn access(params: &Params, state: &mut State, seen: &Seen<'_>, emit: &mut Emit) {
        if !is_use(seen) {
            return;
        }
        let now = seen.now.as_micros();
        state.first.get_or_insert(now);
        let begun = state.turn(params, now);
        state.days |= 1;
        let ordered = seen.line.effect == Some(Effect::Order);
        if ordered && let Some(latest) = state.orders.first_mut() {
            *latest = latest.saturating_add(1);
        }
        let noted = state.note(params, seen, now);
        if begun || noted || ordered {
            state.say(params, seen.key, now, emit);
        }
        if begun {
            emit.wake_at(Timestamp::from_micros((state.part + 1).saturating_mul(part_us(params))));
        }
    }

    fn wake(params: &Params, state: &mut State, key: &KeyView, now: Timestamp, emit: &mut Emit) {
        let now = now.as_micros();
        if state.turn(params, now) {
            state.say(params, key, now, emit);
        }
        // A key at rest is left alone once its windows are empty: a week and a day after its last use.
        if state.days != 0 {
            emit.wake_at(Timestamp::from_micros((state.part + 1).saturating_mul(part_us(params))));
        }
    }
}

fn part_us(params: &Params) -> i64 {
    (us(params.day_s) / 24).max(1)
}

impl State {
    /// Moves days and parts on to now; true if a new part began.
    fn turn(&mut self, params: &Params, now: i64) -> bool {
        let part = now.div_euclid(part_us(params));
        let day = now.div_euclid(part_us(params).saturating_mul(24));
        if self.orders.is_empty() {
            self.orders = vec![0; PARTS];
            (self.part, self.day) = (part, day);
            return true;
        }
        if part <= self.part {
            return false;
        }
        let over = usize::try_from(part - self.part).unwrap_or(PARTS).min(PARTS);
        self.orders.rotate_right(over);
        self.orders.iter_mut().take(over).for_each(|count| *count = 0);
        let days = u32::try_from(day - self.day).unwrap_or(u32::MAX);
        self.days = self.days.checked_shl(days).unwrap_or(0) & 0x3fff;
        (self.part, self.day) = (part, day);
        true
    }

    /// Notes where and with what; true if that is worth saying.
    fn note(&mut self, params: &Params, seen: &Seen<'_>, now: i64) -> bool {
        let (address, client) = (Mark::of_address(seen.address), seen.client_mark);
        let lately = now - us(params.last_use_s);
        if self.same.is_some_and(|(a, c, at)| a == address && c == client && at > lately) {
            return false;
        }
        self.networks.touch(seen.network.operator_mark(), now);
        self.clients.touch(client, now);
        self.same = Some((address, client, now));
        true
    }

    fn say(&mut self, params: &Params, key: &KeyView, now: i64, emit: &mut Emit) {
        let day = part_us(params).saturating_mul(24);
        let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let born = key.created.map(Timestamp::as_micros).or(self.first);
        let values = [
            born.map(|born| (now - born).max(0) / day),
            Some(i64::from(self.days.count_ones())),
            Some(whole(self.networks.since(now - day))),
            Some(whole(self.clients.since(now - day.saturating_mul(7)))),
            Some(self.orders.iter().map(|count| i64::from(*count)).sum()),
            self.same.map(|(_, _, at)| at.div_euclid(1_000_000)),
        ];
        for ((name, value), said) in NAMES.iter().zip(values).zip(&mut self.said) {
            if let Some(value) = value
                && *said != Some(value)
            {
                *said = Some(value);
                emit.fact(name, Fact::Int(value));
            }
        }
    }
}
