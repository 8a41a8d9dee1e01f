//! Sequencing: leaves get their places, in the transaction of whoever calls.
//!
//! The head row is advanced by compare-and-swap, so that of two sequencers that each believe to be the only one, one
//! fails. Never here: which changes there are, and when to commit.

use crate::db::{self, Arg, Columns, insert, rows, signed, unsigned};
use crate::entries::hashes_of;
use crate::error::{StoreError, database};
use crate::payload::records_text;
use crate::prepare::{Item, invalid};
use crate::records::Head;
use sqlx::AnyConnection;
use std::collections::BTreeMap;
use sumun_ledger::{Appender, Checkpoint, CheckpointSigner, Hash, Leaf, Place, VerifierKey, concatenated};
use sumun_model::Timestamp;

/// Where the tree ends, and all that is needed to go on.
#[derive(Clone, Debug)]
pub(crate) struct Tail {
    pub(crate) tree: Appender,
    pub(crate) head: Head,
}

/// Where an item was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) entry: u64,
    pub(crate) at: Timestamp,
    pub(crate) feed_version: Option<u64>,
}

/// What came of sequencing.
#[derive(Debug)]
pub(crate) enum Sequenced {
    /// Written; stands once the transaction is committed.
    Done(Tail, Vec<Placed>),
    /// The head is not where this sequencer left it. The transaction must be given up.
    Fenced,
}

/// Reads the head row; `None` if there is none yet.
pub(crate) async fn head(connection: &mut AnyConnection, lock: bool) -> Result<Option<Head>, StoreError> {
    let lock = if lock { "FOR UPDATE" } else { "" };
    let sql = format!(
        "SELECT \"size\", \"root\", \"checkpoint\", \"feed_version\", \"at_us\" FROM \"ledger_head\" \
         WHERE \"one\" = 1 {lock}"
    );
    let found = rows(connection, sql, Vec::new()).await.map_err(database("read the ledger's head"))?;
    let Some(row) = found.first() else { return Ok(None) };
    let root = row.bytes(1)?;
    let root = root.try_into().map_err(|_| StoreError::Damaged {
        place: "the ledger's head row".to_owned(),
        found: "its root is not 32 bytes".to_owned(),
    })?;
    Ok(Some(Head {
        size: unsigned(row.int(0)?),
        root,
        checkpoint: row.text(2)?.into(),
        feed_version: unsigned(row.int(3)?),
        at: row.int_or_null(4)?.map(Timestamp::from_micros),
    }))
}

/// Whether a head's checkpoint is signed by `key` and says what the head says; otherwise what was expected, and what was
/// found. Whoever can write the row can write anything into it but this.
pub(crate) fn signed_by(head: &Head, key: &VerifierKey) -> Result<(), (String, String)> {
    let found = match Checkpoint::open(&head.checkpoint, key) {
        Ok(opened) if opened.size == head.size && opened.root.0 == head.root => return Ok(()),
        Ok(opened) => format!("one over {} entries with root {}", opened.size, hex::encode(opened.root.0)),
        Err(error) => error.to_string(),
    };
    let root = hex::encode(head.root);
    let expected = format!("one signed as `{}` over {} entries with root {root}", key.origin(), head.size);
    Err((expected, found))
}

fn damaged(found: String) -> StoreError {
    StoreError::Damaged { place: "the ledger's head row".to_owned(), found }
}

/// Whether a head that somebody else wrote is one of ours, later than the one known.
pub(crate) fn later(head: &Head, signer: &CheckpointSigner, known: Option<&Head>) -> Result<(), StoreError> {
    signed_by(head, &signer.verifier())
        .map_err(|(expected, found)| damaged(format!("expected a checkpoint, {expected}, found: {found}")))?;
    match known {
        Some(known) if head.size <= known.size && head != known => Err(damaged(format!(
            "it stood over {} entries and now says {}: no entry was added, yet it is another",
            known.size, head.size
        ))),
        _ => Ok(()),
    }
}

