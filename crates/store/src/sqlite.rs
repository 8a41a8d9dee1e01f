//! Writing on SQLite: one task takes what is queued, judges, writes and sequences it in one transaction, then answers.

use crate::change::Committed;
use crate::db::Writer;
use crate::error::{StoreError, database};
use crate::inner::{Answer, Inner};
use crate::judge::{self, World};
use crate::prepare::Prepared;
use crate::sequence::{self, Placed, Sequenced, Tail, When};
use sqlx::Connection;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Changes in one transaction at most. A batch takes whoever waits, so that it is large only where many do; each then
/// waits for one commit instead of several.
const BATCH_MAX: usize = 2048;
/// Bytes of payloads in one transaction at most, one change apart: what is queued may be much longer.
const BATCH_BYTES_MAX: usize = 4 << 20;
/// Changes that may wait; beyond, callers wait to be let in.
const QUEUE_MAX: usize = 4096;

/// A change and who waits for it.
#[derive(Debug)]
pub(crate) struct Job {
    prepared: Prepared,
    answer: oneshot::Sender<Answer>,
}

/// Where changes wait for the writer.
#[derive(Debug)]
pub(crate) struct Queue(mpsc::Sender<Job>);

pub(crate) fn queue() -> (Queue, mpsc::Receiver<Job>) {
    let (sender, receiver) = mpsc::channel(QUEUE_MAX);
    (Queue(sender), receiver)
}

impl Queue {
    pub(crate) async fn execute(&self, inner: &Inner, prepared: Prepared) -> Answer {
        let (answer, answered) = oneshot::channel();
        let refused = |in_doubt| {
            let cause = inner.stopped().unwrap_or_else(|| "its writer has ended".into());
            StoreError::Unavailable { cause, in_doubt }
        };
        self.0.send(Job { prepared, answer }).await.map_err(|_| refused(false))?;
        answered.await.map_err(|_| refused(true))?
    }
}

/// What became of a batch.
enum Batch {
    /// Committed, or nothing to commit.
    Done(Option<Tail>, Vec<Result<Placed, StoreError>>),
    /// A crash test stopped it.
    Stopped,
}

/// The writer. Ends when told to, after what is queued.
pub(crate) async fn run(inner: &Inner, mut tail: Tail, mut jobs: mpsc::Receiver<Job>) {
    let mut ending = inner.ending.subscribe();
    let mut taken = VecDeque::new();
    loop {
        if taken.is_empty() {
            let mut jobs_taken = Vec::new();
            tokio::select! {
                biased;
                count = jobs.recv_many(&mut jobs_taken, BATCH_MAX) => if count == 0 { return },
                _ = ending.wait_for(|ending| *ending) => {
                    // Whoever is queued is answered; nobody is let in any more.
                    jobs.close();
                    if jobs.is_empty() { return }
                    continue;
                }
            }
            taken = VecDeque::from(jobs_taken);
        }
        let (changes, answers): (Vec<_>, Vec<_>) =
            batch(&mut taken).into_iter().map(|job| (job.prepared, job.answer)).unzip();
        let Some(outcomes) = commit(inner, &mut tail, &changes).await else { return };
        if inner.stops_at("sqlite: before the answer") {
            return;
        }
        // First the head, so that whoever is answered finds his entry under it.
        inner.announce(tail.head.clone());
        for (outcome, answer) in outcomes.into_iter().zip(answers) {
            let checkpoint = &tail.head.checkpoint;
            // A caller who left does not want to know.
            let _ = answer.send(outcome.map(|placed| Committed {
                entry: placed.entry,
                feed_version: placed.feed_version,
                sequenced: placed.at,
                checkpoint: Arc::clone(checkpoint),
            }));
        }
    }
}

/// As many of those taken as make a batch, first come, first served; at least one.
fn batch(taken: &mut VecDeque<Job>) -> Vec<Job> {
    let mut bytes = 0_usize;
    let more = taken.iter().take_while(|job| {
        let fits = bytes == 0 || bytes + job.prepared.item.payload.len() <= BATCH_BYTES_MAX;
        bytes += job.prepared.item.payload.len();
        fits
    });
    let count = more.count();
    taken.drain(..count).collect()
}

/// Commits a batch; if it fails as a whole, one by one, so that one bad change harms no other. `None` ends the writer.
async fn commit(
    inner: &Inner,
    tail: &mut Tail,
    changes: &[Prepared],
) -> Option<Vec<Result<Placed, StoreError>>> {
    match attempt(inner, tail, changes).await {
        Ok(Batch::Done(moved, outcomes)) => {
            if let Some(moved) = moved {
                *tail = moved;
            }
            return Some(outcomes);
        }
        Ok(Batch::Stopped) => return None,
        Err(error) if changes.len() == 1 => return Some(vec![Err(error)]),
        Err(error) => {
            tracing::warn!(store.error = %error, "A batch failed; its changes are tried one by one: {error}");
        }
    }
    let mut outcomes = Vec::with_capacity(changes.len());
    for change in changes {
        match attempt(inner, tail, std::slice::from_ref(change)).await {
            Ok(Batch::Done(moved, mut one)) => {
                if let Some(moved) = moved {
                    *tail = moved;
                }
                outcomes.append(&mut one);
            }
            Ok(Batch::Stopped) => return None,
            Err(error) => outcomes.push(Err(error)),
        }
    }
    Some(outcomes)
}

