//! `cargo xtask demo`: the present stage's scenario, told in plain words. This stage is the gate alone.
//!
//! Starts what it needs and stops all of it again, on Ctrl-C too (see `process`). Decides nothing: every verdict
//! shown is the gate's.

mod client;
mod process;
mod stage;
mod story;

use std::process::ExitCode;

use anyhow::Result;

use crate::{run, setup};

#[derive(clap::Args)]
pub(crate) struct Options {}

pub(crate) fn run(_options: &Options) -> Result<ExitCode> {
    let python = setup::run()?;
    run::step(
        "build",
        &mut run::cargo_with(["build", "--release", "--bin", "sumun", "--bin", "mock-exchange"]),
    )?;

    run::heading("demo: the gate, on real clients");
    println!(
        "This stage is the gate only: it decides and records. Detection and measures come with later stages."
    );
    let stage = stage::Stage::set()?;
    println!("A mock exchange stands behind a gate on http://{}; both are on this machine.", stage.gate());
    story::play(&stage, &python)?;

    println!("\nEverything is stopped now. What the gate recorded (`sumun log dump`):\n");
    story::read_back(&stage.close()?)?;
    println!("Configuration, keys file and log are in target/demo.");
    Ok(ExitCode::SUCCESS)
}
