//! What a test plays on: a mock exchange in this process, a gate in front of it, a keys file. A folder and ports of its own.
//!
//! Keys are made and edited as a person would: by the command line, and by changing the file.

use crate::driver::{Driver, Library};
use crate::gate_process::{Ended, GateProcess, http, sumun};
use crate::records;
use crate::waiting::until;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use sumun_sim::config::{Account, Accounts};
use sumun_sim::{Config, Handle, MockExchange};

/// A key as its owner has it.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) access_key: String,
    pub(crate) secret: String,
}

impl Driver {
    /// As [`Driver::at`], against the stage's gate.
    pub(crate) fn start(library: Library, stage: &Stage, key: &Key, from: &str) -> Self {
        Self::at(library, stage.gate().listen, &key.access_key, &key.secret, from)
    }
}

/// Everything a key of these tests may do unless a test says otherwise.
pub(crate) const ALL_SCOPES: &str = "read,trade,withdraw";

/// What a stage is set with.
#[derive(Default)]
pub(crate) struct Setup {
    keys: Vec<(&'static str, &'static str)>,
    gate: String,
    edits: Vec<(&'static str, Edit)>,
}

pub(crate) type Edit = fn(&mut toml::Table);

impl Setup {
    /// With a key of every scope, registered for 127.0.0.1.
    pub(crate) fn key(self, id: &'static str) -> Self {
        self.key_with(id, ALL_SCOPES)
    }

    pub(crate) fn key_with(mut self, id: &'static str, scopes: &'static str) -> Self {
        self.keys.push((id, scopes));
        self
    }

    /// With a key whose entry was edited before the gate first reads it.
    pub(crate) fn edited_key(mut self, id: &'static str, edit: Edit) -> Self {
        self.edits.push((id, edit));
        self.key(id)
    }

    /// With these lines under `[gate]`, tables last.
    pub(crate) fn gate(mut self, text: &str) -> Self {
        self.gate = text.to_owned();
        self
    }

    /// Makes the keys, starts mock and gate, returns once both serve.
    pub(crate) fn start(self) -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        std::fs::write(place.join("sumun.toml"), "[seal]\nkey_file = \"kek.txt\"\n").unwrap();
        let made = sumun(place, &["keys", "kek-new", "--out", "kek.txt"]).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let keys: BTreeMap<&str, Key> =
            self.keys.iter().map(|(id, scopes)| (*id, make_key(place, id, scopes, "keys.toml"))).collect();
        for (id, edit) in self.edits {
            change_keys(place, |table| edit(entry(table, id)));
        }

        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let config = Config { accounts: accounts(&keys), ..Config::default() };
        let mock = runtime.block_on(MockExchange::start(config)).unwrap();
        let stage = Stage { gate: None, mock: Some(mock), runtime, keys, folder };
        stage.configure(&self.gate);
        stage.with_gate("127.0.0.1:0")
    }
}

fn accounts(keys: &BTreeMap<&str, Key>) -> Accounts {
    let keys = keys.values().map(|key| sumun_sim::config::Key {
        access_key: key.access_key.clone(),
        secret: None,
        expire_at: "2099-12-31T23:59:59+09:00".to_owned(),
    });
    let balances = BTreeMap::from([("KRW".to_owned(), 100_000_000.into()), ("BTC".to_owned(), 2.into())]);
    Accounts { accounts: vec![Account { name: "A1".to_owned(), keys: keys.collect(), balances }] }
}

fn make_key(folder: &Path, id: &str, scopes: &str, file: &str) -> Key {
    let arguments = [
        "keys",
        "new",
        "--id",
        id,
        "--account",
        "A1",
        "--purpose",
        "own_bot",
        "--scopes",
        scopes,
        "--allow",
        "127.0.0.1",
        "--append",
        file,
        "--json",
    ];
    let made = sumun(folder, &arguments).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    Key { access_key: text("key"), secret: text("secret") }
}

/// Rewrites the keys file beside itself and renames it over itself, as an editor does.
fn change_keys(folder: &Path, change: impl FnOnce(&mut toml::Table)) {
    let (path, beside) = (folder.join("keys.toml"), folder.join("keys.toml.edited"));
    let mut table: toml::Table = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    change(&mut table);
    std::fs::write(&beside, toml::to_string(&table).unwrap()).unwrap();
    std::fs::rename(&beside, &path).unwrap();
}

fn entry<'a>(table: &'a mut toml::Table, id: &str) -> &'a mut toml::Table {
    let keys = table["keys"].as_array_mut().unwrap();
    let found = keys.iter_mut().find(|key| key["key"].as_str() == Some(id));
    found.unwrap_or_else(|| panic!("no key `{id}`")).as_table_mut().unwrap()
}

