//! Handing lines in, as the book says, and committing what was acknowledged.

use super::open::LINES_MAX;
use super::{Part, Pause, Worker};
use crate::clock;
use crate::tap::book::Step;
use crate::tap::door::{Batch, DoorError};
use std::time::Duration;
use sumun_tap::Made;
use tracing::error;

/// Bytes of one batch.
const BYTES_MAX: usize = 2 << 20;
/// A line that is so much ahead of one behind it in its partition is wrong by itself; less, and a clock may have been set. Microseconds.
const STRAY_US: i64 = 3_600_000_000;
/// How often at least it is said how far a partition is: what is the same, and what is not.
pub(super) const TELL_SAME: Duration = Duration::from_secs(15);
pub(super) const TELL_NEWS: Duration = Duration::from_secs(5);
/// How often at least it is committed how far a partition is of which nothing was to be handed in.
const SAVE_EVERY: Duration = Duration::from_secs(5);

/// What became of one batch.
enum Went {
    /// There is nothing to do, or not now.
    Rests,
    /// A batch was taken, or a line put aside.
    On,
    /// The partition is taken on anew.
    Anew,
    /// The control plane is not to be asked for a while.
    Later(String, Option<Duration>),
}

impl Worker {
    /// A batch of each partition that has one; whether anything moved.
    pub(super) fn hand_all_in(&mut self) -> bool {
        let mut moved = false;
        let numbers: Vec<i32> = self.parts.keys().copied().collect();
        for number in numbers {
            // What could not be committed afterwards waits: each try would keep everything waiting as long as the group's session lasts.
            if !self.server.is_over(clock::tick()) || self.away.group_is() {
                return moved;
            }
            match self.hand_in(number) {
                Went::Rests => {}
                Went::On => {
                    moved = true;
                    self.say_well();
                }
                Went::Anew => self.anew(number),
                Went::Later(text, wait) => {
                    self.server.grow(clock::tick(), wait);
                    self.say_trouble(text);
                    if let Some(Part::Open(part)) = self.parts.get_mut(&number) {
                        part.ask = true;
                    }
                }
            }
            let again = self.held_bytes_max / 4;
            let small = |part: &Part| matches!(part, Part::Open(part) if part.book.bytes() < again);
            if self.parts.get(&number).is_some_and(small) {
                self.pause(number, false);
            }
        }
        moved
    }

    fn hand_in(&mut self, number: i32) -> Went {
        let mut limit = LINES_MAX;
        let away = self.away.is(number);
        loop {
            let Some(Part::Open(part)) = self.parts.get_mut(&number) else { return Went::Rests };
            if !part.ahead.is_over(clock::tick()) {
                return Went::Rests;
            }
            if part.ask {
                match self.door.held(&part.log, None) {
                    // It was taken, or the control plane was set back: the book is opened anew with what is held.
                    Ok(held) if held != part.book.mark().held() => return Went::Anew,
                    Ok(_) => part.ask = false,
                    Err(error) => return later(error),
                }
            }
            let told = (!away).then(|| part.tells());
            let (from, after, lines) = match part.book.step(limit, BYTES_MAX) {
                Step::Rest => {
                    let due = clock::tick().saturating_duration_since(part.saved) >= SAVE_EVERY;
                    let saves = part.book.unsaved() && due;
                    return if saves && !self.commit(number) { Went::Anew } else { Went::Rests };
                }
                Step::Save => {
                    if self.commit(number) {
                        continue;
                    }
                    return Went::Anew;
                }
                Step::Send { from, after, lines } => (from, after, lines),
            };
            let texts: Vec<&str> = lines.iter().map(|made| made.text.as_str()).collect();
            let count = texts.len();
            let done = self.door.take(&Batch { log: &part.log, from, after, lines: &texts, told });
            let last = from.saturating_add(u64::try_from(count).unwrap_or(u64::MAX)).saturating_sub(1);
            match done {
                Ok(held) if held == last => {
                    part.book.taken(last.saturating_sub(from).saturating_add(1));
                    part.told = told.map(|told| (told, clock::tick()));
                    part.ahead = Pause::NONE;
                    return if self.commit(number) { Went::On } else { Went::Anew };
                }
                // Another hands in under this name: it may own the partition by now.
                Ok(_) => return Went::Anew,
                Err(DoorError::Line(0, cause)) => return self.without_first(number, "not_taken", &cause),
                Err(DoorError::Ahead(0, cause)) => {
                    if part.is_stray() {
                        return self.without_first(number, "ahead", &cause);
                    }
                    if part.ahead.until.is_none() {
                        error!(
                            tap = self.follow.name,
                            log = part.log,
                            "Lines wait in their topic until a clock is set right, or that time has come; none is lost: {cause}"
                        );
                    }
                    part.ahead.grow(clock::tick(), None);
                    return Went::Rests;
                }
                Err(DoorError::Line(index, _) | DoorError::Ahead(index, _)) => limit = index.min(count),
                Err(DoorError::TooMuch(cause)) if count == 1 => {
                    return self.without_first(number, "too_large", &cause);
                }
                Err(DoorError::TooMuch(_)) => limit = count / 2,
                Err(error) => return later(error),
            }
        }
    }

