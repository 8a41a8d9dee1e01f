//! SQLite and PostgreSQL behind one set of queries: governed rows, ledger entries, feed, outbox.
//!
//! Start with [`change`] for the one way anything is written, [`tables`] for what there is. No business rules here: what a
//! key may become is govern's.

pub mod change;
pub mod table;
pub mod tables;

pub use change::{Change, Committed, Expect, Idempotency, OutboxMessage, RowRead, RowWrite, VaultItem};
pub use table::{Column, Image, Kind, Table};
