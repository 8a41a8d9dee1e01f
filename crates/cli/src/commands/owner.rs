//! `sumun owner`: what a key's owner is asked, and what he answers.

use crate::client::{Call, Listing, Reach, Writing};
use serde_json::json;

/// What an owner can do.
#[derive(Debug, clap::Subcommand)]
pub enum Owner {
    /// Is it you? Requests from addresses that are not registered
    #[command(subcommand)]
    Questions(Questions),
    /// Addresses of a key, and when each takes effect
    #[command(subcommand)]
    Addresses(Addresses),
    /// Renewed verification: what is outstanding, and the control test
    #[command(subcommand)]
    Verifications(Verifications),
    /// Notices, and your word that you have read them
    #[command(subcommand)]
    Notices(Notices),
    /// Objections to notices, followed to their end
    #[command(subcommand)]
    Objections(Objections),
}

/// Questions.
#[derive(Debug, clap::Subcommand)]
pub enum Questions {
    /// List what is asked
    #[command(after_help = "Example:\n  sumun owner questions list --state open")]
    List(List),
    /// Show a question
    #[command(after_help = "Example:\n  sumun owner questions show Q1")]
    Show(One),
    /// Answer: `me` registers the address, `not_me` ends the key at once
    #[command(
        after_help = "Examples:\n  sumun owner questions answer Q1 me\n  sumun owner questions answer Q1 not_me --dry-run"
    )]
    Answer(Answer),
}

/// Addresses.
#[derive(Debug, clap::Subcommand)]
pub enum Addresses {
    /// List a key's addresses
    #[command(after_help = "Example:\n  sumun owner addresses list K1")]
    List(OfKey),
    /// Register an address; a signed request from it puts it in effect
    #[command(after_help = "Example:\n  sumun owner addresses add K1 203.0.113.7")]
    Add(Address),
    /// Remove an address, pending ones too
    #[command(after_help = "Example:\n  sumun owner addresses remove K1 203.0.113.7/32")]
    Remove(Address),
}

/// Renewed verifications.
#[derive(Debug, clap::Subcommand)]
pub enum Verifications {
    /// List them
    #[command(after_help = "Example:\n  sumun owner verifications list --state open")]
    List(List),
    /// Show one, with what to do now
    #[command(after_help = "Example:\n  sumun owner verifications show V1")]
    Show(One),
    /// Start a control test: its draws are committed to the record, none is shown yet
    #[command(after_help = "Example:\n  sumun owner verifications start V1")]
    Start(Act),
    /// Open the next step; time runs from this moment
    #[command(after_help = "Example:\n  sumun owner verifications step V1")]
    Step(Act),
    /// Rotate the key because a step asks for it; the new secret is shown once
    #[command(after_help = "Example:\n  sumun owner verifications rotate V1")]
    Rotate(Act),
}

/// Notices.
#[derive(Debug, clap::Subcommand)]
pub enum Notices {
    /// List them
    #[command(after_help = "Example:\n  sumun owner notices list --key K1")]
    List(List),
    /// Show one
    #[command(after_help = "Example:\n  sumun owner notices show N1")]
    Show(One),
    /// Say that you have read it
    #[command(after_help = "Example:\n  sumun owner notices acknowledge N1")]
    Acknowledge(Act),
}

/// Objections.
#[derive(Debug, clap::Subcommand)]
pub enum Objections {
    /// List yours, and how they stand
    #[command(after_help = "Example:\n  sumun owner objections list")]
    List(Page),
    /// Show one
    #[command(after_help = "Example:\n  sumun owner objections show OB1")]
    Show(One),
    /// Object to a notice, in your own words
    #[command(
        after_help = "Example:\n  sumun owner objections make N1 --text \"the second address is my office\""
    )]
    Make(Make),
}

