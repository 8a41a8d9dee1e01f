//! Habits: when a programme wakes, what it reads, when and what it orders.
//!
//! A strategy is a branch of its own: whoever holds the same branch sees the same signals at the same instants, which is
//! what copied code, a pool's operator and a copier have in common. Delay, skipping and size are each driver's own.

use super::tree::{Draws, Tree, mixed};
use super::{DAY, HOUR, MINUTE, SECOND, Us};

/// The clock of the venue's country is nine hours ahead of UTC.
pub(super) fn hour_there(at: Us) -> i64 {
    (at / HOUR + 9).rem_euclid(24)
}

/// Which day it is there, counted from 1970.
pub(super) fn day_there(at: Us) -> u64 {
    u64::try_from((at + 9 * HOUR).div_euclid(DAY)).unwrap_or(0)
}

/// Which days and hours a programme runs, and how often it looks.
#[derive(Clone, Debug)]
pub(super) struct Rhythm {
    /// Between two looks.
    period: Us,
    phase: Us,
    jitter: Us,
    /// A timer on the minute, not a sleep between looks.
    aligned: bool,
    /// First hour of the day there, and how many.
    hours: (i64, i64),
    /// Runs on Saturday and Sunday.
    weekends: bool,
    /// What a look reads, by number.
    pub(super) reads: u64,
    /// Holds a private WebSocket open.
    pub(super) stream: bool,
    salt: u64,
}

/// Periods people write into programmes, in seconds.
const PERIODS: [i64; 13] = [5, 10, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600];

impl Rhythm {
    /// A rhythm with about that many looks a day.
    pub(super) fn usual(looks: u64, draws: &mut Draws) -> Self {
        // Three in five run round the clock.
        let hours = if draws.chance(600) { (0, 24) } else { (draws.between(6, 13), draws.between(7, 13)) };
        Self::of(looks, hours, draws)
    }

    /// A rhythm with that many looks a day in those hours.
    pub(super) fn of(looks: u64, hours: (i64, i64), draws: &mut Draws) -> Self {
        let ideal = hours.1 * 3600 / i64::try_from(looks.max(1)).unwrap_or(1);
        let seconds = PERIODS.iter().copied().min_by_key(|p| (p - ideal).abs()).unwrap_or(300);
        let period = if ideal > 5400 { ideal } else { seconds } * SECOND;
        // Half are timers on the minute; the others sleep between looks and drift.
        let aligned = draws.chance(500) && period >= MINUTE;
        let (phase, jitter) = if aligned {
            (draws.between(0, 4) * SECOND + draws.between(0, SECOND), 900_000)
        } else {
            (draws.between(0, period), period / 5)
        };
        Self {
            period,
            phase,
            jitter,
            aligned,
            hours,
            weekends: draws.chance(850),
            reads: draws.below(5),
            stream: draws.chance(150),
            salt: draws.any(),
        }
    }

    /// The looks from `from` until `until`, in order but for jitter.
    pub(super) fn looks(&self, from: Us, until: Us, draws: &mut Draws) -> Vec<Us> {
        let mut looks = Vec::new();
        let mut k = (from - self.phase).div_euclid(self.period);
        loop {
            let at = self.phase + k * self.period;
            if at >= until {
                return looks;
            }
            if at >= from && self.is_on(at) {
                // One day in twenty-five is a busy one, and then looks come fourfold.
                let times = if mixed(self.salt, day_there(at)).is_multiple_of(25) { 4 } else { 1 };
                for i in 0..times {
                    let at = at + i * self.period / 4 + draws.between(0, self.jitter);
                    looks.push(at.clamp(from, until - 1));
                }
            }
            k += 1;
        }
    }

    /// When the first look from then on is over, if nothing stops it: before that nobody can have been refused anything.
    pub(super) fn looked(&self, at: Us) -> Us {
        let first = (at - self.phase).div_euclid(self.period) + 1;
        let looks = (first..first + 30 * DAY / self.period + 1).map(|k| self.phase + k * self.period);
        looks.into_iter().find(|at| self.is_on(*at)).map_or(at, |at| at + self.jitter)
    }

    /// Whether it runs then: its hours, its week, and no day off (one in thirty).
    pub(super) fn is_on(&self, at: Us) -> bool {
        let (first, count) = self.hours;
        let day = day_there(at);
        // 1970-01-01 was a Thursday.
        let weekend = (day + 3) % 7 >= 5;
        (hour_there(at) - first).rem_euclid(24) < count
            && (self.weekends || !weekend)
            && !mixed(!self.salt, day).is_multiple_of(30)
    }

    /// How many hours of the day it runs.
    pub(super) const fn hours_a_day(&self) -> i64 {
        self.hours.1
    }

    /// The same hours without a look: a second strategy in the same programme.
    pub(super) fn silent(self) -> Self {
        Self { period: 100_000 * DAY, phase: 0, ..self }
    }

