//! Every open private stream, by key, so that a change of the table can end it.
//!
//! A stream is entered here first and decided again after, so a change either sees it here or is seen by that second
//! decision. [`Streams::recheck`] is called after every change of the table, and on a timer for keys that end
//! by themselves.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use sumun_gate::{Gate, Now, StreamHold};
use sumun_model::{KeyId, Reason, Scope};
use tokio::sync::watch;

/// Why a stream must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its key may not hold it any more.
    Refused(Reason),
    /// This gate is stopping.
    Stopping,
}

/// One open stream.
#[derive(Debug)]
pub struct Stream {
    number: u64,
    hold: Mutex<StreamHold>,
    end: watch::Sender<Option<End>>,
}

impl Stream {
    /// What it holds on to now.
    #[must_use]
    pub fn hold(&self) -> StreamHold {
        lock(&self.hold).clone()
    }

    /// Notes that it is subscribed to more.
    pub fn subscribed(&self, scopes: &[Scope]) {
        let mut hold = lock(&self.hold);
        hold.scopes = scopes.iter().copied().fold(hold.scopes, sumun_model::ScopeSet::with);
    }

    /// Decides again; ends the stream if it would be refused now. True if that ended it.
    pub fn recheck(&self, gate: &Gate, now: Now) -> bool {
        match gate.decide_stream(&self.hold(), &[], now).reason {
            Some(reason) => self.finish(End::Refused(reason)),
            None => false,
        }
    }

    /// Tells when it must end.
    #[must_use]
    pub fn ends(&self) -> watch::Receiver<Option<End>> {
        self.end.subscribe()
    }

    fn finish(&self, end: End) -> bool {
        self.end.send_if_modified(|slot| {
            let first = slot.is_none();
            slot.get_or_insert(end);
            first
        })
    }
}

/// All open private streams of one gate.
#[derive(Debug, Default)]
pub struct Streams {
    by_key: Mutex<HashMap<KeyId, Vec<Arc<Stream>>>>,
    next: AtomicU64,
}

/// Takes a stream out of the registry when dropped.
#[derive(Debug)]
pub struct Registered {
    streams: Arc<Streams>,
    stream: Arc<Stream>,
}

impl std::ops::Deref for Registered {
    type Target = Stream;
    fn deref(&self) -> &Stream {
        &self.stream
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut by_key = lock(&self.streams.by_key);
        let key = lock(&self.stream.hold).key.clone();
        if let Some(list) = by_key.get_mut(&key) {
            list.retain(|s| s.number != self.stream.number);
            if list.is_empty() {
                by_key.remove(&key);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Streams {
    /// Enters a stream.
    #[must_use]
    pub fn register(self: &Arc<Self>, hold: StreamHold) -> Registered {
        let key = hold.key.clone();
        let stream = Arc::new(Stream {
            number: self.next.fetch_add(1, Ordering::Relaxed),
            hold: Mutex::new(hold),
            end: watch::Sender::new(None),
        });
        lock(&self.by_key).entry(key).or_default().push(Arc::clone(&stream));
        Registered { streams: Arc::clone(self), stream }
    }

    /// Decides again about every open stream and ends those that would be refused now. Returns how many.
    pub fn recheck(&self, gate: &Gate, now: Now) -> usize {
        let open: Vec<Arc<Stream>> = lock(&self.by_key).values().flatten().cloned().collect();
        open.iter().filter(|stream| stream.recheck(gate, now)).count()
    }

    /// Ends every stream because the gate stops.
    pub fn stop(&self) {
        for stream in lock(&self.by_key).values().flatten() {
            stream.finish(End::Stopping);
        }
    }

    /// How many are open.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.by_key).values().map(Vec::len).sum()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        lock(&self.by_key).is_empty()
    }
}
