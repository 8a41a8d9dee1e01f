//! Log files followed on the built program: handed in exactly once, whoever is killed in the middle, through rotation.

use crate::house::{House, Open, invite_of};
use crate::stage::wait_for;
use serde_json::Value;
use std::io::Write as _;
use std::process::{Child, Stdio};

/// Lines written before the tap begins, so that it has many batches to be killed in.
const BACKLOG: u64 = 12_000;

/// One line of a front, visibly made up, of so many seconds from now.
fn line_at(number: u64, ahead_s: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let now = i64::try_from(now).unwrap() + ahead_s * 1000;
    format!(
        r#"{{"msec":"{}.{:03}","request_id":"r{number}","remote_addr":"203.0.113.7","hostname":"front-1","key_id":"h:made-up","request_method":"GET","request_uri":"/v1/accounts","status":"200"}}"#,
        now / 1000,
        now % 1000
    )
}

fn append(house: &House, name: &str, numbers: impl IntoIterator<Item = u64>) {
    append_at(house, name, 0, numbers);
}

fn append_at(house: &House, name: &str, ahead_s: i64, numbers: impl IntoIterator<Item = u64>) {
    let text: String = numbers.into_iter().map(|number| format!("{}\n", line_at(number, ahead_s))).collect();
    let path = house.place.path(name);
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn rotate(house: &House) {
    let path = |n: u32| house.place.path(&format!("access.json.{n}"));
    for n in (1..9).rev() {
        let _ = std::fs::rename(path(n), path(n + 1));
    }
    std::fs::rename(house.place.path("access.json"), path(1)).unwrap();
}

/// Numbers of the requests that stand in the merged log, in its order.
fn taken(house: &House) -> Vec<u64> {
    let ran = house.place.run(&["log", "dump", "--events"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let lines = ran.out.lines().filter(|line| line.starts_with(r#"{"type":"access""#));
    let id = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["source"], "front-1", "{line}");
        line["id"].as_str().unwrap()[1..].parse().unwrap()
    };
    lines.map(id).collect()
}

/// What the control plane answers to a reading.
pub(crate) fn asked(open: &Open<'_>, token: &str, path: &str) -> Value {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let ask = agent.get(format!("{}{path}", open.server));
    let mut answer = ask.header("authorization", format!("Bearer {token}")).call().unwrap();
    serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
}

fn sources(open: &Open<'_>, token: &str) -> Vec<Value> {
    let read = asked(open, token, "/v1/events/sources");
    let items = read["items"].as_array().unwrap_or_else(|| panic!("{read}")).clone();
    items.into_iter().filter(|item| item["source"].as_str().unwrap().starts_with("exchange:tap.")).collect()
}

const TAP: &str = r#"[[follow]]
name = "front-1"
files = "access.json"
map = "nginx-json"
begin = "start"
"#;

pub(crate) fn machine(open: &Open<'_>, role: &str) -> String {
    let make = ["tokens", "make", "--name", "made up", "--roles", role, "--expires", "2027-06-01T00:00:00Z"];
    agreed(open, &open.json("alice", &make))
}

/// The secret of a token, once a second person has agreed to it.
fn agreed(open: &Open<'_>, made: &Value) -> String {
    let waits = made["result"]["approval"].as_str().unwrap_or_else(|| panic!("{made}"));
    open.must("bob", &["approvals", "grant", waits, "--reason", "the tap on the front's log"]);
    made["result"]["secret"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

/// Opened, with both administrators at their desks.
fn opened<'a>(house: &'a House, made: &Value) -> Open<'a> {
    let open = house.open();
    for user in ["alice", "bob"] {
        open.enrol(user, &invite_of(made, user));
    }
    open
}

fn start(house: &House) -> Child {
    let mut command = house.place.command(&["tap", "--config", "tap.toml"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn position(house: &House) -> Option<u64> {
    let text = std::fs::read(house.place.path("tap-state/front-1.json")).ok()?;
    serde_json::from_slice::<Value>(&text).ok()?["position"].as_u64()
}

#[test]
fn a_tap_that_is_killed_in_mid_batch_loses_nothing_and_repeats_nothing() {
    let (house, made) = House::new();
    let open = opened(&house, &made);
    let (token, watching) = (machine(&open, "exchange_backend"), machine(&open, "viewer"));
    house.place.write_private("tap.token", &token);
    let tap = format!("[tap]\nserver = \"{}\"\ntoken_file = \"tap.token\"\npoll_ms = 10\n{TAP}", open.server);
    house.place.write("tap.toml", &tap);
    append(&house, "access.json", 1..=BACKLOG);

    let mut written = BACKLOG;
    for kill in 1..=5 {
        let mut tap = start(&house);
        // Each time in the middle of what is there: at another batch.
        let far = kill * 2_000;
        wait_for(|| position(&house).filter(|at| *at >= far)).expect("it never came so far");
        tap.kill().unwrap();
        tap.wait().unwrap();
        // While it is down the log is rotated, and written on.
        rotate(&house);
        append(&house, "access.json", written + 1..=written + 500);
        written += 500;
    }
    // What is no line of a front stops nothing; nor does one of an hour that has not come, with others behind it that are of now.
    let mut file = std::fs::OpenOptions::new().append(true).open(house.place.path("access.json")).unwrap();
    file.write_all(b"\xff nothing of the kind\n").unwrap();
    writeln!(file, "{}", line_at(0, 7200)).unwrap();
    append(&house, "access.json", [written + 1]);
    written += 1;

    let ran = house.place.run(&["tap", "--config", "tap.toml", "--once"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let want: Vec<u64> = (1..=written).collect();
    assert!(taken(&house) == want, "lines are missing, twice or out of order: {:?}", taken(&house).len());
    let sources = sources(&open, &watching);
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert_eq!((&sources[0]["held"], &sources[0]["passed_over"]), (&written.into(), &0.into()));
    assert_eq!(
        sources[0]["files"],
        serde_json::json!({ "bytes_behind": 0, "bytes_lost": 0, "holes": 0, "lines_refused": 2, "found": 6 })
    );
    let aside = house.place.read("tap-state/front-1.refused.ndjson");
    assert!(aside.contains("bad_json") && aside.contains("nothing of the kind"), "{aside}");
    assert!(aside.contains(r#""code":"ahead""#) && aside.contains("more than 60 seconds ahead"), "{aside}");
}

#[test]
fn lines_of_a_clock_that_leads_wait_and_those_of_one_that_lags_are_taken() {
    let (house, made) = House::new();
    let open = opened(&house, &made);
    let (token, watching) = (machine(&open, "exchange_backend"), machine(&open, "viewer"));
    house.place.write_private("tap.token", &token);
    let tap = format!("[tap]\nserver = \"{}\"\ntoken_file = \"tap.token\"\npoll_ms = 10\n{TAP}", open.server);
    house.place.write("tap.toml", &tap);
    append_at(&house, "access.json", -7200, 1..=3);
    append(&house, "access.json", 4..=5);
    append_at(&house, "access.json", 1800, 6..=9);
    for _ in 0..2 {
        let ran = house.place.run(&["tap", "--config", "tap.toml", "--once"]);
        assert!(ran.code != 0 && ran.err.contains("more than 60 seconds ahead"), "{}", ran.shown());
        assert_eq!(taken(&house), (1..=5).collect::<Vec<_>>(), "those before are taken, the rest waits");
    }
    assert_eq!(sources(&open, &watching)[0]["files"]["lines_refused"], 0);
    assert!(!house.place.path("tap-state/front-1.refused.ndjson").exists(), "nothing was put aside");
}

#[test]
fn files_that_name_nothing_are_told_of_and_followed_once_they_are_there() {
    let (house, made) = House::new();
    let open = opened(&house, &made);
    let (token, watching) = (machine(&open, "exchange_backend"), machine(&open, "viewer"));
    house.place.write_private("tap.token", &token);
    let tap = format!("[tap]\nserver = \"{}\"\ntoken_file = \"tap.token\"\npoll_ms = 10\n{TAP}", open.server);
    house.place.write("tap.toml", &tap.replace("access.json", "acess*.json"));
    append(&house, "access.json", 1..=3);
    let ran = house.place.run(&["tap", "--config", "tap.toml", "--once"]);
    assert!(ran.code == 1 && ran.err.contains("acess*.json`: correct `files`"), "{}", ran.shown());

    let log = std::fs::File::create(house.place.path("tap.log")).unwrap();
    let mut command = house.place.command(&["tap", "--config", "tap.toml"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
    let found = |wanted: u64| {
        let files = || sources(&open, &watching).first().map(|one| one["files"]["found"].clone());
        wait_for(|| (files() == Some(wanted.into())).then_some(())).is_some()
    };
    assert!(found(0), "{:?}", sources(&open, &watching));
    assert_eq!(house.place.read("tap.log").matches("There is no file").count(), 1);
    append(&house, "acess-1.json", 1..=2);
    assert!(found(1), "{:?}", sources(&open, &watching));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(house.place.read("tap.log").contains("There is a file"), "{}", house.place.read("tap.log"));
    let ran = house.place.run(&["tap", "--config", "tap.toml", "--once"]);
    assert_eq!((ran.code, taken(&house)), (0, vec![1, 2]), "{}", ran.shown());
}

#[test]
fn the_control_plane_follows_files_itself_and_tells_of_what_was_cut() {
    let (house, made) = House::with("[tap]\nfile = \"tap.toml\"\n[events]\nsegment_bytes_max = 65536");
    house.place.write("tap.toml", &format!("[tap]\npoll_ms = 10\n{TAP}"));
    append(&house, "access.json", 1..=50);
    let open = opened(&house, &made);
    let watching = machine(&open, "viewer");
    wait_for(|| (taken(&house).len() == 50).then_some(())).expect("it never read them");
    rotate(&house);
    append(&house, "access.json", 51..=60);
    wait_for(|| (taken(&house).len() == 60).then_some(())).expect("it never read on");
    // Nobody kept a copy of it: whether something was lost nobody can say.
    std::fs::File::create(house.place.path("access.json")).unwrap();
    append(&house, "access.json", [61]);
    wait_for(|| (taken(&house).len() == 61).then_some(())).expect("it never began anew");
    let files =
        wait_for(|| Some(sources(&open, &watching)[0]["files"].clone()).filter(|of| of["holes"] == 1));
    assert!(files.is_some(), "{:?}", sources(&open, &watching));
    // Killed and opened again, it goes on.
    let said = open.process.kill();
    assert!(!said.contains("panicked"), "{said}");
    append(&house, "access.json", 62..=70);
    let open = house.open();
    wait_for(|| (taken(&house).len() == 70).then_some(())).expect("it never went on");
    assert_eq!(taken(&house), (1..=70).collect::<Vec<u64>>());
    drop(open);
}

#[test]
fn the_page_on_the_tap_runs_as_written() {
    let page = include_str!("../../../../docs/adopt/tap.md");
    let blocks = |kind: &str| -> Vec<String> {
        let begin = format!("```{kind}\n");
        page.split(begin.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
    };
    let (house, made) = House::new();
    let open = opened(&house, &made);
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_sumun")).parent().unwrap();
    let shell = |command: &str| {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &format!("exec {command}")]).current_dir(house.place.path("")).env_clear();
        shell.env("PATH", format!("{}:{}", folder.display(), std::env::var("PATH").unwrap()));
        shell.env("SUMUN_PROFILE_DIR", "profiles").env("SUMUN_AS", "alice").env("SUMUN_SERVER", &open.server);
        shell
    };
    let commands: Vec<String> = blocks("console")
        .iter()
        .flat_map(|block| block.lines())
        .filter_map(|line| Some(line.strip_prefix("$ ")?.to_owned()))
        .collect();
    let [make, check, once, on] = commands.as_slice() else { panic!("{commands:?}") };
    let token = shell(&format!("{make} --json")).output().unwrap();
    let token: Value = serde_json::from_slice(&token.stdout).unwrap();
    house.place.write_private("tap.token", &agreed(&open, &token));
    let written = &blocks("toml")[0];
    let tap = written
        .replace("http://127.0.0.1:8070", &open.server)
        .replace(r#"begin = "end""#, r#"begin = "start""#);
    assert!(tap != *written, "{written}");
    house.place.write("tap.toml", &tap);
    append(&house, "access.json", 1..=5);
    for command in [check, once] {
        let ran = shell(command).output().unwrap();
        assert!(ran.status.success(), "{command}\n{}", String::from_utf8_lossy(&ran.stderr));
    }
    assert_eq!(taken(&house).len(), 5);
    append(&house, "access.json", 6..=9);
    let mut tap = shell(on).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let came = wait_for(|| (taken(&house).len() == 9).then_some(()));
    tap.kill().unwrap();
    tap.wait().unwrap();
    came.expect("it never followed");
    // The other way in: the same file, named in `sumun.toml`.
    let sumun = house.place.read("sumun.toml");
    house.place.write("sumun.toml", &format!("{sumun}\n{}", blocks("toml")[1]));
    append(&house, "access.json", 10..=12);
    drop(open.process.kill());
    let open = house.open();
    wait_for(|| (taken(&house).len() == 12).then_some(())).expect("it was not followed from within");
    assert_eq!(taken(&house), (1..=12).collect::<Vec<u64>>());
    drop(open);
}
