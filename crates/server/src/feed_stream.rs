//! One gate's stream: a snapshot if its version is too old, then every version in order, and a heartbeat each second.
//!
//! Nothing is kept for a gate that does not read: a few frames wait in a channel, and if none is taken for a while the stream
//! is broken off, so that the gate notices, connects anew and says where it stands. A gate that is revoked hears nothing
//! more: its enrolment is read before each step. A heartbeat is sent only after the database was read for it.

use crate::server::Server;
use bytes::Bytes;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use sumun_feed::{Frame, JwsError, Mark, PART_RECORDS_MAX, PublicKey, SnapshotWriter};
use sumun_model::{GateId, KeyId};
use sumun_store::StoreError;
use sumun_store::tables::ACCOUNTS;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::SendTimeoutError;

/// One heartbeat a second: a gate that has heard nothing for three takes the feed for broken.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long a full channel is waited for. A gate that reads nothing for so long would be stale anyway.
const SLOW: Duration = Duration::from_secs(5);
/// How long a whole snapshot may take. It keeps a read transaction open, and others may be waiting for their turn.
const SNAPSHOT_SLOW: Duration = Duration::from_secs(300);
/// How long a heartbeat's look into the database may take: what was seen before that says nothing of now.
const LOOK_SLOW: Duration = Duration::from_secs(3);
/// Versions read at once.
const DELTAS: u32 = 256;

