//! `sumun cases`: the one file on a suspicion.

use super::party::Get;
use crate::client::show::page;
use crate::client::{Call, Listing, Reach, Writing};
use clap::ValueEnum;
use serde_json::{Value, json};

/// What a list of cases shows.
const COLUMNS: [&str; 7] = ["case_id", "subject", "state", "cause", "assignee", "priority", "due"];

/// What can be done with cases.
#[derive(Debug, clap::Subcommand)]
pub enum Cases {
    /// List cases, the oldest first
    #[command(after_help = "Example:\n  sumun cases list --state open")]
    List(List),
    /// Show what to look at first: open cases that are nobody's, by priority
    #[command(after_help = "Example:\n  sumun cases queue")]
    Queue(Queue),
    /// Show a case with its timeline and the steps that are missing
    #[command(after_help = "Example:\n  sumun cases show C0006512b9d2f5c0a1b2c3d4")]
    Show(Get),
    /// Show every member of a case with what happens to it
    #[command(after_help = "Example:\n  sumun cases plan C0006512b9d2f5c0a1b2c3d4")]
    Plan(One),
    /// Give a case to somebody
    #[command(after_help = "Example:\n  sumun cases assign C0006512b9d2f5c0a1b2c3d4 alice")]
    Assign(Assign),
    /// Say something in a case
    #[command(
        after_help = "Example:\n  sumun cases comment C0006512b9d2f5c0a1b2c3d4 \"the owner called and explains his new office\""
    )]
    Comment(Comment),
    /// Say that a step of the playbook is done, and what came of it
    #[command(
        after_help = "Example:\n  sumun cases step C0006512b9d2f5c0a1b2c3d4 review_evidence --result \"two hosts in turn, minutes apart\""
    )]
    Step(Step),
    /// Ask that a step be waived
    #[command(
        after_help = "Example:\n  sumun cases ask-waiver C0006512b9d2f5c0a1b2c3d4 hear_owner --reason \"he cannot be reached since May\""
    )]
    AskWaiver(Reasoned),
    /// Agree that a step be waived; who asked cannot
    #[command(
        after_help = "Example:\n  sumun cases waive C0006512b9d2f5c0a1b2c3d4 hear_owner --reason \"three attempts are on record\""
    )]
    Waive(Reasoned),
    /// Decide about members of a case, all at once
    #[command(
        after_help = "Example:\n  sumun cases decide C0006512b9d2f5c0a1b2c3d4 --exonerate K1 --confirm K2 --reason \"K1 is a family computer\""
    )]
    Decide(Decide),
    /// Close a case; refused while a step is missing
    #[command(
        after_help = "Example:\n  sumun cases close C0006512b9d2f5c0a1b2c3d4 --outcome benign --reason \"a documented delegation\""
    )]
    Close(Close),
    /// List what somebody has to do
    #[command(after_help = "Example:\n  sumun cases tasks --state open")]
    Tasks(Tasks),
    /// Say that a task is done, and what came of it
    #[command(
        after_help = "Example:\n  sumun cases finish T0a1b2c3d --result \"no report is due, see the case\""
    )]
    Finish(Finish),
}

/// Which cases.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Only those in this state: open, closed, merged
    #[arg(long)]
    state: Option<String>,
    /// Only those of this person: `alice`, or `user:alice`
    #[arg(long)]
    assignee: Option<String>,
    /// Only those about this, such as key:K1
    #[arg(long)]
    subject: Option<String>,
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Nothing more to say.
#[derive(Debug, clap::Args)]
pub struct Queue {
    #[command(flatten)]
    reach: Reach,
}

/// Which case.
#[derive(Debug, clap::Args)]
pub struct One {
    /// The case
    id: String,
    #[command(flatten)]
    reach: Reach,
}

