//! `sumun simulate`: write a seeded world of honest and dishonest users as lines of the wire, with ground truth.

use crate::clock;
use crate::exit::BadInput;
use anyhow::Context;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use sumun_model::{Date, Timestamp};
use sumun_sim::population::{Kind, Options, World};

/// Write a made-up population of key users as event lines, with ground truth.
///
/// The same seed and numbers give the same bytes on any machine. What a key really is stands on its `key` lines under
/// `ext.truth`, which detection never reads. Clean keys' lines are the same however many bad ones there are, but for `seq`.
/// The seed and what was written go to standard error.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sumun simulate --seed 1 --days 3 --clean 30 --bad 10 > world.ndjson\n  \
                        sumun simulate --seed 7 --days 30 --clean 0 --bad 20 --kinds relay,leak --out hard.ndjson\n\n\
                        Exit codes: 0 written, 1 the output could not be written, 2 no world can be made of the arguments."
)]
pub struct Arguments {
    /// What every draw follows from
    #[arg(long)]
    seed: u64,
    /// How many days
    #[arg(long)]
    days: u32,
    /// How many keys of honest kinds
    #[arg(long)]
    clean: u32,
    /// How many keys of dishonest kinds
    #[arg(long)]
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
    /// Write to this file instead of standard output; `-` is standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    out: PathBuf,
    /// Say how long it took, and how much memory, on standard error
    #[arg(long)]
    stats: bool,
}

impl Arguments {
    fn options(&self) -> anyhow::Result<Options> {
        let start: Timestamp = format!("{}T00:00:00Z", self.start)
            .parse()
            .map_err(|error| BadInput(format!("`--start`: {error}")))?;
        let options = Options {
            kinds: self.kinds.clone(),
            activity_permille: self.activity,
            ja4_percent: self.ja4,
            ..Options::new(self.seed, start, self.days, self.clean, self.bad)
        };
        options.check().map_err(|error| BadInput(error.to_string()))?;
        Ok(options)
    }
}

/// Runs it.
///
/// # Errors
/// The arguments make no world, or the output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let options = arguments.options()?;
    let began = clock::now();
    crate::logging::say(&format!("seed {}\n", options.seed));
    let world = World::new(&options)?;
    let keys = world.keys();
    let bad = world.truth().filter(|truth| truth.is_bad()).count();
    let lines = if arguments.out.as_os_str() == "-" {
        write(world, std::io::stdout().lock()).context("failed to write to standard output")?
    } else {
        let shown = arguments.out.display();
        let file = File::create(&arguments.out).with_context(|| format!("failed to make `{shown}`"))?;
        write(world, file).with_context(|| format!("failed to write `{shown}`"))?
    };
    crate::logging::say(&format!("{lines} lines of {keys} keys, {bad} of them misused\n"));
    if arguments.stats {
        let us = clock::now().micros_since(began).max(1);
        let rate = i128::from(lines) * 1_000_000 / i128::from(us);
        let ms = us / 1000;
        crate::logging::say(&format!("{ms} ms, {rate} lines a second, {}\n", peak_memory()));
    }
    Ok(())
}

fn write(world: World, out: impl Write) -> anyhow::Result<u64> {
    let mut out = BufWriter::with_capacity(1 << 18, out);
    let mut lines = 0;
    for line in world.json_lines() {
        out.write_all(line?.as_bytes())?;
        out.write_all(b"\n")?;
        lines += 1;
    }
    out.flush()?;
    Ok(lines)
}

/// The most memory this process has had, where the system tells.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(str::trim);
    format!("peak memory {}", peak.unwrap_or("unknown"))
}