/// Why a stream ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamEnd {
    #[error("the gate went away")]
    Gone,
    #[error("the gate began another stream")]
    Newer,
    #[error("the gate read nothing for {} seconds", SLOW.as_secs())]
    Slow,
    #[error("a snapshot took longer than {} seconds", SNAPSHOT_SLOW.as_secs())]
    SlowSnapshot,
    #[error("`{0}` in the registry of dead ids is no key's id; run `sumun ledger verify`")]
    Id(String),
    #[error("the gate is not enrolled any more")]
    Revoked,
    #[error("whether the gate is still enrolled cannot be read: {0}")]
    Enrolment(String),
    #[error("this process stops")]
    Stopping,
    #[error("this process takes no changes any more: {0}")]
    Stopped(Arc<str>),
    #[error("the database did not say for {} seconds where the feed stands", LOOK_SLOW.as_secs())]
    Blind,
    #[error(
        "the database says that the feed is at version {found}, and version {sent} was sent: it was rolled back"
    )]
    RolledBack { sent: u64, found: u64 },
    #[error(
        "version {sent} of the feed is another one now than the one that was sent: the database was rolled back and has grown again, or forked"
    )]
    Forked { sent: u64 },
    #[error("the feed cannot be read")]
    Store(#[from] StoreError),
    #[error("a frame cannot be signed")]
    Sign(#[from] sumun_feed::JwsError),
}

/// What a body takes: a line, or the error that breaks it off.
pub(crate) type Line = Result<Bytes, StreamEnd>;

/// Feeds a gate until one of the two ends it.
pub(crate) async fn run(
    server: Arc<Server>,
    gate: GateId,
    held: (u64, Option<Mark>),
    segments: bool,
    lines: Sender<Line>,
) {
    let (from, mark) = held;
    let mut newer = server.gates.connected(gate.as_str());
    server.gates.heard(gate.as_str(), server.govern.world.now());
    server.metrics.feed_streams.inc();
    tracing::info!(gate.id = %gate, from, "Gate {gate} follows the feed from version {from}");
    let mut stream =
        Stream { server: &server, lines: &lines, gate: &gate, key: None, segments, version: from, mark };
    let end = tokio::select! {
        biased;
        _ = newer.changed() => StreamEnd::Newer,
        followed = stream.follow() => followed.err().unwrap_or(StreamEnd::Stopping),
    };
    match &end {
        StreamEnd::Gone | StreamEnd::Newer | StreamEnd::Stopping => {
            tracing::info!(gate.id = %gate, "Feed of gate {gate} ended: {end}");
        }
        StreamEnd::RolledBack { .. } | StreamEnd::Forked { .. } => {
            tracing::error!(gate.id = %gate, "Feed of gate {gate} broken off: {end}. Run `sumun ledger verify --since` with a checkpoint kept elsewhere");
        }
        _ => {
            tracing::warn!(gate.id = %gate, error = &end as &dyn std::error::Error, "Feed of gate {gate} broken off: {end}");
        }
    }
    if matches!(end, StreamEnd::Slow | StreamEnd::SlowSnapshot) {
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
    gate: &'s GateId,
    /// The key it was enrolled with when the stream began.
    key: Option<PublicKey>,
    /// Whether it can read a key's segment.
    segments: bool,
    /// The version all that was sent amounts to.
    version: u64,
    /// What that version is; none for version 0.
    mark: Option<Mark>,
}

impl Stream<'_> {
    async fn follow(&mut self) -> Result<(), StreamEnd> {
        let store = &self.server.govern.store;
        let mut head = store.watch();
        let mut stopping = self.server.stopping.subscribe();
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        self.still_enrolled().await?;
        if self.version == 0 {
            self.snapshot().await?;
        }
        loop {
            self.catch_up(store.feed_head()).await?;
            tokio::select! {
                biased;
                () = async { let _ = stopping.wait_for(|stop| *stop).await; } => return Err(StreamEnd::Stopping),
                () = self.lines.closed() => return Err(StreamEnd::Gone),
                changed = head.changed() => if changed.is_err() { return Err(StreamEnd::Stopping) },
                _ = heartbeat.tick() => self.heartbeat().await?,
            }
        }
    }

    /// It is, with the key it began with. Another one may have its id by now.
    async fn still_enrolled(&mut self) -> Result<(), StreamEnd> {
        let found = self.server.govern.gate_key(self.gate).await;
        let found = found.map_err(|error| StreamEnd::Enrolment(error.to_string()))?;
        let key = found.ok_or(StreamEnd::Revoked)?;
        if *self.key.get_or_insert(key) == key { Ok(()) } else { Err(StreamEnd::Revoked) }
    }

    /// What was sent is what the record has: else the storage behind this process was exchanged under it.
    async fn still_that(&self) -> Result<(), StreamEnd> {
        let Some(mark) = self.mark else { return Ok(()) };
        let root = self.server.govern.store.feed_root(self.version, mark.entry).await?;
        if root == Some(mark.root) { Ok(()) } else { Err(StreamEnd::Forked { sent: self.version }) }
    }

    /// Says that nothing has changed, as of the moment before the database was asked. What has is sent instead.
    async fn heartbeat(&mut self) -> Result<(), StreamEnd> {
        let govern = &self.server.govern;
        let at = govern.world.now();
        tokio::time::timeout(LOOK_SLOW, self.still_enrolled()).await.map_err(|_| StreamEnd::Blind)??;
        let found = tokio::time::timeout(LOOK_SLOW, govern.store.feed_version()).await;
        let found = found.map_err(|_| StreamEnd::Blind)??;
        if let Some(cause) = govern.store.stopped() {
            return Err(StreamEnd::Stopped(cause));
        }
        if found < self.version {
            return Err(StreamEnd::RolledBack { sent: self.version, found });
        }
        self.still_that().await?;
        if found > self.version {
            // Another process sequenced it, and this one has not heard yet.
            return self.catch_up(found).await;
        }
        let frame = Frame::Heartbeat { version: self.version, mark: self.mark, at };
        self.send(frame.sign(&self.server.feed_key)?).await
    }

    /// Sends every version there is after the present one.
    async fn catch_up(&mut self, head: u64) -> Result<(), StreamEnd> {
        while self.version < head {
            self.still_enrolled().await?;
            self.still_that().await?;
            match self.server.govern.store.feed_since(self.version, DELTAS).await? {
                None => self.snapshot().await?,
                Some(deltas) if deltas.is_empty() => return Ok(()),
                Some(deltas) => {
                    for delta in deltas {
                        let records = self.completed(delta.records).await?;
                        let mark = Mark { entry: delta.entry, root: delta.root };
                        let frame = Frame::Delta { version: delta.version, mark, at: delta.at, records };
                        let line = match frame.sign(&self.server.feed_key) {
                            // A change of very many keys at once: in parts it can be said.
                            Err(JwsError::TooLong { .. }) => {
                                self.snapshot().await?;
                                break;
                            }
                            line => line?,
                        };
                        self.send(line).await?;
                        (self.version, self.mark) = (delta.version, Some(mark));
                    }
                }
            }
        }
        Ok(())
    }

    async fn snapshot(&mut self) -> Result<(), StreamEnd> {
        let whole = tokio::time::timeout(SNAPSHOT_SLOW, self.snapshot_pages()).await;
        whole.map_err(|_| StreamEnd::SlowSnapshot)?
    }

    /// Page by page: neither here nor in the channel are more than a few thousand records at once.
    async fn snapshot_pages(&mut self) -> Result<(), StreamEnd> {
        let at = self.server.govern.world.now();
        let mut snapshot = self.server.govern.store.feed_snapshot().await?;
        let (version, keys, dead) = (snapshot.version(), snapshot.keys(), snapshot.dead());
        let mark = snapshot.mark().map(|(entry, root)| Mark { entry, root });
        let (mut writer, line) = SnapshotWriter::begin(&self.server.feed_key, version, at, keys, dead)?;
        self.send(line).await?;
        let page = u32::try_from(PART_RECORDS_MAX).unwrap_or(u32::MAX);
        loop {
            let records = snapshot.records(page).await?;
            if records.is_empty() {
                break;
            }
            self.still_enrolled().await?;
            for line in writer.records(self.completed(records).await?)? {
                self.send(line).await?;
            }
        }
        // Ids that have ended and that gates were never told of: they must not come to life there either.
        loop {
            let ids = snapshot.dead_ids(page).await?;
            if ids.is_empty() {
                break;
            }
            let ids = ids.iter().map(|id| KeyId::new(id).map_err(|_| StreamEnd::Id(id.clone())));
            self.send(writer.part(Vec::new(), ids.collect::<Result<_, _>>()?)?).await?;
        }
        self.send(writer.end(mark)?).await?;
        (self.version, self.mark) = (version, mark);
        Ok(())
    }

    /// Records as they are sent: with what does not stand in the ledger beside the key.
    async fn completed(&self, records: Vec<Value>) -> Result<Vec<Value>, StreamEnd> {
        let records = self.with_secrets(records).await?;
        if self.segments { self.with_segments(records).await } else { Ok(records) }
    }

    /// Puts each key's segment beside it, as its account has it now: a change of an account's segment sends its keys anew.
    async fn with_segments(&self, mut records: Vec<Value>) -> Result<Vec<Value>, StreamEnd> {
        let account = |record: &Value| record.get("account").and_then(Value::as_str).map(str::to_owned);
        let accounts: BTreeSet<String> = records.iter().filter_map(account).collect();
        let accounts: Vec<String> = accounts.into_iter().collect();
        let rows = self.server.govern.store.get_many(&ACCOUNTS, &accounts).await?;
        let segments: BTreeMap<&str, &Value> = rows
            .iter()
            .filter_map(|row| Some((row.get("account")?.as_str()?, row.get("segment")?)))
            .collect();
        for record in &mut records {
            if let Some(segment) = account(record).and_then(|account| segments.get(account.as_str()).copied())
                && let Some(fields) = record.as_object_mut()
            {
                fields.insert("segment".to_owned(), segment.clone());
            }
        }
        Ok(records)
    }

    /// Puts each key's sealed secret in the place of its name. A record whose secret is gone or damaged goes without: the
    /// gate refuses that key and says so, and all others are served.
    async fn with_secrets(&self, mut records: Vec<Value>) -> Result<Vec<Value>, StreamEnd> {
        let name = |record: &Value| record.get("secret_ref").and_then(Value::as_str).map(str::to_owned);
        let names: Vec<String> = records.iter().filter_map(name).collect();
        let sealed = self.sealed(&names).await?;
        for record in &mut records {
            if let Some(fields) = record.as_object_mut()
                && let Some(name) = fields.remove("secret_ref")
            {
                if let Some(sealed) = name.as_str().and_then(|name| sealed.get(name)) {
                    fields.insert("secret".to_owned(), sealed.as_str().into());
                } else {
                    let key = fields.get("key").and_then(Value::as_str).unwrap_or_default();
                    tracing::error!(
                        "The sealed secret of key `{key}` is not in the vault as it was put there: gates refuse this key. Run \
                         `sumun ledger verify`, and restore the vault from a copy or have the key rotated"
                    );
                }
            }
        }
        Ok(records)
    }

    /// Sealed texts by their names, but those that are gone or damaged.
    async fn sealed(&self, names: &[String]) -> Result<BTreeMap<String, String>, StreamEnd> {
        let store = &self.server.govern.store;
        match store.vault_many(names).await {
            // One of them; the others are wanted all the same.
            Err(StoreError::Damaged { .. }) => {}
            all => return Ok(all?),
        }
        let mut whole = BTreeMap::new();
        for name in names {
            match store.vault(name).await {
                Ok(sealed) => whole.extend(sealed.map(|sealed| (name.clone(), sealed))),
                Err(StoreError::Damaged { .. }) => {}
                Err(error) => return Err(error.into()),
            }
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
