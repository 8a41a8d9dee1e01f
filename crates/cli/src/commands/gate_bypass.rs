//! `sumun gate bypass`: let everything pass at this gate, without the control plane.

use super::ConfigArguments;
use crate::bypass::{self, BypassFile, REASON_CHARS_MAX};
use crate::config::Config;
use crate::exit::{BadInput, Failed};
use crate::{clock, output};

/// Let everything pass at this gate, or no longer, or say which.
///
/// For when refusals do harm and nobody can be asked. It is a file in `data_dir` that the running gate obeys at once, restarts
/// included; whoever may write there may do it. Every line of the record says that it was on and why; /readyz and /metrics say
/// so while it lasts, and the ledger once the control plane hears of it. Keys that have ended stay refused, wherever this gate can
/// read the credentials; what it cannot read passes too.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

/// What is done.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Let everything pass from now on
    #[command(
        after_help = "Example:\n  sumun gate bypass on --reason \"orders are refused for no reason we can see\""
    )]
    On {
        /// Why, in your own words; it stands in the record
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        config: ConfigArguments,
    },
    /// Refuse again what the ramp says
    #[command(after_help = "Example:\n  sumun gate bypass off")]
    Off {
        #[command(flatten)]
        config: ConfigArguments,
    },
    /// Say whether everything passes, since when and why
    #[command(after_help = "Example:\n  sumun gate bypass status --json")]
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigArguments,
    },
}

/// Runs it.
///
/// # Errors
/// The configuration is bad, there is no folder of a gate, or the file cannot be written or trusted.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.what {
        What::On { reason, config } => {
            let config = config.load(Vec::new())?.config;
            let reason = reason.trim().to_owned();
            if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
                return Err(BadInput(format!("give a reason of 1 to {REASON_CHARS_MAX} characters")).into());
            }
            if !config.data_dir.is_dir() {
                return Err(BadInput(format!(
                    "`{}` is no folder: run this where the gate runs, with its configuration",
                    config.data_dir.display()
                ))
                .into());
            }
            let by = format!("uid {}", rustix::process::getuid().as_raw());
            let said = BypassFile { since: clock::now(), by, reason };
            bypass::write(&bypass::path(&config), &said)
                .map_err(|problem| Failed(format!("the bypass was not switched on: {problem}")))?;
            output::text(&format!(
                "Everything passes at gate `{}` from now on, but keys that have ended. `sumun gate bypass off` ends it.\n",
                config.gate.id
            ))
        }
        What::Off { config } => {
            let config = config.load(Vec::new())?.config;
            let was_on = bypass::remove(&bypass::path(&config))
                .map_err(|problem| Failed(format!("the bypass was not switched off: {problem}")))?;
            output::text(if was_on {
                "The bypass is over: refusals hold again as the ramp says.\n"
            } else {
                "The bypass was not on.\n"
            })
        }
        What::Status { json, config } => status(&config.load(Vec::new())?.config, json),
    }
}

fn status(config: &Config, json: bool) -> anyhow::Result<()> {
    let found = bypass::read(&bypass::path(config)).map_err(|problem| Failed(problem.to_string()))?;
    if json {
        return output::json(&serde_json::json!({ "gate": config.gate.id, "bypass": found }));
    }
    output::text(&match found {
        Some(on) => format!(
            "Everything passes at gate `{}` since {}, by {}: {}\n",
            config.gate.id, on.since, on.by, on.reason
        ),
        None => format!("Gate `{}` has no bypass: refusals hold as the ramp says.\n", config.gate.id),
    })
}
