//! May this change be made? Judged in memory, against versions and answers fetched with one statement per table.

use crate::change::{Expect, Idempotency};
use crate::db::{Arg, Columns, KEYS_MAX, insert, rows, tuples};
use crate::error::{StoreError, database};
use crate::prepare::{Prepared, PreparedRow};
use crate::read::column_list;
use crate::sessions::{ANSWER_COLUMNS, answer};
use crate::table::Table;
use crate::tables;
use sqlx::AnyConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What stands, as far as a batch names it.
#[derive(Debug, Default)]
pub(crate) struct World {
    versions: HashMap<(&'static str, String), i64>,
    answers: HashMap<(String, String), Idempotency>,
}

impl World {
    /// Fetches all that these changes name.
    pub(crate) async fn load(
        connection: &mut AnyConnection,
        changes: &[Prepared],
    ) -> Result<Self, StoreError> {
        let mut world = Self::default();
        for table in tables::ALL {
            let written = changes.iter().flat_map(|change| &change.writes);
            let written = written.filter(|row| row.table.name == table.name).map(|row| row.key.as_str());
            let read = changes.iter().flat_map(|change| &change.reads);
            let read = read.filter(|(of, ..)| of.name == table.name).map(|(_, key, _)| key.as_str());
            let keys: BTreeSet<&str> = written.chain(read).collect();
            let keys: Vec<&str> = keys.into_iter().collect();
            for some in keys.chunks(KEYS_MAX) {
                world.load_versions(connection, table, some).await?;
            }
        }
        let asked: BTreeSet<(&str, &str)> = changes
            .iter()
            .filter_map(|change| change.idempotency.as_ref())
            .map(|answer| (answer.principal.as_str(), answer.key.as_str()))
            .collect();
        world.load_answers(connection, asked).await?;
        Ok(world)
    }

    async fn load_versions(
        &mut self,
        connection: &mut AnyConnection,
        table: &'static Table,
        keys: &[&str],
    ) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT \"{key}\", \"version\" FROM \"{name}\" WHERE \"{key}\" IN {list}",
            key = table.key,
            name = table.name,
            list = tuples(connection, 1, keys.len())
        );
        let args = keys.iter().map(|key| Arg::from(*key)).collect();
        for row in rows(connection, sql, args).await.map_err(database("read rows' versions"))? {
            self.versions.insert((table.name, row.text(0)?), row.int(1)?);
        }
        Ok(())
    }

    async fn load_answers(
        &mut self,
        connection: &mut AnyConnection,
        asked: BTreeSet<(&str, &str)>,
    ) -> Result<(), StoreError> {
        if asked.is_empty() {
            return Ok(());
        }
        let sql = answers_sql(&tuples(connection, asked.len(), 2));
        let args = asked.into_iter().flat_map(|(principal, key)| [principal.into(), key.into()]).collect();
        for row in rows(connection, sql, args).await.map_err(database("look for stored answers"))? {
            let answer = answer(&row)?;
            self.answers.insert((answer.principal.clone(), answer.key.clone()), answer);
        }
        Ok(())
    }

    /// Whether the change may be made in this world. A repeated request is told first: its rows have moved on.
    pub(crate) fn judge(&self, change: &Prepared) -> Result<(), StoreError> {
        if let Some(asked) = &change.idempotency
            && let Some(stored) = self.answers.get(&(asked.principal.clone(), asked.key.clone()))
        {
            return Err(if stored.request == asked.request {
                StoreError::Repeated(Box::new(stored.clone()))
            } else {
                StoreError::KeyReused { key: asked.key.clone() }
            });
        }
        let reads = change.reads.iter().map(|(table, key, expect)| (*table, key, *expect));
        let writes = change.writes.iter().map(|row| (row.table, &row.key, row.expect));
        for (table, key, expected) in reads.chain(writes) {
            let found = self.versions.get(&(table.name, key.clone())).copied();
            let holds = match expected {
                Expect::Absent => found.is_none(),
                Expect::Version(version) => found == Some(version),
            };
            if !holds {
                return Err(StoreError::Conflict { table: table.name, key: key.clone(), expected, found });
            }
        }
        Ok(())
    }

    /// The world after a change that was found good.
    pub(crate) fn accept(&mut self, change: &Prepared) {
        for row in &change.writes {
            self.versions.insert((row.table.name, row.key.clone()), row.version);
        }
        if let Some(answer) = &change.idempotency {
            self.answers.insert((answer.principal.clone(), answer.key.clone()), answer.clone());
        }
    }
}

