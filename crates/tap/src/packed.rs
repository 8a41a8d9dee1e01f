//! A packed file read at places, mostly one behind the other: what was unpacked last is kept, so that stepping back a little costs nothing.

use crate::files::{Form, Inode};
use flate2::read::MultiGzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};

/// Unpacked bytes kept: twice the longest line, and more.
const WINDOW_BYTES: usize = 4 << 20;
/// Unpacked at once.
const STEP_BYTES: usize = 64 << 10;
/// Largest window of a Zstandard frame, and so what unpacking one costs: what `zstd -d` itself takes without being asked for more.
const ZSTD_WINDOW_BYTES_MAX: u64 = 128 << 20;

/// One file, being unpacked.
pub(crate) struct Packed {
    inode: Inode,
    decoder: Box<dyn Read + Send>,
    /// Place of the window's first byte.
    from: u64,
    window: Vec<u8>,
    ended: bool,
    /// The file again, and its length where it was unpacked to a proper end: as long as that stands, there is no more.
    whole: (Option<File>, Option<u64>),
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packed").field("inode", &self.inode).field("from", &self.from).finish_non_exhaustive()
    }
}

/// Zstandard frames one behind the other.
enum Frames {
    Between(BufReader<File>),
    In(Box<StreamingDecoder<BufReader<File>, FrameDecoder>>),
    Ended,
}

impl Frames {
    fn next(from: BufReader<File>) -> io::Result<Self> {
        let mut from = from;
        if from.fill_buf()?.is_empty() {
            return Ok(Self::Ended);
        }
        let mut frame = FrameDecoder::new();
        frame.set_max_window_size(ZSTD_WINDOW_BYTES_MAX);
        let decoder = StreamingDecoder::new_with_decoder(from, frame);
        decoder.map(|decoder| Self::In(Box::new(decoder))).map_err(io::Error::other)
    }
}

impl Read for Frames {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(self, Self::Ended) {
                Self::Ended => return Ok(0),
                Self::Between(from) => *self = Self::next(from)?,
                Self::In(mut decoder) => {
                    let read = decoder.read(into)?;
                    *self = match read {
                        0 => Self::Between(decoder.into_inner()),
                        _ => Self::In(decoder),
                    };
                    if read > 0 {
                        return Ok(read);
                    }
                }
            }
        }
    }
}

impl Packed {
    pub(crate) fn new(inode: Inode, form: Form, file: File) -> Self {
        let whole = (file.try_clone().ok(), None);
        let decoder: Box<dyn Read + Send> = match form {
            Form::Zstd => Box::new(Frames::Between(BufReader::new(file))),
            Form::Plain | Form::Gzip => Box::new(MultiGzDecoder::new(file)),
        };
        Self { inode, decoder, from: 0, window: Vec::new(), ended: false, whole }
    }

    pub(crate) fn is_of(&self, inode: Inode) -> bool {
        self.inode == inode
    }

    /// Whether it can still give what stands at a place. Where it broke off, it cannot say whether there is more by now.
    pub(crate) fn serves(&self, inode: Inode, at: u64) -> bool {
        self.is_of(inode) && at >= self.from && (!self.ended || self.is_whole())
    }

    fn len(&self) -> Option<u64> {
        Some(self.whole.0.as_ref()?.metadata().ok()?.len())
    }

    fn is_whole(&self) -> bool {
        self.whole.1.is_some() && self.whole.1 == self.len()
    }

    fn reach(&self) -> u64 {
        self.from.saturating_add(u64::try_from(self.window.len()).unwrap_or(u64::MAX))
    }

    pub(crate) fn read(&mut self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        while self.reach() <= at {
            if self.ended || !self.step()? {
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
                self.whole.1 = self.len();
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
