//! For whoever acts outside on what rows say: that only one process does.
//!
//! On SQLite there is one process. On PostgreSQL a lease by the database's clock keeps two apart.

use crate::db::{Kind, run};
use crate::error::{StoreError, database};
use crate::inner::Inner;

/// Takes or renews a lease.
pub(crate) async fn take(inner: &Inner, name: &'static str, for_us: i64) -> Result<bool, StoreError> {
    if inner.db.kind == Kind::Sqlite {
        return Ok(true);
    }
    let failed = database("take a lease");
    let mut connection = inner.db.connection().await.map_err(&failed)?;
    let sql = "INSERT INTO \"leases\" AS l (\"lease\", \"holder\", \"until_us\", \"term\") \
               SELECT $3, $1, t.now + $2, 1 FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now) t \
               ON CONFLICT (\"lease\") DO UPDATE SET \"holder\" = excluded.\"holder\", \
               \"until_us\" = excluded.\"until_us\", \"term\" = l.\"term\" + 1 \
               WHERE l.\"holder\" = excluded.\"holder\" OR l.\"until_us\" < excluded.\"until_us\" - $2";
    let args = vec![inner.holder().into(), for_us.into(), name.into()];
    Ok(run(&mut connection, sql.to_owned(), args).await.map_err(&failed)? == 1)
}
