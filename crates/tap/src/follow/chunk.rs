//! The next lines: of which file, up to where.

use super::{Chunk, Follower, TAIL_BYTES_MAX, read_full};
use crate::files::{Files, Form};
use crate::print::Print;
use crate::state::{Step, Tracked};
use std::io;

/// Of a line that is too long, so many first bytes are shown.
const SHOWN_BYTES: usize = 256;

/// What stands behind the place that was reached.
struct Rest {
    bytes: Vec<u8>,
    /// There is no more for now.
    at_end: bool,
    /// It is packed and breaks off.
    broken: bool,
}

impl Follower {
    /// The next lines, if there are any now. They come again until they are committed.
    pub fn next(&mut self, files: &mut impl Files, now_us: i64) -> Option<Chunk> {
        for number in self.order() {
            if let Some(chunk) = self.chunk(files, number, now_us) {
                self.turn = number;
                return Some(chunk);
            }
        }
        None
    }

    /// The next lines of one file, for whoever decides the order himself. They come again until they are committed.
    pub fn next_of(&mut self, files: &mut impl Files, number: u64, now_us: i64) -> Option<Chunk> {
        let file = self.state.file(number).filter(|file| !file.done && file.lost.is_none())?;
        let number = file.number;
        self.chunk(files, number, now_us)
    }

    /// The bytes of a step that was begun, if they still stand there.
    pub fn again(&self, files: &mut impl Files, step: &Step) -> Option<Chunk> {
        let file = self.state.file(step.file).filter(|file| file.offset == step.from)?;
        let len = usize::try_from(step.to.checked_sub(step.from)?).ok()?;
        let mut bytes = rest(files, file, len).ok()??.bytes;
        bytes.truncate(len);
        let tail = bytes.get(bytes.len().checked_sub(step.tail.len)?..)?;
        let whole = bytes.len() == len && step.tail.fits(tail);
        whole.then(|| Chunk {
            path: file.path.clone(),
            first_line: file.lines.saturating_add(1),
            bytes,
            too_long: false,
            step: *step,
        })
    }

    /// The first lines of a chunk that is outstanding, as one of its own; none if that is nothing of it, or all.
    #[must_use]
    pub fn first_of(&self, chunk: &Chunk, lines: u64) -> Option<Chunk> {
        let file = self.state.file(chunk.step.file).filter(|file| file.offset == chunk.step.from)?;
        let end = whole_lines(&chunk.bytes, usize::try_from(lines).ok()?);
        let bytes = chunk.bytes.get(..end).filter(|bytes| !bytes.is_empty() && !chunk.too_long)?;
        (bytes.len() < chunk.bytes.len()).then(|| taken(file, bytes.to_vec(), lines))
    }

    /// What is no longer written to comes first, the oldest before the rest; what is written to takes turns.
    fn order(&self) -> Vec<u64> {
        let mut files: Vec<&Tracked> =
            self.state.files.iter().filter(|file| !file.done && file.lost.is_none()).collect();
        files.sort_by_key(|file| {
            let active = file.active && file.gone.is_none();
            if active {
                (true, i64::from(file.number <= self.turn), file.number)
            } else {
                (false, file.modified_us, file.number)
            }
        });
        files.into_iter().map(|file| file.number).collect()
    }

    fn chunk(&mut self, files: &mut impl Files, number: u64, now_us: i64) -> Option<Chunk> {
        let file = self.state.file(number)?;
        let was_empty = file.head.len == 0;
        if was_empty && (file.gone.is_some() || file.inode.is_none()) {
            if let Some(file) = self.state.file_mut(number) {
                file.done = true;
            }
            return None;
        }
        if file.inode.is_none() {
            self.lose(number, "other content stands in its place, and no copy of it is there");
            return None;
        }
        if file.gone.is_none() && file.form == Form::Plain && file.size <= file.offset {
            return None;
        }
        let mut rest = match self.rest(files, number, self.options.chunk_bytes) {
            Ok(Some(rest)) => rest,
            Ok(None) => {
                if self.state.file(number).is_some_and(|file| file.gone.is_some()) {
                    self.lose(number, "it was cut, and then removed");
                }
                return None;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.missing(number);
                return None;
            }
            Err(_) => return None,
        };
        let line_max = self.options.line_bytes_max.saturating_add(1);
        let no_end = |rest: &Rest| !rest.at_end && !rest.bytes.contains(&b'\n');
        if no_end(&rest) && rest.bytes.len() < line_max {
            rest = self.rest(files, number, line_max).ok()??;
        }
        let file = self.state.file(number)?;
        let settled = match (file.gone, file.form) {
            (Some(since), _) => now_us.saturating_sub(since) >= self.options.settle_us,
            (None, Form::Gzip | Form::Zstd) => true,
            (None, Form::Plain) => !file.active && self.is_old(file, now_us),
        };
        if rest.bytes.is_empty() {
            self.ended(files, number, rest.broken, settled, now_us);
            return None;
        }
        if file.skipping {
            return Some(skip(file, &rest));
        }
        let whole = whole_lines(&rest.bytes, self.options.chunk_lines);
        if whole > 0 {
            rest.bytes.truncate(whole);
            let lines = count(&rest.bytes);
            return Some(taken(file, rest.bytes, lines));
        }
        if rest.bytes.len() >= line_max {
            return Some(too_long(file, rest.bytes));
        }
        if rest.at_end && !rest.broken && settled {
            return Some(taken(file, rest.bytes, 1));
        }
        if rest.broken {
            self.ended(files, number, true, settled, now_us);
        }
        None
    }