/// Which case, and to whom.
#[derive(Debug, clap::Args)]
pub struct Assign {
    /// The case
    id: String,
    /// Who of staff: `alice`, or `user:alice`
    assignee: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Which case, and what.
#[derive(Debug, clap::Args)]
pub struct Comment {
    /// The case
    id: String,
    /// In your own words
    text: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Which step, and what came of it.
#[derive(Debug, clap::Args)]
pub struct Step {
    /// The case
    id: String,
    /// The step
    step: String,
    /// What came of it, in your own words
    #[arg(long)]
    result: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Which step, and why.
#[derive(Debug, clap::Args)]
pub struct Reasoned {
    /// The case
    id: String,
    /// The step
    step: String,
    /// Why, in your own words
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// What is decided, member by member.
#[derive(Debug, clap::Args)]
pub struct Decide {
    /// The case
    id: String,
    /// A key that stays as it is
    #[arg(long, value_name = "KEY")]
    keep: Vec<String>,
    /// A key that it was not
    #[arg(long, value_name = "KEY")]
    exonerate: Vec<String>,
    /// A key whose measure ends
    #[arg(long, value_name = "KEY")]
    lift: Vec<String>,
    /// A key that it was
    #[arg(long, value_name = "KEY")]
    confirm: Vec<String>,
    /// Why, in your own words
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// How a case ends.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Outcome {
    /// The suspicion was right
    Confirmed,
    /// What was found was not so
    FalsePositive,
    /// What was found was so, and is allowed
    Benign,
}

/// Which case, how it ends, and why.
#[derive(Debug, clap::Args)]
pub struct Close {
    /// The case
    id: String,
    /// How it ends
    #[arg(long)]
    outcome: Outcome,
    /// Why, in your own words
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Which tasks.
#[derive(Debug, clap::Args)]
pub struct Tasks {
    /// Only those in this state: open, done, dropped
    #[arg(long)]
    state: Option<String>,
    /// Only those of this case
    #[arg(long)]
    case: Option<String>,
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Which task, and what came of it.
#[derive(Debug, clap::Args)]
pub struct Finish {
    /// The task
    id: String,
    /// What came of it, in your own words
    #[arg(long)]
    result: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl Decide {
    fn body(&self) -> Value {
        let choices = [
            ("keep", &self.keep),
            ("exonerate", &self.exonerate),
            ("lift", &self.lift),
            ("confirm", &self.confirm),
        ];
        let decisions: Vec<Value> = choices
            .into_iter()
            .flat_map(|(choice, keys)| keys.iter().map(move |key| (choice, key)))
            .map(|(choice, key)| json!({ "key": key, "choice": choice, "reason": self.reason }))
            .collect();
        json!({ "decisions": decisions })
    }
}

impl Reasoned {
    fn run(&self, what: &str) -> anyhow::Result<()> {
        let body = json!({ "reason": self.reason });
        self.reach.write(&self.writing, Call::post(&["cases", &self.id, "steps", &self.step, what], body))
    }
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn run(command: Cases) -> anyhow::Result<()> {
    match command {
        Cases::List(List { state, assignee, subject, page, reach }) => {
            let assignee = assignee.map(|who| if who.contains(':') { who } else { format!("user:{who}") });
            let call = Call::get(&["cases"])
                .with_some("state", state.as_ref())
                .with_some("assignee", assignee.as_ref())
                .with_some("subject", subject.as_ref());
            reach.list(call, &page, &COLUMNS)
        }
        Cases::Queue(Queue { reach }) => {
            let answer = reach.client()?.send(&Call::get(&["case-queue"]))?;
            reach.print(&answer, |json| page(json, &COLUMNS))
        }
        Cases::Show(arguments) => arguments.run(super::party::Kind { path: "cases", columns: &[] }),
        Cases::Plan(One { id, reach }) => reach.show(&Call::get(&["cases", &id, "plan"])),
        Cases::Assign(Assign { id, assignee, writing, reach }) => {
            let body = json!({ "assignee": assignee });
            reach.write(&writing, Call::post(&["cases", &id, "assign"], body))
        }
        Cases::Comment(Comment { id, text, writing, reach }) => {
            reach.write(&writing, Call::post(&["cases", &id, "comments"], json!({ "text": text })))
        }
        Cases::Step(Step { id, step, result, writing, reach }) => {
            let body = json!({ "result": result });
            reach.write(&writing, Call::post(&["cases", &id, "steps", &step, "done"], body))
        }
        Cases::AskWaiver(arguments) => arguments.run("ask-waiver"),
        Cases::Waive(arguments) => arguments.run("waive"),
        Cases::Decide(arguments) => {
            let call = Call::post(&["cases", &arguments.id, "decide"], arguments.body());
            arguments.reach.write(&arguments.writing, call)
        }
        Cases::Close(Close { id, outcome, reason, writing, reach }) => {
            let outcome = match outcome {
                Outcome::Confirmed => "confirmed",
                Outcome::FalsePositive => "false_positive",
                Outcome::Benign => "benign",
            };
            let body = json!({ "outcome": outcome, "reason": reason });
            reach.write(&writing, Call::post(&["cases", &id, "close"], body))
        }
        Cases::Tasks(Tasks { state, case, page, reach }) => {
            let call =
                Call::get(&["tasks"]).with_some("state", state.as_ref()).with_some("case", case.as_ref());
            reach.list(call, &page, &["task", "kind", "case_id", "state", "assignee", "due"])
        }
        Cases::Finish(Finish { id, result, writing, reach }) => {
            reach.write(&writing, Call::post(&["tasks", &id, "finish"], json!({ "result": result })))
        }
    }
}
