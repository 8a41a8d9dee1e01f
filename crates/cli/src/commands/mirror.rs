//! `sumun mirror`: what an exchange says of its own keys, from a file: a snapshot of all of them, or what changed since.
//!
//! A snapshot is one request and counts only when it was whole, so its file is read twice: first every line is looked at, and nothing is sent
//! if one cannot be read; then all of it is sent, a line at a time. How many keys there are must be said by whoever counted them: what a
//! cut-off export holds cannot tell. Changes are sent in batches; what is held already is passed over, so that both are simply repeated.

mod lines;

use super::import::Format;
use super::import::batch::{Batch, Sums};
use super::import::refused::in_words;
use super::map::given;
use crate::client::{Call, Client, Reach};
use crate::exit::{AlreadyTold, BAD_INPUT, BadInput, FAILED};
use crate::output;
use lines::{Found, Lines, Snapshot};
use serde_json::{Value, json};
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use sumun_govern::imports::read;
use sumun_model::Timestamp;
use sumun_model::wire::Line;

/// How often is said how far it is; who takes less time is told nothing.
const PROGRESS_EVERY_US: i64 = 2_000_000;

/// Lines on their way, counted: whoever waits longer than some seconds is told how far it is.
struct Pace {
    lines: u64,
    since: Timestamp,
}

impl Pace {
    fn begin() -> Self {
        Self { lines: 0, since: crate::clock::now() }
    }

    fn on(&mut self, lines: u64) {
        self.lines += lines;
        let now = crate::clock::now();
        if now.micros_since(self.since) >= PROGRESS_EVERY_US {
            self.since = now;
            crate::logging::say(&format!("{} lines\n", self.lines));
        }
    }
}

/// Lines that people are shown of those that were refused.
const SHOWN_MAX: usize = 20;

/// What can be done with mirrors.
#[derive(Debug, clap::Subcommand)]
pub enum Mirror {
    /// Send all keys that a source has; a key that lacks now is gone there, which is drift and ends nothing
    ///
    /// The file is read first, and nothing is sent if a line of it cannot be read. It counts only when it was whole: lines of the wire end
    /// in `{"type":"end","keys":N,"seq":S}`; of a table, `--keys` says how many keys the source's own database counts. Repeated as it was, it
    /// changes nothing.
    #[command(after_help = "Examples:\n  sumun mirror snapshot exchange keys.ndjson\n  \
                      sumun mirror snapshot exchange keys.csv --set as_of=2026-11-21T00:00:00Z --keys 120345 --seq 40\n\n\
                      Exit codes: 0 the snapshot was whole and every line went in, 1 lines were refused, keys were held back or the operation failed, 2 what was given is bad.")]
    Snapshot(SnapshotArguments),
    /// Send numbered changes of a source's keys, behind those that are held
    ///
    /// What is held already is passed over: a command that broke off is repeated as it was, and a file that grows is sent as a whole.
    #[command(
        after_help = "Examples:\n  sumun mirror changes exchange changes.ndjson\n  sumun mirror changes exchange - < changes.ndjson\n\n\
                      Exit codes: as of `sumun mirror snapshot`; 1 also where a number is missing."
    )]
    Changes(ChangesArguments),
    /// Show who tells of keys, and how far each is
    #[command(after_help = "Example:\n  sumun mirror list")]
    List(List),
}

/// A source's file.
#[derive(Debug, clap::Args)]
pub struct Input {
    /// Who tells of these keys, such as `exchange`
    source: String,
    /// The file, plain or gzip
    file: PathBuf,
    /// How it is written [default: csv if `--map` is given or its name says so, ndjson if that says so (`.ndjson`, `.json`, `.jsonl`), else by how it begins]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Mapping of a table, or of JSON that is no wire: a file, or the name of a ready one [default: keys-csv]
    #[arg(long, value_name = "FILE|NAME")]
    map: Option<String>,
    /// A value the mapping asks for, such as `as_of=2026-11-20T00:00:00Z`
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = given)]
    set: Vec<(String, String)>,
    #[command(flatten)]
    reach: Reach,
}

