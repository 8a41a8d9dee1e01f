//! Stopping in mid-stream and going on as if nothing had been: all of the engine and its judge in one file.
//!
//! A snapshot is void if anything it depends on differs: its form, parameters, weights, and whatever else the caller named. Then the
//! log is replayed from its beginning; nothing is lost but time.

use super::fusion::{Fusion, SavedFusion};
use super::global::{Global, SavedGlobal};
use super::link_stage::LinkStage;
use super::partition::{PARTITIONS, Partition};
use super::population::Tally;
use super::repeats::Repeats;
use super::router::Home;
use super::slot::{AccountSlot, KeySlot, NO_WAKE};
use super::{Counts, Engine, Measures, Params};
use crate::mark::SEED;
use crate::seen::Population;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use sumun_model::{AccountId, DelegationId, KeyId, Measure, Timestamp, Weights};

/// First bytes of a snapshot; the last is the version of its form.
const MAGIC: &[u8; 8] = b"sumunde\x01";
const DIGEST: usize = 32;

/// A snapshot that cannot be taken up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Not a snapshot of this form.
    #[error(
        "not a snapshot of detection, or one of another version of Sumun; replay the log from its beginning"
    )]
    Foreign,
    /// Bytes were changed or lost.
    #[error("the snapshot is damaged; replay the log from its beginning")]
    Damaged,
    /// Made under other parameters, weights, policy or data files.
    #[error(
        "the snapshot was made under another policy, other parameters or other data files; use those, or replay the log from its beginning"
    )]
    Other,
    /// The judge does not take its part.
    #[error("the snapshot's standings cannot be read: {0}")]
    Judge(String),
    /// It could not be written.
    #[error("the state cannot be written as a snapshot: {0}")]
    Unwritable(String),
}

/// What a snapshot depends on.
pub(super) fn digest(params: &Params, weights: &Weights, measures: Measures, also: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(env!("CARGO_PKG_VERSION").as_bytes());
    hash.update(SEED.0.to_be_bytes());
    hash.update(SEED.1.to_be_bytes());
    hash.update([u8::from(measures == Measures::Recorded)]);
    hash.update(params.digest(weights));
    hash.update(also);
    hash.finalize().into()
}

#[derive(Serialize, Deserialize)]
struct Saved {
    position: Option<u64>,
    now: Option<Timestamp>,
    judged_to: i64,
    feedback: BTreeMap<KeyId, Option<Measure>>,
    counts: Counts,
    homes: Vec<(KeyId, Home)>,
    delegations: Vec<(DelegationId, (Timestamp, Option<AccountId>))>,
    global: SavedGlobal,
    population: Population,
    partitions: Vec<SavedPartition>,
    links: LinkStage,
    judge: Vec<u8>,
}

/// What came to be kept after the form was fixed. It stands behind [`Saved`]; where a snapshot ends before it, it is nothing.
#[derive(Default, Serialize, Deserialize)]
struct Later {
    crowded: u64,
}

#[derive(Serialize, Deserialize)]
struct SavedPartition {
    accounts: Vec<AccountSlot>,
    keys: Vec<KeySlot>,
    repeats: Vec<(Timestamp, u64)>,
    tally: Tally,
    fusion: SavedFusion,
    counts: Counts,
}

#[derive(Serialize)]
struct SavingPartition<'a> {
    accounts: Vec<&'a AccountSlot>,
    keys: Vec<&'a KeySlot>,
    repeats: Vec<(Timestamp, u64)>,
    tally: &'a Tally,
    fusion: SavedFusion,
    counts: Counts,
}

#[derive(Serialize)]
struct Saving<'a> {
    position: Option<u64>,
    now: Option<Timestamp>,
    judged_to: i64,
    feedback: &'a BTreeMap<KeyId, Option<Measure>>,
    counts: Counts,
    homes: Vec<(&'a KeyId, &'a Home)>,
    delegations: Vec<(&'a DelegationId, &'a (Timestamp, Option<AccountId>))>,
    global: SavedGlobal,
    population: &'a Population,
    partitions: Vec<SavingPartition<'a>>,
    links: &'a LinkStage,
    judge: Vec<u8>,
}

fn saving(partition: &Partition) -> SavingPartition<'_> {
    let accounts: BTreeMap<_, _> = partition.accounts.iter().collect();
    let keys: BTreeMap<_, _> = partition.keys.iter().collect();
    SavingPartition {
        accounts: accounts.into_values().collect(),
        keys: keys.into_values().map(|slot| &**slot).collect(),
        repeats: partition.repeats.save(),
        tally: &partition.tally,
        fusion: partition.fusion.save(),
        counts: partition.counts,
    }
}