    /// The same looks at all hours of all days.
    pub(super) fn restless(self) -> Self {
        Self { hours: (0, 24), weekends: true, ..self }
    }

    /// The same programme on the same clock, another day off and another busy day: somebody else runs it.
    pub(super) fn copied(&self, draws: &mut Draws) -> Self {
        Self { salt: draws.any(), stream: draws.chance(150), ..self.phased(draws) }
    }

    /// The same programme under the same hand, days off and all, started at another time.
    pub(super) fn phased(&self, draws: &mut Draws) -> Self {
        let phase = if self.aligned { self.phase } else { draws.between(0, self.period) };
        Self { phase, ..self.clone() }
    }

    /// The same programme with its looks as a minute begins.
    pub(super) fn each_minute(self) -> Self {
        Self { aligned: true, phase: SECOND, jitter: SECOND, period: self.period.max(MINUTE), ..self }
    }
}

/// When and what a programme orders.
#[derive(Clone, Debug)]
pub(super) struct Brain {
    /// Where its signals come from.
    pub(super) strategy: Tree,
    /// Thousandths of an order a day.
    pub(super) milli_per_day: u64,
    /// In these markets, the first the most.
    pub(super) markets: Vec<u64>,
    /// From a signal to its order: least and most.
    pub(super) delay: (Us, Us),
    /// Signals left out, in thousandths.
    pub(super) skip: u64,
    /// Signals come as a minute begins.
    pub(super) on_the_minute: bool,
    /// Usual worth of an order, in won.
    pub(super) worth: u64,
    /// How far worths spread, in octaves; 0: always the same.
    pub(super) octaves: u64,
    /// Limit orders, in thousandths; the others take what there is.
    pub(super) limit: u64,
    /// Limit orders withdrawn before they fill, in thousandths.
    pub(super) cancels: u64,
}

/// Something a strategy says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signal {
    /// When.
    pub(super) at: Us,
    /// Chooses the market.
    pub(super) market: u64,
    /// Buy or sell.
    pub(super) buys: bool,
    /// Chooses the size.
    pub(super) size: u64,
    /// Chooses the kind of order and what becomes of it.
    pub(super) fate: u64,
}

impl Brain {
    /// A strategy of that branch with about that many orders a day.
    pub(super) fn usual(strategy: Tree, orders_milli: u64, draws: &mut Draws) -> Self {
        let mut markets: Vec<u64> =
            (0..1 + draws.below(4)).map(|_| draws.below(16) * draws.below(16) / 15).collect();
        markets.dedup();
        Self {
            strategy,
            milli_per_day: orders_milli,
            markets,
            delay: (40_000, 1_500_000),
            skip: 0,
            on_the_minute: draws.chance(400),
            worth: draws.spread(60_000, 3).max(5_100),
            octaves: draws.pick(&[0, 1, 2, 3]),
            limit: draws.pick(&[150, 600, 900, 1000]),
            cancels: draws.pick(&[50, 200, 450]),
        }
    }

    /// The signals from `from`, a slice's beginning, until its end, if the programme runs so many hours a day.
    pub(super) fn signals(&self, from: Us, until: Us, hours_a_day: i64) -> Vec<Signal> {
        let slice = until - from;
        let mut draws = self.strategy.child("signals", u64::try_from(from / slice).unwrap_or(0)).draws();
        let slices = u64::try_from(hours_a_day * HOUR / slice).unwrap_or(1).max(1);
        let n = draws.count(self.milli_per_day / slices);
        (0..n)
            .map(|_| {
                let drawn = from + draws.between(0, slice - 1);
                let at = if self.on_the_minute { drawn / MINUTE * MINUTE } else { drawn };
                Signal {
                    at,
                    market: draws.below(1 << 20),
                    buys: draws.chance(500),
                    size: draws.any(),
                    fate: draws.any(),
                }
            })
            .collect()
    }

    /// The market a signal means: the first listed half of the time.
    pub(super) fn market(&self, signal: &Signal) -> u64 {
        let n = self.markets.len().max(1) as u64;
        let index = if signal.market.is_multiple_of(2) { 0 } else { (signal.market / 2) % n };
        usize::try_from(index).ok().and_then(|i| self.markets.get(i)).copied().unwrap_or(0)
    }

    /// The worth of a signal's order, in won; at least what the venue takes.
    pub(super) fn worth(&self, signal: &Signal) -> u64 {
        // x between -octaves and +octaves, bell-shaped by two halves of one number.
        let (a, b) = (signal.size & 0xffff, signal.size >> 16 & 0xffff);
        let up = (a + b) * self.octaves;
        let base = (self.worth >> self.octaves.min(6)).max(1);
        let whole = u32::try_from(up >> 16).unwrap_or(0).min(16);
        let part = up & 0xffff;
        let worth = (base << whole) + (((base << whole) * part) >> 16);
        // Round sums, as people write them.
        (worth / 1000 * 1000).max(5_000)
    }
}
