//! The lines of one file, one by one: fetched a chunk at a time, looked at before they are taken, put aside where they are none.

use super::wire::wire;
use super::{Aside, Fetched, Files, Item, Place, SHOWN_CHARS};
use crate::clock;
use crate::commands::backfill::settings::Reads;
use std::collections::VecDeque;
use sumun_mapping::shown;
use sumun_model::Timestamp;
use sumun_tap::{Chunk, Loss, Made, Refused, translate};

/// A line so much ahead of its file may be a clock's leap. Microseconds: an hour, as for the tap.
const LEAP_US: i64 = 3_600_000_000;
/// Lines behind it that say whether it is.
const VOTES: usize = 32;
/// So often a file that moved is looked for.
const LOOKS_MAX: u32 = 3;

impl Files {
    /// When a file that was not begun begins.
    pub(super) fn head(&mut self, number: u64) -> Option<Timestamp> {
        let chunk = self.chunk(number)?;
        let first = self.items(&chunk).into_iter().find_map(|item| match item {
            Item::Line(made) => Some(made.ts()),
            Item::Refused(_) => None,
        });
        // Nothing can be read of its beginning: that is said at once.
        Some(first.unwrap_or(Timestamp::MIN))
    }

    /// When the next line of a file happened; what is no line is put aside on the way.
    pub(in crate::commands::backfill) fn peek(&mut self, number: u64) -> Option<Timestamp> {
        loop {
            let open = self.open.entry(number).or_default();
            while open.fetched.front().is_some_and(|first| first.items.is_empty()) {
                open.fetched.pop_front();
            }
            let Some(first) = open.fetched.front() else {
                if self.fetch(number) {
                    continue;
                }
                self.open.remove(&number);
                self.ends.remove(&number);
                return None;
            };
            let (ts, line) = match first.items.front() {
                Some(Item::Line(made)) => (made.ts(), made.number),
                Some(Item::Refused(_)) => {
                    if let Some((path, Item::Refused(refused))) = self.pop(number) {
                        self.put_aside(path, refused);
                    }
                    continue;
                }
                None => continue,
            };
            let latest = open.latest;
            let leapt = || latest.is_none_or(|latest| ts.micros_since(latest) > LEAP_US);
            let code = if ts > self.until {
                "ahead"
            } else if leapt() && self.leaps(number, ts) {
                "leap"
            } else {
                return Some(ts);
            };
            if let Some((path, Item::Line(made))) = self.pop(number) {
                let detail = format!("its time is {ts}");
                let (code, raw) = (code.to_owned(), shown(&made.text, SHOWN_CHARS));
                self.put_aside(path, Refused { number: line, code, field: "ts".to_owned(), detail, raw });
            }
        }
    }

    /// Takes the line that was peeked at.
    pub(in crate::commands::backfill) fn take(&mut self, number: u64) -> Option<Made> {
        let (_, Item::Line(made)) = self.pop(number)? else { return None };
        let open = self.open.entry(number).or_default();
        open.latest = open.latest.max(Some(made.ts()));
        self.made = self.made.saturating_add(1);
        Some(made)
    }

    /// What was put aside since this was last asked.
    pub(in crate::commands::backfill) fn aside(&mut self) -> Vec<Aside> {
        std::mem::take(&mut self.aside)
    }

    /// What will never come, since this was last asked.
    pub(in crate::commands::backfill) fn losses(&mut self) -> Vec<Loss> {
        std::mem::take(&mut self.losses)
    }

    /// The rest of a file cannot be read.
    fn give_up(&mut self, number: u64) {
        let Some(file) = self.follower.state().file(number) else { return };
        if self.given_up.insert(number) {
            let end = self.ends.get(&number).copied().unwrap_or(file.offset);
            let plain = !file.form.is_packed();
            let bytes = if plain { end.saturating_sub(file.offset) } else { 0 };
            let why = "it was removed, cut, or is packed and breaks off";
            self.losses.push(Loss { path: file.path.clone(), bytes, why });
        }
    }

