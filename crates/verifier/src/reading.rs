//! Reads the entries one after another, in pieces that fit into memory, and the tiles that say what each must hash to.
//!
//! Nothing of an entry is judged here but that it is there: `piece` checks what was read.

use crate::entry::{PAYLOAD_MAX, next_leaf};
use crate::fault::{Fault, FaultKind, Place};
use crate::files::{open, path, read, rest, width};
use crate::piece::{Piece, Unchecked};
use crate::tiles::{Tiles, leaf_hash};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

/// A leaf has at most 165 bytes; a bundle 256 of them and their lengths.
const BUNDLE_MAX: u64 = 256 * 256;
/// A payload bundle is read so many bytes at a time.
const BUFFER: usize = 64 << 10;

pub(crate) struct Reading {
    folder: PathBuf,
    size: u64,
    pub(crate) tiles: Tiles,
    next: u64,
    bundle: Vec<u8>,
    offset: usize,
    payloads: Option<BufReader<File>>,
    /// The partial bundles, opened beside the checkpoint: a log that grows removes them.
    held: Option<(File, File)>,
}

impl Reading {
    pub(crate) fn new(folder: PathBuf, size: u64) -> Self {
        let tiles = Tiles::new(folder.clone(), size);
        Self { folder, size, tiles, next: 0, bundle: Vec::new(), offset: 0, payloads: None, held: None }
    }

    /// Opens the partial bundles. What cannot be opened now is told when it is its turn.
    pub(crate) fn hold(&mut self) {
        let n = self.size / 256;
        if !self.size.is_multiple_of(256)
            && let Ok(entries) = open(&self.folder, &self.path("tile/entries", n))
            && let Ok(payloads) = open(&self.folder, &self.path("payload", n))
        {
            self.held = Some((entries, payloads));
        }
    }

    /// Path of the entry bundle or payload bundle `n`.
    fn path(&self, kind: &str, n: u64) -> String {
        path(kind, n, width(self.size, n))
    }

    /// A leaf tile does not lead to the root: finds the byte by its entries.
    pub(crate) fn blame_leaf_tile(&self, n: u64) -> Result<(), Fault> {
        let bundle = read(&self.folder, &self.path("tile/entries", n), BUNDLE_MAX)?;
        let mut offset = 0;
        self.tiles.compare_leaves(n, std::iter::from_fn(|| next_leaf(&bundle, &mut offset).map(leaf_hash)))
    }

    /// The next entries; none at the end of the log. Behind a fault nothing is read.
    pub(crate) fn piece(&mut self) -> Piece {
        let mut piece = Piece::new(self.size);
        while self.next < self.size && !piece.is_full() {
            if let Err(fault) = self.entry(&mut piece) {
                piece.stopped = Some(fault);
                self.next = self.size;
            }
        }
        piece
    }

    fn entry(&mut self, piece: &mut Piece) -> Result<(), Fault> {
        let (index, n, at) = (self.next, self.next / 256, self.next % 256);
        if at == 0 {
            self.open_bundles(n)?;
        }
        let hash = match self.tiles.tile(0, n) {
            Ok(tile) => tile.get(at as usize).copied(),
            Err(fault) => return self.blame_leaf_tile(n).and(Err(fault)),
        };
        let start = self.offset as u64;
        let leaf = next_leaf(&self.bundle, &mut self.offset);
        let leaf = leaf.map(|leaf| piece.put(|bytes| bytes.extend_from_slice(leaf))).ok_or_else(|| {
            let expected = "two bytes of length and so many bytes";
            let fault = Fault::new(FaultKind::Entry, &self.path("tile/entries", n), expected, "fewer");
            fault.at(Place::Byte(start)).of(index)
        })?;
        let mut read = Ok(0);
        let line = piece.put(|bytes| {
            if let Some(reader) = self.payloads.as_mut() {
                read = reader.take(PAYLOAD_MAX + 256).read_until(b'\n', bytes);
            }
        });
        let line = read.map(|_| line).map_err(|e| {
            Fault::new(FaultKind::Unreadable, &self.path("payload", n), "a readable file", e.to_string())
        });
        piece.entries.push(Unchecked { index, hash, start, leaf, line });
        self.next += 1;
        if at == 255 || self.next == self.size { self.end_of_bundles(n, at) } else { Ok(()) }
    }

    fn open_bundles(&mut self, n: u64) -> Result<(), Fault> {
        let (entries_path, payloads_path) = (self.path("tile/entries", n), self.path("payload", n));
        let partial = width(self.size, n) < 256;
        let (entries, payloads) = match self.held.take_if(|_| partial) {
            Some((entries, payloads)) => (rest(entries, &entries_path, BUNDLE_MAX)?, payloads),
            None => (read(&self.folder, &entries_path, BUNDLE_MAX)?, open(&self.folder, &payloads_path)?),
        };
        (self.bundle, self.offset) = (entries, 0);
        self.payloads = Some(BufReader::with_capacity(BUFFER, payloads));
        Ok(())
    }

    /// Behind entry `at` of bundle `n`, its last.
    fn end_of_bundles(&mut self, n: u64, at: u64) -> Result<(), Fault> {
        if self.bundle.len() != self.offset {
            let file = self.path("tile/entries", n);
            let fault = Fault::new(FaultKind::Entry, &file, "the end of the file", "more bytes");
            return Err(fault.at(Place::Byte(self.offset as u64)));
        }
        let more = self
            .payloads
            .take()
            .is_some_and(|mut reader| reader.fill_buf().map_or(true, |rest| !rest.is_empty()));
        if more {
            let file = self.path("payload", n);
            let fault = Fault::new(FaultKind::Payload, &file, "the end of the file", "more");
            return Err(fault.at(Place::Line(at + 2)));
        }
        Ok(())
    }
}
