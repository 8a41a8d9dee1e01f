//! `sumun log`: read the event log, beside the gate that writes it.

use super::ConfigArguments;
use crate::exit::{BadInput, Failed};
use crate::output::count;
use crate::roles::events::record;
use anyhow::Context;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::collections::VecDeque;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use sumun_model::KeyId;
use sumun_stream::{DiskStorage, JoinedRecord, LogReader, Offset, Record, Start, Tail};

/// How often `tail` looks for new records: soon enough for a person, rare enough for an idle disk.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// How many records before the end are first looked through for the newest ones of a key; each further look takes
/// [`LOOK_BACK_GROWTH`] times as many, so that all looks together read little more than the last.
const LOOK_BACK_FIRST: u64 = 1024;
const LOOK_BACK_GROWTH: u64 = 16;

#[derive(Debug, clap::Args)]
struct What {
    #[command(flatten)]
    config: ConfigArguments,
    /// The control plane's event log, in which the lines of all gates, of the exchange and of the record stand in the order that
    /// detection reads; without this, a gate's own
    #[arg(long)]
    events: bool,
    /// The log's folder, instead of `log` (or `events`) in the configured `data_dir`
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Only events of this key
    #[arg(long, value_name = "ID")]
    key: Option<KeyId>,
    /// Print the wire's JSON, one event a line; so is the default, this says it for certain
    #[arg(long, conflicts_with = "pretty")]
    json: bool,
    /// Print each event over several lines, with its offset and without what is unknown
    #[arg(long)]
    pretty: bool,
}

/// Print the newest events and go on as they come.
///
/// Reads beside the gate that writes, from any process that may read the folder. Ctrl-C ends it. Damage behind which
/// nothing can be read is said once, on standard error.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sumun log tail\n  sumun log tail --key K1 --lines 3 --pretty\n  sumun log tail --from 0 --dir sumun-data/log"
)]
pub struct TailArguments {
    #[command(flatten)]
    what: What,
    /// Begin at this offset, a whole number; `--pretty` shows them
    #[arg(long, value_name = "OFFSET", conflicts_with = "lines", value_parser = offset)]
    from: Option<Offset>,
    /// Begin this many events before the end; with `--key`, events of that key
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    lines: u64,
}

/// Print events and stop at the end.
///
/// Reads beside the gate that writes, from any process that may read the folder. If bytes at the end cannot be read, says
/// which on standard error and ends with exit code 1.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sumun log dump > events.ndjson\n  sumun log dump --key K1 --from 1000\n  sumun log dump --events | sumun replay\n\n\
                        Exit codes: 0 everything there is was printed, 1 not everything, 2 there is no log."
)]
pub struct DumpArguments {
    #[command(flatten)]
    what: What,
    /// Begin at this offset, a whole number; `--pretty` shows them [default: the oldest kept]
    #[arg(long, value_name = "OFFSET", value_parser = offset)]
    from: Option<Offset>,
}

fn offset(text: &str) -> Result<Offset, String> {
    let number =
        text.parse().map_err(|_| "expected a whole number such as 1000; `--pretty` shows each event's")?;
    Ok(Offset::new(number))
}

