//! Taking lines: engine time, what is late, and where a segment must end.

use super::moment::{At, HOUR_US, MINUTE_US, Moment, SECOND_US};
use super::partition::Fed;
use super::router::Route;
use super::{Engine, Input, Output};
use sumun_model::Timestamp;
use sumun_model::wire::Line;

/// Events further behind engine time feed nothing (WIRE 4).
const LATE_US: i64 = 5 * MINUTE_US;

/// Microseconds in a day.
const DAY_US: i64 = 24 * HOUR_US;

/// When an event happened; `None` for state lines and ticks.
fn event_time(line: &Line) -> Option<Timestamp> {
    match line {
        Line::Session(l) => Some(l.ts),
        Line::Access(l) => Some(l.ts),
        Line::Order(l) => Some(l.ts),
        Line::Trade(l) => Some(l.ts),
        Line::Quote(l) => Some(l.ts),
        Line::Transfer(l) => Some(l.ts),
        Line::Report(l) => Some(l.ts),
        _ => None,
    }
}

/// The time of any line.
fn time(line: &Line) -> Timestamp {
    match line {
        Line::Account(l) => l.ts,
        Line::Vendor(l) => l.ts,
        Line::Key(l) => l.ts,
        Line::Delegation(l) => l.ts,
        Line::Network(l) => l.ts,
        Line::Market(l) => l.ts,
        Line::Tick(l) => l.ts,
        Line::Session(l) => l.ts,
        Line::Access(l) => l.ts,
        Line::Order(l) => l.ts,
        Line::Trade(l) => l.ts,
        Line::Quote(l) => l.ts,
        Line::Transfer(l) => l.ts,
        Line::Report(l) => l.ts,
    }
}

impl Input {
    /// The line's own time.
    #[must_use]
    pub fn ts(&self) -> Timestamp {
        time(&self.line)
    }
}

impl Engine {
    /// Takes lines in log order and gives what they bring, in output order. How lines are cut into calls does not show.
    pub fn feed(&mut self, batch: impl IntoIterator<Item = Input>) -> Vec<Output> {
        let mut out = Vec::new();
        for input in batch {
            self.take(input, &mut out);
        }
        self.run(&mut out);
        out
    }

    fn take(&mut self, Input { position, line }: Input, out: &mut Vec<Output>) {
        self.counts.lines += 1;
        self.position = Some(position);
        self.advance(position, time(&line), out);
        let Some(now) = self.now else { return };
        if event_time(&line).is_some_and(|ts| now.micros_since(ts) > LATE_US) {
            self.counts.late += 1;
            return;
        }
        let at = At { moment: Moment::line(position), now };
        match &line {
            Line::Vendor(_) | Line::Network(_) | Line::Market(_) => {
                self.run(out);
                self.global_line(&line);
            }
            Line::Delegation(delegation) => {
                self.run(out);
                self.delegation(delegation);
            }
            Line::Tick(_) | Line::Quote(_) => {}
            _ => self.put(at, line, out),
        }
    }

    fn put(&mut self, at: At, line: Line, out: &mut Vec<Output>) {
        let Some(Route { partition, home, first }) = self.router.route(&line) else {
            self.counts.stale_states += 1;
            return;
        };
        if let Line::Key(line) = &line
            && let Some(old) = &first.old
        {
            self.run(out);
            self.inherit(&line.key, old, first.from, partition, home.as_ref());
        } else if let Some(from) = first.from {
            self.run(out);
            self.move_key(&line, from, partition, home.as_ref());
        }
        let index = u32::try_from(self.segment.lines.len()).unwrap_or(u32::MAX);
        if let Some(mine) = self.segment.by_partition.get_mut(usize::from(partition)) {
            if mine.is_empty() {
                self.segment.touched.push(partition);
            }
            mine.push(index);
        }
        self.segment.lines.push(Fed { at, home, line });
    }

    /// Raises engine time, ending the segment at every whole minute on the way.
    fn advance(&mut self, position: u64, ts: Timestamp, out: &mut Vec<Output>) {
        let Some(mut now) = self.now else {
            // The first line fires nothing.
            self.now = Some(ts);
            self.judged_to = ts.as_micros();
            return;
        };
        let began = now;
        while now < ts {
            let minute = self.next_minute(now, began);
            // Up to the last microsecond of the minute; the minute itself begins the next segment.
            let to = Timestamp::from_micros(minute - 1).min(ts);
            if now < to {
                self.segment.rises.push(position, now, to);
                self.now = Some(to);
            }
            if ts.as_micros() < minute {
                return;
            }
            self.run(out);
            let begun = Timestamp::from_micros(minute);
            self.begin_minute(minute.rem_euclid(HOUR_US) == 0, begun);
            let second = minute.div_euclid(SECOND_US);
            self.segment.minute = Some(At { moment: Moment::second(position, second), now: begun });
            self.segment.rises.push(position, to, begun);
            self.now = Some(begun);
            now = begun;
        }
    }

    /// The next whole minute, microseconds, at which a segment must end on the way to a line.
    ///
    /// Every minute for the first day without a line. After that nothing waits in the link stage any more: whole hours for a year, then
    /// none, and the minute behind whatever is due before, so that a line far in the future is reached.
    fn next_minute(&self, now: Timestamp, began: Timestamp) -> i64 {
        let now_us = now.as_micros();
        let behind = |us: i64, step: i64| (us.div_euclid(step) + 1).saturating_mul(step);
        let step = match now.micros_since(began) {
            silent if silent < DAY_US => MINUTE_US,
            silent if silent < 366 * DAY_US => HOUR_US,
            _ => i64::MAX,
        };
        if step == MINUTE_US || !self.feedback.is_empty() {
            return behind(now_us, MINUTE_US);
        }
        let wake = self.due.iter().copied().min().unwrap_or(i64::MAX).saturating_mul(SECOND_US);
        let judge = self.judge.next_due().map_or(i64::MAX, Timestamp::as_micros);
        behind(wake.min(judge).max(now_us), MINUTE_US).min(behind(now_us, step))
    }
}
