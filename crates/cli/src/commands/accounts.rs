//! `sumun accounts`: what customers trade from.

use super::party::{Get, Kind, List, OfCustomer, Put};
use serde::Serialize;

const KIND: Kind = Kind {
    path: "accounts",
    columns: &["account", "customer", "person", "segment", "state", "owner", "parent"],
};

/// What can be done with accounts.
#[derive(Debug, clap::Subcommand)]
pub enum Accounts {
    /// Create an account, or replace one wholly
    #[command(
        after_help = "Examples:\n  sumun accounts put A1 --customer C1 --person P1 --segment retail\n  \
                            sumun accounts put A1-sub --customer C1 --segment retail --parent A1 --dry-run"
    )]
    Put(Box<Put<Fields>>),
    /// Show an account
    #[command(after_help = "Example:\n  sumun accounts get A1 --json")]
    Get(Get),
    /// List accounts
    #[command(after_help = "Example:\n  sumun accounts list")]
    List(List<OfCustomer>),
}

/// An account's fields.
#[derive(Debug, clap::Args, Serialize)]
pub struct Fields {
    /// Whose it is
    #[arg(long)]
    customer: Option<String>,
    /// The natural person who answers for it
    #[arg(long)]
    person: Option<String>,
    /// retail, corporate, broker, market_maker or custodian
    #[arg(long)]
    segment: Option<String>,
    /// Why its segment differs from its customer's
    #[arg(long, value_name = "WHY")]
    segment_reason: Option<String>,
    /// Country, in two letters
    #[arg(long)]
    country: Option<String>,
    /// When it was opened, such as 2025-03-02
    #[arg(long, value_name = "DATE")]
    opened: Option<String>,
    /// The operator who is its owner
    #[arg(long, value_name = "OPERATOR")]
    owner: Option<String>,
    /// The account of which it is a sub-account
    #[arg(long, value_name = "ACCOUNT")]
    parent: Option<String>,
    /// Fee tier
    #[arg(long)]
    fee_tier: Option<String>,
    /// active or closed
    #[arg(long)]
    state: Option<String>,
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn run(command: Accounts) -> anyhow::Result<()> {
    match command {
        Accounts::Put(arguments) => arguments.run(KIND),
        Accounts::Get(arguments) => arguments.run(KIND),
        Accounts::List(arguments) => arguments.run(KIND),
    }
}
