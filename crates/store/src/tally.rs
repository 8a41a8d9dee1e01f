//! Keys counted for campaigns: how many stand where, as the database keeps it with each row, so that some hundred numbers are added up whatever
//! the number of keys; and how many a campaign would ask about, for which every key is looked at.

use crate::db::{Columns, unsigned};
use crate::error::StoreError;
use crate::inner::Inner;

/// Keys of one campaign and segment in one state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CampaignCount {
    /// Of this segment.
    pub segment: String,
    /// In this state.
    pub state: String,
    /// So many.
    pub keys: u64,
}

/// Keys and accounts of one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentCount {
    /// Which.
    pub segment: String,
    /// Keys.
    pub keys: u64,
    /// Accounts they belong to.
    pub accounts: u64,
}

/// Keys in these states that were accepted under other terms, by the segment of their account; canaries aside. Looks at every key: some
/// three seconds for a million.
pub(crate) async fn on_other_terms(
    inner: &Inner,
    states: &[&str],
    terms: &str,
) -> Result<Vec<SegmentCount>, StoreError> {
    let places: Vec<String> = (2..).take(states.len()).map(|at| format!("${at}")).collect();
    // By account first: a quarter of the time of counting accounts apart in one pass.
    let sql = format!(
        "SELECT a.\"segment\", CAST(SUM(k.\"keys\") AS BIGINT), COUNT(*) FROM \
         (SELECT \"account\", COUNT(*) AS \"keys\" FROM \"keys\" WHERE \"terms\" <> $1 AND \"state\" IN ({}) AND \"canary\" = 0 \
         GROUP BY \"account\") k \
         JOIN \"accounts\" a ON a.\"account\" = k.\"account\" GROUP BY a.\"segment\" ORDER BY a.\"segment\"",
        places.join(",")
    );
    let args = std::iter::once(&terms).chain(states).map(|text| text.replace('\0', "\u{1}").into()).collect();
    let found = inner.db.read("count keys on other terms", sql, args).await?;
    let count = |row: &sqlx::any::AnyRow| {
        Ok(SegmentCount {
            segment: row.text(0)?,
            keys: unsigned(row.int(1)?),
            accounts: unsigned(row.int(2)?),
        })
    };
    found.iter().map(count).collect()
}

pub(crate) async fn campaign(inner: &Inner, campaign: &str) -> Result<Vec<CampaignCount>, StoreError> {
    let sql = "SELECT \"segment\", \"state\", CAST(SUM(\"keys\") AS BIGINT) FROM \"campaign_counts\" WHERE \"campaign\" = $1 \
               GROUP BY \"segment\", \"state\" HAVING SUM(\"keys\") <> 0 ORDER BY \"segment\", \"state\"";
    let args = vec![campaign.replace('\0', "\u{1}").into()];
    let found = inner.db.read("read a campaign's counts", sql.to_owned(), args).await?;
    let count = |row: &sqlx::any::AnyRow| {
        let keys = u64::try_from(row.int(2)?).map_err(|_| StoreError::Damaged {
            place: format!("`campaign_counts` of `{campaign}`"),
            found: "a number of keys below zero".to_owned(),
        })?;
        Ok(CampaignCount { segment: row.text(0)?, state: row.text(1)?, keys })
    };
    found.iter().map(count).collect()
}

#[cfg(test)]
mod tests {
    use crate::db::{Columns, rows};
    use sqlx::{AnyConnection, Connection};

    /// A database with members of before, counted when it is brought up to date.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_was_there_before_is_counted_once() {
        sqlx::any::install_default_drivers();
        let url = tokio::task::spawn_blocking(|| sumun_fixture::Postgres::shared().database()).await.unwrap();
        let sqlite = [
            include_str!("../migrations/sqlite/0001_record.sql"),
            include_str!("../migrations/sqlite/0011_campaigns.sql"),
            include_str!("../migrations/sqlite/0015_campaign_counts.sql"),
        ];
        let postgres = [
            include_str!("../migrations/postgres/0001_record.sql"),
            include_str!("../migrations/postgres/0011_campaigns.sql"),
            include_str!("../migrations/postgres/0015_campaign_counts.sql"),
        ];
        for (url, [record, campaigns, counts]) in [("sqlite::memory:", sqlite), (url.as_str(), postgres)] {
            let mut connection = AnyConnection::connect(url).await.unwrap();
            sqlx::raw_sql(record).execute(&mut connection).await.unwrap();
            sqlx::raw_sql(campaigns).execute(&mut connection).await.unwrap();
            let member = |id: &str, segment: &str, state: &str| {
                format!(
                    "INSERT INTO campaign_keys VALUES ('{id}', 'E1', '{id}', 'A', 'C', '{segment}', '{state}', '{{}}', NULL, 1);"
                )
            };
            let before = [
                member("M1", "retail", "told"),
                member("M2", "retail", "told"),
                member("M3", "broker", "gone"),
            ];
            sqlx::raw_sql(sqlx::AssertSqlSafe(before.concat())).execute(&mut connection).await.unwrap();
            let mut transaction = connection.begin().await.unwrap();
            sqlx::raw_sql(counts).execute(&mut *transaction).await.unwrap();
            transaction.commit().await.unwrap();
            let after = [
                member("M4", "broker", "gone"),
                "UPDATE campaign_keys SET state = 'window' WHERE member = 'M1';".to_owned(),
                "UPDATE campaign_keys SET next_due_us = 7 WHERE member = 'M2';".to_owned(),
                "DELETE FROM campaign_keys WHERE member = 'M3';".to_owned(),
            ];
            for one in after {
                sqlx::raw_sql(sqlx::AssertSqlSafe(one)).execute(&mut connection).await.unwrap();
            }
            let sql = "SELECT \"segment\", \"state\", CAST(SUM(\"keys\") AS BIGINT) FROM \"campaign_counts\" \
                       GROUP BY \"segment\", \"state\" ORDER BY \"segment\", \"state\"";
            let found = rows(&mut connection, sql.to_owned(), Vec::new()).await.unwrap();
            let found: Vec<_> = found
                .iter()
                .map(|row| (row.text(0).unwrap(), row.text(1).unwrap(), row.int(2).unwrap()))
                .collect();
            let right = [("broker", "gone", 1), ("retail", "told", 1), ("retail", "window", 1)];
            assert_eq!(
                found,
                right.map(|(segment, state, keys)| (segment.to_owned(), state.to_owned(), keys))
            );
        }
    }
}
