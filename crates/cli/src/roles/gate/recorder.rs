//! The proxy's event sink on this gate's disk: spool, nonce journal, and the numbering of what is written.
//!
//! The admit half of a record is the whole access line without its outcome; the outcome half is two numbers and,
//! rarely, a reason. The drain thread joins them into one line of the event log. A record that could not be
//! written still uses up its number, so that the gap shows in `seq` as well as in the spool's counted gap.

use super::bypass::journal::Journal;
use super::numbers::Numbers;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use sumun_gate::NonceMark;
use sumun_model::wire::{AccessLine, Line, Origin, access_to_json, parse_line};
use sumun_model::{GateId, Reason};
use sumun_proxy::sink::Durable;
use sumun_proxy::{EventSink, Outcome, RecordingUnavailable, Ticket, record};
use sumun_stream::{Joined, Log, LogError, Offset, Spool, Ticket as SpoolTicket};
use tracing::{error, info, warn};

/// Record kind of a nonce in the journal.
pub(super) const NONCE_KIND: u8 = 1;

/// Writes to spool and nonce journal.
pub(super) struct Recorder {
    gate: GateId,
    spool: Spool,
    nonces: Log,
    /// Held until the line is written: a process that is killed in between then leaves no number missing that no gap
    /// accounts for.
    numbers: Mutex<Numbers>,
    /// Nonces used that the journal could not take; written as soon as it can.
    owed: Mutex<Vec<NonceMark>>,
    has_owed: AtomicBool,
    /// Counts what a bypass let pass, where somebody is told of it.
    bypasses: Option<Arc<Journal>>,
}

/// Nonces kept for a journal without space: 8 MiB, minutes at the most a gate does. Those beyond are remembered until
/// the process ends.
const OWED_MAX: usize = 1 << 20;

impl Recorder {
    pub(super) const fn new(
        gate: GateId,
        spool: Spool,
        nonces: Log,
        numbers: Numbers,
        bypasses: Option<Arc<Journal>>,
    ) -> Self {
        Self {
            gate,
            spool,
            nonces,
            numbers: Mutex::new(numbers),
            owed: Mutex::new(Vec::new()),
            has_owed: AtomicBool::new(false),
            bypasses,
        }
    }

    fn write<T, E: std::fmt::Display>(
        &self,
        line: &mut AccessLine,
        write: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<T, RecordingUnavailable> {
        line.source = Some(self.gate.to_string());
        if let Some(bypasses) = &self.bypasses {
            bypasses.count(line);
        }
        let mut numbers = lock(&self.numbers);
        line.seq = Some(numbers.take());
        let written = access_to_json(line).map_err(|e| e.to_string());
        written.and_then(|text| write(text.as_bytes()).map_err(|e| e.to_string())).map_err(|cause| {
            if self.spool.status().shed_pending == 0 {
                error!("A decision could not be recorded and goes into a counted gap: {cause}");
            }
            self.spool.shed(1, line.ts.as_micros());
            if let Err(cause) = numbers.reserve() {
                error!(
                    "Should this gate stop now, how many decisions are missing will not be known: {cause}"
                );
            }
            RecordingUnavailable
        })
    }
}

impl Recorder {
    fn write_nonces(&self, marks: &[NonceMark]) -> Result<(), LogError> {
        let bytes: Vec<[u8; 8]> = marks.iter().map(|mark| mark.0.to_le_bytes()).collect();
        self.nonces.append_batch(bytes.iter().map(|mark| (NONCE_KIND, mark.as_slice()))).map(drop)
    }

    /// Makes the numbers given out for what could not be written outlive a power cut.
    pub(super) fn settle_numbers(&self) {
        if let Err(cause) = lock(&self.numbers).settle() {
            error!("The count of decisions that could not be recorded is not safe from a power cut: {cause}");
        }
    }

    /// Writes the nonces that the journal could not take before, if there are any.
    pub(super) fn settle_nonces(&self) -> Result<(), RecordingUnavailable> {
        if !self.has_owed.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut owed = lock(&self.owed);
        self.write_nonces(&owed).map_err(|_| RecordingUnavailable)?;
        if !owed.is_empty() {
            info!("Every nonce is in the journal again, {} of them late", owed.len());
        }
        owed.clear();
        self.has_owed.store(false, Ordering::Release);
        Ok(())
    }
}

/// Nothing under these locks panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl EventSink for Recorder {
    fn admit(&self, line: &mut AccessLine) -> Result<Ticket, RecordingUnavailable> {
        self.write(line, |bytes| self.spool.admit(bytes)).map(|ticket| Ticket(ticket.offset().get()))
    }

