//! A child process that cannot outlive the demo, however the demo ends.
//!
//! A small shell stands between: it holds a pipe from us as a lifeline and stops the child when that closes, which
//! the kernel does for us even when we are killed. Asking first (SIGTERM), then insisting (SIGKILL). The shell has a
//! process group of its own, so that Ctrl-C reaches only us and the child stops in order.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, ChildStdin, Command};

/// Between two looks at something that is starting.
const POLL: Duration = Duration::from_millis(50);
/// Looks before giving up on a server that starts: a minute, for a debug build beside a compiler.
const READY_POLLS_MAX: u32 = 1_200;
/// Lines of a child's log shown when it is the trouble.
const LAST_LINES: usize = 15;

/// Runs "$@" and writes its process id into the file "$0"; descriptor 3 is the lifeline. A hundred looks of a tenth of a second pass between asking and
/// insisting: twice the grace a gate gives to what is under way.
const GUARD: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null &
child=$!
echo $child >"$0"
(
    cat <&3 >/dev/null
    kill -TERM $child
    looks=0
    while kill -0 $child && [ $looks -lt 100 ]; do sleep 0.1; looks=$((looks + 1)); done
    kill -KILL $child
) 2>/dev/null &
guard=$!
exec 3<&-
wait $child
status=$?
kill $guard 2>/dev/null
exit $status
"#;

/// A running server. Dropping it lets go of the lifeline; [`Server::stop`] also waits.
pub(crate) struct Server {
    name: &'static str,
    file: &'static str,
    said: PathBuf,
    log: PathBuf,
    guard: Child,
    /// Apart from the guard: waiting for a child closes what it reads from.
    lifeline: Option<ChildStdin>,
}

impl Server {
    /// Starts a program in a folder. What it prints is kept in `<file>.json`, what it logs in `<file>.log`.
    pub(crate) fn start(
        name: &'static str,
        folder: &Path,
        file: &'static str,
        program: &Path,
        arguments: &[&str],
    ) -> Result<Self> {
        let (said, log) = (folder.join(format!("{file}.json")), folder.join(format!("{file}.log")));
        let make =
            |path: &Path| File::create(path).with_context(|| format!("cannot make {}", path.display()));
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", GUARD, &format!("{file}.pid")]).arg(program).args(arguments).current_dir(folder);
        without_settings(&mut shell);
        shell.process_group(0).stdin(Stdio::piped()).stdout(make(&said)?).stderr(make(&log)?);
        let mut guard = shell.spawn().with_context(|| format!("cannot start {name}"))?;
        let lifeline = guard.stdin.take();
        Ok(Self { name, file, said, log, guard, lifeline })
    }

    /// The name of its files.
    pub(crate) const fn file(&self) -> &'static str {
        self.file
    }

    /// Its process id; 0 if it is not known.
    pub(crate) fn pid(&self) -> u32 {
        let text = std::fs::read_to_string(self.said.with_extension("pid")).unwrap_or_default();
        text.trim().parse().unwrap_or_default()
    }

    /// The first line it prints, as JSON: servers say where they listen when they do.
    pub(crate) async fn ready(&mut self) -> Result<Value> {
        for _ in 0..READY_POLLS_MAX {
            let text = std::fs::read_to_string(&self.said).unwrap_or_default();
            if let Some((line, _)) = text.split_once('\n') {
                return serde_json::from_str(line).with_context(|| format!("{} said `{line}`", self.name));
            }
            if let Some(status) = self.guard.try_wait()? {
                bail!(
                    "{} ended while starting ({status}); its last words:\n{}",
                    self.name,
                    self.last_words()
                );
            }
            tokio::time::sleep(POLL).await;
        }
        bail!("{} does not say where it listens; its last words:\n{}", self.name, self.last_words());
    }

    /// Waits until it ends, which nobody asked for: the error says which and shows its last lines.
    pub(crate) async fn ended(&mut self) -> anyhow::Error {
        match self.guard.wait().await {
            Ok(status) => anyhow::anyhow!(
                "{} ended by itself ({status}); its last words:\n{}",
                self.name,
                self.last_words()
            ),
            Err(error) => anyhow::anyhow!("{}: {error}", self.name),
        }
    }

    /// Stops it in order, and waits until it is gone.
    pub(crate) async fn stop(mut self) {
        drop(self.lifeline.take());
        // The guard bounds how long the child may take; nothing sensible is left to do on an error here.
        self.guard.wait().await.ok();
    }

    fn last_words(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        lines.get(lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default().join("\n")
    }
}

/// Takes away whatever this shell would configure a program by.
pub(crate) fn without_settings(command: &mut Command) {
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("SUMUN_") {
            command.env_remove(variable);
        }
    }
}

/// Runs a command to its end; what it printed.
pub(crate) async fn output(folder: &Path, program: &Path, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).env("SUMUN_LOG", "warn");
    without_settings(&mut command);
    let shown = || format!("`{} {}`", program.display(), arguments.join(" "));
    let output = command.output().await.with_context(|| format!("cannot run {}", shown()))?;
    if !output.status.success() {
        bail!("{} failed: {}", shown(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
