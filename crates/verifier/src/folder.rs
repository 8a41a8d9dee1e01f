//! A whole published folder: key, checkpoint, then every entry with its payload, every tile, and no file besides.

use crate::entry::{Entry, PAYLOAD_MAX, commitment, leaf, next_leaf, payload};
use crate::fault::{Fault, FaultKind, Place, shown};
use crate::files::{open, path, read, rest, width};
use crate::form::form;
use crate::leftovers::{self, Leftovers};
use crate::note::{self, CHECKPOINT_MAX, Head};
use crate::report::Report;
use crate::tiles::{Tiles, leaf_hash};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// A leaf has at most 165 bytes; a bundle 256 of them and their lengths.
const BUNDLE_MAX: u64 = 256 * 256;

/// What a fault of the older checkpoint is blamed on: no file of the folder.
pub(crate) const OLDER: &str = "older checkpoint";

/// Verifies the log in `folder` against its verifier key and, if given, an older checkpoint's text.
///
/// # Errors
/// The first [`Fault`].
pub fn verify_folder(folder: &Path, vkey: &str, since: Option<&str>) -> Result<Report, Fault> {
    let mut log = Verification::open(folder, vkey, since)?;
    log.by_ref().try_for_each(|entry| entry.map(drop))?;
    let unfinished = || Fault::new(FaultKind::Unreadable, "checkpoint", "a verification that ended", "none");
    log.report().cloned().ok_or_else(unfinished)
}

/// A verification under way: an iterator of verified entries. Each entry it yields is in the signed tree; the log as a
/// whole is verified when the iterator has ended without a fault, and then [`Verification::report`] answers.
pub struct Verification {
    folder: PathBuf,
    checkpoint: Vec<u8>,
    head: Head,
    tiles: Tiles,
    next: u64,
    /// Paths of the entry bundle and payload bundle being read.
    paths: (String, String),
    bundle: Vec<u8>,
    offset: usize,
    payloads: Option<BufReader<File>>,
    /// The partial bundles, opened beside the checkpoint: a log that grows removes them.
    held: Option<(File, File)>,
    /// Entries whose line says erased, and that no later entry has named yet.
    unnamed: BTreeSet<u64>,
    leftovers: Result<Leftovers, Fault>,
    so_far: Report,
    ended: bool,
    verified: bool,
}

