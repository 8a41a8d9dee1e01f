//! Programs as processes: started, waited for, killed.

use crate::until;
use serde_json::Value;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

/// A program of the workspace beside the one under test.
pub(crate) fn beside(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_sumun-kafka")).with_file_name(name);
    assert!(path.exists(), "{} is not built: cargo build --bin {name}", path.display());
    path
}

pub(crate) struct Process {
    child: Child,
    out: Arc<Mutex<String>>,
    err: Arc<Mutex<String>>,
    pub(crate) ready: Value,
}

impl Process {
    /// Starts it, and waits for its line of JSON.
    pub(crate) fn start(command: Command) -> Self {
        let mut process = Self::begin(command);
        process.wait_ready();
        process
    }

    /// Starts it.
    pub(crate) fn begin(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (out, err) = (collect(child.stdout.take().unwrap()), collect(child.stderr.take().unwrap()));
        Self { child, out, err, ready: Value::Null }
    }

    /// Waits for its line of JSON.
    pub(crate) fn wait_ready(&mut self) {
        let line = until("a process to be ready", || {
            let line = self.out.lock().unwrap().clone();
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it did not start: {ended:?}\n{}", self.said());
            line.ends_with('\n').then_some(line)
        });
        self.ready = serde_json::from_str::<Value>(line.lines().next().unwrap()).unwrap()["ready"].take();
    }

    /// Waits until it wrote this so often to stderr.
    pub(crate) fn says(&self, what: &str, times: usize) {
        until(&format!("`{what}` to be said {times} times"), || {
            (self.said().matches(what).count() >= times).then_some(())
        });
    }

    /// What it wrote to stderr so far.
    pub(crate) fn said(&self) -> String {
        self.err.lock().unwrap().clone()
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.said()
    }

    /// SIGTERM, and the end.
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let status = until("a process to end", || self.child.try_wait().unwrap());
        (status, self.said())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("it said:\n{}", self.said());
        }
    }
}

fn collect(mut from: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let own = Arc::clone(&text);
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            own.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    });
    text
}
