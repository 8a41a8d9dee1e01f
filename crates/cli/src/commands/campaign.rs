//! `sumun campaign`: owners of keys that are there already register who uses them (R195, ADR 0027).

use crate::client::{Call, Listing, Reach, Writing, show};
use crate::exit::BadInput;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use sumun_govern::campaigns::CampaignPlan;

/// What can be done with campaigns.
#[derive(Debug, clap::Subcommand)]
pub enum CampaignCommand {
    /// Propose a campaign; another person decides
    ///
    /// The file is TOML (or JSON): `name`, `terms`, `segments` (all if left out), `announce`, `opens`, `read_only`, `ends`, and `reminders`,
    /// how long before each of the two steps owners are reminded.
    #[command(
        after_help = "Example:\n  sumun campaign propose campaign.toml --reason \"terms of 2027, announced a month ahead\"\n\nwhere campaign.toml is:\n  name = \"Who uses your key\"\n  terms = \"2\"\n  announce = \"2027-01-04T00:00:00Z\"\n  opens = \"2027-01-11T00:00:00Z\"\n  read_only = \"2027-02-15T00:00:00Z\"\n  ends = \"2027-03-15T00:00:00Z\"\n  reminders = [\"14d\", \"3d\"]"
    )]
    Propose(Propose),
    /// List campaigns
    #[command(after_help = "Example:\n  sumun campaign list")]
    List(Of),
    /// Show a campaign
    #[command(after_help = "Example:\n  sumun campaign show E1")]
    Show(One),
    /// How many keys of which segment stand where
    #[command(after_help = "Example:\n  sumun campaign coverage E1")]
    Coverage(One),
    /// List keys that are not registered, with what comes next and what their owners were told
    #[command(after_help = "Example:\n  sumun campaign behind E1 --state window --segment retail")]
    Behind(Behind),
    /// Propose later dates; another person decides
    #[command(
        after_help = "Example:\n  sumun campaign lengthen E1 --read-only 2027-03-01T00:00:00Z --ends 2027-04-01T00:00:00Z --reason \"mail was down for a day\""
    )]
    Lengthen(Lengthen),
    /// Pause a campaign now: nobody is told anything, nothing is taken away
    #[command(after_help = "Example:\n  sumun campaign pause E1 --reason \"letters name a wrong address\"")]
    Pause(Act),
    /// Propose that a paused campaign goes on; another person decides
    #[command(after_help = "Example:\n  sumun campaign resume E1 --reason \"letters are corrected\"")]
    Resume(Act),
    /// Stop a campaign now: keys that came to a halt by it work again
    #[command(after_help = "Example:\n  sumun campaign stop E1 --reason \"the terms were withdrawn\"")]
    Stop(Act),
}

/// Of which server.
#[derive(Debug, clap::Args)]
pub struct Of {
    #[command(flatten)]
    reach: Reach,
}

/// Which campaign.
#[derive(Debug, clap::Args)]
pub struct One {
    /// Its id
    campaign: String,
    #[command(flatten)]
    reach: Reach,
}

