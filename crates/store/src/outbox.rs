//! Messages that leave after sequencing: taken under a lease, done when out.
//!
//! A sender that dies lets its lease run out, and another sends again: at least once, with the same id.

use crate::db::{Columns, Kind, rows, unsigned};
use crate::error::{StoreError, database};
use crate::inner::Inner;
use crate::records::OutboxItem;
use sumun_model::Timestamp;

pub(crate) async fn take(
    inner: &Inner,
    topic: &str,
    limit: u32,
    now: Timestamp,
    lease_us: i64,
) -> Result<Vec<OutboxItem>, StoreError> {
    let failed = database("take messages from the outbox");
    let skip = match inner.db.kind {
        Kind::Sqlite => "",
        Kind::Postgres => "FOR UPDATE SKIP LOCKED",
    };
    let sql = format!(
        "UPDATE \"outbox\" SET \"leased_until_us\" = $1, \"leased_by\" = $2, \"attempts\" = \"attempts\" + 1 \
         WHERE \"message\" IN (SELECT \"message\" FROM \"outbox\" WHERE \"topic\" = $3 AND \"leased_until_us\" <= $4 \
         ORDER BY \"message\" LIMIT $5 {skip}) \
         RETURNING \"message\", \"topic\", \"entry\", \"body\", \"attempts\""
    );
    let until = now.plus_micros(lease_us).as_micros();
    let args = vec![
        until.into(),
        inner.holder().into(),
        topic.into(),
        now.as_micros().into(),
        i64::from(limit).into(),
    ];
    inner.disk_trusted()?;
    let found = match inner.db.kind {
        Kind::Sqlite => rows(inner.db.writer().await?.connection()?, sql, args).await,
        Kind::Postgres => {
            let mut connection = inner.db.connection().await.map_err(&failed)?;
            rows(&mut connection, sql, args).await
        }
    }
    .map_err(|error| inner.disk_checked(failed(error)))?;
    let mut items = Vec::with_capacity(found.len());
    for row in &found {
        let id = row.int(0)?;
        let body = serde_json::from_str(&row.text(3)?).map_err(|error| StoreError::Damaged {
            place: format!("message {id} of the outbox"),
            found: error.to_string(),
        })?;
        let entry = unsigned(row.int(2)?);
        items.push(OutboxItem { id, topic: row.text(1)?, entry, body, attempts: row.int(4)? });
    }
    items.sort_by_key(|item| item.id);
    Ok(items)
}

pub(crate) async fn done(inner: &Inner, id: i64) -> Result<bool, StoreError> {
    let sql = "DELETE FROM \"outbox\" WHERE \"message\" = $1";
    Ok(inner.write("take a sent message out of the outbox", sql, vec![id.into()]).await? > 0)
}
