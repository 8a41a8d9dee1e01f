//! Back-fill, then live: byte for byte one run over the same lines, wherever history is cut, however its lines lie in files, and
//! whoever is killed on the way.

use super::*;
use crate::exit::Failed;
use crate::findings::print;
use crate::roles::detect::seam::staged_path;
use crate::roles::detect::snapshot::{Head, framed, unframed};
use crate::roles::events::record;
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use sumun_detect::{Engine, Input};
use sumun_model::wire::{Origin, parse_line};
use sumun_stream::{DiskStorage, LogOptions};

const POLICY: &str = include_str!("../../../tests/replay/policy.toml");
/// 2026-05-28T09:00:00Z.
const BEGAN_US: i64 = 1_779_958_800_000_000;

fn at(second: u32) -> Timestamp {
    Timestamp::from_micros(BEGAN_US + i64::from(second) * 1_000_000)
}

/// Keys that are used from two sides by turns, some of them by a third; and what they are.
fn world(steps: &[(u32, u8, u8)]) -> Vec<String> {
    let mut lines: Vec<String> = (0..4)
        .map(|key| {
            format!(
                r#"{{"type":"key","ts":"{}","key":"K{key}","account":"A{key}","state":"active","scopes":["read","trade"],"allowlist":["203.0.113.7/32","198.51.100.9/32"],"purpose":"own_bot"}}"#,
                at(key)
            )
        })
        .collect();
    let mut second = 10;
    for (n, (step, key, side)) in steps.iter().enumerate() {
        second += 1 + step;
        let (ip, agent) =
            [("203.0.113.7", "ccxt/4.5"), ("198.51.100.9", "pyupbit/0.2"), ("192.0.2.77", "curl/8")]
                [usize::from(side % 3)];
        lines.push(format!(
            r#"{{"type":"access","id":"a{n}","ts":"{}","source":"front","key":"K{key}","account":"A{key}","ip":"{ip}","agent":"{agent}","effect":"read","scope":"read_balances","verdict":"allow","signature":"valid","checks":{{"signature":"pass","address":"pass"}}}}"#,
            at(second),
        ));
    }
    lines
}

struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("policy.toml"), POLICY).unwrap();
        fs::write(folder.path().join("backfill.toml"), settings).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> Config {
        Config { data_dir: self.path("data"), ..Config::default() }
    }

    fn write(&self, name: &str, lines: &[String]) {
        let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        if name.ends_with(".gz") {
            let mut out = GzEncoder::new(fs::File::create(self.path(name)).unwrap(), Compression::fast());
            out.write_all(text.as_bytes()).unwrap();
            out.finish().unwrap();
        } else {
            fs::write(self.path(name), text).unwrap();
        }
    }

    /// Puts lines into the event log, each with who sent it.
    fn has_brought<'a>(&self, lines: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let folder = self.config().events_dir();
        fs::create_dir_all(&folder).unwrap();
        let (log, _) =
            sumun_stream::Log::open(DiskStorage::open(&folder).unwrap(), LogOptions::default()).unwrap();
        for (position, (source, line)) in (1..).zip(lines) {
            let payload = record::encode(source, position, line.as_bytes());
            log.append_batch([(record::KIND, payload.as_slice())]).unwrap();
        }
        log.sync().unwrap();
    }

    fn arguments(&self, shards: usize, batch: usize, save_every: u64) -> Arguments {
        Arguments {
            config: ConfigArguments { config: None },
            history: self.path("backfill.toml"),
            policy: Some(self.path("policy.toml")),
            replace: None,
            merged: true,
            shards: NonZeroUsize::new(shards),
            batch: NonZeroUsize::new(batch).unwrap(),
            save_every: NonZeroU64::new(save_every).unwrap(),
            lang: Lang::En,
            json: true,
        }
    }

    fn run(&self, arguments: &Arguments, killed_behind: Option<u64>) -> anyhow::Result<Seam> {
        let how = How {
            batch: arguments.batch.get(),
            save_every: arguments.save_every.get(),
            lang: arguments.lang,
            killed_behind,
        };
        read(arguments, &self.config(), how).map(|(_, seam)| seam)
    }

    fn written(&self) -> Written {
        let read = |name: &str| fs::read_to_string(self.path("backfill").join(name)).unwrap();
        Written {
            findings: read("findings.ndjson"),
            refused: read("refused.ndjson"),
            merged: read("merged.ndjson"),
            staged: fs::read(staged_path(&self.config().detect_dir())).unwrap(),
        }
    }
}