/// Dropped in this order: the gate ends before what it forwards to.
pub(crate) struct Stage {
    gate: Option<GateProcess>,
    mock: Option<Handle>,
    runtime: tokio::runtime::Runtime,
    keys: BTreeMap<&'static str, Key>,
    folder: tempfile::TempDir,
}

impl Stage {
    fn with_gate(mut self, listen: &str) -> Self {
        self.gate = Some(GateProcess::start(self.folder.path(), listen));
        self
    }

    /// Writes `sumun.toml`, for the next start of the gate.
    pub(crate) fn configure(&self, gate: &str) {
        let upstream = self.mock.as_ref().unwrap().addr;
        let text = format!(
            "data_dir = \"data\"\n[seal]\nkey_file = \"kek.txt\"\n[gate]\nadmin_listen = \"127.0.0.1:0\"\n\
             upstream = \"http://{upstream}\"\nkeys_file = \"keys.toml\"\n{gate}\n"
        );
        std::fs::write(self.folder.path().join("sumun.toml"), text).unwrap();
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn keys_file(&self) -> PathBuf {
        self.folder.path().join("keys.toml")
    }

    pub(crate) fn gate(&self) -> &GateProcess {
        self.gate.as_ref().expect("the gate runs")
    }

    pub(crate) fn gate_mut(&mut self) -> &mut GateProcess {
        self.gate.as_mut().expect("the gate runs")
    }

    pub(crate) fn key(&self, id: &str) -> &Key {
        &self.keys[id]
    }

    /// Edits one key and waits until the gate has it; the next request is the one it must take effect at.
    pub(crate) fn edit(&self, id: &str, edit: impl FnOnce(&mut toml::Table)) {
        self.change(|table| edit(entry(table, id)));
    }

    /// Edits the keys file and waits until the gate has it.
    pub(crate) fn change(&self, change: impl FnOnce(&mut toml::Table)) {
        let version = |gate: &GateProcess| gate.readiness()["table_version"].as_u64().unwrap();
        let before = version(self.gate());
        self.change_unseen(change);
        until("the gate to read the edited keys file", || (version(self.gate()) > before).then_some(()));
    }

    /// Edits the keys file and waits for nothing.
    pub(crate) fn change_unseen(&self, change: impl FnOnce(&mut toml::Table)) {
        change_keys(self.folder.path(), change);
    }

    /// Edits one key and waits for nothing.
    pub(crate) fn edit_unseen(&self, id: &str, edit: impl FnOnce(&mut toml::Table)) {
        self.change_unseen(|table| edit(entry(table, id)));
    }

    /// The sealed form of another secret for the same id.
    pub(crate) fn other_secret(&self, id: &str) -> String {
        let file = format!("other-{id}.toml");
        make_key(self.folder.path(), id, "read", &file);
        let text = std::fs::read_to_string(self.folder.path().join(&file)).unwrap();
        let mut table: toml::Table = toml::from_str(&text).unwrap();
        entry(&mut table, id)["secret"].as_str().unwrap().to_owned()
    }

    /// Stops the gate in order, which must go well.
    pub(crate) fn stop_gate(&mut self) -> Ended {
        let ended = self.gate_mut().stop();
        assert_eq!(ended.status.code(), Some(0), "{}", ended.said);
        ended
    }

    /// Starts a gate where the last one was, as in `start`.
    pub(crate) fn restart_gate(&mut self, start: impl FnOnce(&Path, &str) -> GateProcess) {
        let listen = self.gate().listen.to_string();
        self.gate = Some(start(self.folder.path(), &listen));
    }

    /// Everything the mock exchange received, oldest first.
    pub(crate) fn received(&self) -> Vec<Value> {
        let control = self.mock.as_ref().unwrap().control;
        let (status, body) = http(control, "GET", "/_mock/requests");
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Of these, what came with a key: requests and messages.
    pub(crate) fn received_with_key(&self) -> Vec<Value> {
        self.received().into_iter().filter(|entry| entry["access_key"].is_string()).collect()
    }

    /// Of these, the WebSocket messages of one key.
    pub(crate) fn messages(&self, key: &str) -> Vec<String> {
        let of_key = |entry: &Value| entry["kind"] == "websocket_message" && entry["access_key"] == key;
        let received = self.received().into_iter().filter(of_key);
        received.map(|entry| entry["body"].as_str().unwrap().to_owned()).collect()
    }

    /// Makes every later request wait at the exchange.
    pub(crate) fn delay(&self, ms: u64) {
        let control = self.mock.as_ref().unwrap().control;
        assert_eq!(http(control, "POST", &format!("/_mock/delay?ms={ms}")).0, 204);
    }

    /// The event log so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        records::dump(self.folder.path())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(gate) = &self.gate
        {
            eprintln!("the gate said:\n{}", gate.said());
        }
        self.gate = None;
        if let Some(mock) = self.mock.take() {
            self.runtime.block_on(mock.stop());
        }
    }
}
