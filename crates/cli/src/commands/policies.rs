//! `sumun policies`: what decides at the control plane, and how another one comes into force. Files alone are `sumun policy`'s.

use super::party::Get;
use crate::client::{Call, Listing, Reach, Writing};
use crate::exit::BadInput;
use serde_json::json;
use std::path::PathBuf;

/// What can be done with policies.
#[derive(Debug, clap::Subcommand)]
pub enum Policies {
    /// List policies, the one in force among them
    #[command(after_help = "Example:\n  sumun policies list")]
    List(List),
    /// Show a policy, and how it differs from the one in force
    #[command(after_help = "Example:\n  sumun policies show default@2")]
    Show(Get),
    /// Propose a policy: it is read and linted, and in force nowhere
    #[command(after_help = "Example:\n  sumun policies propose policies/default.toml")]
    Propose(Propose),
    /// Have a proposed policy put in force; another compliance lead decides
    #[command(
        after_help = "Example:\n  sumun policies activate default@2 --reason \"fitted anew on the third quarter\""
    )]
    Activate(Act),
    /// Take a proposed policy out of the choice
    #[command(
        after_help = "Example:\n  sumun policies retire default@2 --reason \"a better one is proposed\""
    )]
    Retire(Act),
}

/// How many.
#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Which file.
#[derive(Debug, clap::Args)]
pub struct Propose {
    /// The policy file
    file: PathBuf,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Which, and why.
#[derive(Debug, clap::Args)]
pub struct Act {
    /// The policy: id and version
    id: String,
    /// Why, in your own words
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl Act {
    fn run(&self, what: &str) -> anyhow::Result<()> {
        let body = json!({ "reason": self.reason });
        self.reach.write(&self.writing, Call::post(&["policies", &self.id, what], body))
    }
}

/// Runs it.
///
/// # Errors
/// The file cannot be read; what the server said, or that it cannot be reached.
pub fn run(command: Policies) -> anyhow::Result<()> {
    match command {
        Policies::List(List { page, reach }) => {
            let columns = ["policy", "state", "proposed_by", "proposed", "activated", "digest"];
            reach.list(Call::get(&["policies"]), &page, &columns)
        }
        Policies::Show(arguments) => arguments.run(super::party::Kind { path: "policies", columns: &[] }),
        Policies::Propose(Propose { file, writing, reach }) => {
            let text = std::fs::read_to_string(&file)
                .map_err(|error| BadInput(format!("cannot read the policy `{}`: {error}", file.display())))?;
            reach.write(&writing, Call::post(&["policies"], json!({ "text": text })))
        }
        Policies::Activate(arguments) => arguments.run("activate"),
        Policies::Retire(arguments) => arguments.run("retire"),
    }
}
