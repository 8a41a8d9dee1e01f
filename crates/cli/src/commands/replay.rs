//! `sumun replay`: detection and policy over a file of lines, in event time, with no service running (WIRE 5).

use crate::atomic_file;
use crate::exit::{AlreadyTold, BAD_INPUT, BadInput};
use crate::findings::in_log::PolicyInLog;
use crate::findings::input::{Batch, Lines};
use crate::findings::{Setup, print};
use crate::output::count;
use anyhow::Context;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use sumun_detect::{Counts, Engine, Measures, Options};
use sumun_model::Lang;
use sumun_policy::Approve;

/// The file a stopped run is kept in.
const SNAPSHOT: &str = "detect.snapshot";

/// Run detection and policy over recorded lines and print what they find.
///
/// Reads event and state lines, one JSON object each, and prints signals and measures in the same form. Same lines, same policy, same data
/// files: same output byte for byte, whatever the number of threads or the size of batches, and through any stop and restore.
/// Counts go to standard error.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sumun replay < world.ndjson > findings.ndjson\n  \
                        sumun replay world.ndjson --lang ko --approve none\n  \
                        sumun log dump --events | sumun replay --measures recorded\n  \
                        sumun policies show default@2 --text > then.toml; sumun log dump --events | sumun replay --policy then.toml --as-in-force\n  \
                        head -n 1000 world.ndjson | sumun replay --save state; tail -n +1001 world.ndjson | sumun replay --restore state\n\n\
                        Exit codes: 0 all lines were taken, 1 the operation failed, 2 a line, the policy or a snapshot is bad.")]
