//! `sumun backfill`: history through detection, up to a seam from which the tap and live detection go on (R191, ADR 0026).
//!
//! [`settings`] is `backfill.toml`; [`files`] and [`log`] give lines by time; [`senders`] says which of them stand in both; [`history`] merges
//! and feeds them; [`work`] is what outlives a kill; [`hand_over`] is the seam. Nothing of it knows a measure, a notice or the record: what
//! was found in history stands in a file.

mod files;
mod hand_over;
mod history;
mod log;
mod senders;
mod settings;
#[cfg(test)]
mod tests;
mod work;

use super::ConfigArguments;
use crate::clock;
use crate::config::Config;
use crate::exit::{BadInput, Failed};
use crate::findings::{DATA_NONE, DEFAULT_TEXT, Setup, network_data};
use crate::output::count;
use crate::roles::detect::seam::{Mark, Seam, refused_path, staged_path};
use crate::roles::detect::snapshot;
use crate::roles::tap::kept;
use files::{Begun, Files, FilesMark};
use history::{History, How};
use log::{Log, Stands};
use senders::Senders;
use serde::Serialize;
use settings::Settings;
use settings::sent::Sent;
use sha2::Digest;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use sumun_detect::{Measures, Options};
use sumun_model::{Lang, Timestamp};
use sumun_policy::Approve;
use work::{FINDINGS, Progress, REFUSED, Work};

/// Read history into detection, and leave the tap and live detection to go on behind it, with no gap and no double count.
///
/// The file names what is read: the logs a tap will follow, from their first line, other logs, and tables of keys and accounts;
/// docs/adopt/backfill.md says how to write it. All lines are merged by time, with those that stand in the event log already. What is found
/// is written to `findings.ndjson` in the `work` folder; nobody is warned, asked or cut because of it.
///
/// Runs before `sumun serve` was ever started, or beside it. Killed at any point and started again it goes on, and gives the same bytes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sumun backfill --history backfill.toml\n  \
                  sumun backfill --history backfill.toml --json --merged\n  \
                  sumun backfill --history backfill.toml --replace \"the first one lacked the archive of June\"\n\n\
                  Exit codes: 0 read and handed over (what could not be read is counted, and stands in `refused.ndjson`), 1 the operation failed, \
                  2 a file, a mapping or the policy is bad, or what live detection knows would be lost.")]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    /// What is read
    #[arg(long, value_name = "FILE")]
    history: PathBuf,
    /// Policy file: the one in force [default: `govern.policy_file`, else the shipped one]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Replace snapshots of live detection that know more than is read here; the reason is kept in the record
    #[arg(long, value_name = "REASON")]
    replace: Option<String>,
    /// Also write all lines in the order in which they were read, for `sumun replay --measures recorded`
    #[arg(long)]
    merged: bool,
    /// Threads of detection [default: as many as there are processors]; never changes what is written
    #[arg(long, value_name = "COUNT")]
    shards: Option<NonZeroUsize>,
    /// Lines fed at once; never changes what is written
    #[arg(long, value_name = "LINES", default_value = "8192")]
    batch: NonZeroUsize,
    /// The state is written down so often; whoever is killed reads at most so much again
    #[arg(long, value_name = "LINES", default_value = "2000000")]
    save_every: NonZeroU64,
    /// Language of reasons in what was found
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: Lang,
    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

/// A sender whose lines stand in a log's files too.
#[derive(Debug, Serialize)]
struct SentTold {
    source: String,
    log: String,
    /// Lines of the log's types that it brought, the first and the last of them.
    lines: u64,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    /// Lines of the log's files that were left out, by whichever sender.
    left_out: u64,
    /// From then on lines of the log's files were neither read nor left out: a sender of it may still bring them.
    waits_from: Option<Timestamp>,
}

impl SentTold {
    fn text(&self) -> String {
        let Self { source, log, lines, left_out, .. } = self;
        let mut text = match lines {
            0 => format!(
                "  `{source}` has brought nothing that `{log}` holds too: is that its name in `GET /v1/events/sources`?\n"
            ),
            lines => format!("  {lines} sent by `{source}`; {left_out} of `{log}` left out of its files\n"),
        };
        if let Some(from) = self.waits_from.filter(|_| *lines > 0) {
            text.push_str(&format!(
                "  files of `{log}` are read up to {from}: what stands behind may still be sent. If that sender has stopped, run this again ten \
                 minutes after its last line\n"
            ));
        }
        text
    }
}

fn sent(history: &History) -> Vec<SentTold> {
    let of = |sent: &Sent| {
        let files = history.files.iter().find(|files| files.name == sent.log);
        let types = files.map(Files::events).unwrap_or_default();
        let brought = history.progress.senders.brought(sent, &types);
        SentTold {
            source: sent.source.to_string(),
            log: sent.log.clone(),
            lines: brought.as_ref().map_or(0, |brought| brought.lines),
            from: brought.as_ref().map(|brought| brought.first),
            to: brought.map(|brought| brought.last),
            left_out: files.map_or(0, |files| files.left_out),
            waits_from: files.and_then(|files| files.waits_from),
        }
    };
    history.declared.0.iter().map(of).collect()
}

