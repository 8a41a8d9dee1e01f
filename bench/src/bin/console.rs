//! `cargo xtask bench console`: what a page of the console costs with a million keys, and whether watching leaks.

use anyhow::{Context, Result};
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use sumun_bench::console::record::Size;
use sumun_bench::console::{self, live};
use sumun_bench::detect::{facts, house};
use sumun_bench::report;

/// The time of every list and page of the console over a record of 1 M keys, beside bare statements on the same database; with
/// `--live`, the memory of a running system that many watch. Prints budgets met and missed; fails only if it cannot measure.
#[derive(Parser)]
struct Arguments {
    /// Keeps the record in this folder and uses it again; without it, a temporary one
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Keys in the record
    #[arg(long, default_value_t = 1_000_000)]
    keys: u64,
    /// Times each page is asked for
    #[arg(long, default_value_t = 500)]
    times: usize,
    /// Only pages with this in their name
    #[arg(long)]
    only: Option<String>,
    /// Instead: 500 events a second and 16 pages that watch, for so many seconds
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "600")]
    live: Option<u64>,
    /// Write the figures as JSON, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
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
    println!("{}", facts()?);
    let temporary = tempfile::tempdir().context("no temporary folder")?;
    let rows = if let Some(seconds) = arguments.live {
        live::measure(temporary.path(), seconds)?
    } else {
        let folder = arguments.folder.clone().unwrap_or_else(|| temporary.path().to_owned());
        let size = Size { keys: arguments.keys, accounts: arguments.keys / 5, cases: arguments.keys / 10 };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(console::measure(&folder, size, arguments.times, arguments.only.as_deref()))?
    };
    print!("{}", report::table(&rows));
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&rows)?)
            .with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    Ok(())
}
