//! `sumun serve`: gate and control plane in one process.

use super::ConfigArguments;
use crate::config::Flag;
use crate::roles;

/// Run gate and control plane in one process, on one folder.
///
/// It needs a folder made by `sumun init`. The gate takes requests at `gate.listen` and passes what is allowed to
/// `gate.upstream`; people and machines use the control plane at `govern.listen`. The gate is fed and acknowledges as any
/// other, and goes on deciding from its own disk should the control plane fail.
///
/// Once both serve it prints one line of JSON on standard output with the addresses. SIGTERM or Ctrl-C stops both.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  sumun serve\n  sumun serve --upstream http://127.0.0.1:9000 --listen 127.0.0.1:8080"
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
    /// Where people, machines and gates connect, instead of `govern.listen`
    #[arg(long, value_name = "ADDRESS:PORT")]
    govern_listen: Option<String>,
}

/// Runs it.
///
/// # Errors
/// The configuration is bad, or what either met.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let flags = [
        ("gate.listen", "--listen", arguments.listen),
        ("gate.upstream", "--upstream", arguments.upstream),
        ("govern.listen", "--govern-listen", arguments.govern_listen),
    ]
    .into_iter()
    .filter_map(|(key, name, value)| Some(Flag { key, name, value: value? }))
    .collect();
    roles::serve::run(arguments.config.load(flags)?.config)
}
