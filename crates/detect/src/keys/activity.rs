//! The key's own life in numbers, for conditions of policy. Scores nothing, signals nothing.
//!
//! **Sees** how old and how active a key is, with how many networks and programs, and how much it trades: the facts of [`super::facts`].
//! **Misses** what happens between two uses: a fact is as of a late use; one, seven and fourteen days after the latest, the windows that
//! emptied meanwhile are told.
//!
//! Example: a key of 40 days, used on 12 of the last 14, from 2 networks since yesterday, with 1 program this week.
//!
//! What keys tell of things they share with others (uses, registrations, changes) goes on after a key's end, so the engine tells it
//! (`engine::uses`), not a detector.
//!
//! Every fact told may move policy, so it is told sparingly: all of them with the first use of a day, in between a new network or
//! program at once, and orders when they changed by an eighth.
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
    /// Use that goes on with the same program from the same address is noted so often, seconds. 600.
    pub refresh_s: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self { day_s: 86_400, refresh_s: 600 }
    }
}

/// Parts of a day in which orders are counted.
const PARTS: usize = 24;
/// Days after the latest use on which emptied windows are told.
const RESTS: [i64; 3] = [1, 7, 14];

/// What is remembered of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    first: Option<i64>,
    last: i64,
    networks: Recent<16>,
    clients: Recent<16>,
    /// Days of use, the latest in the lowest bit, and which day that is.
    days: u64,
    day: i64,
    /// Orders in each part of the latest day, and which part is the latest.
    orders: Vec<u32>,
    part: i64,
    /// Address and program of the last use noted in the sets, and when it was.
    same: Option<(Mark, Mark, i64)>,
    /// Whether a wake is asked for.
    armed: bool,
    /// What was said last, in the order of [`NAMES`].
    said: [Option<i64>; NAMES.len()],
}

/// How closely a fact is followed within a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follow {
    /// At once.
    Closely,
    /// When it changed by an eighth.
    ByEighths,
    /// Not at all.
    Daily,
}

const NAMES: [(&str, Follow); 6] = [
    (facts::AGE_DAYS, Follow::Daily),
    (facts::ACTIVE_DAYS_14D, Follow::Closely),
    (facts::NETWORKS_24H, Follow::Closely),
    (facts::CLIENTS_7D, Follow::Closely),
    (facts::ORDERS_24H, Follow::ByEighths),
    (facts::LAST_USE_S, Follow::Daily),
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
        state.last = now;
        let begun = state.turn(params, now);
        let new_day = state.days & 1 == 0;
        state.days |= 1;
        let ordered = seen.line.effect == Some(Effect::Order);
        if ordered && let Some(latest) = state.orders.first_mut() {
            *latest = latest.saturating_add(1);
        }
        let noted = state.note(params, seen, now);
        if begun || noted || ordered {
            state.say(params, seen.key, now, new_day, emit);
        }
        if !state.armed {
            state.rest(params, seen.key, now, emit);
        }
    }

    fn wake(params: &Params, state: &mut State, key: &KeyView, now: Timestamp, emit: &mut Emit) {
        let now = now.as_micros();
        if now - state.last >= day_us(params) {
            state.turn(params, now);
            state.say(params, key, now, true, emit);
        }
        state.rest(params, key, now, emit);
    }
}

fn day_us(params: &Params) -> i64 {
    part_us(params).saturating_mul(24)
}

fn part_us(params: &Params) -> i64 {
    (us(params.day_s) / 24).max(1)
}

impl State {
    /// Moves days and parts on to now; true if a new part began.
    fn turn(&mut self, params: &Params, now: i64) -> bool {
        let part = now.div_euclid(part_us(params));
        let day = now.div_euclid(day_us(params));
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

    /// Asks to be woken at the next rest: keys apart by up to a part of a day, so that not all wake at once.
    fn rest(&mut self, params: &Params, key: &KeyView, now: i64, emit: &mut Emit) {
        let apart = i64::from(Mark::of(key.key.as_str()).0) % part_us(params);
        let due = RESTS.iter().map(|days| self.last + days * day_us(params) + apart).find(|due| *due > now);
        self.armed = due.is_some();
        if let Some(due) = due {
            emit.wake_at(Timestamp::from_micros(due));
        }
    }

    /// Notes where and with what; true if that is worth saying.
    fn note(&mut self, params: &Params, seen: &Seen<'_>, now: i64) -> bool {
        let (address, client) = (Mark::of_address(seen.address), seen.client_mark);
        let lately = now - us(params.refresh_s);
        if self.same.is_some_and(|(a, c, at)| a == address && c == client && at > lately) {
            return false;
        }
        self.networks.touch(seen.network.operator_mark(), now);
        self.clients.touch(client, now);
        self.same = Some((address, client, now));
        true
    }

    /// Says what changed; `all`: to the last digit.
    fn say(&mut self, params: &Params, key: &KeyView, now: i64, all: bool, emit: &mut Emit) {
        let day = day_us(params);
        let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let born = key.created.map(Timestamp::as_micros).or(self.first);
        let values = [
            born.map(|born| (now - born).max(0) / day),
            Some(i64::from(self.days.count_ones())),
            Some(whole(self.networks.since(now - day))),
            Some(whole(self.clients.since(now - day.saturating_mul(7)))),
            Some(self.orders.iter().map(|count| i64::from(*count)).sum()),
            Some(self.last.div_euclid(1_000_000)),
        ];
        for (((name, follow), value), said) in NAMES.iter().zip(values).zip(&mut self.said) {
            let Some(value) = value else { continue };
            let apart = match said {
                Some(said) => (value - *said).abs() * 8 / (*said).max(8),
                None => 1,
            };
            let worth = *said != Some(value)
                && (all
                    || match follow {
                        Follow::Closely => true,
                        Follow::ByEighths => apart >= 1,
                        Follow::Daily => false,
                    });
            if worth {
                *said = Some(value);
                emit.fact(name, Fact::Int(value));
            }
        }
    }
}
