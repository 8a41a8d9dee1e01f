//! The follower: which file is which, what of it comes next, and what will never come.
//!
//! A file is known by its inode and, since inodes are given again and files are copied, by how it begins and by the last bytes that were
//! taken of it. Where other content stands in its place, or it is gone, its heir is looked for: a copy (`copytruncate`), a packed one, the
//! file itself under another name. A heir is read on from where the file was left. Without one, what was not read is lost, and counted.
//!
//! Nothing is taken before it was committed: at most one chunk is outstanding, and a follower made anew of the same state gives it again.

mod chunk;
mod place;

use crate::files::{Files, Found, Inode};
use crate::print::Print;
use crate::state::{Begin, State, Step, Tracked};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// So many first bytes of a file are its head.
const HEAD_BYTES_MAX: usize = 1024;
/// So many last bytes of what was taken are remembered.
const TAIL_BYTES_MAX: usize = 256;
/// Files kept in mind, those that are gone among them.
const FILES_MAX: usize = 1024;

/// How it follows.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where files begin that stand there at the very first look.
    pub begin: Begin,
    /// Longest line, in bytes; longer ones are told and passed over.
    pub line_bytes_max: usize,
    /// Bytes in one chunk, unless one line is longer.
    pub chunk_bytes: usize,
    /// Lines in one chunk.
    pub chunk_lines: usize,
    /// So long nobody wrote to a file that is no longer written to: then its last line needs no line feed. Microseconds.
    pub settle_us: i64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            begin: Begin::End,
            line_bytes_max: 1 << 20,
            chunk_bytes: 256 << 10,
            chunk_lines: 1000,
            settle_us: 60_000_000,
        }
    }
}

/// Whole lines of one file, not committed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Where the file was last seen.
    pub path: String,
    /// Number of the first line, from 1.
    pub first_line: u64,
    /// The lines, with their ends; of one that is too long its beginning.
    pub bytes: Vec<u8>,
    /// It is the beginning of a line that is too long, and no more of it will come.
    pub too_long: bool,
    /// What taking it changes.
    pub step: Step,
}

/// Something that will never come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Of which file.
    pub path: String,
    /// Bytes that are known to be lost; more may be.
    pub bytes: u64,
    /// Why, in words.
    pub why: &'static str,
}

/// Files being followed.
#[derive(Debug)]
pub struct Follower {
    options: Options,
    state: State,
    /// The file that had the last turn.
    turn: u64,
    /// Copies of files that still stand: how they looked, and of which.
    copies: BTreeMap<Inode, (u64, i64, u64)>,
    losses: Vec<Loss>,
}

/// Whether a file still is what it was.
enum Same {
    Yes(Option<Print>),
    No,
    Unsure,
}

impl Follower {
    /// Goes on from a state; from none, begins.
    #[must_use]
    pub const fn new(options: Options, state: State) -> Self {
        Self { options, state, turn: 0, copies: BTreeMap::new(), losses: Vec::new() }
    }

    /// What is known, as a checkpoint keeps it.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// What was lost since this was last asked.
    pub fn losses(&mut self) -> Vec<Loss> {
        std::mem::take(&mut self.losses)
    }

    /// A chunk was taken for good.
    pub fn commit(&mut self, step: &Step) {
        self.state.commit(step);
    }

    /// Looks what stands there now. To be called before [`Follower::next`], as often as one likes.
    ///
    /// # Errors
    /// The folder cannot be read; nothing is changed.
    pub fn look(&mut self, files: &mut impl Files, now_us: i64) -> io::Result<()> {
        let mut found = files.list()?;
        found.sort_by(|a, b| (a.modified_us, &a.path).cmp(&(b.modified_us, &b.path)));
        let (mut seen, mut unknown) = (BTreeSet::new(), Vec::new());
        for one in found {
            let Some(at) = self.state.files.iter().position(|file| file.inode == Some(one.inode)) else {
                unknown.push(one);
                continue;
            };
            let Some(file) = self.state.files.get(at) else { continue };
            let same = same(files, file, &one);
            let Some(file) = self.state.files.get_mut(at) else { continue };
            match same {
                Same::Yes(head) => {
                    seen.insert(file.number);
                    // A plain one that came back may grow again.
                    file.done = file.done && file.form != crate::Form::Plain;
                    stands(file, &one, head);
                    if let Some(lost) = file.lost.take() {
                        self.state.bytes_lost = self.state.bytes_lost.saturating_sub(lost);
                        self.state.holes = self.state.holes.saturating_sub(1);
                    }
                }
                Same::No => {
                    file.inode = None;
                    unknown.push(one);
                }
                Same::Unsure => {
                    seen.insert(file.number);
                }
            }
        }
        for file in &mut self.state.files {
            if !seen.contains(&file.number) {
                file.gone.get_or_insert(now_us);
            }
        }
        let first = !self.state.begun;
        self.state.begun = true;
        for one in unknown {
            self.place(files, one, first);
        }
        self.bound(files);
        Ok(())
    }