#[derive(PartialEq)]
struct Written {
    findings: String,
    refused: String,
    merged: String,
    staged: Vec<u8>,
}

fn engine(home: &Home, shards: usize) -> Engine {
    let setup = setup(&home.arguments(1, 1, 1), &home.config()).unwrap();
    let shards = NonZeroUsize::new(shards).unwrap();
    let options = Options { shards, alone_below: 4, measures: Measures::Recorded };
    setup.engine(options, Approve::People, Lang::En)
}

fn fed(engine: &mut Engine, lines: &[String], first: u64, batch: usize) -> String {
    let mut out = Vec::new();
    for (part, from) in lines.chunks(batch).zip((first..).step_by(batch)) {
        let inputs = part.iter().zip(from..).map(|(text, position)| Input {
            position,
            line: parse_line(Origin { source_name: "t", line: position }, text).unwrap(),
        });
        for output in engine.feed(inputs.collect::<Vec<_>>()) {
            print::write(&mut out, output, Lang::En).unwrap();
        }
    }
    String::from_utf8(out).unwrap()
}

/// Puts lines into files: of each source in pieces one behind the other, every second one packed, the last one as it is written to.
fn into_files(home: &Home, lines: &[String], which: &[u8], pieces: usize) {
    for source in 0..2_u8 {
        let of: Vec<String> = lines
            .iter()
            .enumerate()
            .filter(|(n, _)| which[n % which.len()] % 2 == source)
            .map(|(_, line)| line.clone())
            .collect();
        let share = of.len().div_ceil(pieces).max(1);
        for (piece, lines) in of.chunks(share).enumerate() {
            let end = if piece % 2 == 1 { ".gz" } else { "" };
            home.write(&format!("s{source}.ndjson.{piece}{end}"), lines);
        }
    }
}

const TWO: &str = "[backfill]\n[[read]]\nname = \"s0\"\nfiles = \"s0.ndjson*\"\nmap = \"wire\"\n[[read]]\nname = \"s1\"\nfiles = \"s1.ndjson*\"\nmap = \"wire\"\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn back_fill_then_live_is_one_run(
        steps in prop::collection::vec((0u32..15, 0u8..4, 0u8..3), 60..220),
        cut in 0usize..=1000,
        which in prop::collection::vec(0u8..2, 1..17),
        pieces in 1usize..5,
        shards in prop::sample::select(vec![1usize, 2, 7]),
        batches in (1usize..90, 1usize..90),
        save_every in 1u64..60,
        kills in prop::collection::vec(1u64..200, 0..4),
    ) {
        let lines = world(&steps);
        let cut = (lines.len() * cut / 1000).max(1);
        let (past, live) = lines.split_at(cut);
        let home = Home::new(TWO);
        into_files(&home, past, &which, pieces);
        let arguments = home.arguments(shards, batches.0, save_every);
        for kill in kills {
            if let Err(error) = home.run(&arguments, Some(kill)) {
                prop_assert!(error.downcast_ref::<Failed>().is_some_and(|f| f.0 == "killed"), "{error}");
                // What was written since the last state is half there, or is other bytes.
                let findings = home.path("backfill").join("findings.ndjson");
                let mut torn = fs::OpenOptions::new().append(true).open(findings).unwrap();
                torn.write_all(b"{\"torn").unwrap();
            }
        }
        let seam = home.run(&arguments, None).unwrap();
        let written = home.written();
        prop_assert_eq!(seam.history, past.len() as u64);
        prop_assert_eq!(&written.merged, &past.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>());
        prop_assert_eq!(&written.refused, "");

        let one = fed(&mut engine(&home, 1), &lines, 1, 1000);
        let (head, saved) = unframed::<Head>(&written.staged).unwrap();
        prop_assert_eq!(head.seam.as_ref(), Some(&seam));
        let mut on = engine(&home, shards);
        on.restore(&saved).unwrap();
        let rest = fed(&mut on, live, seam.position(seam.from), batches.1);
        prop_assert_eq!(written.findings + &rest, one);
    }
}