/// All keys.
#[derive(Debug, clap::Args)]
pub struct SnapshotArguments {
    #[command(flatten)]
    input: Input,
    /// How many keys the source counts; lines of the wire say it themselves, at their end
    #[arg(long, value_name = "N")]
    keys: Option<u64>,
    /// Number of the last change that is in it [default: 0, for a source that sends no changes]
    #[arg(long, value_name = "S", requires = "keys")]
    seq: Option<u64>,
}

/// What changed.
#[derive(Debug, clap::Args)]
pub struct ChangesArguments {
    #[command(flatten)]
    input: Input,
}

/// Of which server.
#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    reach: Reach,
}

/// Runs it.
///
/// # Errors
/// The file or the mapping is bad, the server said no or cannot be reached; lines were refused.
pub fn run(command: &Mirror) -> anyhow::Result<()> {
    match command {
        Mirror::Snapshot(arguments) => snapshot(arguments),
        Mirror::Changes(arguments) => changes(&arguments.input),
        Mirror::List(arguments) => {
            let columns = ["source", "seq", "round", "snapshot", "heard"];
            let answer = arguments.reach.client()?.send(&Call::get(&["mirrors"]))?;
            arguments.reach.print(&answer, |json| crate::client::show::page(json, &columns))
        }
    }
}

impl Input {
    fn lines(&self) -> anyhow::Result<Lines> {
        let format = Format::given(self.format, self.map.as_deref(), &self.file);
        Lines::open(&self.file, format, self.map.as_deref(), &self.set)
    }
}

/// Where each line of what is sent came from: its line in the file.
#[derive(Default)]
struct Looked {
    origins: Vec<u64>,
    /// Lines that are of keys.
    keys: u64,
    ends: Option<Snapshot>,
    bad: Vec<String>,
    bad_total: usize,
}

fn snapshot(arguments: &SnapshotArguments) -> anyhow::Result<()> {
    let input = &arguments.input;
    if input.file == Path::new("-") {
        let told = "a snapshot is looked at before it is sent, and standard input is read once: name a file";
        return Err(BadInput(told.to_owned()).into());
    }
    let client = input.reach.client()?;
    let looked = look(input)?;
    let end = end(arguments, looked.ends)?;
    if looked.bad_total > 0 {
        for reason in &looked.bad {
            crate::logging::say(&format!("{}:{reason}\n", input.file.display()));
        }
        crate::logging::say(&format!("Nothing was sent: {} lines cannot be read.\n", looked.bad_total));
        return Err(AlreadyTold(BAD_INPUT).into());
    }
    if looked.keys == 0 {
        let file = input.file.display();
        let told = format!(
            "no key stands in `{file}`: a snapshot of none would make every key of `{}` look gone. Export it again",
            input.source
        );
        return Err(BadInput(told).into());
    }
    let call = Call::put_stream(&["mirrors", &input.source, "snapshot"]);
    // Sent as it is read, by a pipe: it may be larger than memory, and hold what should stand in no file.
    let (from, mut to) = std::io::pipe()?;
    let (sent, answer) = std::thread::scope(|threads| {
        let reading = threads.spawn(move || {
            input.lines()?.send(&mut to, end)?;
            drop(to);
            anyhow::Ok(())
        });
        let answer = client.stream(&call, &mut Told { from, pace: Pace::begin() });
        (reading.join(), answer)
    });
    // A file that ended early is why the server says no: the cause comes first.
    sent.map_err(|_| anyhow::anyhow!("a fault of Sumun itself: the thread that read the file ended"))??;
    let answer = answer?;
    let mut sums = Sums::default();
    let taken = answer.json.get("taken").cloned().unwrap_or_default();
    sums.add(&taken);
    let refused = taken.get("refused").and_then(Value::as_array).cloned().unwrap_or_default();
    let refused = refused.into_iter().map(|reason| moved(reason, |line| origin(&looked.origins, line)));
    let refused: Vec<Value> = refused.collect();
    let number = |name: &str| answer.json.get(name).and_then(Value::as_u64).unwrap_or_default();
    let words = format!(
        "Snapshot {} of {} is whole: {} keys, {} of the one before are gone there; changes go on behind {}\n",
        number("round"),
        input.source,
        number("keys"),
        number("gone"),
        number("seq"),
    );
    let shown = json!({
        "source": input.source, "round": number("round"), "keys": number("keys"), "gone": number("gone"), "seq": number("seq"),
    });
    tell(input, &client, &Done { sums, refused, words, shown })
}

