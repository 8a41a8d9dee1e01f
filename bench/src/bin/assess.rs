//! `cargo xtask bench assess`: exports of 1 M keys and 50 M requests in two formats, one damaged, and what `sumun assess` makes of them.

use anyhow::{Context, Result};
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use sumun_bench::detect::house::AS_COMMAND;
use sumun_bench::{assess, report};
use sumun_sim::exports::Options;

/// Writes two exports of one made-up population, runs `sumun assess` over each, and holds its report against the truth. Prints rates
/// and memory; fails where a count is not the truth's.
#[derive(Parser)]
struct Arguments {
    /// Keys; a thousandth of them are an operator's pools, unless `--bad` says otherwise
    #[arg(long, default_value_t = 1_000_000)]
    keys: u32,
    /// Requests in each log
    #[arg(long, default_value_t = 50_000_000)]
    lines: u64,
    /// Days they are spread over
    #[arg(long, default_value_t = 1)]
    days: u32,
    /// Keys in pools of one operator
    #[arg(long)]
    bad: Option<u32>,
    /// What every draw follows from
    #[arg(long, default_value_t = 20_260_302)]
    seed: u64,
    /// How busy keys are, in thousandths of the usual [default: as keys and lines ask for]
    #[arg(long)]
    activity: Option<u32>,
    /// Threads that tell of worlds
    #[arg(long, default_value_t = 2)]
    worlds: u32,
    /// Where the exports are written, and read again if they are there; 1 M keys and 50 M lines take 7 GB, and 8 GB of memory to make [default: a temporary folder]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Only write the exports
    #[arg(long)]
    write_only: bool,
    /// Threads of detection [default: as many as there are processors]
    #[arg(long)]
    shards: Option<usize>,
    /// Only this export: `plain` or `damaged`
    #[arg(long)]
    only: Option<String>,
    /// Write the figures as JSON, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    // The command that is measured is this very program.
    if std::env::var_os(AS_COMMAND).is_some() {
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
    let temporary = tempfile::tempdir().context("no temporary folder")?;
    let folder = arguments.folder.clone().unwrap_or_else(|| temporary.path().to_owned());
    let bad = arguments.bad.unwrap_or(arguments.keys / 1000).max(1);
    let options = Options {
        seed: arguments.seed,
        start: "2026-03-02T00:00:00Z".parse()?,
        days: arguments.days,
        clean: arguments.keys.saturating_sub(bad),
        bad,
        activity_permille: arguments
            .activity
            .unwrap_or_else(|| assess::activity(arguments.keys, arguments.days, arguments.lines)),
        lines: arguments.lines,
        worlds: arguments.worlds,
    };
    println!("seed {}, {} keys, activity {}", options.seed, arguments.keys, options.activity_permille);
    println!("{}", sumun_bench::detect::facts()?);
    let mut rows = assess::exports(&options, &folder)?;
    if !arguments.write_only {
        for (name, lang) in [("plain", "en"), ("damaged", "ko")] {
            if arguments.only.as_deref().is_none_or(|only| only == name) {
                rows.extend(assess::assess(&folder, name, lang, arguments.shards)?);
            }
        }
    }
    print!("{}", report::table(&rows));
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&rows)?)
            .with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    Ok(())
}
