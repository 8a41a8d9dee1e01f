//! `sumun-kafka`: a bridge between an exchange's Kafka and Sumun's public HTTP interfaces.
//!
//! [`tap`] reads topics of access lines and hands them in; [`states`] keeps a compacted topic of key states. A process of its own, so that
//! librdkafka, which is C, stands neither in the gate nor in the control plane. It decides nothing about keys or lines. Why so: ADR 0029.

mod away;
mod clock;
mod exit;
mod settings;
mod states;
mod stop;
mod tap;

use clap::{Parser, Subcommand};
use std::io::IsTerminal;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Sumun's bridge to Kafka: access lines in, key states out. docs/adopt/kafka.md says how to use it.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 110, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Tap(tap::Arguments),
    States(states::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,librdkafka=warn"));
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter);
    if std::io::stderr().is_terminal() {
        log.init();
    } else {
        log.json().init();
    }
    exit::report(match arguments.command {
        Command::Tap(arguments) => tap::run(&arguments),
        Command::States(arguments) => states::run(&arguments),
    })
}
