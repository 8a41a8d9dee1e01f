//! `sumun keys kek-new`: make a key-encryption key.

use crate::exit::BadInput;
use crate::{atomic_file, entropy, output};
use std::path::PathBuf;
use sumun_seal::KeyEncryptionKey;
use zeroize::Zeroizing;

/// Make a key-encryption key, under which secrets are sealed.
///
/// With `--out` it goes to a file only its owner can read, which must not exist yet. Without, its line is printed:
/// for a secret store, or as a new line below those of an existing key file (`sumun keys seal --help` says how to change
/// from one to the next). Keep a copy where the keys file is not:
/// without it no sealed secret opens.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sumun keys kek-new --out kek.txt\n  \
                        SUMUN_SEAL_KEY=\"$(sumun keys kek-new)\" sumun gate")]
pub struct Arguments {
    /// File to make
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs it.
///
/// # Errors
/// No entropy, or the file exists or cannot be written.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let kek = KeyEncryptionKey::new(entropy::draw()?);
    let text = kek.expose_text();
    match arguments.out {
        None => output::text(&Zeroizing::new(format!("{}\n", *text))),
        Some(path) if path.exists() => Err(BadInput(format!(
            "`{}` exists, and a key-encryption key is never overwritten: name another file; to change to a new \
             one, add its line below the old one; `sumun keys seal --help` says the steps",
            path.display()
        ))
        .into()),
        Some(path) => {
            let content = Zeroizing::new(format!("# key-encryption key {}\n{}\n", kek.id(), *text));
            atomic_file::create(&path, content.as_bytes())?.warned();
            output::text(&format!("key-encryption key {} written to {}\n", kek.id(), path.display()))
        }
    }
}
