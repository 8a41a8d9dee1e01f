//! One gate's stream: a snapshot if its version is too old, then every version in order, and a heartbeat each second.
//!
//! Nothing is kept for a gate that does not read: a few frames wait in a channel, and if none is taken for a while the stream
//! is broken off, so that the gate notices, connects anew and says where it stands.

use crate::server::Server;
use bytes::Bytes;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use sumun_feed::{Frame, PART_RECORDS_MAX, SnapshotWriter};
use sumun_model::{GateId, KeyId};
use sumun_store::tables::DEAD_KEYS;
use sumun_store::{Filter, StoreError};
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::SendTimeoutError;

/// One heartbeat a second: a gate that has heard nothing for three takes the feed for broken.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long a full channel is waited for. A gate that reads nothing for so long would be stale anyway.
const SLOW: Duration = Duration::from_secs(5);
/// Versions read at once.
const DELTAS: u32 = 256;

/// Why a stream ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamEnd {
    #[error("the gate went away")]
    Gone,
    #[error("the gate read nothing for {} seconds", SLOW.as_secs())]
    Slow,
    #[error("this process stops")]
    Stopping,
    #[error("the feed cannot be read")]
    Store(#[from] StoreError),
    #[error("a frame cannot be signed")]
    Sign(#[from] sumun_feed::JwsError),
    #[error("the sealed secret of key `{0}` is not in the vault; run `sumun ledger verify`")]
    Vault(String),
}

/// What a body takes: a line, or the error that breaks it off.
pub(crate) type Line = Result<Bytes, StreamEnd>;

/// Feeds a gate until one of the two ends it.
pub(crate) async fn run(server: Arc<Server>, gate: GateId, from: u64, lines: Sender<Line>) {
    server.gates.connected(gate.as_str());
    server.metrics.feed_streams.inc();
    tracing::info!(gate.id = %gate, from, "Gate {gate} follows the feed from version {from}");
    let mut stream = Stream { server: &server, lines: &lines, version: from };
    let end = match stream.follow().await {
        Ok(()) => StreamEnd::Stopping,
        Err(end) => end,
    };
    match &end {
        StreamEnd::Gone | StreamEnd::Stopping => {
            tracing::info!(gate.id = %gate, "Feed of gate {gate} ended: {end}");
        }
        _ => {
            tracing::warn!(gate.id = %gate, error = &end as &dyn std::error::Error, "Feed of gate {gate} broken off: {end}");
        }
    }
    if matches!(end, StreamEnd::Slow) {
        server.metrics.feed_slow.inc();
    }
    // Breaks the body off instead of ending it well; if the channel is full, dropping the sender has to do.
    let _ = lines.try_send(Err(end));
    server.metrics.feed_streams.dec();
    server.gates.disconnected(gate.as_str());
}

struct Stream<'s> {
    server: &'s Server,
    lines: &'s Sender<Line>,
    /// The version all that was sent amounts to.
    version: u64,
}

