//! `cargo xtask bench cutoff`: from a commit to its effect at fifty gates.

use anyhow::{Context, Result};
use clap::Parser;
use std::path::PathBuf;
use sumun_bench::cutoff::{self, Size};
use sumun_bench::report;

/// How long a key lives on at fifty gates after its end is committed. Prints budgets met and missed; fails only if it
/// cannot measure.
#[derive(Parser)]
struct Arguments {
    /// Gates that follow the feed
    #[arg(long, default_value_t = 50)]
    gates: usize,
    /// Keys ended, one after the other
    #[arg(long, default_value_t = 200)]
    expiries: usize,
    /// Keys that live on
    #[arg(long, default_value_t = 2_000)]
    others: usize,
    /// Write the figures as JSON, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> Result<()> {
    let Arguments { gates, expiries, others, json } = Arguments::parse();
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let runtime = tokio::runtime::Runtime::new().context("no runtime")?;
    let rows = runtime.block_on(cutoff::measure(folder.path(), Size { gates, expiries, others }))?;
    print!("{}", report::table(&rows));
    if let Some(path) = &json {
        std::fs::write(path, serde_json::to_string_pretty(&rows)?)
            .with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    Ok(())
}
