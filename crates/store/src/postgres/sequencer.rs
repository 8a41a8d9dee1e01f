//! The leased sequencer: of all processes one gives committed leaves their places, and each answers its own callers.
//!
//! The lease only spares work. What keeps two sequencers apart is the head row: locked while leaves are read, advanced by
//! compare-and-swap. Never here: what a change does to rows.

use super::{LOOK_EVERY, Waiting, leaf_parts};
use crate::change::Committed;
use crate::code::{Purpose, holds};
use crate::db::{self, Arg, Columns, LAST_PATIENCE, rows, unsigned};
use crate::error::{StoreError, database};
use crate::inner::Inner;
use crate::payload::item;
use crate::prepare::Item;
use crate::records::Head;
use crate::sequence::{self, Sequenced, Tail, When};
use sqlx::AnyConnection;
use std::sync::Arc;
use std::time::Duration;
use sumun_ledger::CheckpointSigner;
use sumun_model::Timestamp;
use tokio::time::{sleep, timeout};

/// Leaves in one transaction at most.
const BATCH_MAX: i64 = 256;
/// How often the sequencer looks for leaves of other processes, and a follower for the head.
const TICK: Duration = Duration::from_millis(20);

/// The task of every process: sequences while it holds the lease, follows the head, answers those who wait.
pub(crate) async fn run(inner: &Inner, mut tail: Tail, waiting: &Waiting) {
    let mut ending = inner.ending.subscribe();
    let mut seen = tail.head.size;
    let mut lease_until = i64::MIN;
    loop {
        let last = *ending.borrow();
        let round = round(inner, waiting, &mut tail, &mut seen, &mut lease_until).await;
        let busy = match round {
            Ok(busy) => busy,
            Err(StoreError::Damaged { place, found }) => {
                inner.stop(format!("{place} is damaged: {found}"));
                return;
            }
            Err(error) => {
                if last {
                    // The lease ends by itself; to give it up would only wait for the database once more.
                    tracing::warn!(store.error = %error, "Sequencing failed at the end: {error}");
                    return;
                }
                tracing::warn!(store.error = %error, "Sequencing failed and is tried again: {error}");
                lease_until = i64::MIN;
                sleep(LOOK_EVERY).await;
                false
            }
        };
        if last {
            give_up_lease(inner).await;
            return;
        }
        if busy {
            continue;
        }
        tokio::select! {
            () = waiting.bell.notified() => {}
            () = sleep(TICK) => {}
            _ = ending.wait_for(|ending| *ending) => {}
        }
    }
}

/// One round; `true` if there may be more to do at once.
async fn round(
    inner: &Inner,
    waiting: &Waiting,
    tail: &mut Tail,
    seen: &mut u64,
    lease_until: &mut i64,
) -> Result<bool, StoreError> {
    let mut connection = inner.db.connection().await.map_err(database("connect for sequencing"))?;
    let options = inner.options()?;
    let mut full = false;
    if !inner.stopped().is_some_and(|cause| cause.starts_with("a test")) {
        let now = (options.clock)().as_micros();
        // Renewed at half its length, so that a holder that works never loses it.
        if now > lease_until.saturating_sub(options.lease_us / 2) {
            *lease_until = if lease(&mut connection, inner).await? {
                now.saturating_add(options.lease_us)
            } else {
                i64::MIN
            };
        }
        if *lease_until != i64::MIN {
            if inner.stops_at("postgres: before placing") {
                return Ok(false);
            }
            match place(inner, tail).await? {
                Turn::Done { full: more } => full = more,
                Turn::Fenced => *lease_until = i64::MIN,
            }
        }
    }
    let Some(head) = sequence::head(&mut connection, false).await? else { return Ok(false) };
    if head.size < *seen || (head.size > *seen && head != tail.head) {
        // Written by somebody else: followed only if we could have signed it.
        sequence::later(&head, &options.signer, Some(&inner.head.borrow().clone()))?;
    }
    if head.size > *seen {
        // First the head, so that whoever is answered finds his entry under it.
        inner.announce(head.clone());
        answer(&mut connection, waiting, *seen, &head).await?;
        *seen = head.size;
    }
    Ok(full)
}

