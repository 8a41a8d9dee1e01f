//! A database that is read and takes nothing written is no database that is ready: somebody else holds its lock.

use crate::house::House;
use crate::stage::client::get;
use crate::stage::wait_for;
use sqlx::any::{AnyConnectOptions, install_default_drivers};
use sqlx::{AnyConnection, ConnectOptions};
use std::str::FromStr;

#[test]
fn while_somebody_else_holds_the_write_lock_it_is_not_ready_and_then_it_is_again() {
    let (house, _) = House::new();
    let open = house.open();
    let server = open.server.trim_start_matches("http://").parse().unwrap();
    let ready = |status: u16| wait_for(|| Some(get(server, "/readyz")).filter(|seen| seen.status == status));
    assert!(ready(200).is_some());

    install_default_drivers();
    let address = format!("sqlite://{}", house.place.path("sumun-data/govern.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut other: AnyConnection =
        runtime.block_on(AnyConnectOptions::from_str(&address).unwrap().connect()).unwrap();
    let mut say = |sql: &'static str| runtime.block_on(sqlx::raw_sql(sql).execute(&mut other)).unwrap();
    say("BEGIN IMMEDIATE");
    let seen = ready(503).expect("it is ready, and nothing can be written");
    assert!(seen.body.contains("answers, and has taken no write for "), "{}", seen.body);
    say("ROLLBACK");
    let seen = ready(200).expect("it did not go on by itself");
    assert!(seen.body.contains(r#""detail":"answers""#), "{}", seen.body);
}
