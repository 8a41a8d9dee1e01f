//! What is printed: progress and links for people, or one JSON line for programs.

use crate::links::{OWNER_HOST, Who};
use crate::world::World;
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::io::Write;

/// Where it is printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Show {
    json: bool,
}

impl Show {
    /// For programs, or for people.
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// A line of progress. Programs get theirs on the other stream.
    pub(crate) fn say(&self, line: &str) {
        // If nobody reads any more there is nobody left to tell.
        if self.json {
            let _ = writeln!(std::io::stderr(), "{line}");
        } else {
            let _ = writeln!(std::io::stdout(), "{line}");
        }
    }

    /// It runs: addresses, links, how to stop.
    pub(crate) fn ready(&self, world: &World) -> Result<()> {
        let text = if self.json { told(world)?.to_string() } else { in_words(world)? };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}").and_then(|()| out.flush()).context("cannot print")
    }
}

fn link(world: &World, who: Who, host: &str) -> Result<String> {
    Ok(format!("http://{host}:{}/enter/{}", world.ports.desk.port(), world.links.make(who)?))
}

/// Everything a browser test needs. The secrets are of made-up people and end with the demo.
fn told(world: &World) -> Result<Value> {
    let mut people = Map::new();
    for person in &world.staff.people {
        let link = link(world, Who::Staff(person.user.to_owned()), person.host)?;
        people.insert(
            person.user.to_owned(),
            json!({ "host": person.host, "link": link, "password": person.password, "totp_secret": person.totp_secret }),
        );
    }
    let mut owners = Vec::new();
    let guided = world.guided().map(|(owner, _)| owner.number);
    for (owner, entered) in world.owners() {
        let keys: Vec<Value> = owner
            .keys
            .iter()
            .zip(&entered.keys)
            .map(|(key, issued)| json!({ "key": issued.issued().id, "truth": key.truth }))
            .collect();
        let link = link(world, Who::Owner(owner.number - 1), OWNER_HOST)?;
        let one = json!({ "customer": owner.customer(), "person": owner.person(), "account": owner.account(), "name": owner.name,
            "guided": Some(owner.number) == guided, "link": link, "keys": keys });
        // The one who is played by hand comes first.
        if Some(owner.number) == guided { owners.insert(0, one) } else { owners.push(one) }
    }
    Ok(json!({
        "console": format!("http://analyst.localhost:{}", world.ports.console.port()),
        "owner": format!("http://{OWNER_HOST}:{}", world.ports.owner.port()),
        "gate": format!("http://{}", world.ports.gate),
        "desk": format!("http://{}", world.ports.desk),
        "folder": world.folder,
        "pids": world.pids,
        "people": people,
        "owners": owners,
        "seed": world.seed,
        "day_s": world.day_s,
    }))
}

fn in_words(world: &World) -> Result<String> {
    let mut text =
        format!("\nIt runs. Seed {} (`--seed {}` brings the same people again).\n\n", world.seed, world.seed);
    text +=
        "Each link signs you in once, as somebody made up; all of them work side by side in one browser:\n";
    for (what, user) in [
        ("analyst", "mina"),
        ("approver", "joon"),
        ("deputy approver", "yuna"),
        ("administrator", "sora"),
        ("second admin", "hana"),
    ] {
        let person = world.staff.of(user)?;
        let link = link(world, Who::Staff(user.to_owned()), person.host)?;
        text += &format!("  {what:<16} {link}\n");
    }
    if let Some((owner, _)) = world.guided() {
        let link = link(world, Who::Owner(owner.number - 1), OWNER_HOST)?;
        text += &format!("  {:<16} {link}\n", "key owner");
    }
    text += &format!(
        "\nNew links, everybody's codes, mail, and the exchange's side:  http://{}/\n\
         Gate {}, REST {}, files in {}\n\nCtrl-C stops everything.\n",
        world.ports.desk,
        world.ports.gate,
        world.ports.console,
        world.folder.display()
    );
    Ok(text)
}
