//! The venue's folder, made by `sumun init` as anybody would make one, and what is changed in it for a demo: addresses, the
//! exchange's key, the policy of short days, a control test that a spectator can wait for.

use crate::policy;
use crate::ports::Ports;
use crate::process::{Server, output};
use crate::vouch::Exchange;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Says that a folder is a demo's, and may be cleared by the next one. Locked while one runs.
const MARKER: &str = "sumun-demo.lock";
/// Who founds the record: two who answer for people, machines, parties and policy. Neither decides about keys: approvers do.
const FOUNDERS: &str = "security_admin,compliance_lead";
/// What they are called, and by what they sign in.
const SORA: &str = "소라 (가상 인물) <sora>";
const HANA: &str = "하나 (가상 인물) <hana>";

/// The account on which canaries live: the venue's own. As venue.toml suggests it.
pub(crate) const CANARY_ACCOUNT: &str = "venue-canary";

/// Clocks of a demo, by section and name in venue.toml. A control test is shorter than in life, and still leaves time to read what is asked,
/// to go to the desk and to press a button there. A canary is issued and ended while somebody looks around.
const CLOCKS: &[(&str, &str, u32)] = &[
    ("control_test", "slots", 6),
    ("control_test", "slot_s", 15),
    ("control_test", "grace_s", 7),
    ("control_test", "lead_s", 20),
    ("control_test", "code_s", 120),
    ("control_test", "rotate_s", 180),
    ("control_test", "first_use_slot_s", 15),
    ("control_test", "settle_s", 2),
    // A spectator may be away for an hour.
    ("clocks", "session_idle_minutes", 120),
    ("canary", "every_minutes", 60),
    ("canary", "lives_seconds", 15),
];

/// What else is true of the demo's venue: text of venue.toml and what stands in its place. Whoever works cases agrees to no key here, so
/// that the people of the demo have one task each.
const FACTS: &[(&str, &str)] = &[
    // The account of the customer who is played by hand is of this segment, and addresses are his to prove like anybody's.
    ("[segments.corporate]\n", "[segments.corporate]\naddress_proof_required = true\n"),
    ("role = \"analyst\"", "role = \"approver\""),
    ("# account = \"venue-canary\"", "account = \"venue-canary\""),
    ("# networks = [\"192.0.2.10/32\"]", "networks = [\"127.0.0.1/32\"]"),
];

/// The programs that are run.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    pub(crate) sumun: PathBuf,
    pub(crate) exchange: PathBuf,
}

/// A folder with a record in it.
pub(crate) struct House {
    pub(crate) folder: PathBuf,
    pub(crate) invites: Value,
    _lock: File,
}

impl House {
    /// Makes it: clears what an earlier demo left there, refuses what is not a demo's.
    pub(crate) async fn make(
        folder: &Path,
        programs: &Programs,
        exchange: &Exchange,
        ports: &Ports,
        banner: &str,
        (policy_text, day_s): (&str, u32),
    ) -> Result<Self> {
        let lock = cleared(folder)?;
        let write = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))
        };
        let policy_text = policy::compressed(policy_text, day_s)?;
        write("policy.toml", &policy_text)?;
        let readers = serves_pages(programs, folder).await.then(|| readers(programs, folder));
        write("sumun.toml", &configuration(ports, banner, readers.as_deref()))?;
        let made = output(
            folder,
            &programs.sumun,
            &["init", "--admin", SORA, "--second", HANA, "--roles", FOUNDERS, "--json"],
        )
        .await?;
        let made: Value = serde_json::from_str(&made).context("`sumun init --json` printed no JSON")?;
        let venue = std::fs::read_to_string(folder.join("venue.toml")).context("cannot read venue.toml")?;
        let hold_due = policy::hold_due_minutes(&policy_text)?;
        write("venue.toml", &venue_of_a_demo(&venue, exchange, hold_due)?)?;
        Ok(Self { folder: folder.to_owned(), invites: made["invites"].clone(), _lock: lock })
    }

    /// The invite of one of the founders.
    pub(crate) fn invite(&self, user: &str) -> Result<&str> {
        let invites = self.invites.as_array().map(Vec::as_slice).unwrap_or_default();
        let found = invites.iter().find(|invite| invite["user"] == user);
        found.and_then(|one| one["invite"].as_str()).with_context(|| format!("nobody invited {user}"))
    }

    /// Opens the mock exchange: it knows everybody's key as soon as it is issued, so here it believes what the gate let through.
    pub(crate) fn open_exchange(&self, programs: &Programs, ports: &Ports, accounts: &str) -> Result<Server> {
        std::fs::write(self.folder.join("accounts.toml"), accounts).context("cannot write accounts.toml")?;
        let listen = ports.exchange.to_string();
        let arguments = ["--listen", &listen, "--accounts", "accounts.toml"];
        Server::start("the mock exchange", &self.folder, "exchange", &programs.exchange, &arguments)
    }

    /// Opens control plane and gate.
    pub(crate) fn open_plane(&self, programs: &Programs) -> Result<Server> {
        Server::start("sumun serve", &self.folder, "serve", &programs.sumun, &["serve"])
    }
}

/// Whether this `sumun` serves pages: one of before they were built refuses a file that names them.
async fn serves_pages(programs: &Programs, folder: &Path) -> bool {
    let probe = folder.join("probe.toml");
    if std::fs::write(&probe, "[console]\nbanner = \"x\"\n[owner]\nlisten = \"127.0.0.1:1\"\n").is_err() {
        return false;
    }
    let mut command = tokio::process::Command::new(&programs.sumun);
    command.args(["config", "check", "--config", "probe.toml"]).current_dir(folder);
    crate::process::without_settings(&mut command);
    let output = command.stdin(Stdio::null()).output().await;
    std::fs::remove_file(&probe).ok();
    output.is_ok_and(|output| {
        let said = [output.stdout, output.stderr].concat();
        !String::from_utf8_lossy(&said).contains("is not a key")
    })
}

