//! What keys did, kept for people: a reader of its own, so that nobody's request and no finding waits for it.
//!
//! Lines are taken in by batches, records written together at most once a second, with how far the log was read in the same
//! transaction. What a crash undoes is read again; a record knows by the line's place what it has, so that nothing counts twice. The log
//! is not kept for it: whoever falls behind by a whole log goes on at its first line.
//! Never here: what a record holds, which is govern's.

mod networks;

use super::{Shared, policy, snapshot};
use crate::roles::events::record;
use networks::Networks;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use sumun_govern::Refusal;
use sumun_govern::keys::activity::{Activity, Habits, Sighting, sighting_of};
use sumun_model::Timestamp;
use sumun_model::wire::{Line, Origin, parse_line};
use sumun_store::ActivityPlace;
use sumun_stream::{LogError, Offset, Reader};
use tracing::{error, info, warn};

/// Lines taken in together.
const LINES: usize = 1024;
/// How often is looked whether there are new lines, where there were none.
const LOOK: Duration = Duration::from_millis(50);
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Records are written at most so often, microseconds: of one key one write a second.
const WRITE_EVERY_US: i64 = 1_000_000;
/// How far the log was read is written so often where nothing else is, microseconds.
const PLACE_EVERY_US: i64 = 10_000_000;
/// Most records that wait to be written, 16 MiB of them; beyond, reading waits for the writing.
const CHANGED_MAX: usize = 4_096;
/// Most records held in memory.
const HELD_MAX: usize = 8_192;

/// Why a batch is not taken in.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error("the event log cannot be read")]
    Read(#[from] LogError),
    #[error("{0}")]
    Refused(Refusal),
}

/// What is needed to go on beside the place itself.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Going {
    /// Digest of the line before the place: of another log it is another one.
    last: String,
    /// What counts as a day, seconds.
    day_s: u32,
    /// What lines said of networks.
    networks: Networks,
}

/// Keeps what keys did.
pub(super) struct Keeper {
    shared: Arc<Shared>,
    /// Everything below this offset is in the records held.
    next: u64,
    going: Going,
    held: HashMap<String, Activity>,
    changed: BTreeSet<String>,
    /// The place written last, and when.
    written: (u64, Timestamp),
    /// Records kept before are of another log.
    anew: bool,
}

impl Keeper {
    /// Goes on where it was.
    pub(super) async fn open(shared: Arc<Shared>) -> anyhow::Result<Self> {
        let first = shared.events.first().get();
        let place = shared.govern.activity_place().await.map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
        let known = place.as_ref().and_then(|place| {
            let going: Going = serde_json::from_str(&place.body).ok()?;
            same_log(&shared, place.next, &going).then_some((place.next.max(first), going))
        });
        let anew = place.is_some() && known.is_none();
        let (next, going) = match known {
            Some(known) => known,
            None => {
                if anew {
                    warn!(
                        "What keys did was kept of another event log: it stays, and lines count from the first of this one"
                    );
                }
                let in_force = shared.govern.policy().ok().map(|policy| policy.policy.clone());
                let day_s = match in_force {
                    Some(policy) => day_of(&shared, &policy).await,
                    None => Habits::DAY_S,
                };
                (first, Going { last: String::new(), day_s, networks: Networks::default() })
            }
        };
        let written = (next, crate::clock::now());
        let (held, changed) = (HashMap::new(), BTreeSet::new());
        Ok(Self { shared, next, going, held, changed, written, anew })
    }

