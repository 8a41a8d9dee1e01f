//! A real client library in a process of its own, driven by one JSON line per operation (tests/clients).
//!
//! Passes on what the library did; never signs, retries or judges. The driver ends when its input closes, so it
//! cannot outlive the demo; its process group is its own, so that Ctrl-C ends it that way too.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::stage::Stage;
use crate::run;

/// The exchange key a client signs with. Made for one demo run.
pub(super) struct Credentials {
    pub(super) access_key: String,
    pub(super) secret: String,
}

pub(super) struct Client {
    name: &'static str,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Client {
    /// Starts a driver against the stage's gate; `from` is the local address its connections leave from.
    pub(super) fn start(name: &'static str, python: &Path, stage: &Stage, from: &str) -> Result<Self> {
        let key = stage.credentials()?;
        let log = OpenOptions::new().create(true).append(true).open(stage.client_log(name))?;
        let mut child = Command::new(python)
            .arg(run::root().join("tests/clients").join(format!("{name}_driver.py")))
            .env("DRIVER_BASE_URL", format!("http://{}", stage.gate()))
            .env("DRIVER_ACCESS_KEY", &key.access_key)
            .env("DRIVER_SECRET", &key.secret)
            .env("DRIVER_SOURCE_ADDRESS", from)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| format!("failed to start the {name} driver"))?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("the driver has an output")?);
        Ok(Self { name, child, input, output })
    }

    /// One operation and its answer: `{"ok":true,"result":…}` or `{"ok":false,"exception":…,"message":…}`.
    pub(super) fn ask(&mut self, operation: &Value) -> Result<Value> {
        let input = self.input.as_mut().context("the driver is open")?;
        writeln!(input, "{operation}")
            .with_context(|| format!("the {} driver ended before {operation}", self.name))?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line.is_empty() {
            bail!(
                "the {0} driver ended without an answer to {operation}; see target/demo/{0}.log",
                self.name
            );
        }
        serde_json::from_str(&line).with_context(|| format!("the {} driver answered `{line}`", self.name))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.input.take());
        self.child.wait().ok();
    }
}
