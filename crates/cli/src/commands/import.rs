//! `sumun import`: keys, accounts and vendors that the exchange has already, from a file into the record.
//!
//! The file is read once and sent in batches; only the numbers of refused lines are kept. Those are then copied from the file, byte by
//! byte, so that nothing is lost and the copy can be mended and imported again. What stands on record is not written twice: a command
//! that broke off is simply repeated.

pub(super) mod batch;
mod dead;
pub(super) mod refused;
mod secrets;
mod written;

use super::map::{Source, given, open, unusable};
use crate::client::{Call, Client, Reach};
use crate::exit::{AlreadyTold, BadInput, FAILED};
use crate::output;
use batch::{Batch, Sums};
use refused::Refused;
use secrets::Secrets;
use serde_json::{Value, json};
use std::io::BufRead;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use sumun_mapping::{Mapping, Run};
use sumun_model::wire::{Line, to_json};
use zeroize::Zeroizing;

/// Lines between two words of progress.
const LINES_OF_PROGRESS: u64 = 50_000;
/// Refused lines that people are shown; the rest stands in the file of reasons.
const SHOWN_MAX: u64 = 20;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Keys, perhaps with the accounts they belong to
    Keys,
    /// Accounts, with the customers behind them
    Accounts,
    /// Third-party tools
    Vendors,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A table, or JSON that is no wire, read by a mapping
    Csv,
    /// Lines of the wire
    Ndjson,
}

impl Format {
    /// As was said; else what has a mapping is read by it, and all else tells it by its name or how it begins.
    pub(super) fn given(said: Option<Self>, map: Option<&str>, file: &Path) -> Self {
        said.unwrap_or_else(|| if map.is_some() { Self::Csv } else { Self::of(file) })
    }

    /// As a file's name says, or its first sign.
    pub(super) fn of(file: &Path) -> Self {
        if written::is_table(file) { Self::Csv } else { Self::Ndjson }
    }
}

/// Import keys, accounts or vendors that the exchange has already.
///
/// What stands already is written nowhere: a command that broke off is repeated as it was. An id that has ended here is refused. Lines that
/// are refused are told with file, line, field and what to do; the others go in.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sumun import --kind accounts --set as_of=2026-11-20T00:00:00Z accounts.csv --refused accounts.refused.csv\n  \
                        sumun import --kind keys --set as_of=2026-11-20T00:00:00Z keys.csv --dry-run\n  \
                        sumun import --kind keys --set as_of=2026-11-20T00:00:00Z keys.csv --secret api_secret\n  \
                        sumun import --kind keys keys.ndjson --refused keys.refused.ndjson\n\n\
                        Exit codes: 0 every line went in or stood already, 1 lines were refused, keys were held back or the operation failed, 2 what was given is bad."
)]
pub struct Arguments {
    /// What the file holds; says which mapping a table is read by
    #[arg(long, value_enum)]
    kind: Kind,
    /// The file, plain or gzip; `-` is standard input
    file: PathBuf,
    /// How it is written [default: csv if `--map` is given or its name says so, ndjson if that says so (`.ndjson`, `.json`, `.jsonl`), else by how it begins]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Mapping of a table, or of JSON that is no wire: a file, or the name of a ready one [default: keys-csv, accounts-csv or vendors-csv]
    #[arg(long, value_name = "FILE|NAME")]
    map: Option<String>,
    /// A value the mapping asks for, such as `as_of=2026-11-20T00:00:00Z`
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = given)]
    set: Vec<(String, String)>,
    /// Column of a table of keys that holds each key's secret, or field of JSON that a mapping reads
    ///
    /// It is sent beside the key's line and sealed on arrival. An empty cell is a key without a secret. Lines of the wire carry theirs
    /// themselves.
    #[arg(long, value_name = "COLUMN")]
    secret: Option<String>,
    /// Who tells of these keys [default: exchange]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Copy refused lines into this file, as they are, and why into FILE.reasons
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
    /// That so many keys of the file are dead at the exchange
    ///
    /// Asked for where it is more than half of them: an id that comes in dead never lives again, so a state read from the wrong column
    /// cannot be taken back.
    #[arg(long, value_name = "N")]
    dead: Option<u64>,
    /// Look, write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    reach: Reach,
}

