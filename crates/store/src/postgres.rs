//! Writing on PostgreSQL: each change its own serialisable transaction that leaves a pending leaf; a leased sequencer.
//!
//! A change is answered once its leaf has its place, whichever process gave it. A transaction whose commit was not heard
//! of is looked up by its number: it is never taken for failed while it may stand.

mod sequencer;

pub(crate) use sequencer::run;

use crate::change::Expect;
use crate::code::{Purpose, code};
use crate::db::{Columns, rows};
use crate::error::{StoreError, database};
use crate::inner::{Answer, Inner};
use crate::judge::{self, World};
use crate::payload::outbox_text;
use crate::prepare::Prepared;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::time::{sleep, timeout};

/// Attempts at a change that serialisation refuses. Neighbours that touch other rows cost attempts too.
const ATTEMPTS_MAX: u32 = 24;
/// How long a committed change waits for its place before its caller is told that it is in doubt.
const PLACE_WAIT: Duration = Duration::from_secs(30);
/// How often a lost transaction is asked for, and for how long.
const LOOK_EVERY: Duration = Duration::from_millis(250);
const LOOK_FOR: Duration = Duration::from_secs(30);

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
            Err(StoreError::Database { source, .. }) if again(&source) => {
                return Err(culprit(inner, &prepared).await.unwrap_or_else(|| collided(&prepared)));
            }
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

/// Serialisation refused to the end: which row is it that others changed, if one shows when all are read again?
async fn culprit(inner: &Inner, prepared: &[Prepared]) -> Option<StoreError> {
    let mut connection = inner.db.connection().await.ok()?;
    let world = World::load(&mut connection, prepared).await.ok()?;
    world.judge(prepared.first()?).err()
}

/// Every row is as it was expected, and yet somebody else was faster all the time: with which row cannot be told.
fn collided(prepared: &[Prepared]) -> StoreError {
    let named = prepared.iter().flat_map(|change| {
        let writes = change.writes.iter().map(|row| (row.table.name, row.key.clone(), row.expect));
        writes.chain(change.reads.iter().map(|(table, key, expect)| (table.name, key.clone(), *expect)))
    });
    let (table, key, expected) =
        named.into_iter().next().unwrap_or(("pending_leaves", String::new(), Expect::Absent));
    StoreError::Conflict { table, key, expected, found: None }
}

/// What a pending leaf's code covers: all that the sequencer takes from it. What goes to the feed stands in the payload.
fn leaf_parts<'a>(class: &'a str, salt: &'a [u8], payload: &'a str, outbox: &'a str) -> [&'a [u8]; 4] {
    [class.as_bytes(), salt, payload.as_bytes(), outbox.as_bytes()]
}

/// One transaction: judge, write, leave a pending leaf, commit.
async fn attempt(inner: &Inner, prepared: &[Prepared]) -> Result<(), StoreError> {
    inner.running()?;
    let Some(change) = prepared.first() else { return Ok(()) };
    // Its place, should it get one, is not below the head that was known before.
    let from = inner.head.borrow().size;
    let begin = inner.db.begin("BEGIN ISOLATION LEVEL SERIALIZABLE").await;
    let mut transaction = begin.map_err(database("begin to write"))?;
    let world = World::load(&mut transaction, prepared).await?;
    world.judge(change)?;
    judge::write(&mut transaction, &[change]).await?;
    let sql = "INSERT INTO \"pending_leaves\" (\"class\", \"salt\", \"payload\", \"commitment\", \"outbox\", \"code\") \
               VALUES ($1,$2,$3,$4,$5,$6) RETURNING pg_current_xact_id()::text";
    let item = &change.item;
    let outbox = outbox_text(&item.outbox)?;
    let code = code(
        &inner.options()?.signer,
        Purpose::Leaf,
        &leaf_parts(&item.class, &item.salt, &item.payload, &outbox),
    );
    let args = vec![
        item.class.as_str().into(),
        item.salt.as_slice().into(),
        item.payload.as_str().into(),
        item.commitment.0.as_slice().into(),
        outbox.into(),
        code.as_slice().into(),
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
        Err(error) => lost(inner, &number, (item.salt, from), error).await,
    }
}

/// A database that says it is going down has not said what became of the transaction.
fn going_down(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code.starts_with("57") || code.starts_with("08") || code.starts_with("XX"))
}

/// The connection broke during a commit: asks until it is known what became of it, the store closes, or time is up.
///
/// The transaction's number says only when to look. A server that crashed gives the numbers anew which it had not yet
/// written down, so that "committed" may be said of somebody else's; the leaf's salt is nobody else's.
async fn lost(
    inner: &Inner,
    number: &str,
    leaf: ([u8; 32], u64),
    error: sqlx::Error,
) -> Result<(), StoreError> {
    let closing = inner.db.closing.subscribe();
    let looking = async {
        while !*closing.borrow() {
            if over(inner, number).await.unwrap_or(false)
                && let Ok(stands) = stands(inner, leaf).await
            {
                return Some(stands);
            }
            sleep(LOOK_EVERY).await;
        }
        None
    };
    // Each look may itself wait for a connection: what counts is how long the caller waits in all.
    match timeout(LOOK_FOR, looking).await.ok().flatten() {
        Some(true) => Ok(()),
        Some(false) => Err(database("commit")(error)),
        None => Err(StoreError::Unavailable {
            cause: format!("the database was lost during a commit ({error}) and did not come back").into(),
            in_doubt: true,
        }),
    }
}

/// Whether the transaction of this number is under way no more. A number that the server has not given yet was given
/// before it crashed, and nothing of it was written.
async fn over(inner: &Inner, number: &str) -> Result<bool, StoreError> {
    const IN_THE_FUTURE: &str = "22023";
    let sql = "SELECT pg_xact_status($1::text::xid8)".to_owned();
    match inner.db.read("look for a lost transaction", sql, vec![number.into()]).await {
        Ok(found) => {
            let status = found.first().map(|row| row.text_or_null(0)).transpose()?.flatten();
            Ok(status.as_deref() != Some("in progress"))
        }
        Err(StoreError::Database { source, .. })
            if source.as_database_error().and_then(|said| said.code()).as_deref() == Some(IN_THE_FUTURE) =>
        {
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

/// Whether the leaf of this salt stands, waiting for its place or in it, at or above an entry. One statement, so that none
/// is missed on its way from the one to the other.
async fn stands(inner: &Inner, (salt, from): ([u8; 32], u64)) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM \"pending_leaves\" WHERE \"salt\" = $1 UNION ALL \
               SELECT 1 FROM \"ledger_entries\" WHERE \"entry\" >= $2 AND \"salt\" = $1 LIMIT 1";
    let args = vec![salt.as_slice().into(), from.into()];
    Ok(!inner.db.read("look for a lost leaf", sql.to_owned(), args).await?.is_empty())
}
