//! A venue at work, with made-up people: `sumun serve`, a mock exchange behind it, a population before it, and a desk for whoever watches.
//!
//! Everything here is outside of Sumun and speaks to it as anybody would: [`enter`] puts the people of the [`cast`] into the record over REST,
//! [`desk`] is the watcher's page. Nothing of it is linked into `sumun`, and `sumun` knows nothing of it but a banner's text
//! (ADR 0020). Stops what it started, however it ends ([`process`]).

mod cast;
mod clock;
mod desk;
mod enter;
mod house;
mod links;
mod live;
mod owner;
mod policy;
mod ports;
mod process;
mod rest;
mod show;
mod staff;
mod stage;
mod vouch;
mod world;

use anyhow::{Context, Result};
use clap::Parser;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// A made-up exchange with Sumun before it, its staff and its users: everything on this machine, nothing real.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Example:\n  sumun-demo --seed 7\n  sumun-demo --ports-from 0 --json   # for programs: one JSON line with addresses and links\n\n\
                  `cargo xtask demo` builds everything and runs it. Ctrl-C stops it."
)]
struct Arguments {
    /// Whom and what chance brings; the same seed, the same people. Fresh if not given
    #[arg(long)]
    seed: Option<u64>,
    /// Print one JSON line with addresses, links and secrets of the made-up people
    #[arg(long)]
    json: bool,
    /// Folder of everything it makes; cleared if an earlier demo made it
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// The `sumun` binary; the one beside this program if not given
    #[arg(long, value_name = "FILE")]
    sumun: Option<PathBuf>,
    /// The `mock-exchange` binary; the one beside this program if not given
    #[arg(long, value_name = "FILE")]
    mock_exchange: Option<PathBuf>,
    /// First port: console and REST; the next is the owner's page, ten further the gate, twenty further the desk. 0: free ones
    #[arg(long, value_name = "PORT", default_value_t = 8070, alias = "port")]
    ports_from: u16,
    /// How long a day of the population is
    #[arg(long, value_name = "SECONDS", default_value_t = policy::DAY_S, value_parser = clap::value_parser!(u32).range(5..=3_600))]
    day: u32,
    /// Only the record, the servers and the desk: nobody uses a key
    #[arg(long)]
    quiet: bool,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(arguments: Arguments) -> Result<()> {
    let beside = |given: Option<PathBuf>, name: &str| -> Result<PathBuf> {
        let path = match given {
            Some(path) => path,
            None => std::env::current_exe()?.with_file_name(name),
        };
        path.canonicalize().with_context(|| {
            format!(
                "there is no {}: build it (`cargo build --bin {name}`), or say where it is",
                path.display()
            )
        })
    };
    let programs = house::Programs {
        sumun: beside(arguments.sumun, "sumun")?,
        exchange: beside(arguments.mock_exchange, "mock-exchange")?,
    };
    let folder = match arguments.folder {
        Some(folder) => folder,
        None => std::env::current_exe()?.ancestors().nth(2).context("no folder to work in")?.join("demo-run"),
    };
    let seed = match arguments.seed {
        Some(seed) => seed,
        None => u64::from_str_radix(rest::fresh_id()?.get(..6).unwrap_or("1"), 16)?,
    };
    let options = stage::Options {
        seed,
        day_s: arguments.day,
        folder,
        ports: arguments.ports_from,
        json: arguments.json,
        quiet: arguments.quiet,
    };
    stage::play(&programs, &options).await
}
