//! Taking partitions on: what the group committed, what the control plane holds, where Kafka begins and ends.

use super::{Opened, Part, Pause, Worker, say};
use crate::clock;
use crate::tap::book::{Book, Committed, Found, How};
use crate::tap::door::{DoorError, Told};
use std::collections::BTreeMap;
use std::time::Instant;

/// Lines of one batch.
pub(super) const LINES_MAX: usize = 1_000;

impl Worker {
    /// A partition's book is made anew, soon.
    pub(super) fn anew(&mut self, number: i32) {
        let mut pause = Pause::NONE;
        pause.grow(clock::tick(), None);
        self.parts.insert(number, Part::Waiting(pause));
    }

    /// Opens the books of partitions that wait for it.
    pub(super) fn open_what_waits(&mut self) {
        let now = clock::tick();
        let due = |part: &Part| matches!(part, Part::Waiting(pause) if pause.is_over(now));
        let numbers: Vec<i32> =
            self.parts.iter().filter(|(_, part)| due(part)).map(|(number, _)| *number).collect();
        if numbers.is_empty() || !self.server.is_over(now) {
            return;
        }
        let committed = match self.topic.committed() {
            Ok(committed) => committed,
            Err(error) => {
                self.group_failed(&error);
                return self.wait_longer(&numbers);
            }
        };
        self.group_answers();
        let ends = self.topic.ends(&numbers);
        let found: Vec<i32> = ends.found.keys().copied().collect();
        self.asked(&found, &ends.silent, ends.why.as_ref());
        // Those of a silent broker wait; the others do not wait for them.
        self.wait_longer(&ends.silent);
        let mut opened = false;
        for (at, (number, bounds)) in ends.found.iter().enumerate() {
            match self.open(*number, *bounds, &committed) {
                Ok(part) => {
                    self.parts.insert(*number, Part::Open(Box::new(part)));
                    self.say_well();
                    opened = true;
                }
                Err(error) => {
                    let wait = if let DoorError::Later(_, wait) = &error { *wait } else { None };
                    self.server.grow(clock::tick(), wait);
                    self.say_trouble(error.to_string());
                    self.wait_longer(found.get(at..).unwrap_or_default());
                    break;
                }
            }
        }
        if opened {
            self.read_on();
        }
    }

    fn wait_longer(&mut self, numbers: &[i32]) {
        let now = clock::tick();
        for number in numbers {
            if let Some(Part::Waiting(pause)) = self.parts.get_mut(number) {
                pause.grow(now, None);
            }
        }
    }

    /// A partition that begins and ends there. The control plane is asked only now: what it is asked about it takes for heard of.
    fn open(
        &self,
        number: i32,
        (low, high): (u64, u64),
        committed: &BTreeMap<i32, Committed>,
    ) -> Result<Opened, DoorError> {
        let log = format!("kafka.{}.{number}", self.follow.name);
        let ours = |(at, one): (&i32, &Committed)| match one {
            Committed::Ours(mark) if *at != number => Some(mark.begun_us),
            _ => None,
        };
        let how = How {
            begin: self.follow.begin,
            siblings_us: committed.iter().filter_map(ours).min(),
            now_us: clock::now().as_micros(),
            mapping: self.follow.digest.clone(),
            transactional: self.follow.transactional,
            batch_max: u64::try_from(LINES_MAX).unwrap_or(u64::MAX),
        };
        let held = self.door.held(&log, None)?;
        let committed = committed.get(&number).cloned().unwrap_or(Committed::Nothing);
        let (book, known) = Book::open(Found { committed, held, low, high }, how);
        known.iter().for_each(|known| say(&self.follow.name, &log, known));
        Ok(Opened {
            log,
            book,
            paused: false,
            ahead: Pause::NONE,
            ask: false,
            high,
            read: (0, 0),
            told: None,
            saved: clock::tick(),
        })
    }

    /// All books that are open are read on, each from where it is.
    pub(super) fn read_on(&mut self) {
        let from = self.parts.iter().filter_map(|(number, part)| match part {
            Part::Open(part) => Some((*number, part.book.reads_from())),
            Part::Waiting(_) => None,
        });
        if let Err(error) = self.topic.read(from) {
            self.say_trouble(format!("Kafka: {error}"));
            let numbers: Vec<i32> = self.parts.keys().copied().collect();
            return numbers.into_iter().for_each(|number| self.anew(number));
        }
        for (number, part) in &mut self.parts {
            if let Part::Open(part) = part {
                // Whether it was paused before its book was opened anew is not known here.
                part.paused = self.topic.pause(*number, part.paused).is_ok() && part.paused;
            }
        }
    }
}

impl Opened {
    /// What is said of it beside its lines. Bytes behind are an estimate: messages behind, by the mean of those read.
    pub(super) fn tells(&self) -> Told {
        let behind = self.high.saturating_sub(self.book.next());
        let mean = self.read.1.checked_div(self.read.0).unwrap_or(1).max(1);
        let waiting = u64::try_from(self.book.bytes()).unwrap_or(u64::MAX);
        Told {
            bytes_behind: behind.saturating_mul(mean).saturating_add(waiting),
            holes: self.book.mark().holes,
            lines_refused: self.book.mark().refused,
        }
    }

    /// Whether that was said lately.
    pub(super) fn told_lately(&self, now: Instant) -> bool {
        self.told.is_some_and(|(told, at)| {
            let age = now.saturating_duration_since(at);
            age < if told == self.tells() { super::hand_in::TELL_SAME } else { super::hand_in::TELL_NEWS }
        })
    }
}
