//! Log files of one source, each read in its own order, and all of them by time: rotated and packed ones too, up to where they ended when
//! it was looked.
//!
//! Which file is which is the tap's business ([`Follower`]), so that a rotation in mid-way is followed, and a tap goes on from the very
//! same knowledge. A file is held open, with a chunk or two of lines, only while its time is being read; memory goes by how many overlap.

use super::settings::Reads;
use crate::clock;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use sumun_mapping::shown;
use sumun_model::Timestamp;
use sumun_model::wire::{Origin, parse_line};
use sumun_tap::{Begin, Chunk, Disk, Files as _, Follower, Loss, Made, Options, Print, Refused, State, translate};

/// A line so much ahead of its file may be a clock's leap. Microseconds: an hour, as for the tap.
const LEAP_US: i64 = 3_600_000_000;
/// Lines behind it that say whether it is.
const VOTES: usize = 32;
/// So often a file that moved is looked for.
const LOOKS_MAX: u32 = 3;
/// Characters shown of a line.
const SHOWN_CHARS: usize = 2000;

/// One item of a file, in its order.
enum Item {
    Line(Made),
    Refused(Refused),
}

/// A chunk that was fetched, and how much of it was taken.
struct Fetched {
    path: String,
    before: Place,
    items: VecDeque<Item>,
    popped: u32,
}

/// Where a chunk begins.
#[derive(Clone, Copy)]
struct Place {
    offset: u64,
    lines: u64,
    tail: Print,
    skipping: bool,
}

#[derive(Default)]
struct Open {
    fetched: VecDeque<Fetched>,
    latest: Option<Timestamp>,
}

/// How far one open file is: so many items of the chunk that begins where its state says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenMark {
    popped: u32,
    latest: Option<Timestamp>,
}

/// How far a source is, as it is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FilesMark {
    /// The log's name in ids that are made of places.
    pub(super) log: String,
    /// Files, as a tap's checkpoint has them.
    pub(super) state: State,
    /// Up to where each is read in this round.
    ends: BTreeMap<u64, u64>,
    open: BTreeMap<u64, OpenMark>,
    /// Files of which the rest cannot be read: said once, and not tried again.
    given_up: BTreeSet<u64>,
    /// Lines of the wire taken.
    pub(super) made: u64,
    /// Lines put aside.
    pub(super) refused: u64,
}

impl FilesMark {
    /// Of nothing yet.
    pub(super) fn new(log: String) -> Self {
        Self { log, ..Self::default() }
    }
}

/// A line that was put aside, and of which file.
pub(super) struct Aside {
    pub(super) path: String,
    pub(super) refused: Refused,
}

/// The files of one source.
pub(super) struct Files {
    pub(super) name: String,
    pub(super) followed: bool,
    reads: Reads,
    disk: Disk,
    follower: Follower,
    log: String,
    ends: BTreeMap<u64, u64>,
    open: BTreeMap<u64, Open>,
    resumed: BTreeMap<u64, OpenMark>,
    given_up: BTreeSet<u64>,
    losses: Vec<Loss>,
    /// Lines beyond are ahead of the clock.
    until: Timestamp,
    pub(super) made: u64,
    pub(super) refused: u64,
    aside: Vec<Aside>,
    line_bytes_max: usize,
}

impl Files {
    /// Of what the settings say, where it was left.
    pub(super) fn new(logs: super::settings::Logs, mark: FilesMark) -> Self {
        let line_bytes_max = logs.reads.line_bytes_max();
        let options = Options { begin: Begin::Start, line_bytes_max, ..Options::default() };
        Self {
            name: logs.name,
            followed: logs.followed,
            reads: logs.reads,
            disk: logs.disk,
            follower: Follower::new(options, mark.state),
            log: mark.log,
            ends: mark.ends,
            open: BTreeMap::new(),
            resumed: mark.open,
            given_up: mark.given_up,
            losses: Vec::new(),
            until: Timestamp::MIN,
            made: mark.made,
            refused: mark.refused,
            aside: Vec::new(),
            line_bytes_max,
        }
    }

    /// How far it is.
    pub(super) fn mark(&self) -> FilesMark {
        let (mut state, mut open) = (self.follower.state().clone(), self.resumed.clone());
        for (number, one) in &self.open {
            let Some(first) = one.fetched.front() else {
                open.insert(*number, OpenMark { popped: 0, latest: one.latest });
                continue;
            };
            open.insert(*number, OpenMark { popped: first.popped, latest: one.latest });
            if let Some(file) = state.files.iter_mut().find(|file| file.number == *number) {
                let Place { offset, lines, tail, skipping } = first.before;
                (file.offset, file.lines, file.tail, file.skipping) = (offset, lines, tail, skipping);
                file.done = false;
            }
        }
        let (made, refused) = (self.made, self.refused);
        let (log, ends, given_up) = (self.log.clone(), self.ends.clone(), self.given_up.clone());
        FilesMark { log, state, ends, open, given_up, made, refused }
    }

