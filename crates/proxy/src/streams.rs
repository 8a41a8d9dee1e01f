//! Every open stream, private ones by key, so that a change of the table can end it, or a stop of the gate.
//!
//! A stream is entered here first and decided again after, so a change either sees it here or is seen by that second
//! decision. [`Streams::recheck`] is called after every change of the table, and on a timer for keys that end
//! by themselves.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
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

/// How far a stream has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Registered; nothing has gone through it.
    Opening,
    /// Something may go through it.
    Open,
    /// Nothing will go through it any more but the closing itself.
    Ended,
}

/// One open stream.
#[derive(Debug)]
pub struct Stream {
    number: u64,
    hold: Mutex<StreamHold>,
    refused: watch::Sender<Option<Reason>>,
    phase: watch::Sender<Phase>,
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

    /// Decides again; ends the stream if it would be refused now, and the refusal holds. True if that ended it.
    pub fn recheck(&self, gate: &Gate, now: Now) -> bool {
        let decision = gate.decide_stream(&self.hold(), &[], now);
        decision.reason.filter(|_| decision.enforced).is_some_and(|reason| self.refuse(reason))
    }

    /// Something may go through it from here on.
    pub(crate) fn opened(&self) {
        self.phase.send_replace(Phase::Open);
    }

    /// Nothing goes through it any more.
    pub(crate) fn ended(&self) {
        self.phase.send_replace(Phase::Ended);
    }

    /// Ends the stream. True if this was the first word of it.
    pub(crate) fn refuse(&self, reason: Reason) -> bool {
        self.refused.send_if_modified(|slot| {
            let first = slot.is_none();
            slot.get_or_insert(reason);
            first
        })
    }
}

/// Waits for the end of one stream.
#[derive(Debug)]
pub struct Ends {
    refused: Option<watch::Receiver<Option<Reason>>>,
    stopping: watch::Receiver<bool>,
}

impl Ends {
    /// Done when the stream must end; may be asked again.
    pub async fn end(&mut self) -> End {
        let refused = async {
            let Some(refused) = &mut self.refused else { return std::future::pending().await };
            match refused.wait_for(Option::is_some).await.map(|reason| *reason) {
                Ok(Some(reason)) => End::Refused(reason),
                _ => End::Stopping,
            }
        };
        tokio::select! {
            biased;
            end = refused => end,
            _ = self.stopping.wait_for(|stopping| *stopping) => End::Stopping,
        }
    }
}

/// All open streams of one gate; public ones are only counted.
#[derive(Debug, Default)]
pub struct Streams {
    by_key: Mutex<HashMap<KeyId, Vec<Arc<Stream>>>>,
    next: AtomicU64,
    public: AtomicUsize,
    stopping: watch::Sender<bool>,
}

/// Counts a public stream until dropped.
#[derive(Debug)]
pub struct Counted(Arc<Streams>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.public.fetch_sub(1, Ordering::Relaxed);
    }
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
        self.stream.ended();
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
            refused: watch::Sender::new(None),
            phase: watch::Sender::new(Phase::Opening),
        });
        lock(&self.by_key).entry(key).or_default().push(Arc::clone(&stream));
        Registered { streams: Arc::clone(self), stream }
    }

    /// Counts a stream that no key holds.
    #[must_use]
    pub fn count(self: &Arc<Self>) -> Counted {
        self.public.fetch_add(1, Ordering::Relaxed);
        Counted(Arc::clone(self))
    }

    /// Tells when a stream must end; a gate that stops ends also what opens later, and what no key holds.
    #[must_use]
    pub fn ends(&self, stream: Option<&Stream>) -> Ends {
        Ends { refused: stream.map(|s| s.refused.subscribe()), stopping: self.stopping.subscribe() }
    }

    /// Decides again about every open stream and ends those that would be refused now. Returns how many.
    pub fn recheck(&self, gate: &Gate, now: Now) -> usize {
        let open: Vec<Arc<Stream>> = lock(&self.by_key).values().flatten().cloned().collect();
        open.iter().filter(|stream| stream.recheck(gate, now)).count()
    }

    /// Done when nothing more goes through any stream that is refused by now. One that is not open yet never will be: it
    /// looks whether it is refused before anything goes through it.
    pub fn refused_have_ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let by_key = lock(&self.by_key);
        let refused = by_key.values().flatten().filter(|stream| stream.refused.borrow().is_some());
        let open: Vec<_> = refused
            .map(|stream| stream.phase.subscribe())
            .filter(|phase| *phase.borrow() == Phase::Open)
            .collect();
        drop(by_key);
        async move {
            for mut phase in open {
                // An error: the stream is gone.
                let _ = phase.wait_for(|phase| *phase == Phase::Ended).await;
            }
        }
    }

    /// Ends every stream because the gate stops.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// How many are open.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.by_key).values().map(Vec::len).sum::<usize>() + self.public.load(Ordering::Relaxed)
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
