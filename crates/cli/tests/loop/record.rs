//! What stands in the record: entries of the ledger, lines of the log, and what a replay of them finds.

use crate::house::House;
use crate::world::{World, policy};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::any::{AnyConnectOptions, install_default_drivers};
use sqlx::{AnyConnection, ConnectOptions, Row};
use std::collections::BTreeSet;
use sumun_ledger::Canonical;

/// All entries of the ledger, in order.
pub(crate) fn entries(world: &World<'_>) -> Vec<Value> {
    world.all("alice", "/v1/ledger/entries")
}

fn of_class<'a>(entries: &'a [Value], class: &str) -> Vec<(u64, &'a Value)> {
    let of_class = entries.iter().filter(|entry| entry["class"] == class);
    of_class.map(|entry| (entry["index"].as_u64().unwrap(), &entry["payload"]["facts"])).collect()
}

/// SHA-256 over what a draw is, as its commitment is made (ADR 0017); built here anew from the published form.
fn commitment(verification: &Value, test: &Value, step: u64, shown: &Value) -> String {
    let told = json!({ "verification": verification, "test": test, "step": step, "draw": shown["draw"], "salt": shown["salt"] });
    hex::encode(Sha256::digest(Canonical::of(&told).unwrap().as_str()))
}

/// Every draw that was shown is one that was committed to in an earlier entry. Returns how many tests there were.
pub(crate) fn draws_came_first(entries: &[Value]) -> usize {
    let committed = of_class(entries, "control.committed");
    let steps_of = |facts: &Value| {
        let same =
            |other: &Value| other["verification"] == facts["verification"] && other["test"] == facts["test"];
        let found = committed.iter().find(|(_, other)| same(other));
        let (index, of) = found.unwrap_or_else(|| panic!("nothing was committed to for {facts}"));
        (*index, of["steps"].as_array().unwrap().clone())
    };
    let mut shown_steps = 0;
    for (index, facts) in of_class(entries, "control.revealed") {
        let (before, steps) = steps_of(facts);
        assert!(before < index, "shown in entry {index}, committed to in {before}");
        let step = facts["step"].as_u64().unwrap();
        let promised = &steps[usize::try_from(step).unwrap()];
        assert_eq!(promised["commitment"], facts["commitment"]);
        assert_eq!(
            promised["commitment"],
            commitment(&facts["verification"], &facts["test"], step, facts).as_str()
        );
        shown_steps += 1;
    }
    assert!(shown_steps >= committed.len(), "a test that failed showed no step");
    for (index, facts) in of_class(entries, "control.ended") {
        let (before, steps) = steps_of(facts);
        assert!(before < index);
        let shown = facts["shown"].as_array().unwrap();
        assert_eq!(shown.len(), steps.len());
        for ((step, shown), promised) in (0..).zip(shown).zip(&steps) {
            let draw = commitment(&facts["verification"], &facts["test"], step, shown);
            assert_eq!(promised["commitment"], draw.as_str(), "step {step} of {facts}");
        }
    }
    committed.len()
}

/// When each control test ended, in order.
pub(crate) fn tests_ended(entries: &[Value]) -> Vec<Value> {
    of_class(entries, "control.ended").into_iter().map(|(_, facts)| facts.clone()).collect()
}

/// The merged log.
pub(crate) fn log(house: &House) -> Vec<Value> {
    let ran = house.place.run(&["log", "dump", "--events"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Ids of all signals that the record of a house keeps that is closed.
fn kept(house: &House) -> BTreeSet<String> {
    install_default_drivers();
    let url = format!("sqlite://{}", house.place.path("sumun-data/govern.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options: AnyConnectOptions = url.parse().unwrap();
        let mut connection: AnyConnection = options.connect().await.unwrap();
        let rows = sqlx::query("SELECT \"signal\" FROM signals").fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| row.get::<String, _>(0)).collect()
    })
}

/// How many lines the newest snapshot of detection knows.
fn detected(house: &House) -> u64 {
    let files = std::fs::read_dir(house.place.path("sumun-data/detect")).unwrap();
    let known =
        files.filter_map(|file| file.unwrap().file_name().to_str()?.strip_suffix(".snapshot")?.parse().ok());
    known.max().unwrap()
}

/// A house that is closed: its ledger, its rows and its signatures are one story, and a replay of its log finds what was found
/// live, no more and no less. Returns the ids.
pub(crate) fn is_one_story(house: &House) -> BTreeSet<String> {
    let verified = house.place.run(&["ledger", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.shown());
    let dumped = house.place.run(&["log", "dump", "--events"]);
    house.place.write("world.ndjson", &dumped.out);
    let lines = detected(house).to_string();
    let until = ["--stop-after", &lines, "--save", "replayed"];
    let found = replayed(house, &[&["--measures", "recorded"], &until[..]].concat(), "signal");
    let found: BTreeSet<String> =
        found.iter().map(|found| found["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kept(house), found, "live and in replay");
    found
}

/// Findings of this type in a replay of what [`is_one_story`] dumped.
fn replayed(house: &House, more: &[&str], kind: &str) -> Vec<Value> {
    let replay = ["replay", "world.ndjson", "--policy", policy(), "--data", "none"];
    let ran = house.place.run(&[&replay[..], more].concat());
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let found = ran.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    found.filter(|found| found["type"] == kind).collect()
}

/// What the ladder takes in a replay that knows the events alone, in this language: measure, and why.
pub(crate) fn derived(house: &House, language: &str) -> Vec<(String, String)> {
    let found = replayed(house, &["--measures", "derive", "--lang", language], "measure");
    let entered = found.iter().filter(|found| found["phase"] == "enter");
    entered
        .map(|found| ["measure", "because"].map(|name| found[name].as_str().unwrap().to_owned()).into())
        .collect()
}

/// `sumun explain` of a key at an instant, from the log alone.
pub(crate) fn explained(house: &House, key: &str, at: &str, more: &[&str]) -> String {
    let explain = ["explain", key, "--at", at, "--policy", policy(), "--data", "none"];
    let ran = house.place.run(&[&explain[..], more].concat());
    assert_eq!(ran.code, 0, "{}", ran.shown());
    ran.out
}
