//! The task that publishes: reads sequenced rows, writes files, then the checkpoint.

use crate::backlog::Published;
use crate::db::lock_file;
use crate::entries::{self, hashes_of};
use crate::error::{OpenError, StoreError, database};
use crate::inner::Inner;
use crate::options::StoreOptions;
use crate::publish::compare;
use crate::publish::io::{DiskIo, PublishIo};
use crate::records::{EntryRow, Head};
use sqlx::AnyConnection;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::sync::Arc;
use sumun_ledger::files::{Kind, push_entry};
use sumun_ledger::{Growth, LogFile, Place, Rows, erased_line, payload_line};

/// Entries published in one go at most: bounds memory, and how far the checkpoint stays behind.
const ROUND_MAX: u64 = 4096;

/// Pause after a publication.
const STRIDE: std::time::Duration = std::time::Duration::from_millis(50);

/// Publishes into one folder.
#[derive(Debug)]
pub(crate) struct Publisher {
    io: Arc<dyn PublishIo>,
    /// Entries under the published checkpoint.
    size: u64,
    /// Partial files that larger ones replaced, to be removed once a checkpoint stands over those.
    stale: Vec<LogFile>,
    /// Held, never read: one process publishes into a folder.
    _lock: Option<File>,
}

impl Publisher {
    /// Compares the folder with the rows, and completes it. `None` if nothing is to be published.
    pub(crate) async fn open(inner: &Inner) -> Result<Option<Self>, OpenError> {
        let options = inner.options()?;
        let Some((io, lock)) = folder(options)? else { return Ok(None) };
        let head = inner.head.borrow().clone();
        compare::complete(inner, options, &*io, &head).await?;
        inner.published.send_replace(Some(Published { size: head.size, trouble: None }));
        Ok(Some(Self { io, size: head.size, stale: Vec::new(), _lock: lock }))
    }

    /// Follows the head until nothing is sequenced any more; all that is by then is published.
    pub(crate) async fn run(mut self, inner: Arc<Inner>) {
        let mut heads = inner.head.subscribe();
        let mut ending = inner.sequenced_all.subscribe();
        loop {
            let last = *ending.borrow();
            let head = heads.borrow_and_update().clone();
            match self.catch_up(&inner, &head).await {
                Ok(()) => {
                    inner.published.send_replace(Some(Published { size: self.size, trouble: None }));
                }
                Err(OpenError::Io { doing, path, source }) => {
                    // A failed sync leaves in doubt what is on disk: going on would publish over it.
                    inner.stop(format!(
                        "publishing the ledger failed ({doing} `{}`: {source}); what is sequenced is safe in the \
                         database. See to the disk, then start again: the folder is completed from the database",
                        path.display()
                    ));
                    return;
                }
                Err(error) => {
                    tracing::warn!(store.error = %error, "Publishing failed and is tried again: {error}");
                    let trouble = Some(error.to_string().into());
                    inner.published.send_replace(Some(Published { size: self.size, trouble }));
                    tokio::time::sleep(std::time::Duration::from_millis(250)).await;
                    heads.mark_changed();
                }
            }
            if last {
                return;
            }
            // A busy ledger is published in strides: each costs several syncs, and writers need the disk too.
            tokio::select! {
                () = tokio::time::sleep(STRIDE) => {}
                _ = ending.wait_for(|ending| *ending) => {}
            }
            tokio::select! {
                changed = heads.changed() => if changed.is_err() { return },
                _ = ending.wait_for(|ending| *ending) => {}
            }
        }
    }

    /// Publishes up to a head, which must be sequenced.
    async fn catch_up(&mut self, inner: &Inner, head: &Head) -> Result<(), OpenError> {
        while self.size < head.size {
            let to = head.size.min(self.size.saturating_add(ROUND_MAX));
            let growth = Growth::between(self.size, to);
            let mut connection = inner.db.connection().await.map_err(database("read for publication"))?;
            let files = contents(&mut connection, &growth.write).await?;
            drop(connection);
            // Between rounds of a long way the checkpoint stays where it was: only the last size is signed.
            let checkpoint = (to == head.size).then(|| Arc::clone(&head.checkpoint));
            self.stale.extend(growth.remove);
            let stale = if checkpoint.is_some() { std::mem::take(&mut self.stale) } else { Vec::new() };
            let io = Arc::clone(&self.io);
            let done = tokio::task::spawn_blocking(move || write(&*io, files, checkpoint.as_deref(), &stale));
            match done.await {
                Ok(written) => written?,
                Err(error) => return Err(failed("publish", "the ledger", io::Error::other(error))),
            }
            self.size = to;
        }
        Ok(())
    }
}

