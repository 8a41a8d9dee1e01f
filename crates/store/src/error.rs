//! What can go wrong, as data: one enum for opening, one for everything after. No text names a secret.

use crate::change::{Expect, Idempotency};
use std::path::PathBuf;
use std::sync::Arc;

/// Why something was not read or not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A row is not as the change expected: somebody else was faster. Nothing was written.
    #[error("row `{key}` of `{table}` changed meanwhile ({}); read it again and decide anew", shown(*expected, *found))]
    Conflict {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
        /// What the change expected.
        expected: Expect,
        /// The version that stands; `None` if there is no such row or if it could not be told.
        found: Option<i64>,
    },
    /// The same request was made before; this is what it was answered. Nothing was written.
    #[error("this request was answered before; the stored answer stands")]
    Repeated(Box<Idempotency>),
    /// The idempotency key was used for another request. Nothing was written.
    #[error("idempotency key `{key}` was used for another request; take a new one")]
    KeyReused {
        /// The key.
        key: String,
    },
    /// The change contradicts itself or the table's shape: a mistake of the caller. Nothing was written.
    #[error("the change cannot be written: {0}")]
    Invalid(String),
    /// The store takes no changes (any more). Whether this change was made is not known only if `in_doubt`.
    #[error("the store takes no changes: {cause}")]
    Unavailable {
        /// Why, and what to do.
        cause: Arc<str>,
        /// Whether this change may have been made all the same; look for its salt or ask again with its idempotency key.
        in_doubt: bool,
    },
    /// What was read is not what this program writes.
    #[error("{place} is damaged: {found}; compare with `sumun ledger verify`")]
    Damaged {
        /// Where.
        place: String,
        /// What is wrong.
        found: String,
    },
    /// The database refused or is away. Nothing was written.
    #[error("failed to {doing}")]
    Database {
        /// What was attempted, as a verb phrase.
        doing: &'static str,
        /// What it said.
        #[source]
        source: sqlx::Error,
    },
}

/// Expectation and finding in words.
fn shown(expected: Expect, found: Option<i64>) -> String {
    let expected = match expected {
        Expect::Absent => "expected none".to_owned(),
        Expect::Version(version) => format!("expected version {version}"),
    };
    match found {
        Some(version) => format!("{expected}, found version {version}"),
        None => format!("{expected}, found another state"),
    }
}

/// Makes a function that wraps a database's error with what was attempted.
pub(crate) fn database(doing: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |source| StoreError::Database { doing, source }
}

/// Why a store was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Not an address of a database.
    #[error(
        "`{url}` is no database this program knows: write `sqlite:///path` or `postgres://user@host/name`"
    )]
    Url {
        /// The address without what could be a password.
        url: String,
    },
    /// Another process writes here.
    #[error("`{path}` is in use by another process: stop it, or give this one a place of its own")]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// The database's tables are of a later program.
    #[error(
        "the database was made by a later version (migration {found}, this one knows {known}): update this program"
    )]
    Later {
        /// Migration found.
        found: i64,
        /// Last migration known.
        known: i64,
    },
    /// Rows, published files and signatures contradict one another. Evidence: nothing was overwritten.
    #[error(
        "{place} contradicts the record: expected {expected}, found {found}. Nothing was overwritten; keep the folder and the database as evidence"
    )]
    Contradiction {
        /// Where.
        place: String,
        /// What the rows say.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A file or folder could not be used.
    #[error("failed to {doing} `{path}`")]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The database refused or is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}
