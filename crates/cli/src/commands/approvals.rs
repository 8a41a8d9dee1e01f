//! `sumun approvals`: what waits for a second pair of eyes.

use super::party::Get;
use crate::client::{Call, Listing, Reach, Writing};
use serde_json::json;

/// What can be done with approvals.
#[derive(Debug, clap::Subcommand)]
pub enum Approvals {
    /// List what waits, or what came of it
    #[command(after_help = "Example:\n  sumun approvals list --state open")]
    List(List),
    /// Show an approval, with what was asked for
    #[command(after_help = "Example:\n  sumun approvals show AP1")]
    Show(Get),
    /// Grant one step of it; who asked cannot
    #[command(
        after_help = "Example:\n  sumun approvals grant AP1 --reason \"office address checked by phone\""
    )]
    Grant(Decide),
    /// Refuse it
    #[command(after_help = "Example:\n  sumun approvals refuse AP1 --reason \"prefix is a hosting network\"")]
    Refuse(Decide),
    /// Take back what you asked for yourself
    #[command(after_help = "Example:\n  sumun approvals withdraw AP1")]
    Withdraw(Withdraw),
}

/// Which approvals.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Only those in this state
    #[arg(long)]
    state: Option<String>,
    /// Only those about this subject, such as key:K1
    #[arg(long)]
    subject: Option<String>,
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Which.
#[derive(Debug, clap::Args)]
pub struct Withdraw {
    /// The approval
    id: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Which, and why.
#[derive(Debug, clap::Args)]
pub struct Decide {
    /// The approval
    id: String,
    /// Why, in your own words
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl Decide {
    fn run(&self, decision: &str) -> anyhow::Result<()> {
        let body = json!({ "decision": decision, "reason": self.reason });
        self.reach.write(&self.writing, Call::post(&["approvals", &self.id, "decide"], body))
    }
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn run(command: Approvals) -> anyhow::Result<()> {
    match command {
        Approvals::List(List { state, subject, page, reach }) => {
            let call = Call::get(&["approvals"])
                .with_some("state", state.as_ref())
                .with_some("subject", subject.as_ref());
            reach.list(call, &page, &["approval", "subject", "action", "state", "requested_by"])
        }
        Approvals::Show(arguments) => arguments.run(super::party::Kind { path: "approvals", columns: &[] }),
        Approvals::Grant(arguments) => arguments.run("approve"),
        Approvals::Refuse(arguments) => arguments.run("refuse"),
        Approvals::Withdraw(Withdraw { id, writing, reach }) => {
            reach.write(&writing, Call::act(&["approvals", &id, "withdraw"]))
        }
    }
}
