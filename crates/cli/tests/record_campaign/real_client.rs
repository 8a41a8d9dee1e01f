//! `schemathesis` against the running server: every operation, as several roles, with what its description allows and what
//! it does not. It fails on a server error and on any answer that the description does not have.

use crate::house::{Desk, House, invite_of};
use crate::rest;
use crate::seeds::{POLICY, Seed, Suspects, entered, patient, post};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Examples of each operation and phase.
const EXAMPLES: u64 = 5;
/// The same examples in every run.
const SEED: u64 = 20_261_120;

/// What is checked of each answer.
const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// Operations that would end the run (two streams have no end, the session is the one that asks), and those whose bodies, a gate's
/// signature and lines of the wire, the tool cannot make.
const LEFT_OUT: [&str; 8] = [
    "events_take",
    "feed",
    "feed_acknowledge",
    "import",
    "live",
    "mirror_changes",
    "mirror_snapshot",
    "session_delete",
];

/// Who tries, and how thoroughly: bob has all roles of staff; the exchange's back end and strangers have little to do.
/// First those who can do most send plain requests, which should go well.
const ROLES: [(&str, &str, &str); 7] = [
    ("bob", "plain.json", "examples"),
    ("owner", "plain.json", "examples"),
    ("backend", "plain.json", "examples"),
    ("bob", "api.json", "examples,coverage,fuzzing"),
    ("owner", "api.json", "examples,coverage,fuzzing"),
    ("backend", "api.json", "examples,fuzzing"),
    ("nobody", "api.json", "examples,fuzzing"),
];

/// The tool, where the client packages are.
///
/// # Panics
/// It is not set up.
fn schemathesis() -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_sumun"));
    let target = binary.parent().and_then(Path::parent).unwrap();
    let tool = target.join("clients/venv/bin/schemathesis");
    assert!(tool.exists(), "`{}` is not there: run `cargo xtask setup`", tool.display());
    tool
}

/// The description with these as its examples.
fn with_examples(mut document: Value, seeds: &[Seed]) -> Value {
    let operations = document["paths"].as_object_mut().unwrap().values_mut();
    for operation in operations.flat_map(|methods| methods.as_object_mut().unwrap().values_mut()) {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let Some((_, names, values, body)) = seeds.iter().find(|seed| seed.0 == id) else { continue };
        for (name, value) in names.split(' ').zip(values.split(' ')) {
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
            for parameter in parameters.into_iter().flatten() {
                if parameter["name"] == name {
                    parameter["example"] =
                        if name == "index" { json!(value.parse::<u64>().unwrap()) } else { json!(value) };
                }
            }
        }
        if !body.is_null() {
            operation["requestBody"]["content"]["application/json"]["example"] = body.clone();
        }
    }
    document
}

/// The description of plain requests: each written with its idempotency key, for whatever version stands, none dry.
fn plain(mut document: Value) -> Value {
    let shared = document["components"]["parameters"]["IdempotencyKey"].clone();
    let operations = document["paths"].as_object_mut().unwrap().values_mut();
    for operation in operations.flat_map(|methods| methods.as_object_mut().unwrap().values_mut()) {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) else {
            continue;
        };
        parameters.retain(|one| one["name"] != "dry_run" && one["$ref"] != "#/components/parameters/IfMatch");
        for parameter in parameters.iter_mut() {
            if parameter["$ref"] == "#/components/parameters/IdempotencyKey" {
                // One for all of them would have every request but the first refused.
                let (name, place) = (&shared["name"], &shared["in"]);
                let schema = json!({ "type": "string", "enum": [format!("made-up-plain-{id}")] });
                *parameter = json!({ "name": name, "in": place, "required": true, "schema": schema });
            }
        }
    }
    document
}