/// What was done.
#[derive(Debug, Serialize)]
struct Done<'a> {
    /// Which back-fill.
    backfill: &'a str,
    lines: u64,
    signals: u64,
    /// Lines put aside.
    refused: u64,
    /// More than five minutes behind others: they build nothing.
    late: u64,
    /// Known already.
    repeated: u64,
    keys: usize,
    holes: u64,
    bytes_lost: u64,
    /// Senders whose lines stand in files too, and how much was left out there.
    sent: Vec<SentTold>,
    from: Timestamp,
    to: Timestamp,
    /// Live detection takes events of the event log from this line on.
    event_log_line: u64,
    findings: String,
    refused_file: String,
    staged: String,
    marks: &'a [Mark],
}

/// Runs it.
///
/// # Errors
/// What is given is bad, or what was met.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config = arguments.config.load(Vec::new())?.config;
    let how = How {
        batch: arguments.batch.get(),
        save_every: arguments.save_every.get(),
        lang: arguments.lang,
        killed_behind: None,
    };
    let (history, seam) = read(arguments, &config, how)?;
    tell(arguments, &config, &history, &seam)
}

fn read(arguments: &Arguments, config: &Config, how: How) -> anyhow::Result<(History, Seam)> {
    if arguments.replace.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
        return Err(BadInput("`--replace` takes the reason, in words".to_owned()).into());
    }
    let settings = Settings::read(&arguments.history)?;
    let setup = setup(arguments, config)?;
    let stands = Log::new(&config.events_dir(), 0, 0).stands(&mut Senders::default())?;
    in_force(&setup, &stands)?;
    let inputs = inputs(&settings, &setup, arguments);
    hand_over::may_replace(config, &stands, &inputs, arguments.replace.as_deref())?;
    let work = Work::open(&settings.work)?;
    let measures = Measures::Recorded;
    let shards = arguments.shards.or_else(|| std::thread::available_parallelism().ok());
    let options = Options { shards: shards.unwrap_or(NonZeroUsize::MIN), measures, ..Options::default() };
    let mut engine = setup.engine(options, Approve::People, Lang::En);
    // What was handed over and could not be taken up is handed over again, and nothing more is read: the tap has gone on since.
    let mut again = false;
    let progress = match work.read(&inputs)? {
        Some((progress, saved)) => {
            again = progress.handed_over && refused_path(&config.detect_dir()).is_file();
            if progress.handed_over && !again && !staged_path(&config.detect_dir()).is_file() {
                return Err(BadInput(format!(
                    "this back-fill was taken up by live detection already. To read what came since, or by another policy, name another `work` \
                     folder than `{}` and add `--replace \"…\"` with the reason; docs/adopt/backfill.md says when",
                    settings.work.display()
                ))
                .into());
            }
            engine.restore(&saved).map_err(|error| BadInput(error.to_string()))?;
            progress
        }
        None => {
            let tap_state = settings.tap_state.as_deref();
            let named = settings.logs.iter().map(|logs| {
                let mut mark = FilesMark::new(kept::draw_name(&logs.name)?);
                if let Some(folder) = tap_state.filter(|_| logs.followed) {
                    let mut checkpoint = kept::Store::at(folder, &logs.name).read()?;
                    if let Some(left) = checkpoint.take_if(|checkpoint| unused(checkpoint, folder)) {
                        mark = FilesMark::new(left.log);
                    }
                    if checkpoint.as_ref().is_some_and(|checkpoint| !checkpoint.files.begun) {
                        let told = format!("the tap of `{}` is just beginning; run this again", logs.name);
                        return Err(Failed(told).into());
                    }
                    mark.begun = checkpoint.map(Begun::of);
                }
                Ok(mark)
            });
            Progress::new(inputs, named.collect::<anyhow::Result<_>>()?, arguments.merged)
        }
    };
    let marks = progress.files.iter().cloned();
    let files: Vec<Files> =
        settings.logs.into_iter().zip(marks).map(|(logs, mark)| Files::new(logs, mark)).collect();
    let tap_state = settings.tap_state.as_deref().filter(|_| !again);
    hand_over::taps_can_go_on(&files, tap_state)?;
    let taps = files.iter().filter_map(|one| one.begun.as_ref());
    let log = Log::new(&config.events_dir(), progress.log.0, progress.log.2)
        .without(taps.map(|begun| (begun.log.as_str(), begun.position)));
    let declared = (settings.sent, settings.apart);
    let mut history = History::new(work, progress, engine, files, log, declared, how)?;
    if !again {
        history.run(&settings.tables)?;
    }
    let seam = hand_over::hand_over(&mut history, &setup, config, tap_state, arguments.replace.as_deref())?;
    let _ = std::fs::remove_file(refused_path(&config.detect_dir()));
    Ok((history, seam))
}

