//! Death at any step, on both databases; several programs at once.

use crate::faults::{self, Faults};
use crate::program::Program;
use crate::report::{self, Line};
use std::process::ExitStatus;

mod postgres;
mod sqlite;

const KILLED: i32 = 9;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn seed() -> u64 {
    let told = std::env::var("SUMUN_CRASH_SEED").ok().and_then(|text| text.parse().ok());
    told.unwrap_or_else(|| u64::from(std::process::id()))
}

fn run(program: &Program, faults: &Faults) -> ExitStatus {
    faults::clear(&program.place);
    let mut command = program.command();
    faults.under(&mut command, &program.disk(), &program.place);
    command.status().unwrap()
}

/// What it said last of why it did not go on, and where it was on its disk.
fn last(program: &Program) -> String {
    let said = report::read(&program.report()).into_iter().rev();
    let mut closed = said.filter_map(|line| match line {
        Line::Closed { said } | Line::NotMade { said, .. } => Some(said),
        _ => None,
    });
    let log = faults::log(&program.place);
    let tail: Vec<&str> = log.lines().rev().take(5).collect();
    format!("{}\n{tail:#?}", closed.next().unwrap_or_default())
}
