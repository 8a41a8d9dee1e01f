//! One partition's bookkeeping: which lines have which position at the control plane, so that each is counted once.
//!
//! A state machine without Kafka, HTTP or a clock. What was committed and what the control plane holds go in ([`Book::open`]), then messages
//! ([`Book::arrived`]); out comes what to do next ([`Book::step`]). It rests on three rules. A message gives the same lines whenever it is
//! read, so what was handed in and not committed is known by counting. What cannot be known by counting (a line put aside, messages that
//! are gone, another mapping) is committed before anything else is handed in. And a commit moves only behind what the control plane has
//! acknowledged. Why so: ADR 0029.

mod found;
#[cfg(test)]
mod tests;

pub(crate) use found::{Begin, Committed, Found, How, Message, Told};

use super::mark::{Last, Mark};
use std::collections::VecDeque;

/// A partition without a commit whose siblings were begun so long before was added since: it is read from its start. Microseconds.
const SIBLINGS_US: i64 = 600_000_000;

/// What became of a message that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Arrived {
    /// It stands in the book.
    Kept,
    /// It was done with before.
    Passed,
    /// It is to be read on from this offset.
    GoTo(u64),
    /// It is not the message that was taken at its offset: ask where the partition begins and ends, then [`Book::suspect`].
    NotTheSame,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step<'b, L> {
    /// Nothing.
    Rest,
    /// Commit the mark before anything else.
    Save,
    /// Hand these in; the first has this position, and this one is believed to be held.
    Send { from: u64, after: u64, lines: Vec<&'b L> },
}

#[derive(Debug)]
enum Item<L> {
    /// Messages that are gone.
    Gone(u64),
    /// Offsets that never were messages.
    Void(u64),
    Message(Message<L>),
}

/// The book of one partition.
#[derive(Debug)]
pub(crate) struct Book<L> {
    mark: Mark,
    items: VecDeque<Item<L>>,
    bytes: usize,
    /// Offset of the message that is expected.
    next: u64,
    /// Before that, the last one taken must come again as it was.
    check: Option<Last>,
    /// Another partition stands there, and ends before this offset: whether it is new shows by its first message.
    probe: Option<u64>,
    /// Lines behind the mark that the control plane holds already.
    drop: u64,
    /// The mapping, once those lines are done with.
    renew: Option<String>,
    transactional: bool,
    must_save: bool,
    unsaved: bool,
}

impl<L> Book<L> {
    /// Takes a partition on. What is told stands in the mark.
    pub(crate) fn open(found: Found, how: How) -> (Self, Vec<Told>) {
        let Found { committed, held, low, high } = found;
        let mut told = Vec::new();
        let fresh = |offset| Mark::new(offset, held, how.now_us, &how.mapping);
        let ours = matches!(committed, Committed::Ours(_));
        let mark = match committed {
            Committed::Ours(mark) => mark,
            Committed::Foreign(offset) => {
                told.push(Told::Moved(offset));
                Mark { holes: 1, ..fresh(offset) }
            }
            Committed::Nothing => {
                let added = how.siblings_us.is_some_and(|at| how.now_us.saturating_sub(at) > SIBLINGS_US);
                let offset = if added || how.begin == Begin::Start { low } else { high };
                told.push(if held > 0 { Told::Forgotten(offset) } else { Told::Begun(offset) });
                Mark { holes: u64::from(held > 0), ..fresh(offset) }
            }
        };
        let mut book = Self {
            next: mark.offset,
            check: mark.last.clone().filter(|last| last.offset >= low && last.offset < high),
            probe: None,
            drop: held.saturating_sub(mark.position),
            renew: None,
            transactional: how.transactional,
            must_save: !ours,
            unsaved: !ours,
            items: VecDeque::new(),
            bytes: 0,
            mark,
        };
        book.meet(held, &how, &mut told);
        if book.mark.offset > high {
            book.suspect(low, high);
        } else if book.mark.offset < low {
            let gone = low - book.mark.offset;
            told.push(Told::Gone(gone));
            book.items.push_back(Item::Gone(gone));
            book.next = low;
        }
        (book, told)
    }