/// Stored answers to pairs of principal and key. Not `IN (VALUES …)`: of two pairs or more SQLite then reads all answers
/// there are.
fn answers_sql(pairs: &str) -> String {
    format!(
        "SELECT {ANSWER_COLUMNS} FROM (VALUES {pairs}) AS w \
         JOIN \"idempotency\" ON \"principal\" = w.\"column1\" AND \"idempotency_key\" = w.\"column2\""
    )
}

/// Writes rows, sealed texts and answers of changes found good, in their order: of a row's images the last one stands.
pub(crate) async fn write(connection: &mut AnyConnection, changes: &[&Prepared]) -> Result<(), StoreError> {
    let failed = database("write rows");
    for table in tables::ALL {
        let of_table =
            changes.iter().flat_map(|change| &change.writes).filter(|row| row.table.name == table.name);
        upsert(connection, table, of_table).await.map_err(&failed)?;
    }
    let sealed = changes.iter().flat_map(|change| &change.vault);
    let sealed = sealed.map(|(digest, text)| vec![digest.as_str().into(), text.as_str().into()]).collect();
    let head = "INSERT INTO \"vault\" (\"digest\", \"sealed\")";
    insert(connection, head, "ON CONFLICT (\"digest\") DO NOTHING", sealed).await.map_err(&failed)?;
    let answers = changes.iter().filter_map(|change| Some((change.idempotency.as_ref()?, change.at_us)));
    let answers = answers.map(|(answer, at_us)| {
        vec![
            answer.principal.as_str().into(),
            answer.key.as_str().into(),
            answer.request.as_str().into(),
            i64::from(answer.status).into(),
            answer.body.to_string().into(),
            at_us.into(),
        ]
    });
    let head = format!("INSERT INTO \"idempotency\" ({ANSWER_COLUMNS}, \"at_us\")");
    insert(connection, &head, "", answers.collect()).await.map_err(&failed)?;
    Ok(())
}

/// Writes rows whether they are there or not.
pub(crate) async fn upsert<'a>(
    connection: &mut AnyConnection,
    table: &Table,
    rows: impl Iterator<Item = &'a PreparedRow>,
) -> sqlx::Result<()> {
    let last: BTreeMap<&str, &PreparedRow> = rows.map(|row| (row.key.as_str(), row)).collect();
    let cells = last.into_values().map(|row| row.cells.clone()).collect();
    upsert_cells(connection, table, cells).await
}

/// As [`upsert`]; no key may come twice.
pub(crate) async fn upsert_cells(
    connection: &mut AnyConnection,
    table: &Table,
    cells: Vec<Vec<Arg>>,
) -> sqlx::Result<()> {
    if cells.is_empty() {
        return Ok(());
    }
    let head = format!("INSERT INTO \"{}\" ({})", table.name, column_list(table));
    let others = table.columns.iter().filter(|column| column.name != table.key);
    let set: Vec<String> = others.map(|column| format!("\"{0}\" = excluded.\"{0}\"", column.name)).collect();
    let tail = format!("ON CONFLICT (\"{}\") DO UPDATE SET {}", table.key, set.join(", "));
    insert(connection, &head, &tail, cells).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;
    use crate::migrate::migrate;

    #[tokio::test]
    async fn stored_answers_are_found_by_their_index() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("record.db").display());
        let db = Db::open(&url, false).await.unwrap();
        migrate(&db).await.unwrap();
        let mut connection = db.connection().await.unwrap();
        for pairs in [1, 2, 1000] {
            let sql = format!("EXPLAIN QUERY PLAN {}", answers_sql(&tuples(&connection, pairs, 2)));
            let args = vec![Arg::from("made-up"); pairs * 2];
            let plan = rows(&mut connection, sql, args).await.unwrap();
            let steps: Vec<String> = plan.iter().map(|row| row.text(3).unwrap()).collect();
            assert!(steps.iter().any(|step| step.starts_with("SEARCH idempotency USING")), "{steps:?}");
            assert!(!steps.iter().any(|step| step.starts_with("SCAN idempotency")), "{steps:?}");
        }
    }
}
