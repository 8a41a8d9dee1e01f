//! The `sumun` command: arguments, configuration, and the wiring of each role.
//!
//! Never here: a rule. What a key may do is `gate`'s business, what a sealed secret is `seal`'s, what a signed
//! request must hold `dialect`'s; this crate reads files and flags, calls them, and prints what they said.
//! It is also the one place that uses `anyhow`, turns errors into exit codes, reads the clock ([`clock`]) and
//! draws entropy ([`entropy`]).
//!
//! Where to go next: [`args`] for the commands, [`config`] for `sumun.toml`, [`keys_file`] for the keys a gate
//! serves, [`roles`] for what runs until it is stopped.

pub mod args;
pub mod atomic_file;
pub mod clock;
pub mod commands;
pub mod config;
pub mod entropy;
pub mod exit;
pub mod keyring;
pub mod keys_file;
mod output;
pub mod roles;
mod suggest;
mod text_position;

use clap::Parser;
use std::io::IsTerminal;
use std::process::ExitCode;

/// Reads the command line, runs the command, prints its error if it has one.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = args::Arguments::parse();
    start_logging();
    exit::report(commands::run(arguments.command))
}

/// Log lines go to stderr; `SUMUN_LOG` filters them (`info` unless told, such as `sumun_proxy=debug`).
fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env(config::LOG_FILTER_VARIABLE)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
}
