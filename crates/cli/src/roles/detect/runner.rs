//! The thread that detects: reads, feeds, hands over, and writes down where it stands.

mod opening;
mod take_up;

use super::seam::Seam;
use super::{Shared, handover, policy, snapshot};
use crate::config::Config;
use crate::roles::events::record;
use opening::{Opened, from_the_first, restored};
use snapshot::Head;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use sumun_detect::{Engine, Input};
use sumun_model::Timestamp;
use sumun_model::wire::{Origin, parse_line};
use sumun_policy::Approve;
use sumun_server::events::Detecting;
use sumun_stream::{LogError, Offset, Reader};
use tracing::{error, info, warn};

/// Lines fed at once.
const LINES: usize = 4096;
/// How often is looked whether there are new lines, where there were none.
const LOOK: Duration = Duration::from_millis(5);
/// A pause after the log could not be read.
const PAUSE: Duration = Duration::from_secs(1);
/// Who agrees is not decided here: measures come back as `key` lines.
const APPROVE: Approve = Approve::People;

/// Detects.
pub(super) struct Runner {
    shared: Arc<Shared>,
    config: Config,
    folder: PathBuf,
    snapshot_us: i64,
    engine: Engine,
    /// What was read before the log.
    seam: Option<Seam>,
    /// When it was last looked whether there is a back-fill.
    looked: Timestamp,
    /// The policy it runs by.
    policy: String,
    reader: Reader,
    /// Everything below this offset was fed, and what was found in it was taken.
    next: u64,
    /// Digest of the last line, as a snapshot names it.
    last: String,
    /// Offset and time of the last snapshot.
    saved: (u64, Timestamp),
    standing: Detecting,
    bad: u64,
}

/// What was read.
struct Lines {
    inputs: Vec<Input>,
    /// Offset behind the last one.
    next: u64,
    last: Vec<u8>,
    last_ts: Option<Timestamp>,
    /// A policy comes into force with the last one.
    policy: Option<policy::Named>,
}

impl Runner {
    /// From the newest snapshot that can be used, or the first line that is kept.
    pub(super) async fn open(shared: Arc<Shared>, folder: PathBuf, config: &Config) -> anyhow::Result<Self> {
        let live = snapshot::newest(&folder);
        let mut found = take_up::staged(&shared, &folder, config, live).await;
        if found.is_none() {
            for snapshot in snapshot::read(&folder) {
                let path = snapshot.path.clone();
                match restored(&shared, snapshot, config).await {
                    Ok(restored) => {
                        found = Some(restored);
                        break;
                    }
                    Err(cause) => warn!("`{}` is not used: {cause}", path.display()),
                }
            }
        }
        let (engine, head, unused) = match found {
            Some(found) => found,
            None => from_the_first(&shared, config).await?,
        };
        let next = head.next;
        info!(next, policy = head.policy, "Detection goes on from line {next}");
        shared.snapshots_need.store(snapshot::needed_by_kept(&folder), Ordering::Relaxed);
        shared.needs();
        let snapshot_us =
            i64::try_from(config.detect.snapshot_s.get().saturating_mul(1_000_000)).unwrap_or(i64::MAX);
        let reader = shared.events.reader(Offset::new(next));
        let crowded = engine.counts().crowded;
        let mut standing = Detecting { next, engine: engine.now(), crowded, ..Detecting::default() };
        standing.policy = said_of_policy(unused);
        standing.history = head.seam.as_ref().map(Seam::known);
        shared.events.detecting(standing.clone());
        let Head { policy, last, seam, .. } = head;
        let (saved, looked) = ((next, crate::clock::now()), crate::clock::now());
        Ok(Self {
            shared,
            config: config.clone(),
            folder,
            snapshot_us,
            engine,
            seam,
            looked,
            policy,
            reader,
            next,
            last,
            saved,
            standing,
            bad: 0,
        })
    }

    pub(super) fn run(mut self) {
        while !self.shared.stopping() {
            self.look_for_history();
            match self.read() {
                Ok(lines) if lines.next == self.next => {
                    self.tell(|standing| standing.lag_us = 0);
                    self.shared.pause(LOOK);
                }
                Ok(lines) => {
                    if !self.take(lines) {
                        // What was found is not taken: a snapshot would say that it was.
                        return;
                    }
                }
                Err(LogError::Trimmed { first, .. }) => {
                    error!(
                        "Lines {} to {first} of the event log are gone and were never looked at",
                        self.next
                    );
                    self.next = first.get();
                    self.reader = self.shared.events.reader(first);
                }
                Err(cause) => {
                    let text = format!("the event log cannot be read: {cause}");
                    if self.standing.trouble.is_none() {
                        error!("{text}");
                    }
                    self.tell(|standing| standing.trouble = Some(text));
                    self.reader = self.shared.events.reader(Offset::new(self.next));
                    self.shared.pause(PAUSE);
                }
            }
            if crate::clock::now().micros_since(self.saved.1).abs() >= self.snapshot_us {
                self.save();
            }
        }
        self.save();
    }

    fn tell(&mut self, change: impl FnOnce(&mut Detecting)) {
        change(&mut self.standing);
        self.shared.events.detecting(self.standing.clone());
    }