/// Takes or renews the lease, by the database's clock: the only one that all processes share.
async fn lease(connection: &mut AnyConnection, inner: &Inner) -> Result<bool, StoreError> {
    let sql = "INSERT INTO \"leases\" AS l (\"lease\", \"holder\", \"until_us\", \"term\") \
               SELECT 'sequencer', $1, t.now + $2, 1 FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now) t \
               ON CONFLICT (\"lease\") DO UPDATE SET \"holder\" = excluded.\"holder\", \
               \"until_us\" = excluded.\"until_us\", \"term\" = l.\"term\" + 1 \
               WHERE l.\"holder\" = excluded.\"holder\" OR l.\"until_us\" < excluded.\"until_us\" - $2";
    let args = vec![inner.holder().into(), inner.options()?.lease_us.into()];
    let touched = db::run(connection, sql.to_owned(), args).await;
    Ok(touched.map_err(database("take the sequencer's lease"))? == 1)
}

/// A process that ends lets the next one begin at once. If the database does not answer, the lease ends by itself.
async fn give_up_lease(inner: &Inner) {
    let sql = "DELETE FROM \"leases\" WHERE \"lease\" = 'sequencer' AND \"holder\" = $1";
    let given = inner.db.write("give up the sequencer's lease", sql, vec![inner.holder().into()]);
    let _ = timeout(LAST_PATIENCE, given).await;
}

/// How a round of sequencing ended.
enum Turn {
    /// Whatever there was is placed; `full` if there were as many leaves as fit.
    Done { full: bool },
    /// Somebody else holds the lease by now.
    Fenced,
}

/// Whether this process still holds the lease, however long it slept since it took it. From here on a transaction that
/// idles for as long as a lease is ended by the database: a holder that hangs must not keep the head row locked.
async fn still_held(connection: &mut AnyConnection, inner: &Inner) -> Result<bool, StoreError> {
    let sql = "SELECT set_config('idle_in_transaction_session_timeout', $1, true), \
               (SELECT \"holder\" FROM \"leases\" WHERE \"lease\" = 'sequencer')";
    let patience_ms = (inner.options()?.lease_us / 1000).max(1);
    let found = rows(connection, sql.to_owned(), vec![patience_ms.to_string().into()]).await;
    let found = found.map_err(database("look who holds the sequencer's lease"))?;
    let holder = found.first().map(|row| row.text_or_null(1)).transpose()?.flatten();
    Ok(holder.as_deref() == Some(inner.holder()))
}