    /// What the control plane holds, against the mark.
    fn meet(&mut self, held: u64, how: &How, told: &mut Vec<Told>) {
        if held < self.mark.held() {
            told.push(Told::Lost(self.mark.held() - held));
            self.must_save = true;
        }
        // What lies between is passed over with the next line.
        self.mark.pass = self.mark.position.saturating_sub(held);
        let other = self.mark.mapping != how.mapping;
        if self.drop > how.batch_max {
            told.push(Told::Ahead(self.drop));
        } else if self.drop > 0 && other {
            told.push(Told::OtherMapping(self.drop));
        }
        if self.drop > how.batch_max || (self.drop > 0 && other) {
            self.mark.holes = self.mark.holes.saturating_add(1);
            self.must_save = true;
        }
        if other {
            self.renew = Some(how.mapping.clone());
        }
    }

    /// Something is wrong with the partition, which begins and ends there: its first message shows whether it is another.
    pub(crate) fn suspect(&mut self, low: u64, high: u64) {
        self.items.clear();
        (self.bytes, self.check, self.probe, self.next) = (0, None, Some(high), low);
    }

    /// From which offset it is to be read.
    pub(crate) fn reads_from(&self) -> u64 {
        self.check.as_ref().map_or(self.next, |last| last.offset)
    }

    /// How far it is.
    pub(crate) const fn mark(&self) -> &Mark {
        &self.mark
    }

    /// Offset of the message that is expected.
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// Bytes in memory.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether the mark is ahead of its commit.
    pub(crate) const fn unsaved(&self) -> bool {
        self.unsaved || self.must_save
    }

    /// A message came.
    pub(crate) fn arrived(&mut self, message: Message<L>) -> (Arrived, Option<Told>) {
        let mut told = None;
        if let Some(end) = self.probe.take() {
            let newer = self.mark.last.as_ref().is_none_or(|last| message.at_ms > last.at_ms);
            let at = if newer { message.offset } else { end };
            self.replace(at);
            told = Some(Told::Replaced(at));
            if message.offset < at {
                return (Arrived::GoTo(at), told);
            }
        }
        if let Some(last) = self.check.take_if(|last| message.offset >= last.offset)
            && message.offset == last.offset
        {
            let same = message.print == last.print;
            return (if same { Arrived::Passed } else { Arrived::NotTheSame }, None);
        }
        if message.offset < self.next {
            return (Arrived::Passed, told);
        }
        let missing = message.offset - self.next;
        if missing > 0 && self.transactional {
            self.items.push_back(Item::Void(missing));
        } else if missing > 0 {
            self.items.push_back(Item::Gone(missing));
            told = Some(Told::Gone(missing));
        }
        self.next = message.offset.saturating_add(1);
        self.bytes = self.bytes.saturating_add(message.bytes);
        self.items.push_back(Item::Message(message));
        (Arrived::Kept, told)
    }

    /// Another partition begins at this offset.
    fn replace(&mut self, offset: u64) {
        let mark = &mut self.mark;
        // What was under way was of the one before.
        mark.position = mark.position.saturating_add(std::mem::take(&mut self.drop));
        mark.incarnation = mark.incarnation.saturating_add(1);
        mark.holes = mark.holes.saturating_add(1);
        (mark.offset, mark.skip, mark.last) = (offset, 0, None);
        (self.next, self.must_save) = (offset, true);
    }

