//! `sumun measures`: what was taken or proposed against a suspicion, and on what grounds.

use super::party::Get;
use crate::client::{Call, Listing, Reach};

/// What can be done with measures.
#[derive(Debug, clap::Subcommand)]
pub enum Measures {
    /// List measures
    #[command(after_help = "Example:\n  sumun measures list --state in_force")]
    List(List),
    /// Show a measure with all it rests on
    #[command(after_help = "Example:\n  sumun measures show M0a1b2c3d")]
    Show(Get),
    /// Show where a key stands on the ladder, and what is known of it
    #[command(after_help = "Example:\n  sumun measures standing K1")]
    Standing(Standing),
    /// List what detection found
    #[command(after_help = "Example:\n  sumun measures signals --key K1")]
    Signals(Signals),
}

/// Which measures.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Only those in this state: proposed, in_force, ended, refused, withdrawn
    #[arg(long)]
    state: Option<String>,
    /// Only those on this key
    #[arg(long)]
    key: Option<String>,
    /// Only those of this account
    #[arg(long)]
    account: Option<String>,
    /// Only those of this case
    #[arg(long)]
    case: Option<String>,
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Of which key.
#[derive(Debug, clap::Args)]
pub struct Standing {
    /// The key
    key: String,
    #[command(flatten)]
    reach: Reach,
}

/// Which signals.
#[derive(Debug, clap::Args)]
pub struct Signals {
    /// Only those about this key
    #[arg(long)]
    key: Option<String>,
    /// Only those about this account
    #[arg(long)]
    account: Option<String>,
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn run(command: Measures) -> anyhow::Result<()> {
    match command {
        Measures::List(List { state, key, account, case, page, reach }) => {
            let call = Call::get(&["measures"])
                .with_some("state", state.as_ref())
                .with_some("key", key.as_ref())
                .with_some("account", account.as_ref())
                .with_some("case", case.as_ref());
            reach.list(
                call,
                &page,
                &["measure_id", "key", "measure", "mode", "state", "began", "until", "by"],
            )
        }
        Measures::Show(arguments) => arguments.run(super::party::Kind { path: "measures", columns: &[] }),
        Measures::Standing(Standing { key, reach }) => reach.show(&Call::get(&["keys", &key, "standing"])),
        Measures::Signals(Signals { key, account, page, reach }) => {
            let call =
                Call::get(&["signals"]).with_some("key", key.as_ref()).with_some("account", account.as_ref());
            reach.list(call, &page, &["id", "subject.key", "ts", "detector", "code", "cause", "points"])
        }
    }
}