impl Verification {
    /// Checks key, checkpoint, the tree's right edge, and that the log extends the one of checkpoint `since`.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn open(folder: &Path, vkey: &str, since: Option<&str>) -> Result<Self, Fault> {
        let key = note::key(vkey)?;
        let found = read(folder, "vkey", CHECKPOINT_MAX + 1)?;
        if found != format!("{}\n", key.text).as_bytes() {
            return Err(Fault::new(FaultKind::Key, "vkey", format!("`{}`", key.text), shown(&found)));
        }
        let checkpoint = read(folder, "checkpoint", CHECKPOINT_MAX + 1)?;
        let head = note::head(&checkpoint, &key, "checkpoint")?;
        let older = since.map(|text| note::head(text.as_bytes(), &key, OLDER)).transpose()?;
        if let Some(older) = older.as_ref().filter(|older| older.size > head.size) {
            let (expected, found) =
                (format!("at least {} entries, as signed before", older.size), head.size.to_string());
            return Err(Fault::new(FaultKind::RolledBack, "checkpoint", expected, found).at(Place::Line(2)));
        }
        let so_far = Report {
            origin: head.origin.clone(),
            size: head.size,
            root: hex::encode(head.root),
            erased: 0,
            sequenced: None,
            since: older.as_ref().map(|older| older.size),
            superseded: 0,
            unpublished: 0,
        };
        let tiles = Tiles::new(folder.to_owned(), head.size);
        let leftovers = leftovers::list(folder, head.size);
        let (folder, paths, bundle) = (folder.to_owned(), Default::default(), Vec::new());
        let mut log = Self {
            folder,
            checkpoint,
            head,
            tiles,
            next: 0,
            paths,
            bundle,
            offset: 0,
            payloads: None,
            held: None,
            unnamed: BTreeSet::new(),
            leftovers,
            so_far,
            ended: false,
            verified: false,
        };
        log.check_tree(older.as_ref()).map_err(|fault| log.or_changed(fault))?;
        log.hold();
        Ok(log)
    }

    /// Opens the partial bundles. What cannot be opened now is told when it is its turn.
    fn hold(&mut self) {
        let n = self.head.size / 256;
        if !self.head.size.is_multiple_of(256)
            && let Ok(entries) = open(&self.folder, &self.path("tile/entries", n))
            && let Ok(payloads) = open(&self.folder, &self.path("payload", n))
        {
            self.held = Some((entries, payloads));
        }
    }

    /// What was verified, once every entry and every file has been.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        self.verified.then_some(&self.so_far)
    }

    fn check_tree(&mut self, older: Option<&Head>) -> Result<(), Fault> {
        if !self.tiles.check_root(&self.head.root)? {
            if !self.head.size.is_multiple_of(256) {
                self.blame_leaf_tile(self.head.size / 256)?;
            }
            let found = "tiles and entries of another tree";
            let expected = format!("the tree with the signed root {}", hex::encode(self.head.root));
            return Err(Fault::new(FaultKind::Tile, "checkpoint", expected, found).at(Place::Line(3)));
        }
        match older {
            Some(older) if self.tiles.root(older.size)? != older.root => {
                let expected = format!(
                    "a log whose first {} entries have the root {}",
                    older.size,
                    hex::encode(older.root)
                );
                Err(Fault::new(FaultKind::Forked, "checkpoint", expected, "another log under the same name"))
            }
            _ => Ok(()),
        }
    }

    /// Path of the entry bundle or payload bundle `n`.
    fn path(&self, kind: &str, n: u64) -> String {
        path(kind, n, width(self.head.size, n))
    }

    /// A leaf tile does not lead to the root: finds the byte by its entries.
    fn blame_leaf_tile(&self, n: u64) -> Result<(), Fault> {
        let bundle = read(&self.folder, &self.path("tile/entries", n), BUNDLE_MAX)?;
        let mut offset = 0;
        self.tiles.compare_leaves(n, std::iter::from_fn(|| next_leaf(&bundle, &mut offset).map(leaf_hash)))
    }

    fn entry(&mut self) -> Result<Entry, Fault> {
        let (index, n, at) = (self.next, self.next / 256, self.next % 256);
        if at == 0 {
            self.paths = (self.path("tile/entries", n), self.path("payload", n));
            let partial = width(self.head.size, n) < 256;
            let (entries, payloads) = match self.held.take_if(|_| partial) {
                Some((entries, payloads)) => (rest(entries, &self.paths.0, BUNDLE_MAX)?, payloads),
                None => (read(&self.folder, &self.paths.0, BUNDLE_MAX)?, open(&self.folder, &self.paths.1)?),
            };
            self.bundle = entries;
            self.offset = 0;
            self.payloads = Some(BufReader::new(payloads));
        }
        let (entries, payloads) = (self.paths.0.as_str(), self.paths.1.as_str());
        let hash = match self.tiles.tile(0, n) {
            Ok(tile) => tile.get(at as usize).copied(),
            Err(fault) => return self.blame_leaf_tile(n).and(Err(fault)),
        };

        // The leaf, against the tree.
        let start = self.offset as u64;
        let wrong = |expected: String, found: String| {
            Fault::new(FaultKind::Entry, entries, expected, found).at(Place::Byte(start)).of(index)
        };
        let bytes = next_leaf(&self.bundle, &mut self.offset)
            .ok_or_else(|| wrong("two bytes of length and so many bytes".to_owned(), "fewer".to_owned()))?;
        if Some(leaf_hash(bytes)) != hash {
            let expected = format!("the leaf whose hash is byte {} of `{}`", at * 32, self.tiles.path(0, n));
            return Err(wrong(expected, shown(bytes)));
        }
        let leaf = leaf(bytes).ok_or_else(|| wrong("a `sumun-leaf/v1` leaf".to_owned(), shown(bytes)))?;
        let (first, before) = self.so_far.sequenced.unwrap_or((leaf.sequenced, 0));
        if leaf.sequenced < before {
            let expected = format!("a sequencing time of at least {before}");
            let fault = wrong(expected, leaf.sequenced.to_string());
            return Err(Fault { kind: FaultKind::Time, ..fault });
        }

        // The payload, against the leaf. Neither it nor the salt may stand in a message.
        let wrong = |expected: String, found: String| {
            Fault::new(FaultKind::Payload, payloads, expected, found).at(Place::Line(at + 1)).of(index)
        };
        let mut line = Vec::new();
        if let Some(reader) = self.payloads.as_mut() {
            reader
                .take(PAYLOAD_MAX + 256)
                .read_until(b'\n', &mut line)
                .map_err(|e| Fault::new(FaultKind::Unreadable, payloads, "a readable file", e.to_string()))?;
        }
        let opened = line.strip_suffix(b"\n").and_then(|line| payload(line, index));
        let opened = opened.ok_or_else(|| {
            let expected = format!("a line with index {index}, salt and payload, or erased");
            wrong(expected, format!("another of {} bytes", line.len()))
        })?;
        let committed = opened.as_ref().map(|opened| commitment(&opened.salt, leaf.class, &opened.text));
        match committed {
            Some(found) if found != leaf.commitment => {
                let expected =
                    format!("the salt and payload committed to as {}", hex::encode(leaf.commitment));
                return Err(wrong(expected, format!("those of {}", hex::encode(found))));
            }
            Some(_) => {}
            None => {
                self.so_far.erased += 1;
                self.unnamed.insert(index);
            }
        }
        if let Some(opened) = &opened {
            let form = form(&opened.text, leaf.class);
            let form = form.map_err(|expected| wrong(expected.to_owned(), "another payload".to_owned()))?;
            // Only what was erased before can be told of.
            form.erases.map(|erased| self.unnamed.remove(&erased));
        }

        let (class, commitment) = (leaf.class.to_owned(), leaf.commitment);
        let entry = Entry { index, class, sequenced: leaf.sequenced, commitment, payload: opened };
        self.so_far.sequenced = Some((first, entry.sequenced));
        self.next += 1;
        if at == 255 || self.next == self.head.size {
            self.end_of_bundles()?;
        }
        Ok(entry)
    }

    fn end_of_bundles(&mut self) -> Result<(), Fault> {
        if self.bundle.len() != self.offset {
            let fault = Fault::new(FaultKind::Entry, &self.paths.0, "the end of the file", "more bytes");
            return Err(fault.at(Place::Byte(self.offset as u64)));
        }
        let more = self
            .payloads
            .take()
            .is_some_and(|mut reader| reader.fill_buf().map_or(true, |rest| !rest.is_empty()));
        if more {
            let line = (self.next + 255) % 256 + 2;
            return Err(Fault::new(FaultKind::Payload, &self.paths.1, "the end of the file", "more")
                .at(Place::Line(line)));
        }
        Ok(())
    }

    /// When every entry has been seen.
    fn end(&mut self) -> Result<(), Fault> {
        if let Some(index) = self.unnamed.first() {
            let file = self.path("payload", index / 256);
            let expected = "a salt and payload, or a later entry `payload.erased` that names this one";
            let fault = Fault::new(FaultKind::Payload, &file, expected, "a line that says erased");
            return Err(fault.at(Place::Line(index % 256 + 1)).of(*index));
        }
        let leftovers = self.leftovers.as_ref().map_err(Fault::clone)?;
        self.so_far.superseded = leftovers.compare(&self.folder)?;
        self.so_far.unpublished = leftovers.ahead + leftovers.unfinished;
        Ok(())
    }

    /// A fault, unless the log was published anew meanwhile: then files came and went under our hands.
    fn or_changed(&self, fault: Fault) -> Fault {
        match read(&self.folder, "checkpoint", CHECKPOINT_MAX + 1) {
            Ok(now) if now != self.checkpoint => {
                let expected = "a log that does not grow while it is read; verify again, or a copy";
                Fault::new(FaultKind::Changed, "checkpoint", expected, "a newer checkpoint")
            }
            _ => fault,
        }
    }
}

impl Iterator for Verification {
    type Item = Result<Entry, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let step =
            if self.next < self.head.size { self.entry().map(Some) } else { self.end().map(|()| None) };
        match step {
            Ok(Some(entry)) => Some(Ok(entry)),
            Ok(None) => {
                (self.ended, self.verified) = (true, true);
                None
            }
            Err(fault) => {
                self.ended = true;
                Some(Err(self.or_changed(fault)))
            }
        }
    }
}
