//! `sumun venue`: the venue's own facts.

use crate::client::{Call, Reach, Writing};
use crate::exit::BadInput;
use serde_json::Value;
use std::path::PathBuf;

/// What can be done with the venue's facts.
#[derive(Debug, clap::Subcommand)]
pub enum Venue {
    /// Show the facts in force
    #[command(after_help = "Example:\n  sumun venue show --json")]
    Show(Show),
    /// Put other facts in force; prints what changed, all of it with --json
    #[command(after_help = "Example:\n  sumun venue put venue.toml --dry-run")]
    Put(Put),
}

/// To whom.
#[derive(Debug, clap::Args)]
pub struct Show {
    #[command(flatten)]
    reach: Reach,
}

/// Which facts.
#[derive(Debug, clap::Args)]
pub struct Put {
    /// The facts, `.toml` or `.json`
    file: PathBuf,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Runs it.
///
/// # Errors
/// The file is bad, what the server said, or that it cannot be reached.
pub fn run(command: Venue) -> anyhow::Result<()> {
    match command {
        Venue::Show(Show { reach }) => reach.show(&Call::get(&["venue"])),
        Venue::Put(Put { file, writing, reach }) => {
            let shown = file.display();
            let text = std::fs::read_to_string(&file)
                .map_err(|error| BadInput(format!("failed to read `{shown}`: {error}")))?;
            let facts: Value = if file.extension().is_some_and(|ext| ext == "json") {
                serde_json::from_str(&text)
                    .map_err(|error| BadInput(format!("`{shown}` is not JSON: {error}")))?
            } else {
                toml::from_str(&text).map_err(|error| BadInput(format!("`{shown}` is not TOML: {error}")))?
            };
            reach.write_changes(&writing, Call::put(&["venue"], facts))
        }
    }
}
