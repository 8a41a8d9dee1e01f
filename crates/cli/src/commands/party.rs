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
    /// What was said with flags.
    pub(crate) fn fields_mut(&mut self) -> &mut F {
        &mut self.fields
    }

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
pub struct List<F: clap::Args> {
    #[command(flatten)]
    only: F,
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

impl<F: clap::Args + Serialize> List<F> {
    pub(crate) fn run(&self, kind: Kind) -> anyhow::Result<()> {
        let mut call = Call::get(&[kind.path]);
        if let serde_json::Value::Object(only) = serde_json::to_value(&self.only)? {
            for (name, value) in &only {
                call = call.with_some(name, value.as_str().map(str::to_owned).as_ref());
            }
        }
        self.reach.list(call, &self.page, kind.columns)
    }
}

/// All of them.
#[derive(Debug, clap::Args, Serialize)]
pub struct All {}

/// Only one customer's.
#[derive(Debug, clap::Args, Serialize)]
pub struct OfCustomer {
    /// Only this customer's
    #[arg(long)]
    customer: Option<String>,
}
