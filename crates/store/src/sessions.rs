//! What runs beside the record: sessions, things used once, stored answers. None of it stands in the ledger.

use crate::change::Idempotency;
use crate::code::{Purpose, code, holds};
use crate::db::{Columns, rows};
use crate::error::{StoreError, database};
use crate::inner::Inner;
use crate::records::Session;
use serde_json::Value;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use sumun_model::Timestamp;

/// Answers to requests are kept so long: a client that repeats later must look first.
const ANSWERS_KEPT_US: i64 = 30 * 24 * 3600 * 1_000_000;

/// What was used once is remembered so much longer than it is valid: clocks differ between processes, and are set back.
const USED_KEPT_US: i64 = 10 * 60 * 1_000_000;

pub(crate) const ANSWER_COLUMNS: &str =
    "\"principal\", \"idempotency_key\", \"request\", \"status\", \"body\"";

fn json(place: &str, text: &str) -> Result<Value, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Damaged { place: place.to_owned(), found: error.to_string() })
}

pub(crate) fn answer(row: &AnyRow) -> Result<Idempotency, StoreError> {
    Ok(Idempotency {
        principal: row.text(0)?,
        key: row.text(1)?,
        request: row.text(2)?,
        status: u16::try_from(row.int(3)?).unwrap_or(0),
        body: json("a stored answer", &row.text(4)?)?,
    })
}

pub(crate) async fn answered_in(
    connection: &mut AnyConnection,
    principal: &str,
    key: &str,
) -> Result<Option<Idempotency>, StoreError> {
    if principal.contains('\0') || key.contains('\0') {
        return Ok(None);
    }
    let sql = format!(
        "SELECT {ANSWER_COLUMNS} FROM \"idempotency\" WHERE \"principal\" = $1 AND \"idempotency_key\" = $2"
    );
    let found = rows(connection, sql, vec![principal.into(), key.into()])
        .await
        .map_err(database("look for a stored answer"))?;
    found.first().map(answer).transpose()
}

pub(crate) async fn answered(
    inner: &Inner,
    principal: &str,
    key: &str,
) -> Result<Option<Idempotency>, StoreError> {
    let mut connection = inner.db.connection().await.map_err(database("look for a stored answer"))?;
    answered_in(&mut connection, principal, key).await
}

/// What a session's code covers: all of it. Otherwise whoever can write the database could sign in as anybody.
fn code_of(inner: &Inner, session: &Session, body: &str) -> Result<Vec<u8>, StoreError> {
    let expires = session.expires.as_micros().to_be_bytes();
    let parts = [session.digest.as_bytes(), session.principal.as_bytes(), body.as_bytes(), &expires];
    Ok(code(&inner.options()?.signer, Purpose::Session, &parts))
}

pub(crate) async fn put(inner: &Inner, session: &Session) -> Result<(), StoreError> {
    let sql = "INSERT INTO \"sessions\" (\"digest\", \"principal\", \"body\", \"expires_us\", \"code\") \
               VALUES ($1,$2,$3,$4,$5)";
    let body = session.body.to_string();
    let code = code_of(inner, session, &body)?;
    let args = vec![
        session.digest.as_str().into(),
        session.principal.as_str().into(),
        body.into(),
        session.expires.as_micros().into(),
        code.as_slice().into(),
    ];
    inner.write("keep a session", sql, args).await?;
    Ok(())
}

/// Never makes one: a session that was ended while it was being used stays ended.
pub(crate) async fn renew(inner: &Inner, session: &Session) -> Result<bool, StoreError> {
    let sql = "UPDATE \"sessions\" SET \"body\" = $1, \"expires_us\" = $2, \"code\" = $3 \
               WHERE \"digest\" = $4 AND \"principal\" = $5";
    let body = session.body.to_string();
    let code = code_of(inner, session, &body)?;
    let args = vec![
        body.into(),
        session.expires.as_micros().into(),
        code.as_slice().into(),
        session.digest.as_str().into(),
        session.principal.as_str().into(),
    ];
    Ok(inner.write("renew a session", sql, args).await? == 1)
}

pub(crate) async fn get(inner: &Inner, digest: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
    if digest.contains('\0') {
        return Ok(None);
    }
    let sql = "SELECT \"digest\", \"principal\", \"body\", \"expires_us\", \"code\" FROM \"sessions\" \
               WHERE \"digest\" = $1 AND \"expires_us\" > $2";
    let args = vec![digest.into(), now.as_micros().into()];
    let found = inner.db.read("read a session", sql.to_owned(), args).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let (digest, principal, body) = (row.text(0)?, row.text(1)?, row.text(2)?);
    let expires = row.int(3)?;
    let parts = [digest.as_bytes(), principal.as_bytes(), body.as_bytes(), &expires.to_be_bytes()];
    if !holds(&inner.options()?.signer, Purpose::Session, &parts, row.bytes_or_null(4)?.as_deref()) {
        tracing::error!(
            store.session = %digest,
            "A session in the database bears no code of ours and opens nothing: see who can write the database"
        );
        return Ok(None);
    }
    let expires = Timestamp::from_micros(expires);
    Ok(Some(Session { digest, principal, body: json("a session", &body)?, expires }))
}

pub(crate) async fn delete(inner: &Inner, digest: &str) -> Result<bool, StoreError> {
    let sql = "DELETE FROM \"sessions\" WHERE \"digest\" = $1";
    Ok(inner.write("end a session", sql, vec![digest.into()]).await? > 0)
}

pub(crate) async fn delete_of(inner: &Inner, principal: &str) -> Result<u64, StoreError> {
    let sql = "DELETE FROM \"sessions\" WHERE \"principal\" = $1";
    inner.write("end sessions", sql, vec![principal.into()]).await
}

pub(crate) async fn use_once(
    inner: &Inner,
    scope: &str,
    id: &str,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO \"used_once\" (\"scope\", \"used\", \"until_us\") VALUES ($1,$2,$3) \
               ON CONFLICT (\"scope\", \"used\") DO NOTHING";
    let args = vec![scope.into(), id.into(), until.as_micros().into()];
    Ok(inner.write("use something once", sql, args).await? == 1)
}

pub(crate) async fn forget(inner: &Inner, now: Timestamp) -> Result<(), StoreError> {
    let now = now.as_micros();
    let expired = [
        ("DELETE FROM \"sessions\" WHERE \"expires_us\" <= $1", now),
        ("DELETE FROM \"used_once\" WHERE \"until_us\" <= $1", now.saturating_sub(USED_KEPT_US)),
        ("DELETE FROM \"idempotency\" WHERE \"at_us\" <= $1", now.saturating_sub(ANSWERS_KEPT_US)),
    ];
    for (sql, before) in expired {
        inner.write("forget what expired", sql, vec![before.into()]).await?;
    }
    Ok(())
}
