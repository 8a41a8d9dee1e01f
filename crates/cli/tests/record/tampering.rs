//! Somebody changes what is stored, behind the record's back. Whoever looks is told where.

use crate::house::INIT;
use crate::support::Place;

/// Runs one statement on a database, as somebody with access to its disk could.
pub(crate) fn statement(url: &str, sql: &'static str) {
    sqlx::any::install_default_drivers();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::{Connection, Executor};
        let mut connection = sqlx::AnyConnection::connect(url).await.unwrap();
        connection.execute(sql).await.unwrap();
        connection.close().await.unwrap();
    });
}

fn made() -> (Place, String) {
    let place = Place::new();
    let ran = place.run(INIT);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let url = format!("sqlite://{}", place.path("sumun-data/govern.db").display());
    (place, url)
}

#[test]
fn a_changed_value_of_a_row_is_named() {
    let (place, url) = made();
    statement(&url, "UPDATE users SET name = 'mallory' WHERE \"user\" = 'bob'");
    let ran = place.run(&["ledger", "verify"]);
    assert_eq!(ran.code, 1);
    let faults: Vec<&str> = ran.out.lines().skip_while(|line| !line.starts_with("FAULT")).collect();
    insta::assert_snapshot!(faults.join("\n"), @"
    FAULT in the database: table users, row `bob`, column name
      expected a value with SHA-256 81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9 (entry 1)
      found    a value with SHA-256 c0a497761b175379ed63397cc980546559faa84ca9cbeede773117c31508b6ac
    1 difference from the ledger. Keep folder and database as they are: they are evidence.
    ");
    let ran = place.run(&["ledger", "verify", "--json"]);
    assert_eq!((ran.code, &ran.json()["verified"]), (1, &false.into()));
    assert_eq!(ran.json()["row_faults"][0]["key"], "bob");
}

#[test]
fn a_row_taken_away_and_one_put_in_are_named() {
    let (place, url) = made();
    statement(&url, "DELETE FROM gates");
    let ran = place.run(&["ledger", "verify"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("FAULT in the database: table gates, row `gate-1`"), "{}", ran.out);
    // The published ledger alone is still what was signed.
    let ran = place.run(&["ledger", "verify", "--folder", "sumun-data/ledger"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(ran.out.contains("no database was compared"), "{}", ran.out);
}

#[test]
fn a_changed_ledger_keeps_the_control_plane_from_starting() {
    let (place, _) = made();
    let checkpoint = place.read("sumun-data/ledger/checkpoint");
    let mut lines: Vec<String> = checkpoint.lines().map(str::to_owned).collect();
    lines[1] = "7".to_owned();
    place.write("sumun-data/ledger/checkpoint", &format!("{}\n", lines.join("\n")));
    for role in ["govern", "serve"] {
        let ran = place.run_briefly(&[role]);
        assert_eq!(ran.code, 1, "{}", ran.shown());
        assert!(ran.err.contains("checkpoint") && ran.err.contains("contradicts the record"), "{}", ran.err);
        assert!(ran.out.is_empty(), "it said that it is ready: {}", ran.out);
    }
}

#[test]
fn an_older_copy_of_everything_shows_by_a_checkpoint_kept_elsewhere() {
    let (place, _) = made();
    let runs = |from: &str, to: &str| {
        let copied =
            std::process::Command::new("cp").arg("-a").arg(place.path(from)).arg(place.path(to)).status();
        assert!(copied.unwrap().success());
    };
    runs("sumun-data", "older");
    // One more entry: a changed venue file is adopted.
    let venue = place.read("venue.toml").replace("every_minutes = 1440", "every_minutes = 720");
    place.write("venue.toml", &venue);
    place.write("sumun.toml", &format!("{}[govern]\nlisten = \"127.0.0.1:0\"\n", place.read("sumun.toml")));
    let process = crate::plane::Plane::start(place.command(&["govern"]));
    assert_eq!(process.ready["entries"], 5);
    process.stop();
    place.write("checkpoint.txt", &place.read("sumun-data/ledger/checkpoint"));
    std::fs::remove_dir_all(place.path("sumun-data")).unwrap();
    runs("older", "sumun-data");
    assert_eq!(place.run(&["ledger", "verify"]).code, 0);
    let ran = place.run(&["ledger", "verify", "--since", "checkpoint.txt"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("5 entries, as signed before"), "{}", ran.out);
}
