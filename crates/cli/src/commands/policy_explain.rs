//! `sumun policy explain`: the ladder in plain words.

use super::policy::load;
use crate::exit::BadInput;
use crate::output;
use std::path::PathBuf;
use sumun_model::{Lang, Segment};
use sumun_policy::explain::ladder;

/// Read a policy's ladder in plain words: each measure, what earns it, who acts, and when it ends.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sumun policy explain policies/default.toml --segment retail --lang ko")]
pub struct Arguments {
    /// The policy file
    file: PathBuf,
    /// Only this segment's ladder: retail, corporate, broker, market_maker, custodian or default [default: all]
    #[arg(long, value_name = "SEGMENT")]
    segment: Option<String>,
    /// Language of the text: en or ko
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: Lang,
}

/// Runs it.
///
/// # Errors
/// The file is bad, or there is no such segment.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let segments: Vec<Option<Segment>> = match arguments.segment.as_deref() {
        None => std::iter::once(None).chain(Segment::ALL.iter().copied().map(Some)).collect(),
        Some("default") => vec![None],
        Some(word) => vec![Some(word.parse().map_err(|error| BadInput(format!("{error}, or `default`")))?)],
    };
    let policy = load(&arguments.file)?;
    let told: Vec<String> =
        segments.into_iter().map(|segment| ladder(&policy, segment, arguments.lang)).collect();
    output::text(&told.join("\n"))
}
