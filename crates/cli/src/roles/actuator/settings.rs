//! The file that `[actuator]` names, with its secrets. Relative paths start at the file's folder. No secret prints.

use crate::exit::BadInput;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use sumun_actuator::{Actuator, SecretSource, Secrets, webhook};
use zeroize::Zeroizing;

/// Longest file of a secret, in bytes.
const SECRET_BYTES_MAX: u64 = 16 << 10;

/// All of it, read.
pub(crate) struct Settings {
    /// What the file says.
    pub(crate) actuator: Actuator,
    /// Secrets of headers, by name.
    pub(super) secrets: Secrets,
    /// Keys that sign messages, by webhook.
    pub(super) signing: BTreeMap<String, Zeroizing<Vec<u8>>>,
    /// Connections.
    pub(super) agent: ureq::Agent,
}

/// The file alone, as it stands: every mistake told at once.
///
/// # Errors
/// It cannot be read, or is none.
pub(crate) fn read(file: &Path) -> Result<Actuator, BadInput> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| {
        BadInput(format!("cannot read `{shown}`: {error}; docs/adopt/actuator.md says how to write one"))
    })?;
    Actuator::parse(&text).map_err(|problems| {
        let told: Vec<String> = problems.iter().map(|problem| format!("`{shown}`, {problem}")).collect();
        BadInput(told.join("\n"))
    })
}

impl Settings {
    /// Reads file and secrets.
    ///
    /// # Errors
    /// What is wrong with them, and what to do.
    pub(crate) fn read(file: &Path) -> Result<Self, BadInput> {
        let actuator = read(file)?;
        let base = file.parent().unwrap_or(Path::new(""));
        let mut secrets = Secrets::default();
        for (name, source) in &actuator.secrets {
            let text = secret(source, base).map_err(|what| BadInput(format!("secret `{name}`: {what}")))?;
            if !text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
                return Err(BadInput(format!("secret `{name}` holds characters that no header can")));
            }
            secrets.insert(name, text);
        }
        let mut signing = BTreeMap::new();
        for one in &actuator.webhooks {
            let bad = |what| BadInput(format!("the secret of webhook `{}`: {what}", one.name));
            let key = secret(&one.secret, base).and_then(|text| webhook::secret(&text)).map_err(bad)?;
            signing.insert(one.name.clone(), key);
        }
        let agent = agent(&actuator, base)?;
        Ok(Self { actuator, secrets, signing, agent })
    }
}

/// The first line of a file that is its owner's alone, or a variable.
fn secret(source: &SecretSource, base: &Path) -> Result<Zeroizing<String>, String> {
    let text = match source {
        SecretSource::Env(variable) => Zeroizing::new(
            std::env::var(variable)
                .map_err(|_| format!("the environment variable `{variable}` is not set, or no text"))?,
        ),
        SecretSource::File(path) => from_file(&base.join(path))?,
    };
    let line = Zeroizing::new(text.lines().next().unwrap_or_default().trim().to_owned());
    if line.is_empty() { Err("it is empty".to_owned()) } else { Ok(line) }
}

fn from_file(path: &PathBuf) -> Result<Zeroizing<String>, String> {
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
    std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| format!("cannot read `{shown}`: {error}"))
}

/// Connections to where the file points: no redirect is followed, since a secret goes to the host that was named and nowhere else.
fn agent(actuator: &Actuator, base: &Path) -> Result<ureq::Agent, BadInput> {
    let roots = match &actuator.ca_file {
        None => ureq::tls::RootCerts::PlatformVerifier,
        Some(path) => {
            let path = base.join(path);
            let bad =
                |what: &dyn std::fmt::Display| BadInput(format!("`ca_file` `{}`: {what}", path.display()));
            let text = std::fs::read(&path).map_err(|error| bad(&error))?;
            let mut found = Vec::new();
            for item in ureq::tls::parse_pem(&text) {
                if let ureq::tls::PemItem::Certificate(certificate) = item.map_err(|error| bad(&error))? {
                    found.push(certificate);
                }
            }
            if found.is_empty() {
                return Err(bad(&"it holds no certificate in PEM"));
            }
            ureq::tls::RootCerts::new_with_certs(&found)
        }
    };
    let tls = ureq::tls::TlsConfig::builder()
        .root_certs(roots)
        .unversioned_rustls_crypto_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    Ok(ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(Duration::from_millis(actuator.timeout_ms)))
        .user_agent(concat!("sumun-actuator/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls)
        .build()
        .into())
}
