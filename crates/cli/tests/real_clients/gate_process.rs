//! The built `sumun gate` as a process: started, asked on its operators' side, told to stop, killed if a test fails.

use crate::waiting::{PATIENCE, until};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

pub(crate) struct GateProcess {
    child: Child,
    said: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) admin: SocketAddr,
}

/// How a gate ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) after: Duration,
    pub(crate) said: String,
}

/// `sumun` in a folder, with nothing of the caller's environment.
pub(crate) fn sumun(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sumun"));
    command.args(arguments).current_dir(folder).env_clear();
    command
}

impl GateProcess {
    /// Starts it in the folder of its `sumun.toml`; returns once it serves.
    pub(crate) fn start(folder: &Path, listen: &str) -> Self {
        Self::spawn(folder, sumun(folder, &["gate", "--listen", listen]))
    }

    /// Starts it where no file can grow beyond so many blocks of 512 bytes, as on a disk that fills up.
    pub(crate) fn start_with_file_blocks_max(folder: &Path, listen: &str, blocks: u32) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.current_dir(folder).env_clear();
        // The signal must be ignored for a write to fail instead of killing the process.
        shell.arg("-c").arg(r#"trap '' XFSZ; ulimit -f "$1"; exec "$2" gate --listen "$3""#).arg("sh");
        shell.arg(blocks.to_string()).arg(env!("CARGO_BIN_EXE_sumun")).arg(listen);
        Self::spawn(folder, shell)
    }

    fn spawn(folder: &Path, mut command: Command) -> Self {
        let said = folder.join("gate.log");
        let log = File::options().create(true).append(true).open(&said).unwrap();
        // The log is read by a test and must not be cut by its limit on files: a pipe carries it.
        let mut child = command
            .env("SUMUN_LOG", "info")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut from, mut to) = (child.stderr.take().unwrap(), log);
        std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| {
            let text = std::fs::read_to_string(&said).unwrap_or_default();
            panic!("the gate did not start ({error}): {line}{text}")
        });
        let address = |name: &str| ready["ready"][name].as_str().unwrap().parse().unwrap();
        Self { listen: address("listen"), admin: address("admin"), child, said }
    }

    /// What it said on standard error so far, in this and earlier runs.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.said).unwrap()
    }

    /// `/readyz`, whatever its status.
    pub(crate) fn readiness(&self) -> Value {
        serde_json::from_str(&http(self.admin, "GET", "/readyz").1).unwrap()
    }

    /// Asks it to stop and returns at once.
    pub(crate) fn terminate(&self) {
        let id = self.child.id().to_string();
        let sent = Command::new("/bin/sh").args(["-c", "kill -TERM \"$1\"", "sh", &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until it is gone.
    pub(crate) fn ended(&mut self, since: Instant) -> Ended {
        let status = until("the gate to end", || self.child.try_wait().unwrap());
        Ended { status, after: since.elapsed(), said: self.said() }
    }

    /// Asks it to stop and waits until it is gone.
    pub(crate) fn stop(&mut self) -> Ended {
        let since = Instant::now();
        self.terminate();
        self.ended(since)
    }
}

impl Drop for GateProcess {
    fn drop(&mut self) {
        // Gone already, if the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request on a connection of its own: status and body.
pub(crate) fn http(to: SocketAddr, method: &str, target: &str) -> (u16, String) {
    let mut line = TcpStream::connect(to).unwrap();
    line.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!("{method} {target} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n\r\n");
    line.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    line.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_lowercase().contains("transfer-encoding"), "not read here: {head}");
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}
