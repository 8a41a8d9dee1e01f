//! `cargo xtask bench detect`: what detection costs a line and a key, and how soon it is felt.

use anyhow::{Context, Result};
use clap::Parser;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use sumun_bench::detect::{self, Size, effect, house};
use sumun_bench::report;

/// Lines a second and bytes a key at 10 k, 100 k and 1 M live keys, with full and with hot windows, on one core and on two, beside
/// parsing alone; and the time from an event to its effect at the gate, through the running system. Prints budgets met and missed; fails only if it cannot measure.
#[derive(Parser)]
struct Arguments {
    /// Live keys at most; 1 M take 8 GiB, 0 leaves all this out
    #[arg(long, default_value_t = 1_000_000)]
    keys_max: u64,
    /// Keys that earn a hold through the running system; 0 leaves it out
    #[arg(long, default_value_t = 50)]
    held: usize,
    /// Lines measured for each pattern
    #[arg(long, default_value_t = 1_000_000)]
    lines: usize,
    /// Times each key is used before anything is measured, an hour apart, so that sessions and windows fill
    #[arg(long, default_value_t = 6)]
    rounds: u64,
    /// Write the figures as JSON, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What runs in a process of its own.
#[derive(clap::Subcommand)]
enum Part {
    /// Measures one number of keys and prints its rows as JSON.
    #[command(hide = true)]
    Part {
        /// How many keys.
        keys: u64,
        /// How many threads.
        shards: NonZeroUsize,
        /// How many lines.
        lines: usize,
        /// How often each key is used before.
        rounds: u64,
    },
}

fn main() -> ExitCode {
    // The running system is this very program.
    if std::env::var_os(house::AS_COMMAND).is_some() {
        return sumun_cli::main();
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:?}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(Part::Part { keys, shards, lines, rounds }) = arguments.part {
        return detect::run_part(keys, shards, lines, rounds);
    }
    println!("{}", detect::facts()?);
    let mut rows = Vec::new();
    if arguments.held > 0 {
        eprintln!("{} keys are held ...", arguments.held);
        let folder = tempfile::tempdir().context("no temporary folder")?;
        rows.extend(effect::measure(folder.path(), arguments.held)?);
    }
    rows.extend(detect::measure(Size {
        keys_max: arguments.keys_max,
        lines: arguments.lines,
        rounds: arguments.rounds,
    })?);
    print!("{}", report::table(&rows));
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&rows)?)
            .with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    Ok(())
}
