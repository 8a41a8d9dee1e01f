//! When each person first opened an approval. Beside the governed rows: what is decided stands there, with how long was looked.
//!
//! Never here: what a look is worth.

use crate::db::{Columns, run};
use crate::error::{StoreError, database};
use crate::inner::Inner;
use crate::mirror::transaction;
use sqlx::AnyConnection;
use sumun_model::Timestamp;

/// First looks are kept so long, microseconds: longer than anything waits to be decided.
const KEPT_US: i64 = 90 * 24 * 3_600 * 1_000_000;

/// When this person first opened this approval, if he did.
pub(crate) async fn first(
    inner: &Inner,
    approval: &str,
    principal: &str,
) -> Result<Option<Timestamp>, StoreError> {
    if approval.contains('\0') || principal.contains('\0') {
        return Ok(None);
    }
    let sql = "SELECT \"at_us\" FROM \"looks\" WHERE \"approval\" = $1 AND \"principal\" = $2";
    let found = inner
        .db
        .read("read who opened an approval", sql.to_owned(), vec![approval.into(), principal.into()])
        .await?;
    found.first().map(|row| row.int(0).map(Timestamp::from_micros)).transpose()
}

/// He opens it now; what he opened first stays.
pub(crate) async fn opened(
    inner: &Inner,
    approval: &str,
    principal: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    // Mostly it is opened again: then nothing is written.
    if approval.contains('\0') || first(inner, approval, principal).await?.is_some() {
        return Ok(());
    }
    let failed = database("note who opened an approval");
    transaction!(inner, "note who opened an approval", |connection| {
        let sql = "DELETE FROM \"looks\" WHERE \"at_us\" < $1";
        let kept = now.plus_micros(-KEPT_US).as_micros();
        run(connection, sql.to_owned(), vec![kept.into()]).await.map_err(&failed)?;
        let sql = "INSERT INTO \"looks\" (\"approval\", \"principal\", \"at_us\") VALUES ($1, $2, $3) \
                   ON CONFLICT (\"approval\", \"principal\") DO NOTHING";
        let args = vec![approval.into(), principal.into(), now.as_micros().into()];
        run(connection, sql.to_owned(), args).await.map_err(&failed)?;
    });
    Ok(())
}
