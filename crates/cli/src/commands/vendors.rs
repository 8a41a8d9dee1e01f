//! `sumun vendors`: third-party tools in the registry.

use super::party::{All, Get, Kind, List, Put};
use crate::client::{Call, Reach, Writing, body};
use serde::Serialize;
use serde_json::{Value, json};

const KIND: Kind =
    Kind { path: "vendors", columns: &["vendor", "name", "class", "state", "networks", "scopes"] };

/// What can be done with vendors.
#[derive(Debug, clap::Subcommand)]
pub enum Vendors {
    /// Enter a vendor, or replace one wholly
    #[command(
        after_help = "Example:\n  sumun vendors put V1 --name \"Made-up Bots\" --class tool --networks 198.51.100.0/24 \
                            --scopes read,trade"
    )]
    Put(Box<Put<Fields>>),
    /// Show a vendor
    #[command(after_help = "Example:\n  sumun vendors get V1")]
    Get(Get),
    /// List vendors
    #[command(after_help = "Example:\n  sumun vendors list")]
    List(List<All>),
    /// Approve, suspend or remove a vendor
    #[command(
        after_help = "Example:\n  sumun vendors state V1 suspended --reason \"keys found in its logs\""
    )]
    State(State),
}

/// A vendor's fields.
#[derive(Debug, clap::Args, Serialize)]
pub struct Fields {
    /// Name
    #[arg(long)]
    name: Option<String>,
    /// tool, signal or discretionary
    #[arg(long)]
    class: Option<String>,
    /// Its own egress networks, separated by commas
    #[arg(long, value_name = "PREFIX", value_delimiter = ',')]
    networks: Vec<String>,
    /// The most a key for it may do, separated by commas
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    scopes: Vec<String>,
    /// What was looked at before it was let in, as JSON
    #[arg(long, value_name = "JSON", value_parser = body::value)]
    diligence: Option<Value>,
    /// When it last attested, in UTC
    #[arg(long, value_name = "TIME")]
    attested: Option<String>,
}

/// Into which state, and why.
#[derive(Debug, clap::Args)]
pub struct State {
    /// The vendor
    id: String,
    /// applied, approved, suspended or removed
    state: String,
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
pub fn run(command: Vendors) -> anyhow::Result<()> {
    match command {
        Vendors::Put(arguments) => arguments.run(KIND),
        Vendors::Get(arguments) => arguments.run(KIND),
        Vendors::List(arguments) => arguments.run(KIND),
        Vendors::State(State { id, state, reason, writing, reach }) => reach.write(
            &writing,
            Call::post(&["vendors", &id, "state"], json!({ "state": state, "reason": reason })),
        ),
    }
}
