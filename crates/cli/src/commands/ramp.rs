//! `sumun ramp`: how far gates enforce, stepping back, and what would have been refused (ADR 0022).

use crate::client::{Call, Reach, Writing, show};
use crate::exit::BadInput;
use serde_json::{Value, json};
use std::fmt::Write;
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
    /// The file is TOML (or JSON) and says all of it: the first rule that fits a request decides its stage, `default`, which must be
    /// there, where none does. What a rule leaves out (`segment`, `effect`, `route`, `percent`) it does not ask. Stages: `tap`, `shadow`,
    /// `allowlist`, `ladder`.
    #[command(
        after_help = "Example:\n  sumun ramp set ramp.toml --reason \"two quiet weeks in shadow\"\n\nwhere ramp.toml is:\n  default = \"shadow\"\n  [[rules]]\n  segment = \"retail\"\n  effect = \"order\"\n  percent = 25\n  stage = \"allowlist\""
    )]
    Set(Set),
    /// Step back now: every gate refuses nothing more but keys that have ended
    ///
    /// Wherever a gate can read the credentials: what it cannot read passes too, also where the exchange finds an ended key in it. Another
    /// ramp that waits for agreement is withdrawn with it. One person is enough, who showed his second factor lately: signing in is that;
    /// else its code is asked for, or taken from `--code`. Where the control plane is away: `sumun gate bypass on`, at each gate.
    #[command(
        after_help = "Example:\n  sumun login bob\n  sumun ramp step-back --reason \"orders of a market maker are refused\" --as bob"
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
    /// The six digits of the second factor, shown if they are asked for
    #[arg(long, value_name = "DIGITS")]
    code: Option<String>,
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
            let call = Call::put(&["ramp"], json!({ "ramp": ramp, "reason": reason }));
            let dry_run = writing.dry_run;
            reach.write_shown(&writing, call, |json| if dry_run { plan(json) } else { proposed(json) })
        }
        RampCommand::StepBack(StepBack { to, reason, code, writing, reach }) => {
            let to = match to {
                Back::Tap => "tap",
                Back::Shadow => "shadow",
            };
            let body = json!({ "to": to, "reason": reason });
            let call = writing.of(Call::post(&["ramp", "step-back"], body))?;
            let answer = reach.client()?.with_code(code).send(&call)?;
            reach.print(&answer, if writing.dry_run { plan } else { back })
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
    let (ramp, says): (Ramp, Value) = if text.trim_start().starts_with('{') {
        let says = serde_json::from_str(&text).map_err(|error| bad(&error))?;
        (serde_json::from_str(&text).map_err(|error| bad(&error))?, says)
    } else {
        let says = toml::from_str(&text).map_err(|error| bad(&error))?;
        (toml::from_str(&text).map_err(|error| bad(&error))?, says)
    };
    // Left out it would mean `ladder`: a file that a comment emptied would refuse everybody's requests.
    if says.get("default").is_none() {
        return Err(bad(&format_args!(
            "it does not say `default`, the stage of every request that no rule fits. Write it above the rules: \
             `default = \"shadow\"` refuses nothing there, `default = \"ladder\"` everything that should be"
        ))
        .into());
    }
    ramp.check().map_err(|error| bad(&error))?;
    Ok(ramp)
}

/// A ramp for people, one line a rule in the order in which they are asked.
fn ramp(text: &mut String, json: &Value) {
    let word = |from: &Value, name: &str| from.get(name).and_then(Value::as_str).map(str::to_owned);
    let rules = json.get("rules").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (at, rule) in rules.iter().enumerate() {
        let mut asks: Vec<String> = Vec::new();
        for name in ["segment", "effect", "route"] {
            asks.extend(word(rule, name).map(|word| format!("{name} {word}")));
        }
        let percent = rule.get("percent").and_then(Value::as_u64).unwrap_or(100);
        if percent < 100 {
            asks.push(format!("{percent} of 100 keys"));
        }
        if asks.is_empty() {
            asks.push("every request".to_owned());
        }
        let stage = word(rule, "stage").unwrap_or_default();
        let _ = writeln!(text, "  {}. {}: {stage}", at + 1, asks.join(", "));
    }
    let rest = if rules.is_empty() { "every request" } else { "every other request" };
    let _ = writeln!(text, "  {rest}: {}", word(json, "default").unwrap_or_default());
    let ends = match json.get("ends").and_then(Value::as_str) {
        Some("recorded") => "pass like the others, and are recorded",
        _ => "refused at every stage",
    };
    let _ = writeln!(text, "  keys that have ended: {ends}");
}