/// So many requests as make findings.
fn plenty() -> Vec<String> {
    world(&(0..300).map(|n| (4, n as u8 % 4, (n / 4) as u8 % 2)).collect::<Vec<_>>())
}

#[test]
fn there_is_something_to_find() {
    let home = Home::new(TWO);
    let found = fed(&mut engine(&home, 1), &plenty(), 1, 1000);
    assert!(found.lines().count() > 4, "{found}");
}

#[test]
fn killed_behind_any_line_it_writes_the_same_bytes() {
    let lines = plenty();
    let fill = |kills: &[u64]| {
        let home = Home::new(TWO);
        into_files(&home, &lines, &[0, 1, 1, 0, 0], 3);
        let arguments = home.arguments(1, 13, 29);
        for kill in kills {
            assert!(home.run(&arguments, Some(*kill)).is_err());
        }
        home.run(&arguments, None).unwrap();
        let written = home.written();
        let (mut head, engine) = unframed::<Head>(&written.staged).unwrap();
        // Where the folder is, is another each time.
        let seam = head.seam.as_mut().unwrap();
        seam.marks.iter_mut().for_each(|mark| mark.file.clear());
        seam.merged = None;
        let staged = framed(&head, &engine).unwrap();
        Written { staged, ..written }
    };
    let whole = fill(&[]);
    assert!(whole.findings.lines().count() > 4);
    for kill in (1..300).step_by(23) {
        let again = fill(&[kill, kill.max(30) + 5]);
        assert!(again.findings == whole.findings && again.merged == whole.merged, "killed behind {kill}");
        assert!(again.staged == whole.staged, "killed behind {kill}");
    }
}

