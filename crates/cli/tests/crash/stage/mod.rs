//! A stage for tests of the real gate: its folder, keys and configuration; the process; a client; an exchange that
//! writes down what it gets; a look at the bytes on the disk, and one for secrets in them. Nothing here decides what is right.
#![allow(dead_code, reason = "two test binaries share it; each uses what it needs")]

pub(crate) mod chance;
pub(crate) mod client;
pub(crate) mod disk;
pub(crate) mod process;
pub(crate) mod secrets;
pub(crate) mod upstream;

use crate::support::{KEK_ONE, Place};
use process::Gate;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use sumun_model::{ApiSecret, KeyId};
use sumun_seal::{Keyring, NONCE_BYTES};

/// How long anything that must happen may take: far above what it takes, so that only its absence fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Scopes of a key that may do all that the tests do.
pub(crate) const ALL_SCOPES: &[&str] =
    &["market_data", "read_balances", "read_orders", "trade", "cancel", "withdraw"];

/// One entry of the keys file to be.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) state: &'static str,
    pub(crate) measure: Option<&'static str>,
    pub(crate) expires: String,
}

impl Key {
    pub(crate) fn active(id: &str) -> Self {
        Self { id: id.to_owned(), state: "active", measure: None, expires: "2199-01-01T00:00:00Z".to_owned() }
    }

    pub(crate) fn expired(id: &str) -> Self {
        Self { state: "expired", ..Self::active(id) }
    }

    /// Its entry, the secret sealed with a made-up key-encryption key.
    pub(crate) fn entry(&self, kek: &str) -> serde_json::Value {
        let id = KeyId::new(&self.id).unwrap();
        let secret = ApiSecret::new(client::secret_of(&self.id).into_bytes()).unwrap();
        let sealed = Keyring::parse(kek).unwrap().seal(&id, &secret, [7; NONCE_BYTES]);
        let mut entry = serde_json::json!({
            "key": id, "account": "A1", "state": self.state, "scopes": ALL_SCOPES,
            "allowlist": ["127.0.0.0/8"], "expires": self.expires, "secret": sealed,
        });
        if let Some(measure) = self.measure {
            entry["measure"] = measure.into();
        }
        entry
    }
}

/// The text of a keys file.
pub(crate) fn keys_text(keys: &[Key]) -> String {
    let entries: Vec<_> = keys.iter().map(|key| key.entry(KEK_ONE)).collect();
    format!("{:#}\n", serde_json::json!({ "keys": entries }))
}

/// A gate's folder.
pub(crate) struct Stage {
    pub(crate) place: Place,
}

/// Small files, so that the tests see many of them; no limits on rates, which are not what is tested here.
const CONFIG: &str = r#"
[gate]
listen = "127.0.0.1:0"
admin_listen = "127.0.0.1:0"
keys_file = "keys.json"
upstream = "http://UPSTREAM"
rates = { default_per_second = 0, order_per_second = 0 }
spool = { bytes_max = 67108864, segment_bytes_max = 262144 }
shutdown_grace_s = 2
MORE
[log]
segment_bytes_max = 1048576
[seal]
key_file = "kek.txt"
"#;

impl Stage {
    /// With keys `K1` to `K3`; `more` are further lines of the section `[gate]`.
    pub(crate) fn new(upstream: SocketAddr, more: &str) -> Self {
        let stage = Self { place: Place::new() };
        stage.place.write_private("kek.txt", KEK_ONE);
        stage.place.write("sumun.toml", &config(&upstream.to_string(), more));
        stage.keys(&["K1", "K2", "K3"].map(Key::active));
        stage
    }

    /// Puts a keys file in place at once, as an editor or `sumun keys` does.
    pub(crate) fn keys(&self, keys: &[Key]) {
        self.keys_as(&keys_text(keys));
    }

    pub(crate) fn keys_as(&self, text: &str) {
        self.place.write("keys.json.new", text);
        std::fs::rename(self.place.path("keys.json.new"), self.place.path("keys.json")).unwrap();
    }

    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.place.path("sumun-data").join(name)
    }

    /// Starts a gate and waits until it serves.
    pub(crate) fn start(&self) -> Gate {
        Gate::start(self.place.command(&["gate"]))
    }

    /// Lines of the event log from a position on, as `sumun log dump` prints them.
    pub(crate) fn dump(&self, from: usize) -> Vec<serde_json::Value> {
        let ran = self.place.run(&["log", "dump", "--from", &from.to_string()]);
        assert_eq!(ran.code, 0, "{}", ran.shown());
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Whatever a test was about: no secret may have come to stand in what the gate wrote.
impl Drop for Stage {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            secrets::none_below(&self.data(""));
        }
    }
}

/// The text of a configuration.
pub(crate) fn config(upstream: &str, more: &str) -> String {
    CONFIG.replace("UPSTREAM", upstream).replace("MORE", more)
}

/// Looks until there is an answer; `None` if there never is.
pub(crate) fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if start.elapsed() > PATIENCE {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
