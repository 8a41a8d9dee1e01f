//! Import on the built program: resumed after SIGKILL in the middle, refused lines copied as they are, the page on it run as written.

use crate::house::{House, Open, invite_of};
use crate::stage::wait_for;
use serde_json::Value;
use std::fmt::Write as _;
use std::process::Stdio;

/// Keys to be imported: several requests of the program, and some dozen changes.
const KEYS: usize = 6_000;

pub(crate) const HEADER: &str = "key_id,account_id,customer_id,segment,state,scopes,allowlist,vendor,created_at,expires_at,last_used_at\n";

fn table(keys: usize) -> String {
    table_of(keys, "active")
}

fn table_of(keys: usize, state: &str) -> String {
    let mut text = HEADER.to_owned();
    for n in 0..keys {
        writeln!(
            text,
            "h:k{n},h:a{0},h:c{0},retail,{state},read;trade,203.0.113.7,,2026-01-02 09:00:00,,",
            n / 3
        )
        .unwrap();
    }
    text
}

/// A back end's token, agreed to by two.
pub(crate) fn backend(open: &Open<'_>, made: &Value) -> String {
    for user in ["alice", "bob"] {
        open.enrol(user, &invite_of(made, user));
    }
    let make = [
        "tokens",
        "make",
        "--name",
        "back end",
        "--roles",
        "exchange_backend",
        "--expires",
        "2027-03-01T00:00:00Z",
    ];
    let token = open.json("alice", &make);
    let waits = token["result"]["approval"].as_str().unwrap();
    open.must("bob", &["approvals", "grant", waits, "--reason", "the nightly import"]);
    token["result"]["secret"].as_str().unwrap().to_owned()
}

pub(crate) struct Machine<'a> {
    pub(crate) open: &'a Open<'a>,
    pub(crate) token: &'a str,
}

impl Machine<'_> {
    pub(crate) fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.open.house.place.command(arguments);
        command.env("SUMUN_TOKEN", self.token).env("SUMUN_SERVER", &self.open.server);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let ran = self.command(arguments).stdin(Stdio::null()).output().unwrap();
        let shown = [ran.stdout, ran.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
        (ran.status.code(), shown)
    }

    fn keys(&self, limit: &str) -> usize {
        let (_, shown) = self.run(&["keys", "list", "--limit", limit, "--json"]);
        let read: Value = serde_json::from_str(&shown).unwrap_or_default();
        read["items"].as_array().map_or(0, Vec::len)
    }
}

const IMPORT: [&str; 6] = ["import", "--kind", "keys", "keys.csv", "--set", "as_of=2026-11-02T00:00:00Z"];

#[test]
fn an_import_whose_server_is_killed_in_the_middle_is_repeated_as_it_was() {
    let (house, made) = House::new();
    let open = house.open();
    let token = backend(&open, &made);
    house.place.write("keys.csv", &table(KEYS));
    let machine = Machine { open: &open, token: &token };
    let mut import = machine
        .command(&IMPORT)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for(|| (machine.keys("1") > 0).then_some(())).expect("nothing came in");
    let Open { desk, process } = open;
    process.kill();
    drop(desk);
    // It may have been done a moment before; then the repetition finds all of it.
    import.wait().unwrap();

    let open = house.open();
    let machine = Machine { open: &open, token: &token };
    let (code, shown) = machine.run(&IMPORT);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.starts_with(&format!("{} lines read, 0 refused\n", 2 * KEYS)), "{shown}");
    let (code, again) = machine.run(&[&IMPORT[..], &["--json"]].concat());
    assert_eq!(code, Some(0), "{again}");
    let again: Value = serde_json::from_str(&again).unwrap();
    let counts = ["made", "changed", "ended", "same"].map(|name| again[name].as_u64().unwrap());
    assert_eq!(counts, [0, 0, 0, 2 * KEYS as u64], "every line stands, and nothing was done twice");
}

