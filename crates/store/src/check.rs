//! Rows against the ledger: every value that the database holds, beside what the entries say it must be.
//!
//! Answers findings, never repairs. Memory is of the order of the governed rows. Whether the entries are the true ones
//! (signature, tree, commitments) is the caller's affair for those handed in; rows of later entries are checked here.

mod ledger;

use crate::db::{Arg, Columns, Kind, rows as select};
use crate::error::{StoreError, database};
use crate::inner::Inner;
use crate::payload::{Parsed, parse};
use crate::read::{digest_of, page};
use crate::records::{EntryRow, RowFault, RowsChecked};
use crate::table::Table;
use crate::tables;
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;
use std::collections::BTreeMap;
use sumun_ledger::{VerifierKey, commitment};

/// Rows read at once.
const PAGE: i64 = 1000;
/// Columns that name a sealed text by its digest.
const SEALED: &[(&str, &str)] = &[("keys", "secret"), ("users", "credential")];
/// Columns with personal data; `*` is every one. Findings end in logs and tickets: they show digests.
const PERSONAL: &[(&str, &str)] = &[("persons", "*"), ("users", "email"), ("users", "name")];
/// Longest value shown in a finding, in characters.
const SHOWN_MAX: usize = 120;

/// What a row must be, and the entry that says so; none yet for a change that waits for its place.
#[derive(Debug)]
struct Right {
    entry: Option<u64>,
    cells: Vec<Arg>,
}

impl Right {
    fn version(&self) -> i64 {
        match self.cells.last() {
            Some(Arg::Int(Some(version))) => *version,
            _ => 0,
        }
    }
}

/// What all entries together say.
#[derive(Debug)]
struct Expected {
    /// For each governed table, key → row.
    tables: Vec<BTreeMap<String, Right>>,
    feed_version: u64,
    /// Entries that were erased, ascending.
    erased: Vec<u64>,
    faults: Vec<RowFault>,
}

impl Expected {
    fn table(&mut self, name: &str) -> Option<&mut BTreeMap<String, Right>> {
        let slot = tables::ALL.iter().position(|table| table.name == name)?;
        self.tables.get_mut(slot)
    }

    /// Takes in what a payload wrote.
    fn take(&mut self, parsed: Parsed, entry: Option<u64>) {
        for row in parsed.rows {
            let right = Right { entry, cells: row.cells };
            let before = self.table(row.table.name).and_then(|table| table.get(&row.key));
            let (was, since) = before.map_or((0, None), |before| (before.version(), before.entry));
            // Only erased entries can have written what stood between.
            let hidden = self.erased.len() - self.erased.partition_point(|erased| Some(*erased) <= since);
            let (next, most) = (was + 1, was + 1 + i64::try_from(hidden).unwrap_or(i64::MAX - was - 1));
            if !(next..=most).contains(&right.version()) {
                self.fault(RowFault {
                    table: row.table.name.to_owned(),
                    key: row.key.clone(),
                    column: Some("version".to_owned()),
                    entry,
                    found: format!("{} in the entry that wrote it", right.version()),
                    expected: next.to_string(),
                });
            }
            if let Some(table) = self.table(row.table.name) {
                table.insert(row.key, right);
            }
        }
        // A change that waits has given the feed nothing yet.
        if parsed.feed.is_empty() || entry.is_none() {
            return;
        }
        self.feed_version += 1;
        let step = self.feed_version;
        for (key, record) in parsed.feed {
            let Some(table) = self.table(tables::FEED_KEYS.name) else { continue };
            let times = table.get(&key).map(Right::version);
            let cells = vec![
                Arg::from(key.as_str()),
                step.into(),
                record.into(),
                times.unwrap_or(0).saturating_add(1).into(),
            ];
            table.insert(key, Right { entry, cells });
        }
    }

    fn fault(&mut self, fault: RowFault) {
        self.faults.push(fault);
    }
}