/// Runs it.
///
/// # Errors
/// The file or the mapping is bad, the server said no or cannot be reached; lines were refused.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.refused.is_some() && arguments.is_read_once() {
        let told = "refused lines are copied from the file afterwards, and standard input and pipes are read once: import from a file, or leave out `--refused`";
        return Err(BadInput(told.to_owned()).into());
    }
    arguments.secrets_stand()?;
    if arguments.refused.as_deref().is_some_and(|to| is_one_file(to, &arguments.file)) {
        let told =
            "refused lines would be written over the file that is read: name another one with `--refused`";
        return Err(BadInput(told.to_owned()).into());
    }
    if std::fs::metadata(&arguments.file).is_ok_and(|file| file.is_file() && file.len() == 0) {
        let file = arguments.file.display();
        return Err(
            BadInput(format!("`{file}` is empty, not even a header stands in it: export it again")).into()
        );
    }
    let keys = arguments.counted()?;
    if let Some(keys) = keys {
        keys.agree(arguments.dead, &arguments.file, arguments.dry_run)?;
    }
    let client = arguments.reach.client()?;
    let mut import = Import {
        arguments,
        client,
        batch: Batch::default(),
        sums: Sums::default(),
        refused: Refused::into(arguments.refused.as_deref())?,
        secrets: arguments.secret.as_deref().map(Secrets::of),
        keys,
        header: false,
        said: 0,
        stopped: None,
        cut_off: None,
    };
    match arguments.format() {
        Format::Ndjson => import.ndjson()?,
        Format::Csv => import.csv()?,
    }
    import.send()?;
    let copied = import.refused.copy(&arguments.file, import.header)?;
    import.tell(copied)
}

/// Whether both are there, and one file.
fn is_one_file(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| std::fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    place(one).is_some_and(|one| place(other) == Some(one))
}

impl Arguments {
    fn format(&self) -> Format {
        Format::given(self.format, self.map.as_deref(), &self.file)
    }

    /// Where a table is and how it is read.
    fn source(&self) -> Source {
        let map = self.map.clone().unwrap_or_else(|| self.ready().to_owned());
        Source { map, paths: None, set: self.set.clone(), inputs: Vec::new() }
    }

    /// Whether what is read is gone behind it: standard input, and a pipe by whatever name.
    fn is_read_once(&self) -> bool {
        let is_pipe = std::fs::metadata(&self.file).is_ok_and(|about| !about.is_file() && !about.is_dir());
        self.file == Path::new("-") || is_pipe
    }

    /// How a table is read: with each key's secret beside it, and then quoting nothing of it, where secrets stand in it.
    fn run_of<'m>(&self, mapping: &'m Mapping, secrets: Option<&Secrets>) -> anyhow::Result<Run<'m>> {
        let given = self.source().given(mapping)?;
        match secrets {
            Some(secrets) => secrets.beside(mapping, &given, &self.file),
            None => Ok(Run::new(mapping, given)),
        }
    }

    /// The keys of a file that can be read twice; none of other kinds.
    fn counted(&self) -> anyhow::Result<Option<dead::Keys>> {
        if self.kind != Kind::Keys || self.is_read_once() {
            let told = "`--dead` is for a file of keys, which is looked through before it is sent: leave it out here";
            return if self.dead.is_some() { Err(BadInput(told.to_owned()).into()) } else { Ok(None) };
        }
        if self.format() == Format::Ndjson {
            return dead::lines(&self.file).map(Some);
        }
        let mapping = self.source().mapping()?;
        let secrets = self.secret.as_deref().map(Secrets::of);
        dead::rows(&self.file, self.run_of(&mapping, secrets.as_ref())?).map(Some)
    }

    /// Whether there can be secrets where they are said to stand.
    fn secrets_stand(&self) -> anyhow::Result<()> {
        let told = match (self.secret.as_deref(), self.kind, self.format()) {
            (Some(""), ..) => "`--secret` names no column: say which one holds the secrets",
            (None, ..) | (Some(_), Kind::Keys, Format::Csv) => return Ok(()),
            (Some(_), Kind::Accounts | Kind::Vendors, _) => {
                "only keys have secrets: leave out `--secret`, or say `--kind keys`"
            }
            (Some(_), Kind::Keys, Format::Ndjson) => {
                "lines of the wire carry their secrets themselves, as `{\"line\": {…}, \"secret\": \"…\"}`: leave out `--secret`; JSON \
                 that is no wire is read by a mapping, with `--map`"
            }
        };
        Err(BadInput(told.to_owned()).into())
    }

    fn ready(&self) -> &'static str {
        match self.kind {
            Kind::Keys => "keys-csv",
            Kind::Accounts => "accounts-csv",
            Kind::Vendors => "vendors-csv",
        }
    }
}

