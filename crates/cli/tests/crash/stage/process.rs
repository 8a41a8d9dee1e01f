//! The real `sumun gate` as a process: started, listened to, killed.

use super::{secrets, wait_for};
use std::io::Read;
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

/// A running gate. Dropping it kills it, and fails the test if it ever printed a secret.
pub(crate) struct Gate {
    child: Child,
    stdout: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
    pub(crate) ready: serde_json::Value,
    pub(crate) listen: SocketAddr,
}

/// How a gate that did not start ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn shown(&self) -> String {
        let code = self.code.map_or_else(|| "by a signal".to_owned(), |code| code.to_string());
        format!("exit {code}\n{}", self.err)
    }
}

impl Gate {
    /// Starts it and waits until it serves; a gate that ends instead fails the test with what it said.
    pub(crate) fn start(command: Command) -> Self {
        Self::try_start(command).unwrap_or_else(|ended| panic!("the gate did not start: {}", ended.shown()))
    }

    /// Starts it and waits until it serves or ends.
    pub(crate) fn try_start(mut command: Command) -> Result<Self, Ended> {
        let mut child = spawn(&mut command);
        let stderr = collect(child.stderr.take().unwrap());
        let stdout = collect(child.stdout.take().unwrap());
        let line = wait_for(|| {
            let printed = lock(&stdout).clone();
            (printed.ends_with('\n') || child.try_wait().unwrap().is_some()).then_some(printed)
        });
        let line = line.unwrap_or_default();
        let Ok(ready) = serde_json::from_str::<serde_json::Value>(&line) else {
            let _ = child.kill();
            let code = child.wait().unwrap().code();
            let (out, err) = (whole(&stdout), whole(&stderr));
            no_secret_in(&[&out, &err]);
            return Err(Ended { code, err });
        };
        let listen = ready["ready"]["listen"].as_str().unwrap().parse().unwrap();
        Ok(Self { child, stdout, stderr, ready: ready["ready"].clone(), listen })
    }

    pub(crate) fn admin(&self) -> SocketAddr {
        self.ready["admin"].as_str().unwrap().parse().unwrap()
    }

    /// SIGKILL: nothing is flushed, nobody is told.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.said()
    }

    /// SIGTERM, and the end.
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        terminate(&self.child);
        let status = self.child.wait().unwrap();
        (status, self.said())
    }

    /// What it has written to stderr so far.
    pub(crate) fn said(&self) -> String {
        lock(&self.stderr).clone()
    }

    /// Waits until stderr holds a text.
    pub(crate) fn says(&self, text: &str) {
        let said = wait_for(|| self.said().contains(text).then_some(()));
        assert!(said.is_some(), "never said `{text}`, but:\n{}", self.said());
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            no_secret_in(&[&whole(&self.stdout), &whole(&self.stderr)]);
        }
    }
}

/// All that came out of a process that has ended: each pipe is read to its end by a thread of its own.
fn whole(collected: &Arc<Mutex<String>>) -> String {
    wait_for(|| Arc::strong_count(collected).eq(&1).then(|| lock(collected).clone())).unwrap()
}

fn no_secret_in(printed: &[&str]) {
    for text in printed {
        assert_eq!(secrets::found(text.as_bytes()), None, "printed in:\n{text}");
    }
}

/// Starts without waiting for anything.
pub(crate) fn spawn(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

pub(crate) fn terminate(child: &Child) {
    let status = Command::new("sh").args(["-c", &format!("kill -TERM {}", child.id())]).status().unwrap();
    assert!(status.success());
}

fn collect(mut from: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let own = Arc::clone(&text);
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            lock(&own).push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    });
    text
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
