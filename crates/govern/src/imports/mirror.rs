//! What a source tells of its keys, kept in step: a snapshot of all, then changes in their order.
//!
//! A snapshot counts only when it was whole: its sender says at the end how many keys there were. A key that did not stand in it is *gone
//! there*; that alone ends nothing, because an export that was cut off must not end keys. Changes are numbered without a gap, so that
//! none is missed unseen. What is acknowledged is durable.

use super::{IMPORTERS, Taking};
use crate::actor::Actor;
use crate::govern::{Govern, store_refusal};
use crate::refusal::{Refusal, RefusalKind};
use crate::staff::require;
use sumun_store::{MirrorBatch, MirrorSource};

/// How a snapshot ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnapshotEnded {
    /// Its number.
    pub round: u64,
    /// Keys gone there since.
    pub gone: u64,
    /// Changes go on behind this number.
    pub seq: u64,
}

impl Govern {
    /// Everybody who tells of keys, by name.
    ///
    /// # Errors
    /// The store's.
    pub async fn mirrors(&self) -> Result<Vec<MirrorSource>, Refusal> {
        self.store.mirror_sources().await.map_err(store_refusal)
    }

    /// Begins a snapshot; lines are then taken as of its number, and [`Govern::snapshot_ends`] ends it.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn snapshot_begins(&self, actor: &Actor, source: &str) -> Result<Taking, Refusal> {
        require(actor, IMPORTERS)?;
        let round = self.store.mirror_begin(source, self.world.now()).await.map_err(store_refusal)?;
        Ok(Taking::of(source, self.venue().authority.ends_max.get()).of_round(round))
    }

    /// Ends a snapshot that was whole: of so many keys, as it was at that change.
    ///
    /// # Errors
    /// `snapshot_superseded` if another was begun meanwhile, the store's.
    pub async fn snapshot_ends(&self, taking: &Taking, seq: u64) -> Result<SnapshotEnded, Refusal> {
        let round = taking.round.unwrap_or_default();
        let ended = self.store.mirror_finish(&taking.source, round, seq, self.world.now()).await;
        let gone = ended.map_err(store_refusal)?.ok_or_else(|| superseded(&taking.source))?;
        let seq = self.source(&taking.source).await?.map_or(seq, |source| source.seq);
        Ok(SnapshotEnded { round, gone, seq })
    }

    /// Where a source's changes stand: the number of the last one taken.
    ///
    /// # Errors
    /// `forbidden`, `snapshot_needed` before any snapshot was whole, the store's.
    pub async fn changes_held(&self, actor: &Actor, source: &str) -> Result<u64, Refusal> {
        require(actor, IMPORTERS)?;
        match self.source(source).await? {
            Some(known) if known.round > 0 => Ok(known.seq),
            _ => Err(Refusal::new(
                RefusalKind::Conflict,
                "snapshot_needed",
                format!("no whole snapshot of `{source}` has come: nobody knows what its changes change"),
                "send a snapshot first, with the number of the last change that is in it",
            )),
        }
    }

    /// Notes that changes up to this number were taken.
    ///
    /// # Errors
    /// The store's.
    pub async fn changes_taken(&self, source: &str, seq: u64) -> Result<(), Refusal> {
        let batch = MirrorBatch {
            source: source.to_owned(),
            round: None,
            seq: Some(seq),
            keys: Vec::new(),
            now: self.world.now(),
        };
        self.store.mirror_keep(batch).await.map_err(store_refusal).map(|_| ())
    }

    pub(super) async fn source(&self, name: &str) -> Result<Option<MirrorSource>, Refusal> {
        Ok(self.mirrors().await?.into_iter().find(|source| source.source == name))
    }
}

/// Another snapshot of the source was begun: what is left of this one is taken no more.
pub(super) fn superseded(source: &str) -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "snapshot_superseded",
        format!("another snapshot of `{source}` was begun meanwhile: this one counts for nothing"),
        "let one sender send one snapshot at a time; end the other one, then send all keys again",
    )
}
