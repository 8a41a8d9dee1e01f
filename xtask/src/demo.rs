//! `cargo xtask demo`: sets up, builds what is shown, and becomes `sumun-demo`, which plays a made-up exchange with Sumun before it.
//!
//! Nothing of the demo itself is here: crates/demo is a program of its own. This process is replaced by it, so that Ctrl-C reaches it
//! alone and nothing stands between.

mod build;

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::{console, run, setup};

/// Ports that are listened on, counted from the first: console, owner's page, gate, mock exchange, desk.
const PORTS: [u16; 5] = [0, 1, 10, 11, 20];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Whom and what chance brings; the same seed, the same people. Fresh if not given.
    #[arg(long)]
    seed: Option<u64>,
    /// How long a day of the population is; 10 if not given.
    #[arg(long, value_name = "SECONDS")]
    day: Option<u32>,
    /// First port: console and REST; the next is the owner's page, ten further the gate, twenty further the desk.
    #[arg(long, default_value_t = 8070)]
    port: u16,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    // Before minutes of building, not after.
    free(options.port)?;
    setup::run()?;
    console::build()?;
    build::build()?;
    run::heading("demo");
    let mut demo = Command::new(run::target_dir().join("release/sumun-demo"));
    demo.args(arguments(options)).arg("--folder").arg(run::target_dir().join("demo-run"));
    Err(demo.exec()).context("failed to start sumun-demo")
}

fn arguments(options: &Options) -> Vec<String> {
    let mut arguments = vec!["--ports-from".to_owned(), options.port.to_string()];
    if let Some(seed) = options.seed {
        arguments.extend(["--seed".to_owned(), seed.to_string()]);
    }
    if let Some(day) = options.day {
        arguments.extend(["--day".to_owned(), day.to_string()]);
    }
    arguments
}

/// Says which ports are taken, if any are.
fn free(first: u16) -> Result<()> {
    let taken: Vec<String> = PORTS
        .iter()
        .filter_map(|more| first.checked_add(*more))
        .filter(|port| *port != 0 && TcpListener::bind(("127.0.0.1", *port)).is_err())
        .map(|port| port.to_string())
        .collect();
    if taken.is_empty() {
        return Ok(());
    }
    bail!(
        "already in use on 127.0.0.1: {}. Stop what listens there, or choose other ports: cargo xtask demo --port {}",
        taken.join(", "),
        first.saturating_add(100)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_handed_on() {
        let options = Options { seed: Some(7), day: Some(20), port: 9000 };
        assert_eq!(arguments(&options), ["--ports-from", "9000", "--seed", "7", "--day", "20"]);
        assert_eq!(arguments(&Options { seed: None, day: None, port: 1 }), ["--ports-from", "1"]);
    }

    #[test]
    fn a_port_that_is_taken_is_named_before_anything_is_built() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = free(port).unwrap_err().to_string();
        assert!(error.contains(&port.to_string()) && error.contains("--port"), "{error}");
    }
}
