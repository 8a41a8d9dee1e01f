//! The gate: proxy, decision, spool and event log in one process.

use crate::config::Config;

/// Runs until told to stop.
///
/// # Errors
/// What kept it from starting, or from going on.
pub fn run(config: Config) -> anyhow::Result<()> {
    let _ = config;
    anyhow::bail!("the gate is not wired up yet")
}
