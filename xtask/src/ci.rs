//! `cargo xtask ci`: exactly what CI runs, in the order that fails fastest.

use std::process::ExitCode;

use anyhow::Result;

use crate::metadata::Metadata;
use crate::{console, licence, run, setup, space, test, tidy};

pub(crate) fn run() -> Result<ExitCode> {
    space::check()?;
    run::step("format", &mut run::cargo_with(["fmt", "--all", "--check"]))?;
    run::heading("licences and tidy");
    let metadata = Metadata::load()?;
    // Both are quick; seeing the problems of both at once saves a round.
    let outcomes = [licence::check(&metadata)?, tidy::check(&metadata)?];
    if outcomes.contains(&ExitCode::FAILURE) {
        return Ok(ExitCode::FAILURE);
    }
    setup::compilers()?;
    setup::console()?;
    console::lint()?;
    run::step(
        "clippy",
        &mut run::cargo_with(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
    )?;
    test::run(&test::Options::default())
}
