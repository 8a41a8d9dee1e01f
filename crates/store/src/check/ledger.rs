//! The ledger's own rows: entries, head, timelines, steps of the feed.

use super::{Expected, digest, shown};
use crate::db::{Arg, Columns, rows as select, signed};
use crate::error::{StoreError, database};
use crate::payload::{Parsed, of_entry, records_text};
use crate::records::{EntryRow, RowFault};
use crate::{entries, sequence};
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use std::collections::{BTreeMap, BTreeSet};
use sumun_ledger::{Appender, Leaf, VerifierKey, commitment, concatenated};
use sumun_model::Timestamp;

/// Entries compared at once.
const BATCH: usize = 256;

/// What a step of the feed must be: entry, time, digest of its records. Texts would be too many to hold.
type Step = (u64, i64, [u8; 32]);

/// What one entry's row must be: cells in the order of [`COLUMNS`].
struct RightEntry {
    index: u64,
    cells: [Arg; 7],
    /// Rows it wrote; `None` if it was erased, so that nobody knows.
    named: Option<BTreeSet<(String, String)>>,
}

const COLUMNS: [&str; 7] = ["class", "at_us", "leaf", "salt", "payload", "hashes", "feed_version"];

fn fault(table: &str, key: u64, column: Option<&str>, found: String, expected: String) -> RowFault {
    let entry = (table == "ledger_entries" || table == "entry_rows").then_some(key);
    let column = column.map(str::to_owned);
    RowFault { table: table.to_owned(), key: key.to_string(), column, entry, found, expected }
}

/// Compares the ledger's rows with entries handed in, then with themselves as far as they go beyond, if the head over
/// them is signed by `key`; collects what all of them say on governed rows.
pub(super) async fn compare(
    connection: &mut AnyConnection,
    expected: &mut Expected,
    mut handed: impl Iterator<Item = EntryRow> + Send,
    kept: u64,
    key: Option<&VerifierKey>,
) -> Result<(), StoreError> {
    // Whoever can write rows can make entries that fit one another; he cannot sign a head over them.
    let vouched = match (sequence::head(connection, false).await?, key) {
        (Some(head), Some(key)) => sequence::signed_by(&head, key),
        // A missing head is told of below.
        (None, _) => Ok(()),
        (Some(_), None) => Err(("a key to check the head's signature with".to_owned(), "none".to_owned())),
    };
    let mut tree = Appender::empty();
    let mut steps: BTreeMap<u64, Step> = BTreeMap::new();
    let mut at = None;
    let mut unnamed = BTreeSet::new();
    let mut exhausted = false;
    loop {
        let mut batch: Vec<EntryRow> = Vec::new();
        if !exhausted {
            batch = handed.by_ref().take(BATCH).collect();
            exhausted = batch.len() < BATCH;
        }
        if batch.is_empty() {
            // Sequenced, but not handed in: published a moment later. The signed head tells whether they are true.
            if vouched.is_err() {
                break;
            }
            batch = entries::from(connection, tree.size(), 256).await?;
            if batch.first().is_none_or(|entry| entry.index != tree.size()) {
                break;
            }
        }
        let mut right = Vec::with_capacity(batch.len());
        for entry in &batch {
            at = Some(entry.at);
            right.push(one(entry, &mut tree, &mut steps, &mut unnamed, expected));
        }
        steps = steps.split_off(&expected.feed_version.saturating_sub(kept).saturating_add(1));
        entry_rows(connection, right, expected).await?;
    }
    for index in unnamed {
        let (found, right) = ("erased", "a payload, or a later entry `payload.erased` that names this one");
        expected.fault(fault("ledger_entries", index, Some("payload"), found.to_owned(), right.to_owned()));
    }
    beyond(connection, tree.size(), expected).await?;
    head(connection, &tree, at, expected).await?;
    if let Err((right, found)) = vouched
        && key.is_some()
    {
        expected.fault(fault("ledger_head", 1, Some("checkpoint"), found, right));
    }
    deltas(connection, steps, expected).await
}

