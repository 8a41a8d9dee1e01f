//! History, then live, on the built program: what was read before and what a tap brings are one run, whoever is killed, whatever is rotated.

use crate::house::House;
use crate::stage::wait_for;
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use sqlx::any::{AnyConnectOptions, install_default_drivers};
use sqlx::{AnyConnection, ConnectOptions, Row};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;

const POLICY: &str = include_str!("../replay/policy.toml");
const POLICY_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/replay/policy.toml");
/// Keys. Two sides use them by turns: the first half ever since, the others once history is over.
const KEYS: u64 = 6;
/// Requests of history.
const PAST: u64 = 450;

fn now_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

/// One request of a front, visibly made up: of a key, from one of its two sides.
fn line(number: u64, (key, side): (u64, u64), ms: i64) -> String {
    let (ip, agent) = [("203.0.113.7", "ccxt/4.5"), ("198.51.100.9", "pyupbit/0.2")][side as usize];
    format!(
        r#"{{"msec":"{}.{:03}","request_id":"r{number}","remote_addr":"{ip}","hostname":"front-1","key_id":"K{key}","account_id":"A{key}","request_method":"GET","request_uri":"/v1/accounts","status":"200","http_user_agent":"{agent}"}}"#,
        ms / 1000,
        ms % 1000
    )
}

/// Which key uses which side at a request.
fn by_turns(number: u64) -> (u64, u64) {
    let key = number % KEYS;
    (key, if key < KEYS / 2 || number > PAST { number / KEYS % 2 } else { 0 })
}

struct Front {
    house: House,
    made: Value,
    written: Cell<u64>,
    /// Line of the event log behind history.
    from: Cell<u64>,
    /// Lines that the back end sent.
    sent: Cell<u64>,
}

impl Front {
    /// With a tap that follows its log, from its end, and history to be read.
    fn new() -> Self {
        Self::with("[tap]\nfile = \"tap.toml\"")
    }

