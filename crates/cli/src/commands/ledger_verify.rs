//! `sumun ledger verify`: a published ledger checked offline, then the database against it.
//!
//! The ledger is checked by the verifier, which knows neither this program's store nor its ledger crate. Only what it
//! verified is compared with the database, so what the database says of itself is never believed.

use super::ConfigArguments;
use super::ledger_walk::{Walk, Walking};
use crate::config::Config;
use crate::exit::{AlreadyTold, BadInput, FAILED, Failed, with_causes};
use crate::output;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use sumun_ledger::VerifierKey;
use sumun_model::Timestamp;
use sumun_store::{RowFault, RowsChecked, Store};
use sumun_verifier::{Fault, FaultKind, Report, Verification};

/// Longest checkpoint or key file read, in bytes: a few hundred, and room for witnesses.
const FILE_BYTES_MAX: u64 = 64 << 10;
/// How often it is tried again while a running control plane publishes in between.
const TRIES: usize = 5;
/// How long is waited before that: publishing takes some milliseconds.
const PAUSE: Duration = Duration::from_millis(300);

/// Check a published ledger offline, and the database against it.
///
/// Every entry is checked against the signed checkpoint: its place, its time, its payload. Then every governed row, the
/// feed and the sealed texts are compared with what the entries say. A fault is printed with its place. The control plane
/// may go on running. Keep a checkpoint of today elsewhere: `--since` shows that nothing it covered was taken away.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sumun ledger verify\n  sumun ledger verify --dir sumun-data --since checkpoint.txt\n  \
                  sumun ledger verify --folder published/ --vkey vkey\n\n\
                  Exit codes: 0 all is as signed, 1 it is not, 2 what was given is bad."
)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    /// Data folder, instead of the one the configuration names
    #[arg(long, value_name = "DIR", conflicts_with = "folder")]
    dir: Option<PathBuf>,
    /// A published ledger alone; no database is looked at unless one is named
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// File with the ledger's verifier key, as it was handed out [default: the one in the folder]
    #[arg(long, value_name = "FILE")]
    vkey: Option<PathBuf>,
    /// An older checkpoint that the ledger must continue
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// Database to compare, such as postgres://sumun@127.0.0.1/sumun
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is checked.
struct Subject {
    folder: PathBuf,
    vkey: String,
    since: Option<String>,
    database: Option<String>,
}

/// What was found.
#[derive(Serialize)]
struct Found {
    verified: bool,
    folder: PathBuf,
    origin: Option<String>,
    size: Option<u64>,
    root: Option<String>,
    erased: Option<u64>,
    first: Option<String>,
    last: Option<String>,
    since: Option<u64>,
    key_from_folder: bool,
    database_compared: bool,
    ledger_fault: Option<Told>,
    unplaced: u64,
    unpublished: u64,
    row_faults: Vec<RowFault>,
}

/// A fault of the ledger, with its place.
#[derive(Serialize)]
struct Told {
    kind: String,
    file: String,
    entry: Option<u64>,
    expected: String,
    found: String,
    says: String,
    means: String,
    next: String,
}

/// Runs it.
///
/// # Errors
/// What was given is bad, or something is not as it was signed.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let subject = subject(arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let found = found(arguments, &subject, runtime.block_on(check_patiently(&subject))?);
    if arguments.json {
        output::json(&found)?;
    } else {
        output::text(&told(&found))?;
    }
    if found.verified { Ok(()) } else { Err(AlreadyTold(FAILED).into()) }
}

fn subject(arguments: &Arguments) -> anyhow::Result<Subject> {
    let (folder, database) = match (&arguments.folder, &arguments.dir) {
        (Some(folder), _) => (folder.clone(), None),
        (None, Some(dir)) => {
            let config = Config { data_dir: dir.clone(), ..Config::default() };
            (config.ledger_dir(), Some(config.database_url()))
        }
        (None, None) => {
            let config = arguments.config.load(Vec::new())?.config;
            (config.ledger_dir(), Some(config.database_url()))
        }
    };
    if !folder.is_dir() {
        return Err(BadInput(format!(
            "`{}` is not a folder with a published ledger; name a data folder with `--dir`, or the ledger with `--folder`",
            folder.display()
        ))
        .into());
    }
    let database = arguments.database.clone().or(database);
    if let Some(path) = database.as_deref().and_then(|url| url.strip_prefix("sqlite://"))
        && !Path::new(path).exists()
    {
        return Err(BadInput(format!(
            "there is no database `{path}`; name one with `--database`, or check the ledger alone with `--folder`"
        ))
        .into());
    }
    let key = arguments.vkey.clone().unwrap_or_else(|| folder.join("vkey"));
    let vkey = read("verifier key", &key)?.trim().to_owned();
    let since = arguments.since.as_deref().map(|path| read("checkpoint", path)).transpose()?;
    Ok(Subject { folder, vkey, since, database })
}

