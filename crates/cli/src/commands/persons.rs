//! `sumun persons`: natural persons behind customers. Reading one is itself recorded.

use super::party::{Get, Kind, List, Put};
use serde::Serialize;

const KIND: Kind = Kind { path: "persons", columns: &["person", "customer", "role", "name", "email"] };

/// What can be done with persons.
#[derive(Debug, clap::Subcommand)]
pub enum Persons {
    /// Create a person, or replace one wholly
    #[command(
        after_help = "Examples:\n  sumun persons put P1 --customer C1 --role owner --name \"Made Up\"\n  \
                            echo '{\"customer\":\"C1\",\"role\":\"owner\"}' | sumun persons put P1 --file -"
    )]
    Put(Box<Put<Fields>>),
    /// Show a person; the reading is recorded
    #[command(after_help = "Example:\n  sumun persons get P1")]
    Get(Get),
    /// List persons; the reading is recorded
    #[command(after_help = "Example:\n  sumun persons list")]
    List(List),
}

/// A person's fields.
#[derive(Debug, clap::Args, Serialize)]
pub struct Fields {
    /// The customer behind whom he stands
    #[arg(long)]
    customer: Option<String>,
    /// Name, as verified
    #[arg(long)]
    name: Option<String>,
    /// Mail address
    #[arg(long)]
    email: Option<String>,
    /// Telephone
    #[arg(long)]
    phone: Option<String>,
    /// owner, corporate_admin, broker or market_maker
    #[arg(long)]
    role: Option<String>,
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn run(command: Persons) -> anyhow::Result<()> {
    match command {
        Persons::Put(arguments) => arguments.run(KIND),
        Persons::Get(arguments) => arguments.run(KIND),
        Persons::List(arguments) => arguments.run(KIND),
    }
}