pub(crate) async fn rows(
    inner: &Inner,
    entries: impl Iterator<Item = EntryRow> + Send,
    key: Option<&VerifierKey>,
) -> Result<RowsChecked, StoreError> {
    let mut transaction = inner.db.snapshot().await?;
    let mut expected = Expected {
        tables: tables::ALL.iter().map(|_| BTreeMap::new()).collect(),
        feed_version: 0,
        erased: Vec::new(),
        faults: Vec::new(),
    };
    let kept = inner.options().map_or(100_000, |options| options.feed_deltas_kept);
    ledger::compare(&mut transaction, &mut expected, entries, kept, key).await?;
    let unplaced = waiting(&mut transaction, inner.db.kind, &mut expected).await?;
    vault(&mut transaction, &mut expected).await?;
    for (slot, table) in tables::ALL.iter().enumerate() {
        let right = expected.tables.get_mut(slot).map(std::mem::take).unwrap_or_default();
        compare(&mut transaction, table, right, &mut expected.faults).await?;
    }
    Ok(RowsChecked { faults: expected.faults, unplaced })
}

/// Changes that are made but have no place yet count for rows; answers how many there are. No entry vouches for them, and
/// their codes can be checked by the sequencer only, which has the key.
async fn waiting(
    connection: &mut AnyConnection,
    kind: Kind,
    expected: &mut Expected,
) -> Result<u64, StoreError> {
    let sql = "SELECT \"leaf\", \"class\", \"salt\", \"payload\", \"commitment\" FROM \"pending_leaves\" ORDER BY \"leaf\"";
    let found = select(connection, sql.to_owned(), Vec::new()).await;
    let found = found.map_err(database("read pending leaves"))?;
    for row in &found {
        let (leaf, class) = (row.int(0)?, row.text(1)?);
        let mut fault = |column: Option<&str>, found: String, right: &str| {
            expected.fault(RowFault {
                table: "pending_leaves".to_owned(),
                key: leaf.to_string(),
                column: column.map(str::to_owned),
                entry: None,
                found,
                expected: right.to_owned(),
            });
        };
        if kind == Kind::Sqlite {
            fault(None, "a row".to_owned(), "none: here the writer gives every change its place at once");
            continue;
        }
        let parsed = match parse(&format!("pending leaf {leaf}"), &row.text(3)?) {
            Ok(parsed) => parsed,
            Err(error) => {
                fault(Some("payload"), error.to_string(), "a canonical payload");
                continue;
            }
        };
        if parsed.class != class {
            fault(Some("class"), format!("`{class}`"), &format!("`{}`, as in the payload", parsed.class));
        }
        let salt = <[u8; 32]>::try_from(row.bytes(2)?).ok();
        let right = salt.map(|salt| commitment(&salt, &class, &parsed.canonical).0.to_vec());
        if right != Some(row.bytes(4)?) {
            let found = "one that does not commit to class and payload".to_owned();
            fault(Some("commitment"), found, "one that does");
        }
        expected.take(parsed, None);
    }
    Ok(found.len() as u64)
}

