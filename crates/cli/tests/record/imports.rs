//! Import on the built program: resumed after SIGKILL in the middle, refused lines copied as they are, the page on it run as written.

use crate::house::{House, Open, invite_of};
use crate::stage::client::{Effect, Signed, once, secret_of};
use crate::stage::wait_for;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
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

/// The table with a column of secrets; of row `n`, counted from 0, what is given for it.
fn with_secrets(table: &str, secret: impl Fn(usize) -> String) -> String {
    let mut lines = table.lines();
    let mut text = format!("{},api_secret\n", lines.next().unwrap());
    for (n, line) in lines.enumerate() {
        writeln!(text, "{line},{}", secret(n)).unwrap();
    }
    text
}

const SECRET: [&str; 2] = ["--secret", "api_secret"];

const IMPORT: [&str; 6] = ["import", "--kind", "keys", "keys.csv", "--set", "as_of=2025-11-02T00:00:00Z"];

#[test]
fn an_import_whose_server_is_killed_in_the_middle_is_repeated_as_it_was() {
    let (house, made) = House::new();
    let open = house.open();
    let token = backend(&open, &made);
    // Some with their secrets: what is sealed in a run that broke off is sealed once.
    let secret = |n: usize| if n.is_multiple_of(20) { secret_of(&n.to_string()) } else { String::new() };
    house.place.write("keys.csv", &with_secrets(&table(KEYS), secret));
    let import = [&IMPORT[..], &SECRET[..]].concat();
    let machine = Machine { open: &open, token: &token };
    let mut running = machine
        .command(&import)
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
    running.wait().unwrap();

    let open = house.open();
    let machine = Machine { open: &open, token: &token };
    let (code, shown) = machine.run(&import);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.starts_with(&format!("{} lines read, 0 refused\n", 2 * KEYS)), "{shown}");
    assert!(
        shown.contains(&format!("Keys sent with a secret {}, without {}\n", KEYS / 20, KEYS - KEYS / 20)),
        "{shown}"
    );
    let (code, again) = machine.run(&[&import[..], &["--json"]].concat());
    assert_eq!(code, Some(0), "{again}");
    let again: Value = serde_json::from_str(&again).unwrap();
    let counts = ["made", "changed", "ended", "secrets", "same"].map(|name| again[name].as_u64().unwrap());
    assert_eq!(counts, [0, 0, 0, 0, 2 * KEYS as u64], "every line stands, and nothing was done twice");
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

/// What the gate answers a request of this key, signed with this secret.
fn tried(open: &Open<'_>, key: &str, secret: &str, nonce: &str) -> u16 {
    once(open.gate(), &Signed::with_secret(Effect::Read, key, secret, nonce)).status
}

/// A row of a key that may be used from here.
fn row(key: &str, secret: &str) -> String {
    format!("{key},A1,C1,retail,active,read;trade,127.0.0.1,,2026-01-02 09:00:00,,,{secret}\n")
}

/// Runs it, and looks that nothing of a secret is told.
fn told(machine: &Machine<'_>, arguments: &[&str]) -> (i32, String) {
    let (code, shown) = machine.run(arguments);
    assert!(!shown.contains(&secret_of("")), "{shown}");
    (code.unwrap(), shown)
}

