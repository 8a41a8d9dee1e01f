//! Exit codes: 0 done, 1 the operation failed, 2 what was given is bad (arguments, configuration, a file).

use std::process::ExitCode;

/// The operation failed, though what was given was fine.
pub const FAILED: u8 = 1;
/// What was given is bad. The same code clap uses for bad arguments.
pub const BAD_INPUT: u8 = 2;

/// What was given is bad; says what and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadInput(pub String);

/// The operation failed; says what was attempted and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub String);

/// The output already says what is wrong; only the exit code is left to give.
#[derive(Debug, thiserror::Error)]
#[error("exit code {0}")]
pub struct AlreadyTold(pub u8);

/// An error with its causes on one line, each said once: some name theirs themselves.
#[must_use]
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push_str(&format!(": {said}"));
        }
        source = cause.source();
    }
    text
}

/// Prints the error, if there is one, and gives the exit code.
#[must_use]
pub fn report(outcome: anyhow::Result<()>) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    if let Some(AlreadyTold(code)) = error.downcast_ref() {
        return ExitCode::from(*code);
    }
    if is_closed_pipe(&error) {
        // `sumun log tail | head`: the reader has seen enough.
        return ExitCode::SUCCESS;
    }
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("  because: {cause}\n"));
    }
    crate::logging::say(&text);
    ExitCode::from(code(&error))
}

fn code(error: &anyhow::Error) -> u8 {
    let bad = |cause: &(dyn std::error::Error + 'static)| {
        cause.is::<BadInput>()
            || cause.is::<crate::config::ConfigErrors>()
            || cause.is::<crate::keys_file::KeysFileError>()
            || cause.is::<crate::keyring::KeyringSourceError>()
    };
    if error.chain().any(bad) { BAD_INPUT } else { FAILED }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
