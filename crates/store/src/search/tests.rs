//! Every search is led by its index, on both databases.

use super::*;
use crate::db::rows;
use crate::tables::KEYS;
use sqlx::{AnyConnection, Connection};

async fn plan(connection: &mut AnyConnection, explain: &str, wanted: &Search) -> String {
    let (sql, args) = searching(&KEYS, wanted).unwrap();
    let found = rows(connection, format!("{explain} {sql}"), args).await.unwrap();
    let column = if explain == "EXPLAIN" { 0 } else { 3 };
    found.iter().map(|row| row.text(column).unwrap() + "\n").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_searched_for_is_found_by_its_index_and_never_sorted() {
    sqlx::any::install_default_drivers();
    let sqlite = [
        include_str!("../../migrations/sqlite/0001_record.sql"),
        include_str!("../../migrations/sqlite/0004_activity.sql"),
        include_str!("../../migrations/sqlite/0011_campaigns.sql"),
    ];
    let postgres = [
        include_str!("../../migrations/postgres/0001_record.sql"),
        include_str!("../../migrations/postgres/0004_activity.sql"),
        include_str!("../../migrations/postgres/0011_campaigns.sql"),
    ];
    let url = tokio::task::spawn_blocking(|| sumun_fixture::Postgres::shared().database()).await.unwrap();
    for (url, migrations, explain) in
        [("sqlite::memory:", sqlite, "EXPLAIN QUERY PLAN"), (url.as_str(), postgres, "EXPLAIN")]
    {
        let mut connection = AnyConnection::connect(url).await.unwrap();
        for migration in migrations {
            sqlx::raw_sql(migration).execute(&mut connection).await.unwrap();
        }
        if explain == "EXPLAIN" {
            // As every connection of a store; and with more rows than can be sorted, no plan sorts.
            sqlx::raw_sql("SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off")
                .execute(&mut connection)
                .await
                .unwrap();
        }
        let all = vec!["key", "account", "application"];
        for (lead, any, none, index) in [
            (Lead::Prefix("key"), vec![], vec![], "keys_pkey"),
            (Lead::Prefix("account"), vec![], vec!["key"], "keys_by_account"),
            (Lead::Prefix("application"), vec![], vec!["key", "account"], "keys_by_application"),
            (Lead::Equal("account", "A1".to_owned()), all.clone(), vec![], "keys_by_account"),
            (Lead::Equal("measure", "hold".to_owned()), all.clone(), vec![], "keys_by_measure"),
            (Lead::Equal("state", "requested".to_owned()), all.clone(), vec![], "keys_by_state"),
        ] {
            for after in [None, Some(("A1".to_owned(), "K1".to_owned()))] {
                let wanted = Search {
                    lead: lead.clone(),
                    text: "K".to_owned(),
                    any: any.clone(),
                    none: none.clone(),
                    equals: vec![("state", "active".to_owned()), ("measure", "warn".to_owned())],
                    after,
                    limit: 100,
                };
                let found = plan(&mut connection, explain, &wanted).await;
                let index = if explain != "EXPLAIN" && index == "keys_pkey" {
                    "sqlite_autoindex_keys_1"
                } else {
                    index
                };
                assert!(found.contains(index), "{wanted:?}: {found}");
                assert!(!found.contains("TEMP B-TREE") && !found.contains("Sort"), "{wanted:?}: {found}");
            }
        }
    }
}
