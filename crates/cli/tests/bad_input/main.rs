//! What is wrong with what a gate is given: said at once, with what, where and what to do, and nothing lost by it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic, wait for real processes, and their names say what they are"
)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../crash/stage/mod.rs"]
mod stage;

mod clocks;
mod data;
mod edits;
mod full_disk;
mod given;
mod keys_file;
mod upstreams;

use stage::Stage;
use stage::process::{Ended, Gate};

/// Starts a gate that must not come to serve; returns how it ended.
fn refused(stage: &Stage) -> Ended {
    match Gate::try_start(stage.place.command(&["gate"])) {
        Ok(gate) => panic!("it started: {}", gate.said()),
        Err(ended) => ended,
    }
}

/// The error itself, without the log lines before it.
fn error(ended: &Ended) -> String {
    assert!(!ended.err.contains("panicked"), "{}", ended.err);
    let at = ended.err.find("error: ").unwrap_or_else(|| panic!("no error: {}", ended.shown()));
    let code = ended.code.map_or_else(|| "by a signal".to_owned(), |code| code.to_string());
    format!("exit {code}\n{}", &ended.err[at..])
}

/// All files below a folder with what they hold.
fn tree(folder: &std::path::Path) -> std::collections::BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut files = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(tree(&path));
        } else {
            files.insert(path.clone(), std::fs::read(path).unwrap());
        }
    }
    files
}
