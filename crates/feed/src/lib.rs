//! The stream that carries key state to gates: frames, acknowledgements, and what a gate does with them.
//!
//! Everything signed between processes is a compact JWS with Ed25519 ([`jws`]), each use with a `typ` of its own, so that
//! none passes for another. [`Frame`] is one line of `GET /v1/feed`; [`SnapshotWriter`] makes the lines of a snapshot;
//! [`Follower`] is the gate's side of the protocol as a state machine: lines go in, what to apply and what to acknowledge
//! comes out, and no version is ever skipped or taken back. [`Acknowledgement`] is what a gate signs once it has obeyed.
//! [`GateProof`] and [`EnrolmentProof`] are how a gate says who it is.
//!
//! # The protocol
//!
//! `GET /v1/feed?from=N&mark=M`, where N is the version that the gate holds and M what that version is ([`Mark`]); 0 and no
//! mark if none. A server for which version N is something else refuses. The answer is one frame a line: deltas
//! N+1, N+2… as they come to be; or first a snapshot, where N is 0 or older than what the server keeps; and a heartbeat
//! every few seconds while nothing else is said. A snapshot is of N or later. Whatever else comes is an error,
//! after which the gate connects anew.
//!
//! Never here: sockets, files, a clock, randomness, the meaning of a key's record.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod acknowledgement;
mod follower;
mod frame;
pub mod jws;
mod key;
mod mark;
mod proof;
mod ramp;
mod snapshot;

pub use acknowledgement::{AcknowledgeError, Acknowledgement, LastAdmitted};
pub use follower::{Delta, FollowError, Follower, Snapshot, Step};
pub use frame::{Frame, FrameError, LINE_BYTES_MAX};
pub use jws::{Compact, JwsError, Typ};
pub use key::{KeyTextError, PublicKey, SigningKey};
pub use mark::{Mark, MarkError};
pub use proof::{
    AGE_US_MAX, EnrolmentAnswer, EnrolmentProof, EnrolmentRequest, GateProof, ProofError,
    REQUEST_ACKNOWLEDGE, REQUEST_FEED, content_digest, request_events,
};
pub use ramp::{RAMP_RECORD, RESERVED_PREFIX, RampRecordError, ramp_record, read_ramp_record};
pub use snapshot::{PART_BYTES_MAX, PART_RECORDS_MAX, SnapshotWriter};