    fn with(more: &str) -> Self {
        let (house, made) = House::with(&format!("policy_file = \"{POLICY_FILE}\"\n{more}"));
        house.place.write(
            "tap.toml",
            "[tap]\npoll_ms = 10\n[[follow]]\nname = \"front-1\"\nfiles = \"access.json\"\nmap = \"nginx-json\"\nbegin = \"end\"\n",
        );
        house.place.write("backfill.toml", "[backfill]\ntap = \"tap.toml\"\n");
        Self { house, made, written: Cell::new(0), from: Cell::new(0), sent: Cell::new(0) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.house.place.path(name)
    }

    /// So many requests more, so far apart, the last one now less `ago_ms`.
    fn requests(&self, count: u64, apart_ms: i64, ago_ms: i64) {
        self.requests_of(count, apart_ms, ago_ms, by_turns);
    }

    fn requests_of(&self, count: u64, apart_ms: i64, ago_ms: i64, of: impl Fn(u64) -> (u64, u64)) {
        let last = now_ms() - ago_ms;
        let count = i64::try_from(count).unwrap();
        let mut file =
            std::fs::OpenOptions::new().create(true).append(true).open(self.path("access.json")).unwrap();
        for n in 0..count {
            self.written.set(self.written.get() + 1);
            let number = self.written.get();
            writeln!(file, "{}", line(number, of(number), last - (count - 1 - n) * apart_ms)).unwrap();
        }
    }

    fn rotate(&self) {
        for n in (1..9).rev() {
            let (from, to) = (format!("access.json.{n}"), format!("access.json.{}", n + 1));
            let _ = std::fs::rename(self.path(&from), self.path(&to));
            let _ = std::fs::rename(self.path(&format!("{from}.gz")), self.path(&format!("{to}.gz")));
        }
        std::fs::rename(self.path("access.json"), self.path("access.json.1")).unwrap();
    }

    fn pack(&self, name: &str) {
        let text = std::fs::read(self.path(name)).unwrap();
        let packed = std::fs::File::create(self.path(&format!("{name}.gz"))).unwrap();
        let mut out = GzEncoder::new(packed, Compression::fast());
        out.write_all(&text).unwrap();
        out.finish().unwrap();
        std::fs::remove_file(self.path(name)).unwrap();
    }

    /// Two rotated files, one packed, and one that is written to.
    fn history(&self) {
        for (requests, ago_ms) in [(150, 1_900_000), (150, 1_000_000), (150, 60_000)] {
            if self.written.get() > 0 {
                self.rotate();
            }
            self.requests(requests, 5_000, ago_ms);
        }
        self.pack("access.json.2");
    }

    /// The requests of `access.json` from a number on, as the exchange's own back end sends them: under ids of its own.
    fn sends(&self, open: &crate::house::Open<'_>, token: &str, numbers: std::ops::RangeInclusive<u64>) {
        let text = self.house.place.read("access.json");
        let lines = text.lines().filter_map(|line| {
            let one: Value = serde_json::from_str(line).unwrap();
            let of = |name: &str| one[name].as_str().unwrap().to_owned();
            let number: u64 = of("request_id")[1..].parse().unwrap();
            let ts = sumun_model::Timestamp::from_micros(of("msec").replace('.', "").parse::<i64>().unwrap() * 1000);
            numbers.contains(&number).then(|| {
                format!(
                    r#"{{"type":"access","id":"b{number}","ts":"{ts}","source":"backend","key":"{}","account":"{}","ip":"{}","agent":"{}","effect":"read","verdict":"allow"}}{}"#,
                    of("key_id"), of("account_id"), of("remote_addr"), of("http_user_agent"), "\n"
                )
            })
        });
        let (held, body) = (self.sent.get(), lines.collect::<String>());
        let target = format!("{}/v1/events?log=backend&from={}&after={held}", open.server, held + 1);
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let ask = agent.post(target).header("content-type", "application/x-ndjson");
        let mut answer =
            ask.header("authorization", format!("Bearer {token}")).send(body.as_bytes()).unwrap();
        let read = answer.body_mut().read_to_string().unwrap();
        let taken: Value = serde_json::from_str(&read).unwrap();
        assert_eq!(taken["taken"], body.lines().count(), "{read}");
        self.sent.set(taken["held"].as_u64().unwrap());
    }

    fn backfill(&self, more: &[&str]) -> crate::support::Ran {
        let ran = ["backfill", "--history", "backfill.toml", "--json", "--merged"];
        self.house.place.run(&[&ran, more].concat())
    }

    fn dumped(&self) -> String {
        let ran = self.house.place.run(&["log", "dump", "--events"]);
        assert_eq!(ran.code, 0, "{}", ran.shown());
        ran.out
    }

    /// Numbers of the front's requests in the event log.
    fn taken(&self) -> Vec<u64> {
        let dumped = self.dumped();
        let lines = dumped.lines().filter(|line| line.starts_with(r#"{"type":"access""#));
        let number = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["id"].as_str().unwrap()[1..].parse().unwrap()
        };
        lines.map(number).collect()
    }

    /// What is in a column of the record.
    fn column(&self, sql: &'static str) -> Vec<String> {
        install_default_drivers();
        let url = format!("sqlite://{}", self.path("sumun-data/govern.db").display());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let options: AnyConnectOptions = url.parse().unwrap();
            let mut connection: AnyConnection = options.connect().await.unwrap();
            let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
            rows.iter().map(|row| row.get::<String, _>(0)).collect()
        })
    }

    /// Signals that live detection handed to the record.
    fn live(&self) -> BTreeMap<String, Value> {
        self.column("SELECT body FROM signals").iter().map(|body| by_id(body)).collect()
    }

    /// History, and all that stands in the event log behind it now.
    fn lines_of_one_run(&self) -> String {
        let merged = self.house.place.read("backfill/merged.ndjson");
        let ran = self.house.place.run(&["log", "dump", "--events", "--from", &self.from.get().to_string()]);
        assert_eq!(ran.code, 0, "{}", ran.shown());
        merged + &ran.out
    }

    /// Signals of one run over them.
    fn one_run(&self) -> BTreeMap<String, Value> {
        self.house.place.write("all.ndjson", &self.lines_of_one_run());
        let replay =
            ["replay", "all.ndjson", "--policy", POLICY_FILE, "--measures", "recorded", "--data", "none"];
        let ran = self.house.place.run(&replay);
        assert_eq!(ran.code, 0, "{}", ran.shown());
        ran.out.lines().map(by_id).collect()
    }

