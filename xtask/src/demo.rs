//! `cargo xtask demo`: a key's whole life, told in plain words: control plane, gate, real clients, ledger.
//!
//! Starts what it needs and stops all of it again, on Ctrl-C too (see `process`). Decides nothing: every verdict
//! shown is the gate's, every proof the ledger's.

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

    run::heading("demo: a key's whole life, on real clients");
    println!(
        "People of an exchange give a customer a key and he ends it; a gate obeys, and a ledger proves it.\n\
         Detection comes with later stages."
    );
    let mut stage = stage::Stage::set()?;
    println!(
        "A record was made (`sumun init`). Its control plane is at http://{}, its gate at http://{}.",
        stage.govern(),
        stage.gate()
    );
    story::play(&mut stage, &python)?;

    println!("\nEverything is stopped now. What the gate recorded (`sumun log dump`):\n");
    story::read_back(&stage.close()?)?;
    println!("Configuration, record and logs are in target/demo; `sumun ledger verify` works there.");
    Ok(ExitCode::SUCCESS)
}
