//! `sumun gate`: run the gate.

use super::ConfigArguments;
use crate::config::Flag;
use crate::roles;

/// Run the gate: the reverse proxy that checks every request.
///
/// It takes requests at `gate.listen`, decides each by the keys file, records it, and passes what is allowed to
/// `gate.upstream`. An edit of the keys file takes effect at the next request. SIGTERM or Ctrl-C stops it; what is
/// under way may end first. SIGHUP makes it look at the keys file at once, which it does by itself too; it never ends a
/// gate, and nothing else is read again: the configuration and the key-encryption keys are those of the start.
///
/// Once it serves it prints one line of JSON on standard output with the addresses it listens on. Log lines go to
/// standard error; if nobody reads them they are dropped and counted, and the gate goes on. docs/operate.md tells more.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  sumun gate --config sumun.toml\n  sumun gate --listen 127.0.0.1:8080 --upstream http://127.0.0.1:9000"
)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    /// Where clients connect, instead of `gate.listen`
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The exchange behind the gate, instead of `gate.upstream`
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
}

/// Runs it.
///
/// # Errors
/// The configuration is bad, or what the gate met.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let flags =
        [("gate.listen", "--listen", arguments.listen), ("gate.upstream", "--upstream", arguments.upstream)]
            .into_iter()
            .filter_map(|(key, name, value)| Some(Flag { key, name, value: value? }))
            .collect();
    roles::gate::run(arguments.config.load(flags)?.config)
}
