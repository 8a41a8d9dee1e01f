//! A published folder verified beside SHA-256 over the same leaves, already in memory.
//!
//! The verifier reads files, checks every payload against its commitment, every leaf against the tree, the tree against
//! the signature; the baseline hashes each leaf once and looks at nothing.

use crate::clock::Stopwatch;
use crate::report::Row;
use anyhow::{Context, Result, anyhow, ensure};
use sha2::{Digest, Sha256};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use sumun_verifier::verify_folder;

/// Entries verified a second (DESIGN 10).
const VERIFIED_MIN: f64 = 500_000.0;

/// Verifies the folder again and again.
///
/// # Errors
/// A file is missing, or the log does not verify.
pub fn measure(folder: &Path, rounds: usize) -> Result<Vec<Row>> {
    let vkey = std::fs::read_to_string(folder.join("vkey")).context("the log's verifier key")?;
    let leaves = leaves(&folder.join("tile/entries"))?;
    let count = leaves.len() as f64;
    let (mut bare, mut measured) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let watch = Stopwatch::start();
        for leaf in &leaves {
            black_box(Sha256::new_with_prefix([0]).chain_update(leaf).finalize());
        }
        bare.push(count / watch.elapsed().as_secs_f64());
        let watch = Stopwatch::start();
        let report = verify_folder(folder, vkey.trim_end(), None)
            .map_err(|fault| anyhow!("the log does not verify: {fault}"))?;
        ensure!(report.size == leaves.len() as u64, "{} entries of {count} were verified", report.size);
        measured.push(count / watch.elapsed().as_secs_f64());
    }
    let row = Row::beside("ledger", "verified entries".to_owned(), "/s", &bare, &measured);
    let met = row.measured >= VERIFIED_MIN;
    Ok(vec![row.budget(">= 500 k/s", met).note(format!(
        "a folder of {} k entries, payloads included; the baseline hashes each leaf once",
        leaves.len() / 1000
    ))])
}

/// Every leaf, in no particular order.
fn leaves(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let mut leaves = Vec::new();
    for path in files(folder)? {
        let bytes = std::fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        let mut rest = bytes.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            let (leaf, after) = after.split_at_checked(length).context("a bundle is cut off")?;
            leaves.push(leaf.to_vec());
            rest = after;
        }
    }
    Ok(leaves)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in
        std::fs::read_dir(folder).with_context(|| format!("failed to list `{}`", folder.display()))?
    {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(self::files(&entry.path())?);
        } else {
            files.push(entry.path());
        }
    }
    Ok(files)
}