#[test]
fn what_is_no_line_or_of_a_wrong_clock_is_put_aside_and_named() {
    let home = Home::new(TWO);
    let mut lines = plenty();
    lines.truncate(120);
    let wrong = |id: &str, ts: Timestamp| {
        format!(r#"{{"type":"access","id":"{id}","ts":"{ts}","key":"K1","account":"A1","verdict":"allow"}}"#)
    };
    // A clock that leapt for two lines, one of a time to come, and what is nothing of the kind.
    lines.insert(60, wrong("leapt1", at(20_000)));
    lines.insert(60, wrong("leapt2", at(20_001)));
    lines.insert(90, wrong("tomorrow", clock::now().plus_micros(86_400_000_000)));
    lines.insert(30, "nothing of the kind".to_owned());
    lines.insert(31, r#"{"type":"access","ts":"never"}"#.to_owned());
    home.write("s0.ndjson", &lines);
    let seam = home.run(&home.arguments(1, 100, 1000), None).unwrap();
    assert_eq!((seam.history, seam.ended < at(10_000)), (120, true));
    let refused = home.written().refused;
    let codes: Vec<String> = refused
        .lines()
        .map(|line| {
            let one: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(one["source"], "s0");
            format!("{} {}", one["line"], one["code"].as_str().unwrap())
        })
        .collect();
    assert_eq!(codes, ["31 bad_line", "32 bad_line", "63 leap", "64 leap", "93 ahead"]);
}

#[test]
fn tables_count_as_of_the_first_line_and_a_damaged_one_ends_it() {
    let settings = format!("{TWO}[[table]]\nfile = \"keys.csv\"\nmap = \"keys-csv\"\n");
    let home = Home::new(&settings);
    home.write("s0.ndjson", &plenty()[4..]);
    let mut table = String::from("key_id,account_id,state,scopes,allowlist,created_at,expires_at\n");
    (0..4).for_each(|key| writeln!(table, "K{key},A{key},active,,,,").unwrap());
    fs::write(home.path("keys.csv"), &table).unwrap();
    home.run(&home.arguments(1, 100, 1000), None).unwrap();
    let merged = home.written().merged;
    let first = merged.lines().next().unwrap();
    assert!(first.contains(r#""type":"account""#) || first.contains(r#""type":"key""#), "{first}");
    assert!(merged.lines().take(4).all(|line| line.contains(&at(15).to_string())), "{merged}");

    let home = Home::new(&settings.replace("keys.csv", "keys.csv.gz"));
    home.write("s0.ndjson", &plenty()[4..]);
    home.write("whole.gz", &table.repeat(50).lines().map(str::to_owned).collect::<Vec<_>>());
    let whole = fs::read(home.path("whole.gz")).unwrap();
    fs::write(home.path("keys.csv.gz"), &whole[..whole.len() / 2]).unwrap();
    let error = home.run(&home.arguments(1, 100, 1000), None).unwrap_err();
    assert!(error.to_string().contains("cut off or damaged"), "{error}");
}

#[test]
fn a_packed_file_that_breaks_off_is_a_hole_and_the_rest_is_read() {
    let home = Home::new(TWO);
    let lines = plenty();
    home.write("s0.ndjson.1.gz", &lines[..150]);
    home.write("s0.ndjson", &lines[150..]);
    let whole = fs::read(home.path("s0.ndjson.1.gz")).unwrap();
    fs::write(home.path("s0.ndjson.1.gz"), &whole[..whole.len() * 3 / 4]).unwrap();
    let hour_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    let file = fs::File::options().append(true).open(home.path("s0.ndjson.1.gz")).unwrap();
    file.set_modified(hour_ago).unwrap();
    let arguments = home.arguments(1, 100, 1000);
    let how = How { batch: 100, save_every: 1000, lang: Lang::En, killed_behind: None };
    let (history, seam) = read(&arguments, &home.config(), how).unwrap();
    assert_eq!(history.progress.holes, 1);
    assert!(seam.history >= (lines.len() - 150) as u64 && seam.history < lines.len() as u64);
}

#[test]
fn damage_and_other_inputs_are_told() {
    let home = Home::new(TWO);
    home.write("s0.ndjson", &plenty());
    let arguments = home.arguments(1, 100, 50);
    assert!(home.run(&arguments, Some(120)).is_err());
    let state = home.path("backfill/state");
    let whole = fs::read(&state).unwrap();
    let mut bytes = whole.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&state, bytes).unwrap();
    assert!(home.run(&arguments, None).unwrap_err().to_string().contains("is damaged"));
    fs::write(&state, whole).unwrap();
    fs::write(home.path("backfill/findings.ndjson"), "").unwrap();
    let told = home.run(&arguments, None).map(|_| ()).unwrap_err().to_string();
    assert!(told.contains("it was cut"), "{told}");
    fs::write(home.path("policy.toml"), POLICY.replace("hold_due_s = 60", "hold_due_s = 61")).unwrap();
    let told = home.run(&arguments, None).unwrap_err().to_string();
    assert!(told.contains("of other sources, mappings, policy or data files"), "{told}");
}

#[test]
fn it_goes_on_with_what_was_written_since_and_never_over_what_was_taken_up() {
    let home = Home::new(TWO);
    let lines = plenty();
    home.write("s0.ndjson", &lines[..100]);
    let arguments = home.arguments(2, 100, 1000);
    assert_eq!(home.run(&arguments, None).unwrap().history, 100);
    // Rotated, and written on.
    fs::rename(home.path("s0.ndjson"), home.path("s0.ndjson.1")).unwrap();
    home.write("s0.ndjson", &lines[100..200]);
    let seam = home.run(&arguments, None).unwrap();
    assert_eq!(seam.history, 200);
    let mut on = engine(&home, 1);
    let written = home.written();
    on.restore(&unframed::<Head>(&written.staged).unwrap().1).unwrap();
    let rest = fed(&mut on, &lines[200..], seam.position(0), 7);
    assert!(written.findings + &rest == fed(&mut engine(&home, 1), &lines, 1, 1000));
    fs::remove_file(staged_path(&home.config().detect_dir())).unwrap();
    let told = home.run(&arguments, None).unwrap_err().to_string();
    assert!(told.contains("was taken up by live detection already"), "{told}");
}

#[test]
fn what_live_detection_knows_is_not_thrown_away_without_a_reason() {
    let home = Home::new(TWO);
    home.write("s0.ndjson", &plenty());
    let seam = Seam {
        backfill: "another".to_owned(),
        history: 5,
        from: 0,
        began: None,
        merged: None,
        ended: at(0),
        heed_from: at(0),
        old_proofs: std::collections::BTreeSet::new(),
        quiet_to: 0,
        replaced: None,
        marks: Vec::new(),
    };
    let head = Head { next: 0, policy: String::new(), last: String::new(), seam: Some(seam) };
    let detect = home.config().detect_dir();
    crate::roles::detect::seam::stage(&detect, &head, b"state").unwrap();
    fs::rename(staged_path(&detect), detect.join(format!("{:020}.snapshot", 0))).unwrap();
    let mut arguments = home.arguments(1, 100, 1000);
    let told = home.run(&arguments, None).unwrap_err().to_string();
    assert!(told.contains("5 lines of history of another back-fill") && told.contains("--replace"), "{told}");
    arguments.replace = Some("the first one lacked a year".to_owned());
    let seam = home.run(&arguments, None).unwrap();
    assert_eq!(seam.replaced.as_deref(), Some("the first one lacked a year"));
    assert_eq!(seam.heed_from, at(0), "as live detection went by before");
}

const BACKEND: &str = "exchange:backend";

/// As the back end of the exchange sends it: under an id and a name of its own.
fn sent(line: &str) -> String {
    line.replace(r#""id":"a"#, r#""id":"sent-"#).replace(r#""source":"front""#, r#""source":"backend""#)
}

fn ts_of(line: &str) -> Timestamp {
    line.split(r#""ts":""#).nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever a sender brought of what stands in the files, and whenever it brought nothing: each access counts once.
    #[test]
    fn what_a_sender_brought_under_other_ids_counts_once(
        steps in prop::collection::vec((0u32..40, 0u8..4, 0u8..3), 80..240),
        pauses in prop::collection::vec((0usize..200, 700u32..5000), 1..5),
        spans in prop::collection::vec((0usize..200, 0usize..200), 1..4),
        which in prop::collection::vec(0u8..2, 1..9),
        kills in prop::collection::vec(1u64..250, 0..3),
        ahead_ms in prop::sample::select(vec![0i64, 900, -900]),
    ) {
        // Pauses, in which nothing is asked of the exchange; between some of them a sender is there, and brings all.
        let mut steps = steps;
        let count = steps.len();
        for (n, long) in &pauses {
            steps[n % count].0 = *long;
        }
        let lines = world(&steps);
        let (state, accesses) = lines.split_at(4);
        let mut periods = vec![0];
        for pair in accesses.windows(2) {
            let pause = ts_of(&pair[1]).micros_since(ts_of(&pair[0])) > senders::GAP_US;
            periods.push(periods.last().unwrap() + usize::from(pause));
        }
        let last = *periods.last().unwrap();
        // It begins at any access, and is there until a pause; then again from the beginning of a period to the end of one.
        let begins = spans[0].0 % count;
        let is_sent = |n: usize| {
            let first = n >= begins && periods[n] == periods[begins];
            let later = spans[1..].iter().any(|(from, to)| {
                let (from, to) = (from % (last + 1), to % (last + 1));
                n >= begins && (from..=to).contains(&periods[n])
            });
            first || later
        };
        let settings = format!("{TWO}[[sent]]\nsource = \"{BACKEND}\"\nlog = \"s0\"\nahead_ms = {ahead_ms}\n[[sent]]\nsource = \"exchange:back*\"\nlog = \"s1\"\nahead_ms = {ahead_ms}\n");
        let home = Home::new(&settings);
        into_files(&home, &lines, &which, 3);
        // Its clock is ahead by as much as is said.
        let told = |line: &String| {
            let (ts, by) = (ts_of(line), ahead_ms * 1000);
            sent(line).replace(&ts.to_string(), &ts.plus_micros(by).to_string())
        };
        let brought: Vec<(usize, String)> =
            accesses.iter().enumerate().filter(|(n, _)| is_sent(*n)).map(|(n, line)| (n, told(line))).collect();
        // Much later it brings once more what it had kept: nobody counts that.
        let tick = format!(r#"{{"type":"tick","ts":"{}"}}"#, ts_of(&accesses[count - 1]).plus_micros(900_000_000));
        let kept = accesses.iter().enumerate().filter(|(n, _)| !is_sent(*n)).map(|(_, line)| told(line));
        let kept: Vec<String> = kept.collect();
        let of_sender = brought.iter().map(|(_, line)| (BACKEND, line.as_str()));
        home.has_brought(of_sender.chain([("clock", tick.as_str())]).chain(kept.iter().map(|line| (BACKEND, line.as_str()))));

        let arguments = home.arguments(1, 50, 30);
        for kill in kills {
            let _ = home.run(&arguments, Some(kill));
        }
        home.run(&arguments, None).unwrap();
        let written = home.written();
        let brought: std::collections::BTreeMap<usize, String> = brought.into_iter().collect();
        let once = accesses.iter().enumerate().map(|(n, line)| brought.get(&n).unwrap_or(line).clone());
        let mut once: Vec<String> = state.iter().cloned().chain(once).collect();
        once.sort_by_key(|line| ts_of(line));
        once.extend([tick].into_iter().chain(kept));
        prop_assert_eq!(written.merged.lines().collect::<Vec<_>>(), once.iter().map(String::as_str).collect::<Vec<_>>());
        prop_assert_eq!(written.findings, fed(&mut engine(&home, 1), &once, 1, 1000));
    }
}

#[test]
fn a_sender_of_whom_nothing_is_said_is_refused_before_anything_is_read() {
    let lines = plenty();
    let brought: Vec<String> = lines[200..260].iter().map(|line| sent(line)).collect();
    let (from, to) = (ts_of(&brought[0]), ts_of(&brought[59]));
    let ran = |settings: &str, lines: &[String]| {
        let home = Home::new(&format!("{TWO}{settings}"));
        home.write("s0.ndjson", lines);
        home.has_brought(brought.iter().map(|line| (BACKEND, line.as_str())));
        let how = How { batch: 100, save_every: 1000, lang: Lang::En, killed_behind: None };
        let ran = read(&home.arguments(1, 100, 1000), &home.config(), how).map(|(history, _)| history);
        assert!(ran.is_ok() || !home.path("backfill/state").exists(), "it has begun");
        ran.map(|history| (history.progress.lines, self::sent_told(&history)))
    };
    let told = ran("", &lines).unwrap_err().to_string();
    let wanted = format!(
        "`{BACKEND}` brought 60 lines of type `access` into the event log, from {from} to {to}, and files of `s0`"
    );
    assert!(
        told.contains(&wanted) && told.contains("`log = \"s0\"`") && told.contains("apart = true"),
        "{told}"
    );
    let says = |what: &str| format!("[[sent]]\nsource = \"{BACKEND}\"\n{what}\n");
    let (read, told) = ran(&says("log = \"s0\""), &lines).unwrap();
    assert_eq!((read, told), (lines.len() as u64, vec![(60, 60, Some(from), Some(to))]));
    let (read, told) = ran(&says("apart = true"), &lines).unwrap();
    assert_eq!((read, told), (lines.len() as u64 + 60, vec![]));
    // What is written about another time is no concern of it.
    let (read, _) = ran("", &lines[280..]).unwrap();
    assert_eq!(read, (lines.len() - 280 + 60) as u64);
}

fn sent_told(history: &History) -> Vec<(u64, u64, Option<Timestamp>, Option<Timestamp>)> {
    super::sent(history).into_iter().map(|it| (it.lines, it.left_out, it.from, it.to)).collect()
}

/// What a back end that has sent until a few minutes ago brings next is read once: from the event log, or from the files.
#[test]
fn what_may_still_be_sent_waits_for_the_next_round() {
    let home = Home::new(&format!("{TWO}[[sent]]\nsource = \"{BACKEND}\"\nlog = \"s0\"\n"));
    let now = clock::now();
    let access = |ago_s: i64| {
        let ts = now.plus_micros(-ago_s * 1_000_000);
        format!(
            r#"{{"type":"access","id":"a{ago_s}","ts":"{ts}","source":"front","key":"K1","account":"A1","verdict":"allow"}}"#
        )
    };
    let (older, newer): (Vec<String>, Vec<String>) =
        ((1..=90).rev().map(|n| access(n * 10)).collect(), (0..10).rev().map(access).collect());
    home.write("s0.ndjson.1.gz", &older);
    home.write("s0.ndjson", &newer);
    home.has_brought(
        [850, 300].map(|ago_s| sent(&access(ago_s))).iter().map(|line| (BACKEND, line.as_str())),
    );
    let how = How { batch: 100, save_every: 7, lang: Lang::En, killed_behind: None };
    let ran = |killed_behind: Option<u64>| {
        let ran = read(&home.arguments(1, 100, 7), &home.config(), How { killed_behind, ..how });
        ran.map(|(history, _)| {
            let told = super::sent(&history).remove(0);
            (history.progress.lines, told.left_out, told.waits_from, told.text())
        })
    };
    // Five before it began, and its two; of the files what it may have brought between them is left out, and the rest waits.
    assert!(ran(Some(6)).is_err());
    let (lines, left_out, waits_from, text) = ran(None).unwrap();
    assert_eq!((lines, left_out, waits_from), (7, 56, Some(ts_of(&access(290)))));
    assert!(text.contains("run this again ten minutes after its last line"), "{text}");
    // It has gone on: of what waited that much is left out now.
    let more = sent(&access(5));
    home.has_brought([(BACKEND, more.as_str())]);
    let (lines, left_out, waits_from, _) = ran(None).unwrap();
    assert_eq!((lines, left_out, waits_from), (8, 56 + 29 + 5 + 1, Some(ts_of(&access(3)))));
}

/// Where a sender has brought next to nothing of ten minutes, and the files hold plenty of them.
#[test]
fn lines_left_out_count_for_progress_and_for_what_is_read_again() {
    let home = Home::new(&format!("{TWO}[[sent]]\nsource = \"{BACKEND}\"\nlog = \"s0\"\n"));
    let lines = world(&(0..300).map(|n| (0, n as u8 % 4, 0)).collect::<Vec<_>>());
    home.write("s0.ndjson", &lines);
    let brought = [sent(&lines[4]), sent(&lines[303])];
    home.has_brought(brought.iter().map(|line| (BACKEND, line.as_str())));
    let arguments = home.arguments(1, 100, 50);
    // Killed at the last line there is, of six: before it nothing but lines that are left out.
    assert!(home.run(&arguments, Some(6)).is_err());
    let settings = Settings::read(&arguments.history).unwrap();
    let inputs = inputs(&settings, &setup(&arguments, &home.config()).unwrap(), &arguments);
    let work = Work::open(&settings.work).unwrap();
    let (kept, _) = work.read(&inputs).unwrap().unwrap();
    let left_out = kept.files.iter().map(|mark| mark.left_out).sum::<u64>();
    assert!((245..=300).contains(&left_out), "{left_out} of 300 are not looked at again");
    drop(work);
    let how = How { batch: 100, save_every: 50, lang: Lang::En, killed_behind: None };
    let (history, _) = read(&arguments, &home.config(), how).unwrap();
    let told = history.so_far(clock::now());
    assert!(told.starts_with("306 lines, ") && told.contains(", 300 of them left out"), "{told}");
}

/// With a tap that goes on with the files, a sender that goes on too would double everything from now on.
#[test]
fn a_sender_that_goes_on_beside_a_tap_of_the_same_is_refused() {
    let home = Home::new(
        "[backfill]\ntap = \"tap.toml\"\n[[sent]]\nsource = \"exchange:backend\"\nlog = \"front\"\n",
    );
    fs::write(
        home.path("tap.toml"),
        "[tap]\n[[follow]]\nname = \"front\"\nfiles = \"front.json\"\nmap = \"nginx-json\"\n",
    )
    .unwrap();
    let line = |n: i64| {
        let seconds = clock::now().as_micros() / 1_000_000 - 1000 + n;
        format!(
            r#"{{"msec":"{seconds}.000","request_id":"r{n}","remote_addr":"203.0.113.7","hostname":"front-1","key_id":"K1","account_id":"A1","request_method":"GET","request_uri":"/v1/accounts","status":"200","http_user_agent":"x"}}"#
        )
    };
    home.write("front.json", &(0..900).map(line).collect::<Vec<_>>());
    let access = |ago_s: i64| {
        let ts = clock::now().plus_micros(-ago_s * 1_000_000);
        format!(
            r#"{{"type":"access","id":"b{ago_s}","ts":"{ts}","source":"backend","key":"K1","account":"A1","verdict":"allow"}}"#
        )
    };
    home.has_brought([(BACKEND, access(800).as_str()), (BACKEND, access(200).as_str())]);
    let told = home.run(&home.arguments(1, 100, 1000), None).unwrap_err().to_string();
    assert!(told.contains("still sends") && told.contains("Stop that sender"), "{told}");
}

#[test]
fn what_is_said_of_senders_is_read_strictly() {
    let told = |sent: &str| {
        let home = Home::new(&format!(
            "[backfill]\n[[read]]\nname = \"s0\"\nfiles = \"s0*\"\nmap = \"wire\"\n{sent}"
        ));
        let error = Settings::read(&home.path("backfill.toml")).map(|_| ()).unwrap_err().to_string();
        error.split_once("backfill.toml`: ").map(|(_, what)| what.to_owned()).unwrap_or(error)
    };
    let all = [
        "[[sent]]\nsource = \"backend\"\nlog = \"s0\"\n",
        "[[sent]]\nsource = \"govern\"\napart = true\n",
        "[[sent]]\nsource = \"exchange:*x\"\napart = true\n",
        "[[sent]]\nsource = \"exchange:x\"\nlog = \"s1\"\n",
        "[[sent]]\nsource = \"exchange:x\"\n",
        "[[sent]]\nsource = \"exchange:x\"\nlog = \"s0\"\napart = true\n",
        "[[sent]]\nsource = \"exchange:x\"\napart = false\n",
        "[[sent]]\nsource = \"exchange:x\"\napart = true\nahead_ms = 5\n",
        "[[sent]]\nsource = \"exchange:x\"\nlog = \"s0\"\nahead_ms = 300001\n",
        "[[sent]]\nsource = \"exchange:x\"\nlog = \"s0\"\n[[sent]]\nsource = \"exchange:x\"\napart = true\n",
    ];
    let shown: String = all.iter().map(|sent| told(sent) + "\n").collect();
    insta::assert_snapshot!(shown);
    assert!(told("[[sent]]\nlog = \"s0\"\n").contains("missing field `source`"));
    assert!(told("[[sent]]\nsource = \"exchange:x\"\nlogs = \"s0\"\n").contains("unknown field `logs`"));
}

#[test]
fn days_between_a_back_fill_and_the_tap_are_read_by_a_second_one() {
    let home = Home::new("[backfill]\ntap = \"tap.toml\"\n");
    fs::write(
        home.path("tap.toml"),
        "[tap]\n[[follow]]\nname = \"front-1\"\nfiles = \"access.json\"\nmap = \"nginx-json\"\n",
    )
    .unwrap();
    let written = |requests: u32| {
        let lines: Vec<String> = (0..requests)
            .map(|n| {
                format!(
                    r#"{{"msec":"{}.000","request_id":"r{n}","remote_addr":"203.0.113.7","hostname":"front-1","key_id":"K1","account_id":"A1","request_method":"GET","request_uri":"/v1/accounts","status":"200"}}"#,
                    at(n * 600).as_micros() / 1_000_000
                )
            })
            .collect();
        home.write("access.json", &lines);
        fs::metadata(home.path("access.json")).unwrap().len()
    };
    let kept = || kept::Store::at(&home.path("tap-state"), "front-1").read().unwrap().unwrap();
    written(50);
    let mut arguments = home.arguments(1, 100, 1000);
    assert_eq!(home.run(&arguments, None).unwrap().history, 50);
    let log = kept().log;
    // Live detection takes it up; days later the tap has not begun yet.
    let detect = home.config().detect_dir();
    fs::rename(staged_path(&detect), detect.join(format!("{:020}.snapshot", 0))).unwrap();
    let size = written(80);
    fs::write(home.path("backfill.toml"), "[backfill]\ntap = \"tap.toml\"\nwork = \"second\"\n").unwrap();
    arguments.replace = Some("the days until the tap".to_owned());
    assert_eq!(home.run(&arguments, None).unwrap().history, 80);
    let left = kept();
    assert_eq!((left.log == log, left.position, left.files.files[0].offset), (true, 0, size));

    // One that has handed something in is left alone, and what it has not read is not history.
    let mut begun = kept();
    begun.position = 80;
    kept::Store::at(&home.path("tap-state"), "front-1").save(&begun).unwrap();
    written(90);
    fs::write(home.path("backfill.toml"), "[backfill]\ntap = \"tap.toml\"\nwork = \"third\"\n").unwrap();
    assert_eq!(home.run(&arguments, None).unwrap().history, 80);
    assert_eq!(kept(), begun);
}

#[test]
fn what_is_next_is_said_as_it_is_for_whoever_reads_it() {
    let told = [goes_on(at(0), at(9), false), goes_on(at(9), at(0), false), goes_on(at(0), at(9), true)];
    insta::assert_snapshot!(told.concat());
}