/// Which page, of which.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Only about this key
    #[arg(long)]
    key: Option<String>,
    /// Only those in this state
    #[arg(long)]
    state: Option<String>,
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Which page.
#[derive(Debug, clap::Args)]
pub struct Page {
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Which.
#[derive(Debug, clap::Args)]
pub struct One {
    /// Its id
    id: String,
    #[command(flatten)]
    reach: Reach,
}

/// Which, and whether to do it.
#[derive(Debug, clap::Args)]
pub struct Act {
    /// Its id
    id: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// A question and its answer.
#[derive(Debug, clap::Args)]
pub struct Answer {
    /// The question
    id: String,
    /// Whether it was you
    #[arg(value_parser = ["me", "not_me"])]
    answer: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Of which key.
#[derive(Debug, clap::Args)]
pub struct OfKey {
    /// The key
    key: String,
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// An address of a key.
#[derive(Debug, clap::Args)]
pub struct Address {
    /// The key
    key: String,
    /// The address, or a network
    prefix: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// An objection.
#[derive(Debug, clap::Args)]
pub struct Make {
    /// The notice
    notice: String,
    /// Why, in your own words
    #[arg(long)]
    text: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl List {
    fn run(&self, what: &str, columns: &[&str]) -> anyhow::Result<()> {
        let call =
            Call::get(&[what]).with_some("key", self.key.as_ref()).with_some("state", self.state.as_ref());
        self.reach.list(call, &self.page, columns)
    }
}

impl One {
    fn run(&self, what: &str) -> anyhow::Result<()> {
        self.reach.show(&Call::get(&[what, &self.id]))
    }
}

impl Act {
    fn run(&self, what: &str, act: &str) -> anyhow::Result<()> {
        self.reach.write(&self.writing, Call::act(&[what, &self.id, act]))
    }
}

impl Address {
    fn run(&self, path: &[&str]) -> anyhow::Result<()> {
        let path: Vec<&str> = ["keys", &self.key, "addresses"].iter().chain(path).copied().collect();
        self.reach.write(&self.writing, Call::post(&path, json!({ "prefix": self.prefix })))
    }
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn run(command: Owner) -> anyhow::Result<()> {
    match command {
        Owner::Questions(command) => match command {
            Questions::List(list) => {
                list.run("questions", &["question", "key", "address", "state", "asked", "until"])
            }
            Questions::Show(one) => one.run("questions"),
            Questions::Answer(Answer { id, answer, writing, reach }) => {
                reach.write(&writing, Call::post(&["questions", &id, "answer"], json!({ "answer": answer })))
            }
        },
        Owner::Addresses(command) => match command {
            Addresses::List(OfKey { key, page, reach }) => {
                let columns = ["prefix", "in_effect", "since", "proved", "until"];
                reach.list(Call::get(&["keys", &key, "addresses"]), &page, &columns)
            }
            Addresses::Add(address) => address.run(&[]),
            Addresses::Remove(address) => address.run(&["remove"]),
        },
        Owner::Verifications(command) => match command {
            Verifications::List(list) => {
                list.run("verifications", &["verification", "state", "identity", "control", "until"])
            }
            Verifications::Show(one) => one.run("verifications"),
            Verifications::Start(act) => act.run("verifications", "tests"),
            Verifications::Step(act) => act.run("verifications", "steps"),
            Verifications::Rotate(Act { id, writing, reach }) => {
                reach.write(&writing, Call::post(&["verifications", &id, "rotate"], json!({})).secret())
            }
        },
        Owner::Notices(command) => match command {
            Notices::List(list) => list.run("notices", &["notice", "key", "kind", "state", "created"]),
            Notices::Show(one) => one.run("notices"),
            Notices::Acknowledge(act) => act.run("notices", "acknowledge"),
        },
        Owner::Objections(command) => match command {
            Objections::List(Page { page, reach }) => {
                reach.list(Call::get(&["objections"]), &page, &["objection", "state", "at", "decided"])
            }
            Objections::Show(one) => one.run("objections"),
            Objections::Make(Make { notice, text, writing, reach }) => {
                reach.write(&writing, Call::post(&["objections"], json!({ "notice": notice, "text": text })))
            }
        },
    }
}
