//! A gzip file read at places, mostly one behind the other: what was unpacked last is kept, so that stepping back a little costs nothing.

use crate::files::Inode;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, Read as _};

/// Unpacked bytes kept: twice the longest line, and more.
const WINDOW_BYTES: usize = 4 << 20;
/// Unpacked at once.
const STEP_BYTES: usize = 64 << 10;

/// One file, being unpacked.
#[derive(Debug)]
pub(crate) struct Packed {
    inode: Inode,
    decoder: MultiGzDecoder<File>,
    /// Place of the window's first byte.
    from: u64,
    window: Vec<u8>,
    ended: bool,
}

impl Packed {
    pub(crate) fn new(inode: Inode, file: File) -> Self {
        Self { inode, decoder: MultiGzDecoder::new(file), from: 0, window: Vec::new(), ended: false }
    }

    pub(crate) fn is_of(&self, inode: Inode) -> bool {
        self.inode == inode
    }

    /// Whether it can still give what stands at a place. At its end it cannot say whether there is more by now.
    pub(crate) fn serves(&self, inode: Inode, at: u64) -> bool {
        self.is_of(inode) && at >= self.from && !self.ended
    }

    fn reach(&self) -> u64 {
        self.from.saturating_add(u64::try_from(self.window.len()).unwrap_or(u64::MAX))
    }

    pub(crate) fn read(&mut self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        while self.reach() <= at {
            if !self.step()? {
                return Ok(0);
            }
        }
        let from = usize::try_from(at.saturating_sub(self.from)).unwrap_or(usize::MAX);
        let there = self.window.get(from..).unwrap_or_default();
        let len = there.len().min(into.len());
        if let (Some(to), Some(there)) = (into.get_mut(..len), there.get(..len)) {
            to.copy_from_slice(there);
        }
        Ok(len)
    }

    /// Unpacks some more; false at the end.
    fn step(&mut self) -> io::Result<bool> {
        if self.window.len() >= WINDOW_BYTES {
            let dropped = self.window.len() / 2;
            self.window.drain(..dropped);
            self.from = self.from.saturating_add(u64::try_from(dropped).unwrap_or(u64::MAX));
        }
        let len = self.window.len();
        self.window.resize(len + STEP_BYTES, 0);
        let read = self.window.get_mut(len..).map_or(Ok(0), |into| self.decoder.read(into));
        self.window.truncate(len + read.as_ref().map_or(0, |read| *read));
        match read {
            Ok(0) => {
                self.ended = true;
                Ok(false)
            }
            Ok(_) => Ok(true),
            Err(error) => {
                self.ended = true;
                match error.kind() {
                    io::ErrorKind::Interrupted => Ok(true),
                    // Cut off, or no gzip at all: for whoever reads, the same.
                    _ => Err(io::Error::new(io::ErrorKind::UnexpectedEof, error)),
                }
            }
        }
    }
}
