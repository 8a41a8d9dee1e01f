//! `sumun evaluate`: how much of what is wrong detection and policy find in made-up worlds, how soon, and whom they wrong.

use crate::clock;
use crate::evaluate::fit::Samples;
use crate::evaluate::print::{Heading, text};
use crate::evaluate::record::{FalseAlarm, Record, WorldNumbers};
use crate::evaluate::report::report;
use crate::evaluate::seeds::Seeds;
use crate::evaluate::world;
use crate::exit::BadInput;
use crate::findings::{DATA_NONE, Reading, Setup};
use crate::output;
use std::io::{IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use sumun_model::{Date, Lang, Timestamp};
use sumun_sim::population::{Kind, Options};

/// From when on progress is shown, in microseconds: shorter work needs none.
const SILENT_US: i64 = 2_000_000;

/// Measure detection and policy on made-up worlds: recall, precision, time to detect, false measures.
///
/// Each seed is a world as `sumun simulate` writes it, run in process with every proposal approved, and compared with what is true of
/// each key. Beside it stands what three naive rules would have found on the same lines. Same arguments, same report.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sumun evaluate\n  \
                        sumun evaluate --seeds 1000..1003 --clean 200 --bad 50 --policy mine.toml --lang ko\n  \
                        sumun evaluate --seeds 7 --clean 0 --bad 20 --kinds relay --json\n\n\
                        Seeds below 1000 are for training, those from 1000 on for evaluation.\n\n\
                        Exit codes: 0 evaluated, 1 the output could not be written, 2 the policy is bad, or no world can be made of the arguments.")]
pub struct Arguments {
    #[command(flatten)]
    pub(super) worlds: Worlds,
    /// Which worlds: a seed, a range with both ends, or a list
    #[arg(long, value_name = "SEEDS", default_value = "1000..1019")]
    seeds: Seeds,
    /// Print one JSON document, false alarms one by one
    #[arg(long)]
    json: bool,
    /// Language of the report
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: Lang,
}

/// What worlds to tell, and by which policy.
#[derive(Debug, clap::Args)]
pub struct Worlds {
    /// Policy file [default: policies/default.toml, which the program also has in itself]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// How many days a world lasts
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// How many keys of honest kinds a world has
    #[arg(long, default_value_t = 300)]
    clean: u32,
    /// How many keys of dishonest kinds
    #[arg(long, default_value_t = 60)]
    bad: u32,
    /// The first day
    #[arg(long, value_name = "DATE", default_value = "2026-01-05")]
    start: Date,
    /// Only these kinds, such as `home,interleaved` [default: all, in the proportions of the mix]
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    kinds: Vec<Kind>,
    /// How busy keys are, in thousandths of the usual
    #[arg(long, value_name = "PERMILLE", default_value_t = 1000)]
    activity: u32,
    /// How many keys in a hundred are seen by a gate that learns TLS fingerprints
    #[arg(long, value_name = "PERCENT", default_value_t = 50)]
    ja4: u32,
    /// Threads for detection [default: as many as there are processors]; never changes the report
    #[arg(long, value_name = "COUNT")]
    shards: Option<NonZeroUsize>,
}

/// All worlds together.
#[derive(Default)]
pub(super) struct All {
    pub(super) records: Vec<Record>,
    pub(super) worlds: Vec<WorldNumbers>,
    pub(super) alarms: Vec<FalseAlarm>,
    pub(super) samples: Samples,
}

impl Worlds {
    pub(super) fn setup(&self) -> anyhow::Result<Setup> {
        // Worlds tell of their networks themselves.
        Setup::load(self.policy.as_deref(), Some(Path::new(DATA_NONE)), Reading::Strict)
    }

    fn options(&self, seed: u64) -> anyhow::Result<Options> {
        let start: Timestamp = format!("{}T00:00:00Z", self.start)
            .parse()
            .map_err(|error| BadInput(format!("`--start`: {error}")))?;
        let options = Options {
            kinds: self.kinds.clone(),
            activity_permille: self.activity,
            ja4_percent: self.ja4,
            ..Options::new(seed, start, self.days, self.clean, self.bad)
        };
        options.check().map_err(|error| BadInput(error.to_string()))?;
        Ok(options)
    }

    /// The numbers of a world, as a report's heading says them.
    pub(super) fn shown(&self) -> String {
        let mut shown = format!(
            "{} days from {}, {} clean and {} misused keys, activity {}, {} % with TLS fingerprints",
            self.days, self.start, self.clean, self.bad, self.activity, self.ja4,
        );
        if !self.kinds.is_empty() {
            let kinds: Vec<_> = self.kinds.iter().map(|kind| kind.as_str()).collect();
            shown.push_str(&format!(", only {}", kinds.join(", ")));
        }
        shown
    }

    /// Tells them one after the other.
    pub(super) fn tell(&self, setup: &Setup, seeds: &Seeds) -> anyhow::Result<All> {
        let shards =
            self.shards.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
        let began = clock::now();
        let mut all = All::default();
        for (done, seed) in seeds.0.iter().enumerate() {
            let told = world::run(setup, &self.options(*seed)?, shards)?;
            all.records.extend(told.records);
            all.worlds.push(told.numbers);
            all.alarms.extend(told.alarms);
            all.samples.join(told.samples);
            progress(began, *seed, done + 1, seeds.0.len());
        }
        Ok(all)
    }
}

/// Says how far it is, and how long it will take.
fn progress(began: Timestamp, seed: u64, done: usize, of: usize) {
    let us = clock::now().micros_since(began);
    if us < SILENT_US && done < of {
        return;
    }
    let (done_us, left) = (us / i64::try_from(done).unwrap_or(1).max(1), of - done);
    let left_s = done_us.saturating_mul(i64::try_from(left).unwrap_or(0)) / 1_000_000;
    if std::io::stderr().is_terminal() {
        let _ =
            write!(std::io::stderr(), "\r\x1b[Kseed {seed}: {done} of {of} worlds, about {left_s} s left");
        if left == 0 {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    } else if us >= SILENT_US {
        crate::logging::say(&format!("seed {seed}: {done} of {of} worlds, about {left_s} s left\n"));
    }
}

/// Seeds as they were given: ranges where they follow each other.
pub(super) fn shown_seeds(seeds: &Seeds) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for seed in &seeds.0 {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*seed) => *last = *seed,
            _ => runs.push((*seed, *seed)),
        }
    }
    let runs =
        runs.iter().map(|(from, to)| if from == to { from.to_string() } else { format!("{from}..{to}") });
    runs.collect::<Vec<_>>().join(",")
}

/// Runs it.
///
/// # Errors
/// The policy is bad, the arguments make no world, or the output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let setup = arguments.worlds.setup()?;
    let seeds = shown_seeds(&arguments.seeds);
    crate::logging::say(&format!("seeds {seeds}\n"));
    let all = arguments.worlds.tell(&setup, &arguments.seeds)?;
    let budget = setup.policy.budget.alerts_per_day;
    let report = report(&all.records, &all.worlds, all.alarms, budget);
    let heading = Heading { policy: setup.policy.name(), seeds, world: arguments.worlds.shown() };
    if arguments.json {
        let mut document = serde_json::to_value(&report)?;
        if let Some(fields) = document.as_object_mut() {
            fields.insert("policy".to_owned(), heading.policy.into());
            fields.insert("seeds".to_owned(), heading.seeds.into());
            fields.insert("world".to_owned(), heading.world.into());
        }
        output::json(&document)
    } else {
        output::text(&text(&report, &heading, arguments.lang))
    }
}
