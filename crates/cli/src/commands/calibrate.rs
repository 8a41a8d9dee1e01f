//! `sumun calibrate`: fit a policy's α on training worlds, and show what thresholds would meet.

use super::evaluate::{Worlds, shown_seeds};
use crate::evaluate::fit::{Fitted, fit};
use crate::evaluate::seeds::Seeds;
use crate::output;
use std::fmt::Write;

/// Seeds from here on are kept for evaluation.
const EVALUATION_FROM: u64 = 1_000;

/// Fit a policy's weights on made-up training worlds, and show what each threshold would meet.
///
/// Changes no file: prints α by family as lines for `[scores.families]`, and for a list of probabilities how many clean and how many
/// misused keys would have passed them. Evaluate the result on other seeds.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sumun calibrate\n  sumun calibrate --seeds 1..4 --clean 500 --bad 100 --json\n\n\
                        Exit codes: 0 fitted, 1 the output could not be written, 2 the policy is bad, or no world can be made of the arguments."
)]
pub struct Arguments {
    #[command(flatten)]
    worlds: Worlds,
    /// Which worlds, all below 1000: those from there on are kept for evaluation
    #[arg(long, value_name = "SEEDS", default_value = "1..10")]
    seeds: Seeds,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Runs it.
///
/// # Errors
/// The policy is bad, the arguments make no world, or the output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if let Some(kept) = arguments.seeds.0.iter().find(|seed| **seed >= EVALUATION_FROM) {
        let told = format!("seed {kept} is kept for evaluation; train on seeds below {EVALUATION_FROM}");
        return Err(crate::exit::BadInput(told).into());
    }
    let setup = arguments.worlds.setup()?;
    let seeds = shown_seeds(&arguments.seeds);
    crate::logging::say(&format!("seeds {seeds}\n"));
    let all = arguments.worlds.tell(&setup, &arguments.seeds)?;
    let fitted = fit(&all.samples, &setup.weights);
    if arguments.json {
        return output::json(&fitted);
    }
    output::text(&text(&fitted, &format!("seeds {seeds}; {}", arguments.worlds.shown())))
}

fn text(fitted: &Fitted, of: &str) -> String {
    let mut out = format!(
        "# Fitted on {of}\n# {} clean and {} misused key-days\n\n",
        fitted.key_days.0, fitted.key_days.1
    );
    for (family, alpha) in &fitted.alpha_milli {
        let (clean, bad) = fitted.spoke.get(family).copied().unwrap_or_default();
        let _ = writeln!(
            out,
            "{family} alpha = \"{}.{:03}\"  # spoke on {clean} clean and {bad} misused key-days",
            alpha / 1000,
            alpha % 1000,
        );
    }
    out.push_str("\n# p, points: clean keys per 10,000 key-months and share of misused keys beyond it; of one family of 800 points or more, of two\n");
    for row in &fitted.thresholds {
        let _ = writeln!(
            out,
            "{:.2} {:6}: {:7.1} {:5.1} %   {:7.1} {:5.1} %",
            row.p,
            row.points,
            row.clean_per_10k.0,
            row.recall.0 * 100.0,
            row.clean_per_10k.1,
            row.recall.1 * 100.0,
        );
    }
    out
}