    fn outcome(&self, ticket: Ticket, outcome: Outcome) {
        let status = outcome.status.unwrap_or(0).to_le_bytes();
        let latency = outcome.latency_us.unwrap_or(u64::MAX).to_le_bytes();
        let refused = outcome.refused.map_or("", Reason::as_str);
        let ticket = SpoolTicket::from_offset(Offset::new(ticket.0));
        // Not written, it is drained as unfinished: the line then says that its outcome is unknown.
        let _ =
            self.spool.outcome(ticket, &[status.as_slice(), latency.as_slice(), refused.as_bytes()].concat());
    }

    fn single(&self, line: &mut AccessLine) -> Result<Ticket, RecordingUnavailable> {
        self.write(line, |bytes| self.spool.single(bytes)).map(|offset| Ticket(offset.get()))
    }

    fn nonces(&self, marks: [Option<NonceMark>; 2]) -> Result<(), RecordingUnavailable> {
        let mut marks = marks.into_iter().flatten().peekable();
        if marks.peek().is_none() {
            return Ok(());
        }
        let mut marks: Vec<NonceMark> = marks.collect();
        if !self.has_owed.load(Ordering::Acquire) && self.write_nonces(&marks).is_ok() {
            return Ok(());
        }
        let mut owed = lock(&self.owed);
        marks.truncate(OWED_MAX.saturating_sub(owed.len()));
        owed.append(&mut marks);
        self.has_owed.store(true, Ordering::Release);
        drop(owed);
        self.settle_nonces()
    }

    fn durable(&self, ticket: Ticket) -> Durable {
        let last_nonce = self.nonces.next().get().checked_sub(1).map(Offset::new);
        let (recorded, record) = tokio::sync::oneshot::channel();
        let (noted, nonce) = tokio::sync::oneshot::channel();
        let ticket = SpoolTicket::from_offset(Offset::new(ticket.0));
        // Nobody waits any more if the client left; the record is written all the same.
        let tell = |to: tokio::sync::oneshot::Sender<bool>| {
            move |answer: Result<Offset, LogError>| {
                let _ = to.send(answer.is_ok());
            }
        };
        self.spool.on_durable(&ticket, Box::new(tell(recorded)));
        match last_nonce {
            Some(offset) => self.nonces.on_durable(offset, Box::new(tell(noted))),
            None => tell(noted)(Ok(Offset::ZERO)),
        }
        Box::pin(async move {
            match (record.await, nonce.await) {
                (Ok(true), Ok(true)) => Ok(()),
                _ => Err(RecordingUnavailable),
            }
        })
    }

    fn available(&self) -> bool {
        self.spool.healthy()
    }

    fn shed_total(&self) -> u64 {
        self.spool.status().shed_total
    }
}

fn outcome_of(bytes: &[u8]) -> Option<Outcome> {
    let (status, latency) = bytes.split_first_chunk::<2>()?;
    let (latency, refused) = latency.split_first_chunk::<8>()?;
    let status = u16::from_le_bytes(*status);
    let latency_us = u64::from_le_bytes(*latency);
    Some(Outcome {
        status: (status != 0).then_some(status),
        latency_us: (latency_us != u64::MAX).then_some(latency_us),
        refused: std::str::from_utf8(refused).ok().and_then(|word| word.parse().ok()),
    })
}

/// Reads an access line back from spool or log.
pub(super) fn access_line(bytes: &[u8]) -> Option<Box<AccessLine>> {
    let text = std::str::from_utf8(bytes).ok()?;
    match parse_line(Origin { source_name: "spool", line: 1 }, text) {
        Ok(Line::Access(line)) => Some(line),
        _ => None,
    }
}

/// Makes one line of the event log from what the spool holds.
pub(super) fn join(joined: Joined<'_>) -> Option<Vec<u8>> {
    let (admit, outcome) = match joined {
        Joined::Single(line) => return Some(line.to_vec()),
        Joined::Complete { admit, outcome } => (admit, outcome_of(outcome)),
        Joined::Unfinished { admit } => (admit, None),
        Joined::Gap { count, first_ts_us, last_ts_us } => {
            let (first, last) = (timestamp(first_ts_us), timestamp(last_ts_us));
            warn!(
                "{count} decisions between {first} and {last} were not recorded; their numbers are missing in `seq`"
            );
            return None;
        }
    };
    let Some(outcome) = outcome else { return Some(admit.to_vec()) };
    let text = std::str::from_utf8(admit).ok().and_then(|text| record::complete_text(text, outcome));
    if let Some(text) = text {
        return Some(text.into_bytes());
    }
    let Some(mut line) = access_line(admit) else { return Some(admit.to_vec()) };
    record::complete(&mut line, outcome);
    Some(access_to_json(&line).map_or_else(|_| admit.to_vec(), String::into_bytes))
}

fn timestamp(us: i64) -> sumun_model::Timestamp {
    sumun_model::Timestamp::from_micros(us)
}