    /// Looks what stands there now, and how far it is to be read in the next round.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(super) fn look(&mut self) -> io::Result<()> {
        self.follower.look(&mut self.disk, clock::now().as_micros())?;
        self.ends.clear();
        let waiting: Vec<_> = self
            .follower
            .state()
            .files
            .iter()
            .filter(|file| !file.done && file.gone.is_none() && !self.given_up.contains(&file.number))
            .cloned()
            .collect();
        for file in waiting {
            let end = if file.form.is_packed() { Some(u64::MAX) } else { self.whole_lines(&file)? };
            if let Some(end) = end.filter(|end| *end > file.offset) {
                self.ends.insert(file.number, end);
            }
        }
        Ok(())
    }

    /// Where the last whole line ends; the end of the file, where nobody writes to it any more.
    fn whole_lines(&mut self, file: &sumun_tap::Tracked) -> io::Result<Option<u64>> {
        let Some(inode) = file.inode else { return Ok(None) };
        let settled = clock::now().as_micros().saturating_sub(file.modified_us)
            >= i64::try_from(Options::default().settle_us).unwrap_or(i64::MAX);
        if !file.active && settled {
            return Ok(Some(file.size));
        }
        let most = u64::try_from(self.line_bytes_max).unwrap_or(u64::MAX).saturating_add(1);
        let from = file.size.saturating_sub(most).max(file.offset);
        let mut bytes = vec![0; usize::try_from(file.size.saturating_sub(from)).unwrap_or(0)];
        let mut len = 0;
        while let Some(rest) = bytes.get_mut(len..).filter(|rest| !rest.is_empty()) {
            let at = from.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
            match self.disk.read(&file.path, inode, file.form, at, rest)? {
                0 => break,
                read => len += read,
            }
        }
        bytes.truncate(len);
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
        Ok(end.map(|end| from.saturating_add(u64::try_from(end).unwrap_or(u64::MAX))))
    }

    /// Bytes to be read in this round, packed as they are.
    pub(super) fn bytes(&self) -> u64 {
        let state = self.follower.state();
        let of = |(number, end): (&u64, &u64)| {
            let file = state.file(*number)?;
            Some(if file.form.is_packed() { file.size } else { end.saturating_sub(file.offset) })
        };
        self.ends.iter().filter_map(of).fold(0, u64::saturating_add)
    }

    /// Begins, or goes on with, a round: files by the time of their first lines.
    pub(super) fn begin(&mut self, until: Timestamp) -> Vec<(Timestamp, u64)> {
        self.until = until;
        for (number, mark) in std::mem::take(&mut self.resumed) {
            self.open.insert(number, Open { fetched: VecDeque::new(), latest: mark.latest });
            if mark.popped > 0
                && self.fetch(number)
                && let Some(first) = self.open.get_mut(&number).and_then(|open| open.fetched.front_mut())
            {
                let popped = usize::try_from(mark.popped).unwrap_or(usize::MAX).min(first.items.len());
                first.items.drain(..popped);
                first.popped = mark.popped;
            }
        }
        let numbers: Vec<u64> = self.ends.keys().copied().collect();
        let head = |number: u64| {
            let at = if self.open.contains_key(&number) { self.peek(number) } else { self.head(number) };
            Some((at?, number))
        };
        numbers.into_iter().filter_map(head).collect()
    }

    /// When a file that was not begun begins.
    fn head(&mut self, number: u64) -> Option<Timestamp> {
        let chunk = self.chunk(number)?;
        let first = self.items(&chunk).into_iter().find_map(|item| match item {
            Item::Line(made) => Some(made.ts()),
            Item::Refused(_) => None,
        });
        // Nothing can be read of its beginning: that is said at once.
        Some(first.unwrap_or(Timestamp::MIN))
    }

    /// When the next line of a file happened; what is no line is put aside on the way.
    pub(super) fn peek(&mut self, number: u64) -> Option<Timestamp> {
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
    pub(super) fn take(&mut self, number: u64) -> Option<Made> {
        let (_, Item::Line(made)) = self.pop(number)? else { return None };
        let open = self.open.entry(number).or_default();
        open.latest = open.latest.max(Some(made.ts()));
        self.made = self.made.saturating_add(1);
        Some(made)
    }

    /// What was put aside since this was last asked.
    pub(super) fn aside(&mut self) -> Vec<Aside> {
        std::mem::take(&mut self.aside)
    }

    /// What will never come, since this was last asked.
    pub(super) fn losses(&mut self) -> Vec<Loss> {
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
    fn fetch(&mut self, number: u64) -> bool {
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

/// Lines that are the wire's already.
fn wire(chunk: &Chunk) -> VecDeque<Item> {
    let refused = |number: u64, code: &str, field: Option<String>, detail: String, bytes: &[u8]| {
        let raw = shown(&String::from_utf8_lossy(bytes), SHOWN_CHARS);
        Item::Refused(Refused {
            number,
            code: code.to_owned(),
            field: field.unwrap_or_default(),
            detail,
            raw,
        })
    };
    if chunk.too_long {
        let one = refused(chunk.first_line, "too_long", None, String::new(), &chunk.bytes);
        return VecDeque::from([one]);
    }
    let body = chunk.bytes.strip_suffix(b"\n").unwrap_or(&chunk.bytes);
    if chunk.bytes.is_empty() {
        return VecDeque::new();
    }
    let lines = body.split(|byte| *byte == b'\n').zip(chunk.first_line..);
    let read = |(bytes, number): (&[u8], u64)| {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Some(refused(number, "bad_encoding", None, "not UTF-8".to_owned(), bytes));
        };
        let origin = Origin { source_name: &chunk.path, line: number };
        Some(match parse_line(origin, text) {
            Ok(line) => Item::Line(Made { number, line, text: text.to_owned(), raw: String::new() }),
            Err(error) => refused(number, "bad_line", error.field, error.cause, bytes),
        })
    };
    lines.filter_map(read).collect()
}
