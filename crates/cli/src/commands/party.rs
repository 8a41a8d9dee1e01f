//! What `put`, `get` and `list` are the same for: customers, persons, accounts, operators, vendors, delegations.
//!
//! Each has a file of its own with its flags, its columns and its examples.

use crate::client::body::Document;
use crate::client::{Call, Listing, Reach, Writing};
use serde::Serialize;

/// One kind of party.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Its name in the API, in the plural.
    pub(crate) path: &'static str,
    /// What a list of them shows.
    pub(crate) columns: &'static [&'static str],
}

/// Create or replace one wholly.
#[derive(Debug, clap::Args)]
pub struct Put<F: clap::Args> {
    /// Its id
    id: String,
    #[command(flatten)]
    fields: F,
    #[command(flatten)]
    document: Document,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl<F: clap::Args + Serialize> Put<F> {
    pub(crate) fn run(&self, kind: Kind) -> anyhow::Result<()> {
        let body = self.document.with(&self.fields)?;
        self.reach.write(&self.writing, Call::put(&[kind.path, &self.id], body))
    }
}

/// Show one.
#[derive(Debug, clap::Args)]
pub struct Get {
    /// Its id
    id: String,
    #[command(flatten)]
    reach: Reach,
}

impl Get {
    pub(crate) fn run(&self, kind: Kind) -> anyhow::Result<()> {
        self.reach.show(&Call::get(&[kind.path, &self.id]))
    }
}

/// List them.
#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

impl List {
    pub(crate) fn run(&self, kind: Kind) -> anyhow::Result<()> {
        self.reach.list(Call::get(&[kind.path]), &self.page, kind.columns)
    }
}