/// Which keys of which campaign.
#[derive(Debug, clap::Args)]
pub struct Behind {
    /// Its id
    campaign: String,
    /// Only keys in this state: unreachable, read_only, window, told, not_told
    #[arg(long)]
    state: Option<String>,
    /// Only keys of this segment: retail, corporate, broker, market_maker, custodian
    #[arg(long)]
    segment: Option<String>,
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Which file, and why.
#[derive(Debug, clap::Args)]
pub struct Propose {
    /// The campaign, as TOML or JSON
    file: PathBuf,
    /// Why, in your own words
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Which campaign, until when, and why.
#[derive(Debug, clap::Args)]
pub struct Lengthen {
    /// Its id
    campaign: String,
    /// Keys not registered by then read and cancel only
    #[arg(long, value_name = "INSTANT")]
    read_only: String,
    /// Keys not registered by then end
    #[arg(long, value_name = "INSTANT")]
    ends: String,
    /// Why, in your own words
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Which campaign, and why.
#[derive(Debug, clap::Args)]
pub struct Act {
    /// Its id
    campaign: String,
    /// Why, in your own words
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

impl Act {
    fn run(&self, act: &str) -> anyhow::Result<()> {
        let call = Call::post(&["campaigns", &self.campaign, act], json!({ "reason": self.reason }));
        self.reach.write(&self.writing, call)
    }
}

/// Runs it.
///
/// # Errors
/// The file is no campaign; what the server said, or that it cannot be reached.
pub fn run(command: CampaignCommand) -> anyhow::Result<()> {
    match command {
        CampaignCommand::Propose(Propose { file, reason, writing, reach }) => {
            let mut plan = json!(read(&file)?);
            // None named means all, which is said by leaving it out.
            if let Some(plan) = plan.as_object_mut() {
                plan.retain(|name, value| name != "segments" || value != &json!([]));
            }
            let call = Call::post(&["campaigns"], json!({ "plan": plan, "reason": reason }));
            if writing.dry_run {
                return reach.write_shown(&writing, call, |answer| would_be(&plan, answer));
            }
            reach.write(&writing, call)
        }
        CampaignCommand::List(Of { reach }) => {
            reach.print(&reach.client()?.send(&Call::get(&["campaigns"]))?, list)
        }
        CampaignCommand::Show(One { campaign, reach }) => reach.show(&Call::get(&["campaigns", &campaign])),
        CampaignCommand::Coverage(One { campaign, reach }) => {
            reach.print(&reach.client()?.send(&Call::get(&["campaigns", &campaign, "coverage"]))?, coverage)
        }
        CampaignCommand::Behind(Behind { campaign, state, segment, page, reach }) => {
            let call = Call::get(&["campaigns", &campaign, "behind"])
                .with_some("state", state.as_ref())
                .with_some("segment", segment.as_ref());
            reach.print(&reach.client()?.send(&page.of(call))?, behind)
        }
        CampaignCommand::Lengthen(Lengthen { campaign, read_only, ends, reason, writing, reach }) => {
            let body = json!({ "read_only": read_only, "ends": ends, "reason": reason });
            reach.write(&writing, Call::post(&["campaigns", &campaign, "lengthen"], body))
        }
        CampaignCommand::Pause(act) => act.run("pause"),
        CampaignCommand::Resume(act) => act.run("resume"),
        CampaignCommand::Stop(act) => act.run("stop"),
    }
}

/// A campaign's file. Whether its dates can be kept is the server's to say: it knows the venue's facts and what time it is.
fn read(file: &std::path::Path) -> anyhow::Result<CampaignPlan> {
    let bad = |problem: &dyn std::fmt::Display| {
        BadInput(format!("the campaign `{}` cannot be used: {problem}", file.display()))
    };
    let text = std::fs::read_to_string(file).map_err(|error| bad(&error))?;
    let (plan, says): (CampaignPlan, Value) = if text.trim_start().starts_with('{') {
        let says = serde_json::from_str(&text).map_err(|error| bad(&error))?;
        (serde_json::from_str(&text).map_err(|error| bad(&error))?, says)
    } else {
        let says = toml::from_str(&text).map_err(|error| bad(&error))?;
        (toml::from_str(&text).map_err(|error| bad(&error))?, says)
    };
    if says.get("segments") == Some(&json!([])) {
        return Err(bad(
            &"`segments` is empty; name the segments whose keys are asked about, or leave it out for all",
        )
        .into());
    }
    Ok(plan)
}

/// What a dry run of a proposal says, for people: when what would happen, how many keys of which segment it asks about now, and what to
/// look out for.
fn would_be(plan: &Value, answer: &Value) -> String {
    const STEPS: [(&str, &str); 4] = [
        ("announce", "owners are told"),
        ("opens", "they can register"),
        ("read_only", "not registered: reading and cancelling only"),
        ("ends", "not registered: the key ends"),
    ];
    let said = |name: &str| show::text_of(plan, name).unwrap_or_default();
    let mut text = format!(
        "would propose the campaign `{}` on terms `{}`; nothing was changed\n",
        said("name"),
        said("terms")
    );
    for (step, what) in STEPS {
        let _ = writeln!(text, "  {step:<9}  {}  {what}", said(step));
    }
    let planned = answer.get("plan").unwrap_or(answer);
    let of = |name: &str| planned.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let covers =
        of("effects").iter().find(|effect| show::text_of(effect, "field").as_deref() == Some("covers"));
    let covers = covers.and_then(|effect| effect.get("after")).and_then(Value::as_object);
    let rows: Vec<Value> = covers
        .into_iter()
        .flatten()
        .map(|(segment, n)| json!({ "segment": segment, "keys": n.get("keys"), "accounts": n.get("accounts") }))
        .collect();
    if !rows.is_empty() {
        let table = show::table(&rows, &["segment", "keys", "accounts"]);
        let _ = write!(text, "\nasks about now\n{table}");
    }
    for warning in of("warnings") {
        let _ = writeln!(text, "attention: {}", warning.as_str().unwrap_or_default());
    }
    text
}

/// Campaigns for people: the dates beside the id.
fn list(json: &Value) -> String {
    let items = json.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    let row = |one: &Value| {
        let plan = one.get("plan").cloned().unwrap_or_default();
        let of = |from: &Value, name: &str| from.get(name).cloned().unwrap_or_default();
        json!({ "campaign": of(one, "campaign"), "state": of(one, "state"), "name": of(&plan, "name"), "announce": of(&plan, "announce"),
            "opens": of(&plan, "opens"), "read_only": of(&plan, "read_only"), "ends": of(&plan, "ends") })
    };
    let rows: Vec<Value> = items.iter().map(row).collect();
    show::page(
        &json!({ "items": rows }),
        &["campaign", "state", "name", "announce", "opens", "read_only", "ends"],
    )
}

/// Coverage for people: a line of sums, then a table of segments by states.
fn coverage(json: &Value) -> String {
    const STATES: [&str; 8] =
        ["not_told", "told", "window", "enrolled", "read_only", "ended", "unreachable", "gone"];
    let number = |from: &Value, name: &str| from.get(name).and_then(Value::as_u64).unwrap_or_default();
    let segments = json.get("segments").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut rows = Vec::new();
    let mut enrolled = 0;
    for one in &segments {
        let states = one.get("states").cloned().unwrap_or_default();
        enrolled += number(&states, "enrolled");
        let mut row = json!({ "segment": one.get("segment").cloned().unwrap_or_default(), "keys": number(one, "keys") });
        for state in STATES {
            if let Some(row) = row.as_object_mut() {
                row.insert(state.to_owned(), json!(number(&states, state)));
            }
        }
        rows.push(row);
    }
    let columns: Vec<&str> = ["segment", "keys"].into_iter().chain(STATES).collect();
    let table = show::page(&json!({ "items": rows }), &columns);
    let at = json.get("at").and_then(Value::as_str).unwrap_or_default();
    format!("{enrolled} of {} keys are registered as of {at}.\n\n{table}", number(json, "keys"))
}

/// Keys not registered, for people: what comes next and not before when, and the last letter with where it stands.
fn behind(json: &Value) -> String {
    let of =
        |from: Option<&Value>, name: &str| from.and_then(|from| from.get(name)).cloned().unwrap_or_default();
    let rows: Vec<Value> = show::entries(json)
        .iter()
        .map(|one| {
            let next = one.get("next").filter(|next| next.is_object());
            let letter = one.get("letters").and_then(Value::as_array).and_then(|letters| letters.last());
            let one = Some(one);
            json!({ "key": of(one, "key"), "account": of(one, "account"), "state": of(one, "state"), "next": of(next, "step"),
                "not_before": of(next, "at"), "letter": of(letter, "letter"), "delivery": of(letter, "delivery"),
                "last_used": of(one, "last_used") })
        })
        .collect();
    let columns = ["key", "account", "state", "next", "not_before", "letter", "delivery", "last_used"];
    show::page(&json!({ "items": rows, "next": json.get("next") }), &columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_reads_well() {
        let states = |enrolled: u64, read_only: u64| {
            json!({ "not_told": 0, "told": 0, "window": 3, "enrolled": enrolled, "read_only": read_only, "ended": 0, "unreachable": 1,
                "gone": 0 })
        };
        let seen = json!({ "campaign": "E1", "at": "2027-02-16T00:00:00Z", "keys": 19, "segments": [
            { "segment": "retail", "keys": 14, "states": states(8, 2) },
            { "segment": "market_maker", "keys": 5, "states": states(1, 0) },
        ]});
        insta::assert_snapshot!(coverage(&seen));
    }

    #[test]
    fn a_dry_run_says_when_what_would_happen_and_to_how_many() {
        let plan = json!({ "name": "Who uses your key", "terms": "2", "announce": "2026-12-14T00:00:00Z",
            "opens": "2026-12-17T00:00:00Z", "read_only": "2027-02-01T00:00:00Z", "ends": "2027-03-01T00:00:00Z" });
        let answer = json!({ "plan": {
            "title": "ask for approval P1", "warnings": ["the terms in force are version `1`"],
            "effects": [
                { "subject": "approval:P1", "field": "wanted", "before": null, "after": { "changed_us": null } },
                { "subject": "campaign:E1", "field": "covers", "before": null,
                  "after": { "corporate": { "keys": 1, "accounts": 1 }, "retail": { "keys": 6, "accounts": 5 } } },
            ]
        }});
        insta::assert_snapshot!(would_be(&plan, &answer), @r"
        would propose the campaign `Who uses your key` on terms `2`; nothing was changed
          announce   2026-12-14T00:00:00Z  owners are told
          opens      2026-12-17T00:00:00Z  they can register
          read_only  2027-02-01T00:00:00Z  not registered: reading and cancelling only
          ends       2027-03-01T00:00:00Z  not registered: the key ends

        asks about now
        SEGMENT    KEYS  ACCOUNTS
        corporate  1     1
        retail     6     5
        attention: the terms in force are version `1`
        ");
    }

    #[test]
    fn who_is_behind_reads_well() {
        let letter = |letter: &str, delivery: Option<&str>| json!({ "letter": letter, "notice": "N1", "told": null, "delivery": delivery });
        let seen = json!({ "items": [
            { "key": "K1", "account": "A1", "segment": "retail", "state": "unreachable", "next": null, "last_used": null,
              "letters": [letter("announced", Some("failed"))] },
            { "key": "K2", "account": "A2", "segment": "corporate", "state": "window", "last_used": "2027-01-20T00:00:00Z",
              "next": { "step": "read_only", "at": "2027-02-15T00:00:00Z" },
              "letters": [letter("announced", Some("delivered")), letter("opened", Some("sent"))] },
            { "key": "K3", "account": "A3", "segment": "retail", "state": "not_told", "last_used": null, "letters": [],
              "next": { "step": "read_only", "at": "2027-02-15T00:00:00Z" } },
        ], "next": "4.0.K3" });
        let text = behind(&seen);
        let mut lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        assert_eq!(lines.next().unwrap()[..4], ["KEY", "ACCOUNT", "STATE", "NEXT"]);
        assert_eq!(lines.next().unwrap(), ["K1", "A1", "unreachable", "-", "-", "announced", "failed", "-"]);
        let open = lines.next().unwrap();
        assert_eq!([&open[..4], &open[5..7]].concat(), ["K2", "A2", "window", "read_only", "opened", "sent"]);
        assert!(open[4].starts_with("2027-02-15T00:00") && open[7].starts_with("2027-01-20T00:00"), "{text}");
        assert_eq!(lines.next().unwrap()[5..], ["-", "-", "-"]);
        assert_eq!(lines.next().unwrap(), ["more:", "--after", "4.0.K3"]);
        assert_eq!(behind(&json!({ "items": [], "next": null })), "none\n");
    }

    #[test]
    fn a_campaign_is_read_from_toml_and_json_and_what_is_wrong_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            read(&path).map_err(|error| error.to_string())
        };
        let toml = "name = \"c\"\nterms = \"2\"\nannounce = \"2027-01-04T00:00:00Z\"\nopens = \"2027-01-11T00:00:00Z\"\n\
            read_only = \"2027-02-15T00:00:00Z\"\nends = \"2027-03-15T00:00:00Z\"\nreminders = [\"14d\", \"3d\"]\n";
        let plan = of("a.toml", toml).unwrap();
        let mut written = json!(plan);
        written.as_object_mut().unwrap().remove("segments");
        assert_eq!(of("a.json", &written.to_string()).unwrap(), plan);
        let empty = of("e.toml", &format!("segments = []\n{toml}")).unwrap_err();
        assert!(empty.contains("leave it out for all"), "{empty}");
        assert!(of("b.toml", &toml.replace("14d", "two weeks")).unwrap_err().contains("such as `14d`"));
        assert!(of("c.toml", &toml.replace("opens", "open")).unwrap_err().contains("open"));
    }
}
