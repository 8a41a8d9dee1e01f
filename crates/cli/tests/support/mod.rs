//! Runs the built `sumun` in a folder of its own, with none of the caller's configuration.
#![allow(dead_code, reason = "each test file uses what it needs")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A made-up key-encryption key, and another.
pub(crate) const KEK_ONE: &str = "kek:v1:0101010101010101010101010101010101010101010101010101010101010101";
pub(crate) const KEK_TWO: &str = "kek:v1:0202020202020202020202020202020202020202020202020202020202020202";

/// A folder with a `sumun.toml` to be.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

/// What a command printed and how it ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), environment: Vec::new() }
    }

    /// With a key file and a configuration that names it.
    pub(crate) fn with_kek(kek: &str) -> Self {
        let place = Self::new();
        place.write("sumun.toml", "[seal]\nkey_file = \"kek.txt\"\n");
        place.write_private("kek.txt", kek);
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn write_private(&self, name: &str, text: &str) {
        self.write(name, text);
        chmod(&self.path(name), 0o600);
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sumun"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).stdin(Stdio::null()).output().unwrap())
    }

    /// For a command that goes on for ever if what it should refuse passes: ended after half a minute.
    pub(crate) fn run_briefly(&self, arguments: &[&str]) -> Ran {
        let (out, err) = (self.path("stdout"), self.path("stderr"));
        let mut command = self.command(arguments);
        command.stdin(Stdio::null());
        command.stdout(std::fs::File::create(&out).unwrap()).stderr(std::fs::File::create(&err).unwrap());
        let mut child = command.spawn().unwrap();
        for _ in 0..300 {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        // Does nothing to one that has ended.
        let _ = child.kill();
        let status = child.wait().unwrap();
        let read = |path| std::fs::read(path).unwrap();
        Ran::of(Output { status, stdout: read(out), stderr: read(err) })
    }

    pub(crate) fn run_with_stdin(&self, arguments: &[&str], stdin: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that refuses before reading closes the pipe; that is its right.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        Ran::of(child.wait_with_output().unwrap())
    }
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Everything a person sees.
    pub(crate) fn shown(&self) -> String {
        format!("exit {}\n{}{}", self.code, self.out, self.err)
    }

    /// Stdout as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.shown()))
    }
}

pub(crate) fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}