fn restored(number: u16, saved: SavedPartition) -> Partition {
    let mut partition = Partition::new(number);
    partition.accounts = saved.accounts.into_iter().map(|slot| (slot.view.account.clone(), slot)).collect();
    for slot in saved.keys {
        let key = slot.view.key.clone();
        for (which, second) in slot.wakes.iter().enumerate() {
            if *second != NO_WAKE {
                partition.wakes.insert((*second, key.clone(), which));
            }
        }
        partition.keys.insert(key, Box::new(slot));
    }
    partition.repeats = Repeats::restore(saved.repeats);
    partition.tally = saved.tally;
    partition.fusion = Fusion::restore(saved.fusion);
    partition.counts = saved.counts;
    partition
}

impl Engine {
    /// Goes on with other parameters and weights from the next line: a policy that comes into force while detection runs. What was
    /// seen so far was seen with the old ones; `also` as in [`Engine::new`].
    pub fn adopt(&mut self, params: Params, weights: Weights, also: &[u8]) {
        self.digest = digest(&params, &weights, self.options.measures, also);
        (self.params, self.weights) = (params, weights);
    }

    /// Everything remembered, the judge's part too. Equal states give equal bytes.
    ///
    /// # Errors
    /// A detector's state has no form for a snapshot.
    pub fn save(&self) -> Result<Vec<u8>, SnapshotError> {
        let homes: BTreeMap<_, _> = self.router.homes.iter().collect();
        let delegations: BTreeMap<_, _> = self.router.delegations.iter().collect();
        let saving = Saving {
            position: self.position,
            now: self.now,
            judged_to: self.judged_to,
            feedback: &self.feedback,
            counts: self.counts,
            homes: homes.into_iter().collect(),
            delegations: delegations.into_iter().collect(),
            global: self.global.save(),
            population: &self.population,
            partitions: self.partitions.iter().map(saving).collect(),
            links: &self.links,
            judge: self.judge.save(),
        };
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.digest);
        let later = Later { crowded: self.counts.crowded };
        let mut bytes = postcard::to_extend(&saving, bytes)
            .and_then(|bytes| postcard::to_extend(&later, bytes))
            .map_err(|error| SnapshotError::Unwritable(error.to_string()))?;
        let sum: [u8; DIGEST] = Sha256::digest(&bytes).into();
        bytes.extend_from_slice(&sum);
        Ok(bytes)
    }

    /// Takes up what [`Engine::save`] gave, in place of what was seen so far. The next line is the one behind
    /// [`Engine::position`].
    ///
    /// # Errors
    /// The bytes are no snapshot, damaged, or made under other parameters; this engine then has seen what it had seen before, but for
    /// its judge.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(SnapshotError::Foreign)?;
        let (digest, _) = rest.split_at_checked(DIGEST).ok_or(SnapshotError::Damaged)?;
        let (summed, sum) = bytes
            .len()
            .checked_sub(DIGEST)
            .and_then(|at| bytes.split_at_checked(at))
            .ok_or(SnapshotError::Damaged)?;
        let is: [u8; DIGEST] = Sha256::digest(summed).into();
        if is != *sum {
            return Err(SnapshotError::Damaged);
        }
        if digest != self.digest {
            return Err(SnapshotError::Other);
        }
        let body = summed.get(MAGIC.len() + DIGEST..).ok_or(SnapshotError::Damaged)?;
        let (saved, rest): (Saved, _) =
            postcard::take_from_bytes(body).map_err(|_| SnapshotError::Damaged)?;
        let later = match rest {
            [] => Later::default(),
            rest => postcard::from_bytes(rest).map_err(|_| SnapshotError::Damaged)?,
        };
        if saved.partitions.len() != usize::from(PARTITIONS) {
            return Err(SnapshotError::Damaged);
        }
        self.judge.restore(&saved.judge).map_err(SnapshotError::Judge)?;
        self.partitions =
            (0..PARTITIONS).zip(saved.partitions).map(|(n, saved)| restored(n, saved)).collect();
        self.due = self.partitions.iter().map(Partition::next_wake).collect();
        self.links = saved.links;
        self.router.homes = saved.homes.into_iter().collect();
        self.router.delegations = saved.delegations.into_iter().collect();
        self.global = Global::restore(saved.global);
        self.population = saved.population;
        self.lookups.iter_mut().for_each(super::lookups::Lookups::forget_places);
        self.now = saved.now;
        self.position = saved.position;
        self.judged_to = saved.judged_to;
        self.feedback = saved.feedback;
        self.counts = Counts { crowded: later.crowded, ..saved.counts };
        Ok(())
    }
}
