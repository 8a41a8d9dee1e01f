//! `sumun delegations`: records that let a named operator use a key within limits for a period.

use super::party::{Get, Kind, List, Put};
use crate::client::{Call, Reach, Writing, body};
use serde::Serialize;
use serde_json::{Value, json};

const KIND: Kind = Kind {
    path: "delegations",
    columns: &["delegation", "account", "key", "operator", "scopes", "until", "state"],
};

/// What can be done with delegations.
#[derive(Debug, clap::Subcommand)]
pub enum Delegations {
    /// Record a delegation, or replace one wholly
    #[command(
        after_help = "Example:\n  sumun delegations put D1 --account A1 --key K1 --operator desk-2 --scopes trade \
                            --until 2027-06-01T00:00:00Z"
    )]
    Put(Box<Put<Fields>>),
    /// Show a delegation
    #[command(after_help = "Example:\n  sumun delegations get D1")]
    Get(Get),
    /// List delegations
    #[command(after_help = "Example:\n  sumun delegations list")]
    List(List<OfAccount>),
    /// End a delegation
    #[command(after_help = "Example:\n  sumun delegations end D1 --reason \"left the desk\"")]
    End(End),
}

/// Only one account's.
#[derive(Debug, clap::Args, Serialize)]
pub struct OfAccount {
    /// Only those over this account's keys
    #[arg(long)]
    account: Option<String>,
}

/// A delegation's fields.
#[derive(Debug, clap::Args, Serialize)]
pub struct Fields {
    /// The account
    #[arg(long)]
    account: Option<String>,
    /// The one key; without it, every key of the account
    #[arg(long)]
    key: Option<String>,
    /// Who may use it
    #[arg(long)]
    operator: Option<String>,
    /// Whence, separated by commas
    #[arg(long, value_name = "PREFIX", value_delimiter = ',')]
    networks: Vec<String>,
    /// For what, separated by commas
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    scopes: Vec<String>,
    /// Within which limits, as JSON
    #[arg(long, value_name = "JSON", value_parser = body::value)]
    limits: Option<Value>,
    /// From when, in UTC [default: now]
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Until when, in UTC
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

/// Which, and why.
#[derive(Debug, clap::Args)]
pub struct End {
    /// The delegation
    id: String,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn run(command: Delegations) -> anyhow::Result<()> {
    match command {
        Delegations::Put(mut arguments) => {
            let from = &mut arguments.fields_mut().from;
            from.get_or_insert_with(|| crate::clock::now().to_string());
            arguments.run(KIND)
        }
        Delegations::Get(arguments) => arguments.run(KIND),
        Delegations::List(arguments) => arguments.run(KIND),
        Delegations::End(End { id, reason, writing, reach }) => {
            reach.write(&writing, Call::post(&["delegations", &id, "end"], json!({ "reason": reason })))
        }
    }
}
