//! The `sumun` command: arguments, configuration, and the wiring of each role.
//!
//! Never here: a rule. What a key may do is `gate`'s business, what a sealed secret is `seal`'s, what a signed
//! request must hold `dialect`'s; this crate reads files and flags, calls them, and prints what they said.
//! It is also the one place that uses `anyhow`, turns errors into exit codes, reads the clock ([`clock`]) and
//! draws entropy ([`entropy`]).
//!
//! Where to go next: [`args`] for the commands, [`config`] for `sumun.toml`, [`keys_file`] for the keys a gate
//! serves, [`roles`] for what runs until it is stopped, `client` for the commands that ask a control plane.

pub mod args;
pub mod atomic_file;
pub mod bypass;
mod client;
pub mod clock;
pub mod commands;
pub mod config;
pub mod descriptors;
pub mod enrolment;
pub mod entropy;
pub mod evaluate;
pub mod exit;
pub mod findings;
pub mod keyring;
pub mod keys_file;
mod logging;
mod output;
pub mod roles;
mod suggest;
mod text_position;

use clap::Parser;
use std::process::ExitCode;

/// Detection lives on many small facts, and the system's allocator took two fifths of its time (ADR 0015).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Reads the command line, runs the command, prints its error if it has one.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = args::Arguments::parse();
    let _flush = if arguments.command.is_role() {
        match logging::start_for_role() {
            Ok(flush) => Some(flush),
            Err(error) => return exit::report(Err(error.into())),
        }
    } else {
        logging::start_for_command();
        None
    };
    exit::report(commands::run(arguments.command))
}
