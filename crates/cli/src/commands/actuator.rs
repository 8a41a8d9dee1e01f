//! `sumun actuator`: what an exchange with its own gateway is told to do (ADR 0025).

use crate::client::{Call, Listing, Reach, Writing};
use crate::exit::{AlreadyTold, BAD_INPUT};
use crate::output;
use crate::roles::actuator::settings::{self, Settings};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use sumun_actuator::{ActionName, Actuator as File, Facts, RenderError, webhook};

/// What can be done about it.
#[derive(Debug, clap::Subcommand)]
pub enum Actuator {
    /// Explain a file of calls: each call as it would be sent, when it is sent again, which secrets it needs
    ///
    /// Nothing is sent. Secrets are read only with `--secrets`, and never shown. Every mistake is told with line, column and remedy.
    #[command(
        after_help = "Examples:\n  sumun actuator check actuator.toml\n  sumun actuator check --secrets actuator.toml\n\n\
                      Exit codes: 0 it can be used, 2 it cannot."
    )]
    Check(Check),
    /// Show what the exchange was told of keys, its acknowledgements, and what its own log said afterwards
    ///
    /// `confirmed`: the log was silent about the key after the cut. `alive`: it was not, though the exchange said so.
    #[command(
        after_help = "Examples:\n  sumun actuator show\n  sumun actuator show K1\n  sumun actuator show --state failed"
    )]
    Show(Show),
    /// Have the exchange asked again what should be true of a key, as a new intent
    #[command(after_help = "Example:\n  sumun actuator retry K1 --reason \"its key API is mended\"")]
    Retry(Retry),
}

