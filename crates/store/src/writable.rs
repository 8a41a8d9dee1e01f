//! Whether the database takes writes now: reads may go on while it takes none.

use crate::db::{Columns, Kind, rows};
use crate::error::{StoreError, database};
use crate::inner::Inner;

/// Takes the right to write and gives it back; nothing is written. Waits as long as any writer would.
pub(crate) async fn writable(inner: &Inner) -> Result<(), StoreError> {
    inner.disk_trusted()?;
    let failed = database("see whether the database takes writes");
    match inner.db.kind {
        Kind::Sqlite => {
            let mut writer = inner.db.writer().await?;
            sqlx::raw_sql("BEGIN IMMEDIATE").execute(writer.connection()?).await.map_err(&failed)?;
            let ended = sqlx::raw_sql("ROLLBACK").execute(writer.connection()?).await;
            if ended.is_err() {
                writer.discard();
            }
            ended.map(drop).map_err(&failed)
        }
        Kind::Postgres => {
            // A standby, or a server that was set to refuse writes.
            let sql = "SELECT CAST(CASE WHEN current_setting('transaction_read_only') = 'on' THEN 1 ELSE 0 END AS BIGINT)";
            let mut connection = inner.db.connection().await.map_err(&failed)?;
            let found = rows(&mut connection, sql.to_owned(), Vec::new()).await.map_err(&failed)?;
            match found.first().map(|row| row.int(0)).transpose()? {
                Some(0) => Ok(()),
                _ => Err(StoreError::Unavailable {
                    cause: "the database is read-only: a standby, or set so".into(),
                    in_doubt: false,
                }),
            }
        }
    }
}