/// An empty folder that nobody else uses.
fn cleared(folder: &Path) -> Result<File> {
    let shown = folder.display();
    let marker = folder.join(MARKER);
    if folder.exists() {
        let mut entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {shown}"))?;
        if !marker.exists() && entries.next().is_some() {
            bail!("{shown} is not a demo's and not empty: name another with --folder");
        }
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {shown}"))?;
    let lock = File::create(&marker).with_context(|| format!("cannot make {}", marker.display()))?;
    if lock.try_lock().is_err() {
        bail!("another demo runs in {shown}: stop it, or name another folder with --folder");
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path == marker {
            continue;
        }
        if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) }
            .with_context(|| format!("cannot clear {}", path.display()))?;
    }
    Ok(lock)
}

/// Lines of `[console]` that say by which names whoever watches finds program and ledger, from the folder in which he started the demo.
fn readers(programs: &Programs, folder: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    let shown = |path: &Path| {
        let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let short = whole.strip_prefix(&here).unwrap_or(&whole).display().to_string();
        if short.contains('/') { short } else { format!("./{short}") }
    };
    [("program", shown(&programs.sumun)), ("ledger", format!("{}/data/ledger", shown(folder)))]
        .into_iter()
        // What would need quotes in a command is not named in one.
        .filter(|(_, path)| path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c)))
        .map(|(key, path)| format!("{key} = \"{path}\"\n"))
        .collect()
}

fn configuration(ports: &Ports, banner: &str, readers: Option<&str>) -> String {
    let mut text = format!(
        r#"# A demo's control plane and gate. `sumun config check` explains every key.
data_dir = "data"

[gate]
listen = "{gate}"
upstream = "http://{exchange}"
shutdown_grace_s = 2

[govern]
listen = "{console}"
key_file = "govern-kek.txt"
policy_file = "policy.toml"
canary_targets = ["gate-1=http://{gate}"]

[detect]
snapshot_s = 30

[seal]
key_file = "kek.txt"
"#,
        gate = ports.gate,
        exchange = ports.exchange,
        console = ports.console,
    );
    if let Some(readers) = readers {
        let banner = toml::Value::String(banner.to_owned());
        text += &format!(
            "\n[console]\nbanner = {banner}\n{readers}\n[owner]\nlisten = \"{}\"\nsign_in_origins = [\"{}\"]\n\
             sign_in_url = \"{}{}\"\nidentity_url = \"http://{}/\"\n",
            ports.owner,
            ports.exchange_page(),
            ports.exchange_page(),
            crate::desk::exchange::PATH,
            ports.desk,
        );
    }
    text
}

/// The shipped venue with the exchange's key, and the clocks and facts of a demo. A hold of staff waits as long for its review as one of policy.
fn venue_of_a_demo(venue: &str, exchange: &Exchange, hold_due_minutes: u32) -> Result<String> {
    let section = "[exchange.assertion_keys]\n";
    ensure!(venue.contains(section), "venue.toml has no section for the exchange's keys");
    let mut text = venue.replace(section, &format!("{section}{}\n", exchange.line()));
    let hold_due = format!("hold_due_minutes = {hold_due_minutes}");
    for (shipped, here) in FACTS.iter().copied().chain([("hold_due_hours = 72", hold_due.as_str())]) {
        ensure!(text.contains(shipped), "venue.toml has no `{shipped}`");
        text = text.replace(shipped, here);
    }
    for (section, name, value) in CLOCKS {
        text = replaced(&text, section, name, *value)
            .with_context(|| format!("venue.toml has no `{name}` in [{section}]"))?;
    }
    Ok(text)
}

/// The text with another number for one name of a section; nothing if it does not stand there.
fn replaced(text: &str, section: &str, name: &str, value: u32) -> Option<String> {
    let (head, start) = (format!("[{section}]"), format!("{name} = "));
    let (mut inside, mut found, mut out) = (false, false, String::with_capacity(text.len()));
    for line in text.lines() {
        if line.starts_with('[') {
            inside = line == head;
        }
        if inside && line.starts_with(&start) {
            found = true;
            out += &format!("{start}{value}\n");
        } else {
            out += line;
            out.push('\n');
        }
    }
    found.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_venue_takes_what_a_demo_changes() {
        let shipped = include_str!("../../govern/data/venue.toml");
        let played = venue_of_a_demo(shipped, &Exchange::new().unwrap(), 3).unwrap();
        let clocks: toml::Value = toml::from_str(&played).unwrap();
        assert_eq!(clocks["clocks"]["hold_due_minutes"].as_integer(), Some(3));
        assert!(clocks["clocks"].get("hold_due_hours").is_none());
        assert_eq!(clocks["control_test"]["slot_s"].as_integer(), Some(15));
    }

    #[test]
    fn a_name_is_replaced_in_its_own_section_only() {
        let text = "[one]\ngrace_s = 1\n[two]\ngrace_s = 2\nother_s = 3\n";
        let right = "[one]\ngrace_s = 1\n[two]\ngrace_s = 9\nother_s = 3\n";
        assert_eq!(replaced(text, "two", "grace_s", 9).as_deref(), Some(right));
        assert_eq!(replaced(text, "one", "other_s", 9), None);
    }
}
