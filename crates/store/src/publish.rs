//! Publication: the ledger as static files, written from sequenced rows, checkpoint last.
//!
//! The folder is a cache that can be rebuilt, and evidence that is never overwritten: see [`compare`]. Never published:
//! what is not sequenced. Next: [`io`] for the seam to the disk, [`publisher`] for the task.

mod compare;
mod fault;
mod io;
mod publisher;

pub use fault::FaultIo;
pub use io::{DiskIo, PublishIo};
pub(crate) use publisher::Publisher;
