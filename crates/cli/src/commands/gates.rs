//! `sumun gates`: gates that receive the feed, and their receipts. A gate itself enrols with `sumun gate enrol`.

use crate::client::{Call, Listing, Reach, Writing};
use serde_json::json;

/// What can be done with gates.
#[derive(Debug, clap::Subcommand)]
pub enum Gates {
    /// Invite a gate; the invite is shown once
    #[command(after_help = "Example:\n  sumun gates invite gate-2")]
    Invite(One),
    /// List gates
    #[command(after_help = "Example:\n  sumun gates list")]
    List(List),
    /// End a gate's right to the feed
    #[command(after_help = "Example:\n  sumun gates revoke gate-2 --reason \"machine given back\"")]
    Revoke(Revoke),
    /// List a gate's receipts: when it obeyed
    #[command(after_help = "Example:\n  sumun gates receipts gate-1 --limit 10")]
    Receipts(Receipts),
}

/// Which gate.
#[derive(Debug, clap::Args)]
pub struct One {
    /// The gate's id, as in its `gate.id`
    gate: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Which page.
#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Which gate, and why.
#[derive(Debug, clap::Args)]
pub struct Revoke {
    /// The gate
    gate: String,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Whose receipts.
#[derive(Debug, clap::Args)]
pub struct Receipts {
    /// The gate
    gate: String,
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn run(command: Gates) -> anyhow::Result<()> {
    match command {
        Gates::Invite(One { gate, writing, reach }) => {
            reach.write(&writing, Call::post(&["gates"], json!({ "gate": gate })).secret())
        }
        Gates::List(List { page, reach }) => {
            reach.list(Call::get(&["gates"]), &page, &["gate", "state", "enrolled", "invited_by"])
        }
        Gates::Revoke(Revoke { gate, reason, writing, reach }) => {
            reach.write(&writing, Call::post(&["gates", &gate, "revoke"], json!({ "reason": reason })))
        }
        Gates::Receipts(Receipts { gate, page, reach }) => reach.list(
            Call::get(&["gates", &gate, "receipts"]),
            &page,
            &["receipt", "from_version", "to_version", "received", "boot"],
        ),
    }
}
