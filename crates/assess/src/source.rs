//! What is read: tables of state, and logs of events, each by a mapping. Readers are handed in; no file is opened here.

use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Cursor};
use sumun_mapping::{Mapping, Unusable};

/// What an export holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Networks, a table.
    Networks,
    /// Third-party tools, a table.
    Vendors,
    /// Accounts, a table.
    Accounts,
    /// Keys, a table.
    Keys,
    /// Requests, in order of time.
    Access,
    /// Orders, in order of time.
    Orders,
    /// Sign-ins, in order of time.
    Sessions,
}

impl Role {
    /// The type of line an export of this kind is there for.
    #[must_use]
    pub const fn line(self) -> &'static str {
        match self {
            Self::Networks => "network",
            Self::Vendors => "vendor",
            Self::Accounts => "account",
            Self::Keys => "key",
            Self::Access => "access",
            Self::Orders => "order",
            Self::Sessions => "session",
        }
    }

    /// Whether it is a table of state rather than a log.
    #[must_use]
    pub const fn is_table(self) -> bool {
        matches!(self, Self::Networks | Self::Vendors | Self::Accounts | Self::Keys)
    }
}

/// One input with its name.
pub struct Input {
    /// As the report calls it.
    pub name: String,
    /// Its bytes, plain or gzip.
    pub from: Box<dyn BufRead + Send>,
}

impl Input {
    /// Of bytes in memory: tests and small tables.
    #[must_use]
    pub fn of(name: &str, bytes: Vec<u8>) -> Self {
        Self { name: name.to_owned(), from: Box::new(BufReader::new(Cursor::new(bytes))) }
    }
}

/// One export: inputs that follow each other, and how they are read.
pub struct Source<'m> {
    /// What it holds.
    pub role: Role,
    /// How it is read.
    pub mapping: &'m Mapping,
    /// What the mapping asks for by name. `as_of` is filled in: a table counts as of the beginning of the logs.
    pub given: BTreeMap<String, String>,
    /// In order.
    pub inputs: Vec<Input>,
}

/// Why no report can be made.
#[derive(Debug, thiserror::Error)]
pub enum AssessError {
    /// An input cannot be read at all.
    #[error(transparent)]
    Input(#[from] Unusable),
    /// No event came of the logs.
    #[error(
        "no request could be read from the access log; look at it with `sumun map check` and mend the mapping, then assess again"
    )]
    NoEvents,
    /// No key came of the table.
    #[error(
        "no key could be read from the table of keys; look at it with `sumun map check` and mend the mapping, then assess again"
    )]
    NoKeys,
    /// A thread of this run ended by a fault of its own.
    #[error("reading `{0}` ended by a fault in this program; please report it")]
    Fault(&'static str),
}