pub(crate) fn read(what: &str, path: &Path) -> Result<String, BadInput> {
    read_at_most(what, path, FILE_BYTES_MAX)
}

pub(crate) fn read_at_most(what: &str, path: &Path, bytes: u64) -> Result<String, BadInput> {
    use std::io::Read;
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(bytes).read_to_string(&mut text))
        .map_err(|error| BadInput(format!("failed to read the {what} from `{}`: {error}", path.display())))?;
    Ok(text)
}

/// How one check ended.
struct Checked {
    ledger: Result<Report, Fault>,
    rows: Vec<RowFault>,
    /// Changes that wait for their place.
    unplaced: u64,
    /// Entries the database has signed and the folder lacks.
    unpublished: u64,
    /// Whether the database had other entries than the ledger when its rows were compared, or changes without a place.
    moving: bool,
}

impl Checked {
    fn ledger(ledger: Result<Report, Fault>) -> Self {
        Self { ledger, rows: Vec::new(), unplaced: 0, unpublished: 0, moving: false }
    }
}

/// A running control plane publishes between two looks: then it is looked at again.
async fn check_patiently(subject: &Subject) -> anyhow::Result<Checked> {
    let mut tries = 1;
    loop {
        let checked = check(subject).await?;
        let moved = match &checked.ledger {
            // A checkpoint of this moment may sign what is published in the next.
            Err(fault) => matches!(fault.kind, FaultKind::Changed | FaultKind::RolledBack),
            Ok(_) => checked.moving,
        };
        if !moved || tries >= TRIES {
            return Ok(checked);
        }
        tries += 1;
        tokio::time::sleep(PAUSE).await;
    }
}

async fn check(subject: &Subject) -> anyhow::Result<Checked> {
    let log = match Verification::open(&subject.folder, &subject.vkey, subject.since.as_deref()) {
        Ok(log) => log,
        // Nothing is said of the log.
        Err(fault) if fault.is_bad_input() => return Err(BadInput(fault.to_string()).into()),
        Err(fault) => return Ok(Checked::ledger(Err(fault))),
    };
    let walk = Arc::new(Mutex::new(Walk::new(log)));
    let mut walking = Walking(Arc::clone(&walk));
    let ended = || walk.lock().unwrap_or_else(PoisonError::into_inner).ended();
    let Some(url) = &subject.database else {
        walking.by_ref().for_each(drop);
        return Ok(Checked::ledger(ended()));
    };
    let failed = |error: &dyn std::error::Error| Failed(with_causes(error));
    let key = VerifierKey::parse(&subject.vkey).map_err(|error| BadInput(error.to_string()))?;
    let store = Store::open_for_reading(url).await.map_err(|error| failed(&error))?;
    let before = store.head().size;
    let rows = store.check_rows_against(walking, &key).await;
    store.close().await;
    let report = match ended() {
        Ok(report) => report,
        // Rows compared with part of a ledger say nothing.
        Err(fault) => return Ok(Checked::ledger(Err(fault))),
    };
    let RowsChecked { faults: rows, unplaced } = rows.map_err(|error| failed(&error))?;
    let mut moving = before != report.size;
    if !rows.is_empty() && !moving {
        // The head is that of the opening; rows were read later.
        let again = Store::open_for_reading(url).await.map_err(|error| failed(&error))?;
        moving = again.head().size != report.size;
        again.close().await;
    }
    let unpublished = before.saturating_sub(report.size);
    let moving = (moving && !rows.is_empty()) || unplaced > 0 || unpublished > 0;
    Ok(Checked { ledger: Ok(report), moving, rows, unplaced, unpublished })
}

