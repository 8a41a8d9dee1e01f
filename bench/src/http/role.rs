//! The gate's own role, as an operator runs it: a configuration file, a keys file with sealed secrets, spool, event log
//! and nonce journal on the real disk. Only the rates are off, as the load's keys are few.

use crate::keys;
use crate::random::Random;
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use sumun_cli::config::Sources;
use sumun_model::KeyId;
use sumun_seal::{KEK_TEXT_PREFIX, KeyEncryptionKey, Keyring, NONCE_BYTES};
use zeroize::Zeroizing;

/// Keys in the file.
pub const KEYS: u64 = 10_000;
/// The made-up key-encryption key.
const KEK: [u8; 32] = [0x42; 32];

/// Writes configuration, keys and key-encryption key into a folder; returns the configuration's path.
///
/// # Errors
/// The disk refused.
pub fn prepare(folder: &Path, exchange: SocketAddr) -> Result<PathBuf> {
    let kek = folder.join("kek.txt");
    let mut file = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(kek)?;
    std::io::Write::write_all(&mut file, format!("{KEK_TEXT_PREFIX}{}\n", hex::encode(KEK)).as_bytes())?;
    std::fs::write(folder.join("keys.json"), keys_file()?)?;
    let config = folder.join("sumun.toml");
    let text = format!(
        "data_dir = \"data\"\n\
         [gate]\nlisten = \"127.0.0.1:0\"\ndecide_listen = \"127.0.0.1:0\"\n\
         upstream = \"http://{exchange}\"\nkeys_file = \"keys.json\"\n\
         [gate.rates]\ndefault_per_second = 0\norder_per_second = 0\n\
         [seal]\nkey_file = \"kek.txt\"\n"
    );
    std::fs::write(&config, text)?;
    Ok(config)
}

fn keys_file() -> Result<String> {
    let ring = Keyring::of(KeyEncryptionKey::new(Zeroizing::new(KEK)));
    let mut random = Random::new(5);
    let entries: Vec<serde_json::Value> = (0..KEYS)
        .map(|index| {
            let mut nonce = [0; NONCE_BYTES];
            for part in nonce.chunks_mut(8) {
                part.copy_from_slice(&random.next().to_le_bytes());
            }
            let id = KeyId::new(&keys::id(index))?;
            let secret = ring.seal(&id, &keys::api_secret(index)?, nonce);
            Ok(serde_json::json!({
                "key": id, "account": format!("made-up-account-{index}"), "state": "active",
                "scopes": keys::scopes(), "allowlist": [keys::CLIENT], "expires": keys::EXPIRES,
                "secret": secret,
            }))
        })
        .collect::<Result<_>>()?;
    Ok(serde_json::json!({ "keys": entries }).to_string())
}

/// Runs the role until the process ends.
///
/// # Errors
/// What the role says.
pub fn serve(config: &Path) -> Result<()> {
    let sources = Sources::of_process(Some(config), Vec::new()).context("the benchmark's configuration")?;
    sumun_cli::roles::gate::run(sources.load()?.config)
}