/// Every sealed text is what its name says, and every one that a row names is there.
async fn vault(connection: &mut AnyConnection, expected: &mut Expected) -> Result<(), StoreError> {
    let mut named: BTreeMap<String, Option<u64>> = BTreeMap::new();
    for (table, column) in SEALED {
        let Some(at) = tables::ALL
            .iter()
            .find(|known| known.name == *table)
            .and_then(|known| known.columns.iter().position(|known| known.name == *column))
        else {
            continue;
        };
        for right in expected.table(table).into_iter().flat_map(|table| table.values()) {
            if let Some(Arg::Text(Some(digest))) = right.cells.get(at) {
                named.insert(digest.clone(), right.entry);
            }
        }
    }
    let fault = |key: &str, column: Option<&str>, entry, found: String, expected: &str| RowFault {
        table: "vault".to_owned(),
        key: key.to_owned(),
        column: column.map(str::to_owned),
        entry,
        found,
        expected: expected.to_owned(),
    };
    let mut after = String::new();
    loop {
        let sql = format!(
            "SELECT \"digest\", \"sealed\" FROM \"vault\" WHERE \"digest\" > $1 ORDER BY \"digest\" LIMIT {PAGE}"
        );
        let found = select(connection, sql, vec![after.as_str().into()]).await;
        let found = found.map_err(database("read the vault"))?;
        let Some(last) = found.last() else { break };
        after = last.text(0)?;
        for row in &found {
            let digest = row.text(0)?;
            let entry = named.remove(&digest).flatten();
            let right = digest_of(&row.text(1)?);
            if right != digest {
                let found = format!("a text with digest {right}");
                expected.fault(fault(&digest, Some("sealed"), entry, found, "a text with this digest"));
            }
        }
    }
    for (digest, entry) in named {
        expected.fault(fault(&digest, None, entry, "none".to_owned(), "the sealed text that a row names"));
    }
    Ok(())
}

/// One governed table, row by row and column by column.
async fn compare(
    connection: &mut AnyConnection,
    table: &'static Table,
    mut right: BTreeMap<String, Right>,
    faults: &mut Vec<RowFault>,
) -> Result<(), StoreError> {
    let mut after: Option<String> = None;
    loop {
        let found = page(connection, table, after.as_deref(), PAGE).await?;
        if found.is_empty() {
            break;
        }
        for cells in found {
            let key = match cells.first() {
                Some(Arg::Text(Some(key))) => key.clone(),
                _ => String::new(),
            };
            after = Some(key.clone());
            let Some(right) = right.remove(&key) else {
                faults.push(whole(table, &key, None, "a row", "none"));
                continue;
            };
            for ((column, found), expected) in table.columns.iter().zip(&cells).zip(&right.cells) {
                if found != expected {
                    let shown = if personal(table, column.name) { digest } else { shown };
                    faults.push(RowFault {
                        table: table.name.to_owned(),
                        key: key.clone(),
                        column: Some(column.name.to_owned()),
                        entry: right.entry,
                        found: shown(found),
                        expected: shown(expected),
                    });
                }
            }
        }
    }
    for (key, right) in right {
        faults.push(whole(table, &key, right.entry, "none", "a row"));
    }
    Ok(())
}

fn whole(table: &Table, key: &str, entry: Option<u64>, found: &str, expected: &str) -> RowFault {
    RowFault {
        table: table.name.to_owned(),
        key: key.to_owned(),
        column: None,
        entry,
        found: found.to_owned(),
        expected: expected.to_owned(),
    }
}

fn personal(table: &Table, column: &str) -> bool {
    column != "version"
        && PERSONAL.iter().any(|(of, name)| *of == table.name && (*name == "*" || *name == column))
}

/// A value that is not shown: its digest tells only whether two are the same.
fn digest(cell: &Arg) -> String {
    let bytes = match cell {
        Arg::Int(Some(number)) => number.to_string().into_bytes(),
        Arg::Text(Some(text)) => text.clone().into_bytes(),
        Arg::Bytes(Some(bytes)) => bytes.clone(),
        Arg::Int(None) | Arg::Text(None) | Arg::Bytes(None) => return "null".to_owned(),
    };
    format!("a value with SHA-256 {}", hex::encode(Sha256::digest(bytes)))
}

/// A value for people, cut if it is long.
fn shown(cell: &Arg) -> String {
    match cell {
        Arg::Int(Some(number)) => number.to_string(),
        Arg::Text(Some(text)) if text.chars().count() > SHOWN_MAX => {
            format!("`{}…`", text.chars().take(SHOWN_MAX).collect::<String>())
        }
        Arg::Text(Some(text)) => format!("`{text}`"),
        Arg::Bytes(Some(bytes)) => hex::encode(bytes),
        Arg::Int(None) | Arg::Text(None) | Arg::Bytes(None) => "null".to_owned(),
    }
}