fn origin(origins: &[u64], line: u64) -> Option<u64> {
    origins.get(usize::try_from(line).ok()?.checked_sub(1)?).copied()
}

/// Every line looked at, none sent.
fn look(input: &Input) -> anyhow::Result<Looked> {
    let mut looked = Looked::default();
    input.lines()?.each(&mut |found| {
        let reason = match found {
            Found::Line(number, line) => {
                looked.origins.push(number);
                match read(&input.source, number, line) {
                    Ok(told) => {
                        looked.keys += u64::from(matches!(told.line, Line::Key(_)));
                        None
                    }
                    Err(no) => serde_json::to_value(no).ok(),
                }
            }
            Found::Refused(reason) => Some(reason),
            Found::End(_, ends) => {
                looked.ends = Some(ends);
                None
            }
        };
        if let Some(reason) = reason {
            looked.bad_total += 1;
            if looked.bad.len() < SHOWN_MAX {
                looked.bad.push(in_words(&reason));
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(looked)
}

/// What stands at the end: as the file says, or as whoever counted them says.
fn end(arguments: &SnapshotArguments, ends: Option<Snapshot>) -> anyhow::Result<Snapshot> {
    let file = arguments.input.file.display();
    match (ends, arguments.keys) {
        (Some(ends), None) => Ok(ends),
        (None, Some(keys)) => Ok(Snapshot { keys, seq: arguments.seq.unwrap_or_default() }),
        (Some(_), Some(_)) => {
            Err(BadInput(format!("`{file}` says itself how many keys there are: leave out `--keys`")).into())
        }
        (None, None) => Err(BadInput(format!(
            "`{file}` does not say how many keys there are: a cut-off export must not make keys look gone. Count them where they are kept, \
             and give `--keys N`"
        ))
        .into()),
    }
}

/// What came of a file.
struct Done {
    sums: Sums,
    refused: Vec<Value>,
    words: String,
    shown: Value,
}

fn changes(input: &Input) -> anyhow::Result<()> {
    let mut sender = Sender {
        input,
        client: input.reach.client()?,
        batch: Batch::default(),
        sums: Sums::default(),
        refused: Vec::new(),
        held: 0,
        skipped: 0,
        pace: Pace::begin(),
    };
    let (mut failed, mut bad): (anyhow::Result<()>, Option<String>) = (Ok(()), None);
    input.lines()?.each(&mut |found| {
        let reason = match found {
            Found::Line(number, line) => match read(&input.source, number, line) {
                Ok(_) => {
                    failed = sender.line(number, line);
                    None
                }
                Err(no) => serde_json::to_value(no).ok(),
            },
            Found::Refused(reason) => Some(reason),
            Found::End(number, _) => Some(json!({
                "line": number, "code": "snapshot_line", "message": "this line ends a snapshot, and these are changes",
                "remedy": "send it with `sumun mirror snapshot`",
            })),
        };
        bad = reason.map(|reason| in_words(&reason));
        if failed.is_ok() && bad.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    failed?;
    // What stands before a line that cannot be read is taken.
    sender.send()?;
    let Sender { client, sums, refused, held, skipped, .. } = sender;
    let words = format!("Changes of {} are held up to {held}; {skipped} were held already\n", input.source);
    let shown = json!({ "source": input.source, "held": held, "skipped": skipped });
    let told = tell(input, &client, &Done { sums, refused, words, shown });
    if let Some(reason) = bad {
        crate::logging::say(&format!("{}:{reason}\n", input.file.display()));
        crate::logging::say(
            "Nothing behind that line was sent: changes have no gap. Correct it, and send the file again.\n",
        );
        return Err(AlreadyTold(BAD_INPUT).into());
    }
    told
}

struct Sender<'a> {
    input: &'a Input,
    client: Client,
    batch: Batch,
    sums: Sums,
    refused: Vec<Value>,
    held: u64,
    skipped: u64,
    pace: Pace,
}

impl Sender<'_> {
    fn line(&mut self, number: u64, line: &[u8]) -> anyhow::Result<()> {
        self.batch.row(number, 1);
        self.batch.line(line);
        if self.batch.is_full() { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> anyhow::Result<()> {
        let mut batch = std::mem::take(&mut self.batch);
        let body = batch.body();
        // Nothing at all still asks what is held.
        if body.is_none() && self.pace.lines > 0 {
            return Ok(());
        }
        let call = Call::lines(&["mirrors", &self.input.source, "changes"], body.unwrap_or_default());
        let file = self.input.file.display();
        let at = |line: u64| batch.origin(line).map(|(line, _)| format!("{file}:{line}"));
        let answer = self.client.send_lines(&call, &at)?;
        let number = |name: &str| answer.json.get(name).and_then(Value::as_u64).unwrap_or_default();
        self.held = number("held");
        self.skipped += number("skipped");
        let taken = answer.json.get("taken").cloned().unwrap_or_default();
        self.sums.add(&taken);
        for reason in taken.get("refused").and_then(Value::as_array).into_iter().flatten() {
            if self.refused.len() < SHOWN_MAX {
                self.refused.push(moved(reason.clone(), |line| batch.origin(line).map(|(line, _)| line)));
            }
        }
        self.pace.on(batch.len());
        Ok(())
    }
}

/// A refusal with the line of the file instead of the request's.
fn moved(mut reason: Value, origin: impl Fn(u64) -> Option<u64>) -> Value {
    let line = reason.get("line").and_then(Value::as_u64).and_then(origin);
    if let (Some(fields), Some(line)) = (reason.as_object_mut(), line) {
        fields.insert("line".to_owned(), json!(line));
    }
    reason
}

/// Tells what came of it, and where both sides disagree now.
fn tell(input: &Input, client: &Client, done: &Done) -> anyhow::Result<()> {
    let drift = client.send(&Call::act(&["drift", "look"]))?.json;
    let Done { sums, refused, words, shown } = done;
    if input.reach.json {
        let mut all = sums.json(false);
        if let (Some(all), Some(shown)) = (all.as_object_mut(), shown.as_object()) {
            all.extend(shown.clone());
            all.insert("refused_lines".to_owned(), json!(refused));
            all.insert("drift".to_owned(), drift);
        }
        output::json(&all)?;
    } else {
        for reason in refused.iter().take(SHOWN_MAX) {
            crate::logging::say(&format!("{}:{}\n", input.file.display(), in_words(reason)));
        }
        let count = |name: &str| drift.get(name).and_then(Value::as_u64).unwrap_or_default();
        let (stand, appeared, gone, worst) =
            (count("stand"), count("appeared"), count("gone"), count("worst"));
        let mut text = format!("{words}{}", sums.words(false));
        text.push_str(&format!("Drift: {stand} stand, {appeared} of them new; {gone} are gone"));
        text.push_str(&match worst {
            0 => String::new(),
            keys => format!("; {keys} keys have ended here and are served there"),
        });
        text.push_str(if stand > 0 { ". See `sumun drift`\n" } else { "\n" });
        output::text(&text)?;
    }
    if sums.refused > 0 || sums.held_back() > 0 { Err(AlreadyTold(FAILED).into()) } else { Ok(()) }
}

/// Lines that are read, with how far it is.
struct Told<R> {
    from: R,
    pace: Pace,
}

impl<R: Read> Read for Told<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = self.from.read(into)?;
        let read = into.get(..length).unwrap_or_default();
        self.pace.on(read.iter().filter(|byte| **byte == b'\n').count() as u64);
        Ok(length)
    }
}