/// Which file.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// The file that `[actuator] file` names
    file: PathBuf,
    /// Read the secrets, too: whether they are there and can be used
    #[arg(long)]
    secrets: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Which of them.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Only of this key
    key: Option<String>,
    /// Only in this state: waiting, failed, acknowledged, confirmed, alive
    #[arg(long)]
    state: Option<String>,
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Which key, and why.
#[derive(Debug, clap::Args)]
pub struct Retry {
    /// Which key
    key: String,
    /// Only at this destination [default: at all]
    #[arg(long)]
    destination: Option<String>,
    /// Why, in your own words
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Runs it.
///
/// # Errors
/// The file is bad; what the server said, or that it cannot be reached.
pub fn run(command: Actuator) -> anyhow::Result<()> {
    match command {
        Actuator::Check(check) => check.run(),
        Actuator::Show(Show { key, state, page, reach }) => {
            let call =
                Call::get(&["actuations"]).with_some("key", key.as_ref()).with_some("state", state.as_ref());
            let columns =
                ["destination", "key", "target", "state", "intended", "acknowledged", "last_access", "cause"];
            reach.list(call, &page, &columns)
        }
        Actuator::Retry(Retry { key, destination, reason, writing, reach }) => {
            let mut body = json!({ "reason": reason });
            if let (Some(destination), Some(body)) = (destination, body.as_object_mut()) {
                body.insert("destination".to_owned(), destination.into());
            }
            reach.write(&writing, Call::post(&["actuations", &key, "retry"], body))
        }
    }
}

impl Check {
    fn run(&self) -> anyhow::Result<()> {
        let read = if self.secrets {
            Settings::read(&self.file).map(|settings| settings.actuator)
        } else {
            settings::read(&self.file)
        };
        match (read, self.json) {
            (Ok(file), false) => output::text(&explained(&file, &self.file, self.secrets)),
            (Ok(file), true) => output::json(&as_json(&file)),
            (Err(problem), true) => {
                let lines: Vec<&str> = problem.0.lines().collect();
                output::json(&json!({ "ok": false, "problems": lines }))?;
                Err(AlreadyTold(BAD_INPUT).into())
            }
            (Err(problem), false) => Err(problem.into()),
        }
    }
}

type Sample = (ActionName, Result<sumun_actuator::Call, RenderError>);

fn as_json(file: &File) -> Value {
    let calls = file.samples().into_iter().filter_map(|(name, call): Sample| {
        let call = call.ok()?;
        let headers: Vec<String> = call.headers.iter().map(|(name, text)| format!("{name}: {}", text.shown)).collect();
        Some(json!({ "action": name.as_str(), "same_as": file.same_as(name).map(ActionName::as_str), "method": call.method.as_str(),
            "url": call.url, "headers": headers, "body": call.body, "reverse": name.reverse().map(ActionName::as_str) }))
    });
    let webhooks = file.webhooks.iter().map(|one| json!({ "name": one.name, "url": one.url }));
    let retry = json!({ "first_ms": file.retry.first_ms, "max_ms": file.retry.max_ms, "attempts": file.retry.attempts,
        "again_s": file.retry.again_s });
    json!({ "ok": true, "destinations": file.destinations(), "timeout_ms": file.timeout_ms, "retry": retry,
        "log": { "grace_s": file.log.grace_s, "settle_s": file.log.settle_s }, "calls": calls.collect::<Vec<_>>(),
        "webhooks": webhooks.collect::<Vec<_>>() })
}

/// In words, with calls about a made-up key.
fn explained(file: &File, path: &Path, secrets: bool) -> String {
    let mut text = format!("{} can be used. Told are: {}.\n", path.display(), file.destinations().join(", "));
    for (name, call) in file.samples() {
        let what = match name {
            ActionName::Restore => "when a cut is lifted",
            ActionName::Hold => "under `hold` and `reverify`: only reading and cancelling should pass",
            ActionName::Suspend => "while a key is suspended",
            ActionName::Expire => "when a key ends; it is never taken back",
        };
        text.push_str(&format!("\n{}: {what}", name.as_str()));
        if let Some(other) = file.same_as(name) {
            text.push_str(&format!("; the same call as `{}`", other.as_str()));
        }
        if let Some(reverse) = name.reverse() {
            text.push_str(&format!("; taken back by `{}`", reverse.as_str()));
        }
        text.push('\n');
        match call {
            Ok(call) => {
                text.push_str(&format!("  {} {}\n", call.method.as_str(), call.url));
                for (header, value) in &call.headers {
                    text.push_str(&format!("  {header}: {}\n", value.shown));
                }
                if let Some(body) = &call.body {
                    text.push_str(&format!("  {body}\n"));
                }
            }
            Err(error) => text.push_str(&format!("  cannot be made of a sample: {error}\n")),
        }
    }
    for one in &file.webhooks {
        let body = webhook::body(&Facts::sample(sumun_actuator::Target::Held));
        text.push_str(&format!(
            "\nwebhook {}: after every change of what should be true\n  POST {}\n  {body}\n",
            one.name, one.url
        ));
        text.push_str(
            "  webhook-id, webhook-timestamp, webhook-signature: v1,HMAC-SHA256 (Standard Webhooks)\n",
        );
    }
    let retry = file.retry;
    text.push_str(&format!(
        "\nA call takes {} ms at most. It is made again after about {} ms, each time twice as late, up to {} ms. After {} failures somebody is \
         told",
        file.timeout_ms, retry.first_ms, retry.max_ms, retry.attempts
    ));
    text.push_str(&match retry.again_s {
        0 => ", and it is made again only by `sumun actuator retry`.\n".to_owned(),
        seconds => format!(", and it is tried on every {seconds} s.\n"),
    });
    text.push_str(&format!(
        "A request in the exchange's own log that succeeds more than {} s after an acknowledged cut is told loudly.\n",
        file.log.grace_s
    ));
    let has_secrets = !file.secrets.is_empty() || !file.webhooks.is_empty();
    if has_secrets && !secrets {
        text.push_str("Secrets were not read; `--secrets` does.\n");
    }
    text
}