    fn of_history(&self) -> BTreeMap<String, Value> {
        self.house.place.read("backfill/findings.ndjson").lines().map(by_id).collect()
    }

    /// Looks until live detection has found what one run finds behind history. What it had found before history was known stays.
    fn found_behind_history_is_one_runs(&self) {
        let wanted = wait_for(|| {
            let (live, past) = (self.live(), self.of_history());
            let rest: Vec<_> = self.one_run().into_iter().filter(|(id, _)| !past.contains_key(id)).collect();
            (!rest.is_empty() && rest.iter().all(|(id, found)| live.get(id) == Some(found))).then_some(())
        });
        assert!(wanted.is_some(), "live {:?}\none {:?}", self.live(), self.one_run());
    }

    /// Looks until live detection has found what one run finds behind history.
    fn is_one_run(&self) -> BTreeSet<String> {
        let past = self.of_history();
        assert!(past.len() > 2, "{past:?}");
        let found = wait_for(|| {
            let (one, live) = (self.one_run(), self.live());
            assert!(
                past.iter().all(|(id, found)| one.get(id) == Some(found)),
                "history is not the run's beginning"
            );
            let rest: BTreeMap<_, _> = one.into_iter().filter(|(id, _)| !past.contains_key(id)).collect();
            (rest == live && !rest.is_empty()).then_some(rest)
        });
        found
            .unwrap_or_else(|| panic!("live {:?}\none {:?}", self.live(), self.one_run()))
            .into_keys()
            .collect()
    }
}

/// A signal by its id, but for its sentence, which the record makes anew in each language.
fn by_id(text: &str) -> (String, Value) {
    let mut found: Value = serde_json::from_str(text).unwrap();
    let of = found.as_object_mut().unwrap();
    of.remove("because");
    of.remove("type");
    (found["id"].as_str().unwrap().to_owned(), found)
}

