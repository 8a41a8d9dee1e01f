//! Records in memory, with a disk that a test can stall, fail or fill.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use sumun_gate::NonceMark;
use sumun_model::wire::AccessLine;
use sumun_proxy::sink::Durable;
use sumun_proxy::{EventSink, Outcome, RecordingUnavailable, Ticket};
use tokio::sync::watch;

/// What was told, in order.
#[derive(Clone, Debug)]
pub enum Entry {
    Admit(Ticket, Box<AccessLine>),
    Outcome(Ticket, Outcome),
    Single(Box<AccessLine>),
    Nonce(NonceMark),
}

/// What the disk does when it is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    Done,
    Stalled,
    Failed,
}

pub struct Sink {
    entries: Mutex<Vec<Entry>>,
    next: AtomicU64,
    shed: AtomicU64,
    /// Nothing can be written.
    pub full: AtomicBool,
    /// Records cannot be written, though [`EventSink::available`] does not know yet.
    pub fills_up: AtomicBool,
    /// Nonces cannot be written.
    pub nonces_fail: AtomicBool,
    disk: watch::Sender<Disk>,
    /// How many wait for the disk.
    pub waited: AtomicU64,
    while_writing: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Default for Sink {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
            next: AtomicU64::new(1),
            shed: AtomicU64::new(0),
            full: AtomicBool::new(false),
            fills_up: AtomicBool::new(false),
            nonces_fail: AtomicBool::new(false),
            disk: watch::Sender::new(Disk::Done),
            waited: AtomicU64::new(0),
            while_writing: Mutex::default(),
        }
    }
}

impl Sink {
    pub fn set_disk(&self, disk: Disk) {
        self.disk.send_replace(disk);
    }

    /// Does something once, during the next write of a line: between a decision and what follows from it.
    pub fn during_next_write(&self, act: impl FnOnce() + Send + 'static) {
        *self.while_writing.lock().unwrap() = Some(Box::new(act));
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap().clone()
    }

    /// Lines of requests that went on.
    pub fn admitted(&self) -> Vec<AccessLine> {
        let admit = |e| if let Entry::Admit(_, line) = e { Some(*line) } else { None };
        self.entries().into_iter().filter_map(admit).collect()
    }

    /// Lines whose outcome was known at once: refusals, and messages on streams.
    pub fn singles(&self) -> Vec<AccessLine> {
        let single = |e| if let Entry::Single(line) = e { Some(*line) } else { None };
        self.entries().into_iter().filter_map(single).collect()
    }

    pub fn outcomes(&self) -> Vec<Outcome> {
        let outcome = |e| if let Entry::Outcome(_, outcome) = e { Some(outcome) } else { None };
        self.entries().into_iter().filter_map(outcome).collect()
    }

    pub fn nonces(&self) -> usize {
        self.entries().iter().filter(|e| matches!(e, Entry::Nonce(_))).count()
    }

    pub fn admit_count(&self) -> usize {
        self.entries.lock().unwrap().iter().filter(|e| matches!(e, Entry::Admit(..))).count()
    }

    fn write(
        &self,
        line: &mut AccessLine,
        entry: impl FnOnce(Ticket, Box<AccessLine>) -> Entry,
    ) -> Result<Ticket, RecordingUnavailable> {
        let act = self.while_writing.lock().unwrap().take();
        if let Some(act) = act {
            act();
        }
        let ticket = Ticket(self.next.fetch_add(1, Ordering::SeqCst));
        line.source = Some("gate-test".to_owned());
        line.seq = Some(ticket.0);
        if self.full.load(Ordering::SeqCst) || self.fills_up.load(Ordering::SeqCst) {
            self.shed.fetch_add(1, Ordering::SeqCst);
            return Err(RecordingUnavailable);
        }
        self.entries.lock().unwrap().push(entry(ticket, Box::new(line.clone())));
        Ok(ticket)
    }
}

impl EventSink for Sink {
    fn admit(&self, line: &mut AccessLine) -> Result<Ticket, RecordingUnavailable> {
        self.write(line, Entry::Admit)
    }

    fn outcome(&self, ticket: Ticket, outcome: Outcome) {
        self.entries.lock().unwrap().push(Entry::Outcome(ticket, outcome));
    }

    fn single(&self, line: &mut AccessLine) -> Result<Ticket, RecordingUnavailable> {
        self.write(line, |_, line| Entry::Single(line))
    }

    fn nonces(&self, marks: [Option<NonceMark>; 2]) -> Result<(), RecordingUnavailable> {
        if self.nonces_fail.load(Ordering::SeqCst) {
            return Err(RecordingUnavailable);
        }
        self.entries.lock().unwrap().extend(marks.into_iter().flatten().map(Entry::Nonce));
        Ok(())
    }

    fn durable(&self, _: Ticket) -> Durable {
        let mut disk = self.disk.subscribe();
        self.waited.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            match disk.wait_for(|disk| *disk != Disk::Stalled).await.map(|disk| *disk) {
                Ok(Disk::Done) => Ok(()),
                _ => Err(RecordingUnavailable),
            }
        })
    }

    fn available(&self) -> bool {
        !self.full.load(Ordering::SeqCst)
    }

    fn shed_total(&self) -> u64 {
        self.shed.load(Ordering::SeqCst)
    }
}
