//! `sumun tap`: log files of the exchange, followed and handed in.

use crate::roles;
use std::path::PathBuf;

/// Follow log files and hand their lines in to a control plane, exactly once.
///
/// The file names what is followed, by which mapping, and where to; docs/adopt/tap.md says how to write it. What cannot be handed in waits in
/// the log files themselves: they are the spool. Lines that cannot be read are counted and put aside in `tap.state_dir`, and stop nothing.
///
/// Once it follows it prints one line of JSON on standard output. SIGTERM or Ctrl-C stops it; a crash loses nothing and repeats nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sumun tap --config tap.toml\n  sumun tap --config tap.toml --once\n\n\
                        Exit codes: 0 stopped, or with --once all was handed in; 1 it could not be; 2 the file or a mapping is bad.")]
pub struct Arguments {
    /// What to follow
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Hand in what is there, then end
    #[arg(long)]
    once: bool,
}

/// Runs it.
///
/// # Errors
/// What kept it from starting, or from handing in.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    roles::tap::run(&arguments.config, arguments.once)
}
