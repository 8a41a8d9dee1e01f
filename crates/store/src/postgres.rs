//! Writing on PostgreSQL: each change its own serialisable transaction that leaves a pending leaf; a leased sequencer.
//!
//! A change is answered once its leaf has its place, whichever process gave it. A transaction whose commit was not heard
//! of is looked up by its number: it is never taken for failed while it may stand.

use crate::change::{Committed, Expect};
use crate::db::{self, Arg, Columns, rows, signed, unsigned};
use crate::error::{StoreError, database};
use crate::inner::{Answer, Inner};
use crate::judge::{self, World};
use crate::payload::{item, outbox_text};
use crate::prepare::{Item, Prepared};
use crate::sequence::{self, Sequenced, Tail, When};
use sqlx::AnyConnection;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use sumun_model::Timestamp;
use tokio::sync::{Notify, oneshot};
use tokio::time::{sleep, timeout};

/// Leaves in one transaction at most.
const BATCH_MAX: i64 = 256;
/// Attempts at a change that serialisation refuses. Neighbours that touch other rows cost attempts too.
const ATTEMPTS_MAX: u32 = 24;
/// How long a committed change waits for its place before its caller is told that it is in doubt.
const PLACE_WAIT: Duration = Duration::from_secs(30);
/// How often a lost transaction is asked for, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(250);
const LOOKS_MAX: u32 = 120;
/// How often the sequencer looks for leaves of other processes, and a follower for the head.
const TICK: Duration = Duration::from_millis(20);

/// Changes that wait for their place, by salt.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    by_salt: Mutex<HashMap<[u8; 32], oneshot::Sender<Answer>>>,
    /// Rung when a leaf was committed.
    bell: Notify,
}

impl Waiting {
    fn map(&self) -> MutexGuard<'_, HashMap<[u8; 32], oneshot::Sender<Answer>>> {
        self.by_salt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a waiting change out of the map, whatever way its caller leaves.
struct Ticket<'a>(&'a Waiting, [u8; 32]);

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.0.map().remove(&self.1);
    }
}

/// Makes a change. The work goes on if the caller leaves.
pub(crate) async fn execute(inner: &Arc<Inner>, waiting: &Arc<Waiting>, prepared: Prepared) -> Answer {
    let (inner, waiting) = (Arc::clone(inner), Arc::clone(waiting));
    let work = tokio::spawn(async move { work(&inner, &waiting, prepared).await });
    work.await.map_err(|_| StoreError::Unavailable { cause: "its task ended".into(), in_doubt: true })?
}

async fn work(inner: &Inner, waiting: &Waiting, prepared: Prepared) -> Answer {
    let salt = prepared.item.salt;
    let (answer, mut answered) = oneshot::channel();
    waiting.map().insert(salt, answer);
    let ticket = Ticket(waiting, salt);
    let prepared = [prepared];
    let mut attempts = 0;
    loop {
        match attempt(inner, &prepared).await {
            Ok(()) => break,
            Err(StoreError::Database { source, .. }) if again(&source) && attempts < ATTEMPTS_MAX => {
                attempts += 1;
                // Neighbours that collided once must not collide in step for ever: the salt is random.
                let spread = u64::from(salt.get(attempts as usize % 32).copied().unwrap_or(0)) % 8;
                sleep(Duration::from_millis(u64::from(attempts.min(8)) * (1 + spread))).await;
            }
            Err(StoreError::Database { source, .. }) if again(&source) => return Err(collided(&prepared)),
            Err(error) => return Err(error),
        }
    }
    if inner.stops_at("postgres: after the change") {
        return Err(StoreError::Unavailable { cause: "a test stopped it".into(), in_doubt: true });
    }
    waiting.bell.notify_one();
    let mut ending = inner.ending.subscribe();
    let answer = tokio::select! {
        biased;
        answer = timeout(PLACE_WAIT, &mut answered) => answer.ok().and_then(Result::ok),
        // What is under way when the store ends may still be placed by its last round.
        _ = async { let _ = ending.wait_for(|ending| *ending).await; sleep(Duration::from_secs(1)).await; } => None,
    };
    drop(ticket);
    answer.unwrap_or_else(|| {
        let cause = inner.stopped().unwrap_or_else(|| {
            "the change is made, but no sequencer gave it a place in time; it will have one".into()
        });
        Err(StoreError::Unavailable { cause, in_doubt: true })
    })
}

