//! `sumun keys expose`: reports that a key's secret, or only its id, was seen in public. The secret comes from a file or
//! standard input: an argument would stand in the shell's history and in the list of processes.

use crate::client::{Call, Reach, Writing, prompt};
use crate::exit::BadInput;
use serde_json::{Map, json};
use std::path::PathBuf;

/// Report a secret or an id that was seen in public; a secret that is a key's ends it at once
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sumun keys expose --secret-file - --seen-at https://code.example/bot/commit/5f0c < found.txt\n  \
                        sumun keys expose K1 --seen-at \"a screenshot in a chat\""
)]
pub struct Arguments {
    /// The key's id, where only that was seen: its owner is told, and nothing ends
    key: Option<String>,
    /// File with the secret that was seen, `-` for standard input; it is sent, compared and forgotten
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Where it was seen
    #[arg(long, value_name = "PLACE")]
    seen_at: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl Arguments {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let Self { key, secret_file, seen_at, writing, reach } = self;
        if key.is_none() && secret_file.is_none() {
            let text = "nothing is reported: name the key, or the file that holds the secret with `--secret-file FILE`";
            return Err(BadInput(text.to_owned()).into());
        }
        let mut body = Map::new();
        body.insert("seen_at".to_owned(), json!(seen_at));
        body.extend(key.map(|key| ("key".to_owned(), json!(key))));
        if let Some(path) = &secret_file {
            let secret = prompt::secret("secret", "--secret-file", Some(path))?;
            body.insert("secret".to_owned(), json!(*secret));
        }
        reach.write(&writing, Call::post(&["exposures"], body.into()))
    }
}
