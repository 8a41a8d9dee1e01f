//! A control plane with its people: made by `sumun init`, run by `sumun serve`, asked by commands and over REST.

use crate::process::{Process, beside};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

pub(crate) struct House {
    folder: tempfile::TempDir,
    made: Value,
}

pub(crate) struct Open<'h> {
    house: &'h House,
    pub(crate) process: Process,
    pub(crate) server: String,
}

impl House {
    /// With these further lines in `sumun.toml`.
    pub(crate) fn new(more: &str) -> Self {
        let mut house = Self { folder: tempfile::tempdir().unwrap(), made: Value::Null };
        house.write(
            "sumun.toml",
            &format!(
                "[gate]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://127.0.0.1:9\"\n[govern]\nlisten = \"127.0.0.1:0\"\n{more}\n[seal]\nkey_file = \"kek.txt\"\n"
            ),
        );
        let made =
            house.run(&["init", "--admin", "alice@example.test", "--second", "bob@example.test", "--json"]);
        house.made = serde_json::from_slice(&made.stdout).unwrap();
        house
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn write_private(&self, name: &str, text: &str) {
        self.write(name, text);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(self.path(name), mode).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(beside("sumun"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command
    }

    /// The bridge, in the same folder.
    pub(crate) fn bridge(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sumun-kafka"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command
    }

    /// Runs a command, which must go well.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let ran = self.command(arguments).stdin(Stdio::null()).output().unwrap();
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        ran
    }

    /// Opens it.
    pub(crate) fn open(&self) -> Open<'_> {
        let process = Process::start(self.command(&["serve"]));
        let server = format!("http://{}", process.ready["govern"].as_str().unwrap());
        Open { house: self, process, server }
    }

    /// Opens it for the first time, with both administrators at their desks.
    pub(crate) fn opened(&self) -> Open<'_> {
        let open = self.open();
        for user in ["alice", "bob"] {
            let invites = self.made["invites"].as_array().unwrap();
            let invite =
                invites.iter().find(|invite| invite["user"] == user).unwrap()["invite"].as_str().unwrap();
            let (password, totp) = (format!("{user}.password"), format!("{user}.totp"));
            self.write_private(&password, "seven made-up otters");
            let enrol =
                ["users", "enrol", "--invite", invite, "--password-file", &password, "--totp-out", &totp];
            self.run(&[&enrol[..], &["--server", &open.server, "--profile-dir", "profiles"]].concat());
        }
        open
    }

    /// Access lines in the merged log, as they stand there.
    pub(crate) fn access_lines(&self) -> Vec<String> {
        let ran = self.run(&["log", "dump", "--events"]);
        let text = String::from_utf8(ran.stdout).unwrap();
        text.lines().filter(|line| line.starts_with(r#"{"type":"access""#)).map(str::to_owned).collect()
    }

    /// The mapping, and a token for it, of the tap.
    pub(crate) fn tap_token(&self, open: &Open<'_>) -> String {
        self.write_private("tap.token", &open.machine("exchange_backend"));
        open.machine("viewer")
    }
}

impl Open<'_> {
    /// Runs a command as this person, which must go well, and reads its JSON.
    pub(crate) fn json(&self, who: &str, arguments: &[&str]) -> Value {
        let reach = ["--profile-dir", "profiles", "--as", who, "--server", &self.server, "--json"];
        let ran = self.house.run(&[arguments, &reach].concat());
        serde_json::from_slice(&ran.stdout).unwrap_or(Value::Null)
    }

    /// A machine's token, to which a second person has agreed.
    pub(crate) fn machine(&self, role: &str) -> String {
        let make =
            ["tokens", "make", "--name", "made up", "--roles", role, "--expires", "2027-06-01T00:00:00Z"];
        let made = self.json("alice", &make);
        let waits = made["result"]["approval"].as_str().unwrap_or_else(|| panic!("{made}"));
        self.json("bob", &["approvals", "grant", waits, "--reason", "the bridge"]);
        made["result"]["secret"].as_str().unwrap().to_owned()
    }

    /// A list, as whoever holds this token.
    pub(crate) fn list(&self, token: &str, path: &str) -> Vec<Value> {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let ask =
            agent.get(format!("{}{path}", self.server)).header("authorization", format!("Bearer {token}"));
        let text = ask.call().unwrap().body_mut().read_to_string().unwrap();
        let read: Value = serde_json::from_str(&text).unwrap();
        read["items"].as_array().unwrap_or_else(|| panic!("{read}")).clone()
    }

    /// Partitions among the sources of events, by name.
    pub(crate) fn partitions(&self, token: &str) -> Vec<Value> {
        let mut all = self.list(token, "/v1/events/sources");
        all.retain(|one| one["source"].as_str().unwrap().starts_with("exchange:kafka."));
        all
    }

    /// What is held of all partitions together.
    pub(crate) fn held(&self, token: &str) -> u64 {
        self.partitions(token).iter().map(|one| one["held"].as_u64().unwrap()).sum()
    }
}
