//! `sumun tokens`: machines' API tokens.

use crate::client::{Call, Listing, Reach, Writing};
use serde_json::json;

/// What can be done with tokens.
#[derive(Debug, clap::Subcommand)]
pub enum Tokens {
    /// Make a token; it is shown once
    #[command(
        after_help = "Example:\n  sumun tokens make --name \"exchange back end\" --roles exchange_backend --expires \
                            2027-06-01T00:00:00Z\n  \
                            SUMUN_TOKEN=sumun_tok_... sumun accounts list"
    )]
    Make(Make),
    /// List tokens
    #[command(after_help = "Example:\n  sumun tokens list")]
    List(List),
    /// End a token
    #[command(after_help = "Example:\n  sumun tokens revoke T1 --reason \"machine retired\"")]
    Revoke(Revoke),
}

/// For which machine.
#[derive(Debug, clap::Args)]
pub struct Make {
    /// What it is for
    #[arg(long)]
    name: String,
    /// What it may do, separated by commas
    #[arg(long, value_delimiter = ',', required = true)]
    roles: Vec<String>,
    /// When it ends, in UTC
    #[arg(long, value_name = "TIME")]
    expires: String,
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

/// Which, and why.
#[derive(Debug, clap::Args)]
pub struct Revoke {
    /// The token's id
    token: String,
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
pub fn run(command: Tokens) -> anyhow::Result<()> {
    match command {
        Tokens::Make(Make { name, roles, expires, writing, reach }) => {
            let body = json!({ "name": name, "roles": roles, "expires": expires });
            reach.write(&writing, Call::post(&["tokens"], body).secret())
        }
        Tokens::List(List { page, reach }) => reach.list(
            Call::get(&["tokens"]),
            &page,
            &["token", "name", "roles", "state", "expires", "created_by"],
        ),
        Tokens::Revoke(Revoke { token, reason, writing, reach }) => {
            reach.write(&writing, Call::post(&["tokens", &token, "revoke"], json!({ "reason": reason })))
        }
    }
}
