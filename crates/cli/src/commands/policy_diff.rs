//! `sumun policy diff`: what another policy changes in effect.

use super::policy::load;
use crate::output;
use serde_json::json;
use std::path::PathBuf;
use sumun_model::Lang;
use sumun_policy::diff::{diff, render};

/// Compare two policy files by what they do, segment by segment, each change marked looser or stricter.
///
/// Inherited rules are resolved first, and conditions are compared by what they say, so a file that is only written otherwise shows
/// nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sumun policy diff policies/default.toml mine.toml --lang ko")]
pub struct Arguments {
    /// The policy before
    before: PathBuf,
    /// The policy after
    after: PathBuf,
    /// Language of the text: en or ko
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: Lang,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs it.
///
/// # Errors
/// A file is bad.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (before, after) = (load(&arguments.before)?, load(&arguments.after)?);
    let changes = diff(&before, &after);
    if arguments.json {
        return output::json(&json!({ "before": before.name(), "after": after.name(), "changes": changes }));
    }
    output::text(&render(&before, &after, &changes, arguments.lang))
}
