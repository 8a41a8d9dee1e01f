//! What the scenario plays on: a venue's record, a control plane with its gate, a mock exchange behind it. All in
//! `target/demo`.
//!
//! The only place that knows configuration files and commands. Uses them as a person would: `sumun init`, `sumun serve`,
//! `sumun users enrol`, `sumun keys request`, and so on; [`Stage::ask`] runs one of them as somebody.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::client::Credentials;
use super::process::{Server, free_address};
use crate::run;

/// Where everything of one run is kept, from the root. Left behind for who wants to look.
const FOLDER: &str = "target/demo";

/// The account the key belongs to, here and on the mock exchange.
const ACCOUNT: &str = "A1";

pub(super) struct Stage {
    folder: PathBuf,
    address: SocketAddr,
    govern: SocketAddr,
    exchange_address: SocketAddr,
    invites: Value,
    credentials: Option<Credentials>,
    // Dropped in this order: the gate stops before what it forwards to.
    plane: Server,
    exchange: Option<Server>,
}

impl Stage {
    /// Makes a record, names the key by which the exchange vouches, and opens control plane and gate.
    pub(super) fn set() -> Result<Self> {
        let folder = cleared(&run::root().join(FOLDER))?;
        let (address, govern, exchange_address) = (free_address()?, free_address()?, free_address()?);
        write(&folder, "sumun.toml", &configuration(address, govern, exchange_address))?;
        let made = run::output(
            sumun(&folder)
                .env("SUMUN_LOG", "warn")
                .args(["init", "--admin", "alice", "--second", "bob", "--json"]),
        )?;
        let made: Value = serde_json::from_str(&made).context("`sumun init --json` printed no JSON")?;
        let mut vouching = built("mock-exchange");
        let line =
            run::output(vouching.current_dir(&folder).args(["assertion-key", "--out", "exchange.key"]))?;
        let venue =
            std::fs::read_to_string(folder.join("venue.toml")).context("failed to read venue.toml")?;
        let section = "[exchange.assertion_keys]\n";
        ensure!(venue.contains(section), "venue.toml has no section for the exchange's keys");
        write(&folder, "venue.toml", &venue.replace(section, &format!("{section}{}\n", line.trim())))?;
        write(&folder, "password", "seven made-up otters\n")?;

        let name = "the control plane and its gate";
        let mut plane = Server::start(name, &folder.join("serve.log"), sumun(&folder).arg("serve"))?;
        plane.wait_ready(govern)?;
        plane.wait_ready(address)?;
        let invites = made["invites"].clone();
        let (credentials, exchange) = (None, None);
        Ok(Self { folder, address, govern, exchange_address, invites, credentials, plane, exchange })
    }

    /// Where people reach the control plane.
    pub(super) fn govern(&self) -> SocketAddr {
        self.govern
    }

    /// Accepts the invite of one of the two.
    pub(super) fn enrol(&self, user: &str) -> Result<Value> {
        let invites = self.invites.as_array().map(Vec::as_slice).unwrap_or_default();
        let invite =
            invites.iter().find(|invite| invite["user"] == user).and_then(|one| one["invite"].as_str());
        let invite = invite.with_context(|| format!("nobody invited {user}"))?;
        let totp = format!("{user}.totp");
        let words =
            ["users", "enrol", "--invite", invite, "--password-file", "password", "--totp-out", &totp];
        self.ask(user, &[&words[..], &["--server", &format!("http://{}", self.govern)]].concat())
    }

    /// The exchange vouches for the owner, who signs in by that.
    pub(super) fn sign_in_owner(&self) -> Result<Value> {
        let mut command = built("mock-exchange");
        command.current_dir(&self.folder).args([
            "assertion",
            "--signing-key",
            "exchange.key",
            "--customer",
            "C1",
        ]);
        let assertion = run::output(command.args(["--person", "P1", "--audience", "example"]))?;
        write(&self.folder, "assertion.txt", &assertion)?;
        self.ask(
            "owner",
            &["login", "--assertion", "assertion.txt", "--server", &format!("http://{}", self.govern)],
        )
    }