/// Reads the tree's frontier under a head that somebody else wrote; checks that we signed it, that both agree, and that
/// it is later than the one known. Only what passes here is ever extended.
pub(crate) async fn tail(
    connection: &mut AnyConnection,
    head: Head,
    signer: &CheckpointSigner,
    known: Option<&Head>,
) -> Result<Tail, StoreError> {
    later(&head, signer, known)?;
    let wanted: Vec<u64> = Appender::frontier(head.size).into_iter().map(Place::row).collect();
    let stored = hashes_of(connection, &wanted).await?;
    let tree = Appender::resume(head.size, |place| stored.hash(place))
        .map_err(|error| damaged(format!("the stored hashes under it do not fit: {error:?}")))?;
    if tree.root().0 != head.root {
        return Err(damaged("its root is not that of the stored hashes".to_owned()));
    }
    Ok(Tail { tree, head })
}

/// Writes the head row of an empty ledger, if there is none.
pub(crate) async fn begin(
    connection: &mut AnyConnection,
    signer: &CheckpointSigner,
) -> Result<(), StoreError> {
    let sql = "SELECT \"entry\" FROM \"ledger_entries\" LIMIT 1".to_owned();
    if !rows(connection, sql, Vec::new()).await.map_err(database("look for entries"))?.is_empty() {
        // Entries without a head are for whoever reads the head to tell of.
        return Ok(());
    }
    let root = Appender::empty().root();
    let sql = "INSERT INTO \"ledger_head\" (\"one\", \"size\", \"root\", \"checkpoint\", \"feed_version\", \"at_us\") \
               VALUES (1, 0, $1, $2, 0, $3) ON CONFLICT (\"one\") DO NOTHING";
    let args = vec![Arg::from(root.0.as_slice()), signer.sign(0, root).into(), Arg::Int(None)];
    db::run(connection, sql.to_owned(), args).await.map_err(database("begin the ledger"))?;
    Ok(())
}

/// Rows of one batch, table by table.
#[derive(Debug, Default)]
struct Rows {
    entries: Vec<Vec<Arg>>,
    entry_rows: Vec<Vec<Arg>>,
    deltas: Vec<Vec<Arg>>,
    /// Key → version of the feed, record, how many times it came.
    feed_keys: BTreeMap<String, (u64, String, i64)>,
    outbox: Vec<Vec<Arg>>,
}

/// When items are sequenced.
pub(crate) enum When {
    /// Now, but never before the entry before.
    Now(Timestamp),
    /// As it was when the ledger was written, for rebuilding: one time for each item.
    Then(Vec<Timestamp>),
}

/// Gives items their places and writes all that follows from it.
pub(crate) async fn sequence(
    connection: &mut AnyConnection,
    tail: &Tail,
    items: &[&Item],
    when: &When,
    signer: &CheckpointSigner,
    deltas_kept: u64,
) -> Result<Sequenced, StoreError> {
    let mut tree = tail.tree.clone();
    let mut at = tail.head.at.unwrap_or(Timestamp::from_micros(0));
    let mut feed_version = tail.head.feed_version;
    let (mut out, mut placed) = (Rows::default(), Vec::with_capacity(items.len()));
    for (n, item) in items.iter().enumerate() {
        at = match when {
            When::Now(now) => at.max(*now),
            When::Then(times) => times.get(n).copied().unwrap_or(at),
        };
        let step = (!item.feed.is_empty()).then(|| {
            feed_version += 1;
            feed_version
        });
        let entry = tree.size();
        let leaf = Leaf::new(&item.class, at, item.commitment).map_err(|error| invalid(error.to_string()))?;
        let leaf = leaf.to_bytes();
        let hashes = tree.append(&leaf);
        spell(&mut out, item, entry, at, step, leaf, &hashes);
        placed.push(Placed { entry, at, feed_version: step });
    }
    let root = tree.root();
    let head = Head {
        size: tree.size(),
        root: root.0,
        checkpoint: signer.sign(tree.size(), root).into(),
        feed_version,
        at: Some(at),
    };
    if !advance(connection, &tail.head, &head).await? {
        return Ok(Sequenced::Fenced);
    }
    write(connection, out).await.map_err(database("write ledger entries"))?;
    if feed_version > deltas_kept && feed_version > tail.head.feed_version {
        let sql = "DELETE FROM \"feed_deltas\" WHERE \"feed_version\" <= $1".to_owned();
        let args = vec![(feed_version - deltas_kept).into()];
        db::run(connection, sql, args).await.map_err(database("prune the feed"))?;
    }
    Ok(Sequenced::Done(Tail { tree, head }, placed))
}

