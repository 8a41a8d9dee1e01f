//! `sumun customers`: verified parties.

use super::party::{Get, Kind, List, Put};
use serde::Serialize;

const KIND: Kind =
    Kind { path: "customers", columns: &["customer", "segment", "country", "state", "purpose"] };

/// What can be done with customers.
#[derive(Debug, clap::Subcommand)]
pub enum Customers {
    /// Create a customer, or replace it wholly
    #[command(after_help = "Example:\n  sumun customers put C1 --segment retail --country KR")]
    Put(Box<Put<Fields>>),
    /// Show a customer
    #[command(after_help = "Example:\n  sumun customers get C1")]
    Get(Get),
    /// List customers
    #[command(after_help = "Example:\n  sumun customers list --limit 20")]
    List(List<OfSegment>),
}

/// Only one segment's.
#[derive(Debug, clap::Args, Serialize)]
pub struct OfSegment {
    /// Only those of this segment
    #[arg(long)]
    segment: Option<String>,
}

/// A customer's fields.
#[derive(Debug, clap::Args, Serialize)]
pub struct Fields {
    /// retail, corporate, broker, market_maker or custodian
    #[arg(long)]
    segment: Option<String>,
    /// Country, in two letters
    #[arg(long)]
    country: Option<String>,
    /// What the customer wants API access for
    #[arg(long)]
    purpose: Option<String>,
    /// active or closed
    #[arg(long)]
    state: Option<String>,
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn run(command: Customers) -> anyhow::Result<()> {
    match command {
        Customers::Put(arguments) => arguments.run(KIND),
        Customers::Get(arguments) => arguments.run(KIND),
        Customers::List(arguments) => arguments.run(KIND),
    }
}
