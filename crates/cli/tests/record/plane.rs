//! `sumun govern` as a process.

use crate::stage::wait_for;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

/// A running control plane. Dropping it kills it.
pub(crate) struct Plane {
    child: Child,
    pub(crate) ready: serde_json::Value,
}

impl Plane {
    /// Starts it and waits until it serves.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (told, line) = mpsc::channel();
        std::thread::spawn(move || {
            let _ = told.send(out.lines().next().and_then(Result::ok).unwrap_or_default());
        });
        let line = wait_for(|| line.try_recv().ok()).expect("it said nothing");
        let ready: serde_json::Value = serde_json::from_str(&line).expect("it ended instead");
        Self { child, ready: ready["ready"].clone() }
    }

    /// SIGTERM, and a good end.
    pub(crate) fn stop(mut self) {
        // By the shell's own `kill`: a bare machine has no program of that name.
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let ended = wait_for(|| self.child.try_wait().unwrap()).expect("it did not stop");
        assert!(ended.success(), "{ended}");
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        // Does nothing to one that has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
