//! `sumun keys list|show|timeline|capability`: keys as the control plane knows them.

use crate::client::{Call, Listing, Reach, show};

/// List keys of the control plane.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sumun keys list --account A1 --state active")]
pub struct List {
    /// Only keys of this account
    #[arg(long)]
    account: Option<String>,
    /// Only keys in this state: requested, active, suspended, expired, rejected
    #[arg(long)]
    state: Option<String>,
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Show a key of the control plane. Never its secret.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sumun keys show K1")]
pub struct Show {
    /// The key
    key: String,
    #[command(flatten)]
    reach: Reach,
}

/// Show what happened to a key, entry by entry of the ledger.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sumun keys timeline K1")]
pub struct Timeline {
    /// The key
    key: String,
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Show in words what a key may do.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sumun keys capability K1")]
pub struct Capability {
    /// The key
    key: String,
    #[command(flatten)]
    reach: Reach,
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn list(List { account, state, page, reach }: List) -> anyhow::Result<()> {
    let call = Call::get(&["keys"]).with_some("account", account.as_ref()).with_some("state", state.as_ref());
    reach.list(call, &page, &["key", "account", "state", "measure", "scopes", "expires"])
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn show(Show { key, reach }: Show) -> anyhow::Result<()> {
    reach.print(&reach.client()?.send(&Call::get(&["keys", &key]))?, |json| {
        let mut json = json.clone();
        // A dash would say that nobody knows.
        if let Some(terms) = json.get_mut("terms").filter(|terms| terms.is_null()) {
            *terms = "none accepted".into();
        }
        show::record(&json)
    })
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn timeline(Timeline { key, page, reach }: Timeline) -> anyhow::Result<()> {
    reach.list(Call::get(&["keys", &key, "timeline"]), &page, &["index", "at", "class", "actor", "reason"])
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn capability(Capability { key, reach }: Capability) -> anyhow::Result<()> {
    let answer = reach.client()?.send(&Call::get(&["keys", &key, "capability"]))?;
    let korean =
        std::env::var("LC_ALL").or_else(|_| std::env::var("LANG")).is_ok_and(|lang| lang.starts_with("ko"));
    let language = if korean { "ko" } else { "en" };
    reach.print(&answer, |json| {
        let sentences = json.get("sentences").and_then(serde_json::Value::as_array).into_iter().flatten();
        sentences.filter_map(|one| Some(format!("{}\n", one.get(language)?.as_str()?))).collect()
    })
}
