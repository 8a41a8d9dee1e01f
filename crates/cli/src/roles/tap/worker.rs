//! One thread: files in, lines of the wire out, one batch at a time.
//!
//! Each batch is written down before it is sent, and taken for good when it was acknowledged; after any failure it is asked what is held,
//! and gone on from there. So nothing has to be remembered of a failure but that there was one.

use super::absent::{Absent, Say};
use super::kept::{Aside, Quarantine, Store};
use super::settings::{Follow, Settings};
use super::sink::{Batch, Sink, SinkError};
use crate::exit::Failed;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use sumun_mapping::Mapping;
use sumun_server::events::FilesTold;
use sumun_tap::{Checkpoint, Chunk, Disk, Follower, Made, Met, Options, Pending, Step, translate};
use tracing::{error, info, warn};

/// First pause after a failure, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// So often at least it is said how far the files are, microseconds.
const TELL_EVERY_US: i64 = 5_000_000;

/// A line that is so much ahead of one behind it in its file is wrong by itself; less, and a clock may have been set. Microseconds.
const STRAY_US: i64 = 3_600_000_000;
/// So often it is said again that lines wait for a clock, microseconds.
const TELL_AHEAD_EVERY_US: i64 = 60_000_000;

/// Why it does not go on for now.
#[derive(Debug, thiserror::Error)]
enum TapError {
    #[error(transparent)]
    Sink(#[from] SinkError),
    #[error(transparent)]
    Kept(#[from] Failed),
    #[error("cannot look into the folder: {0}")]
    Look(std::io::Error),
    #[error("there is no file `{0}`: correct `files` in its [[follow]]; nothing was handed in")]
    NoFile(String),
}

/// Files followed under one name.
pub(super) struct Worker {
    name: String,
    /// Which files, as its `[[follow]]` says.
    files: String,
    absent: Absent,
    mapping: Mapping,
    given: BTreeMap<String, String>,
    digest: String,
    disk: Disk,
    options: Options,
    follower: Follower,
    checkpoint: Checkpoint,
    store: Store,
    quarantine: Quarantine,
    sink: Sink,
    poll: Duration,
    once: bool,
    stopping: Arc<AtomicBool>,
    /// What the receiver holds.
    held: u64,
    told: Option<(FilesTold, i64)>,
    trouble: Option<String>,
    /// It was counted that lines are passed over because the control plane holds more than the checkpoint knew.
    passes_over: bool,
    /// When it was last said that lines wait for a clock, if they do.
    ahead: Option<i64>,
    /// What was put aside of chunks that were not taken yet: they are read again, and need not stand there twice.
    aside: BTreeSet<String>,
}

impl Worker {
    /// Reads mapping and checkpoint.
    ///
    /// # Errors
    /// One of them cannot be used.
    pub(super) fn open(
        settings: &Settings,
        follow: &Follow,
        sink: Sink,
        once: bool,
        stopping: Arc<AtomicBool>,
    ) -> anyhow::Result<Self> {
        let (mapping, given, digest) = follow.mapping()?;
        let (store, checkpoint) = Store::open(&settings.state_dir, &follow.name)?;
        let options =
            Options { begin: follow.begin, line_bytes_max: mapping.line_bytes_max(), ..Options::default() };
        Ok(Self {
            name: follow.name.clone(),
            files: follow.files(),
            absent: Absent::default(),
            mapping,
            given,
            digest,
            disk: follow.disk()?,
            options,
            follower: Follower::new(options, checkpoint.files.clone()),
            checkpoint,
            store,
            quarantine: Quarantine::new(&settings.state_dir, &follow.name, follow.refused_bytes_max),
            sink,
            poll: settings.poll,
            once,
            stopping,
            held: 0,
            told: None,
            trouble: None,
            passes_over: false,
            ahead: None,
            aside: BTreeSet::new(),
        })
    }

    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Until it is told to stop; once, until there is no more, or something is wrong.
    pub(super) fn run(mut self) -> Result<(), Failed> {
        let mut pause = PAUSE_MIN;
        loop {
            let before = self.checkpoint.position;
            let Err(cause) = self.work() else { return Ok(()) };
            let text = crate::exit::with_causes(&cause);
            if self.once {
                return Err(Failed(format!("`{}`: {text}", self.name)));
            }
            self.say_trouble(&cause, text);
            if self.checkpoint.position > before {
                pause = PAUSE_MIN;
            }
            if self.stopping() {
                return Ok(());
            }
            std::thread::park_timeout(pause);
            if self.stopping() {
                return Ok(());
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    fn say_trouble(&mut self, cause: &TapError, text: String) {
        if !matches!(cause, TapError::Sink(SinkError::Ahead(..))) {
            if self.trouble.as_ref() != Some(&text) {
                warn!(tap = self.name, "Lines wait in their files: {text}");
                self.trouble = Some(text);
            }
            return;
        }
        let now = now_us();
        if self.ahead.is_none_or(|told| now.saturating_sub(told) >= TELL_AHEAD_EVERY_US) {
            error!(
                tap = self.name,
                "Lines wait in their files until a clock is set right, or that time has come; none is lost: {text}"
            );
            self.ahead = Some(now);
        }
    }

    /// Lines that waited are handed in.
    fn say_well(&mut self) {
        if self.trouble.take().is_some() || self.ahead.take().is_some() {
            info!(tap = self.name, held = self.held, "Lines are handed in again");
        }
    }

    fn work(&mut self) -> Result<(), TapError> {
        if !self.checkpoint.files.begun {
            // Where it begins is where it began, not where the control plane was first reached.
            self.look()?;
            self.note()?;
        }
        self.meet()?;
        loop {
            self.look()?;
            let mut moved = false;
            while let Some(chunk) = self.follower.next(&mut self.disk, now_us()) {
                self.take(&chunk)?;
                self.say_well();
                moved = true;
                if self.stopping() {
                    break;
                }
            }
            self.say_losses();
            self.note()?;
            self.tell()?;
            if self.stopping() || (self.once && !moved) {
                return Ok(());
            }
            if !self.once {
                std::thread::park_timeout(self.poll);
            }
        }
    }

    fn look(&mut self) -> Result<(), TapError> {
        self.follower.look(&mut self.disk, now_us()).map_err(TapError::Look)?;
        let (found, files) = (self.found(), &self.files);
        if self.once && found == 0 {
            return Err(TapError::NoFile(files.clone()));
        }
        match self.absent.looked(found, now_us()) {
            Some(Say::Nothing) => warn!(
                tap = self.name,
                "There is no file `{files}`, so nothing is handed in; it is looked for again and again. Check `files` in its [[follow]]"
            ),
            Some(Say::There) => info!(tap = self.name, "There is a file `{files}` now; it is followed"),
            None => {}
        }
        Ok(())
    }

    /// Files that stand there, of those that fit.
    fn found(&self) -> u64 {
        let there = self.follower.state().files.iter().filter(|file| file.gone.is_none());
        u64::try_from(there.count()).unwrap_or(u64::MAX)
    }

    fn say_losses(&mut self) {
        for loss in self.follower.losses() {
            error!(
                tap = self.name,
                file = loss.path,
                bytes = loss.bytes,
                "Lines are lost: {}; at least {} bytes of it were never read",
                loss.why,
                loss.bytes
            );
        }
    }

    /// Asks what is held, and goes on from there.
    fn meet(&mut self) -> Result<(), TapError> {
        self.held = self.hand_in(0, &[])?;
        if self.ahead.is_none() {
            self.say_well();
        }
        let met = self.checkpoint.meet(self.held);
        self.follower = Follower::new(self.options, self.checkpoint.files.clone());
        match met {
            Met::Even => {}
            Met::Torn(pending) => self.mend(&pending)?,
            Met::Lost(lines) => error!(
                tap = self.name,
                lines,
                "The control plane holds {lines} lines less than it had acknowledged: its event log was exchanged for an older one. They \
                 are lost there, and counted as passed over"
            ),
            Met::Ahead(lines) => {
                self.checkpoint.pending = None;
                // In what order files were read by turns nobody can repeat: which lines are passed over now is not known for certain.
                if !std::mem::replace(&mut self.passes_over, true) {
                    let holes = &mut self.checkpoint.files.holes;
                    *holes = holes.saturating_add(1);
                    self.follower = Follower::new(self.options, self.checkpoint.files.clone());
                }
                error!(
                    tap = self.name,
                    lines,
                    "The control plane holds {lines} lines more than this checkpoint knows of: it is an older copy. So many lines are \
                     passed over now, by position. Where several files are read by turns, some may be lost and some come twice: this is counted as a \
                     hole. If another tap hands in with a copy of this folder, stop one of them"
                );
            }
        }
        Ok(self.store.save(&self.checkpoint)?)
    }

    /// A batch of which a part is held: the rest of the same lines, or, where they cannot be had any more, none of them.
    fn mend(&mut self, pending: &Pending) -> Result<(), TapError> {
        self.look()?;
        let chunk = self.follower.again(&mut self.disk, &pending.step);
        let chunk = chunk.filter(|_| pending.mapping == self.digest);
        let made = chunk.as_ref().map(|chunk| {
            let made = (0..).zip(self.translate(chunk).made);
            made.filter(|(place, _)| !pending.without.contains(place)).collect::<Vec<(u32, Made)>>()
        });
        let mut pending = pending.clone();
        let count = pending.last.saturating_sub(self.checkpoint.position);
        let held = usize::try_from(self.held.saturating_sub(self.checkpoint.position)).unwrap_or(usize::MAX);
        match (chunk, made) {
            (Some(chunk), Some(mut made)) if u64::try_from(made.len()).unwrap_or(u64::MAX) == count => {
                let mut rest = made.split_off(held.min(made.len()));
                while !rest.is_empty() {
                    self.checkpoint.pending = Some(pending.clone());
                    self.store.save(&self.checkpoint)?;
                    let lines: Vec<Made> = rest.iter().map(|(_, made)| made.clone()).collect();
                    match self.hand_in(self.held.saturating_add(1), &lines) {
                        Ok(held) => {
                            self.held = held;
                            break;
                        }
                        // As in `take`: it is put aside, and those behind it close up.
                        Err(SinkError::Line(index, cause)) if index < rest.len() => {
                            let (place, line) = rest.remove(index);
                            pending.without.push(place);
                            pending.without.sort_unstable();
                            pending.last = pending.last.saturating_sub(1);
                            self.not_taken(&chunk, "not_taken", &line, &cause);
                        }
                        Err(error) => return Err(error.into()),
                    }
                }
            }
            _ => error!(
                tap = self.name,
                "Of a batch that was under way, {} lines were not taken, and they cannot be had any more: the file or the mapping is \
                 another. They are lost, and counted as passed over",
                pending.last.saturating_sub(self.held)
            ),
        }
        let step = pending.step;
        self.checkpoint.pending = Some(pending);
        self.acknowledged(&step);
        Ok(())
    }

    /// What was under way is taken for good.
    fn acknowledged(&mut self, step: &Step) {
        self.checkpoint.acknowledge();
        self.follower.commit(step);
        self.aside.clear();
    }

    /// Puts lines aside, those not that were already before their chunk had to be read again.
    fn put_aside(&mut self, chunk: &Chunk, lines: Vec<Aside<'_>>) {
        let name = |one: &Aside<'_>| format!("{}:{}:{}:{}", chunk.step.file, one.line, one.code, one.field);
        let lines: Vec<_> = lines.into_iter().filter(|one| !self.aside.contains(&name(one))).collect();
        self.quarantine.add(&lines);
        self.aside.extend(lines.iter().map(name));
    }

    /// Puts one line aside that the control plane refused.
    fn not_taken(&mut self, chunk: &Chunk, code: &str, line: &Made, cause: &str) {
        let at = crate::clock::now().to_string();
        let aside = Aside {
            at,
            file: &chunk.path,
            line: line.number,
            code,
            field: "",
            detail: cause,
            raw: &line.raw,
        };
        self.put_aside(chunk, vec![aside]);
    }

    fn translate(&self, chunk: &Chunk) -> sumun_tap::Translated {
        translate(&self.mapping, &self.given, (&self.checkpoint.log, &self.name), chunk)
    }

    /// Takes a chunk for good, whatever it holds; but not what is ahead of the control plane's clock, which waits.
    fn take(&mut self, chunk: &Chunk) -> Result<(), TapError> {
        let translated = self.translate(chunk);
        let at = crate::clock::now().to_string();
        let aside: Vec<Aside<'_>> = translated
            .refused
            .iter()
            .map(|refused| Aside {
                at: at.clone(),
                file: &chunk.path,
                line: refused.number,
                code: &refused.code,
                field: &refused.field,
                detail: &refused.detail,
                raw: &refused.raw,
            })
            .collect();
        self.put_aside(chunk, aside);
        let refused = u64::try_from(translated.refused.len()).unwrap_or(u64::MAX);
        // With their places among all that were made, so that the same can be left out again.
        let mut made: Vec<(u32, Made)> = (0..).zip(translated.made).collect();
        let mut without = Vec::new();
        while !made.is_empty() {
            let count = u64::try_from(made.len()).unwrap_or(u64::MAX);
            self.checkpoint.files = self.follower.state().clone();
            self.checkpoint.pending = Some(Pending {
                step: chunk.step,
                last: self.checkpoint.position.saturating_add(count),
                mapping: self.digest.clone(),
                without: without.clone(),
                refused,
            });
            self.store.save(&self.checkpoint)?;
            let lines: Vec<Made> = made.iter().map(|(_, made)| made.clone()).collect();
            match self.hand_in(self.checkpoint.position.saturating_add(1), &lines) {
                Ok(held) => {
                    self.held = held;
                    self.acknowledged(&chunk.step);
                    return Ok(());
                }
                Err(SinkError::Line(index, cause)) if index < made.len() => {
                    let (place, line) = made.remove(index);
                    without.push(place);
                    without.sort_unstable();
                    self.not_taken(chunk, "not_taken", &line, &cause);
                }
                Err(SinkError::Ahead(index, cause)) if is_stray(&made, index) => {
                    let (place, line) = made.remove(index);
                    without.push(place);
                    without.sort_unstable();
                    self.not_taken(chunk, "ahead", &line, &cause);
                }
                Err(SinkError::Ahead(index, cause)) => {
                    self.checkpoint.pending = None;
                    let before =
                        made.get(index).map_or(0, |(_, line)| line.number.saturating_sub(chunk.first_line));
                    if let Some(first) = self.follower.first_of(chunk, before) {
                        self.take(&first)?;
                    }
                    return Err(SinkError::Ahead(index, cause).into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        // Nothing to send: written down with the next that is.
        let left_out = u64::try_from(without.len()).unwrap_or(u64::MAX);
        self.checkpoint.refused = self.checkpoint.refused.saturating_add(refused).saturating_add(left_out);
        self.checkpoint.pending = None;
        self.follower.commit(&chunk.step);
        self.aside.clear();
        Ok(())
    }

    fn files(&self) -> FilesTold {
        let state = self.follower.state();
        FilesTold {
            bytes_behind: state.bytes_behind(),
            bytes_lost: state.bytes_lost,
            holes: state.holes,
            lines_refused: self.checkpoint.refused,
            found: Some(self.found()),
        }
    }

    fn hand_in(&mut self, from: u64, made: &[Made]) -> Result<u64, SinkError> {
        let from = from.max(1);
        let after = self.held.min(from - 1);
        let (log, files) = (&self.checkpoint.log, self.files());
        let held = self.sink.take(&Batch { log, from, after, made, files })?;
        self.told = Some((files, now_us()));
        Ok(held)
    }

    /// Writes down what was looked at and taken, if that is another than was written.
    fn note(&mut self) -> Result<(), TapError> {
        if self.checkpoint.files != *self.follower.state() || self.checkpoint.pending.is_some() {
            self.checkpoint.files = self.follower.state().clone();
            self.checkpoint.pending = None;
            self.store.save(&self.checkpoint)?;
        }
        Ok(())
    }

    /// Says how far the files are, if that changed or was not said for a while.
    fn tell(&mut self) -> Result<(), TapError> {
        let files = self.files();
        let fresh = self.told.is_some_and(|(told, at)| told == files && now_us() - at < TELL_EVERY_US);
        if !fresh {
            self.hand_in(0, &[])?;
        }
        Ok(())
    }
}

/// Whether a line that is ahead of the clock is wrong by itself: one behind it is of much earlier. Otherwise a clock is wrong, or will be
/// right soon.
fn is_stray(made: &[(u32, Made)], index: usize) -> bool {
    let Some((_, line)) = made.get(index) else { return false };
    let behind = made.iter().skip(index.saturating_add(1));
    behind.map(|(_, later)| line.ts().micros_since(later.ts())).any(|ahead| ahead >= STRAY_US)
}

fn now_us() -> i64 {
    crate::clock::now().as_micros()
}
