//! What a program said before it ended: one line each, written at once to a file that never fails.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

/// One thing said.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    /// A change was asked for.
    Asked { id: String },
    /// It was answered as made.
    Made { id: String, entry: u64, feed_version: Option<u64>, checkpoint: String },
    /// It was answered as made before.
    MadeBefore { id: String },
    /// Somebody else made it: it was answered as a conflict.
    Lost { id: String, said: String },
    /// It was answered as not made, or not known to be made.
    NotMade { id: String, said: String, in_doubt: bool },
    /// A feed version came by.
    Saw { version: u64, records: serde_json::Value },
    /// The store did not open.
    Closed { said: String },
}

/// Where a program writes.
pub(crate) struct Reporter(Mutex<File>);

impl Reporter {
    pub(crate) fn at(path: &Path) -> Self {
        Self(Mutex::new(OpenOptions::new().create(true).append(true).open(path).unwrap()))
    }

    pub(crate) fn say(&self, line: &Line) {
        let text = format!("{}\n", serde_json::to_string(line).unwrap());
        self.0.lock().unwrap().write_all(text.as_bytes()).unwrap();
    }
}

/// All lines of all programs that wrote there, oldest first.
pub(crate) fn read(path: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}
