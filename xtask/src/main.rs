//! The project's own commands, run as `cargo xtask <command>`.
//!
//! Everything a person or CI does to this repository beyond plain cargo starts here. One file per command;
//! `run` starts child processes, `metadata` asks cargo about the workspace. Never part of the product: no
//! product crate may depend on this one, and this one depends on no product crate, so that it always builds.

mod bench;
mod ci;
mod clock;
mod console;
mod demo;
mod fuzz;
mod licence;
mod metadata;
mod run;
mod screens;
mod setup;
mod space;
mod test;
mod tidy;
mod trace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands.")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check for, and where possible install, what the tests and the demo need.
    Setup,
    /// Watch it work: build everything, then a made-up exchange with its users, the console and the owner's page. Ctrl-C stops it.
    Demo(demo::Options),
    /// Build, then run the tests; ends with the runner's own closing lines.
    Test(test::Options),
    /// Exactly what CI runs: format, clippy, licences, tidy, then `test`.
    Ci,
    /// The rules of the house that no compiler checks.
    Tidy,
    /// Licences of every package the build uses.
    Licence,
    /// Print a benchmark's ratios, for example `cargo xtask bench gate`.
    Bench(bench::Options),
    /// Take pictures of every page and state for docs/screens.
    Screens,
    /// Coverage of docs/requirements.toml; fails where it names what does not exist.
    Trace,
    /// Run libFuzzer targets on the stable toolchain, for example `cargo xtask fuzz wire_line --seconds 60`.
    Fuzz(fuzz::Options),
}

fn main() -> ExitCode {
    let outcome = match Args::parse().command {
        Command::Setup => setup::run().map(|_| ExitCode::SUCCESS),
        Command::Demo(options) => demo::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Ci => ci::run(),
        Command::Tidy => tidy::run(),
        Command::Licence => licence::run(),
        Command::Bench(options) => bench::run(&options),
        Command::Screens => screens::run(),
        Command::Trace => trace::run(),
        Command::Fuzz(options) => fuzz::run(&options),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