    fn put_aside(&mut self, path: String, refused: Refused) {
        self.refused = self.refused.saturating_add(1);
        self.aside.push(Aside { path, refused });
    }

    fn pop(&mut self, number: u64) -> Option<(String, Item)> {
        let first = self.open.get_mut(&number)?.fetched.front_mut()?;
        let item = first.items.pop_front()?;
        first.popped = first.popped.saturating_add(1);
        Some((first.path.clone(), item))
    }

    /// Whether a line was written by a clock that leapt: most of those behind it are back where it was before.
    fn leaps(&mut self, number: u64, ts: Timestamp) -> bool {
        let lines = |of: &Self| -> Vec<Timestamp> {
            let items = of.open.get(&number).into_iter().flat_map(|open| &open.fetched);
            let lines = items.flat_map(|fetched| &fetched.items).filter_map(|item| match item {
                Item::Line(made) => Some(made.ts()),
                Item::Refused(_) => None,
            });
            lines.skip(1).take(VOTES).collect()
        };
        let mut voters = lines(self);
        while voters.len() < VOTES && self.fetch(number) {
            voters = lines(self);
        }
        let back = voters.iter().filter(|voter| ts.micros_since(**voter) > LEAP_US).count();
        back * 2 > voters.len()
    }

    /// Fetches one more chunk of a file; false: there is no more of it in this round.
    pub(super) fn fetch(&mut self, number: u64) -> bool {
        let Some(chunk) = self.chunk(number) else { return false };
        let Some(file) = self.follower.state().file(number) else { return false };
        let before =
            Place { offset: file.offset, lines: file.lines, tail: file.tail, skipping: file.skipping };
        let items = self.items(&chunk);
        self.follower.commit(&chunk.step);
        let fetched = Fetched { path: chunk.path, before, items, popped: 0 };
        self.open.entry(number).or_default().fetched.push_back(fetched);
        true
    }

    /// The next chunk of a file, not beyond where it ends in this round.
    fn chunk(&mut self, number: u64) -> Option<Chunk> {
        let end = *self.ends.get(&number)?;
        for _ in 0..LOOKS_MAX {
            let file = self.follower.state().file(number)?;
            if file.done || file.offset >= end || self.given_up.contains(&number) {
                return None;
            }
            let now_us = clock::now().as_micros();
            if let Some(chunk) = self.follower.next_of(&mut self.disk, number, now_us) {
                return self.within(chunk, end);
            }
            if self.follower.state().file(number).is_some_and(|file| file.done) {
                return None;
            }
            // It moved, or was packed, in the meantime; or what is left of it cannot be read.
            let _ = self.follower.look(&mut self.disk, now_us);
        }
        self.give_up(number);
        None
    }

    fn within(&self, chunk: Chunk, end: u64) -> Option<Chunk> {
        if chunk.step.to <= end {
            return Some(chunk);
        }
        let bytes = usize::try_from(end.saturating_sub(chunk.step.from)).unwrap_or(usize::MAX);
        let lines = chunk.bytes.get(..bytes)?.iter().filter(|byte| **byte == b'\n').count();
        self.follower.first_of(&chunk, u64::try_from(lines).unwrap_or(u64::MAX))
    }

    fn items(&self, chunk: &Chunk) -> VecDeque<Item> {
        match &self.reads {
            Reads::Mapping(mapping, given) => {
                let done = translate(mapping, given, (&self.log, &self.name), chunk);
                let mut refused = done.refused.into_iter().peekable();
                let mut items = VecDeque::new();
                for made in done.made {
                    while let Some(one) = refused.next_if(|one| one.number <= made.number) {
                        items.push_back(Item::Refused(one));
                    }
                    items.push_back(Item::Line(made));
                }
                items.extend(refused.map(Item::Refused));
                items
            }
            Reads::Wire => wire(chunk),
        }
    }
}
