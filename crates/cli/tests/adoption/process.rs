//! What a command that does not end by itself becomes: a process with its log in a file, stopped or killed by its number.

use crate::waiting::until;
use serde_json::Value;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A running one. Dropping it kills it.
pub(crate) struct Process {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Process {
    /// Starts it; its output is kept beside this path.
    pub(crate) fn start(command: &mut Command, log: PathBuf) -> Self {
        let (out, err) = (log.with_extension("out"), log.with_extension("err"));
        command.stdin(Stdio::null()).stdout(File::create(&out).unwrap());
        let appended = File::options().create(true).append(true).open(&err).unwrap();
        let child = command.stderr(appended).spawn().unwrap();
        Self { child, out, err }
    }

    /// Its line of addresses, once it serves; none if it ended instead.
    pub(crate) fn ready(&mut self) -> Option<Value> {
        let line = until("it to serve or to end", || {
            let printed = std::fs::read_to_string(&self.out).unwrap();
            let ended = self.child.try_wait().unwrap().is_some();
            (printed.ends_with('\n') || ended).then_some(printed)
        });
        serde_json::from_str::<Value>(&line).ok().map(|line| line["ready"].clone())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM, and a good end.
    pub(crate) fn stop(mut self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let ended = until("it to stop", || self.child.try_wait().unwrap());
        assert!(ended.success(), "{ended}: {}", self.said());
    }

    /// Waits until it has ended, whoever ended it.
    pub(crate) fn ended(mut self) {
        until("it to end", || self.child.try_wait().unwrap());
    }

    /// What it wrote to standard error, runs before this one included.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.err).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Does nothing to one that has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