#[test]
fn secrets_of_a_table_are_what_the_gate_checks_with_and_are_told_nowhere() {
    let (house, made) = House::new();
    let open = house.open();
    let token = backend(&open, &made);
    let machine = Machine { open: &open, token: &token };
    let place = &house.place;
    let header = HEADER.trim_end();
    // Quotes, a comma, a secret that is empty, and one that two keys would share if rows were mixed up.
    let odd = format!("{},\"b", secret_of("K2"));
    let table = [
        format!("\u{feff}{header},api_secret\r\n"),
        row("K1", &secret_of("K1")).replace('\n', "\r\n"),
        row("K2", &format!("\"{}\"", odd.replace('"', "\"\""))),
        row("K3", ""),
        row("K4", &format!("{} ", secret_of("K4"))),
        row("K5", &secret_of("K5")).replace("active", "nonsense"),
    ];
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(table.concat().as_bytes()).unwrap();
    std::fs::write(place.path("keys.csv.gz"), packed.finish().unwrap()).unwrap();
    let import = [
        "import",
        "--kind",
        "keys",
        "keys.csv.gz",
        "--set",
        "as_of=2025-11-02T00:00:00Z",
        "--refused",
        "no.csv",
    ];

    // A column that is not there: nothing is sent.
    let (code, shown) = told(&machine, &[&import[..], &["--secret", "secret"]].concat());
    assert!(
        code == 2 && shown.contains("there is no column `secret`") && shown.contains("api_secret"),
        "{shown}"
    );
    let (code, shown) = told(&machine, &[&import[..], &["--secret", "key_id"]].concat());
    assert!(code == 2 && shown.contains("reads `key_id` itself"), "{shown}");
    // Nor is a first row that is taken for a header told to anybody.
    place.write("bare.csv", &row("K1", &secret_of("K1")));
    let bare: Vec<&str> =
        import.iter().map(|word| if *word == "keys.csv.gz" { "bare.csv" } else { *word }).collect();
    let (code, shown) = told(&machine, &[&bare[..], &SECRET[..]].concat());
    assert!(code == 2 && !shown.contains(&secret_of("K1")), "{shown}");
    assert_eq!(machine.keys("10"), 0);

    let import = [&import[..], &SECRET[..]].concat();
    let (code, shown) = told(&machine, &[&import[..], &["--dry-run"]].concat());
    assert!(code == 1 && shown.contains("Nothing was written"), "{shown}");
    assert_eq!(machine.keys("10"), 0);
    let (code, shown) = told(&machine, &import);
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("Keys sent with a secret 2, without 1\n"), "{shown}");
    assert!(shown.contains("Secrets sent nowhere, as no key came of their record: 1\n"), "{shown}");
    assert!(shown.contains("keys.csv.gz:5: key:K4: `secret`: ") && shown.contains("(secret_bad)"), "{shown}");
    assert!(shown.contains("keys.csv.gz:6: `key.state`: what stands there is not shown"), "{shown}");
    let reasons = place.read("no.csv.reasons");
    assert!(reasons.lines().count() == 2 && !reasons.contains(&secret_of("")), "{reasons}");
    // The copy is what the file held, so it is its owner's only; mended, it goes in the same way.
    assert_eq!(place.read("no.csv"), [&table[0][..], &table[4], &table[5]].concat());
    let rights = std::fs::metadata(place.path("no.csv")).unwrap().permissions().mode();
    assert_eq!(rights & 0o777, 0o600);
    place.write("mended.csv", &place.read("no.csv").replace(" \n", "\n").replace("nonsense", "active"));
    let mended: Vec<&str> =
        import.iter().map(|word| if *word == "keys.csv.gz" { "mended.csv" } else { *word }).collect();
    let (code, shown) = told(&machine, &mended);
    assert!(code == 0 && shown.contains("Keys sent with a secret 2, without 0\n"), "{shown}");

    // The gate checks with each key's own.
    let served =
        |key: &str, secret: &str| wait_for(|| (tried(&open, key, secret, &nonce()) == 200).then_some(()));
    for (key, secret) in
        [("K1", secret_of("K1")), ("K2", odd), ("K4", secret_of("K4")), ("K5", secret_of("K5"))]
    {
        assert!(served(key, &secret).is_some(), "{key} is not served: {}", open.process.said());
    }
    for (key, secret) in [("K1", secret_of("K2")), ("K2", secret_of("K1")), ("K3", secret_of("K1"))] {
        assert_eq!(tried(&open, key, &secret, &nonce()), 401, "{key}");
    }

    // Another secret of the same id is refused by name, and the first one goes on.
    place.write("other.csv", &format!("{header},api_secret\n{}", row("K1", &secret_of("another"))));
    let other: Vec<&str> =
        import.iter().map(|word| if *word == "keys.csv.gz" { "other.csv" } else { *word }).collect();
    let (code, shown) = told(&machine, &other);
    assert!(code == 1 && shown.contains("key:K1") && shown.contains("secret_differs"), "{shown}");
    assert!(served("K1", &secret_of("K1")).is_some());
    assert_eq!(tried(&open, "K1", &secret_of("another"), &nonce()), 401);
}

