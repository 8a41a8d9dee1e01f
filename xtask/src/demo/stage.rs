//! What the scenario plays on: a mock exchange, a gate in front of it, one key. All in `target/demo`.
//!
//! The only place that knows configuration files and commands. Uses them as a person would: `sumun keys kek-new`,
//! `sumun keys new`, `sumun gate`, `sumun log dump`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::client::Credentials;
use super::process::{Server, free_address};
use super::story::REGISTERED;
use crate::run;

/// Where everything of one run is kept, from the root. Left behind for who wants to look.
const FOLDER: &str = "target/demo";

/// The account the key belongs to, here and on the mock exchange.
const ACCOUNT: &str = "A1";

pub(super) struct Stage {
    folder: PathBuf,
    address: SocketAddr,
    credentials: Credentials,
    // Dropped in this order: the gate stops before what it forwards to.
    gate: Server,
    exchange: Server,
}

impl Stage {
    /// Writes the files, makes the key, starts both servers and waits until they answer.
    pub(super) fn set() -> Result<Self> {
        let folder = cleared(&run::root().join(FOLDER))?;
        let (address, exchange_address) = (free_address()?, free_address()?);
        write(&folder, "sumun.toml", &configuration(address, exchange_address))?;
        run::output(sumun(&folder).args(["keys", "kek-new", "--out", "kek.txt"]))?;
        let made = run::output(sumun(&folder).args([
            "keys",
            "new",
            "--account",
            ACCOUNT,
            "--purpose",
            "own_bot",
            "--scopes",
            "read,trade",
            "--allow",
            REGISTERED,
            "--append",
            "keys.toml",
            "--json",
        ]))?;
        let credentials = credentials(&made)?;
        write(&folder, "accounts.toml", &accounts(&credentials))?;

        let mut command = built("mock-exchange");
        command.current_dir(&folder).args(["--listen", &exchange_address.to_string()]);
        command.args(["--accounts", "accounts.toml"]);
        let mut exchange = Server::start("the mock exchange", &folder.join("mock-exchange.log"), &command)?;
        exchange.wait_ready(exchange_address)?;
        let mut gate = Server::start("the gate", &folder.join("gate.log"), sumun(&folder).arg("gate"))?;
        gate.wait_ready(address)?;
        Ok(Self { folder, address, credentials, gate, exchange })
    }

    pub(super) fn gate(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Where a client's driver writes what it has to say besides answers.
    pub(super) fn client_log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    /// The edit a person would make: one word in the keys file, written beside it and renamed over it.
    pub(super) fn suspend_key(&self) -> Result<()> {
        let (keys, edited) = (self.folder.join("keys.toml"), self.folder.join("keys.toml.edited"));
        let text = std::fs::read_to_string(&keys).context("failed to read the demo's keys file")?;
        let suspended = text.replace("state = \"active\"", "state = \"suspended\"");
        ensure!(text != suspended, "the demo's keys file holds no active key:\n{text}");
        std::fs::write(&edited, suspended)
            .and_then(|()| std::fs::rename(&edited, &keys))
            .context("failed to edit the demo's keys file")
    }

    /// Stops both servers, then reads the event log.
    pub(super) fn close(self) -> Result<String> {
        let Self { folder, gate, exchange, .. } = self;
        drop(gate);
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
    command.current_dir(folder);
    command
}

fn configuration(listen: SocketAddr, upstream: SocketAddr) -> String {
    format!(
        r#"# The demo's gate. `sumun config check` explains every key.
data_dir = "data"

[gate]
listen = "{listen}"
upstream = "http://{upstream}"
keys_file = "keys.toml"

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

fn credentials(made: &str) -> Result<Credentials> {
    let made: Value = serde_json::from_str(made).context("`sumun keys new --json` printed no JSON")?;
    let text = |name: &str| {
        made[name].as_str().map(str::to_owned).with_context(|| format!("a new key has no `{name}`"))
    };
    Ok(Credentials { access_key: text("key")?, secret: text("secret")? })
}
