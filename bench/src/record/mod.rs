//! What recording costs: ledger entries, governed changes and their verification, each beside the bare libraries doing the
//! same work in batches of the same size.
//!
//! [`changes`] makes what is written · [`bare`] is the baseline · [`verify`] checks a published folder.

pub mod bare;
pub mod changes;
pub mod verify;

use crate::clock::{Stopwatch, wall};
use crate::report::Row;
use anyhow::{Context, Result, ensure};
use bare::Bare;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use sumun_ledger::CheckpointSigner;
use sumun_store::{Change, Store, StoreOptions};

/// Sequenced entries a second (DESIGN 10).
const ENTRIES_MIN: f64 = 20_000.0;
/// Governed changes a second on SQLite (DESIGN 10).
const CHANGES_MIN: f64 = 3_000.0;
/// Callers at once for entries: batches are as large as the store takes them.
const CALLERS_ENTRIES: usize = 8_192;
/// Callers at once for changes.
const CALLERS_CHANGES: [usize; 3] = [64, 128, 256];
/// Entries in one round.
const ENTRIES_ROUND: usize = 32_768;
/// Keys that change in one round.
const KEYS_ROUND: usize = 4_096;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Rounds of each comparison.
    pub rounds: usize,
    /// Entries of the folder that is verified.
    pub verified: usize,
}

/// Measures everything in a folder of its own.
///
/// # Errors
/// What the store, the database or the disk said.
pub async fn measure(folder: &Path, size: Size) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    eprintln!("entries ...");
    let place = Place::open(&folder.join("entries")).await?;
    rows.push(entries(&place, size.rounds).await?);
    eprintln!("governed changes ...");
    let governed = Place::open(&folder.join("changes")).await?;
    for (n, callers) in CALLERS_CHANGES.into_iter().enumerate() {
        rows.push(changes(&governed, callers, size.rounds, n == CALLERS_CHANGES.len() - 1).await?);
    }
    governed.store.close().await;
    eprintln!("{} entries to be verified ...", size.verified);
    while place.store.head().size < size.verified as u64 {
        run(&place.store, changes::entries(ENTRIES_ROUND)?, CALLERS_ENTRIES).await?;
    }
    place.store.close().await;
    rows.extend(verify::measure(&place.folder.join("ledger"), size.rounds)?);
    Ok(rows)
}

/// A store on SQLite, published as in service, and the baseline beside it on the same disk.
struct Place {
    folder: std::path::PathBuf,
    store: Store,
    bare: tokio::sync::Mutex<Bare>,
}

impl Place {
    async fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let url = format!("sqlite://{}", folder.join("store.sqlite").display());
        let options = StoreOptions::new(url, signer()?, Arc::new(wall), "bench");
        let store = Store::open(options.publish_to(folder.join("ledger"))).await?;
        let bare = tokio::sync::Mutex::new(Bare::open(&folder.join("bare.sqlite"), signer()?).await?);
        Ok(Self { folder: folder.to_owned(), store, bare })
    }
}

fn signer() -> Result<CheckpointSigner> {
    CheckpointSigner::new(&[0x5e; 32], "sumun.example/bench").context("a signer for the bench")
}

async fn entries(place: &Place, rounds: usize) -> Result<Row> {
    let (mut bare, mut measured, mut batches) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let changes = changes::entries(ENTRIES_ROUND)?;
        let texts = changes::texts(&changes)?;
        let ran = run(&place.store, changes, CALLERS_ENTRIES).await?;
        let watch = Stopwatch::start();
        place.bare.lock().await.entries(&texts, ran.batch).await?;
        bare.push(texts.len() as f64 / watch.elapsed().as_secs_f64());
        measured.push(ran.each_second);
        batches.push(ran.batch as f64);
    }
    let row = Row::beside("ledger", "sequenced entries".to_owned(), "/s", &bare, &measured);
    let met = row.measured >= ENTRIES_MIN;
    Ok(row.budget(">= 20 k/s", met).note(format!("batches of {:.0}, published as it goes", middle(batches))))
}

async fn changes(place: &Place, callers: usize, rounds: usize, judged: bool) -> Result<Row> {
    let mut keys = changes::Keys::new(callers, KEYS_ROUND);
    let made = keys.next_round()?;
    place.bare.lock().await.changes(&made, callers).await?;
    run(&place.store, made, callers).await?;
    let (mut bare, mut measured, mut batches) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let changes = keys.next_round()?;
        let copies = changes.clone();
        let ran = run(&place.store, changes, callers).await?;
        let watch = Stopwatch::start();
        place.bare.lock().await.changes(&copies, ran.batch).await?;
        bare.push(copies.len() as f64 / watch.elapsed().as_secs_f64());
        measured.push(ran.each_second);
        batches.push(ran.batch as f64);
    }
    let row = Row::beside("ledger", format!("governed changes, {callers} callers"), "/s", &bare, &measured)
        .note(format!("batches of {:.0}: key row, feed, outbox, vault, answer, entry", middle(batches)));
    let met = row.measured >= CHANGES_MIN;
    Ok(if judged { row.budget(">= 3 k/s", met) } else { row })
}

fn middle(samples: Vec<f64>) -> f64 {
    crate::report::Spread::of(samples).median
}

/// What came of a round.
struct Ran {
    each_second: f64,
    /// Changes in a batch, as the checkpoints tell.
    batch: usize,
}

/// Has so many callers make the changes, each waiting for its answer before it makes the next.
async fn run(store: &Store, changes: Vec<Change>, callers: usize) -> Result<Ran> {
    let count = changes.len();
    let work = Arc::new(Mutex::new(changes.into_iter()));
    let watch = Stopwatch::start();
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (store, work) = (store.clone(), Arc::clone(&work));
            tokio::spawn(async move {
                let mut made = Vec::new();
                loop {
                    let next = work.lock().map_err(|_| anyhow::anyhow!("a caller panicked"))?.next();
                    let Some(change) = next else { return anyhow::Ok(made) };
                    made.push(store.execute(change).await?.checkpoint);
                }
            })
        })
        .collect();
    let mut checkpoints = BTreeSet::new();
    let mut made = 0;
    for task in tasks {
        let answers = task.await.context("a caller panicked")??;
        made += answers.len();
        checkpoints.extend(answers);
    }
    let seconds = watch.elapsed().as_secs_f64();
    ensure!(made == count, "{made} of {count} changes were made");
    Ok(Ran { each_second: count as f64 / seconds, batch: count.div_ceil(checkpoints.len().max(1)) })
}