/// Gives committed leaves their places.
async fn place(inner: &Inner, tail: &mut Tail) -> Result<Turn, StoreError> {
    const NOTHING: Turn = Turn::Done { full: false };
    let options = inner.options()?;
    let begin = inner.db.begin("BEGIN").await;
    let mut transaction = begin.map_err(database("begin to sequence"))?;
    let sql = "SELECT \"leaf\", \"class\", \"salt\", \"payload\", \"outbox\", \"code\" FROM \"pending_leaves\" \
               ORDER BY \"leaf\" LIMIT $1";
    let peeked = "SELECT \"leaf\" FROM \"pending_leaves\" LIMIT 1".to_owned();
    let peeked = rows(&mut transaction, peeked, Vec::new()).await.map_err(database("look for leaves"))?;
    if peeked.is_empty() {
        return Ok(NOTHING);
    }
    if !still_held(&mut transaction, inner).await? {
        return Ok(Turn::Fenced);
    }
    // The row lock first: leaves are read after it, so that nobody else's places are missed.
    let head = sequence::head(&mut transaction, true).await?;
    let head = head.ok_or_else(|| StoreError::Damaged {
        place: "the ledger's head row".to_owned(),
        found: "it is missing".to_owned(),
    })?;
    if head != tail.head {
        *tail = sequence::tail(&mut transaction, head, &options.signer, Some(&tail.head)).await?;
    }
    let found = rows(&mut transaction, sql.to_owned(), vec![BATCH_MAX.into()]).await;
    let found = found.map_err(database("read pending leaves"))?;
    if found.is_empty() {
        return Ok(NOTHING);
    }
    let (mut leaves, mut items) = (Vec::with_capacity(found.len()), Vec::with_capacity(found.len()));
    for row in &found {
        let leaf = row.int(0)?;
        leaves.push(Arg::from(leaf));
        items.push(pending(leaf, row, &options.signer)?);
    }
    let items: Vec<&Item> = items.iter().collect();
    let when = When::Now((options.clock)());
    let sequenced =
        sequence::sequence(&mut transaction, tail, &items, &when, &options.signer, options.feed_deltas_kept)
            .await?;
    let Sequenced::Done(moved, _) = sequenced else { return Ok(Turn::Fenced) };
    let list = db::tuples(&transaction, 1, leaves.len());
    let sql = format!("DELETE FROM \"pending_leaves\" WHERE \"leaf\" IN {list}");
    db::run(&mut transaction, sql, leaves).await.map_err(database("take placed leaves away"))?;
    if inner.stops_at("postgres: before places are committed") {
        return Ok(NOTHING);
    }
    // Should this fail unheard, the next round finds the head where it is.
    transaction.commit().await.map_err(database("commit places"))?;
    *tail = moved;
    if inner.stops_at("postgres: after places are committed") {
        return Ok(NOTHING);
    }
    Ok(Turn::Done { full: found.len() == usize::try_from(BATCH_MAX).unwrap_or(usize::MAX) })
}

/// A pending leaf, if one of us left it. Otherwise whoever can write the database would have his entries signed.
fn pending(leaf: i64, row: &sqlx::any::AnyRow, signer: &CheckpointSigner) -> Result<Item, StoreError> {
    let place = format!("pending leaf {leaf}");
    let damaged = |found: String| StoreError::Damaged { place: place.clone(), found };
    let (class, salt, payload, outbox) = (row.text(1)?, row.bytes(2)?, row.text(3)?, row.text(4)?);
    let parts = leaf_parts(&class, &salt, &payload, &outbox);
    if !holds(signer, Purpose::Leaf, &parts, row.bytes_or_null(5)?.as_deref()) {
        return Err(damaged(
            "it bears no code of this ledger's key: no control plane left it there, or it was changed since. Keep a copy \
             as evidence, take it out of `pending_leaves`, see who can write the database, then start again"
                .to_owned(),
        ));
    }
    let salt = salt.try_into().map_err(|_| damaged("its salt is not 32 bytes".to_owned()))?;
    let outbox = serde_json::from_str(&outbox).map_err(|error| damaged(error.to_string()))?;
    item(&place, class, salt, payload, outbox)
}

/// Answers whoever waits for an entry from `from` on. None beyond the head: another process may have placed more by now,
/// which its checkpoint does not cover.
async fn answer(
    connection: &mut AnyConnection,
    waiting: &Waiting,
    from: u64,
    head: &Head,
) -> Result<(), StoreError> {
    if waiting.map().is_empty() {
        return Ok(());
    }
    let sql = "SELECT \"entry\", \"salt\", \"at_us\", \"feed_version\" FROM \"ledger_entries\" \
               WHERE \"entry\" >= $1 AND \"entry\" < $2 ORDER BY \"entry\"";
    let found = rows(connection, sql.to_owned(), vec![from.into(), head.size.into()]).await;
    for row in &found.map_err(database("read new entries"))? {
        let salt = row.bytes_or_null(1)?.and_then(|salt| <[u8; 32]>::try_from(salt).ok());
        let Some(waits) = salt.and_then(|salt| waiting.map().remove(&salt)) else { continue };
        // A caller who left does not want to know.
        let _ = waits.send(Ok(Committed {
            entry: unsigned(row.int(0)?),
            feed_version: row.int_or_null(3)?.map(unsigned),
            sequenced: Timestamp::from_micros(row.int(2)?),
            checkpoint: Arc::clone(&head.checkpoint),
        }));
    }
    Ok(())
}
