//! The gate's side of the feed, without IO: which lines are taken, in what order, and what is acknowledged.
//!
//! Lines go into [`Follower::line`]; it says what to apply. Once that is in the table, on the disk and in force the
//! caller says so ([`Follower::settled`]); [`Follower::due`] tells what to acknowledge, [`Follower::acknowledged`] takes it off.
//! After an error, or when a connection ends, [`Follower::disconnected`] and a new connection with `from` =
//! [`Follower::from`] and [`Follower::mark`].
//!
//! Held to: what is handed out for applying is one version after the other, or a snapshot of a version no lower than
//! held, in one record: what a version is ([`Mark`]) goes with its number. A lower one, or another one of the same number, shows that the storage behind govern was rolled back: refused, reported, nothing is taken back.

use crate::frame::{Frame, FrameError};
use crate::key::PublicKey;
use crate::mark::Mark;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sumun_model::{KeyId, Timestamp};

/// Records and ids announced by one snapshot that are believed: ten times the largest venue thought of.
const SNAPSHOT_RECORDS_MAX: u64 = 100_000_000;

/// All keys as they stand at a version.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Which version.
    pub version: u64,
    /// What it is; none for version 0.
    pub mark: Option<Mark>,
    /// As of when, by govern's clock.
    pub at: Timestamp,
    /// Keys.
    pub records: Vec<Value>,
    /// Further ids that have ended.
    pub dead: Vec<KeyId>,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Delta {
    /// The version it makes.
    pub version: u64,
    /// What it is: its ledger entry, and the ledger up to it.
    pub mark: Mark,
    /// When it was sequenced, by govern's clock.
    pub at: Timestamp,
    /// Keys changed, whole.
    pub records: Vec<Value>,
}

/// What a line asks of the gate.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Nothing yet.
    Wait,
    /// Make the table this.
    Replace(Snapshot),
    /// Change these keys.
    Change(Delta),
    /// The table is as of this instant, by govern's clock; nothing has changed.
    Heard(Timestamp),
}

/// A line that is not taken. The connection is to be given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FollowError {
    /// Not a frame, or not signed as it should be.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A version lower than held.
    #[error(
        "the feed is at version {found} and this gate holds {held}: the storage behind govern was rolled back, or an old \
         connection is being played again; nothing was taken back. Compare the ledger with an older checkpoint \
         (`sumun ledger verify --since`)"
    )]
    Backwards {
        /// What this gate holds.
        held: u64,
        /// What the feed says.
        found: u64,
    },
    /// Another version of the same number.
    #[error(
        "version {version} of the feed is another one than this gate holds under that number: the storage behind govern was \
         rolled back and has grown again, or forked; nothing was taken. Compare the ledger with an older checkpoint \
         (`sumun ledger verify --since`)"
    )]
    Forked {
        /// The version.
        version: u64,
    },
    /// A version was left out.
    #[error("the feed went on to version {found} and this gate holds {held}; what is between was not sent")]
    Gap {
        /// What this gate holds.
        held: u64,
        /// What the feed says.
        found: u64,
    },
    /// A record that names no key: there is no way to obey it.
    #[error("version {version} holds a record that names no key")]
    Record {
        /// Which version.
        version: u64,
    },
    /// A frame where it has no place.
    #[error("the feed sent {found} where it has no place: {expected} was expected")]
    Unexpected {
        /// What came.
        found: &'static str,
        /// What should have.
        expected: &'static str,
    },
    /// A snapshot that is not what it said it would be.
    #[error("the snapshot of version {version} is not what was announced: {what}")]
    Snapshot {
        /// Its version.
        version: u64,
        /// What is wrong.
        what: &'static str,
    },
}

/// A snapshot while it comes in.
#[derive(Debug)]
struct Gathering {
    snapshot: Snapshot,
    keys: u64,
    dead: u64,
    digest: Sha256,
}

/// The gate's side of the feed.
#[derive(Debug)]
pub struct Follower {
    key: PublicKey,
    held: Option<u64>,
    /// What the version held is; none for version 0, and where a table was kept before there were marks.
    mark: Option<Mark>,
    heard: Option<Timestamp>,
    gathering: Option<Gathering>,
    settled: u64,
    settled_mark: Option<Mark>,
    acknowledged: u64,
}

