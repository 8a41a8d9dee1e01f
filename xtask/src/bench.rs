//! `cargo xtask bench <name>`: a name for each benchmark, and the cargo command that runs it.
//!
//! Measures nothing itself; every benchmark prints its own ratios in one run.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::run;

/// One line per benchmark: name, package, binary.
const BENCHES: &[(&str, &str, &str)] = &[
    ("gate", "sumun-bench", "gate"),
    ("record", "sumun-bench", "record"),
    ("cutoff", "sumun-bench", "cutoff"),
    ("detect", "sumun-bench", "detect"),
    ("console", "sumun-bench", "console"),
    ("assess", "sumun-bench", "assess"),
];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Which benchmark; without it the list is printed.
    name: Option<String>,
    /// Passed on to the benchmark.
    #[arg(last = true)]
    rest: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let Some(name) = &options.name else {
        for (name, package, bin) in BENCHES {
            println!("{name}\t{package} (bin {bin})");
        }
        return Ok(ExitCode::SUCCESS);
    };
    let Some((_, package, bin)) = BENCHES.iter().find(|(known, ..)| known == name) else {
        let known: Vec<&str> = BENCHES.iter().map(|(name, ..)| *name).collect();
        bail!("no benchmark `{name}`; there is: {}", known.join(", "));
    };
    let mut command = run::cargo_with(["run", "--release", "--package", package, "--bin", bin, "--"]);
    command.args(&options.rest);
    run::step("bench", &mut command)?;
    Ok(ExitCode::SUCCESS)
}