/// Whether serialisation refused, and the same again may succeed.
fn again(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    // Two that insert the same row see a broken key rather than a failed serialisation.
    matches!(code.as_deref(), Some("40001" | "40P01" | "23505"))
}

/// Serialisation refused to the end: somebody else was faster all the time.
fn collided(prepared: &[Prepared]) -> StoreError {
    let named = prepared.iter().flat_map(|change| {
        let writes = change.writes.iter().map(|row| (row.table.name, row.key.clone(), row.expect));
        writes.chain(change.reads.iter().map(|(table, key, expect)| (table.name, key.clone(), *expect)))
    });
    let (table, key, expected) =
        named.into_iter().next().unwrap_or(("pending_leaves", String::new(), Expect::Absent));
    StoreError::Conflict { table, key, expected, found: None }
}

/// One transaction: judge, write, leave a pending leaf, commit.
async fn attempt(inner: &Inner, prepared: &[Prepared]) -> Result<(), StoreError> {
    inner.running()?;
    let Some(change) = prepared.first() else { return Ok(()) };
    let begin = inner.db.pool.begin_with("BEGIN ISOLATION LEVEL SERIALIZABLE").await;
    let mut transaction = begin.map_err(database("begin to write"))?;
    let world = World::load(&mut transaction, prepared).await?;
    world.judge(change)?;
    judge::write(&mut transaction, &[change]).await?;
    let sql = "INSERT INTO \"pending_leaves\" (\"class\", \"salt\", \"payload\", \"commitment\", \"outbox\") \
               VALUES ($1,$2,$3,$4,$5) RETURNING pg_current_xact_id()::text";
    let item = &change.item;
    let args = vec![
        item.class.as_str().into(),
        item.salt.as_slice().into(),
        item.payload.as_str().into(),
        item.commitment.0.as_slice().into(),
        outbox_text(&item.outbox)?.into(),
    ];
    let found = rows(&mut transaction, sql.to_owned(), args).await.map_err(database("leave a leaf"))?;
    let number = found.first().map(|row| row.text(0)).transpose()?.unwrap_or_default();
    if inner.stops_at("postgres: before the commit") {
        return inner.running();
    }
    match transaction.commit().await {
        Ok(()) => Ok(()),
        // The database itself said no: nothing stands.
        Err(error) if error.as_database_error().is_some() && !going_down(&error) => {
            Err(database("commit")(error))
        }
        Err(error) => lost(inner, &number, error).await,
    }
}

/// A database that says it is going down has not said what became of the transaction.
fn going_down(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code.starts_with("57") || code.starts_with("08") || code.starts_with("XX"))
}

