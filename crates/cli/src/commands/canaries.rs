//! `sumun canaries`: keys of the venue's own, made to be ended, and how soon each gate refused them.

use crate::client::{Call, Listing, Reach, Writing};

/// What can be done with canaries.
#[derive(Debug, clap::Subcommand)]
pub enum Canaries {
    /// List canaries and what they came to, the newest first
    #[command(
        after_help = "Example:\n  sumun canaries list --limit 5\n\nWhat was found gate by gate: --json."
    )]
    List(List),
    /// Start one now, beside those the control plane starts by itself
    #[command(after_help = "Example:\n  sumun canaries start --dry-run")]
    Start(Start),
}

/// Which page.
#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// How.
#[derive(Debug, clap::Args)]
pub struct Start {
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn run(command: Canaries) -> anyhow::Result<()> {
    match command {
        Canaries::List(List { page, reach }) => {
            reach.list(Call::get(&["canaries"]), &page, &["canary", "key", "expired", "outcome", "gates"])
        }
        Canaries::Start(Start { writing, reach }) => reach.write(&writing, Call::act(&["canaries"])),
    }
}
