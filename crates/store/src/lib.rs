//! SQLite and PostgreSQL behind one set of queries: governed rows, ledger entries, feed, outbox.
//!
//! Start with [`change`] for the one way anything is written, [`tables`] for what there is, [`store`] for what can be
//! asked. Inside: `prepare` (a change checked and spelt out), `judge` (may it be made), `sequence` (its place in the
//! ledger), `sqlite` and `postgres` (who runs these in which transaction), [`publish`] (the ledger as files), `rebuild`
//! and `check` (rows from the ledger, rows against the ledger). No business rules here: what a key may become is govern's.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod activity;
mod backlog;
pub mod change;
mod check;
mod code;
mod count;
mod db;
mod drift;
mod entries;
pub mod error;
mod feed;
mod inner;
mod judge;
mod lease;
mod looks;
mod migrate;
mod mirror;
pub mod options;
mod outbox;
mod payload;
mod placed;
mod postgres;
mod prepare;
pub mod publish;
mod read;
mod rebuild;
pub mod records;
mod search;
mod sequence;
mod sessions;
mod sqlite;
pub mod store;
pub mod table;
pub mod tables;
mod tally;
mod writable;

pub use activity::{ActivityPlace, ActivityRow};
pub use backlog::{Backlog, Published};
pub use change::{Change, Committed, Expect, Idempotency, OutboxMessage, RowRead, RowWrite, VaultItem};
pub use count::Count;
pub use drift::DriftRow;
pub use error::{OpenError, StoreError};
pub use feed::FeedSnapshot;
pub use mirror::{MirrorBatch, MirrorKept, MirrorKey, MirrorSource};
pub use options::{Clock, StoreOptions};
pub use records::{EntryRow, FeedDelta, Filter, Head, OutboxItem, RowFault, RowsChecked, Session};
pub use search::{FeedStep, Lead, Nearest, Search};
pub use store::Store;
pub use table::{Column, Image, Kind, Table};
pub use tally::{CampaignCount, SegmentCount};
