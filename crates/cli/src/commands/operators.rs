//! `sumun operators`: who in fact drives keys.

use super::party::{Get, Kind, List, OfCustomer, Put};
use serde::Serialize;

const KIND: Kind =
    Kind { path: "operators", columns: &["operator", "kind", "customer", "vendor", "state", "networks"] };

/// What can be done with operators.
#[derive(Debug, clap::Subcommand)]
pub enum Operators {
    /// Create an operator, or replace one wholly
    #[command(
        after_help = "Example:\n  sumun operators put desk-2 --kind desk --customer C1 --networks 203.0.113.0/29"
    )]
    Put(Box<Put<Fields>>),
    /// Show an operator
    #[command(after_help = "Example:\n  sumun operators get desk-2")]
    Get(Get),
    /// List operators
    #[command(after_help = "Example:\n  sumun operators list")]
    List(List<OfCustomer>),
}

/// An operator's fields.
#[derive(Debug, clap::Args, Serialize)]
pub struct Fields {
    /// owner, employee, desk or vendor
    #[arg(long)]
    kind: Option<String>,
    /// Whose roster he stands on
    #[arg(long)]
    customer: Option<String>,
    /// The vendor it is
    #[arg(long)]
    vendor: Option<String>,
    /// Name
    #[arg(long)]
    name: Option<String>,
    /// Networks he works from, separated by commas
    #[arg(long, value_name = "PREFIX", value_delimiter = ',')]
    networks: Vec<String>,
    /// active or ended
    #[arg(long)]
    state: Option<String>,
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn run(command: Operators) -> anyhow::Result<()> {
    match command {
        Operators::Put(arguments) => arguments.run(KIND),
        Operators::Get(arguments) => arguments.run(KIND),
        Operators::List(arguments) => arguments.run(KIND),
    }
}