pub(crate) fn failed(doing: &'static str, path: &str, source: io::Error) -> OpenError {
    OpenError::Io { doing, path: path.into(), source }
}

/// A folder, and the lock that keeps others from publishing into it.
type Folder = (Arc<dyn PublishIo>, Option<File>);

fn folder(options: &StoreOptions) -> Result<Option<Folder>, OpenError> {
    if let Some(io) = &options.publish_io {
        return Ok(Some((Arc::clone(io), None)));
    }
    let Some(path) = &options.ledger_dir else { return Ok(None) };
    let io = DiskIo::open(path).map_err(|source| OpenError::Io {
        doing: "make the folder",
        path: path.clone(),
        source,
    })?;
    // Beside the folder, which holds published files and nothing else.
    let lock = lock_file(&path.with_added_extension("lock"))?;
    Ok(Some((Arc::new(io), Some(lock))))
}

/// Bytes of some files, from rows.
pub(crate) async fn contents(
    connection: &mut AnyConnection,
    files: &[LogFile],
) -> Result<Vec<(LogFile, Vec<u8>)>, StoreError> {
    let places = files.iter().flat_map(LogFile::places).map(Place::row);
    let wanted: Vec<u64> = places.collect::<BTreeSet<u64>>().into_iter().collect();
    let hashes = hashes_of(connection, &wanted).await?;
    // An entry bundle and its payload bundle are made of the same rows.
    let mut entries_of: BTreeMap<(u64, u16), Vec<EntryRow>> = BTreeMap::new();
    let mut built = Vec::with_capacity(files.len());
    for file in files {
        let bytes = match file.kind {
            Kind::Entries | Kind::Payloads => {
                let found = match entries_of.entry((file.n, file.width)) {
                    Entry::Occupied(found) => found.into_mut(),
                    Entry::Vacant(place) => {
                        let first = file.units().start;
                        place.insert(entries::from(connection, first, file.width.into()).await?)
                    }
                };
                bundle(file, found)?
            }
            Kind::Tile(_) => tile(file, &hashes)?,
        };
        built.push((*file, bytes));
    }
    Ok(built)
}

fn tile(file: &LogFile, hashes: &Rows) -> Result<Vec<u8>, StoreError> {
    file.tile_bytes(|place| hashes.hash(place)).map_err(|error| StoreError::Damaged {
        place: format!("the rows of `{}`", file.path()),
        found: format!("{error:?}"),
    })
}

fn bundle(file: &LogFile, found: &[EntryRow]) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    let mut wanted = file.units();
    for entry in found {
        if wanted.next() != Some(entry.index) {
            break;
        }
        match (file.kind, &entry.salt, &entry.payload) {
            (Kind::Entries, ..) => push_entry(&mut bytes, entry.leaf.as_bytes()),
            (_, Some(salt), Some(payload)) => {
                bytes.extend(payload_line(entry.index, salt, payload).as_bytes());
            }
            _ => bytes.extend(erased_line(entry.index).as_bytes()),
        }
    }
    if found.len() != usize::from(file.width) || !wanted.is_empty() {
        return Err(StoreError::Damaged {
            place: format!("the rows of `{}`", file.path()),
            found: "an entry is missing".to_owned(),
        });
    }
    Ok(bytes)
}

/// Writes files, makes their names durable, then the checkpoint, then removes what it replaced.
pub(crate) fn write(
    io: &dyn PublishIo,
    files: Vec<(LogFile, Vec<u8>)>,
    checkpoint: Option<&str>,
    remove: &[LogFile],
) -> Result<(), OpenError> {
    let mut folders = BTreeSet::new();
    for (file, bytes) in files {
        let path = file.path();
        io.write(&path, &bytes).map_err(|source| failed("write", &path, source))?;
        folders.insert(path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned()));
    }
    for folder in folders {
        io.sync_dir(&folder).map_err(|source| failed("make durable the folder", &folder, source))?;
    }
    let Some(checkpoint) = checkpoint else { return Ok(()) };
    write_checkpoint(io, checkpoint)?;
    for file in remove {
        let path = file.path();
        io.remove(&path).map_err(|source| failed("remove", &path, source))?;
    }
    Ok(())
}

fn write_checkpoint(io: &dyn PublishIo, checkpoint: &str) -> Result<(), OpenError> {
    io.write("checkpoint", checkpoint.as_bytes()).map_err(|source| failed("write", "checkpoint", source))?;
    io.sync_dir("").map_err(|source| failed("make durable the folder", "of the checkpoint", source))
}
