//! The same on PostgreSQL: made, run, verified while it runs, moved to SQLite.

use crate::house::INIT;
use crate::plane::Plane;
use crate::support::Place;
use sumun_fixture::Postgres;

#[test]
fn a_record_on_postgresql() {
    let url = Postgres::shared().database();
    let place = Place::new();
    place.write(
        "sumun.toml",
        &format!(
            "[govern]\nlisten = \"127.0.0.1:0\"\ndatabase = \"{url}\"\n[seal]\nkey_file = \"kek.txt\"\n"
        ),
    );
    let made = place.run(&[INIT, &["--json"]].concat());
    assert_eq!(made.code, 0, "{}", made.shown());
    let plane = Plane::start(place.command(&["govern"]));
    assert_eq!(plane.ready["entries"], made.json()["entries"]);
    let verified = place.run(&["ledger", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.shown());
    assert!(verified.out.contains("every row is what the ledger says"), "{}", verified.out);
    plane.stop();

    let into = format!("sqlite://{}", place.path("copy.db").display());
    let moved = place.run(&["ledger", "rebuild", "--into", &into]);
    assert_eq!(moved.code, 0, "{}", moved.shown());
    // Not into one that holds something.
    assert_eq!(place.run(&["ledger", "rebuild", "--into", &into]).code, 1);

    // And no second record over this one, from a folder that knows nothing of it.
    let other = Place::new();
    other.write("sumun.toml", &place.read("sumun.toml"));
    let again = other.run(INIT);
    assert_eq!(again.code, 1, "{}", again.shown());
    assert!(!other.path("sumun-data").exists());
}

#[test]
fn a_password_in_the_address_is_refused_and_not_repeated() {
    let place = Place::with_kek(crate::support::KEK_ONE)
        .set("SUMUN_GOVERN__DATABASE", "postgres://sumun:made-up-password@127.0.0.1/sumun");
    let ran = place.run(&["govern"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("PGPASSWORD") && !ran.err.contains("made-up-password"), "{}", ran.err);
}