pub struct Arguments {
    /// File of lines [default: standard input]
    file: Option<PathBuf>,
    /// Policy file [default: policies/default.toml, which the program also has in itself]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Read the policy as live detection reads one in force: what it cannot use of `[detectors]` counts as left out, and is said
    #[arg(long)]
    as_in_force: bool,
    /// Threads [default: as many as there are processors]; never changes what is printed
    #[arg(long, value_name = "COUNT")]
    shards: Option<NonZeroUsize>,
    /// Language of reasons
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: Lang,
    /// What becomes of proposals: approved at once, or told without effect
    #[arg(long, value_name = "WHICH", default_value = "all")]
    approve: ApproveWord,
    /// Whether measures follow from policy here, or were recorded in `key` lines
    #[arg(long, value_name = "WHENCE", default_value = "derive")]
    measures: MeasuresWord,
    /// Folder of data files on networks, or `none` [default: those installed, if there are any]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Lines read at once; never changes what is printed
    #[arg(long, value_name = "LINES", default_value = "8192")]
    batch: NonZeroUsize,
    /// Skip lines that cannot be read, and count them
    #[arg(long)]
    skip_bad: bool,
    /// Stop behind this line, counted from the first of the run
    #[arg(long, value_name = "LINE", requires = "save")]
    stop_after: Option<u64>,
    /// Folder to keep the state in at the end, to go on from with `--restore`
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Folder to take the state from; the input begins with the line behind the last one taken
    #[arg(long, value_name = "DIR")]
    restore: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ApproveWord {
    All,
    None,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum MeasuresWord {
    Derive,
    Recorded,
}

impl Arguments {
    fn shards(&self) -> NonZeroUsize {
        self.shards.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
    }

    fn engine(&self) -> anyhow::Result<(Engine, PolicyInLog)> {
        let setup = Setup::load(self.policy.as_deref(), self.data.as_deref(), self.as_in_force.into())?;
        let measures = match self.measures {
            MeasuresWord::Derive => Measures::Derive,
            MeasuresWord::Recorded => Measures::Recorded,
        };
        let approve = match self.approve {
            ApproveWord::All => Approve::All,
            ApproveWord::None => Approve::None,
        };
        let mut options = Options { shards: self.shards(), measures, ..Options::default() };
        if self.shards.is_some() {
            // Who asks for threads gets them, where there is hardly enough to do for them as well.
            options.alone_below = 16;
        }
        let mut engine = setup.engine(options, approve, self.lang);
        if let Some(folder) = &self.restore {
            let path = folder.join(SNAPSHOT);
            let shown = path.display();
            let bytes = std::fs::read(&path).map_err(|error| {
                BadInput(format!("failed to read `{shown}`: {error}; name a folder that `--save` wrote"))
            })?;
            engine.restore(&bytes).map_err(|error| BadInput(format!("`{shown}`: {error}")))?;
        }
        Ok((engine, PolicyInLog::beside(&setup)))
    }
}

/// Runs it.
///
/// # Errors
/// A line, the policy, a data file or a snapshot is bad, or the output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let engine = arguments.engine()?;
    match &arguments.file {
        None => replay(arguments, engine, std::io::stdin().lock(), "stdin"),
        Some(path) => {
            let shown = path.display().to_string();
            let file =
                File::open(path).map_err(|error| BadInput(format!("failed to open `{shown}`: {error}")))?;
            replay(arguments, engine, BufReader::with_capacity(1 << 18, file), &shown)
        }
    }
}

fn replay(
    arguments: &Arguments,
    (mut engine, mut policy): (Engine, PolicyInLog),
    input: impl BufRead,
    name: &str,
) -> anyhow::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let mut taken = engine.position().unwrap_or(0);
    let mut lines = Lines::new(input, name, taken);
    let mut skipped = 0;
    loop {
        let left = arguments.stop_after.map_or(u64::MAX, |stop| stop.saturating_sub(taken));
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(arguments.batch.get());
        if most == 0 {
            break;
        }
        let Batch { good, bad, read, ended } = lines
            .next(most, arguments.shards(), arguments.skip_bad)
            .with_context(|| format!("failed to read `{name}`"))?;
        taken += read;
        policy.look(&good);
        for finding in engine.feed(good) {
            print::write(&mut out, finding, arguments.lang)?;
        }
        if arguments.skip_bad {
            skipped += bad.len();
        } else if let Some(error) = bad.first() {
            out.flush()?;
            crate::logging::say(&format!("error: {error}\n"));
            say_counts(&engine, skipped);
            return Err(AlreadyTold(BAD_INPUT).into());
        }
        if ended {
            break;
        }
    }
    out.flush()?;
    engine.read_to(taken);
    if let Some(folder) = &arguments.save {
        save(&engine, folder)?;
    }
    say_counts(&engine, skipped);
    Ok(())
}

fn save(engine: &Engine, folder: &Path) -> anyhow::Result<()> {
    let shown = folder.display();
    std::fs::create_dir_all(folder).with_context(|| format!("failed to make the folder `{shown}`"))?;
    atomic_file::replace(&folder.join(SNAPSHOT), &engine.save()?)?.warned();
    Ok(())
}

fn say_counts(engine: &Engine, skipped: usize) {
    let Counts { lines, signals, measures, .. } = engine.counts();
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let mut text = format!(
        "{}, {}, {}, {} known, {}\n",
        count(number(lines), "line"),
        count(number(signals), "signal"),
        count(number(measures), "measure"),
        count(engine.keys(), "key"),
        count(engine.threads(), "thread"),
    );
    let counts = engine.counts();
    let apart = [
        (counts.late, "late"),
        (counts.duplicates, "repeated"),
        (counts.stale_states, "older state"),
        (counts.forced_ends_ignored, "forced ends not taken"),
        (counts.without_key, "without a key"),
        (counts.unsigned, "not validly signed"),
        (counts.without_address, "without an address"),
        (counts.over_cap, "beyond a cap"),
        (counts.crowded, "changes of keys compared with nobody's: too many at once"),
        (counts.forgotten, "keys forgotten"),
        (skipped as u64, "bad and skipped"),
    ];
    for (n, what) in apart.iter().filter(|(n, _)| *n > 0) {
        text.push_str(&format!("  {n} {what}\n"));
    }
    crate::logging::say(&text);
}