    /// Runs a command as somebody; what it answered to programs.
    pub(super) fn ask(&self, who: &str, words: &[&str]) -> Result<Value> {
        let text = run::output(sumun(&self.folder).args(words).args(["--as", who, "--json"]))?;
        serde_json::from_str(&text).with_context(|| format!("`sumun {}` printed no JSON", words.join(" ")))
    }

    /// Runs a command that needs nobody; what it printed.
    pub(super) fn check(&self, words: &[&str]) -> Result<String> {
        run::output(sumun(&self.folder).args(words))
    }

    /// Keeps something in the demo's folder.
    pub(super) fn keep(&self, name: &str, text: &str) -> Result<()> {
        write(&self.folder, name, text)
    }

    /// The exchange behind the gate, which knows the key that was just issued.
    pub(super) fn open_exchange(&mut self, key: &str, secret: &str) -> Result<()> {
        let credentials = Credentials { access_key: key.to_owned(), secret: secret.to_owned() };
        write(&self.folder, "accounts.toml", &accounts(&credentials))?;
        let mut command = built("mock-exchange");
        command.current_dir(&self.folder).args(["--listen", &self.exchange_address.to_string()]);
        command.args(["--accounts", "accounts.toml"]);
        let log = self.folder.join("mock-exchange.log");
        let mut exchange = Server::start("the mock exchange", &log, &command)?;
        exchange.wait_ready(self.exchange_address)?;
        self.exchange = Some(exchange);
        self.credentials = Some(credentials);
        Ok(())
    }

    pub(super) fn gate(&self) -> SocketAddr {
        self.address
    }

    /// Those of the key that was issued.
    pub(super) fn credentials(&self) -> Result<&Credentials> {
        self.credentials.as_ref().context("no key was issued yet")
    }

    /// Where a client's driver writes what it has to say besides answers.
    pub(super) fn client_log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    /// Stops both servers, then reads the event log.
    pub(super) fn close(self) -> Result<String> {
        let Self { folder, plane, exchange, .. } = self;
        drop(plane);
        drop(exchange);
        run::output(sumun(&folder).args(["log", "dump"]))
    }
}

/// A run starts from nothing: what an earlier one recorded is not this one's.
fn cleared(folder: &Path) -> Result<PathBuf> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("failed to clear {}", folder.display()));
        }
        _ => {}
    }
    std::fs::create_dir_all(folder).with_context(|| format!("failed to create {}", folder.display()))?;
    Ok(folder.to_path_buf())
}

fn write(folder: &Path, name: &str, text: &str) -> Result<()> {
    std::fs::write(folder.join(name), text).with_context(|| format!("failed to write {FOLDER}/{name}"))
}

/// A binary of the release build, without whatever this shell would configure by environment.
fn built(name: &str) -> Command {
    let mut command = Command::new(run::target_dir().join("release").join(name));
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("SUMUN_") {
            command.env_remove(variable);
        }
    }
    command
}

/// `sumun` in the demo's folder, where it finds `sumun.toml` by itself.
fn sumun(folder: &Path) -> Command {
    let mut command = built("sumun");
    command.current_dir(folder).env("SUMUN_PROFILE_DIR", folder.join("profiles"));
    command
}

fn configuration(listen: SocketAddr, govern: SocketAddr, upstream: SocketAddr) -> String {
    format!(
        r#"# The demo's control plane and gate. `sumun config check` explains every key.
data_dir = "data"

[gate]
listen = "{listen}"
upstream = "http://{upstream}"

[govern]
listen = "{govern}"

[seal]
key_file = "kek.txt"
"#
    )
}

fn accounts(key: &Credentials) -> String {
    format!(
        r#"# Who trades on the mock exchange. It needs no secret: the gate verifies signatures.
[[accounts]]
name = "{ACCOUNT}"
keys = [{{ access_key = "{}" }}]
balances = {{ KRW = "10000000", BTC = "1" }}
"#,
        key.access_key
    )
}
