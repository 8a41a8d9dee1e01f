//! Following log files through rotation, exactly once, and their lines as the wire's.
//!
//! [`Follower`] is a state machine over [`Files`]: what stands in a folder goes in, the next [`Chunk`] of whole lines comes out, and a
//! chunk is behind it only once it was committed. [`Checkpoint`] is what is written down before a batch is sent and after it was
//! acknowledged; [`Checkpoint::meet`] says, after any stop, what became of the batch that was under way. [`translate`] makes lines of the
//! wire of a chunk, by a mapping. [`Disk`] is [`Files`] on a real file system.
//!
//! Never here: a clock, a socket, a thread, a guess. What was lost is counted where it can be known, and told as a hole where not. The
//! file itself is the spool: nothing is copied aside. Why so: ADR 0024.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod checkpoint;
mod disk;
mod files;
mod follow;
mod packed;
mod pattern;
mod print;
mod state;
mod translate;

pub use checkpoint::{Checkpoint, Met, Pending};
pub use disk::{Disk, DiskError};
pub use files::{Files, Form, Found, Inode};
pub use follow::{Chunk, Follower, Loss, Options};
pub use pattern::{Pattern, PatternError};
pub use print::Print;
pub use state::{Begin, State, Step, Tracked};
pub use translate::{Made, Refused, Translated, name_source, translate, translate_lines};