    pub(super) fn run(mut self) {
        let mut reader = self.shared.events.reader(Offset::new(self.next));
        let mut pause = PAUSE_MIN;
        while !self.shared.stopping() {
            let done = self.take(&mut reader).and_then(|lines| self.write(false).map(|()| lines));
            match done {
                Ok(lines) => {
                    if pause > PAUSE_MIN {
                        info!("What keys do is kept again");
                    }
                    pause = PAUSE_MIN;
                    if lines == 0 {
                        self.shared.pause(LOOK);
                    }
                }
                Err(cause) => {
                    if pause == PAUSE_MIN {
                        error!("What keys do is not kept: {}", crate::exit::with_causes(&cause));
                    }
                    if let KeepError::Read(LogError::Trimmed { first, .. }) = cause {
                        self.next = first.get();
                    }
                    reader = self.shared.events.reader(Offset::new(self.next));
                    self.shared.pause(pause);
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
        if let Err(cause) = self.write(true) {
            // The next start reads those lines again.
            warn!("What keys did last is not written: {}", crate::exit::with_causes(&cause));
        }
    }

    /// Takes in what comes next; how many lines were read.
    fn take(&mut self, reader: &mut Reader) -> Result<usize, KeepError> {
        if self.changed.len() >= CHANGED_MAX {
            // A second has not passed since they were written last.
            return Ok(0);
        }
        let (mut lines, mut seen, mut policy) = (0, Vec::new(), None);
        let (mut next, mut last) = (self.next, None);
        while lines < LINES && policy.is_none() {
            let Some(found) = reader.poll()? else { break };
            lines += 1;
            next = found.offset.get().saturating_add(1);
            let event = record::decode(&found);
            last = Some(event.map_or_else(Vec::new, |event| event.line.to_vec()));
            let Some(event) = event else { continue };
            policy = policy::named(event.source, event.line);
            let wanted = event.line.starts_with(br#"{"type":"access""#)
                || event.line.starts_with(br#"{"type":"network""#);
            if !wanted && event.source.starts_with("gate:") {
                continue;
            }
            let origin = Origin { source_name: event.source, line: next };
            match std::str::from_utf8(event.line).ok().and_then(|text| parse_line(origin, text).ok()) {
                Some(Line::Access(line)) => seen.extend(sighting_of(&line, next)),
                Some(Line::Network(line)) => self.going.networks.take(&line),
                _ => {}
            }
        }
        self.hold(&seen)?;
        self.note(seen);
        self.next = next;
        if let Some(last) = last {
            self.going.last = digest(&last);
        }
        if let Some(policy) = policy {
            self.going.day_s = self.shared.runtime.block_on(day_of(&self.shared, &policy.policy));
        }
        Ok(lines)
    }

    /// Reads the records of keys that are seen, where they are not held.
    fn hold(&mut self, seen: &[Sighting]) -> Result<(), KeepError> {
        let unknown: BTreeSet<&str> = seen.iter().map(|seen| seen.key.as_str()).collect();
        let unknown = unknown.into_iter().filter(|key| !self.held.contains_key(*key)).map(str::to_owned);
        let unknown: Vec<String> = unknown.collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let kept = self.shared.runtime.block_on(self.shared.govern.kept_activity(&unknown));
        let mut kept = kept.map_err(KeepError::Refused)?;
        for key in unknown {
            let mut record = kept.remove(&key).unwrap_or_default();
            if self.anew {
                record.position = 0;
            }
            self.held.insert(key, record);
        }
        Ok(())
    }

    fn note(&mut self, seen: Vec<Sighting>) {
        let now = crate::clock::now();
        let habits = Habits { day_s: self.going.day_s };
        for mut seen in seen {
            // A gate whose clock runs ahead does not make a key's last use lie in the future.
            seen.at = seen.at.min(now);
            let Some(record) = self.held.get_mut(seen.key.as_str()) else { continue };
            if record.note(&seen, habits) {
                self.changed.insert(seen.key.to_string());
            }
        }
    }

    /// Writes what changed, if it is time to.
    fn write(&mut self, at_once: bool) -> Result<(), KeepError> {
        let now = crate::clock::now();
        let (written, at) = self.written;
        let wait = if self.changed.is_empty() { PLACE_EVERY_US } else { WRITE_EVERY_US };
        let nothing = self.changed.is_empty() && written == self.next && !self.anew;
        if nothing || (!at_once && now.micros_since(at).abs() < wait) {
            return Ok(());
        }
        let (networks, data) = (&self.going.networks, &self.shared.data.0);
        let look = |address: IpAddr| {
            networks.look_up(address).or_else(|| {
                let network = data.look_up(address)?;
                Some((networks::named(network.org.as_deref(), network.asn)?, network.country))
            })
        };
        let changed = &self.changed;
        let rows = self.held.iter_mut().filter(|(key, _)| changed.contains(*key)).map(|(key, record)| {
            record.name_networks(look);
            (key, record)
        });
        let body = serde_json::to_string(&self.going).unwrap_or_default();
        let place = ActivityPlace { next: self.next, body };
        let kept = self.shared.govern.keep_activity(rows, &place, self.anew);
        self.shared.runtime.block_on(kept).map_err(KeepError::Refused)?;
        self.changed.clear();
        if self.held.len() > HELD_MAX {
            self.held.clear();
        }
        (self.written, self.anew) = ((self.next, now), false);
        Ok(())
    }
}

/// What counts as a day under a policy, seconds.
async fn day_of(shared: &Shared, policy: &str) -> u32 {
    match policy::read(shared, policy).await {
        Ok(setup) => u32::try_from(setup.policy.ladder.day_s).unwrap_or(Habits::DAY_S).max(1),
        Err(cause) => {
            warn!("A day counts as a day: {cause}");
            Habits::DAY_S
        }
    }
}

/// A line as it is known again; what is none has no digest.
fn digest(line: &[u8]) -> String {
    if line.is_empty() { String::new() } else { snapshot::of_line(line) }
}

/// Whether the line before this offset is the one that was read there, as far as it is still kept.
fn same_log(shared: &Shared, next: u64, going: &Going) -> bool {
    let (first, durable) = (shared.events.first().get(), shared.events.durable().get());
    if next > durable {
        return false;
    }
    let Some(last) = next.checked_sub(1).filter(|last| *last >= first) else { return true };
    let Ok(Some(found)) = shared.events.reader(Offset::new(last)).poll() else { return false };
    record::decode(&found).map_or_else(String::new, |event| digest(event.line)) == going.last
}