    /// What to do next, with so many lines and bytes at once.
    pub(crate) fn step(&mut self, lines_max: usize, bytes_max: usize) -> Step<'_, L> {
        self.settle();
        if self.must_save {
            return Step::Save;
        }
        let mut lines = Vec::new();
        let (mut skip, mut bytes) = (usize::try_from(self.mark.skip).unwrap_or(usize::MAX), 0_usize);
        for item in &self.items {
            match item {
                Item::Gone(_) => break,
                Item::Void(_) => {}
                Item::Message(message) => {
                    bytes = bytes.saturating_add(message.bytes);
                    if lines.len() >= lines_max || (bytes > bytes_max && !lines.is_empty()) {
                        break;
                    }
                    lines.extend(message.lines.iter().skip(std::mem::take(&mut skip)));
                }
            }
        }
        lines.truncate(lines_max);
        if lines.is_empty() {
            return Step::Rest;
        }
        Step::Send { from: self.mark.position.saturating_add(1), after: self.mark.held(), lines }
    }

    /// Lines that came and are not done with, in order.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &L> {
        let skip = usize::try_from(self.mark.skip).unwrap_or(usize::MAX);
        let messages = self.items.iter().filter_map(|item| match item {
            Item::Message(message) => Some(message),
            _ => None,
        });
        messages.flat_map(|message| &message.lines).skip(skip)
    }

    /// So many of the lines were acknowledged. Then the mark is to be committed.
    pub(crate) fn taken(&mut self, count: u64) {
        self.mark.pass = 0;
        self.advance(count);
        self.unsaved = true;
        self.settle();
    }

    /// The first line was put aside.
    pub(crate) fn set_aside(&mut self) {
        self.mark.skip = self.mark.skip.saturating_add(1);
        self.mark.refused = self.mark.refused.saturating_add(1);
        self.must_save = true;
        self.settle();
    }

    /// The mark was committed.
    pub(crate) fn saved(&mut self) {
        (self.must_save, self.unsaved) = (false, false);
    }

    /// Lines are behind the mark, in one message or several.
    fn advance(&mut self, mut count: u64) {
        self.mark.position = self.mark.position.saturating_add(count);
        while count > 0 {
            let left = match self.items.front() {
                Some(Item::Message(message)) => lines_of(message).saturating_sub(self.mark.skip),
                _ => 0,
            };
            let now = left.min(count);
            self.mark.skip = self.mark.skip.saturating_add(now);
            count -= now;
            if count > 0 && !self.pass_front() {
                return;
            }
        }
    }

    /// Brings the mark to the first line that is not done with.
    fn settle(&mut self) {
        loop {
            if self.drop == 0
                && let Some(mapping) = self.renew.take()
            {
                (self.mark.mapping, self.must_save) = (mapping, true);
            }
            if let Some(Item::Message(message)) = self.items.front() {
                let left = lines_of(message).saturating_sub(self.mark.skip);
                let held = left.min(self.drop);
                if held > 0 {
                    self.mark.skip = self.mark.skip.saturating_add(held);
                    self.mark.position = self.mark.position.saturating_add(held);
                    self.drop -= held;
                    self.unsaved = true;
                    continue;
                }
                if left > 0 {
                    return;
                }
            }
            if !self.pass_front() {
                return;
            }
        }
    }

    /// The first item is done with; false if there is none.
    fn pass_front(&mut self) -> bool {
        let Some(item) = self.items.pop_front() else { return false };
        let mark = &mut self.mark;
        mark.skip = 0;
        match item {
            Item::Gone(count) => {
                // Of what is gone, some may have been handed in before it went: a line a message, as nobody knows better.
                let held = count.min(self.drop);
                self.drop -= held;
                mark.pass = mark.pass.saturating_add(count - held);
                mark.position = mark.position.saturating_add(count);
                mark.offset = mark.offset.saturating_add(count);
                mark.holes = mark.holes.saturating_add(1);
                mark.last = None;
                self.must_save = true;
            }
            Item::Void(count) => mark.offset = mark.offset.saturating_add(count),
            Item::Message(message) => {
                self.bytes = self.bytes.saturating_sub(message.bytes);
                mark.offset = message.offset.saturating_add(1);
                mark.refused = mark.refused.saturating_add(message.refused);
                mark.last = Some(Last { offset: message.offset, at_ms: message.at_ms, print: message.print });
                self.unsaved = true;
            }
        }
        true
    }
}

fn lines_of<L>(message: &Message<L>) -> u64 {
    u64::try_from(message.lines.len()).unwrap_or(u64::MAX)
}
