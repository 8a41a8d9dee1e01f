//! Standard error and standard output: full, closed, or with nobody reading. The gate serves, and stops when told.

use crate::signals::send;
use crate::stage::client::{Effect, Signed, once};
use crate::stage::upstream::Upstream;
use crate::stage::{Stage, wait_for};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A gate whose streams are the test's own.
struct Bare(Child);

impl Bare {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }

    /// Where it listens, from its ready line.
    fn listen(&mut self) -> SocketAddr {
        let out: ChildStdout = self.0.stdout.take().unwrap();
        let line = BufReader::new(out).lines().next().unwrap().unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        ready["ready"]["listen"].as_str().unwrap().parse().unwrap()
    }

    fn id(&self) -> u32 {
        self.0.id()
    }

    /// SIGTERM; it must end by itself, and well.
    fn stops(&mut self) {
        send("TERM", self.id());
        let status = wait_for(|| self.0.try_wait().unwrap());
        let status = status.expect("it never ended");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serves(at: SocketAddr, key: &str) {
    for number in 0..20 {
        assert_eq!(once(at, &Signed::new(Effect::Read, key, &format!("n{number}"))).status, 200);
    }
}

/// A pipe that is full and stays so.
fn full() -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut filler = writer.try_clone().unwrap();
    // Waits in its write until the reader is gone, and fills whatever room there is.
    std::thread::spawn(move || while filler.write_all(&[b'.'; 1 << 16]).is_ok() {});
    (reader, writer)
}

#[test]
fn log_lines_that_nobody_reads_hold_up_nothing() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let (unread, writer) = full();
    let mut command = stage.place.command(&["gate"]);
    command.env("SUMUN_LOG", "trace").stdout(Stdio::piped()).stderr(writer);
    let mut gate = Bare::start(&mut command);
    drop(command);
    let at = gate.listen();
    serves(at, "K1");
    for _ in 0..50 {
        send("HUP", gate.id());
    }
    serves(at, "K2");
    gate.stops();
    drop(unread);
}

#[test]
fn a_reader_of_log_lines_that_goes_away_ends_nothing() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let mut gate = Bare::start(stage.place.command(&["gate"]).stdout(Stdio::piped()).stderr(Stdio::piped()));
    // As `sumun gate 2>&1 | head -1` does.
    let mut first = BufReader::new(gate.0.stderr.take().unwrap());
    first.read_line(&mut String::new()).unwrap();
    drop(first);
    let at = gate.listen();
    send("HUP", gate.id());
    stage.keys_as("not JSON\n");
    serves(at, "K1");
    gate.stops();
}

#[test]
fn a_ready_line_that_nobody_can_read_ends_nothing() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let (unread, filled) = full();
    for stdout in [closed, filled] {
        let mut command = stage.place.command(&["gate"]);
        let mut gate = Bare::start(command.stdout(stdout).stderr(Stdio::piped()));
        drop(command);
        let mut lines = BufReader::new(gate.0.stderr.take().unwrap()).lines().map(Result::unwrap);
        let open = lines.find(|line| line.contains("The gate is open")).unwrap();
        let at = open.split("listen=").nth(1).unwrap().split(' ').next().unwrap();
        let rest = std::thread::spawn(move || lines.collect::<Vec<_>>().join("\n"));
        // Both gates use one data folder, one after the other: each with its own nonces.
        let nonce = format!("of-{}", gate.id());
        assert_eq!(once(at.parse().unwrap(), &Signed::new(Effect::Read, "K1", &nonce)).status, 200);
        gate.stops();
        let said = rest.join().unwrap();
        assert!(!said.contains("panicked"), "{said}");
    }
    drop(unread);
}

#[test]
fn commands_that_end_give_up_a_closed_pipe_quietly() {
    let stage = Stage::new(SocketAddr::from(([127, 0, 0, 1], 9)), "");
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = stage.place.command(&["config", "check"]);
    let mut child = command.stdout(closed).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    assert_eq!(said, "");
}
