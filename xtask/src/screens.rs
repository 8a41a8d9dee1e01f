//! `cargo xtask screens`: pictures of every page and state, in both languages and themes, into `docs/screens`.
//!
//! Builds the console and what the demo starts, then lets the browser tests' own machinery take the pictures (`console/e2e/*.screens.ts`).
//! Judges nothing: whoever takes them looks at them.

use std::process::ExitCode;

use anyhow::Result;

use crate::{console, run, setup, test};

/// Asks the browser tests for pictures instead.
const VARIABLE: &str = "SUMUN_SCREENS";

pub(crate) fn run() -> Result<ExitCode> {
    setup::run()?;
    console::build()?;
    run::step("build the demo", &mut test::build_what_is_started())?;
    let mut command = console::browser_tests()?;
    command.args(["--", "--project=screens"]).env(VARIABLE, "1");
    run::step("screens", &mut command)?;
    Ok(ExitCode::SUCCESS)
}
