//! `sumun policy`: check a policy file, compare two, read one in plain words.

pub use super::policy_check::Arguments as Check;
pub use super::policy_diff::Arguments as Diff;
pub use super::policy_explain::Arguments as Explain;

use crate::exit::BadInput;
use std::path::Path;
use sumun_policy::Policy as Parsed;

/// What can be done with policy files.
#[expect(missing_docs, reason = "a doc comment on a command here would hide the help in its own file")]
#[derive(Debug, clap::Subcommand)]
pub enum Policy {
    Check(Check),
    Diff(Diff),
    Explain(Explain),
}

/// Runs it.
///
/// # Errors
/// A file is bad, or what is asked for is not in it.
pub fn run(command: Policy) -> anyhow::Result<()> {
    match command {
        Policy::Check(arguments) => super::policy_check::run(&arguments),
        Policy::Diff(arguments) => super::policy_diff::run(&arguments),
        Policy::Explain(arguments) => super::policy_explain::run(&arguments),
    }
}

/// The text of a policy file.
///
/// # Errors
/// It cannot be read, or is no text.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| BadInput(format!("cannot read the policy `{}`: {error}", path.display())).into())
}

/// A policy file that must be good.
///
/// # Errors
/// Everything wrong with it, each with its place.
pub(super) fn load(path: &Path) -> anyhow::Result<Parsed> {
    let text = read(path)?;
    Parsed::parse(&text).map_err(|errors| {
        let shown = path.display();
        let told: Vec<String> = errors.0.iter().map(|problem| format!("{shown}:{problem}")).collect();
        BadInput(format!("the policy cannot be used\n  {}", told.join("\n  "))).into()
    })
}
