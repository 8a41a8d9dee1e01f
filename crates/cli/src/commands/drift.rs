//! `sumun drift`: where the record and the exchange disagree about a key.

use crate::client::{Call, Listing, Reach};

/// Show where the record and the exchange disagree about a key, the worst first.
///
/// The worst is a key that has ended here and is still served there. Each line says both values, whose word counts, and since when.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sumun drift\n  sumun drift --now --kind dead_here_alive_there\n  sumun drift --json --limit 1000"
)]
pub struct Arguments {
    /// Only this kind: dead_here_alive_there, alive_here_dead_there, differs, unknown_here, unknown_there
    #[arg(long)]
    kind: Option<String>,
    /// Compare first, instead of showing what the last look found
    #[arg(long)]
    now: bool,
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.now {
        arguments.reach.client()?.send(&Call::act(&["drift", "look"]))?;
    }
    let call = Call::get(&["drift"]).with_some("kind", arguments.kind.as_ref());
    let columns = ["drift", "key", "kind", "attribute", "here", "there", "authority", "since"];
    arguments.reach.list(call, &arguments.page, &columns)
}