/// What was proposed, and what holds until it is agreed to.
fn proposed(json: &Value) -> String {
    let result = json.get("result").cloned().unwrap_or_default();
    let Some(approval) = show::text_of(&result, "waits_for") else { return show::done(json) };
    let mut text = format!("Proposed, and not in force before somebody else agrees (approval {approval}):\n");
    ramp(&mut text, result.get("proposed").unwrap_or(&Value::Null));
    text.push_str("In force until then:\n");
    ramp(&mut text, result.get("ramp").unwrap_or(&Value::Null));
    let _ = writeln!(text, "Agreeing: sumun approvals grant {approval} --reason \"…\" --as PROFILE");
    show::ended(text, json)
}

/// What holds after a step back.
fn back(json: &Value) -> String {
    let result = json.get("result").cloned().unwrap_or_default();
    if result.is_null() {
        return show::done(json);
    }
    let mut text = String::from("In force from the next request on, at every gate that follows:\n");
    ramp(&mut text, result.get("ramp").unwrap_or(&Value::Null));
    text.push_str("Whether every gate obeys: sumun ramp show\n");
    show::ended(text, json)
}

/// What would be done, with the ramps in words.
fn plan(json: &Value) -> String {
    let mut json = json.clone();
    let effects = json.pointer_mut("/plan/effects").and_then(Value::as_array_mut);
    let all = effects.map(std::mem::take).unwrap_or_default();
    let (ramps, others): (Vec<Value>, Vec<Value>) =
        all.into_iter().partition(|effect| effect.get("field").is_some_and(|field| field == "ramp"));
    if let Some(effects) = json.pointer_mut("/plan/effects") {
        *effects = Value::Array(others);
    }
    let mut text = show::plan(&json);
    for effect in &ramps {
        for (head, name) in [("Before:", "before"), ("After:", "after")] {
            let _ = writeln!(text, "{head}");
            ramp(&mut text, effect.get(name).unwrap_or(&Value::Null));
        }
    }
    text
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
    fn what_was_proposed_is_shown_and_what_holds_until_then() {
        let answer = json!({
            "result": { "ramp": { "default": "shadow", "ends": "refused", "rules": [] }, "waits_for": "P7",
                "proposed": { "default": "shadow", "ends": "refused", "rules": [
                    { "segment": "retail", "effect": "order", "percent": 25, "stage": "allowlist" },
                    { "percent": 100, "stage": "tap" } ] } },
            "plan": { "warnings": ["waits for another person with the role `security_admin`"] },
            "ledger": { "entry": 12 },
        });
        insta::assert_snapshot!(proposed(&answer), @r#"
        Proposed, and not in force before somebody else agrees (approval P7):
          1. segment retail, effect order, 25 of 100 keys: allowlist
          2. every request: tap
          every other request: shadow
          keys that have ended: refused at every stage
        In force until then:
          every request: shadow
          keys that have ended: refused at every stage
        Agreeing: sumun approvals grant P7 --reason "…" --as PROFILE
        attention: waits for another person with the role `security_admin`
        ledger entry 12
        "#);
    }

    #[test]
    fn a_plan_shows_both_ramps_and_a_step_back_what_it_withdrew() {
        let answer = json!({ "plan": {
            "title": "step back to shadow", "warnings": [],
            "effects": [
                { "subject": "ramp:ramp", "field": "ramp", "before": { "default": "ladder", "ends": "refused" },
                  "after": { "default": "shadow", "ends": "refused", "rules": [] } },
                { "subject": "approval:P7", "field": "state", "before": "open", "after": "withdrawn" },
            ] } });
        insta::assert_snapshot!(plan(&answer), @"
        would step back to shadow; nothing was changed
          approval:P7  state: open → withdrawn
        Before:
          every request: ladder
          keys that have ended: refused at every stage
        After:
          every request: shadow
          keys that have ended: refused at every stage
        ");
        let answer = json!({ "result": { "ramp": { "default": "shadow", "ends": "refused" }, "withdrawn": ["P7"] },
            "plan": { "warnings": ["withdrawn: P7"] }, "ledger": { "entry": 13, "feed_version": 4 } });
        insta::assert_snapshot!(back(&answer), @"
        In force from the next request on, at every gate that follows:
          every request: shadow
          keys that have ended: refused at every stage
        Whether every gate obeys: sumun ramp show
        attention: withdrawn: P7
        ledger entry 13, feed version 4
        ");
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
            of("c.toml", "default = \"tap\"\n[[rules]]\npercent = 0\nstage = \"tap\"\n")
                .unwrap_err()
                .contains("from 1 to 100")
        );
        for empty in ["", "# shadow.toml\n", "{}", "[[rules]]\nsegment = \"retail\"\nstage = \"allowlist\"\n"]
        {
            let said = of("empty.toml", empty).unwrap_err();
            assert!(said.contains("`default`") && said.contains("default = \"shadow\""), "{empty}: {said}");
        }
    }
}
