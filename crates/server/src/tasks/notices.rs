//! Notices leave: from the outbox to a file, one line each, at least once.
//!
//! A line is on the disk before its message is marked done, so a crash in between writes it twice with the same `id`, and
//! loses none. Whoever reads the file tells repetitions by `id`.

use crate::server::Server;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use sumun_store::OutboxItem;
use tokio::io::AsyncWriteExt;

/// Topics that go to the file.
const TOPICS: &[&str] = &["notice"];
/// How long taken messages are ours, microseconds: writing a batch takes far less.
const LEASE_US: i64 = 30_000_000;
/// Messages taken at once.
const BATCH: u32 = 100;
/// How often is looked for messages.
const EVERY: Duration = Duration::from_millis(500);

/// Until the end.
pub(super) async fn run(server: Arc<Server>) {
    let Some(path) = server.notices.clone() else { return };
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        for topic in TOPICS {
            if let Err(error) = send(&server, &path, topic).await {
                tracing::warn!(error = &*error, topic, "Notices could not leave; trying again");
            }
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn send(server: &Server, path: &Path, topic: &str) -> Result<(), Failure> {
    let store = &server.govern.store;
    loop {
        let items = store.outbox_take(topic, BATCH, server.govern.world.now(), LEASE_US).await?;
        if items.is_empty() {
            return Ok(());
        }
        append(path, &items).await?;
        for item in items {
            store.outbox_done(item.id).await?;
            server.metrics.notices_sent.inc();
        }
    }
}

/// Appends one line each, and waits until the disk has them.
async fn append(path: &Path, items: &[OutboxItem]) -> Result<(), Failure> {
    let mut lines = String::new();
    for item in items {
        let line = json!({ "id": item.id, "topic": item.topic, "entry": item.entry, "attempt": item.attempts, "body": item.body });
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    let mut options = tokio::fs::OpenOptions::new();
    options.append(true).create(true);
    // Notices name people.
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(path).await?;
    file.write_all(lines.as_bytes()).await?;
    file.flush().await?;
    file.sync_all().await?;
    Ok(())
}
