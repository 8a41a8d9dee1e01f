//! `sumun keys request`: ask for a key. Nothing lives before it is approved and issued.

use crate::client::body::Document;
use crate::client::{Call, Reach, Writing, body};
use serde::Serialize;
use serde_json::Value;

/// Ask for a key on the control plane.
///
/// It says what the key is for, what it may do and whence it is used. Nothing lives before it is approved, by whom the
/// venue asks for, and issued. `sumun keys capability` shows in words what a key may do.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    sumun keys request --account A1 --purpose own_bot --application bot --scopes read,trade \\\n    \
    --allow 203.0.113.7 --expires 2027-06-01T00:00:00Z --terms 1\n  \
    sumun keys request --file request.json --dry-run")]
pub struct Arguments {
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    document: Document,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// What is asked for.
#[derive(Debug, clap::Args, Serialize)]
pub struct Fields {
    /// The account it is to belong to
    #[arg(long)]
    account: Option<String>,
    /// What it is for: portfolio, own_bot, third_party_tool, copy_trading, treasury, omnibus, market_making, other
    #[arg(long)]
    purpose: Option<String>,
    /// The one application it is for
    #[arg(long)]
    application: Option<String>,
    /// Who drives it [default: the account's owner]
    #[arg(long)]
    operator: Option<String>,
    /// The vendor whose tool it is for
    #[arg(long)]
    vendor: Option<String>,
    /// What it may do, separated by commas; `read` and `trade` are shorthands
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    scopes: Vec<String>,
    /// Addresses or prefixes it is used from, separated by commas
    #[arg(long = "allow", value_name = "PREFIX", value_delimiter = ',')]
    allowlist: Vec<String>,
    /// When it ends, in UTC
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// Limits it is held to, as JSON, such as {"markets":["KRW-BTC"]}
    #[arg(long, value_name = "JSON", value_parser = body::value)]
    mandate: Option<Value>,
    /// When its rights to trade end while the rest lives on, in UTC
    #[arg(long, value_name = "TIME")]
    trade_until: Option<String>,
    /// When its rights to move assets end while the rest lives on, in UTC
    #[arg(long, value_name = "TIME")]
    transfer_until: Option<String>,
    /// How its requests are signed
    #[arg(long)]
    scheme: Option<String>,
    /// The public key, for a scheme that has one: 32 bytes in base64url. Then there is no secret
    #[arg(long, value_name = "KEY")]
    public_key: Option<String>,
    /// The key it takes the place of
    #[arg(long, value_name = "KEY")]
    replaces: Option<String>,
    /// Version of the terms that are accepted
    #[arg(long, value_name = "VERSION")]
    terms: Option<String>,
}

/// Runs it.
///
/// # Errors
/// A file is bad, what the server said, or that it cannot be reached.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { fields, document, writing, reach } = arguments;
    reach.write(&writing, Call::post(&["keys"], document.with(&fields)?))
}