/// What one entry says.
fn one(
    entry: &EntryRow,
    tree: &mut Appender,
    steps: &mut BTreeMap<u64, Step>,
    unnamed: &mut BTreeSet<u64>,
    expected: &mut Expected,
) -> RightEntry {
    let index = tree.size();
    let hashes = concatenated(&tree.append(entry.leaf.as_bytes()));
    let parsed = match of_entry(entry) {
        Ok(parsed) => parsed,
        Err(error) => {
            expected.fault(fault(
                "ledger_entries",
                index,
                Some("payload"),
                error.to_string(),
                "a payload".to_owned(),
            ));
            None
        }
    };
    let erased = entry.salt.is_none() && entry.payload.is_none();
    let (mut named, mut step) = ((!erased).then(BTreeSet::new), None);
    if erased {
        unnamed.insert(index);
        expected.erased.push(index);
    }
    if let Some((salt, _, parsed)) = parsed {
        committed(entry, index, &salt, &parsed, expected);
        // Only what was erased before can be told of.
        parsed.erases.map(|erased| unnamed.remove(&erased));
        named = Some(parsed.rows.iter().map(|row| (row.table.name.to_owned(), row.key.clone())).collect());
        if !parsed.feed.is_empty() {
            let version = expected.feed_version + 1;
            let digest = Sha256::digest(records_text(&parsed.feed)).into();
            steps.insert(version, (index, entry.at.as_micros(), digest));
            step = Some(signed(version));
        }
        expected.take(parsed, Some(index));
    }
    let cells = [
        entry.class.as_str().into(),
        entry.at.as_micros().into(),
        entry.leaf.as_str().into(),
        Arg::Bytes(entry.salt.map(|salt| salt.to_vec())),
        Arg::Text(entry.payload.as_deref().map(str::to_owned)),
        hashes.as_slice().into(),
        Arg::Int(step),
    ];
    RightEntry { index, cells, named }
}

/// Whether the leaf commits to class, time and payload.
fn committed(entry: &EntryRow, index: u64, salt: &[u8; 32], parsed: &Parsed, expected: &mut Expected) {
    let commitment = commitment(salt, &entry.class, &parsed.canonical);
    let leaf = Leaf::new(&entry.class, entry.at, commitment).map(|leaf| leaf.to_bytes());
    if leaf.as_deref().ok() != Some(entry.leaf.as_bytes()) {
        let found = "a leaf that does not commit to class, time and payload".to_owned();
        expected.fault(fault("ledger_entries", index, Some("leaf"), found, "one that does".to_owned()));
    }
    if parsed.class != entry.class {
        let found = format!("a payload of class `{}`", parsed.class);
        let right = format!("`{}`, as in the leaf", entry.class);
        expected.fault(fault("ledger_entries", index, Some("class"), found, right));
    }
}

/// Compares the rows of a batch of entries, and their timelines.
async fn entry_rows(
    connection: &mut AnyConnection,
    right: Vec<RightEntry>,
    expected: &mut Expected,
) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (right.first(), right.last()) else { return Ok(()) };
    let between = || vec![first.index.into(), last.index.into()];
    let sql = "SELECT \"entry\", \"class\", \"at_us\", \"leaf\", \"salt\", \"payload\", \"hashes\", \"feed_version\" \
               FROM \"ledger_entries\" WHERE \"entry\" BETWEEN $1 AND $2";
    let found =
        select(connection, sql.to_owned(), between()).await.map_err(database("read ledger entries"))?;
    let mut found = found
        .iter()
        .map(|row| Ok((row.int(0)?, cells(row)?)))
        .collect::<Result<BTreeMap<i64, [Arg; 7]>, StoreError>>()?;
    let sql =
        "SELECT \"entry\", \"table_name\", \"row_key\" FROM \"entry_rows\" WHERE \"entry\" BETWEEN $1 AND $2";
    let lines = select(connection, sql.to_owned(), between()).await.map_err(database("read timelines"))?;
    let mut named: BTreeMap<i64, BTreeSet<(String, String)>> = BTreeMap::new();
    for row in &lines {
        named.entry(row.int(0)?).or_default().insert((row.text(1)?, row.text(2)?));
    }
    for entry in right {
        let key = signed(entry.index);
        match found.remove(&key) {
            None => {
                let (found, right) = ("none".to_owned(), "a row".to_owned());
                expected.fault(fault("ledger_entries", entry.index, None, found, right));
            }
            Some(cells) => {
                for ((column, found), right) in COLUMNS.iter().zip(&cells).zip(&entry.cells) {
                    if found != right {
                        let shown = |cell: &Arg| match *column {
                            "payload" | "salt" => digest(cell),
                            _ => shown(cell),
                        };
                        let (found, right) = (shown(found), shown(right));
                        expected.fault(fault("ledger_entries", entry.index, Some(column), found, right));
                    }
                }
            }
        }
        let named = named.remove(&key).unwrap_or_default();
        let Some(right) = entry.named else { continue };
        for (table, row) in named.symmetric_difference(&right) {
            let what = format!("row `{row}` of `{table}`");
            let there = named.contains(&(table.clone(), row.clone()));
            let (found, right) = if there { (what, "none".to_owned()) } else { ("none".to_owned(), what) };
            expected.fault(fault("entry_rows", entry.index, None, found, right));
        }
    }
    Ok(())
}