impl Stream<'_> {
    async fn follow(&mut self) -> Result<(), StreamEnd> {
        let store = &self.server.govern.store;
        let mut head = store.watch();
        let mut stopping = self.server.stopping.subscribe();
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        if self.version == 0 {
            self.snapshot().await?;
        }
        loop {
            self.catch_up().await?;
            tokio::select! {
                biased;
                () = async { let _ = stopping.wait_for(|stop| *stop).await; } => return Err(StreamEnd::Stopping),
                () = self.lines.closed() => return Err(StreamEnd::Gone),
                changed = head.changed() => if changed.is_err() { return Err(StreamEnd::Stopping) },
                _ = heartbeat.tick() => {
                    let frame = Frame::Heartbeat { version: self.version, at: self.server.govern.world.now() };
                    self.send(frame.sign(&self.server.feed_key)?).await?;
                }
            }
        }
    }

    /// Sends every version there is after the present one.
    async fn catch_up(&mut self) -> Result<(), StreamEnd> {
        while self.version < self.server.govern.store.feed_head() {
            match self.server.govern.store.feed_since(self.version, DELTAS).await? {
                None => self.snapshot().await?,
                Some(deltas) if deltas.is_empty() => return Ok(()),
                Some(deltas) => {
                    for delta in deltas {
                        let records = self.with_secrets(delta.records).await?;
                        let frame = Frame::Delta {
                            version: delta.version,
                            entry: delta.entry,
                            at: delta.at,
                            records,
                        };
                        self.send(frame.sign(&self.server.feed_key)?).await?;
                        self.version = delta.version;
                    }
                }
            }
        }
        Ok(())
    }

    async fn snapshot(&mut self) -> Result<(), StreamEnd> {
        let snapshot = self.server.govern.store.feed_snapshot().await?;
        let known: BTreeSet<&str> =
            snapshot.records.iter().filter_map(|record| record.get("key")?.as_str()).collect();
        let dead = self.dead_without_record(&known).await?;
        let (at, count) = (self.server.govern.world.now(), |n: usize| u64::try_from(n).unwrap_or(u64::MAX));
        let (mut writer, line) = SnapshotWriter::begin(
            &self.server.feed_key,
            snapshot.version,
            at,
            count(snapshot.records.len()),
            count(dead.len()),
        )?;
        self.send(line).await?;
        for part in snapshot.records.chunks(PART_RECORDS_MAX) {
            let records = self.with_secrets(part.to_vec()).await?;
            self.send(writer.part(records, Vec::new())?).await?;
        }
        for part in dead.chunks(PART_RECORDS_MAX) {
            self.send(writer.part(Vec::new(), part.to_vec())?).await?;
        }
        self.send(writer.end()?).await?;
        self.version = snapshot.version;
        Ok(())
    }

    /// Ids that have ended and that gates were never told of: they must not come to life there either.
    async fn dead_without_record(&self, known: &BTreeSet<&str>) -> Result<Vec<KeyId>, StreamEnd> {
        let mut dead = Vec::new();
        let mut filter = Filter { limit: Filter::LIMIT_MAX, ..Filter::default() };
        loop {
            let rows = self.server.govern.store.list(&DEAD_KEYS, &filter).await?;
            let ids = rows.iter().filter_map(|row| row.get("key")?.as_str());
            filter.after = ids.clone().next_back().map(str::to_owned);
            dead.extend(ids.filter(|id| !known.contains(id)).filter_map(|id| KeyId::new(id).ok()));
            if rows.len() < usize::try_from(Filter::LIMIT_MAX).unwrap_or(usize::MAX) {
                return Ok(dead);
            }
        }
    }

    /// Puts each key's sealed secret in the place of its name.
    async fn with_secrets(&self, records: Vec<Value>) -> Result<Vec<Value>, StreamEnd> {
        let mut whole = Vec::with_capacity(records.len());
        for mut record in records {
            if let Some(fields) = record.as_object_mut()
                && let Some(name) = fields.remove("secret_ref")
            {
                let sealed = self.server.govern.store.vault(name.as_str().unwrap_or_default()).await?;
                let Some(sealed) = sealed else {
                    let key = fields.get("key").and_then(Value::as_str).unwrap_or_default();
                    return Err(StreamEnd::Vault(key.to_owned()));
                };
                fields.insert("secret".to_owned(), sealed.into());
            }
            whole.push(record);
        }
        Ok(whole)
    }

    async fn send(&self, mut line: String) -> Result<(), StreamEnd> {
        line.push('\n');
        let sent = self.lines.send_timeout(Ok(Bytes::from(line)), SLOW).await;
        sent.map_err(|error| match error {
            SendTimeoutError::Timeout(_) => StreamEnd::Slow,
            SendTimeoutError::Closed(_) => StreamEnd::Gone,
        })?;
        self.server.metrics.feed_frames.inc();
        Ok(())
    }
}
