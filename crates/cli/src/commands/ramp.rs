//! `sumun ramp`: how far gates enforce, stepping back, and what would have been refused (ADR 0022).

use crate::client::{Call, Reach, Writing, show};
use crate::exit::BadInput;
use serde_json::{Value, json};
use std::path::PathBuf;
use sumun_model::Ramp;

/// What can be done with the ramp.
#[derive(Debug, clap::Subcommand)]
pub enum RampCommand {
    /// Show the ramp in force, and whether gates obey it
    #[command(after_help = "Example:\n  sumun ramp show")]
    Show(Show),
    /// Have another ramp put in force; another security administrator decides
    ///
    /// The file is TOML (or JSON): the first rule that fits a request decides its stage, `default` where none does. What a rule
    /// leaves out (`segment`, `effect`, `route`, `percent`) it does not ask. Stages: `tap`, `shadow`, `allowlist`, `ladder`.
    #[command(
        after_help = "Example:\n  sumun ramp set ramp.toml --reason \"two quiet weeks in shadow\"\n\nwhere ramp.toml is:\n  default = \"shadow\"\n  [[rules]]\n  segment = \"retail\"\n  effect = \"order\"\n  percent = 25\n  stage = \"allowlist\""
    )]
    Set(Set),
    /// Step back now: every gate refuses nothing more but keys that have ended
    ///
    /// Wherever a gate can read the credentials: what it cannot read passes too, also where the exchange finds an ended key in it.
    #[command(
        after_help = "Example:\n  sumun ramp step-back --reason \"orders of a market maker are refused\""
    )]
    StepBack(StepBack),
    /// What would have been refused and went on, by cause, segment and effect
    #[command(after_help = "Example:\n  sumun ramp report --since 2026-11-20T00:00:00Z")]
    Report(Report),
}

/// Of which server.
#[derive(Debug, clap::Args)]
pub struct Show {
    #[command(flatten)]
    reach: Reach,
}

/// Which file, and why.
#[derive(Debug, clap::Args)]
pub struct Set {
    /// The ramp, as TOML or JSON
    file: PathBuf,
    /// Why, in your own words
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// How far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Back {
    /// As if gates only watched
    Tap,
    /// Everything is decided and recorded, and nothing is refused
    Shadow,
}

/// How far, and why.
#[derive(Debug, clap::Args)]
pub struct StepBack {
    /// Where to
    #[arg(long, value_enum, default_value = "shadow")]
    to: Back,
    /// Why, in your own words
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Since when.
#[derive(Debug, clap::Args)]
pub struct Report {
    /// Count from the hour of this instant on [default: all that is kept]
    #[arg(long, value_name = "INSTANT")]
    since: Option<String>,
    #[command(flatten)]
    reach: Reach,
}

/// Runs it.
///
/// # Errors
/// The file is no ramp; what the server said, or that it cannot be reached.
pub fn run(command: RampCommand) -> anyhow::Result<()> {
    match command {
        RampCommand::Show(Show { reach }) => reach.show(&Call::get(&["ramp"])),
        RampCommand::Set(Set { file, reason, writing, reach }) => {
            let ramp = read(&file)?;
            reach.write(&writing, Call::put(&["ramp"], json!({ "ramp": ramp, "reason": reason })))
        }
        RampCommand::StepBack(StepBack { to, reason, writing, reach }) => {
            let to = match to {
                Back::Tap => "tap",
                Back::Shadow => "shadow",
            };
            let body = json!({ "to": to, "reason": reason });
            reach.write(&writing, Call::post(&["ramp", "step-back"], body))
        }
        RampCommand::Report(Report { since, reach }) => {
            let call = Call::get(&["ramp", "report"]).with_some("since", since.as_ref());
            reach.print(&reach.client()?.send(&call)?, report)
        }
    }
}

/// A ramp's file, checked as the server will.
fn read(file: &std::path::Path) -> anyhow::Result<Ramp> {
    let bad = |problem: &dyn std::fmt::Display| {
        BadInput(format!("the ramp `{}` cannot be used: {problem}", file.display()))
    };
    let text = std::fs::read_to_string(file).map_err(|error| bad(&error))?;
    let ramp: Ramp = if text.trim_start().starts_with('{') {
        serde_json::from_str(&text).map_err(|error| bad(&error))?
    } else {
        toml::from_str(&text).map_err(|error| bad(&error))?
    };
    ramp.check().map_err(|error| bad(&error))?;
    Ok(ramp)
}

/// The report for people: a line of sums, then a table.
fn report(json: &Value) -> String {
    let text = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default();
    let total = json.get("total").and_then(Value::as_u64).unwrap_or_default();
    let causes = json.get("causes").cloned().unwrap_or_default();
    let behind = match json.get("lines_behind").and_then(Value::as_u64).unwrap_or_default() {
        0 => String::new(),
        lines => format!("{lines} lines of the event log are not counted yet; ask again.\n"),
    };
    if total == 0 {
        return format!("Nothing would have been refused since {}.\n{behind}", text("since"));
    }
    let (requests, verb) = if total == 1 { ("request", "was") } else { ("requests", "were") };
    let table = show::page(&json!({ "items": causes }), &["reason", "segment", "effect", "count"]);
    format!(
        "Since {} {total} {requests} {verb} let pass that would have been refused.\n{behind}\n{table}",
        text("since")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_well() {
        let seen = json!({ "since": "2026-11-21T00:00:00Z", "total": 3, "causes": [
            { "reason": "address_not_allowed", "segment": "retail", "effect": "order", "count": 2 },
            { "reason": "unknown_key", "segment": null, "effect": "read", "count": 1 },
        ]});
        insta::assert_snapshot!(report(&seen), @"
        Since 2026-11-21T00:00:00Z 3 requests were let pass that would have been refused.

        REASON               SEGMENT  EFFECT  COUNT
        address_not_allowed  retail   order   2
        unknown_key          -        read    1
        ");
        let behind = json!({ "since": "2026-11-21T00:00:00Z", "total": 0, "lines_behind": 7, "causes": [] });
        assert!(report(&behind).ends_with("7 lines of the event log are not counted yet; ask again.\n"));
        let none = json!({ "since": "2026-11-21T00:00:00Z", "total": 0, "causes": [] });
        assert_eq!(report(&none), "Nothing would have been refused since 2026-11-21T00:00:00Z.\n");
    }

    #[test]
    fn a_ramp_is_read_from_toml_and_json_and_what_is_wrong_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            read(&path).map_err(|error| error.to_string())
        };
        let toml =
            "default = \"shadow\"\n[[rules]]\nsegment = \"retail\"\npercent = 25\nstage = \"ladder\"\n";
        let json = r#"{"default":"shadow","rules":[{"segment":"retail","percent":25,"stage":"ladder"}]}"#;
        assert_eq!(of("a.toml", toml), of("a.json", json));
        assert!(of("b.toml", "default = \"on\"\n").unwrap_err().contains("unknown stage `on`"));
        assert!(
            of("c.toml", "[[rules]]\npercent = 0\nstage = \"tap\"\n").unwrap_err().contains("from 1 to 100")
        );
    }
}