/// Runs `sumun log tail`.
///
/// # Errors
/// There is no log, a closed file of it is damaged, or retention dropped what was to be read.
pub fn tail(arguments: TailArguments) -> anyhow::Result<()> {
    let what = &arguments.what;
    let dir = folder(what)?;
    let mut reader = match (arguments.from, &what.key) {
        (Some(offset), _) => open(&dir, Start::At(offset))?,
        (None, Some(key)) => print_newest(&dir, what, key, arguments.lines)?,
        (None, None) => open(&dir, Start::Last(arguments.lines))?,
    };
    let mut told = None;
    loop {
        let unread = print(&mut reader, what, &dir, told)?;
        if let Some(unread) = unread {
            crate::logging::say(&format!("warning: {}\n", unread.says(&dir)));
            told = Some(unread.next);
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// Runs `sumun log dump`.
///
/// # Errors
/// As [`tail`]; or there is something behind what could be read.
pub fn dump(arguments: DumpArguments) -> anyhow::Result<()> {
    let dir = folder(&arguments.what)?;
    let mut reader = open(&dir, arguments.from.map_or(Start::First, Start::At))?;
    match print(&mut reader, &arguments.what, &dir, None)? {
        None => Ok(()),
        Some(unread) => Err(Failed(unread.says(&dir)).into()),
    }
}

fn folder(what: &What) -> anyhow::Result<PathBuf> {
    let dir = match &what.dir {
        Some(dir) => dir.clone(),
        None if what.events => what.config.load(Vec::new())?.config.events_dir(),
        None => what.config.load(Vec::new())?.config.log_dir(),
    };
    let missing = |problem: &str| {
        let (shown, who) = (dir.display(), if what.events { "control plane" } else { "gate" });
        BadInput(format!(
            "there is no event log at `{shown}`{problem}; start a {who} first, or name its folder with `--dir`"
        ))
    };
    if !dir.is_dir() {
        return Err(missing("").into());
    }
    let mut names =
        std::fs::read_dir(&dir).with_context(|| format!("failed to read the folder `{}`", dir.display()))?;
    let segment = |name: &std::ffi::OsStr| Path::new(name).extension().is_some_and(|end| end == "seg");
    if !names.any(|entry| entry.is_ok_and(|entry| segment(&entry.file_name()))) {
        return Err(missing(", only a folder without any of its files (`*.seg`)").into());
    }
    Ok(dir)
}

fn open(dir: &Path, start: Start) -> anyhow::Result<LogReader> {
    LogReader::open_read_only(dir, start)
        .with_context(|| format!("failed to open the event log at `{}`", dir.display()))
}

/// Prints what is there now; returns what is behind it and cannot be read, unless that was told already.
fn print(
    reader: &mut LogReader,
    what: &What,
    dir: &Path,
    told: Option<Offset>,
) -> anyhow::Result<Option<Unread>> {
    loop {
        print_whole(reader, what, dir)?;
        let at = reader.next_offset();
        if told == Some(at) {
            return Ok(None);
        }
        let Some(unread) = unread(reader, dir)? else { return Ok(None) };
        // A record may have become whole between the two looks; then there is more to print.
        print_whole(reader, what, dir)?;
        if reader.next_offset() == at {
            return Ok(Some(unread));
        }
    }
}

/// Prints the whole records there are now.
fn print_whole(reader: &mut LogReader, what: &What, dir: &Path) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut printed = || -> anyhow::Result<()> {
        while let Some(record) = next(reader)? {
            let line = event(&record, what, dir)?;
            if what.key.as_ref().is_none_or(|key| is_of(line, key)) {
                write(&mut out, &record, line, what)?;
            }
        }
        Ok(())
    };
    // What was read before an error is shown before it.
    let outcome = printed();
    out.flush()?;
    outcome
}

/// Prints the newest events of a key; the reader goes on behind them.
fn print_newest(dir: &Path, what: &What, key: &KeyId, lines: u64) -> anyhow::Result<LogReader> {
    let mut back = LOOK_BACK_FIRST;
    let oldest = open(dir, Start::First)?.next_offset();
    loop {
        let mut reader = open(dir, Start::Last(back))?;
        let all = reader.next_offset() <= oldest;
        let mut newest = VecDeque::new();
        while let Some(record) = next(&mut reader)? {
            if is_of(event(&record, what, dir)?, key) {
                newest.push_back(record);
                if newest.len() as u64 > lines {
                    newest.pop_front();
                }
            }
        }
        if all || newest.len() as u64 >= lines {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            for record in &newest {
                write(&mut out, record, event(record, what, dir)?, what)?;
            }
            out.flush()?;
            return Ok(reader);
        }
        back = back.saturating_mul(LOOK_BACK_GROWTH);
    }
}

fn next(reader: &mut LogReader) -> anyhow::Result<Option<Record>> {
    reader.poll().context("failed to read the event log")
}

fn write(out: &mut impl Write, record: &Record, line: &[u8], what: &What) -> std::io::Result<()> {
    if what.pretty {
        writeln!(out, "event {}{}\n", record.offset, pretty(line))
    } else {
        out.write_all(line)?;
        out.write_all(b"\n")
    }
}

/// What is behind the last event that can be read, and never will be unless somebody puts it right.
struct Unread {
    /// The event that should stand there.
    next: Offset,
    tail: Tail,
}

impl Unread {
    fn says(&self, dir: &Path) -> String {
        let Tail { file, byte, bytes, records, damaged } = &self.tail;
        let file = dir.join(file);
        let shown = file.display();
        if *damaged {
            format!(
                "`{shown}` is damaged at byte {byte}: event {} and all behind it are not shown, {bytes} bytes with {} \
                 that can still be told apart; keep the file as it is, and restore it from a copy",
                self.next,
                count(usize::try_from(*records).unwrap_or(usize::MAX), "whole record")
            )
        } else {
            format!(
                "`{shown}` ends at byte {byte} in {bytes} bytes that are no whole record, and nobody is writing it: a \
                 record cut off by a crash, or damage. They are not shown; a start of the gate cuts off what was never \
                 acknowledged and says so"
            )
        }
    }
}

/// Looks behind the last event that was given out. Nothing there, or a record being written: `None`.
fn unread(reader: &mut LogReader, dir: &Path) -> anyhow::Result<Option<Unread>> {
    let reading = "failed to read the event log";
    if reader.tail_bytes().context(reading)? == 0 {
        return Ok(None);
    }
    // Who writes is asked first: what a writer that has ended left is all there by then.
    let written = DiskStorage::has_writer(dir).unwrap_or(true);
    let next = reader.next_offset();
    let Some(tail) = reader.tail().context(reading)? else { return Ok(None) };
    Ok((tail.damaged || !written).then_some(Unread { next, tail }))
}

/// The wire line in a record, without what the log puts before it. Folders of other things have the same form; their records
/// are no events.
fn event<'a>(record: &'a Record, what: &What, dir: &Path) -> Result<&'a [u8], BadInput> {
    let shown = dir.display();
    if what.events {
        return record::decode(record).map(|event| event.line).ok_or_else(|| {
            BadInput(format!(
                "`{shown}` is no event log of a control plane: its record {} is not an event; a gate's own is read without \
                 `--events`",
                record.offset
            ))
        });
    }
    JoinedRecord::parse(record).map(|joined| joined.payload).filter(|line| line.starts_with(b"{")).ok_or_else(|| {
        if record::decode(record).is_some() {
            return BadInput(format!("`{shown}` is the event log of a control plane; read it with `--events`"));
        }
        BadInput(format!(
            "`{shown}` is no event log: its record {} is not an event. The spool, the replay memory and the registry of dead \
             ids are folders of the same form; name the folder `log` beside them",
            record.offset
        ))
    })
}

fn is_of(line: &[u8], key: &KeyId) -> bool {
    #[derive(Deserialize)]
    struct Named {
        key: Option<KeyId>,
    }
    serde_json::from_slice::<Named>(line).is_ok_and(|named| named.key.as_ref() == Some(key))
}

/// An event's fields in the order they were written; those that are null, which means unknown, left out.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    if value.get() != "null" {
                        fields.push((name, value));
                    }
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

fn pretty(line: &[u8]) -> String {
    let Ok(Fields(fields)) = serde_json::from_slice(line) else {
        return String::from_utf8_lossy(line).into_owned();
    };
    let wide = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let rows: Vec<String> = fields.iter().map(|(name, value)| format!("\n  {name:wide$}  {value}")).collect();
    rows.concat()
}