    /// Puts the first line aside, once it is known that it was not taken before.
    fn without_first(&mut self, number: i32, code: &str, cause: &str) -> Went {
        let Some(Part::Open(part)) = self.parts.get_mut(&number) else { return Went::Rests };
        match self.door.held(&part.log, None) {
            Ok(held) if held > part.book.mark().position => return Went::Anew,
            Ok(_) => {}
            Err(error) => return later(error),
        }
        let offset = part.book.mark().offset;
        let line = part.book.waiting().next().map(|made| (made.number, made.raw.clone()));
        part.book.set_aside();
        if !self.commit(number) {
            return Went::Anew;
        }
        let (line, raw) = line.unwrap_or_default();
        self.put_aside(number, offset, (line, &raw), (code, "", cause));
        Went::On
    }

    /// Writes down how far a partition is; false: it could not be, and the partition may be another's by now.
    pub(super) fn commit(&mut self, number: i32) -> bool {
        let Some(Part::Open(part)) = self.parts.get_mut(&number) else { return false };
        match self.topic.commit(number, part.book.mark()) {
            Ok(()) => {
                part.book.saved();
                part.saved = clock::tick();
                self.group_answers();
                true
            }
            Err(error) => {
                let log = part.log.clone();
                tracing::debug!("How far {log} is could not be committed: {error}");
                self.group_failed(&error);
                false
            }
        }
    }

    /// Says how far the partitions are, where that was not said for a while, and where it is known.
    pub(super) fn tell(&mut self) {
        let now = clock::tick();
        for (number, part) in &mut self.parts {
            let Part::Open(part) = part else { continue };
            if self.away.is(*number) || !self.server.is_over(now) || part.told_lately(now) {
                continue;
            }
            let told = part.tells();
            part.told = Some((told, now));
            if let Err(error) = self.door.held(&part.log, Some(told)) {
                self.server.grow(now, None);
                tracing::debug!("How far a partition is could not be told: {error}");
                return;
            }
        }
    }
}

impl super::Opened {
    /// Whether the first line, which is ahead of the control plane's clock, is wrong by itself: one behind it is of much earlier.
    fn is_stray(&self) -> bool {
        let mut waiting = self.book.waiting().map(Made::ts);
        let Some(first) = waiting.next() else { return false };
        waiting.any(|later| first.micros_since(later) >= STRAY_US)
    }
}

fn later(error: DoorError) -> Went {
    match error {
        DoorError::Later(text, wait) => Went::Later(text, wait),
        other => Went::Later(other.to_string(), None),
    }
}
