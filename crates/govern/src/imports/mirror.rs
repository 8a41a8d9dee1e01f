//! What a source tells of its keys, kept in step: a snapshot of all, then changes in their order.
//!
//! A snapshot counts only when it was whole: its sender says at the end how many keys there were. A key that did not stand in it is *gone
//! there*; that alone ends nothing, because an export that was cut off must not end keys. Changes are numbered without a gap, so that
//! none is missed unseen. What is acknowledged is durable.

use super::{IMPORTERS, Taken, Taking, Told};
use crate::actor::Actor;
use crate::govern::{Govern, store_refusal};
use crate::refusal::{Refusal, RefusalKind};
use crate::staff::require;
use sumun_model::wire::Line;
use sumun_store::{MirrorBatch, MirrorSource};

/// What a snapshot's last line says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnapshotEnd {
    /// How many keys there were.
    pub keys: u64,
    /// The number of the last change that is in it.
    pub seq: u64,
}

/// Why a stream of lines is no whole snapshot.
#[must_use]
pub fn unended(what: &str) -> Refusal {
    Refusal::new(
        RefusalKind::Invalid,
        "snapshot_incomplete",
        format!("this is no whole snapshot: {what}"),
        "send all keys again, and last `{\"type\":\"end\",\"keys\":N,\"seq\":S}`; what came is kept, and no key counts as gone",
    )
}

/// What became of a part of a source's changes.
#[derive(Clone, Debug, Default)]
pub struct ChangesTaken {
    /// Number of the last change held.
    pub held: u64,
    /// Lines that were held already.
    pub skipped: u64,
    /// What became of the others.
    pub taken: Taken,
    /// What stands where the next number should; nothing behind it was taken.
    pub gap: Option<Gap>,
}

/// A line that is not the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Which line, from 1.
    pub line: u64,
    /// Its number, if it has one.
    pub found: Option<u64>,
}

/// Lines that go on behind what is held.
#[derive(Debug, Default)]
struct Following {
    fresh: Vec<Told>,
    /// The number of the last of them.
    held: u64,
    skipped: u64,
    gap: Option<Gap>,
}

/// Of a part of numbered changes those that go on behind this number without a gap.
fn following(held: u64, told: Vec<Told>) -> Following {
    let mut all = Following { held, ..Following::default() };
    for line in told {
        match seq(&line) {
            Some(seq) if seq <= all.held => all.skipped += 1,
            Some(seq) if seq == all.held + 1 => {
                all.held = seq;
                all.fresh.push(line);
            }
            found => {
                all.gap = Some(Gap { line: line.number, found });
                break;
            }
        }
    }
    all
}

fn seq(told: &Told) -> Option<u64> {
    match &told.line {
        Line::Key(line) => line.seq,
        Line::Account(line) => line.seq,
        Line::Vendor(line) => line.seq,
        _ => None,
    }
}

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

    /// Ends a snapshot of which so many keys came, each counted once: one that comes twice must not stand for one that is missing. It was
    /// whole if its last line says the same.
    ///
    /// # Errors
    /// `snapshot_incomplete` if it was not, `snapshot_superseded` if another was begun meanwhile, the store's.
    pub async fn snapshot_ends(
        &self,
        taking: &Taking,
        end: Option<SnapshotEnd>,
        named: u64,
    ) -> Result<SnapshotEnded, Refusal> {
        let end = end.ok_or_else(|| unended("the line that ends it is missing"))?;
        if end.keys != named {
            return Err(unended(&format!("its end says {} keys, and {named} came", end.keys)));
        }
        let round = taking.round.unwrap_or_default();
        let ended = self.store.mirror_finish(&taking.source, round, end.seq, self.world.now()).await;
        let gone = ended.map_err(store_refusal)?.ok_or_else(|| superseded(&taking.source))?;
        let seq = self.source(&taking.source).await?.map_or(end.seq, |source| source.seq);
        Ok(SnapshotEnded { round, gone, seq })
    }

    /// Begins to take a source's changes, which go on behind what is held.
    ///
    /// # Errors
    /// As [`Govern::changes_held`].
    pub async fn changes_begin(&self, actor: &Actor, source: &str) -> Result<(Taking, u64), Refusal> {
        let held = self.changes_held(actor, source).await?;
        Ok((Taking::of(source, self.venue().authority.ends_max.get()), held))
    }

    /// Takes a part of a source's changes, as far as they go on behind what is held: what another sender handed in meanwhile is held.
    /// What stands before a gap is durable.
    ///
    /// # Errors
    /// As [`Govern::take_lines`] and [`Govern::changes_held`]; then the same part may be sent again.
    pub async fn take_changes(
        &self,
        actor: &Actor,
        taking: &Taking,
        told: Vec<Told>,
    ) -> Result<ChangesTaken, Refusal> {
        // One part at a time: numbers that two senders take at once would look like gaps.
        let _turn = self.mirroring.lock().await;
        let held = self.changes_held(actor, &taking.source).await?;
        let Following { fresh, held: next, skipped, gap } = following(held, told);
        let taken = match fresh.is_empty() {
            true => Taken::default(),
            false => {
                let taken = self.take_lines(actor, taking, &fresh).await?;
                self.changes_taken(&taking.source, next).await?;
                taken
            }
        };
        Ok(ChangesTaken { held: next, skipped, taken, gap })
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
    async fn changes_taken(&self, source: &str, seq: u64) -> Result<(), Refusal> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::read;

    #[test]
    fn changes_go_on_behind_what_is_held_without_a_gap() {
        let said = |held: u64, numbers: &[&str]| {
            let told = (1..).zip(numbers).map(|(line, seq)| {
                let text = format!(
                    r#"{{"type":"key","ts":"2026-11-02T00:00:00Z","key":"X{line}","state":"active"{seq}}}"#
                );
                read("test", line, text.as_bytes()).unwrap()
            });
            let all = following(held, told.collect());
            let fresh: Vec<u64> = all.fresh.iter().map(|line| line.number).collect();
            format!("lines {fresh:?}, held {}, skipped {}, gap {:?}", all.held, all.skipped, all.gap)
        };
        let of = |number: u64| format!(r#","seq":{number}"#);
        let (four, five, six, eight) = (of(4), of(5), of(6), of(8));
        assert_eq!(said(4, &[&four, &five, &six]), "lines [2, 3], held 6, skipped 1, gap None");
        let gap = "lines [1], held 5, skipped 0, gap Some(Gap { line: 2, found: Some(8) })";
        assert_eq!(said(4, &[&five, &eight, &six]), gap);
        assert_eq!(said(4, &[""]), "lines [], held 4, skipped 0, gap Some(Gap { line: 1, found: None })");
        assert_eq!(said(6, &[&five, &five]), "lines [], held 6, skipped 2, gap None");
    }
}
