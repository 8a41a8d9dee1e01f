//! `sumun config check` and everything that can be wrong with a configuration.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod support;

use support::{KEK_ONE, Place};

#[test]
fn every_problem_of_a_configuration_at_once() {
    let place = Place::new()
        .set("SUMUN_GATE__IDD", "x")
        .set("SUMUN_GATE__MODE", "shadw")
        .set("SUMUN_GATE__RATES__ORDER_PER_SECOND", "many")
        .set("SUMUN_LOG", "warn");
    place.write(
        "sumun.toml",
        r#"data_dir = 7
listen = "127.0.0.1:1"

[gate]
lisen = "127.0.0.1:1"
listen = "localhost:80"
upstream = "https://venue.example"
table_age_max_s = 0
trusted_hops = ["10.0.0.1/8"]
timeouts = 3
color = "red"

[gate.failurs]
"#,
    );
    insta::assert_snapshot!(place.run(&["config", "check"]).shown(), @r#"
    exit 2
    error: the configuration cannot be used
      sumun.toml:1:12: `data_dir` has the wrong type: integer `7`, expected path string; such as "sumun-data"
      sumun.toml:2:1: `listen` is not a key; did you mean `gate.listen`?
      sumun.toml:5:1: `gate.lisen` is not a key; did you mean `gate.listen`?
      sumun.toml:6:10: `gate.listen` is "localhost:80", which cannot be used: invalid socket address syntax; such as "127.0.0.1:8080"
      sumun.toml:7:12: `gate.upstream` cannot be used: `https://venue.example` asks for https, which a gate does not speak to its upstream yet; put it beside a TLS-terminating hop and write `http://host:port`
      sumun.toml:8:19: `gate.table_age_max_s` is 0, which cannot be used: invalid value: integer `0`, expected a nonzero u64; such as 60
      sumun.toml:9:16: `gate.trusted_hops` cannot be used: prefix `10.0.0.1/8` has host bits set; did you mean `10.0.0.0/8`?
      sumun.toml:10:1: `gate.timeouts` is a section, but here stands a value (integer); write `[gate.timeouts]`
      sumun.toml:11:1: `gate.color` is not a key; here may stand `id`, `listen`, `upstream`, `upstream_host`, `dialect`, `keys_file`, `mode`, `admin_listen`, `decide_listen`, `front_token_file`, `trusted_hops`, `connections_max`, `connections_per_source_max`, `body_bytes_max`, `header_bytes_max`, `table_age_max_s`, `order_stale_pass_s`, `address_proof_required`, `shutdown_grace_s`, `[gate.feed]`, `[gate.timeouts]`, `[gate.failures]`, `[gate.rates]`, `[gate.replay]`, `[gate.spool]`
      sumun.toml:13:7: `gate.failurs` is not a key; did you mean `gate.failures`?
      environment variable SUMUN_GATE__IDD: names no key; did you mean SUMUN_GATE__ID?
      environment variable SUMUN_GATE__RATES__ORDER_PER_SECOND: `gate.rates.order_per_second` must be an integer
      environment variable SUMUN_GATE__MODE: `gate.mode` cannot be used: unknown variant `shadw`, expected `enforce` or `shadow`
    "#);
}

#[test]
fn a_file_that_is_not_toml_is_pointed_at() {
    let place = Place::new();
    place.write("sumun.toml", "[gate]\nlisten = \"127.0.0.1:1\n");
    insta::assert_snapshot!(place.run(&["config", "check"]).shown(), @r#"
    exit 2
    error: the configuration cannot be used
      sumun.toml:2:22: not TOML: invalid basic string, expected `"`
    "#);
}

#[test]
fn a_file_that_is_named_must_be_there() {
    insta::assert_snapshot!(Place::new().run(&["config", "check", "--config", "other.toml"]).shown(), @"
    exit 2
    error: the configuration cannot be used
      other.toml: there is no such file; name another file with `--config`, or begin with a copy of docs/sumun.example.toml
    ");
    insta::assert_snapshot!(Place::new().run(&["gate", "--config", "other.toml"]).shown(), @"
    exit 2
    error: the configuration cannot be used
      other.toml: there is no such file; name another file with `--config`, or begin with a copy of docs/sumun.example.toml
    ");
}

#[test]
fn rules_between_keys() {
    let place = Place::new();
    place.write(
        "sumun.toml",
        r#"[gate]
admin_listen = "127.0.0.1:8080"
header_bytes_max = 8191
spool = { bytes_max = 10, segment_bytes_max = 11, sync_interval_ms = 51 }
"#,
    );
    insta::assert_snapshot!(place.run(&["config", "check"]).shown(), @"
    exit 2
    error: the configuration cannot be used
      sumun.toml:2:16: `gate.admin_listen` is 127.0.0.1:8080, which is `gate.listen` already; give it a port of its own
      sumun.toml:3:20: `gate.header_bytes_max` is 8191, at least 8192 is needed: the buffer that heads are read into has that many
      sumun.toml:4:47: `gate.spool.segment_bytes_max` is 11, more than the whole may hold (10); make it smaller
      sumun.toml:4:70: `gate.spool.sync_interval_ms` is 51, at most 50 is allowed: a record must be on disk by then
    ");
}

#[test]
fn where_each_value_came_from() {
    let place = Place::with_kek(KEK_ONE).set("SUMUN_GATE__TRUSTED_HOPS", "10.0.0.0/8, 192.0.2.1");
    place.write("keys.json", "{\"keys\":[]}");
    place.write(
        "sumun.toml",
        "[seal]\nkey_file = \"kek.txt\"\n[gate]\nkeys_file = \"keys.json\"\nlisten = \"127.0.0.1:0\"\ntimeouts.idle_s = 70\n\
         connections_max = 64\n",
    );
    let ran = place.run(&["config", "check"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let said: Vec<&str> = ran.out.lines().filter(|line| !line.ends_with("  default")).collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    Configuration from sumun.toml; 6 values set, the rest are defaults.

    gate.listen                        "127.0.0.1:0"                   sumun.toml:5:10
    gate.keys_file                     "keys.json"                     sumun.toml:4:13
    gate.trusted_hops                  ["10.0.0.0/8", "192.0.2.1/32"]  environment variable SUMUN_GATE__TRUSTED_HOPS
    gate.connections_max               64                              sumun.toml:7:19
    gate.timeouts.idle_s               70                              sumun.toml:6:19
    seal.key_file                      "kek.txt"                       sumun.toml:2:12

    ok         data_dir              `sumun-data` is not there yet; the gate will make it
    ok         gate.listen           127.0.0.1:0 is free
    ok         seal                  key-encryption keys 43abb764 (the first one seals)
    ok         gate.keys_file        `keys.json`: 0 keys, every secret opens
    "#);

    let json = place.run(&["config", "check", "--json"]).json();
    let hops =
        json["values"].as_array().unwrap().iter().find(|row| row["key"] == "gate.trusted_hops").unwrap();
    assert_eq!(hops["value"], serde_json::json!(["10.0.0.0/8", "192.0.2.1/32"]));
    assert_eq!(hops["origin"], "environment variable SUMUN_GATE__TRUSTED_HOPS");
}

#[test]
fn connections_that_do_not_fit_are_said_by_how_many() {
    let place = Place::with_kek(KEK_ONE);
    place.write("keys.json", "{\"keys\":[]}");
    place.write(
        "sumun.toml",
        "[seal]\nkey_file = \"kek.txt\"\n[gate]\nkeys_file = \"keys.json\"\nlisten = \"127.0.0.1:0\"\n\
         connections_max = 400\n",
    );
    let told = |files: &str| {
        let sumun = place.command(&[]);
        let mut shell = std::process::Command::new("sh");
        shell.arg("-c").arg("ulimit -n \"$1\"; exec \"$2\" config check").arg("sh").arg(files);
        shell.arg(sumun.get_program()).current_dir(place.path("")).env_clear();
        let ran = shell.output().unwrap();
        assert!(ran.status.success());
        let out = String::from_utf8(ran.stdout).unwrap();
        out.lines()
            .filter(|line| line.starts_with("attention"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(told("1056"), "");
    insta::assert_snapshot!(told("1055"), @"attention  gate.connections_max  is 400, but at most 399 connections fit into the 1055 files this process may open; raise its hard limit to 1056 (`ulimit -Hn`, `LimitNOFILE=` of systemd), or ask for fewer");
}

#[test]
fn paths_start_at_the_files_folder() {
    let place = Place::new();
    std::fs::create_dir(place.path("etc")).unwrap();
    place.write("etc/sumun.toml", "[seal]\nkey_file = \"kek.txt\"\n");
    place.write_private("etc/kek.txt", KEK_ONE);
    place.write("etc/keys.toml", "keys = []\n");
    let ran = place.run(&["config", "check", "--config", "etc/sumun.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
}

#[test]
fn checks_that_fail_say_what_to_do() {
    let place = Place::new();
    place.write("in-the-way", "a file\n");
    place.write("sumun.toml", "data_dir = \"in-the-way\"\n[gate]\nlisten = \"192.0.2.1:80\"\n");
    let ran = place.run(&["config", "check"]);
    let checks: Vec<&str> = ran.out.lines().filter(|line| line.starts_with("FAILED")).collect();
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(checks.join("\n"), @"
    FAILED     data_dir              `in-the-way` is not a folder; move it away or name another
    FAILED     gate.listen           192.0.2.1:80 cannot be bound: Cannot assign requested address (os error 99); name an address of this machine
    FAILED     seal                  no key-encryption key: set `seal.key_file` in the configuration (make one with `sumun keys kek-new --out FILE`), or the environment variable SUMUN_SEAL_KEY
    FAILED     gate.keys_file        the keys file cannot be used
    ");

    place.write("sumun.toml", "data_dir = \"in-the-way/below\"\n");
    let ran = place.run(&["config", "check"]);
    insta::assert_snapshot!(ran.out.lines().find(|line| line.contains("data_dir  ") && line.starts_with("FAILED")).unwrap(), @"FAILED     data_dir              `in-the-way/below` cannot be reached: Not a directory (os error 20); check the folders above it");
}

#[test]
fn what_is_allowed_and_seldom_meant_is_pointed_out() {
    let place = Place::with_kek(KEK_ONE);
    place.write("keys.toml", "keys = []\n");
    place.write(
        "sumun.toml",
        r#"[seal]
key_file = "kek.txt"
[gate]
listen = "0.0.0.0:47001"
upstream = "http://localhost:47001"
admin_listen = "0.0.0.0:47002"
decide_listen = "[::]:47003"
trusted_hops = ["10.0.0.0/8", "::/0"]
timeouts.body_read_s = 1801
timeouts.idle_s = 1800
"#,
    );
    let ran = place.run(&["config", "check"]);
    // What this machine's limits and other processes on it cause is another test's.
    let of_machine = |line: &str| line.contains("gate.connections_max") || line.contains(" is in use");
    let pointed_out = |out: &str| {
        let lines = out.lines().filter(|line| line.starts_with("attention") && !of_machine(line));
        lines.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(pointed_out(&ran.out), @"
    attention  gate.trusted_hops     ::/0 believes `X-Forwarded-For` from anybody: every client then chooses the address it is judged by; name the hops alone
    attention  gate.admin_listen     0.0.0.0:47002 can be reached from other machines, and nobody is asked who he is there; keep clients away from it by other means
    attention  gate.decide_listen    [::]:47003 can be reached from other machines, and nobody is asked who he is there; keep clients away from it by other means
    attention  gate.upstream         http://localhost:47001 is where this gate listens: it would pass requests to itself
    attention  gate.timeouts.body_read_s  1801 seconds: a peer that does nothing holds a place for so long
    ");
    let quiet = Place::with_kek(KEK_ONE).set("SUMUN_GATE__DECIDE_LISTEN", "[::1]:47004");
    quiet.write("keys.toml", "keys = []\n");
    assert_eq!(pointed_out(&quiet.run(&["config", "check"]).out), "");
}

#[test]
fn numbers_beyond_reason_are_refused() {
    let place = Place::new();
    place.write(
        "sumun.toml",
        "[gate]\nbody_bytes_max = 67108865\ntimeouts = { connect_s = 86401, idle_s = 86400 }\nreplay.nonces_max = 1073741825\n",
    );
    insta::assert_snapshot!(place.run(&["config", "check"]).shown(), @"
    exit 2
    error: the configuration cannot be used
      sumun.toml:2:18: `gate.body_bytes_max` is 67108865, at most 67108864 is allowed, which is 64 MiB a request already
      sumun.toml:3:26: `gate.timeouts.connect_s` is 86401, at most 86400 is allowed, which is a day already
      sumun.toml:4:21: `gate.replay.nonces_max` is 1073741825, at most 1073741824 is allowed, which is 8 GiB a generation already
    ");
}

#[test]
fn a_list_in_the_environment_is_written_bare() {
    let place = Place::with_kek(KEK_ONE).set("SUMUN_GATE__TRUSTED_HOPS", "[\"10.0.0.0/8\"]");
    insta::assert_snapshot!(place.run(&["config", "check"]).shown(), @r#"
    exit 2
    error: the configuration cannot be used
      environment variable SUMUN_GATE__TRUSTED_HOPS: `gate.trusted_hops` is ['["10.0.0.0/8"]'], which cannot be used: `["10.0.0.0/8"]` is not an address prefix such as 203.0.113.7/32 or 2001:db8::/48; such as ["10.0.0.0/8"]; here the entries stand bare between commas, such as `10.0.0.0/8,192.0.2.1`
    "#);
}

#[test]
fn a_busy_port_is_shown() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let place = Place::with_kek(KEK_ONE).set("SUMUN_GATE__LISTEN", &address);
    place.write("keys.toml", "keys = []\n");
    let ran = place.run(&["config", "check"]);
    assert_eq!(ran.code, 0);
    let line = ran.out.lines().find(|line| line.starts_with("attention")).unwrap();
    assert!(
        line.contains(&format!("gate.listen           {address} is in use: by a gate that runs")),
        "{line}"
    );
}

#[test]
fn flags_are_checked_like_the_file() {
    let place = Place::with_kek(KEK_ONE);
    insta::assert_snapshot!(place.run(&["gate", "--listen", "8080", "--upstream", "https://venue.example"]).shown(), @r#"
    exit 2
    error: the configuration cannot be used
      flag --listen: `gate.listen` is "8080", which cannot be used: invalid socket address syntax; such as "127.0.0.1:8080"
      flag --upstream: `gate.upstream` cannot be used: `https://venue.example` asks for https, which a gate does not speak to its upstream yet; put it beside a TLS-terminating hop and write `http://host:port`
    "#);
}

#[test]
fn key_encryption_keys_that_others_can_read_are_refused() {
    let place = Place::with_kek(KEK_ONE);
    place.write("keys.toml", "keys = []\n");
    support::chmod(&place.path("kek.txt"), 0o640);
    let ran = place.run(&["keys", "check", "keys.toml"]);
    insta::assert_snapshot!(ran.shown(), @"
    exit 2
    error: `kek.txt` holds key-encryption keys and has mode 640: others than its owner can get at it; run `chmod 600 kek.txt`
    ");
}

#[test]
fn a_key_put_in_the_wrong_place_is_never_repeated() {
    for text in [
        format!("[seal]\nkey_env = \"{KEK_ONE}\"\n"),
        format!("[seal]\nkey_file = \"{KEK_ONE}\"\n"),
        format!("[seal]\nkey = \"{KEK_ONE}\"\n"),
        format!("[seal]\nkey_file = [\"{KEK_ONE}\"]\n"),
        format!("[seal]\nkey_file = \"{KEK_ONE}\n"),
        format!("seal = \"{KEK_ONE}\"\n"),
    ] {
        let place = Place::new();
        place.write("sumun.toml", &text);
        for arguments in [&["config", "check"][..], &["config", "check", "--json"], &["gate"]] {
            let ran = place.run(arguments);
            assert_eq!(ran.code, 2, "{}", ran.shown());
            assert!(!ran.shown().contains("0101"), "{}", ran.shown());
        }
    }
    for variable in ["SUMUN_SEAL__KEY_ENV", "SUMUN_SEAL__KEY_FILE", "SUMUN_SEAL__KEY", "SUMUN_SEAL_KEY"] {
        let ran = Place::new().set(variable, &format!("{KEK_ONE}x")).run(&["config", "check"]);
        assert_ne!(ran.code, 0);
        assert!(!ran.shown().contains("0101"), "{}", ran.shown());
    }
}
