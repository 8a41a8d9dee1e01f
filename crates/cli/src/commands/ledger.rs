//! `sumun ledger checkpoint|entries|entry|proof|consistency`: the record as the server shows it. What
//! is checked without a server stands in [`super::ledger_verify`].

use super::{ledger_rebuild, ledger_verify, ledger_verify_proof};
use crate::atomic_file;
use crate::client::{Call, Listing, Reach};
use crate::output;
use std::path::PathBuf;

/// What can be done with the ledger.
#[expect(missing_docs, reason = "a doc comment on a command here would hide the help in its own file")]
#[derive(Debug, clap::Subcommand)]
pub enum Ledger {
    /// Print the signed head of the ledger
    #[command(after_help = "Example:\n  sumun ledger checkpoint > checkpoint.txt\n  \
                            sumun ledger verify --since checkpoint.txt")]
    Checkpoint(Checkpoint),
    /// List entries
    #[command(after_help = "Example:\n  sumun ledger entries --limit 10")]
    Entries(Entries),
    /// Show an entry with its payload
    #[command(after_help = "Example:\n  sumun ledger entry 12")]
    Entry(Entry),
    /// Print the proof that an entry stands in the ledger
    #[command(after_help = "Example:\n  sumun ledger proof 12 --out 12.proof\n  \
                            sumun ledger verify-proof 12.proof --vkey vkey --entry 12.json")]
    Proof(Proof),
    Verify(ledger_verify::Arguments),
    VerifyProof(ledger_verify_proof::Arguments),
    Rebuild(ledger_rebuild::Arguments),
}

/// To whom.
#[derive(Debug, clap::Args)]
pub struct Checkpoint {
    #[command(flatten)]
    reach: Reach,
}

/// Which page.
#[derive(Debug, clap::Args)]
pub struct Entries {
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Which.
#[derive(Debug, clap::Args)]
pub struct Entry {
    /// Its index, from 0
    index: u64,
    #[command(flatten)]
    reach: Reach,
}

/// Of which, and where to.
#[derive(Debug, clap::Args)]
pub struct Proof {
    /// The entry's index, from 0
    index: u64,
    /// File to write it to; a file that is there is replaced
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

/// Runs it.
///
/// # Errors
/// What was given is bad, what the server said, what was found, or that the server cannot be reached.
pub fn run(command: Ledger) -> anyhow::Result<()> {
    match command {
        Ledger::Checkpoint(Checkpoint { reach }) => {
            // A witness may take it without signing in.
            output::text(&reach.stranger()?.send(&Call::get(&["ledger", "checkpoint"]))?.text)
        }
        Ledger::Entries(Entries { page, reach }) => reach.list(
            Call::get(&["ledger", "entries"]),
            &page,
            &["index", "sequenced", "class", "commitment"],
        ),
        Ledger::Entry(Entry { index, reach }) => {
            reach.show(&Call::get(&["ledger", "entries", &index.to_string()]))
        }
        Ledger::Proof(Proof { index, out, reach }) => {
            let answer =
                reach.client()?.send(&Call::get(&["ledger", "entries", &index.to_string(), "proof"]))?;
            match out {
                None => output::text(&answer.text),
                Some(path) => {
                    atomic_file::replace(&path, answer.text.as_bytes())?.warned();
                    output::text(&format!("proof of entry {index} written to {}\n", path.display()))
                }
            }
        }
        Ledger::Verify(arguments) => ledger_verify::run(&arguments),
        Ledger::VerifyProof(arguments) => ledger_verify_proof::run(&arguments),
        Ledger::Rebuild(arguments) => ledger_rebuild::run(&arguments),
    }
}