impl Follower {
    /// One that holds what is on the gate's disk: a version and what it is, or nothing; and the last version acknowledged,
    /// 0 if none.
    #[must_use]
    pub fn new(key: PublicKey, held: Option<(u64, Option<Mark>)>, acknowledged: u64) -> Self {
        let (settled, mark) = held.unwrap_or_default();
        let (held, acknowledged) = (held.map(|(version, _)| version), acknowledged.min(settled));
        Self { key, held, mark, heard: None, gathering: None, settled, settled_mark: mark, acknowledged }
    }

    /// The version held: what the caller was last told to apply.
    #[must_use]
    pub const fn held(&self) -> Option<u64> {
        self.held
    }

    /// What to ask the feed for: the version held, 0 if none, or if it is not known what it is.
    #[must_use]
    pub fn from(&self) -> u64 {
        self.mark.and(self.held).unwrap_or(0)
    }

    /// What the version asked for is.
    #[must_use]
    pub const fn mark(&self) -> Option<Mark> {
        self.mark
    }

    /// The connection is gone: half a snapshot is nothing.
    pub fn disconnected(&mut self) {
        self.gathering = None;
    }

    /// Takes a line.
    ///
    /// # Errors
    /// It is not to be believed or not in order; nothing of it was taken.
    pub fn line(&mut self, line: &str) -> Result<Step, FollowError> {
        let (frame, payload) = Frame::verify_with_payload(line, &self.key)?;
        match frame {
            Frame::SnapshotBegin { version, at, keys, dead } => self.begin(version, at, keys, dead),
            Frame::SnapshotPart { version, records, dead } => self.part(version, records, dead, &payload),
            Frame::SnapshotEnd { version, digest, mark } => self.end(version, &digest, mark),
            Frame::Delta { version, mark, at, records } => self.delta(Delta { version, mark, at, records }),
            Frame::Heartbeat { version, mark, at } => self.heartbeat(version, mark, at),
        }
    }

    fn outside_snapshot(&self, found: &'static str) -> Result<(), FollowError> {
        match self.gathering {
            Some(_) => Err(FollowError::Unexpected { found, expected: "the rest of a snapshot" }),
            None => Ok(()),
        }
    }

    fn begin(&mut self, version: u64, at: Timestamp, keys: u64, dead: u64) -> Result<Step, FollowError> {
        self.outside_snapshot("a snapshot")?;
        if let Some(held) = self.held.filter(|held| version < *held) {
            return Err(FollowError::Backwards { held, found: version });
        }
        if keys.saturating_add(dead) > SNAPSHOT_RECORDS_MAX {
            return Err(FollowError::Snapshot { version, what: "it announces more keys than any venue has" });
        }
        let snapshot = Snapshot { version, mark: None, at, records: Vec::new(), dead: Vec::new() };
        self.gathering = Some(Gathering { snapshot, keys, dead, digest: Sha256::new() });
        Ok(Step::Wait)
    }

    fn part(
        &mut self,
        version: u64,
        mut records: Vec<Value>,
        mut dead: Vec<KeyId>,
        payload: &[u8],
    ) -> Result<Step, FollowError> {
        let expected = "a delta, a heartbeat or the beginning of a snapshot";
        let Some(gathering) = &mut self.gathering else {
            return Err(FollowError::Unexpected { found: "a part of a snapshot", expected });
        };
        let snapshot = &mut gathering.snapshot;
        if version != snapshot.version {
            return Err(FollowError::Snapshot { version, what: "a part is of another version" });
        }
        if !all_name_keys(&records) {
            return Err(FollowError::Record { version });
        }
        snapshot.records.append(&mut records);
        snapshot.dead.append(&mut dead);
        if snapshot.records.len() as u64 > gathering.keys || snapshot.dead.len() as u64 > gathering.dead {
            return Err(FollowError::Snapshot { version, what: "it holds more keys" });
        }
        gathering.digest.update(payload);
        Ok(Step::Wait)
    }