    /// Forgets the oldest of those that are gone for good, if there are too many.
    fn bound(&mut self, files: &mut impl Files) {
        while self.state.files.len() > FILES_MAX {
            let settled = |file: &Tracked| file.gone.is_some() && (file.done || file.lost.is_some());
            let Some(at) = self.state.files.iter().position(settled) else { return };
            if let Some(inode) = self.state.files.remove(at).inode {
                files.forget(inode);
            }
        }
    }

    /// What a file had that will never come.
    fn lose(&mut self, number: u64, why: &'static str) {
        let Some(file) = self.state.file_mut(number) else { return };
        let bytes = match file.form {
            crate::Form::Plain => file.size.saturating_sub(file.offset),
            crate::Form::Gzip | crate::Form::Zstd => 0,
        };
        file.lost = Some(bytes);
        let path = file.path.clone();
        self.state.bytes_lost = self.state.bytes_lost.saturating_add(bytes);
        self.state.holes = self.state.holes.saturating_add(1);
        self.losses.push(Loss { path, bytes, why });
    }
}

/// Notes that a file stands there as it was found.
fn stands(file: &mut Tracked, one: &Found, head: Option<Print>) {
    file.inode = Some(one.inode);
    file.path.clone_from(&one.path);
    file.active = one.active;
    file.form = one.form;
    file.size = one.size;
    file.modified_us = one.modified_us;
    file.gone = None;
    file.head = head.unwrap_or(file.head);
}

/// Whether what was found under a known inode is the file that was known by it.
fn same(files: &mut impl Files, file: &Tracked, one: &Found) -> Same {
    if file.form != one.form {
        return Same::No;
    }
    let unchanged = file.size == one.size && file.modified_us == one.modified_us;
    if unchanged && file.gone.is_none() {
        return Same::Yes(None);
    }
    // Of an empty file only its inode was known, and that may be another's by now.
    let was_empty = file.head.len == 0 && one.size > 0;
    if was_empty || (one.form == crate::Form::Plain && one.size < file.offset) {
        return Same::No;
    }
    let Ok(head) = start(files, one, 0, HEAD_BYTES_MAX) else { return Same::Unsure };
    if !file.head.fits(&head) {
        return Same::No;
    }
    match goes_on(files, file, one) {
        Ok(true) => Same::Yes(Some(Print::of(&head))),
        Ok(false) => Same::No,
        Err(_) => Same::Unsure,
    }
}

/// Whether the bytes before the place that was reached are those that were taken.
fn goes_on(files: &mut impl Files, file: &Tracked, one: &Found) -> io::Result<bool> {
    let len = file.tail.len;
    if len == 0 {
        return Ok(true);
    }
    let from = file.offset.saturating_sub(u64::try_from(len).unwrap_or(u64::MAX));
    Ok(file.tail.fits(&start(files, one, from, len)?))
}

/// Up to so many bytes from a place on.
fn start(files: &mut impl Files, one: &Found, at: u64, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; most];
    let read = read_full(files, (&one.path, one.inode, one.form), at, &mut bytes)?;
    bytes.truncate(read.len);
    Ok(bytes)
}

/// How much was read.
struct ReadFull {
    len: usize,
    /// It is packed and breaks off behind.
    broken: bool,
}

/// Reads until the buffer is full or the file ends.
fn read_full(
    files: &mut impl Files,
    (path, inode, form): (&str, Inode, crate::Form),
    at: u64,
    into: &mut [u8],
) -> io::Result<ReadFull> {
    let mut len = 0;
    while let Some(rest) = into.get_mut(len..).filter(|rest| !rest.is_empty()) {
        let place = at.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
        match files.read(path, inode, form, place, rest) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Ok(ReadFull { len, broken: true });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(ReadFull { len, broken: false })
}
