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
        reach.write(&writing, Call::act(&["keys", &key, "issue"]).secret())
    }
}

/// A key, and perhaps a reason.
#[derive(Debug, clap::Args)]
pub struct May {
    /// The key
    key: String,
    /// Why, in your own words
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl May {
    pub(crate) fn run(self, action: &str) -> anyhow::Result<()> {
        let Self { key, reason, writing, reach } = self;
        reach.write(&writing, Call::post(&["keys", &key, action], said(&json!({ "reason": reason }))))
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
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl Allow {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let Self { key, prefixes, writing, reach } = self;
        reach.write(&writing, Call::post(&["keys", &key, "allowlist"], json!({ "allowlist": prefixes })))
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
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl Scopes {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let Self { key, scopes, writing, reach } = self;
        reach.write(&writing, Call::post(&["keys", &key, "scopes"], json!({ "scopes": scopes })))
    }
}

/// A new key in the place of one.
#[derive(Debug, clap::Args)]
pub struct Rotate {
    /// The key that is replaced
    key: String,
    /// Hours for which the old one lives on beside the new one; without, it ends at once
    #[arg(long, value_name = "HOURS", default_value_t = 0)]
    overlap_hours: u32,
    /// The new public key, for a scheme that has one: 32 bytes in base64url
    #[arg(long, value_name = "KEY")]
    public_key: Option<String>,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl Rotate {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let Self { key, overlap_hours, public_key, writing, reach } = self;
        let body = said(&json!({ "overlap_hours": overlap_hours, "public_key": public_key }));
        reach.write(&writing, Call::post(&["keys", &key, "rotate"], body).secret())
    }
}

/// A reversible cut on suspicion.
#[derive(Debug, clap::Args)]
pub struct Hold {
    /// The key
    key: String,
    /// What was seen
    #[arg(long)]
    reason: String,
    /// Why a lesser measure would not do
    #[arg(long, value_name = "WHY")]
    lesser: String,
    /// Who reviews it
    #[arg(long, value_name = "USER")]
    reviewer: String,
    /// By when it is reviewed, in UTC; it lapses then [default: the venue's longest time]
    #[arg(long, value_name = "TIME")]
    due: Option<String>,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl Hold {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let Self { key, reason, lesser, reviewer, due, writing, reach } = self;
        let reviewer = if reviewer.contains(':') { reviewer } else { format!("user:{reviewer}") };
        let body =
            said(&json!({ "reason": reason, "lesser": lesser, "review_by": reviewer, "review_due": due }));
        reach.write(&writing, Call::post(&["keys", &key, "hold"], body))
    }
}

/// A proposal to end a key by force.
#[derive(Debug, clap::Args)]
pub struct Expire {
    /// The key
    key: String,
    /// What was seen
    #[arg(long)]
    reason: String,
    /// Why a lesser measure would not do
    #[arg(long, value_name = "WHY")]
    lesser: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl Expire {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let Self { key, reason, lesser, writing, reach } = self;
        let body = json!({ "reason": reason, "lesser": lesser });
        reach.write(&writing, Call::post(&["keys", &key, "expire"], body))
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
