//! `sumun ledger checkpoint|entries|entry|proof|consistency`: the record as the server shows it. What
//! is checked without a server stands in [`super::ledger_verify`].

use super::{ledger_rebuild, ledger_verify, ledger_verify_proof};
use crate::atomic_file;
use crate::client::{Call, Listing, Reach};
use crate::exit::{BadInput, Failed};
use crate::output;
use serde_json::Value;
use std::path::PathBuf;
use sumun_ledger::Canonical;

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
    /// Show an entry with its payload; personal data is masked unless a reason is given
    #[command(
        after_help = "Examples:\n  sumun ledger entry 12\n  sumun ledger entry 12 --reason \"case 47\""
    )]
    Entry(Entry),
    /// Print the proof that an entry stands in the ledger
    #[command(
        after_help = "Example:\n  sumun ledger proof 12 --out 12.proof --payload 12.payload --reason \"case 47\"\n  \
                            sumun ledger verify-proof 12.proof --vkey vkey --payload 12.payload"
    )]
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
    /// Why you must see personal data and digests of secrets; that you looked is recorded with it. Without it they are masked
    #[arg(long)]
    reason: Option<String>,
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
    /// File to write the entry's payload line to, which shows what the entry says
    #[arg(long, value_name = "FILE", requires = "out")]
    payload: Option<PathBuf>,
    /// Why you must have the whole payload, if it holds what is masked otherwise; that you looked is recorded with it
    #[arg(long, requires = "payload")]
    reason: Option<String>,
    #[command(flatten)]
    reach: Reach,
}

/// The entry's line of a payload bundle, from the server's answer.
fn payload_line(index: u64, entry: &Value) -> anyhow::Result<String> {
    let masked = entry.get("masked").and_then(Value::as_array).is_some_and(|masked| !masked.is_empty());
    if masked {
        return Err(BadInput(format!(
            "entry {index} holds personal data or digests of secrets, which are masked, and a masked payload proves nothing: \
             say with `--reason` why you must have it whole"
        ))
        .into());
    }
    let strange = || Failed(format!("the server's answer for entry {index} is no entry"));
    let Some(digits) = entry.get("salt").and_then(Value::as_str) else {
        return Ok(sumun_ledger::erased_line(index));
    };
    let mut salt = [0; 32];
    hex::decode_to_slice(digits, &mut salt).map_err(|_| strange())?;
    let payload = Canonical::of(entry.get("payload").ok_or_else(strange)?).map_err(|_| strange())?;
    Ok(sumun_ledger::payload_line(index, &salt, payload.as_str()))
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
        Ledger::Entry(Entry { index, reason, reach }) => {
            let call = Call::get(&["ledger", "entries", &index.to_string()]);
            reach.show(&call.with_some("reason", reason.as_ref()))
        }
        Ledger::Proof(Proof { index, out, payload, reason, reach }) => {
            let client = reach.client()?;
            let number = index.to_string();
            let answer = client.send(&Call::get(&["ledger", "entries", &number, "proof"]))?;
            if let Some(path) = payload {
                let entry = Call::get(&["ledger", "entries", &number]).with_some("reason", reason.as_ref());
                let entry = client.send(&entry)?;
                let entry: Value = serde_json::from_str(&entry.text).unwrap_or_default();
                atomic_file::replace(&path, payload_line(index, &entry)?.as_bytes())?.warned();
            }
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
