//! `sumun persons`: natural persons behind customers. Reading one is itself recorded.

use super::party::{Kind, List, OfCustomer, Put};
use crate::client::{Call, Reach};
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
    /// Show a person; the reading is recorded, with its reason
    #[command(after_help = "Example:\n  sumun persons get P1 --reason \"calls about key K1\"")]
    Get(Read),
    /// List persons, their data masked
    #[command(after_help = "Example:\n  sumun persons list")]
    List(List<OfCustomer>),
}

/// Which, and why.
#[derive(Debug, clap::Args)]
pub struct Read {
    /// Its id
    id: String,
    /// Why his data is wanted unmasked; it stands in the ledger
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    reach: Reach,
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
    /// owner, corporate_admin or employee
    #[arg(long)]
    role: Option<String>,
    /// When the exchange last confirmed his identity, in UTC
    #[arg(long, value_name = "TIME")]
    confirmed: Option<String>,
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn run(command: Persons) -> anyhow::Result<()> {
    match command {
        Persons::Put(arguments) => arguments.run(KIND),
        Persons::Get(Read { id, reason, reach }) => {
            reach.show(&Call::get(&["persons", &id]).with_some("reason", reason.as_ref()))
        }
        Persons::List(arguments) => arguments.run(KIND),
    }
}
