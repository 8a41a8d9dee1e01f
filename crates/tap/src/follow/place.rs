//! A file nobody knows: the heir of one that is gone, a copy of one that stands, or a new one.

use super::{Follower, HEAD_BYTES_MAX, TAIL_BYTES_MAX, goes_on, stands, start};
use crate::files::{Files, Form, Found};
use crate::print::Print;
use crate::state::{Begin, Tracked};
use std::io;

impl Follower {
    /// Finds out what it is. What cannot be read now is looked at again the next time.
    pub(super) fn place(&mut self, files: &mut impl Files, one: Found, first: bool) {
        if let Some((size, modified_us, of)) = self.copies.get(&one.inode) {
            let unchanged = (*size, *modified_us) == (one.size, one.modified_us);
            if unchanged && self.state.file(*of).is_some_and(|file| file.gone.is_none()) {
                return;
            }
            self.copies.remove(&one.inode);
        }
        let Ok(head) = start(files, &one, 0, HEAD_BYTES_MAX) else { return };
        if head.is_empty() {
            // A packed one that is just being written, or one that was rotated empty, may still become something.
            if one.active && one.form == Form::Plain {
                self.track(one, Print::default());
            }
            return;
        }
        if first && self.options.begin == Begin::End {
            self.track_behind(files, one, &head);
            return;
        }
        if let Some(number) = self.heir_of(files, &one, &head) {
            self.inherit(number, &one, &head);
            return;
        }
        if let Some(of) = self.copy_of(files, &head) {
            self.copies.insert(one.inode, (one.size, one.modified_us, of));
            return;
        }
        let print = Print::of(&head);
        self.track(one, print);
    }

    fn track(&mut self, one: Found, head: Print) -> Option<&mut Tracked> {
        let number = self.state.next.max(1);
        self.state.next = number.saturating_add(1);
        self.state.files.push(Tracked {
            number,
            inode: Some(one.inode),
            path: one.path,
            active: one.active,
            form: one.form,
            offset: 0,
            lines: 0,
            skipping: false,
            size: one.size,
            modified_us: one.modified_us,
            head,
            tail: Print::default(),
            done: false,
            gone: None,
            lost: None,
        });
        self.state.files.last_mut()
    }

    /// A file that was there before: behind its last whole line.
    fn track_behind(&mut self, files: &mut impl Files, one: Found, head: &[u8]) {
        if one.form != Form::Plain {
            if let Some(file) = self.track(one, Print::of(head)) {
                file.done = true;
            }
            return;
        }
        let most = u64::try_from(self.options.line_bytes_max).unwrap_or(u64::MAX);
        let from = one.size.saturating_sub(most);
        let Ok(end) = start(files, &one, from, self.options.line_bytes_max) else { return };
        let whole = end.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        // The middle of a line that began before anybody looked.
        let skipping = whole == 0 && from > 0;
        let taken = if skipping { end.len() } else { whole };
        let taken = end.get(..taken).unwrap_or_default();
        let tail = taken.get(taken.len().saturating_sub(TAIL_BYTES_MAX)..).unwrap_or_default();
        let offset = from.saturating_add(u64::try_from(taken.len()).unwrap_or(u64::MAX));
        if let Some(file) = self.track(one, Print::of(head)) {
            (file.offset, file.tail, file.skipping) = (offset, Print::of(tail), skipping);
        }
    }

    /// Which of those that are gone goes on in this one; the one that was read furthest.
    fn heir_of(&self, files: &mut impl Files, one: &Found, head: &[u8]) -> Option<u64> {
        let mut found: Option<(u64, u64)> = None;
        for file in self.state.files.iter().filter(|file| file.gone.is_some() && file.head.len > 0) {
            let fits = file.head.fits(head) && goes_on(files, file, one).unwrap_or(false);
            if fits && found.is_none_or(|(offset, _)| offset <= file.offset) {
                found = Some((file.offset, file.number));
            }
        }
        found.map(|(_, number)| number)
    }

    fn inherit(&mut self, number: u64, one: &Found, head: &[u8]) {
        let Some(file) = self.state.file_mut(number) else { return };
        let was_packed = file.form != Form::Plain;
        stands(file, one, Some(Print::of(head)));
        // What was read to its end as it was written may have grown before it was packed.
        file.done = file.done && was_packed;
        if let Some(lost) = file.lost.take() {
            self.state.bytes_lost = self.state.bytes_lost.saturating_sub(lost);
            self.state.holes = self.state.holes.saturating_sub(1);
        }
    }

    /// Which of those that stand begins in the same way, as far as both go: a copy is being made of it, or it is being packed. Whether it
    /// matters is seen when that one is gone.
    fn copy_of(&self, files: &mut impl Files, head: &[u8]) -> Option<u64> {
        let standing = self.state.files.iter().filter(|file| file.gone.is_none());
        let mut begins = |file: &&Tracked| -> io::Result<bool> {
            let Some(inode) = file.inode else { return Ok(false) };
            let found = Found {
                path: file.path.clone(),
                inode,
                size: file.size,
                modified_us: file.modified_us,
                active: file.active,
                form: file.form,
            };
            let other = start(files, &found, 0, head.len())?;
            let both = other.len().min(head.len());
            Ok(both > 0 && other.get(..both) == head.get(..both))
        };
        standing.into_iter().find(|file| begins(file).unwrap_or(false)).map(|file| file.number)
    }
}