#[test]
fn refused_lines_are_told_and_copied_as_they_are() {
    let (house, made) = House::new();
    let open = house.open();
    let token = backend(&open, &made);
    let machine = Machine { open: &open, token: &token };
    let mut bytes = HEADER.as_bytes().to_vec();
    bytes.extend_from_slice(b"h:k1,h:a1,h:c1,retail,expired,read,203.0.113.7,,2026-01-02 09:00:00,,\n");
    bytes.extend_from_slice(b"h:k2,h:a1,h:c1,retail,active,everything,203.0.113.7,,2026-01-02 09:00:00,,\n");
    bytes.extend_from_slice(b"h:k3,h:a1,h:c1,retail,active,read,203.0.113.7,,2026-01-02 09:00:00,,\n");
    std::fs::write(house.place.path("keys.csv"), &bytes).unwrap();
    let import = [&IMPORT[..], &["--refused", "refused.csv"]].concat();
    let (code, shown) = machine.run(&import);
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("keys.csv:3: ") && shown.contains("everything"), "{shown}");
    let copied = std::fs::read(house.place.path("refused.csv")).unwrap();
    assert_eq!(
        copied,
        [HEADER.as_bytes(), b"h:k2,h:a1,h:c1,retail,active,everything,203.0.113.7,,2026-01-02 09:00:00,,\n"]
            .concat()
    );
    // An id that has ended is named, and stays ended.
    let alive = String::from_utf8(bytes).unwrap().replace("expired", "active").replace("everything", "read");
    house.place.write("keys.csv", &alive);
    let (code, shown) = machine.run(&import);
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("key:h:k1") && shown.contains("dead_id"), "{shown}");
    let copied = house.place.read("refused.csv");
    assert_eq!(copied.lines().count(), 2, "{copied}");
}

#[test]
fn the_page_on_imports_runs_as_written() {
    let (house, made) = House::new();
    let open = house.open();
    let token = backend(&open, &made);
    let place = &house.place;
    place.write(
        "accounts.csv",
        "account_id,customer_id,person_id,parent_account_id,segment,country,opened_on,fee_tier\nh:a1,h:c1,h:p1,,retail,KR,2025-03-02,\n",
    );
    place.write("vendors.csv", "vendor_id,state,class,networks\nV1,approved,tool,198.51.100.0/24\n");
    place.write(
        "keys.csv",
        &format!("{HEADER}h:k1,h:a1,h:c1,retail,active,read;trade,203.0.113.7,,2026-01-02 09:00:00,,\n"),
    );
    let page = include_str!("../../../../docs/adopt/import.md");
    let blocks = page.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let key = |seq: &str, ts: u32| {
        format!(
            r#"{{"type":"key","ts":"2026-11-20T00:00:{ts:02}Z","key":"h:k1","account":"h:a1","state":"active"{seq}}}"#
        )
    };
    place.write("keys.ndjson", &format!("{}\n{{\"type\":\"end\",\"keys\":1,\"seq\":41}}\n", key("", 1)));
    place.write("changes.ndjson", &key(r#","seq":42"#, 2));
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_sumun")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut ran = 0;
    for command in blocks.flat_map(|block| block.lines()).filter_map(|line| line.strip_prefix("$ ")) {
        // As many as there are here.
        let command = &command.replace("--keys 120345", "--keys 1");
        let done = std::process::Command::new("sh")
            .args(["-c", command])
            .current_dir(place.path(""))
            .env_clear()
            .env("PATH", &path)
            .env("SUMUN_TOKEN", &token)
            .env("SUMUN_SERVER", &open.server)
            .output()
            .unwrap();
        assert!(done.status.success(), "{command}\n{}", String::from_utf8_lossy(&done.stderr));
        ran += 1;
    }
    assert_eq!(ran, 9);
    let machine = Machine { open: &open, token: &token };
    assert_eq!(machine.keys("10"), 1);
}

#[test]
fn a_wrong_state_column_ends_no_more_than_an_hours_share_however_often_it_is_repeated() {
    let (house, made) = House::new();
    let open = house.open();
    let token = backend(&open, &made);
    let machine = Machine { open: &open, token: &token };
    // Three requests of the program.
    house.place.write("keys.csv", &table(2_500));
    let (code, shown) = machine.run(&IMPORT);
    assert_eq!(code, Some(0), "{shown}");
    house.place.write("keys.csv", &table_of(2_500, "expired"));
    let import = [&IMPORT[..], &["--json"]].concat();
    let mut ended = 0;
    for _ in 0..2 {
        let ran = machine.command(&import).stdin(Stdio::null()).output().unwrap();
        assert_eq!(ran.status.code(), Some(1));
        let told = String::from_utf8(ran.stderr).unwrap();
        assert!(told.contains("Stopped behind line"), "{told}");
        let sums: Value = serde_json::from_slice(&ran.stdout).unwrap();
        assert!(sums["held_back"].as_u64().unwrap() > 0 && sums["lines"].as_u64().unwrap() < 5_000, "{sums}");
        ended += sums["ended"].as_u64().unwrap();
    }
    assert_eq!(ended, 1_000, "the venue's `ends_max`");
}
