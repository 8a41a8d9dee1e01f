//! `cargo xtask bench record`: what the record costs, as ratios in one run.

use anyhow::{Context, Result};
use clap::Parser;
use std::path::PathBuf;
use sumun_bench::record::{self, Size};
use sumun_bench::report;

/// Entries, governed changes and their verification a second, beside the bare libraries. Prints budgets met and missed;
/// fails only if it cannot measure.
#[derive(Parser)]
struct Arguments {
    /// 200 k verified entries instead of 1 M, fewer rounds
    #[arg(long)]
    quick: bool,
    /// Write the figures as JSON, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Work in a folder made here, instead of the system's temporary one; the disk matters
    #[arg(long, value_name = "FOLDER")]
    disk: Option<PathBuf>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let folder = match &arguments.disk {
        Some(disk) => tempfile::tempdir_in(disk),
        None => tempfile::tempdir(),
    }
    .context("no temporary folder")?;
    let size = if arguments.quick {
        Size { rounds: 3, verified: 200_000 }
    } else {
        Size { rounds: 7, verified: 1_000_000 }
    };
    let runtime = tokio::runtime::Runtime::new().context("no runtime")?;
    let rows = runtime.block_on(record::measure(folder.path(), size))?;
    print!("{}", report::table(&rows));
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&rows)?)
            .with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    Ok(())
}