/// The connection broke during a commit: asks until it is known what became of it.
async fn lost(inner: &Inner, number: &str, error: sqlx::Error) -> Result<(), StoreError> {
    for _ in 0..LOOKS_MAX {
        let sql = "SELECT pg_xact_status($1::text::xid8)".to_owned();
        let found = inner.db.read("look for a lost transaction", sql, vec![number.into()]).await;
        let status = found.ok().and_then(|found| found.first().map(|row| row.text_or_null(0)));
        match status {
            Some(Ok(Some(status))) if status == "committed" => return Ok(()),
            Some(Ok(Some(status))) if status == "aborted" => return Err(database("commit")(error)),
            _ => sleep(LOOK_EVERY).await,
        }
    }
    Err(StoreError::Unavailable {
        cause: format!("the database was lost during a commit ({error}) and did not come back").into(),
        in_doubt: true,
    })
}

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
    let mut connection = inner.db.pool.acquire().await.map_err(database("connect for sequencing"))?;
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
            full = place(inner, tail).await?;
        }
    }
    let Some(head) = sequence::head(&mut connection, false).await? else { return Ok(false) };
    if head.size > *seen {
        // First the head, so that whoever is answered finds his entry under it.
        inner.announce(head.clone());
        answer(&mut connection, waiting, *seen, &head.checkpoint).await?;
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

/// A process that ends lets the next one begin at once.
async fn give_up_lease(inner: &Inner) {
    let sql = "DELETE FROM \"leases\" WHERE \"lease\" = 'sequencer' AND \"holder\" = $1";
    let _ = inner.db.write("give up the sequencer's lease", sql, vec![inner.holder().into()]).await;
}

/// Gives committed leaves their places; `true` if there were as many as fit.
async fn place(inner: &Inner, tail: &mut Tail) -> Result<bool, StoreError> {
    let options = inner.options()?;
    let begin = inner.db.pool.begin().await;
    let mut transaction = begin.map_err(database("begin to sequence"))?;
    let sql = "SELECT \"leaf\", \"class\", \"salt\", \"payload\", \"outbox\" FROM \"pending_leaves\" \
               ORDER BY \"leaf\" LIMIT $1";
    let peeked = "SELECT \"leaf\" FROM \"pending_leaves\" LIMIT 1".to_owned();
    let peeked = rows(&mut transaction, peeked, Vec::new()).await.map_err(database("look for leaves"))?;
    if peeked.is_empty() {
        return Ok(false);
    }
    // The row lock first: leaves are read after it, so that nobody else's places are missed.
    let head = sequence::head(&mut transaction, true).await?;
    let head = head.ok_or_else(|| StoreError::Damaged {
        place: "the ledger's head row".to_owned(),
        found: "it is missing".to_owned(),
    })?;
    if head != tail.head {
        *tail = sequence::tail(&mut transaction, head).await?;
    }
    let found = rows(&mut transaction, sql.to_owned(), vec![BATCH_MAX.into()]).await;
    let found = found.map_err(database("read pending leaves"))?;
    if found.is_empty() {
        return Ok(false);
    }
    let (mut leaves, mut items) = (Vec::with_capacity(found.len()), Vec::with_capacity(found.len()));
    for row in &found {
        let leaf = row.int(0)?;
        leaves.push(Arg::from(leaf));
        items.push(pending(leaf, row)?);
    }
    let items: Vec<&Item> = items.iter().collect();
    let when = When::Now((options.clock)());
    let sequenced =
        sequence::sequence(&mut transaction, tail, &items, &when, &options.signer, options.feed_deltas_kept)
            .await?;
    let Sequenced::Done(moved, _) = sequenced else { return Ok(false) };
    let list = db::placeholders(1, leaves.len());
    let sql = format!("DELETE FROM \"pending_leaves\" WHERE \"leaf\" IN ({list})");
    db::run(&mut transaction, sql, leaves).await.map_err(database("take placed leaves away"))?;
    if inner.stops_at("postgres: before places are committed") {
        return Ok(false);
    }
    // Should this fail unheard, the next round finds the head where it is.
    transaction.commit().await.map_err(database("commit places"))?;
    *tail = moved;
    if inner.stops_at("postgres: after places are committed") {
        return Ok(false);
    }
    Ok(found.len() == usize::try_from(BATCH_MAX).unwrap_or(usize::MAX))
}

fn pending(leaf: i64, row: &sqlx::any::AnyRow) -> Result<Item, StoreError> {
    let place = format!("pending leaf {leaf}");
    let damaged = |found: String| StoreError::Damaged { place: place.clone(), found };
    let salt = row.bytes(2)?.try_into().map_err(|_| damaged("its salt is not 32 bytes".to_owned()))?;
    let outbox = serde_json::from_str(&row.text(4)?).map_err(|error| damaged(error.to_string()))?;
    item(&place, row.text(1)?, salt, row.text(3)?, outbox)
}

/// Answers whoever waits for an entry from `from` on.
async fn answer(
    connection: &mut AnyConnection,
    waiting: &Waiting,
    from: u64,
    checkpoint: &Arc<str>,
) -> Result<(), StoreError> {
    if waiting.map().is_empty() {
        return Ok(());
    }
    let sql = "SELECT \"entry\", \"salt\", \"at_us\", \"feed_version\" FROM \"ledger_entries\" \
               WHERE \"entry\" >= $1 ORDER BY \"entry\"";
    let found = rows(connection, sql.to_owned(), vec![signed(from).into()]).await;
    for row in &found.map_err(database("read new entries"))? {
        let salt = row.bytes_or_null(1)?.and_then(|salt| <[u8; 32]>::try_from(salt).ok());
        let Some(waits) = salt.and_then(|salt| waiting.map().remove(&salt)) else { continue };
        // A caller who left does not want to know.
        let _ = waits.send(Ok(Committed {
            entry: unsigned(row.int(0)?),
            feed_version: row.int_or_null(3)?.map(unsigned),
            sequenced: Timestamp::from_micros(row.int(2)?),
            checkpoint: Arc::clone(checkpoint),
        }));
    }
    Ok(())
}
