//! `sumun log`: read the event log, beside the gate that writes it.

use super::ConfigArguments;
use crate::exit::BadInput;
use anyhow::Context;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;
use sumun_model::KeyId;
use sumun_stream::{JoinedRecord, LogReader, Offset, Record, Start};

/// How often `tail` looks for new records: soon enough for a person, rare enough for an idle disk.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
struct What {
    #[command(flatten)]
    config: ConfigArguments,
    /// The log's folder, instead of `log` in the configured `data_dir`
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
/// Reads beside the gate that writes, from any process that may read the folder. Ctrl-C ends it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sumun log tail\n  sumun log tail --key K1 --pretty\n  sumun log tail --from 0 --dir sumun-data/log"
)]
pub struct TailArguments {
    #[command(flatten)]
    what: What,
    /// Begin at this offset
    #[arg(long, value_name = "OFFSET", conflicts_with = "lines")]
    from: Option<u64>,
    /// Begin this many records before the end
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    lines: u64,
}

/// Print events and stop at the end.
///
/// Reads beside the gate that writes, from any process that may read the folder.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sumun log dump > events.ndjson\n  sumun log dump --key K1 --from 1000")]
pub struct DumpArguments {
    #[command(flatten)]
    what: What,
    /// Begin at this offset [default: the oldest kept]
    #[arg(long, value_name = "OFFSET")]
    from: Option<u64>,
}

/// Runs `sumun log tail`.
///
/// # Errors
/// There is no log, it is damaged, or retention dropped what was to be read.
pub fn tail(arguments: TailArguments) -> anyhow::Result<()> {
    let start = arguments.from.map_or(Start::Last(arguments.lines), |offset| Start::At(Offset::new(offset)));
    let mut reader = open(&arguments.what, start)?;
    loop {
        print(&mut reader, &arguments.what)?;
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// Runs `sumun log dump`.
///
/// # Errors
/// As [`tail`].
pub fn dump(arguments: DumpArguments) -> anyhow::Result<()> {
    let start = arguments.from.map_or(Start::First, |offset| Start::At(Offset::new(offset)));
    print(&mut open(&arguments.what, start)?, &arguments.what)
}

fn open(what: &What, start: Start) -> anyhow::Result<LogReader> {
    let dir = match &what.dir {
        Some(dir) => dir.clone(),
        None => what.config.load(Vec::new())?.config.log_dir(),
    };
    if !dir.is_dir() {
        return Err(BadInput(format!(
            "there is no event log at `{}`; start a gate first, or name its folder with `--dir`",
            dir.display()
        ))
        .into());
    }
    LogReader::open_read_only(&dir, start)
        .with_context(|| format!("failed to open the event log at `{}`", dir.display()))
}

/// Prints what is there now.
fn print(reader: &mut LogReader, what: &What) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    while let Some(record) = reader.poll().context("failed to read the event log")? {
        let line = payload(&record);
        if what.key.as_ref().is_none_or(|key| is_of(line, key)) {
            if what.pretty {
                writeln!(out, "event {}{}\n", record.offset, pretty(line))?;
            } else {
                out.write_all(line)?;
                out.write_all(b"\n")?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

/// The wire line in a record, without the position that draining puts before it.
fn payload(record: &Record) -> &[u8] {
    JoinedRecord::parse(record).map_or(record.payload.as_slice(), |joined| joined.payload)
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