fn cells(row: &AnyRow) -> Result<[Arg; 7], StoreError> {
    Ok([
        Arg::Text(row.text_or_null(1)?),
        Arg::Int(row.int_or_null(2)?),
        Arg::Text(row.text_or_null(3)?),
        Arg::Bytes(row.bytes_or_null(4)?),
        Arg::Text(row.text_or_null(5)?),
        Arg::Bytes(row.bytes_or_null(6)?),
        Arg::Int(row.int_or_null(7)?),
    ])
}

/// Rows of entries after a hole or beyond what is vouched for, and lines of timelines and messages that no entry left.
async fn beyond(
    connection: &mut AnyConnection,
    size: u64,
    expected: &mut Expected,
) -> Result<(), StoreError> {
    for table in ["ledger_entries", "entry_rows", "outbox"] {
        let sql = format!(
            "SELECT \"entry\" FROM \"{table}\" WHERE \"entry\" >= $1 OR \"entry\" < 0 ORDER BY \"entry\""
        );
        for row in
            select(connection, sql, vec![size.into()]).await.map_err(database("read ledger entries"))?
        {
            let index = row.int(0)?;
            let (found, right) = (format!("a row of entry {index}"), "none that is vouched for".to_owned());
            expected.fault(fault(table, u64::try_from(index).unwrap_or(size), None, found, right));
        }
    }
    Ok(())
}

async fn head(
    connection: &mut AnyConnection,
    tree: &Appender,
    at: Option<Timestamp>,
    expected: &mut Expected,
) -> Result<(), StoreError> {
    let found = sequence::head(connection, false).await?;
    let Some(found) = found else {
        expected.fault(fault("ledger_head", 1, None, "none".to_owned(), "a row".to_owned()));
        return Ok(());
    };
    let root = tree.root();
    // Only the text's numbers here: its signature was looked at before.
    let mut lines = found.checkpoint.lines().skip(1);
    let signed_size = lines.next().and_then(|size| size.parse::<u64>().ok());
    let us = |at: Option<Timestamp>| Arg::Int(at.map(Timestamp::as_micros));
    let pairs = [
        ("size", Arg::from(found.size), Arg::from(tree.size())),
        ("root", found.root.as_slice().into(), root.0.as_slice().into()),
        ("feed_version", found.feed_version.into(), expected.feed_version.into()),
        ("at_us", us(found.at), us(at)),
        ("checkpoint", Arg::Int(signed_size.map(signed)), tree.size().into()),
    ];
    for (column, found, right) in pairs {
        if found != right {
            expected.fault(fault("ledger_head", 1, Some(column), shown(&found), shown(&right)));
        }
    }
    Ok(())
}

/// Steps may be missing at the front only, where they are pruned.
async fn deltas(
    connection: &mut AnyConnection,
    mut steps: BTreeMap<u64, Step>,
    expected: &mut Expected,
) -> Result<(), StoreError> {
    let (mut after, table) = (i64::MIN, "feed_deltas");
    loop {
        let sql = "SELECT \"feed_version\", \"entry\", \"at_us\", \"records\" FROM \"feed_deltas\" \
                   WHERE \"feed_version\" > $1 ORDER BY \"feed_version\" LIMIT 1000";
        let found = select(connection, sql.to_owned(), vec![after.into()]).await;
        let found = found.map_err(database("read the feed"))?;
        let Some(last) = found.last() else { break };
        after = last.int(0)?;
        for row in &found {
            let version = u64::try_from(row.int(0)?).unwrap_or(0);
            let Some((entry, at, digest)) = steps.remove(&version) else {
                expected.fault(fault(table, version, None, "a row".to_owned(), "none".to_owned()));
                continue;
            };
            let found: [u8; 32] = Sha256::digest(row.text(3)?).into();
            let pairs = [
                ("entry", Arg::from(row.int(1)?), Arg::from(entry)),
                ("at_us", row.int(2)?.into(), at.into()),
                ("records", found.as_slice().into(), digest.as_slice().into()),
            ];
            for (column, found, right) in pairs {
                if found != right {
                    expected.fault(RowFault {
                        entry: Some(entry),
                        ..fault(table, version, Some(column), shown(&found), shown(&right))
                    });
                }
            }
        }
    }
    for (version, (entry, ..)) in steps {
        let missing = fault(table, version, None, "none".to_owned(), "a row".to_owned());
        expected.fault(RowFault { entry: Some(entry), ..missing });
    }
    Ok(())
}