    fn end(&mut self, version: u64, digest: &str, mark: Option<Mark>) -> Result<Step, FollowError> {
        let expected = "a delta, a heartbeat or the beginning of a snapshot";
        let Some(gathering) = self.gathering.take() else {
            return Err(FollowError::Unexpected { found: "the end of a snapshot", expected });
        };
        let Gathering { mut snapshot, keys, dead, digest: computed } = gathering;
        if version != snapshot.version {
            return Err(FollowError::Snapshot { version, what: "its end is of another version" });
        }
        if (snapshot.records.len() as u64, snapshot.dead.len() as u64) != (keys, dead) {
            return Err(FollowError::Snapshot { version, what: "it holds fewer keys" });
        }
        if hex::encode(computed.finalize()) != digest {
            return Err(FollowError::Snapshot { version, what: "its parts are not those that were sent" });
        }
        if mark.is_none() != (version == 0) {
            return Err(FollowError::Snapshot { version, what: "it does not say what the version is" });
        }
        if let (Some(held), Some(found)) = (self.mark, mark) {
            let same = self.held == Some(version);
            if (same && held != found) || (!same && found.entry <= held.entry) {
                return Err(FollowError::Forked { version });
            }
        }
        snapshot.mark = mark;
        (self.held, self.mark) = (Some(version), mark);
        self.heard = self.heard.max(Some(snapshot.at));
        Ok(Step::Replace(snapshot))
    }

    fn delta(&mut self, delta: Delta) -> Result<Step, FollowError> {
        self.outside_snapshot("a delta")?;
        let expected = "the beginning of a snapshot";
        let Some(held) = self.held else {
            return Err(FollowError::Unexpected { found: "a delta", expected });
        };
        let found = delta.version;
        if found <= held {
            return Err(FollowError::Backwards { held, found });
        }
        if found != held + 1 {
            return Err(FollowError::Gap { held, found });
        }
        if !all_name_keys(&delta.records) {
            return Err(FollowError::Record { version: found });
        }
        if self.mark.is_some_and(|mark| delta.mark.entry <= mark.entry) {
            return Err(FollowError::Forked { version: found });
        }
        (self.held, self.mark) = (Some(found), Some(delta.mark));
        self.heard = self.heard.max(Some(delta.at));
        Ok(Step::Change(delta))
    }

    fn heartbeat(&mut self, version: u64, mark: Option<Mark>, at: Timestamp) -> Result<Step, FollowError> {
        self.outside_snapshot("a heartbeat")?;
        let Some(held) = self.held else {
            return Err(FollowError::Unexpected {
                found: "heartbeat",
                expected: "the beginning of a snapshot",
            });
        };
        if version < held {
            return Err(FollowError::Backwards { held, found: version });
        }
        if version > held {
            return Err(FollowError::Gap { held, found: version });
        }
        if mark != self.mark {
            return Err(FollowError::Forked { version });
        }
        // One that is played again makes nothing younger.
        if self.heard.is_some_and(|heard| at <= heard) {
            return Ok(Step::Wait);
        }
        self.heard = Some(at);
        Ok(Step::Heard(at))
    }

    /// This version, which is that, and all before it are in the table, on the disk and in force.
    pub fn settled(&mut self, version: u64, mark: Option<Mark>) {
        if version >= self.settled && self.held.is_some_and(|held| version <= held) {
            (self.settled, self.settled_mark) = (version, mark);
        }
    }

    /// The last version that govern has the acknowledgement of; 0 if none.
    #[must_use]
    pub const fn last_acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// The versions to acknowledge, first and last, and what the last one is, if there are any.
    #[must_use]
    pub fn due(&self) -> Option<(u64, u64, Mark)> {
        let mark = self.settled_mark.filter(|_| self.settled > self.acknowledged)?;
        Some((self.acknowledged + 1, self.settled, mark))
    }

    /// Govern does not know what was acknowledged before: all that is settled is acknowledged again, from the first
    /// version.
    pub fn acknowledge_anew(&mut self) {
        self.acknowledged = 0;
    }

    /// Govern has the acknowledgement of all up to this version.
    pub fn acknowledged(&mut self, version: u64) {
        self.acknowledged = self.acknowledged.max(version.min(self.settled));
    }
}

fn all_name_keys(records: &[Value]) -> bool {
    let key =
        |record: &Value| record.get("key").and_then(Value::as_str).is_some_and(|key| KeyId::new(key).is_ok());
    records.iter().all(key)
}