#[test]
fn secrets_of_json_are_found_in_the_record_of_their_key_or_the_file_is_refused() {
    let (house, made) = House::new();
    let open = house.open();
    let token = backend(&open, &made);
    let machine = Machine { open: &open, token: &token };
    let place = &house.place;
    place.write(
        "map.toml",
        "[mapping]\nformat = 1\nname = \"rows\"\ntitle = { ko = \"행\", en = \"Rows\" }\n[source]\nkind = \"json\"\n\
         [[line]]\ntype = \"account\"\nneeds = [\"account\"]\n[line.fields]\nts = { given = \"as_of\", time = \"rfc3339\" }\n\
         account = { field = \"account\" }\ncustomer = { field = \"customer\" }\nsegment = { const = \"retail\" }\n\
         [[line]]\ntype = \"key\"\n[line.fields]\nts = { given = \"as_of\", time = \"rfc3339\" }\n\
         key = { field = \"id\" }\naccount = { field = \"account\" }\nstate = { const = \"active\" }\n\
         scopes = { field = \"scopes\", split = \";\" }\nallowlist = { field = \"allow\", split = \";\" }\n",
    );
    let record = |key: &str, more: &str| {
        format!(
            r#"{{"id":"{key}","account":"A1","customer":"C1","scopes":"read","allow":"127.0.0.1"{more}}}"#
        )
    };
    let lines = [
        record("K1", r#","note":"x""#),
        record("K2", &format!(r#","sk":"{}""#, secret_of("K2"))),
        record("K3", r#","sk":17"#),
    ];
    place.write("rows.ndjson", &lines.join("\n"));
    let import = [
        "import",
        "--kind",
        "keys",
        "rows.ndjson",
        "--map",
        "map.toml",
        "--set",
        "as_of=2025-11-02T00:00:00Z",
    ];
    let (code, shown) = told(&machine, &[&import[..], &["--secret", "secret"]].concat());
    assert!(
        code == 2 && shown.contains("no record has a field `secret`") && shown.contains("note, sk"),
        "{shown}"
    );
    let (code, shown) =
        told(&machine, &[&import[..], &["--secret", "sk", "--refused", "no.ndjson"]].concat());
    assert!(code == 1 && shown.contains("rows.ndjson:3: key:K3: `secret`: the secret is no text"), "{shown}");
    assert!(shown.contains("Keys sent with a secret 1, without 1\n"), "{shown}");
    assert_eq!(place.read("no.ndjson"), lines[2], "JSON has no header to be copied");
    let served = wait_for(|| (tried(&open, "K2", &secret_of("K2"), &nonce()) == 200).then_some(()));
    assert!(served.is_some(), "{}", open.process.said());

    // The copy is not written over what it is copied from.
    let (code, shown) = told(&machine, &[&import[..], &["--refused", "rows.ndjson"]].concat());
    assert!(code == 2 && shown.contains("written over the file that is read"), "{shown}");
    assert_eq!(place.read("rows.ndjson"), lines.join("\n"));
    // What has no place for a secret, or one already, is told so.
    for (kind, file, what) in [
        ("accounts", "rows.csv", "only keys have secrets"),
        ("keys", "rows.ndjson", "carry their secrets themselves"),
    ] {
        let (code, shown) = told(&machine, &["import", "--kind", kind, file, "--secret", "sk"]);
        assert!(code == 2 && shown.contains(what), "{shown}");
    }
}

fn nonce() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("made-up-nonce-of-imports-{}", NEXT.fetch_add(1, Ordering::Relaxed))
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
    let keys =
        format!("{HEADER}h:k1,h:a1,h:c1,retail,active,read;trade,203.0.113.7,,2026-01-02 09:00:00,,\n");
    place.write("keys.csv", &with_secrets(&keys, |n| secret_of(&n.to_string())));
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
    assert_eq!(ran, 10);
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
    // Most of them: somebody has to say so himself, and nothing is sent before.
    let (code, shown) = machine.run(&IMPORT);
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.contains("2500 of 2500 keys") && shown.contains("--dead 2500"), "{shown}");
    let import = [&IMPORT[..], &["--json", "--dead", "2500"]].concat();
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

#[test]
fn what_comes_through_a_pipe_is_read_once_and_what_is_cut_off_tells_what_went_in() {
    let (house, made) = House::new();
    let open = house.open();
    let token = backend(&open, &made);
    let machine = Machine { open: &open, token: &token };
    let account = |n: u32| {
        format!(
            "{{\"type\":\"account\",\"ts\":\"2025-11-02T00:00:00Z\",\"account\":\"A{n}\",\"customer\":\"C{n}\",\"segment\":\"retail\"}}\n"
        )
    };
    let key = |n: u32| {
        format!(
            "{{\"type\":\"key\",\"ts\":\"2025-11-02T00:00:00Z\",\"key\":\"K{n}\",\"account\":\"A{n}\",\"state\":\"active\",\"scopes\":[\"read\"]}}\n"
        )
    };
    let import = ["import", "--kind", "keys", "/dev/stdin"];
    let mut piped = machine.command(&import).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    piped.stdin.take().unwrap().write_all([account(1), key(1)].concat().as_bytes()).unwrap();
    let ran = piped.wait_with_output().unwrap();
    let shown = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success() && shown.contains("2 lines read, 0 refused"), "{shown}");
    let (code, shown) = machine.run(&[&import[..], &["--dead", "3"]].concat());
    assert!(code == Some(2) && shown.contains("`--dead` is for a file of keys"), "{shown}");

    // Whole lines of what is cut off went in; what was refused of them is told and copied.
    let lines: String = (2..400).map(|n| account(n) + &key(n)).collect();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all((key(9_999) + &lines).as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let half = packed.get(..packed.len() / 2).unwrap();
    std::fs::write(house.place.path("cut.ndjson.gz"), half).unwrap();
    let (code, shown) = machine.run(&["import", "--kind", "keys", "cut.ndjson.gz", "--refused", "cut.no"]);
    assert!(code == Some(1) && shown.contains("`cut.ndjson.gz` is cut off or damaged"), "{shown}");
    assert!(shown.contains("lines read, 1 refused") && shown.contains("account_unknown"), "{shown}");
    assert_eq!(house.place.read("cut.no"), key(9_999));
    assert!(machine.keys("1000") > 50, "{shown}");
}
