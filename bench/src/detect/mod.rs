//! Detection: lines a second and core with the whole catalogue, bytes of a key, and what becomes of both as windows fill.
//!
//! [`world`] makes lines, cheaply and from a fixed seed; [`engine`] feeds them. The baseline is parsing alone of the same lines, by
//! turns in the same process. Time is processor time wherever one thread does all, so that a busy machine does not show; with more
//! threads it is wall time, and the note says what the processors spent. [`effect`] takes the time from an event to its effect at the gate,
//! through all of the running system in [`house`]. Not here: whether detection finds anything (`sumun evaluate`).

pub mod effect;
pub mod engine;
pub mod house;
pub mod world;

use crate::machine;
use crate::random::SEED;
use crate::report::Row;
use anyhow::{Context, Result, ensure};
use std::num::NonZeroUsize;
use std::process::{Command, Stdio};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Live keys at most; 10 k, 100 k and 1 M are measured as far as this goes.
    pub keys_max: u64,
    /// Lines measured for each pattern.
    pub lines: usize,
    /// Times each key is used before anything is measured, an hour apart, so that sessions and windows fill.
    pub rounds: u64,
}

/// What a reader must know of the machine.
///
/// # Errors
/// `/proc` cannot be read.
pub fn facts() -> Result<String> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").context("failed to read /proc/cpuinfo")?;
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let load = std::fs::read_to_string("/proc/loadavg").context("failed to read /proc/loadavg")?;
    Ok(format!(
        "{}, {} cores, {} GiB free, load {}, seed {SEED:#x}",
        model.trim_start_matches(['\t', ' ', ':']),
        machine::cores()?.len(),
        machine::available_bytes()? >> 30,
        load.split(' ').take(3).collect::<Vec<_>>().join(" "),
    ))
}

/// Measures every number of keys, with one thread and with two, each in a process of its own.
///
/// # Errors
/// What a part said.
pub fn measure(size: Size) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for keys in [10_000, 100_000, 1_000_000] {
        for shards in [1, 2] {
            if keys <= size.keys_max {
                eprintln!("{keys} keys, {shards} shard(s) ...");
                rows.extend(part(keys, shards, size)?);
            }
        }
    }
    Ok(rows)
}

fn part(keys: u64, shards: usize, size: Size) -> Result<Vec<Row>> {
    let program = std::env::current_exe().context("this program's own path")?;
    let numbers = [keys.to_string(), shards.to_string(), size.lines.to_string(), size.rounds.to_string()];
    let ran = Command::new(program).arg("part").args(numbers).stderr(Stdio::inherit()).output()?;
    ensure!(ran.status.success(), "a part of the benchmark failed; see above");
    serde_json::from_slice(&ran.stdout).context("a part of the benchmark printed something else")
}

/// One part, in this process; prints its rows as JSON.
///
/// # Errors
/// As [`engine::measure`].
pub fn run_part(keys: u64, shards: NonZeroUsize, lines: usize, rounds: u64) -> Result<()> {
    println!("{}", serde_json::to_string(&engine::measure(keys, shards, lines, rounds)?)?);
    Ok(())
}