/// One transaction. An error means that nothing of it stands, which was looked up if it was in doubt.
async fn attempt(inner: &Inner, tail: &Tail, changes: &[Prepared]) -> Result<Batch, StoreError> {
    let refuse =
        |error: &dyn Fn() -> StoreError| Batch::Done(None, changes.iter().map(|_| Err(error())).collect());
    if let Some(cause) = inner.stopped() {
        return Ok(refuse(&|| StoreError::Unavailable { cause: cause.clone(), in_doubt: false }));
    }
    let mut writer = inner.db.writer().await?;
    let error = match in_transaction(inner, &mut writer, tail, changes).await {
        Ok(batch) => return Ok(batch),
        Err(error) => error,
    };
    let error = match inner.disk_checked(error) {
        StoreError::Unavailable { cause, in_doubt } => {
            return Ok(refuse(&|| StoreError::Unavailable { cause: cause.clone(), in_doubt }));
        }
        error => error,
    };
    // Whatever is wrong with the connection ends with it. Then look what stands.
    writer.discard();
    drop(writer);
    let stands = look(inner).await;
    match stands {
        Ok(size) if size == tail.head.size => Err(error),
        Ok(size) => {
            let cause: Arc<str> = format!(
                "a transaction whose commit failed ({error}) moved the ledger from {} to {size} entries; open the store anew",
                tail.head.size
            )
            .into();
            inner.stop(Arc::clone(&cause));
            Ok(refuse(&|| StoreError::Unavailable { cause: cause.clone(), in_doubt: true }))
        }
        Err(second) => {
            let cause: Arc<str> =
                format!("the database failed ({error}) and could not be asked what stands ({second})").into();
            inner.stop(Arc::clone(&cause));
            Ok(refuse(&|| StoreError::Unavailable { cause: cause.clone(), in_doubt: true }))
        }
    }
}

/// The size of the ledger as the database has it now.
async fn look(inner: &Inner) -> Result<u64, StoreError> {
    let mut writer = inner.db.writer().await?;
    let head = sequence::head(writer.connection()?, false).await?;
    Ok(head.map_or(0, |head| head.size))
}

/// Judges, writes, sequences, commits.
async fn in_transaction(
    inner: &Inner,
    writer: &mut Writer<'_>,
    tail: &Tail,
    changes: &[Prepared],
) -> Result<Batch, StoreError> {
    let options = inner.options()?;
    let connection = writer.connection()?;
    let begun = connection.begin_with("BEGIN IMMEDIATE").await;
    let mut transaction = begun.map_err(database("begin to write"))?;
    // Moved only by a rebuild in this process: nobody else opens the database.
    let stands = sequence::head(&mut transaction, false).await?;
    let reloaded = match stands {
        Some(head) if head != tail.head => {
            match sequence::tail(&mut transaction, head, &options.signer, Some(&tail.head)).await {
                Err(error @ StoreError::Damaged { .. }) => {
                    // Somebody who lacks the key moved the ledger: nothing is signed on top of that.
                    let cause: Arc<str> = error.to_string().into();
                    inner.stop(Arc::clone(&cause));
                    let refused = || StoreError::Unavailable { cause: Arc::clone(&cause), in_doubt: false };
                    return Ok(Batch::Done(None, changes.iter().map(|_| Err(refused())).collect()));
                }
                reloaded => Some(reloaded?),
            }
        }
        _ => None,
    };
    let tail = reloaded.as_ref().unwrap_or(tail);
    let mut world = World::load(&mut transaction, changes).await?;
    let mut verdicts = Vec::with_capacity(changes.len());
    let mut winners = Vec::with_capacity(changes.len());
    for change in changes {
        let verdict = world.judge(change);
        if verdict.is_ok() {
            world.accept(change);
            winners.push(change);
        }
        verdicts.push(verdict);
    }
    if winners.is_empty() {
        let outcomes = verdicts.into_iter().filter_map(Result::err).map(Err).collect();
        return Ok(Batch::Done(None, outcomes));
    }
    judge::write(&mut transaction, &winners).await?;
    let items: Vec<_> = winners.iter().map(|change| &change.item).collect();
    let when = When::Now((options.clock)());
    let sequenced =
        sequence::sequence(&mut transaction, tail, &items, &when, &options.signer, options.feed_deltas_kept)
            .await;
    let Sequenced::Done(moved, placed) = sequenced? else {
        let cause =
            "the ledger's head is not where this writer left it: somebody else writes to the database";
        inner.stop(cause);
        return Err(StoreError::Unavailable { cause: cause.into(), in_doubt: false });
    };
    if inner.stops_at("sqlite: before the commit") {
        return Ok(Batch::Stopped);
    }
    transaction.commit().await.map_err(database("commit"))?;
    if inner.stops_at("sqlite: after the commit") {
        return Ok(Batch::Stopped);
    }
    let mut placed = placed.into_iter();
    let outcomes = verdicts.into_iter().map(|verdict| match verdict {
        Ok(()) => placed.next().ok_or_else(|| crate::prepare::invalid("it was given no place")),
        Err(error) => Err(error),
    });
    Ok(Batch::Done(Some(moved), outcomes.collect()))
}