/// Whether a checkpoint was left by an earlier back-fill, and no tap has handed anything in by it nor is at work now: what was written since
/// is history as well.
fn unused(checkpoint: &sumun_tap::Checkpoint, folder: &std::path::Path) -> bool {
    let fresh = checkpoint.position == 0 && checkpoint.pending.is_none() && checkpoint.files.begun;
    fresh && kept::lock(folder).is_ok()
}

/// The policy and the data files that live detection has, else its state could not be taken up.
fn setup(arguments: &Arguments, config: &Config) -> anyhow::Result<Setup> {
    let file = arguments.policy.as_ref().or(config.govern.policy_file.as_ref());
    let (shown, text) = match file {
        None => ("policies/default.toml".to_owned(), DEFAULT_TEXT.to_owned()),
        Some(path) => {
            let shown = path.display().to_string();
            let text = std::fs::read_to_string(path).map_err(|error| {
                BadInput(format!("failed to read `{shown}`: {error}; name a policy file"))
            })?;
            (shown, text)
        }
    };
    let mut setup = Setup::in_force(&shown, &text)?;
    let folder = config.detect.network_data.clone().unwrap_or_else(|| DATA_NONE.into());
    (setup.data, setup.data_digest) = network_data(Some(&folder))?;
    Ok(setup)
}

/// Refuses a policy that is not the one in force by the event log.
fn in_force(setup: &Setup, log: &Stands) -> anyhow::Result<()> {
    let Some(named) = &log.policy else { return Ok(()) };
    if named.digest == hex::encode(setup.policy_digest) {
        return Ok(());
    }
    Err(BadInput(format!(
        "policy {} is in force, and this would read history by {}: live detection could not go on from it. Write it to a file with `sumun \
         policies show {} --text`, and name that with `--policy`",
        named.policy,
        setup.policy.name(),
        named.policy
    ))
    .into())
}

/// Digest of all that decides what is read and what comes of it.
fn inputs(settings: &Settings, setup: &Setup, arguments: &Arguments) -> String {
    let mut digest = settings.digest.clone();
    digest.update(env!("CARGO_PKG_VERSION"));
    digest.update(setup.also(Approve::People));
    digest.update([u8::from(arguments.lang == Lang::Ko), u8::from(arguments.merged)]);
    hex::encode(digest.finalize())
}

fn tell(arguments: &Arguments, config: &Config, history: &History, seam: &Seam) -> anyhow::Result<()> {
    let progress = &history.progress;
    let counts = history.engine.counts();
    let refused = history.refused();
    let shown = |name: &str| history.path(name).display().to_string();
    let done = Done {
        backfill: &seam.backfill,
        lines: progress.lines,
        signals: progress.signals,
        refused,
        late: counts.late,
        repeated: counts.duplicates,
        keys: history.engine.keys(),
        holes: progress.holes,
        bytes_lost: progress.bytes_lost,
        sent: sent(history),
        from: progress.as_of,
        to: seam.ended,
        event_log_line: seam.from,
        findings: shown(FINDINGS),
        refused_file: shown(REFUSED),
        staged: staged_path(&config.detect_dir()).display().to_string(),
        marks: &seam.marks,
    };
    if arguments.json {
        return crate::output::json(&done);
    }
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let mut text = format!(
        "{} from {} to {}, {}, {}: `{}`\n",
        count(number(done.lines), "line"),
        done.from,
        done.to,
        count(done.keys, "key"),
        count(number(done.signals), "signal"),
        done.findings
    );
    let apart = [
        (done.refused, "refused, in `refused.ndjson`"),
        (done.late, "late"),
        (done.repeated, "repeated"),
        (done.holes, "holes: files that were gone or damaged before they were read"),
    ];
    for (n, what) in apart.iter().filter(|(n, _)| *n > 0) {
        text.push_str(&format!("  {n} {what}\n"));
    }
    done.sent.iter().for_each(|sent| text.push_str(&sent.text()));
    let beside = snapshot::newest_head(&config.detect_dir()).is_some();
    text.push_str(&goes_on(clock::now(), done.to.plus_micros(LATE_US), beside));
    crate::output::text(&text)
}

/// What is next: `by` is when five minutes have passed since the last line that was read, `beside` whether live detection has run here.
fn goes_on(now: Timestamp, by: Timestamp, beside: bool) -> String {
    let later = "What a tap hands in more than five minutes late moves no finding: if it begins later, run a back-fill again just before, with \
                 another `work` folder and `--replace \"…\"`";
    match (beside, now < by) {
        (true, _) => format!(
            "Live detection takes this up within a second, or when `sumun serve` or `sumun govern` starts. Start the tap now. {later}\n"
        ),
        (false, true) => format!(
            "`sumun serve` or `sumun govern` goes on from here. Start it, and the tap, before {by}, or run this again. {later}\n"
        ),
        (false, false) => {
            format!("`sumun serve` or `sumun govern` goes on from here, and the tap. {later}\n")
        }
    }
}

/// Events further behind engine time feed nothing (WIRE 4).
const LATE_US: i64 = 300_000_000;
