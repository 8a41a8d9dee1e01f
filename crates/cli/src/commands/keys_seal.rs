//! `sumun keys seal`: seal a secret from stdin, or reseal a whole keys file under the primary key-encryption key.

use super::KekArguments;
use crate::exit::BadInput;
use crate::keys_file::{Format, edit, read_text};
use crate::{atomic_file, entropy, output};
use serde::Serialize;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use sumun_model::secret::SECRET_BYTES_MAX;
use sumun_model::{ApiSecret, KeyId};
use sumun_seal::Keyring;
use zeroize::Zeroizing;

/// Seal a secret read from stdin, or reseal a whole keys file.
///
/// The secret is never taken from the command line, where other processes could see it. One newline at its end is
/// dropped. What is printed opens only for this key's id.
///
/// To change to a new key-encryption key, in this order, so that every gate can open every secret at any time: 1. add
/// the new key's line below the old one in the key file, where it opens and does not yet seal; 2. restart every gate
/// that serves the keys file, as key files are read at the start only; 3. move the new line to the top; 4. run this with
/// `--rotate`; 5. take the old line out and restart the gates again. A gate that does not know the new key at step 4
/// serves its last table, and refuses by age as that grows old. A rotation that is interrupted has changed nothing or
/// everything.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sumun keys seal --key K1 < secret.txt\n  sumun keys seal --rotate keys.toml"
)]
pub struct Arguments {
    #[command(flatten)]
    kek: KekArguments,
    /// The key's id, for which alone the sealed secret opens
    #[arg(long, value_name = "ID", required_unless_present = "rotate", conflicts_with = "rotate")]
    key: Option<KeyId>,
    /// Keys file whose secrets to reseal under the primary key-encryption key
    #[arg(long, value_name = "FILE")]
    rotate: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Sealed<'a> {
    key: &'a KeyId,
    secret: String,
}

#[derive(Serialize)]
struct Rotated<'a> {
    file: &'a Path,
    key_encryption_key: String,
    resealed: usize,
    kept: usize,
}

/// Runs it.
///
/// # Errors
/// No secret on stdin, no keyring, or a keys file that cannot be resealed; then it is as it was.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let keyring = arguments.kek.keyring()?;
    match (&arguments.key, &arguments.rotate) {
        (Some(key), _) => {
            let sealed = keyring.seal(key, &from_stdin()?, *entropy::draw()?).to_string();
            if arguments.json {
                output::json(&Sealed { key, secret: sealed })
            } else {
                output::text(&format!("{sealed}\n"))
            }
        }
        (None, Some(path)) => rotate(&keyring, path, arguments.json),
        (None, None) => Err(BadInput("say `--key ID` or `--rotate FILE`".to_owned()).into()),
    }
}

fn from_stdin() -> anyhow::Result<ApiSecret> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(BadInput(
            "the secret is read from stdin: redirect a file or a pipe into this command".to_owned(),
        )
        .into());
    }
    // Room for the whole, a newline and one byte too many, so that growing leaves no copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(SECRET_BYTES_MAX + 3));
    stdin.lock().take(SECRET_BYTES_MAX as u64 + 3).read_to_end(&mut bytes)?;
    let end = bytes.strip_suffix(b"\r\n").or_else(|| bytes.strip_suffix(b"\n")).unwrap_or(&bytes);
    let bad = |text: String| BadInput(format!("no secret to seal: {text}"));
    if end.iter().any(|byte| byte.is_ascii_control()) {
        return Err(bad("stdin holds more than one line, or control characters".to_owned()).into());
    }
    if end.starts_with(sumun_seal::SEALED_TEXT_PREFIX.as_bytes()) {
        return Err(bad("stdin holds a secret that is sealed already".to_owned()).into());
    }
    ApiSecret::new(end.to_vec()).map_err(|error| bad(error.to_string()).into())
}

fn rotate(keyring: &Keyring, path: &Path, json: bool) -> anyhow::Result<()> {
    let format = Format::of(path)?;
    let _guard = atomic_file::guard(path)?;
    let text = read_text(path)?;
    let done = edit::resealed(path, &text, format, keyring, || Ok(*entropy::draw()?))?;
    if done.changed > 0 {
        atomic_file::replace(path, done.text.as_bytes())?.warned();
    }
    let primary = keyring.primary_id().to_string();
    if json {
        return output::json(&Rotated {
            file: path,
            key_encryption_key: primary,
            resealed: done.changed,
            kept: done.kept,
        });
    }
    let mut text = format!(
        "{}: {} resealed under key-encryption key {primary}, {} there already\n",
        path.display(),
        output::count(done.changed, "secret"),
        done.kept
    );
    if done.changed > 0 {
        text.push_str(&format!(
            "Every gate that serves this file must have been started with {primary} in its key file. One that was not \
             says so in its log and keeps its last table: restart it now. Take the old key out only when every gate \
             has taken this edit\n"
        ));
    }
    output::text(&text)
}