struct Import<'a> {
    arguments: &'a Arguments,
    client: Client,
    batch: Batch,
    sums: Sums,
    refused: Refused,
    /// Where secrets stand, if they stand in a field of the file.
    secrets: Option<Secrets>,
    /// Its keys, where they were counted before.
    keys: Option<dead::Keys>,
    /// The file's first line names its columns.
    header: bool,
    said: u64,
    /// Behind which line of the file it stopped, because keys were held back.
    stopped: Option<u64>,
    /// Why not all of the file could be read. Whole lines before that went in.
    cut_off: Option<String>,
}

impl Import<'_> {
    fn ndjson(&mut self) -> anyhow::Result<()> {
        let (name, from) = open(&self.arguments.file)?;
        let mut from = refused::plain(&name, from)?;
        let (mut line, mut number) = (Zeroizing::new(Vec::new()), 0);
        loop {
            line.clear();
            match from.read_until(b'\n', &mut line) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if refused::is_of_the_stream(&error) => {
                    self.cut_off = Some(error.to_string());
                    return Ok(());
                }
                Err(error) => {
                    return Err(anyhow::Error::new(error).context(format!("failed to read `{name}`")));
                }
            }
            number += 1;
            while line.last().is_some_and(u8::is_ascii_whitespace) {
                line.pop();
            }
            if !line.is_empty() {
                self.batch.row(number, 1);
                self.batch.line(&line);
            }
            if self.batch.is_full() {
                self.send()?;
            }
            if self.stopped.is_some() {
                return Ok(());
            }
        }
    }

    fn csv(&mut self) -> anyhow::Result<()> {
        let mapping = self.arguments.source().mapping()?;
        self.header = !mapping.reads_anywhere();
        let mut run = self.arguments.run_of(&mapping, self.secrets.as_ref())?;
        let (name, from) = open(&self.arguments.file)?;
        let mut failed: anyhow::Result<()> = Ok(());
        let outcome = run.read(&name, from, &mut |row| {
            let done = self.row(row);
            let stop = done.is_err() || self.stopped.is_some();
            if done.is_err() {
                failed = done;
            }
            if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        failed?;
        outcome.map_err(unusable)?;
        if self.stopped.is_none() && !run.report().whole() {
            self.cut_off = Some("it ends before its time".to_owned());
        }
        Ok(())
    }

    fn row(&mut self, row: &sumun_mapping::Row<'_>) -> anyhow::Result<()> {
        let physical = row.raw.matches('\n').count() as u64 + 1;
        for no in row.refusals {
            let code = serde_json::to_value(no.code)?;
            let (message, remedy) = match (&self.secrets, no.detail.as_str()) {
                (Some(_), "") => (secrets::NOT_SHOWN, secrets::LOOK),
                (_, detail) => {
                    (detail, "correct the cell or the mapping; `sumun map check` shows what is read")
                }
            };
            let reason = json!({
                "line": row.number, "column": null, "subject": null, "field": no.field, "code": code, "message": message, "remedy": remedy,
            });
            self.refused.note((row.number, physical), reason)?;
            self.sums.refused += 1;
        }
        let secret = match self.secrets.as_mut().map(|secrets| secrets.take(row)) {
            None => None,
            Some(Ok(secret)) => secret,
            Some(Err(no)) => {
                self.refused.note((row.number, physical), no.reason(row.number, row.lines))?;
                self.sums.refused += 1;
                return Ok(());
            }
        };
        self.batch.row(row.number, physical);
        for line in row.lines {
            let text = to_json(line)?;
            match (line, secret) {
                (Line::Key(_), Some(secret)) => self.batch.line_with_secret(text.as_bytes(), secret)?,
                _ => self.batch.line(text.as_bytes()),
            }
        }
        if self.batch.is_full() { self.send() } else { Ok(()) }
    }

    /// Sends what is gathered, and takes in what became of it.
    fn send(&mut self) -> anyhow::Result<()> {
        let mut batch = std::mem::take(&mut self.batch);
        let Some(body) = batch.body() else { return Ok(()) };
        let mut call = Call::lines(&["imports"], body).with_some("source", self.arguments.source.as_ref());
        if self.arguments.dry_run {
            call = call.with("dry_run", "true");
        }
        let answer = self.client.send(&call)?;
        self.sums.add(&answer.json);
        // As many keys as this look like a wrong column: whatever ends next hour must not be the rest of them.
        if answer.json.get("held_back").and_then(Value::as_u64).is_some_and(|keys| keys > 0) {
            self.stopped = batch.last();
        }
        for no in answer.json.get("refused").and_then(Value::as_array).into_iter().flatten() {
            let at = no.get("line").and_then(Value::as_u64).and_then(|line| batch.origin(line));
            let mut reason = no.clone();
            if let (Some(fields), Some((line, _))) = (reason.as_object_mut(), at) {
                fields.insert("line".to_owned(), json!(line));
            }
            self.refused.note(at.unwrap_or_default(), reason)?;
        }
        if self.sums.lines >= self.said + LINES_OF_PROGRESS {
            self.said = self.sums.lines;
            crate::logging::say(&format!("{} lines\n", self.sums.lines));
        }
        Ok(())
    }

    fn tell(&self, copied: u64) -> anyhow::Result<()> {
        let sums = &self.sums;
        if self.arguments.reach.json {
            let mut told = sums.json(self.arguments.dry_run);
            if let (Some(keys), Some(fields)) = (self.keys, told.as_object_mut()) {
                fields.extend([
                    ("keys".to_owned(), json!(keys.all)),
                    ("keys_dead".to_owned(), json!(keys.dead)),
                ]);
            }
            if let Some(secrets) = &self.secrets {
                secrets.json(&mut told);
            }
            output::json(&told)?;
        } else {
            let file = self.arguments.file.display();
            for reason in self.refused.shown(SHOWN_MAX) {
                crate::logging::say(&format!("{file}:{reason}\n"));
            }
            if sums.refused > SHOWN_MAX {
                crate::logging::say(&format!("and {} more\n", sums.refused - SHOWN_MAX));
            }
            output::text(&sums.words(self.arguments.dry_run))?;
            if let Some(keys) = self.keys.filter(|keys| keys.dead > 0) {
                output::text(&format!(
                    "{} of {} keys in the file are dead at the exchange\n",
                    keys.dead, keys.all
                ))?;
            }
            if let Some(secrets) = &self.secrets {
                output::text(&secrets.words())?;
            }
            if let Some(path) = self.arguments.refused.as_ref().filter(|_| sums.refused > 0) {
                let shown = path.display();
                output::text(&format!(
                    "{copied} lines copied to {shown}, and why to {shown}.reasons: mend them and import that file\n"
                ))?;
            }
        }
        if let Some(line) = self.stopped {
            crate::logging::say(&format!(
                "Stopped behind line {line}: more keys are dead at the exchange than sources may end within an hour. Nothing behind it was \
                 read.\n  what to do: look whether the state was read from the right column; keys that ended stay ended. If all of them are \
                 dead, raise `authority.ends_max` of the venue and import the file again\n"
            ));
        }
        if let Some(why) = &self.cut_off {
            let (file, done) = (
                self.arguments.file.display(),
                if self.arguments.dry_run { "was looked at" } else { "is imported" },
            );
            crate::logging::say(&format!(
                "`{file}` is cut off or damaged ({why}): what was read before that {done}; export it again, and import that\n"
            ));
        }
        if sums.refused > 0 || self.stopped.is_some() || self.cut_off.is_some() {
            Err(AlreadyTold(FAILED).into())
        } else {
            Ok(())
        }
    }
}
