//! `sumun govern`: run the control plane.

use super::ConfigArguments;
use crate::config::Flag;
use crate::roles;

/// Run the control plane: REST, the record, and the feed of keys to gates.
///
/// It needs a folder made by `sumun init`. At the start it compares the database with the published ledger and its
/// signatures, and refuses to go on if they contradict one another. Gates on other machines enrol with `sumun gate enrol`.
///
/// Once it serves it prints one line of JSON on standard output with the address it listens on. SIGTERM or Ctrl-C stops
/// it. With PostgreSQL several may run on one database; they need the same `ledger.key` and `feed.key` in their `data_dir`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  sumun govern --config sumun.toml\n  sumun govern --listen 127.0.0.1:8070"
)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    /// Where people, machines and gates connect, instead of `govern.listen`
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
}

/// Runs it.
///
/// # Errors
/// The configuration is bad, or what the control plane met.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let listen = arguments.listen.map(|value| Flag { key: "govern.listen", name: "--listen", value });
    roles::govern::run(arguments.config.load(listen.into_iter().collect())?.config)
}