#[test]
fn history_and_what_a_tap_brings_are_one_run_through_rotations() {
    let front = Front::new();
    front.history();
    let ran = front.backfill(&[]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let done = ran.json();
    assert_eq!(
        (&done["lines"], &done["refused"], &done["holes"]),
        (&PAST.into(), &0.into(), &0.into()),
        "{done}"
    );
    assert_eq!(front.of_history().len() as u64, done["signals"]);
    // While nobody looks: written on, rotated, packed, written on.
    front.requests(20, 500, 20_000);
    front.rotate();
    front.pack("access.json.1");
    front.requests(20, 500, 5_000);

    let open = front.house.open();
    wait_for(|| (front.taken().len() == 40).then_some(())).expect("the tap did not go on");
    front.requests(60, 100, 0);
    front.rotate();
    front.requests(60, 100, 0);
    wait_for(|| (front.taken().len() == 160).then_some(())).expect("the tap did not follow");
    assert_eq!(front.taken(), (451..=610).collect::<Vec<u64>>(), "no gap, and none twice");
    let live = front.is_one_run();
    assert!(!front.path("sumun-data/detect/backfill.staged").exists());
    // History made no case, no notice, no measure, and stands in the record as one entry.
    for sql in ["SELECT case_id FROM cases", "SELECT notice FROM notices", "SELECT measure_id FROM measures"]
    {
        assert_eq!(front.column(sql), Vec::<String>::new(), "{sql}");
    }
    let classes = front.column("SELECT class FROM ledger_entries");
    assert_eq!(classes.iter().filter(|class| *class == "detection.backfilled").count(), 1, "{classes:?}");
    drop(open);
    // Started anew, it goes on from its own snapshot, the seam with it.
    let open = front.house.open();
    front.requests(60, 100, 0);
    wait_for(|| (front.taken().len() == 220).then_some(())).expect("the tap did not go on");
    assert!(front.is_one_run().is_superset(&live));
    drop(open);
    // A second time would count twice.
    let again = front.backfill(&[]);
    assert_eq!(again.code, 2, "{}", again.shown());
    assert!(again.err.contains("was taken up by live detection already"), "{}", again.err);
}

#[test]
fn beside_a_running_control_plane_it_is_taken_up_without_a_restart() {
    let front = Front::with("");
    let open = front.house.open();
    // Gates, the record and the clock have written by now.
    wait_for(|| (front.dumped().lines().count() > 5).then_some(())).expect("the log stays empty");
    front.history();
    let ran = front.backfill(&[]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let done = ran.json();
    front.from.set(done["event_log_line"].as_u64().unwrap());
    assert!(front.from.get() > 5 && done["lines"].as_u64().unwrap() >= PAST + 5, "{done}");
    let staged = front.path("sumun-data/detect/backfill.staged");
    wait_for(|| (!staged.exists()).then_some(())).expect("it was not taken up");
    wait_for(|| open.process.said().contains("is taken up").then_some(())).expect("nothing was said");
    drop(open);
    // The tap begins where history ended.
    let config = front.house.place.read("sumun.toml");
    front.house.place.write("sumun.toml", &format!("{config}\n[tap]\nfile = \"tap.toml\"\n"));
    front.requests(60, 100, 0);
    let open = front.house.open();
    wait_for(|| (front.taken().len() == 60).then_some(())).expect("the tap did not go on");
    assert_eq!(front.taken(), (451..=510).collect::<Vec<u64>>());
    front.is_one_run();
    drop(open);
}

/// Of what a tap handed in already each line is read once: from the file, or behind its checkpoint from the event log.
#[test]
fn a_tap_that_has_begun_goes_on_and_history_is_what_was_before_and_what_it_handed_in() {
    let front = Front::new();
    front.history();
    let open = front.house.open();
    let checkpoint = front.path("tap-state/front-1.json");
    let position = || {
        let text = std::fs::read(&checkpoint).ok()?;
        let checkpoint = serde_json::from_slice::<Value>(&text).ok()?;
        checkpoint["position"].as_u64().filter(|_| checkpoint["files"]["begun"] == true)
    };
    wait_for(position).expect("the tap did not begin");
    front.requests(40, 100, 10_000);
    front.rotate();
    front.requests(40, 100, 5_000);
    // Its checkpoint on the disk is behind that: the last batch is noted as under way until the next one is.
    wait_for(|| (front.taken().len() == 80).then_some(())).expect("the tap did not follow");
    let ran = front.backfill(&[]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let done = ran.json();
    assert_eq!(done["holes"], 0, "{done}");
    front.from.set(done["event_log_line"].as_u64().unwrap());
    let staged = front.path("sumun-data/detect/backfill.staged");
    wait_for(|| (!staged.exists()).then_some(())).expect("it was not taken up");
    front.requests_of(80, 50, 0, |number| (KEYS + 1, number % 2));
    front.rotate();
    front.requests_of(40, 50, 0, |number| (KEYS + 1, number % 2));
    wait_for(|| (front.taken().len() == 200).then_some(())).expect("the tap did not go on");
    let one = front.lines_of_one_run();
    let ids = one.lines().filter(|line| line.starts_with(r#"{"type":"access""#)).map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["id"].as_str().unwrap()[1..].parse().unwrap()
    });
    let mut ids: Vec<u64> = ids.collect();
    ids.sort_unstable();
    assert!(ids == (1..=PAST + 200).collect::<Vec<u64>>(), "a gap, or one twice: {}", ids.len());
    front.found_behind_history_is_one_runs();
    drop(open);
}

/// What history says of a key weighs nothing against it until it is said again; what is said now does.
#[test]
fn nobody_is_cut_today_for_what_history_holds() {
    let front = Front::with("");
    let (made, open) = (front.made.clone(), front.house.open());
    let token = crate::imports::backend(&open, &made);
    let mut table = String::from(crate::imports::HEADER);
    for key in 0..KEYS {
        table.push_str(&format!("K{key},A{key},C{key},retail,active,read;trade,,,2026-01-02 09:00:00,,\n"));
    }
    front.house.place.write("keys.csv", &table);
    let import = ["import", "--kind", "keys", "keys.csv", "--set", "as_of=2026-05-02T00:00:00Z"];
    let mut command = front.house.place.command(&import);
    command.env("SUMUN_TOKEN", token).env("SUMUN_SERVER", &open.server);
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    wait_for(|| (front.dumped().matches(r#""type":"key""#).count() >= KEYS as usize).then_some(()))
        .expect("the record was not told");

    front.history();
    let ran = front.backfill(&[]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let past = ran.json();
    let staged = front.path("sumun-data/detect/backfill.staged");
    wait_for(|| (!staged.exists()).then_some(())).expect("it was not taken up");
    // The page of a key lists what it did since, and says that there was more.
    let told = crate::tap::asked(&open, &crate::tap::machine(&open, "auditor"), "/v1/keys/K0/activity");
    assert_eq!((&told["history"]["from"], &told["history"]["to"]), (&past["from"], &past["to"]), "{told}");
    drop(open);
    // The ladder over the very same lines, with evidence of history: keys of two sides are held.
    let merged = ["replay", "backfill/merged.ndjson", "--policy", POLICY_FILE, "--data", "none"];
    let dry = front.house.place.run(&merged).out;
    assert!(dry.contains(r#""key":"K0","account":"A0","cluster":null,"measure":"hold""#), "{dry}");

    let config = front.house.place.read("sumun.toml");
    front.house.place.write("sumun.toml", &format!("{config}\n[tap]\nfile = \"tap.toml\"\n"));
    // All of them from their own side, then one of them from both.
    front.requests_of(60, 100, 9_000, |number| (number % KEYS, 0));
    front.requests_of(80, 100, 0, |number| (3, number % 2));
    let open = front.house.open();
    let measured = || front.column("SELECT \"key\" FROM measures");
    wait_for(|| (!measured().is_empty()).then_some(())).unwrap_or_else(|| {
        panic!("nothing follows of what is said now: {:?}\n{}", front.live(), open.process.said())
    });
    assert!(measured().iter().all(|key| key == "K3"), "{:?}", measured());
    let assessed = front.column("SELECT \"key\" FROM standings");
    assert!(assessed.contains(&"K0".to_owned()), "nothing was said of the others: {assessed:?}");
    drop(open);
}

#[test]
fn killed_at_any_point_it_gives_the_same_bytes() {
    let front = Front::new();
    front.history();
    let whole = front.backfill(&[]);
    assert_eq!(whole.code, 0, "{}", whole.shown());
    let names = ["findings.ndjson", "refused.ndjson", "merged.ndjson"];
    let wanted: Vec<String> =
        names.iter().map(|name| front.house.place.read(&format!("backfill/{name}"))).collect();
    let state = |front: &Front| std::fs::metadata(front.path("backfill/state")).ok()?.modified().ok();
    for kill in 0..6 {
        for gone in ["backfill", "tap-state", "sumun-data/detect"] {
            let _ = std::fs::remove_dir_all(front.path(gone));
        }
        for _ in 0..=kill {
            let before = state(&front);
            let arguments =
                ["backfill", "--history", "backfill.toml", "--merged", "--save-every", "40", "--batch", "7"];
            let mut child = front.house.place.command(&arguments);
            let mut child =
                child.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            // Killed once it has written its state down anew, or it was through by then.
            wait_for(|| (state(&front) != before || child.try_wait().unwrap().is_some()).then_some(()))
                .expect("it never wrote its state");
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let ran = front.backfill(&["--save-every", "40"]);
        assert_eq!(ran.code, 0, "{}", ran.shown());
        for (name, wanted) in names.iter().zip(&wanted) {
            assert!(
                front.house.place.read(&format!("backfill/{name}")) == *wanted,
                "{name}, killed {kill} times"
            );
        }
    }
}

#[test]
fn what_was_cut_between_is_told_and_a_damaged_state_is_not_taken_up() {
    let front = Front::new();
    front.history();
    assert_eq!(front.backfill(&[]).code, 0);
    // Somebody empties the log, and the staged state loses a byte.
    std::fs::File::create(front.path("access.json")).unwrap();
    front.requests(5, 100, 0);
    let staged = front.path("sumun-data/detect/backfill.staged");
    let mut bytes = std::fs::read(&staged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&staged, bytes).unwrap();
    let open = front.house.open();
    wait_for(|| (front.taken().len() == 5).then_some(())).expect("the tap did not begin anew");
    wait_for(|| open.process.said().contains("history is not taken up").then_some(()))
        .expect("nothing was said");
    wait_for(|| open.process.said().contains("Lines are lost").then_some(())).expect("the cut was not told");
    assert!(!staged.exists() && front.path("sumun-data/detect/backfill.refused").exists());
    // Its own state is whole: it is handed over again, as it was.
    let ran = front.backfill(&[]);
    assert_eq!((ran.code, &ran.json()["lines"]), (0, &PAST.into()), "{}", ran.shown());
    wait_for(|| open.process.said().contains("is taken up").then_some(())).expect("it was not taken up");
    assert!(!front.path("sumun-data/detect/backfill.refused").exists());
    drop(open);
}

/// A back end posts what the front's files hold as well, under other ids, before and behind history: each access is read once.
#[test]
fn what_a_back_end_sends_beside_the_files_counts_once() {
    let front = Front::with("");
    let (made, open) = (front.made.clone(), front.house.open());
    let token = crate::imports::backend(&open, &made);
    front.history();
    front.sends(&open, &token, PAST - 30..=PAST);
    let read = "[backfill]\n[[read]]\nname = \"front-1\"\nfiles = \"access.json*\"\nmap = \"nginx-json\"\n";
    front.house.place.write("backfill.toml", read);
    let ran = front.backfill(&[]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
    assert!(ran.err.contains("`exchange:backend` brought 31 lines of type `access`"), "{}", ran.err);
    assert!(ran.err.contains("log = \"front-1\"") && ran.err.contains("apart = true"), "{}", ran.err);
    let sent = format!("{read}[[sent]]\nsource = \"exchange:backend\"\nlog = \"front-1\"\n");
    front.house.place.write("backfill.toml", &sent);
    let ran = front.backfill(&[]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let done = ran.json();
    assert_eq!((&done["sent"][0]["lines"], &done["sent"][0]["left_out"]), (&31.into(), &31.into()), "{done}");
    front.from.set(done["event_log_line"].as_u64().unwrap());
    let staged = front.path("sumun-data/detect/backfill.staged");
    wait_for(|| (!staged.exists()).then_some(())).expect("it was not taken up");
    front.requests(80, 50, 0);
    front.sends(&open, &token, PAST + 1..=PAST + 80);
    let ids = front.lines_of_one_run();
    let ids = ids.lines().filter(|line| line.starts_with(r#"{"type":"access""#)).map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["id"].as_str().unwrap().to_owned()
    });
    let of_file = (1..PAST - 30).map(|number| format!("r{number}"));
    let wanted: Vec<String> =
        of_file.chain((PAST - 30..=PAST + 80).map(|number| format!("b{number}"))).collect();
    assert_eq!(ids.collect::<Vec<_>>(), wanted, "a gap, or one twice");
    front.found_behind_history_is_one_runs();
    drop(open);
}

/// What detection learnt from history is not in the event log: a page and an explanation say so, and name the file.
#[test]
fn an_explanation_says_which_history_it_lacks_and_takes_it() {
    let front = Front::new();
    front.history();
    let done = front.backfill(&[]).json();
    let open = front.house.open();
    wait_for(|| open.process.said().contains("is taken up").then_some(())).expect("it was not taken up");
    front.requests(120, 50, 0);
    wait_for(|| (front.taken().len() == 120).then_some(())).expect("the tap did not go on");
    front.is_one_run();
    drop(open);
    let explain = |at: &str, more: &[&str]| {
        let known = ["explain", "K3", "--at", at, "--policy", POLICY_FILE, "--data", "none"];
        front.house.place.run(&[&known, more].concat())
    };
    let merged = front.path("backfill/merged.ndjson").display().to_string();
    let ended = done["to"].as_str().unwrap();
    let ran = explain(ended, &[]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
    assert!(ran.err.contains(&format!("`--log {merged}`")) && ran.err.contains(ended), "{}", ran.err);
    assert_eq!(explain(ended, &["--log", &merged]).code, 0);
    let now = sumun_model::Timestamp::from_micros(now_ms() * 1000).to_string();
    let ran = explain(&now, &["--json"]);
    assert!(ran.err.contains("explained from the event log alone"), "{}", ran.err);
    assert!(ran.err.contains(&format!("`--log {merged} --log ")), "{}", ran.err);
    assert_eq!(
        (&ran.json()["unread"]["to"], &ran.json()["unread"]["merged"]),
        (&done["to"], &merged.as_str().into())
    );
    let korean = explain(&now, &["--lang", "ko"]);
    assert!(
        korean.err.contains("이벤트 로그만으로 설명합니다") && korean.err.contains(&merged),
        "{}",
        korean.err
    );
    // With both it tells what live detection found, which is one run's.
    let both = explain(&now, &["--json", "--log", &merged, "--log", "sumun-data/events"]);
    assert_eq!((both.code, &both.json()["unread"]), (0, &Value::Null), "{}", both.shown());
    assert!(!both.err.contains("attention"), "{}", both.err);
    let about = |found: &Value| found["subject"]["key"] == "K3";
    let both = both.json();
    let told = both["signals"].as_array().unwrap().iter().map(|signal| by_id(&signal.to_string()));
    let told: BTreeMap<String, Value> = told.filter(|(_, found)| about(found)).collect();
    let one: BTreeMap<String, Value> =
        front.one_run().into_iter().filter(|(_, found)| about(found)).collect();
    assert!(told == one && !one.is_empty(), "told {told:?}\none {one:?}");
    // Another history's lines are not these.
    front.house.place.write(
        "short.ndjson",
        &front
            .house
            .place
            .read("backfill/merged.ndjson")
            .lines()
            .take(5)
            .map(|line| format!("{line}\n"))
            .collect::<String>(),
    );
    let ran = explain(&now, &["--log", "short.ndjson", "--log", "sumun-data/events"]);
    assert!(ran.code == 2 && ran.err.contains("it is of another back-fill"), "{}", ran.shown());
    std::fs::remove_file(&merged).unwrap();
    let ran = explain(&now, &[]);
    assert!(ran.err.contains("were not kept in their order"), "{}", ran.err);
}

#[test]
fn another_policy_than_the_one_in_force_is_refused_before_anything_is_read() {
    let front = Front::new();
    drop(front.house.open());
    front.history();
    let _ = std::fs::remove_dir_all(front.path("tap-state"));
    front.house.place.write("other.toml", &POLICY.replace("hold_due_s = 60", "hold_due_s = 61"));
    let ran = front.backfill(&["--policy", "other.toml"]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
    assert!(ran.err.contains("policy quick@1 is in force") && ran.err.contains("--policy"), "{}", ran.err);
}

#[test]
fn the_page_on_back_fill_runs_as_written() {
    let page = include_str!("../../../../docs/adopt/backfill.md");
    let blocks = |kind: &str| {
        let begin = format!("```{kind}\n");
        let blocks =
            page.split(begin.as_str()).skip(1).map(|text| text.split("```").next().unwrap().to_owned());
        blocks.collect::<Vec<_>>()
    };
    let front = Front::new();
    front.history();
    front.house.place.write("backfill.toml", &blocks("toml").join("\n"));
    front.house.place.write(
        "keys.csv",
        "key_id,account_id,state,scopes,allowlist,created_at,expires_at\nK0,A0,active,read;trade,,,\n",
    );
    front.house.place.write(
        "accounts.csv",
        "account_id,customer_id,person_id,parent_account_id,segment,country,opened_on,fee_tier\nA0,C0,,,retail,KR,,\n",
    );
    let commands = blocks("console").swap_remove(0);
    let [read, serve] = commands.lines().collect::<Vec<_>>()[..] else { panic!("{commands}") };
    let read: Vec<&str> = read.strip_prefix("$ sumun ").unwrap().split(' ').collect();
    let ran = front.house.place.run(&read);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(ran.out.contains("Start it, and the tap, before"), "{}", ran.shown());
    assert_eq!(serve, "$ sumun serve");
    let open = front.house.open();
    wait_for(|| open.process.said().contains("is taken up").then_some(())).expect("it was not taken up");
    drop(open);
}
