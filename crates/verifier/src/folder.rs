//! A whole published folder: key, checkpoint, then every entry with its payload, every tile, and no file besides.

use crate::entry::Entry;
use crate::fault::{Fault, FaultKind, Place, shown};
use crate::files::{path, read, width};
use crate::leftovers::{self, Leftovers};
use crate::note::{self, CHECKPOINT_MAX, Head};
use crate::piece::{Checked, Piece};
use crate::reading::Reading;
use crate::report::Report;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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
    reading: Reading,
    /// What was read while the piece before it was checked.
    ahead: Option<Piece>,
    checked: std::vec::IntoIter<Result<Checked, Fault>>,
    /// What comes behind the checked ones.
    stopped: Option<Fault>,
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
        let reading = Reading::new(folder.to_owned(), head.size);
        let leftovers = leftovers::list(folder, head.size);
        let mut log = Self {
            folder: folder.to_owned(),
            checkpoint,
            head,
            reading,
            ahead: None,
            checked: Vec::new().into_iter(),
            stopped: None,
            unnamed: BTreeSet::new(),
            leftovers,
            so_far,
            ended: false,
            verified: false,
        };
        log.check_tree(older.as_ref()).map_err(|fault| log.or_changed(fault))?;
        log.reading.hold();
        Ok(log)
    }

    /// What was verified, once every entry and every file has been.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        self.verified.then_some(&self.so_far)
    }

    fn check_tree(&mut self, older: Option<&Head>) -> Result<(), Fault> {
        if !self.reading.tiles.check_root(&self.head.root)? {
            if !self.head.size.is_multiple_of(256) {
                self.reading.blame_leaf_tile(self.head.size / 256)?;
            }
            let found = "tiles and entries of another tree";
            let expected = format!("the tree with the signed root {}", hex::encode(self.head.root));
            return Err(Fault::new(FaultKind::Tile, "checkpoint", expected, found).at(Place::Line(3)));
        }
        match older {
            Some(older) if self.reading.tiles.root(older.size)? != older.root => {
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

    /// The next entry, itself checked; the next piece is read while one is checked.
    fn checked(&mut self) -> Result<Option<Checked>, Fault> {
        loop {
            if let Some(checked) = self.checked.next() {
                return checked.map(Some);
            }
            if let Some(fault) = self.stopped.take() {
                return Err(fault);
            }
            let piece = self.ahead.take().unwrap_or_else(|| self.reading.piece());
            if piece.entries.is_empty() && piece.stopped.is_none() {
                return Ok(None);
            }
            let (checked, ahead) = piece.check(|| self.reading.piece());
            (self.checked, self.stopped, self.ahead) = (checked.into_iter(), piece.stopped, Some(ahead));
        }
    }

    /// The next entry, against those before it.
    fn entry(&mut self) -> Result<Option<Entry>, Fault> {
        let Some(Checked { index, start, sequenced, whole }) = self.checked()? else { return Ok(None) };
        let (first, before) = self.so_far.sequenced.unwrap_or((sequenced, 0));
        if sequenced < before {
            let (file, expected) =
                (self.path("tile/entries", index), format!("a sequencing time of at least {before}"));
            let fault = Fault::new(FaultKind::Time, &file, expected, sequenced.to_string());
            return Err(fault.at(Place::Byte(start)).of(index));
        }
        let (entry, erases) = whole?;
        if entry.payload.is_none() {
            self.so_far.erased += 1;
            self.unnamed.insert(index);
        }
        // Only what was erased before can be told of.
        erases.map(|erased| self.unnamed.remove(&erased));
        self.so_far.sequenced = Some((first, sequenced));
        Ok(Some(entry))
    }

    /// Path of the file of that kind in which entry `index` is.
    fn path(&self, kind: &str, index: u64) -> String {
        path(kind, index / 256, width(self.head.size, index / 256))
    }

    /// When every entry has been seen.
    fn end(&mut self) -> Result<(), Fault> {
        if let Some(index) = self.unnamed.first() {
            let file = self.path("payload", *index);
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
        let step = self.entry().and_then(|entry| match entry {
            Some(entry) => Ok(Some(entry)),
            None => self.end().map(|()| None),
        });
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
