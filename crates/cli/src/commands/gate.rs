//! `sumun gate`: run the gate.

use super::{ConfigArguments, gate_bypass, gate_enrol};
use crate::config::Flag;
use crate::roles;

/// Run the gate: the reverse proxy that checks every request.
///
/// It takes requests at `gate.listen`, decides each by the keys it holds, records it, and passes what is allowed to
/// `gate.upstream`. Keys come from govern's feed if `gate.feed.url` is set, else from the keys file; a change takes effect at
/// the next request. SIGTERM or Ctrl-C stops it; what is
/// under way may end first. SIGHUP makes it look at the keys file at once, which it does by itself too; it never ends a
/// gate, and nothing else is read again: the configuration and the key-encryption keys are those of the start.
///
/// Once it serves it prints one line of JSON on standard output with the addresses it listens on. Log lines go to
/// standard error; if nobody reads them they are dropped and counted, and the gate goes on. docs/operate.md tells more.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Example:\n  sumun gate --config sumun.toml\n  sumun gate --listen 127.0.0.1:8080 --upstream http://127.0.0.1:9000"
)]
pub struct Arguments {
    #[command(subcommand)]
    other: Option<Other>,
    #[command(flatten)]
    config: ConfigArguments,
    /// Where clients connect, instead of `gate.listen`
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The exchange behind the gate, instead of `gate.upstream`
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
}

/// What else can be done with this gate.
#[derive(Debug, clap::Subcommand)]
enum Other {
    Enrol(gate_enrol::Arguments),
    Bypass(gate_bypass::Arguments),
}

impl Arguments {
    /// Whether it runs until it is stopped.
    pub(crate) fn is_role(&self) -> bool {
        self.other.is_none()
    }
}

/// Runs it.
///
/// # Errors
/// The configuration is bad, or what the gate met.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.other {
        Some(Other::Enrol(arguments)) => return gate_enrol::run(arguments),
        Some(Other::Bypass(arguments)) => return gate_bypass::run(arguments),
        None => {}
    }
    let flags =
        [("gate.listen", "--listen", arguments.listen), ("gate.upstream", "--upstream", arguments.upstream)]
            .into_iter()
            .filter_map(|(key, name, value)| Some(Flag { key, name, value: value? }))
            .collect();
    roles::gate::run(arguments.config.load(flags)?.config)
}
