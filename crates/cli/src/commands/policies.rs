//! `sumun policies`: what decides at the control plane, and how another one comes into force. Files alone are `sumun policy`'s.

use crate::client::{Call, Listing, Reach, Writing, show};
use crate::exit::BadInput;
use crate::output;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What can be done with policies.
#[derive(Debug, clap::Subcommand)]
pub enum Policies {
    /// List policies, the one in force among them
    #[command(after_help = "Example:\n  sumun policies list")]
    List(List),
    /// Show a policy, and how it differs from the one in force
    #[command(
        after_help = "Examples:\n  sumun policies show default@2\n  sumun policies show default@2 --text > default-2.toml"
    )]
    Show(Show),
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

/// Which.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// The policy: id and version
    id: String,
    /// Print the policy file alone, byte for byte
    #[arg(long, conflicts_with = "json")]
    text: bool,
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
        write(&self.reach, &self.writing, Call::post(&["policies", &self.id, what], body))
    }
}

/// Does it; who sent the text need not read it in the answer.
fn write(reach: &Reach, writing: &Writing, call: Call) -> anyhow::Result<()> {
    let mut answer = reach.client()?.send(&writing.of(call)?)?;
    if !reach.json {
        take_text(&mut answer.json, "/result/policy");
    }
    reach.print(&answer, if writing.dry_run { show::plan } else { show::done })
}

/// Takes a policy's text out of an answer.
fn take_text(answer: &mut Value, at: &str) -> String {
    let policy = answer.pointer_mut(at).and_then(Value::as_object_mut);
    let text = policy.and_then(|policy| policy.remove("text"));
    text.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
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
        Policies::Show(Show { id, text, reach }) => {
            let mut answer = reach.client()?.send(&Call::get(&["policies", &id]))?;
            if reach.json {
                return reach.print(&answer, show::record);
            }
            // Set in columns it would be no TOML any more.
            let file = take_text(&mut answer.json, "/policy");
            if !text {
                output::text(&show::record(&answer.json))?;
                output::text("\n")?;
            }
            output::text(&file)
        }
        Policies::Propose(Propose { file, writing, reach }) => {
            let text = std::fs::read_to_string(&file)
                .map_err(|error| BadInput(format!("cannot read the policy `{}`: {error}", file.display())))?;
            write(&reach, &writing, Call::post(&["policies"], json!({ "text": text })))
        }
        Policies::Activate(arguments) => arguments.run("activate"),
        Policies::Retire(arguments) => arguments.run("retire"),
    }
}
