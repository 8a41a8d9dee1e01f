//! `cargo xtask bench detect`: what detection costs a line and a key.

use anyhow::{Context, Result};
use clap::Parser;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use sumun_bench::detect::{self, Size};
use sumun_bench::report;

/// Lines a second and bytes a key at 10 k, 100 k and 1 M live keys, with full and with hot windows, on one core and on two, beside
/// parsing alone. Prints budgets met and missed; fails only if it cannot measure.
#[derive(Parser)]
struct Arguments {
    /// Live keys at most; 1 M take 8 GiB
    #[arg(long, default_value_t = 1_000_000)]
    keys_max: u64,
    /// Lines measured for each pattern
    #[arg(long, default_value_t = 1_000_000)]
    lines: usize,
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
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(Part::Part { keys, shards, lines }) = arguments.part {
        return detect::run_part(keys, shards, lines);
    }
    println!("{}", detect::facts()?);
    let rows = detect::measure(Size { keys_max: arguments.keys_max, lines: arguments.lines })?;
    print!("{}", report::table(&rows));
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&rows)?)
            .with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    Ok(())
}
