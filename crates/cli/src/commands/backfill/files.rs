//! Log files of one source, each read in its own order, and all of them by time: rotated and packed ones too, up to where they ended when
//! it was looked.
//!
//! Which file is which is the tap's business ([`Follower`]), so that a rotation in mid-way is followed, and a tap goes on from the very
//! same knowledge. A file is held open, with a chunk or two of lines, only while its time is being read; memory goes by how many overlap.

mod reading;
mod wire;

use super::senders::{Counts, Cover};
use super::settings::Reads;
use crate::clock;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use sumun_model::Timestamp;
use sumun_tap::{
    Begin, Checkpoint, Disk, Files as _, Follower, Loss, Made, Options, Print, Refused, State, Tracked,
};

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
    /// Lines left out, since a sender brought them.
    #[serde(default)]
    pub(super) left_out: u64,
    /// A tap has begun with these files: what it handed in stands in the event log too.
    #[serde(default)]
    pub(super) begun: Option<Begun>,
}

/// How far a tap was that had begun, when it was looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begun {
    /// Its log at the control plane.
    pub(super) log: String,
    /// Lines up to this position are read from the files, those behind it from the event log.
    pub(super) position: u64,
    /// Files, and how far each was handed in.
    files: Vec<Tracked>,
    /// Whether the files were looked at: all of it is one round's.
    looked: bool,
}

impl Begun {
    /// Of a tap's checkpoint.
    pub(super) fn of(checkpoint: Checkpoint) -> Self {
        let Checkpoint { log, position, files, .. } = checkpoint;
        Self { log, position, files: files.files, looked: false }
    }

    /// Up to where a file is history; none if the tap reads it from its beginning.
    fn end_of(&self, file: &Tracked) -> Option<u64> {
        let same = |known: &&Tracked| known.inode.is_some() && known.inode == file.inode;
        let known = self.files.iter().find(same)?;
        Some(if known.done && known.form.is_packed() { u64::MAX } else { known.offset })
    }
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
    pub(super) left_out: u64,
    /// What stands in the event log too, in this round.
    pub(super) cover: Cover,
    /// From then on lines wait for a later round: a sender may still bring them.
    pub(super) waits_from: Option<Timestamp>,
    pub(super) begun: Option<Begun>,
    aside: Vec<Aside>,
    line_bytes_max: usize,
}

fn follower(line_bytes_max: usize, state: State) -> Follower {
    Follower::new(Options { begin: Begin::Start, line_bytes_max, ..Options::default() }, state)
}

impl Files {
    /// Of what the settings say, where it was left.
    pub(super) fn new(logs: super::settings::Logs, mark: FilesMark) -> Self {
        let line_bytes_max = logs.reads.line_bytes_max();
        Self {
            name: logs.name,
            followed: logs.followed,
            reads: logs.reads,
            disk: logs.disk,
            follower: follower(line_bytes_max, mark.state),
            log: mark.log,
            ends: mark.ends,
            open: BTreeMap::new(),
            resumed: mark.open,
            given_up: mark.given_up,
            losses: Vec::new(),
            until: Timestamp::MIN,
            made: mark.made,
            refused: mark.refused,
            left_out: mark.left_out,
            cover: Cover::default(),
            waits_from: None,
            begun: mark.begun,
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
        let (left_out, begun) = (self.left_out, self.begun.clone());
        FilesMark { log, state, ends, open, given_up, made, refused, left_out, begun }
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
        if let Some(begun) = &mut self.begun {
            // What was written since stands in the event log.
            if !std::mem::replace(&mut begun.looked, true) {
                let ends = waiting.iter().filter_map(|file| Some((file.number, begun.end_of(file)?)));
                self.ends = ends.filter(|(_, end)| *end > 0).collect();
                self.gone_since_begun(&waiting);
            }
            return Ok(());
        }
        for file in waiting {
            let end = if file.form.is_packed() { Some(u64::MAX) } else { self.whole_lines(&file)? };
            if let Some(end) = end.filter(|end| *end > file.offset) {
                self.ends.insert(file.number, end);
            }
        }
        Ok(())
    }

    /// Files that a tap handed in and that are gone: their lines are history that cannot be read here.
    fn gone_since_begun(&mut self, standing: &[Tracked]) {
        let Some(begun) = &self.begun else { return };
        let stands = |known: &Tracked| standing.iter().any(|file| file.inode == known.inode);
        let gone = begun.files.iter().filter(|known| known.offset > 0 && !stands(known));
        let why = "a tap has handed it in, and it is gone: its lines stand in the event log alone, and are left out";
        self.losses.extend(gone.map(|known| Loss { path: known.path.clone(), bytes: known.offset, why }));
    }

    /// Types of what happened that these files may tell of.
    pub(super) fn events(&self) -> Vec<&'static str> {
        self.reads.events()
    }

    /// Whether files to be read in this round are of this time: each from its first line until it was last written to.
    pub(super) fn stand_within(&mut self, first: Timestamp, last: Timestamp) -> bool {
        let waiting: Vec<u64> = self.ends.keys().copied().collect();
        waiting.into_iter().any(|number| {
            let modified_us = self.follower.state().file(number).map(|file| file.modified_us);
            modified_us.is_some_and(|modified_us| modified_us >= first.as_micros())
                && self.head(number).is_some_and(|head| head <= last)
        })
    }

    /// Whether the line of a file that was peeked at waits for a later round; all lines of this source behind it do too.
    pub(super) fn waits(&mut self, number: u64) -> bool {
        let first = self.open.get(&number).and_then(|open| open.fetched.front()?.items.front());
        let Some(Item::Line(made)) = first else { return false };
        if self.waits_from.is_none() && self.cover.counts(&made.line, made.ts()) == Counts::Later {
            self.waits_from = Some(made.ts());
        }
        self.waits_from.is_some()
    }

    /// Ends a round: what waits is as if it had not been fetched.
    pub(super) fn end_round(&mut self) {
        if self.waits_from.is_some() {
            let mark = self.mark();
            self.follower = follower(self.line_bytes_max, mark.state);
            self.resumed = mark.open;
            self.open.clear();
        }
    }

    /// Where the last whole line ends; the end of the file, where nobody writes to it any more.
    fn whole_lines(&mut self, file: &Tracked) -> io::Result<Option<u64>> {
        let Some(inode) = file.inode else { return Ok(None) };
        let settled =
            clock::now().as_micros().saturating_sub(file.modified_us) >= Options::default().settle_us;
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
        (self.until, self.waits_from) = (until, None);
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
}
