//! Migrations: numbered SQL files, embedded, run once each at open under a lock.
//!
//! Adding one: a file in each of the two folders, a line in [`MIGRATIONS`]. Never change one that was released.

use crate::db::{self, Arg, Columns, Db, Kind};
use crate::error::{OpenError, database};

/// Number, SQL for SQLite, SQL for PostgreSQL.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (
        1,
        include_str!("../migrations/sqlite/0001_record.sql"),
        include_str!("../migrations/postgres/0001_record.sql"),
    ),
    (
        2,
        include_str!("../migrations/sqlite/0002_loop.sql"),
        include_str!("../migrations/postgres/0002_loop.sql"),
    ),
    (
        3,
        include_str!("../migrations/sqlite/0003_overview.sql"),
        include_str!("../migrations/postgres/0003_overview.sql"),
    ),
    (
        4,
        include_str!("../migrations/sqlite/0004_activity.sql"),
        include_str!("../migrations/postgres/0004_activity.sql"),
    ),
    (
        5,
        include_str!("../migrations/sqlite/0005_pages.sql"),
        include_str!("../migrations/postgres/0005_pages.sql"),
    ),
    (
        6,
        include_str!("../migrations/sqlite/0006_decided.sql"),
        include_str!("../migrations/postgres/0006_decided.sql"),
    ),
    (
        7,
        include_str!("../migrations/sqlite/0007_mirror.sql"),
        include_str!("../migrations/postgres/0007_mirror.sql"),
    ),
    (
        8,
        include_str!("../migrations/sqlite/0008_mirror_bounds.sql"),
        include_str!("../migrations/postgres/0008_mirror_bounds.sql"),
    ),
    (
        9,
        include_str!("../migrations/sqlite/0009_actuator.sql"),
        include_str!("../migrations/postgres/0009_actuator.sql"),
    ),
    (
        11,
        include_str!("../migrations/sqlite/0011_campaigns.sql"),
        include_str!("../migrations/postgres/0011_campaigns.sql"),
    ),
    (
        12,
        include_str!("../migrations/sqlite/0012_halted.sql"),
        include_str!("../migrations/postgres/0012_halted.sql"),
    ),
    (
        13,
        include_str!("../migrations/sqlite/0013_looks.sql"),
        include_str!("../migrations/postgres/0013_looks.sql"),
    ),
    (
        14,
        include_str!("../migrations/sqlite/0014_campaign_segments.sql"),
        include_str!("../migrations/postgres/0014_campaign_segments.sql"),
    ),
    (
        15,
        include_str!("../migrations/sqlite/0015_campaign_counts.sql"),
        include_str!("../migrations/postgres/0015_campaign_counts.sql"),
    ),
    (
        16,
        include_str!("../migrations/sqlite/0016_bypasses.sql"),
        include_str!("../migrations/postgres/0016_bypasses.sql"),
    ),
];

/// Any number will do, as long as nobody else takes it.
const ADVISORY_LOCK: &str = "SELECT pg_advisory_xact_lock(7308327740181)";

/// Brings the database to the last migration. Running it again does nothing.
pub(crate) async fn migrate(db: &Db) -> Result<(), OpenError> {
    let begin = match db.kind {
        Kind::Sqlite => "BEGIN IMMEDIATE",
        Kind::Postgres => "BEGIN",
    };
    let failed = database("bring the database up to date");
    let mut transaction = db.begin(begin).await.map_err(&failed)?;
    if db.kind == Kind::Postgres {
        sqlx::raw_sql(ADVISORY_LOCK).execute(&mut *transaction).await.map_err(&failed)?;
    }
    let table = "CREATE TABLE IF NOT EXISTS \"migrations\" (\"number\" BIGINT NOT NULL PRIMARY KEY)";
    sqlx::raw_sql(table).execute(&mut *transaction).await.map_err(&failed)?;
    let found =
        db::rows(&mut transaction, "SELECT MAX(\"number\") FROM \"migrations\"".to_owned(), Vec::new())
            .await
            .map_err(&failed)?;
    let found = found.first().map(|row| row.int_or_null(0)).transpose()?.flatten().unwrap_or(0);
    let known = MIGRATIONS.last().map_or(0, |(number, ..)| *number);
    if found > known {
        return Err(OpenError::Later { found, known });
    }
    for (number, sqlite, postgres) in MIGRATIONS.iter().filter(|(number, ..)| *number > found) {
        let sql = match db.kind {
            Kind::Sqlite => *sqlite,
            Kind::Postgres => *postgres,
        };
        sqlx::raw_sql(sql).execute(&mut *transaction).await.map_err(&failed)?;
        db::run(
            &mut transaction,
            "INSERT INTO \"migrations\" VALUES ($1)".to_owned(),
            vec![Arg::from(*number)],
        )
        .await
        .map_err(&failed)?;
    }
    transaction.commit().await.map_err(&failed)?;
    Ok(())
}