fn found(arguments: &Arguments, subject: &Subject, checked: Checked) -> Found {
    let time = |us: u64| Timestamp::from_micros(i64::try_from(us).unwrap_or(i64::MAX)).to_string();
    let report = checked.ledger.as_ref().ok();
    Found {
        verified: report.is_some() && checked.rows.is_empty(),
        folder: subject.folder.clone(),
        origin: report.map(|report| report.origin.clone()),
        size: report.map(|report| report.size),
        root: report.map(|report| report.root.clone()),
        erased: report.map(|report| report.erased),
        first: report.and_then(|report| report.sequenced).map(|(first, _)| time(first)),
        last: report.and_then(|report| report.sequenced).map(|(_, last)| time(last)),
        since: report.and_then(|report| report.since),
        key_from_folder: arguments.vkey.is_none(),
        database_compared: report.is_some() && subject.database.is_some(),
        ledger_fault: checked.ledger.as_ref().err().map(Told::of),
        unplaced: checked.unplaced,
        unpublished: checked.unpublished,
        row_faults: checked.rows,
    }
}

impl Told {
    fn of(fault: &Fault) -> Self {
        let advice = fault.advice();
        Self {
            kind: format!("{:?}", fault.kind).to_lowercase(),
            file: fault.file.clone(),
            entry: fault.entry,
            expected: fault.expected.clone(),
            found: fault.found.clone(),
            says: format!("{}: {fault}", advice.says),
            means: advice.means.to_owned(),
            next: advice.next.to_owned(),
        }
    }
}

fn told(found: &Found) -> String {
    let mut text = String::new();
    if let Some(fault) = &found.ledger_fault {
        text.push_str(&format!("FAULT in {}\n  {}\n", found.folder.display(), fault.says));
        text.push_str(&format!("  what it means: {}\n  what to do: {}\n", fault.means, fault.next));
        text.push_str("The database was not compared: rows are compared with a ledger that verifies.\n");
        text.push_str("Keep folder and database as they are: they are evidence.\n");
        return text;
    }
    let size = found.size.unwrap_or_default();
    text.push_str(&format!(
        "{}: {} as signed\n",
        found.origin.as_deref().unwrap_or_default(),
        if size == 1 { "1 entry".to_owned() } else { format!("{size} entries") }
    ));
    if let (Some(first), Some(last)) = (&found.first, &found.last) {
        text.push_str(&format!("  sequenced {first} to {last}\n"));
    }
    text.push_str(&format!("  root {}\n", found.root.as_deref().unwrap_or_default()));
    if let Some(erased) = found.erased.filter(|erased| *erased > 0) {
        text.push_str(&format!(
            "  {erased} of them erased: class, time and place are verified, what they said is gone\n"
        ));
    }
    if let Some(since) = found.since {
        text.push_str(&format!("  continues the older checkpoint of size {since}\n"));
    }
    if found.key_from_folder {
        text.push_str("  verified with the key in the folder itself; `--vkey` with the one you were given rules out another\n");
    }
    if found.unplaced > 0 {
        text.push_str(&format!(
            "  {} in the database without a place in the ledger: no entry vouches for it yet. Look again; one that stays so \
             while a control plane runs was not made by one\n",
            output::count(usize::try_from(found.unplaced).unwrap_or(usize::MAX), "change")
        ));
    }
    if found.unpublished > 0 {
        text.push_str(&format!(
            "  ATTENTION: the folder lacks {} that the database has signed. A control plane that runs publishes within a second; \
             if none runs, the folder is an older copy, and is written anew when one starts\n",
            if found.unpublished == 1 { "1 entry".to_owned() } else { format!("{} entries", found.unpublished) }
        ));
    }
    if found.row_faults.is_empty() {
        text.push_str(if found.database_compared {
            "database: every row is what the ledger says\n"
        } else {
            "no database was compared\n"
        });
        return text;
    }
    for fault in &found.row_faults {
        let column = fault.column.as_ref().map(|column| format!(", column {column}")).unwrap_or_default();
        let entry = fault.entry.map_or_else(|| "no entry".to_owned(), |entry| format!("entry {entry}"));
        text.push_str(&format!(
            "FAULT in the database: table {}, row `{}`{column}\n  expected {} ({entry})\n  found    {}\n",
            fault.table, fault.key, fault.expected, fault.found
        ));
    }
    text.push_str(&format!(
        "{} from the ledger. Keep folder and database as they are: they are evidence.\n",
        output::count(found.row_faults.len(), "difference")
    ));
    text
}