/// Compare-and-swap of the head row.
async fn advance(connection: &mut AnyConnection, old: &Head, new: &Head) -> Result<bool, StoreError> {
    let sql = "UPDATE \"ledger_head\" SET \"size\" = $1, \"root\" = $2, \"checkpoint\" = $3, \"feed_version\" = $4, \
               \"at_us\" = $5 WHERE \"one\" = 1 AND \"size\" = $6 AND \"root\" = $7";
    let args = vec![
        new.size.into(),
        new.root.as_slice().into(),
        (*new.checkpoint).into(),
        new.feed_version.into(),
        Arg::Int(new.at.map(Timestamp::as_micros)),
        old.size.into(),
        old.root.as_slice().into(),
    ];
    let touched = db::run(connection, sql.to_owned(), args).await;
    Ok(touched.map_err(database("advance the ledger's head"))? == 1)
}

fn spell(
    out: &mut Rows,
    item: &Item,
    entry: u64,
    at: Timestamp,
    step: Option<u64>,
    leaf: Vec<u8>,
    hashes: &[Hash],
) {
    out.entries.push(vec![
        entry.into(),
        item.class.as_str().into(),
        at.as_micros().into(),
        String::from_utf8_lossy(&leaf).into_owned().into(),
        item.salt.as_slice().into(),
        item.payload.as_str().into(),
        concatenated(hashes).as_slice().into(),
        Arg::Int(step.map(signed)),
    ]);
    for (table, key) in &item.rows {
        out.entry_rows.push(vec![table.as_str().into(), key.as_str().into(), entry.into()]);
    }
    if let Some(step) = step {
        let records = records_text(&item.feed);
        out.deltas.push(vec![step.into(), entry.into(), at.as_micros().into(), records.into()]);
        for (key, record) in &item.feed {
            let slot = out.feed_keys.entry(key.clone()).or_default();
            *slot = (step, record.clone(), slot.2 + 1);
        }
    }
    for (topic, body) in &item.outbox {
        out.outbox.push(vec![
            topic.as_str().into(),
            entry.into(),
            body.as_str().into(),
            0_i64.into(),
            Arg::Text(None),
            0_i64.into(),
        ]);
    }
}

async fn write(connection: &mut AnyConnection, out: Rows) -> sqlx::Result<()> {
    let head = "INSERT INTO \"ledger_entries\" (\"entry\", \"class\", \"at_us\", \"leaf\", \"salt\", \"payload\", \
                \"hashes\", \"feed_version\")";
    insert(connection, head, "", out.entries).await?;
    let head = "INSERT INTO \"entry_rows\" (\"table_name\", \"row_key\", \"entry\")";
    insert(connection, head, "", out.entry_rows).await?;
    let head = "INSERT INTO \"feed_deltas\" (\"feed_version\", \"entry\", \"at_us\", \"records\")";
    insert(connection, head, "", out.deltas).await?;
    let keys = out.feed_keys.into_iter();
    let keys =
        keys.map(|(key, (step, record, times))| vec![key.into(), step.into(), record.into(), times.into()]);
    let head = "INSERT INTO \"feed_keys\" (\"key\", \"feed_version\", \"record\", \"version\")";
    let tail = "ON CONFLICT (\"key\") DO UPDATE SET \"feed_version\" = excluded.\"feed_version\", \
                \"record\" = excluded.\"record\", \"version\" = \"feed_keys\".\"version\" + excluded.\"version\"";
    insert(connection, head, tail, keys.collect()).await?;
    let head = "INSERT INTO \"outbox\" (\"topic\", \"entry\", \"body\", \"leased_until_us\", \"leased_by\", \"attempts\")";
    insert(connection, head, "", out.outbox).await?;
    Ok(())
}
