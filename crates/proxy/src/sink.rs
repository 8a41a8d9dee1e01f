//! Where records go. The role wires this to its spool; tests wire it to memory.

use std::future::Future;
use std::pin::Pin;
use sumun_gate::NonceMark;
use sumun_model::Reason;
use sumun_model::wire::AccessLine;

/// A record that awaits its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(pub u64);

/// What came of a forwarded request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// HTTP status answered; `None` if the client left before there was one.
    pub status: Option<u16>,
    /// Microseconds from receipt to the response's head.
    pub latency_us: Option<u64>,
    /// Why it was refused after all, having been admitted: its record did not reach the disk.
    pub refused: Option<Reason>,
}

/// Nothing can be recorded now; it was counted instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the decision could not be recorded")]
pub struct RecordingUnavailable;

/// A future that is done when a record is on the disk.
pub type Durable = Pin<Box<dyn Future<Output = Result<(), RecordingUnavailable>> + Send>>;

/// Takes records of decisions. Calls are quick: a write to the page cache, no wait for the disk.
pub trait EventSink: Send + Sync + 'static {
    /// Writes a decision before its request is forwarded. Fills in `source` and `seq`.
    ///
    /// # Errors
    /// It could not be written; it was counted into a gap.
    fn admit(&self, line: &mut AccessLine) -> Result<Ticket, RecordingUnavailable>;

    /// Writes what came of it.
    fn outcome(&self, ticket: Ticket, outcome: Outcome);

    /// Writes a decision whose outcome is known at once. Fills in `source` and `seq`.
    ///
    /// # Errors
    /// It could not be written; it was counted into a gap.
    fn single(&self, line: &mut AccessLine) -> Result<Ticket, RecordingUnavailable>;

    /// Writes nonces used, before the request goes on.
    ///
    /// # Errors
    /// They could not be written; they are remembered until this process ends.
    fn nonces(&self, marks: [Option<NonceMark>; 2]) -> Result<(), RecordingUnavailable>;

    /// Done when all written up to this record, nonces included, is on the disk.
    fn durable(&self, ticket: Ticket) -> Durable;

    /// Whether records can be written now.
    fn available(&self) -> bool;

    /// Decisions that could not be written since start.
    fn shed_total(&self) -> u64;
}
