//! `sumun keys approve|reject|issue|allow|scopes|rotate|suspend|lift|hold|release|expire|revoke`: what is done to a key of
//! the control plane. Whether it may be done, and by whom, the server says.

use crate::client::{Call, Reach, Writing};
use serde::Serialize;
use serde_json::{Value, json};

/// A key and a reason.
#[derive(Debug, clap::Args)]
pub struct Act {
    /// The key
    key: String,
    /// Why, in your own words
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl Act {
    pub(crate) fn run(self, action: &str) -> anyhow::Result<()> {
        let Self { key, reason, writing, reach } = self;
        reach.write(&writing, Call::post(&["keys", &key, action], json!({ "reason": reason })))
    }
}

/// A key, for its owner.
#[derive(Debug, clap::Args)]
pub struct Own {
    /// The key
    key: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl Own {
    /// Its secret is shown once.
    pub(crate) fn issue(self) -> anyhow::Result<()> {
        let Self { key, writing, reach } = self;
        reach.write(&writing, Call::post(&["keys", &key, "issue"], json!({})).secret())
    }
}

/// Whence a key may be used.
#[derive(Debug, clap::Args)]
pub struct Allow {
    /// The key
    key: String,
    /// All addresses and prefixes it may be used from afterwards
    #[arg(required = true, value_name = "PREFIX")]
    prefixes: Vec<String>,
    /// Why, in your own words
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl Allow {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let Self { key, prefixes, reason, writing, reach } = self;
        let body = said(&json!({ "allowlist": prefixes, "reason": reason }));
        reach.write(&writing, Call::post(&["keys", &key, "allowlist"], body))
    }
}

/// What a key may do.
#[derive(Debug, clap::Args)]
pub struct Scopes {
    /// The key
    key: String,
    /// All scopes it has afterwards, separated by commas
    #[arg(required = true, value_name = "SCOPES", value_delimiter = ',')]
    scopes: Vec<String>,
    /// Why, in your own words
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl Scopes {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let Self { key, scopes, reason, writing, reach } = self;
        let body = said(&json!({ "scopes": scopes, "reason": reason }));
        reach.write(&writing, Call::post(&["keys", &key, "scopes"], body))
    }
}

/// A new key in the place of one.
#[derive(Debug, clap::Args)]
pub struct Rotate {
    /// The key that is replaced
    key: String,
    /// Hours for which both live [default: the venue's most]
    #[arg(long, value_name = "HOURS")]
    overlap_hours: Option<u32>,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl Rotate {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let Self { key, overlap_hours, writing, reach } = self;
        let body = said(&json!({ "overlap_hours": overlap_hours }));
        reach.write(&writing, Call::post(&["keys", &key, "rotate"], body).secret())
    }
}

/// A reversible cut on suspicion.
#[derive(Debug, clap::Args)]
pub struct Hold {
    /// The key
    key: String,
    /// What is suspected
    #[arg(long)]
    reason: String,
    /// Who reviews it
    #[arg(long, value_name = "USER")]
    review_by: Option<String>,
    /// By when it is reviewed, in UTC; it lapses then
    #[arg(long, value_name = "TIME")]
    review_due: Option<String>,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl Hold {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let Self { key, reason, review_by, review_due, writing, reach } = self;
        let body = said(&json!({ "reason": reason, "review_by": review_by, "review_due": review_due }));
        reach.write(&writing, Call::post(&["keys", &key, "hold"], body))
    }
}

/// Without what was not said.
fn said(value: &impl Serialize) -> Value {
    let mut value = serde_json::to_value(value).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    value
}
