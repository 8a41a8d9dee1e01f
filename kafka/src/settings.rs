//! `kafka.toml`: the brokers, what is read from them, what is written to them. Unknown keys are errors; relative paths start at the file's
//! folder. No secret prints.

use crate::exit::BadInput;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::BaseConsumer;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Longest file of a secret, in bytes.
const SECRET_BYTES_MAX: u64 = 16 << 10;

/// Properties of librdkafka that the bridge sets itself: with another value lines would be lost, or states in the wrong order.
const OURS: &[&str] = &[
    "acks",
    "auto.offset.reset",
    "bootstrap.servers",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "isolation.level",
    "metadata.broker.list",
    "partition.assignment.strategy",
    "partitioner",
    "request.required.acks",
    "transactional.id",
];

/// Properties that are files, or folders of certificates.
const PATHS: &[&str] = &[
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.crl.location",
    "ssl.key.location",
    "ssl.keystore.location",
];

/// Of [`PATHS`], no path but librdkafka's word for the authorities that this system trusts, wherever it keeps them.
const SYSTEMS: &str = "probe";

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) kafka: Kafka,
    pub(crate) tap: Option<crate::tap::settings::Written>,
    #[serde(default)]
    pub(crate) follow: Vec<crate::tap::settings::WrittenFollow>,
    pub(crate) states: Option<crate::states::Written>,
}

/// How the brokers are reached.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kafka {
    pub(crate) brokers: String,
    /// Further properties of librdkafka.
    #[serde(default)]
    properties: BTreeMap<String, String>,
    /// Properties whose values stand in files.
    #[serde(default)]
    secrets: BTreeMap<String, PathBuf>,
}

/// The file, read, with where it stands.
///
/// # Errors
/// What is wrong with it, and what to do.
pub(crate) fn read(path: &Path) -> Result<(File, PathBuf), BadInput> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        BadInput(format!("cannot read `{shown}`: {error}; docs/adopt/kafka.md says how to write one"))
    })?;
    let file: File = toml::from_str(&text).map_err(|error| BadInput(format!("`{shown}`: {error}")))?;
    if file.kafka.brokers.trim().is_empty() {
        let what = "`kafka.brokers` is empty; name one or more as host:port, with commas between";
        return Err(BadInput(format!("`{shown}`: {what}")));
    }
    Ok((file, path.parent().unwrap_or(Path::new("")).to_path_buf()))
}

impl Kafka {
    /// What every client of these brokers is told.
    ///
    /// # Errors
    /// A property is ours to set, or a secret cannot be read.
    pub(crate) fn client(&self, base: &Path) -> Result<ClientConfig, BadInput> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers).set("client.id", "sumun-kafka");
        config.set_log_level(RDKafkaLogLevel::Warning);
        for (name, value) in &self.properties {
            may_be_set(name, "properties")?;
            if name.contains("password") || name.ends_with("secret") || name.ends_with(".pem") {
                return Err(BadInput(format!(
                    "`kafka.properties.\"{name}\"` is a secret: put it into a file that only its owner can read (`chmod 600`), and name that \
                     under `kafka.secrets`"
                )));
            }
            if PATHS.contains(&name.as_str()) && value != SYSTEMS {
                config.set(name, base.join(value).to_string_lossy());
            } else {
                config.set(name, value);
            }
        }
        // OpenSSL of its own source looks where no system keeps its authorities.
        if cfg!(feature = "tls")
            && config.get("ssl.ca.location").is_none()
            && config.get("ssl.ca.pem").is_none()
        {
            config.set("ssl.ca.location", SYSTEMS);
        }
        for (name, path) in &self.secrets {
            may_be_set(name, "secrets")?;
            let secret = secret(&base.join(path))
                .map_err(|what| BadInput(format!("`kafka.secrets.\"{name}\"`: {what}")))?;
            config.set(name, secret.as_str());
        }
        Ok(config)
    }
}

fn may_be_set(name: &str, table: &str) -> Result<(), BadInput> {
    if OURS.contains(&name) {
        let what = format!("`kafka.{table}.\"{name}\"` is the bridge's own to set; take it out of the file");
        return Err(BadInput(what));
    }
    Ok(())
}

/// Whether a client can be made so: its properties are known, and what they name (certificates, keys) can be read. Connects to nothing.
///
/// # Errors
/// It cannot.
pub(crate) fn try_out(config: &ClientConfig) -> Result<(), BadInput> {
    let mut alone = config.clone();
    alone.remove("bootstrap.servers");
    alone.create::<BaseConsumer>().map(drop).map_err(|error| unusable(&error))
}

/// Why a client cannot be made.
pub(crate) fn unusable(error: &rdkafka::error::KafkaError) -> BadInput {
    let without = if cfg!(feature = "tls") {
        ""
    } else {
        ". This program was built without TLS and SASL; `cargo build --release -p sumun-kafka --features tls` has both"
    };
    BadInput(format!("`kafka`: {error}{without}"))
}

/// A file that is its owner's alone, without line ends behind.
pub(crate) fn secret(path: &Path) -> Result<Zeroizing<String>, String> {
    let shown = path.display();
    let metadata = std::fs::metadata(path).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!(
            "`{shown}` has mode {mode:03o}; `chmod 600` it, so that only its owner can read it"
        ));
    }
    if !metadata.is_file() || metadata.len() > SECRET_BYTES_MAX {
        return Err(format!("`{shown}` is no file of a secret"));
    }
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| format!("cannot read `{shown}`: {error}"))?;
    let text = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
    if text.is_empty() { Err(format!("`{shown}` is empty")) } else { Ok(text) }
}
