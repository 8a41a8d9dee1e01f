//! Exit codes: 0 stopped, 1 it failed though what was given was fine, 2 what was given is bad. As of the command `sumun`.

use std::process::ExitCode;

/// What was given is bad; says what and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadInput(pub(crate) String);

/// It failed, though what was given was fine; says what was attempted and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Failed(pub(crate) String);

/// Prints the error, if there is one, and gives the exit code.
pub(crate) fn report(outcome: anyhow::Result<()>) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("  because: {cause}\n"));
    }
    eprint!("{text}");
    ExitCode::from(if error.chain().any(|cause| cause.is::<BadInput>()) { 2 } else { 1 })
}
