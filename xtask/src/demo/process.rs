//! A child process that cannot outlive the demo, however the demo ends.
//!
//! A small shell stands between: it holds a pipe from us as a lifeline and stops the child when that closes, which
//! the kernel does for us even when we are killed. Asking first (SIGTERM), then insisting (SIGKILL). The shell has a
//! process group of its own, so that Ctrl-C reaches only us and the child stops in order.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Between two looks at something that is starting or stopping.
pub(super) const POLL: Duration = Duration::from_millis(50);

/// Looks before giving up on a server that starts: ten seconds.
const READY_POLLS_MAX: u32 = 200;

/// Runs "$@"; descriptor 3 is the lifeline. A hundred looks of a tenth of a second pass between asking and
/// insisting: twice the grace a gate gives to what is under way.
const GUARD: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null &
child=$!
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

/// A running server; dropping it stops it and waits until it is gone.
pub(super) struct Server {
    name: &'static str,
    log: PathBuf,
    guard: Child,
}

impl Server {
    /// Starts the command with both outputs in a log file.
    pub(super) fn start(name: &'static str, log: &Path, command: &Command) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("failed to create {}", log.display()))?;
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", GUARD, "sh"]).arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(key, value),
                None => shell.env_remove(key),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        shell.process_group(0).stdin(Stdio::piped()).stdout(file.try_clone()?).stderr(file);
        let guard = shell.spawn().with_context(|| format!("failed to start {name}"))?;
        Ok(Self { name, log: log.to_path_buf(), guard })
    }

    /// Waits until the address accepts connections; an error carries what the server said.
    pub(super) fn wait_ready(&mut self, address: SocketAddr) -> Result<()> {
        for _ in 0..READY_POLLS_MAX {
            if let Some(status) = self.guard.try_wait()? {
                bail!("{} ended while starting ({status}); it said:\n{}", self.name, self.said());
            }
            if TcpStream::connect_timeout(&address, POLL).is_ok() {
                return Ok(());
            }
            std::thread::sleep(POLL);
        }
        bail!("{} does not listen on {address}; it said:\n{}", self.name, self.said());
    }

    /// Everything the server printed.
    pub(super) fn said(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // The guard bounds how long the child may take; nothing sensible is left to do on an error here.
        self.guard.wait().ok();
    }
}

/// A loopback address that was free a moment ago.
pub(super) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("failed to find a free port on 127.0.0.1")?;
    Ok(listener.local_addr()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The process id a test's server printed, once it has.
    fn printed_id(server: &Server) -> u32 {
        for _ in 0..READY_POLLS_MAX {
            if let Ok(id) = server.said().trim().parse() {
                return id;
            }
            std::thread::sleep(POLL);
        }
        panic!("the server printed no id: {}", server.said());
    }

    fn alive(id: u32) -> bool {
        Path::new(&format!("/proc/{id}")).exists()
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn dropping_a_server_stops_it() {
        let folder = tempfile::tempdir().unwrap();
        let server =
            Server::start("sleeper", &folder.path().join("log"), &shell("echo $$; exec sleep 600")).unwrap();
        let id = printed_id(&server);
        assert!(alive(id));
        drop(server);
        assert!(!alive(id));
    }

    #[test]
    fn losing_the_lifeline_alone_stops_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut server =
            Server::start("sleeper", &folder.path().join("log"), &shell("echo $$; exec sleep 600")).unwrap();
        let id = printed_id(&server);
        // What the kernel does when the demo is killed.
        drop(server.guard.stdin.take());
        server.guard.wait().unwrap();
        assert!(!alive(id));
    }

    #[test]
    fn a_server_that_ends_early_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let mut server =
            Server::start("failing", &folder.path().join("log"), &shell("echo port is busy; exit 3"))
                .unwrap();
        let error = server.wait_ready(free_address().unwrap()).unwrap_err().to_string();
        assert!(error.contains("failing ended") && error.contains("port is busy"), "{error}");
    }
}