    fn is_old(&self, file: &Tracked, now_us: i64) -> bool {
        now_us.saturating_sub(file.modified_us) >= self.options.settle_us
    }

    fn rest(&mut self, files: &mut impl Files, number: u64, most: usize) -> io::Result<Option<Rest>> {
        let Some(file) = self.state.file(number) else { return Ok(None) };
        let rest = rest(files, file, most)?;
        if rest.is_none()
            && let Some(file) = self.state.file_mut(number)
        {
            // Not what was read: the next look has to find out, and must not trust size and time.
            file.modified_us = i64::MIN;
        }
        Ok(rest)
    }

    /// Nothing of it can be read any more, unless it only moved.
    fn missing(&mut self, number: u64) {
        let Some(file) = self.state.file_mut(number).filter(|file| file.gone.is_some()) else { return };
        // A packed one that was read to its end is done, and does not come here.
        if file.active || file.form.is_packed() || file.size > file.offset {
            self.lose(number, "it was removed before it was read to its end");
        } else {
            file.done = true;
        }
    }

    /// It has no more.
    fn ended(&mut self, files: &mut impl Files, number: u64, broken: bool, settled: bool, now_us: i64) {
        let Some(file) = self.state.file(number) else { return };
        let (inode, gone, packed) = (file.inode, file.gone.is_some(), file.form.is_packed());
        if broken {
            if gone || self.is_old(file, now_us) {
                self.lose(number, "it is packed and breaks off");
            }
            return;
        }
        if (gone && settled) || (packed && !gone) {
            if !packed && file.size > file.offset {
                self.lose(number, "it was cut, and then removed");
            } else if let Some(file) = self.state.file_mut(number) {
                file.done = true;
            }
            if let Some(inode) = inode {
                files.forget(inode);
            }
        }
    }
}

/// What stands behind the place that was reached; `None` where what stands before it is not what was taken.
fn rest(files: &mut impl Files, file: &Tracked, most: usize) -> io::Result<Option<Rest>> {
    let Some(inode) = file.inode else { return Ok(None) };
    let tail = file.tail.len;
    let from = file.offset.saturating_sub(u64::try_from(tail).unwrap_or(u64::MAX));
    // Of what nothing was taken, only its head says that it still is what it was.
    let most = if tail == 0 { most.max(file.head.len) } else { most };
    let mut bytes = vec![0; tail.saturating_add(most)];
    let read = read_full(files, (&file.path, inode, file.form), from, &mut bytes)?;
    let at_end = read.len < bytes.len();
    bytes.truncate(read.len);
    let begins = file.offset > 0 || (bytes.len() >= file.head.len && file.head.fits(&bytes));
    if bytes.len() < tail || !file.tail.fits(&bytes) || !begins {
        return Ok(None);
    }
    bytes.drain(..tail);
    Ok(Some(Rest { bytes, at_end, broken: read.broken }))
}

fn taken(file: &Tracked, bytes: Vec<u8>, lines: u64) -> Chunk {
    let step = step(file, &bytes, lines, false);
    Chunk { path: file.path.clone(), first_line: file.lines.saturating_add(1), bytes, too_long: false, step }
}

fn too_long(file: &Tracked, mut bytes: Vec<u8>) -> Chunk {
    let step = step(file, &bytes, 0, true);
    bytes.truncate(SHOWN_BYTES);
    Chunk { path: file.path.clone(), first_line: file.lines.saturating_add(1), bytes, too_long: true, step }
}

/// The rest of a line that was told already.
fn skip(file: &Tracked, rest: &Rest) -> Chunk {
    let end = rest.bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
    let skipped = rest.bytes.get(..end.unwrap_or(rest.bytes.len())).unwrap_or_default();
    let step = step(file, skipped, u64::from(end.is_some()), end.is_none());
    let first_line = file.lines.saturating_add(1);
    Chunk { path: file.path.clone(), first_line, bytes: Vec::new(), too_long: false, step }
}

fn step(file: &Tracked, bytes: &[u8], lines: u64, skipping: bool) -> Step {
    let tail = bytes.get(bytes.len().saturating_sub(TAIL_BYTES_MAX)..).unwrap_or_default();
    let to = file.offset.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    Step { file: file.number, from: file.offset, to, lines, tail: Print::of(tail), skipping }
}

/// Where the last of so many whole lines ends; 0 where none does.
fn whole_lines(bytes: &[u8], most: usize) -> usize {
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    ends.take(most).last().unwrap_or(0)
}

fn count(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.iter().filter(|byte| **byte == b'\n').count()).unwrap_or(u64::MAX)
}