/// Operations answered with a status of this class, and how often, as the server counts them.
fn met(desk: &Desk<'_>) -> Vec<(String, u64)> {
    let text =
        ureq::get(format!("{}/metrics", desk.server)).call().unwrap().body_mut().read_to_string().unwrap();
    let label = |line: &str, name: &str| {
        line.split_once(&format!("{name}=\""))
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(value, _)| value.to_owned())
    };
    let of_requests = text.lines().filter(|line| line.contains("api_requests_total{"));
    let good = of_requests.filter(|line| label(line, "status").is_some_and(|status| status.starts_with('2')));
    good.filter_map(|line| Some((label(line, "operation")?, line.rsplit(' ').next()?.parse().ok()?)))
        .collect()
}

#[test]
fn schemathesis_finds_no_server_error_and_no_undocumented_answer() {
    let (house, made) = House::with(&format!("policy_file = \"{POLICY}\""));
    house.place.write("venue.toml", &patient(&house.place.read("venue.toml")));
    let open = house.open();
    for user in ["alice", "bob"] {
        open.enrol(user, &invite_of(&made, user));
    }
    open.enter_customer();
    open.owner();
    let make =
        json!({ "name": "back end", "roles": ["exchange_backend"], "expires": "2027-03-01T00:00:00Z" });
    let backend = post(&open, "alice", "/v1/tokens", &make)["result"]["secret"].as_str().unwrap().to_owned();
    let suspects = Suspects::issued(&open);
    let mut seeds = entered(&open);
    seeds.extend(suspects.suspected(&open));
    let document =
        ureq::get(format!("{}/v1/openapi.json", open.server)).call().unwrap().body_mut().read_to_string();
    let document: Value = serde_json::from_str(&document.unwrap()).unwrap();
    let api = with_examples(document.clone(), &seeds);
    house.place.write("api.json", &api.to_string());
    house.place.write("plain.json", &plain(api).to_string());
    let before = met(&open);
    let mut found = Vec::new();
    for (role, description, phases) in ROLES {
        let mut command = Command::new(schemathesis());
        command.current_dir(house.place.path("."));
        command.args(["run", description, "--url", &open.server]);
        command.args(["--checks", CHECKS, "--phases", phases, "--no-color"]);
        command.args(["--max-examples", &(EXAMPLES * crate::faults::factor()).to_string()]);
        command.args(["--seed", &SEED.to_string(), "--workers", "1", "--request-timeout", "20"]);
        command.args(["--continue-on-failure", "--suppress-health-check", "all"]);
        for operation in LEFT_OUT {
            command.args(["--exclude-operation-id", operation]);
        }
        if role != "nobody" {
            let token = match role {
                "backend" => backend.clone(),
                _ => rest::token(&house.place.read(&format!("profiles/{role}.json"))),
            };
            command.args(["--header", &format!("Authorization: Bearer {token}")]);
        }
        let ran = command.output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        println!("== as {role}: {}", ran.status);
        if !ran.status.success() {
            println!("{said}{}", String::from_utf8_lossy(&ran.stderr));
            found.push(role);
        }
    }
    let paths = document["paths"].as_object().unwrap().values();
    let operations: BTreeSet<String> = paths
        .flat_map(|methods| methods.as_object().unwrap().values())
        .filter_map(|operation| operation["operationId"].as_str().map(str::to_owned))
        .filter(|id| !LEFT_OUT.contains(&id.as_str()))
        .collect();
    let after = met(&open).into_iter().filter(|answered| !before.contains(answered));
    let good: BTreeSet<String> =
        after.map(|(operation, _)| operation).filter(|id| operations.contains(id)).collect();
    println!(
        "{} of {} operations were met with 2xx; never: {:?}",
        good.len(),
        operations.len(),
        &operations - &good
    );
    assert!(good.len() * 4 >= operations.len() * 3, "three quarters of the operations are met with 2xx");
    assert_eq!(
        found,
        Vec::<&str>::new(),
        "what was found stands above; the server said:\n{}",
        open.process.said()
    );
    let (status, said) = open.process.stop();
    assert!(status.success(), "{said}");
    let verified = house.place.run(&["ledger", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.shown());
}