    fn read(&mut self) -> Result<Lines, LogError> {
        let mut lines =
            Lines { inputs: Vec::new(), next: self.next, last: Vec::new(), last_ts: None, policy: None };
        let quiet = self.next < self.quiet_to();
        while lines.inputs.len() < LINES && lines.policy.is_none() {
            if quiet && lines.next >= self.quiet_to() {
                break;
            }
            let Some(record) = self.reader.poll()? else { break };
            lines.next = record.offset.get().saturating_add(1);
            let Some(event) = record::decode(&record) else { continue };
            lines.policy = policy::named(event.source, event.line);
            let position = self.position(record.offset.get());
            let origin = Origin { source_name: event.source, line: position };
            let text = String::from_utf8_lossy(event.line);
            match parse_line(origin, &text) {
                Ok(line) => lines.inputs.push(Input { position, line }),
                Err(error) => {
                    // It was read when it came: another version of Sumun wrote it.
                    self.bad += 1;
                    if self.bad == 1 {
                        error!("A line of the event log cannot be read and is passed over: {error}");
                    }
                }
            }
            lines.last = event.line.to_vec();
        }
        #[derive(serde::Deserialize)]
        struct Timed {
            ts: Timestamp,
        }
        lines.last_ts = serde_json::from_slice::<Timed>(&lines.last).ok().map(|timed| timed.ts);
        Ok(lines)
    }

    /// Feeds lines and hands over what they bring; false if it is time to stop before all was taken.
    fn take(&mut self, lines: Lines) -> bool {
        let count = u64::try_from(lines.inputs.len()).unwrap_or(u64::MAX);
        let mut outputs = self.engine.feed(lines.inputs);
        self.engine.read_to(self.position(lines.next.saturating_sub(1)));
        if let Some(seam) = &self.seam {
            outputs = if lines.next <= seam.quiet_to { Vec::new() } else { seam.heeded(outputs) };
        }
        let now = crate::clock::now();
        let behind = self.shared.events.durable().get() > lines.next;
        let lag_us = lines.last_ts.filter(|_| behind).map_or(0, |ts| now.micros_since(ts).max(0));
        let batches = handover::batches(outputs, lines.next);
        let waiting =
            batches.iter().map(|batch| batch.signals.len() + batch.assessments.len()).sum::<usize>();
        let (engine_time, crowded) = (self.engine.now(), self.engine.counts().crowded);
        self.tell(|standing| {
            standing.lines += count;
            standing.crowded = crowded;
            standing.lag_us = lag_us;
            standing.engine = engine_time;
            standing.waiting = u64::try_from(waiting).unwrap_or(u64::MAX);
        });
        for batch in &batches {
            let (shared, standing) = (Arc::clone(&self.shared), &mut self.standing);
            let taken = handover::give(&shared, batch, |trouble| {
                // While it waits, everything behind it does.
                standing.lag_us = lines.last_ts.map_or(0, |ts| crate::clock::now().micros_since(ts).max(0));
                standing.trouble = trouble;
                shared.events.detecting(standing.clone());
            });
            if !taken {
                return false;
            }
            let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
            self.standing.signals += number(batch.signals.len());
            self.standing.assessments += number(batch.assessments.len());
            self.standing.waiting =
                self.standing.waiting.saturating_sub(number(batch.signals.len() + batch.assessments.len()));
        }
        self.next = lines.next;
        self.last = snapshot::of_line(&lines.last);
        let next = self.next;
        self.tell(|standing| {
            standing.next = next;
            standing.lag_us = lag_us;
        });
        lines.policy.is_none_or(|named| self.adopt(&named))
    }

    /// Takes up a policy, at the line that names it; false if it is time to stop before it could be read.
    fn adopt(&mut self, named: &policy::Named) -> bool {
        while self.policy != named.policy {
            match self.shared.runtime.block_on(policy::read(&self.shared, &named.policy)) {
                Ok(setup) => {
                    let also = setup.also(APPROVE);
                    self.engine.adopt(setup.params, setup.weights, &also);
                    self.policy.clone_from(&named.policy);
                    info!(
                        policy = named.policy,
                        line = self.next,
                        "Detection takes up policy {}",
                        named.policy
                    );
                    let unused = said_of_policy(setup.unused);
                    self.tell(|standing| (standing.trouble, standing.policy) = (None, unused));
                }
                Err(cause) => {
                    let text = format!("detection waits: {cause}");
                    if self.standing.trouble.is_none() {
                        error!("{text}");
                    }
                    self.tell(|standing| standing.trouble = Some(text));
                    if !self.shared.pause(PAUSE) {
                        // The line that names it counts as not read.
                        return false;
                    }
                }
            }
        }
        true
    }

    fn save(&mut self) {
        self.saved.1 = crate::clock::now();
        if self.saved.0 == self.next {
            return;
        }
        let head = Head {
            next: self.next,
            policy: self.policy.clone(),
            last: self.last.clone(),
            seam: self.seam.clone(),
        };
        let written = self.engine.save().map_err(|error| error.to_string());
        match written.and_then(|engine| snapshot::write(&self.folder, &head, &engine)) {
            Ok(needed) => {
                self.saved.0 = self.next;
                self.shared.snapshots_need.store(needed, Ordering::Relaxed);
                self.shared.needs();
                self.tell(|standing| standing.snapshots += 1);
            }
            Err(cause) => error!(
                "No snapshot of detection could be written: {cause}; a start reads more of the log again"
            ),
        }
    }
}

/// Says aloud what of the policy in force is not used.
fn said_of_policy(unused: Option<String>) -> Option<String> {
    unused.inspect(|said| {
        error!("{said}. `sumun policy check FILE` says where; propose a corrected version and have it put in force");
    })
}
