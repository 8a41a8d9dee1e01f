//! Records on the real disk beside plain appending of the same bytes.
//!
//! Written and handed to the system, not synced one by one: the gate's syncer runs beside it every 20 ms, as it does
//! in the role, and the plain file is synced as often by nobody, which favours the baseline.

use crate::clock::Stopwatch;
use crate::random::Random;
use crate::report::Row;
use anyhow::{Context, Result};
use std::io::Write;
use std::path::Path;
use sumun_stream::{DiskStorage, Log, LogOptions, SYNC_INTERVAL_DEFAULT, Spool, SpoolOptions};

/// Bytes of an access line as the proxy writes it, its outcome still open.
const LINE_BYTES: usize = 700;
/// Bytes of an outcome: status and latency.
const OUTCOME_BYTES: usize = 10;
/// Requests in one batch.
const BATCH: usize = 1_000;
/// Batches; 100 k requests, 71 MB.
const BATCHES: usize = 100;

/// Measures in a folder.
///
/// # Errors
/// The disk refused.
pub fn measure(folder: &Path) -> Result<Vec<Row>> {
    let (log, _) = Log::open(DiskStorage::open(folder.join("log"))?, LogOptions::default())?;
    let options = SpoolOptions { bytes_max: 1 << 30, segment_bytes_max: 64 << 20 };
    let opened = Spool::open(DiskStorage::open(folder.join("spool"))?, &log, options)?;
    let _syncer = opened.spool.start_syncer(SYNC_INTERVAL_DEFAULT)?;
    let mut plain = std::fs::OpenOptions::new().create_new(true).append(true).open(folder.join("plain"))?;
    let mut random = Random::new(4);
    let line: Vec<u8> = (0..LINE_BYTES).map(|_| b'a' + random.below(26) as u8).collect();
    let outcome = [1; OUTCOME_BYTES];
    let (mut plain_ns, mut spool_ns) = (Vec::new(), Vec::new());
    for _ in 0..BATCHES {
        let watch = Stopwatch::start();
        for _ in 0..BATCH {
            plain.write_all(&line)?;
            plain.write_all(&outcome)?;
        }
        plain_ns.push(watch.ns_each(2 * BATCH));
        let watch = Stopwatch::start();
        for _ in 0..BATCH {
            let ticket = opened.spool.admit(&line)?;
            opened.spool.outcome(ticket, &outcome)?;
        }
        spool_ns.push(watch.ns_each(2 * BATCH));
    }
    let row = Row::beside(
        "spool beside a plain file",
        "one record, admit or outcome".into(),
        "ns",
        &plain_ns,
        &spool_ns,
    );
    let per_second = 1e9 / row.measured;
    opened.spool.sync().context("the spool's last sync")?;
    Ok(vec![row.note(format!("{per_second:.0} records/s on one thread, one write each, synced every 20 ms"))])
}
