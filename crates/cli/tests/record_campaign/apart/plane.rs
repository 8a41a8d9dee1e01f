//! `sumun govern` as a process in a folder, killed and started again where it was. Not here: what it is asked (`site`).

use crate::stage::process::terminate;
use crate::support::Place;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// `sumun govern` in a folder.
pub(crate) struct Plane {
    pub(crate) place: Place,
    pub(crate) server: String,
    child: Mutex<Option<Child>>,
}

impl Plane {
    /// Runs it in this folder, at a port of its own.
    pub(crate) fn start(place: Place) -> Self {
        let (child, server) = govern(&place, "127.0.0.1:0").expect("the control plane starts");
        Self { place, server, child: Mutex::new(Some(child)) }
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts it again, where it listened, if it does not run. Not yet, if its database is away.
    pub(crate) fn up(&self) {
        let mut child = self.child();
        if child.as_mut().is_none_or(|child| child.try_wait().unwrap().is_some()) {
            let listen = self.server.strip_prefix("http://").unwrap();
            *child = govern(&self.place, listen).map(|(child, _)| child);
        }
    }

    /// SIGKILL.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child().take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// SIGTERM, and the end.
    pub(crate) fn stop(&self) {
        if let Some(mut child) = self.child().take() {
            terminate(&child);
            assert!(child.wait().unwrap().success(), "{}", self.said());
        }
    }

    pub(crate) fn said(&self) -> String {
        self.place.read("govern.log")
    }

    pub(crate) fn verifies(&self) {
        let verified = self.place.run(&["ledger", "verify"]);
        assert_eq!(verified.code, 0, "{}", verified.shown());
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = self.said();
            let lines: Vec<&str> = said.lines().rev().take(30).collect();
            eprintln!("{} said last, newest first:\n{}", self.server, lines.join("\n"));
        }
        self.kill();
    }
}

/// Starts one and waits until it serves; none if it ended.
fn govern(place: &Place, listen: &str) -> Option<(Child, String)> {
    let log = File::options().create(true).append(true).open(place.path("govern.log")).unwrap();
    let mut command = place.command(&["govern", "--listen", listen]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let Ok(ready) = serde_json::from_str::<Value>(&line) else {
        child.wait().unwrap();
        return None;
    };
    let server = format!("http://{}", ready["ready"]["govern"].as_str().unwrap());
    Some((child, server))
}

/// The same folder once more.
pub(crate) fn copy(place: &Place) -> Place {
    let copied = Place::new();
    let ran = Command::new("cp").arg("-a").arg(place.path(".")).arg(copied.path(".")).status();
    assert!(ran.unwrap().success());
    copied
}
