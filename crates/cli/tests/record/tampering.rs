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
    let (config, listen) = (place.read("sumun.toml"), "[govern]\nlisten = \"127.0.0.1:0\"\n");
    // TOML takes no table twice: whether `init` writes this one is not this test's affair.
    let config = if config.contains("[govern]\n") {
        config.replace("[govern]\n", listen)
    } else {
        format!("{config}{listen}")
    };
    place.write("sumun.toml", &config);
    let process = crate::plane::Plane::start(place.command(&["govern"]));
    assert_eq!(process.ready["entries"], 6);
    process.stop();
    place.write("checkpoint.txt", &place.read("sumun-data/ledger/checkpoint"));
    std::fs::remove_dir_all(place.path("sumun-data")).unwrap();
    runs("older", "sumun-data");
    assert_eq!(place.run(&["ledger", "verify"]).code, 0);
    let ran = place.run(&["ledger", "verify", "--since", "checkpoint.txt"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("6 entries, as signed before"), "{}", ran.out);
}

/// Somebody who can write the database adds entries that fit one another, head and all; only the signature is not his.
#[test]
fn entries_beyond_the_published_ones_need_a_signed_head() {
    let (place, url) = made();
    assert_eq!(place.run(&["ledger", "verify"]).code, 0);
    let forged = forge(&url);
    let ran = place.run(&["ledger", "verify"]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    let named = format!("FAULT in the database: table ledger_entries, row `{forged}`");
    assert!(ran.out.contains(&named), "{}", ran.out);
    assert!(ran.out.contains("table ledger_head, row `1`, column checkpoint"), "{}", ran.out);
    // What the forged entry wrote is measured by the entries that are vouched for.
    assert!(ran.out.contains("table users, row `bob`"), "{}", ran.out);
}

/// Adds an entry that makes `bob` somebody else: payload, leaf, hashes, timeline, head. Answers its index.
fn forge(url: &str) -> u64 {
    use sumun_ledger::{Appender, Canonical, CheckpointSigner, Leaf, commitment, concatenated};
    sqlx::any::install_default_drivers();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::{Connection, Row};
        let mut connection = sqlx::AnyConnection::connect(url).await.unwrap();
        let rows = sqlx::query("SELECT leaf, payload, at_us FROM ledger_entries ORDER BY entry");
        let rows = rows.fetch_all(&mut connection).await.unwrap();
        let mut tree = Appender::empty();
        let (mut at_us, mut image) = (0_i64, None);
        for row in &rows {
            tree.append(row.get::<String, _>(0).as_bytes());
            at_us = row.get(2);
            let payload: serde_json::Value = serde_json::from_str(&row.get::<String, _>(1)).unwrap();
            let mut written = payload["rows"].as_array().unwrap().iter();
            let bob = written.rfind(|row| row["table"] == "users" && row["row"]["user"] == "bob");
            image = bob.map(|row| row["row"].clone()).or(image);
        }
        let mut image = image.unwrap();
        image["name"] = "mallory".into();
        let version = image["version"].as_i64().unwrap() + 1;
        image["version"] = version.into();
        let at = sumun_model::Timestamp::from_micros(at_us);
        let payload = serde_json::json!({"v": 1, "class": "user.enrolled", "at": at.to_string(), "facts": {},
            "rows": [{"table": "users", "row": image}], "feed": []});
        let payload = Canonical::of(&payload).unwrap();
        let salt = [7_u8; 32];
        let leaf = Leaf::new("user.enrolled", at, commitment(&salt, "user.enrolled", &payload)).unwrap();
        let leaf = leaf.to_bytes();
        let index = tree.size();
        let hashes = concatenated(&tree.append(&leaf));
        let mallory = CheckpointSigner::new(&[66; 32], "sumun.example/made-up").unwrap();
        let sql = "INSERT INTO ledger_entries (entry, class, at_us, leaf, salt, payload, hashes) VALUES ($1,$2,$3,$4,$5,$6,$7)";
        sqlx::query(sql)
            .bind(i64::try_from(index).unwrap())
            .bind("user.enrolled")
            .bind(at_us)
            .bind(String::from_utf8(leaf).unwrap())
            .bind(salt.to_vec())
            .bind(payload.as_str().to_owned())
            .bind(hashes)
            .execute(&mut connection)
            .await
            .unwrap();
        sqlx::query("INSERT INTO entry_rows (table_name, row_key, entry) VALUES ('users', 'bob', $1)")
            .bind(i64::try_from(index).unwrap())
            .execute(&mut connection)
            .await
            .unwrap();
        sqlx::query("UPDATE users SET name = 'mallory', version = $1 WHERE \"user\" = 'bob'")
            .bind(version)
            .execute(&mut connection)
            .await
            .unwrap();
        sqlx::query("UPDATE ledger_head SET size = $1, root = $2, checkpoint = $3")
            .bind(i64::try_from(tree.size()).unwrap())
            .bind(tree.root().0.to_vec())
            .bind(mallory.sign(tree.size(), tree.root()))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        index
    })
}
