//! `schemathesis` against the running server: every operation, as several roles, with what its description allows and what
//! it does not. It fails on a server error and on any answer that the description does not have.

use crate::house::{Desk, House, invite_of};
use crate::rest;
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

/// Operations that would end the run (the feed has no end, the session is the one that asks), and two whose bodies, a gate's
/// signature and lines of events, the tool cannot make.
const LEFT_OUT: [&str; 4] = ["events_take", "feed", "feed_acknowledge", "session_delete"];

/// Operations on what only detection, a gate's sight and the exchange's word bring about, of which the seeds have none: tried like all
/// others, and not expected to be met with 2xx. Their good ways are in the server's tests and in `tests/loop`.
const NOTHING_SEEN_YET: [&str; 21] = [
    "case_ask_waiver",
    "case_assign",
    "case_close",
    "case_comment",
    "case_decide",
    "case_get",
    "case_plan",
    "case_step",
    "case_waive",
    "identity_callback",
    "measure_get",
    "notice_confirm",
    "objection_get",
    "objection_make",
    "question_answer",
    "question_get",
    "task_finish",
    "verification_get",
    "verification_rotate",
    "verification_step",
    "verification_test",
];

/// Who tries, and how thoroughly: bob has all roles of staff; the exchange's back end and strangers have little to do.
/// First those who can do most send plain requests, which should go well.
const ROLES: [(&str, &str, &str); 6] = [
    ("bob", "plain.json", "examples"),
    ("owner", "plain.json", "examples"),
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

/// Signs a request for a key and takes it so far: `requested`, `granted`, `active`. Answers the key.
fn key(desk: &Desk<'_>, account: &str, name: &str, state: &str) -> String {
    let request = json!({
        "account": account, "purpose": "own_bot", "application": name, "scopes": ["read", "trade"],
        "allowlist": ["127.0.0.1/32", "127.0.0.9/32"], "expires": "2027-06-01T00:00:00Z", "terms": "1",
    });
    let asked = post(desk, "owner", "/v1/keys", &request);
    let key = asked["result"]["key"]["key"].as_str().unwrap().to_owned();
    if state != "requested" {
        post(
            desk,
            "bob",
            &format!("/v1/keys/{key}/approve"),
            &json!({ "reason": "address checked by phone" }),
        );
    }
    if state == "active" {
        post(desk, "owner", &format!("/v1/keys/{key}/issue"), &json!({}));
    }
    key
}

fn post(desk: &Desk<'_>, who: &str, path: &str, body: &Value) -> Value {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let token = rest::token(&desk.house.place.read(&format!("profiles/{who}.json")));
    let idempotency = format!("made-up-seed-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let answer = rest::send(&desk.server, &token, path, Some((&idempotency, body))).expect("an answer");
    assert!((200..300).contains(&answer.status), "{who} {path}: {answer:?}");
    answer.body
}

/// Things in many states, and which of them an operation is tried on first: operation, parameter, value, body.
fn seeded(desk: &Desk<'_>) -> Vec<(&'static str, &'static str, String, Value)> {
    let vendor = ["vendors", "put", "V1", "--name", "Made-up Bots", "--class", "tool"];
    let vendor = [&vendor[..], &["--networks", "198.51.100.0/24", "--scopes", "read,trade"]].concat();
    desk.must("alice", &vendor);
    desk.must("alice", &["operators", "put", "desk-2", "--kind", "desk", "--customer", "C1"]);
    // An account has only so many keys.
    for account in ["A2", "A3"] {
        let put = ["accounts", "put", account, "--customer", "C1", "--person", "P1"];
        desk.must("alice", &[&put[..], &["--segment", "retail", "--owner", "O1"]].concat());
    }
    for delegation in ["D1", "D2"] {
        let put = ["delegations", "put", delegation, "--account", "A1", "--operator", "desk-2"];
        desk.must("alice", &[&put[..], &["--scopes", "trade", "--until", "2027-01-01T00:00:00Z"]].concat());
    }
    let invite = |user: &str| {
        let body = json!({ "user": user, "name": "Made Up", "roles": ["viewer", "support"] });
        let invited = post(desk, "alice", "/v1/users", &body);
        invited["result"]["approval"].as_str().unwrap().to_owned()
    };
    let (approval, _) = (invite("carol"), invite("dave"));
    let token = json!({ "name": "old", "roles": ["exchange_backend"], "expires": "2027-03-01T00:00:00Z" });
    let token = post(desk, "alice", "/v1/tokens", &token)["result"]["token"]["token"].clone();
    let token = token.as_str().unwrap().to_owned();
    post(desk, "alice", "/v1/gates", &json!({ "gate": "gate-2" }));

    let reason = || json!({ "reason": "made up for a test" });
    let one = |text: &str| text.to_owned();
    let [asked, unwanted] = ["asked", "unwanted"].map(|name| key(desk, "A1", name, "requested"));
    let granted = key(desk, "A1", "granted", "granted");
    let names =
        ["kept", "narrowed", "rescoped", "rotated", "revoked", "cut", "lifted", "held", "released", "ended"];
    let [kept, narrowed, rescoped, rotated, revoked, cut, lifted, held, released, ended] =
        names.map(|name| key(desk, if name.len() > 5 { "A2" } else { "A3" }, name, "active"));
    post(desk, "alice", &format!("/v1/keys/{lifted}/suspend"), &reason());
    let review = json!({
        "reason": "orders from two countries", "lesser": "a warning would leave it open", "review_by": "user:alice",
    });
    post(desk, "alice", &format!("/v1/keys/{released}/hold"), &review);
    let nothing = Value::Null;
    vec![
        ("account_get", "account", one("A1"), nothing.clone()),
        ("customer_get", "customer", one("C1"), nothing.clone()),
        ("person_get", "person", one("P1"), nothing.clone()),
        ("operator_get", "operator", one("O1"), nothing.clone()),
        ("vendor_get", "vendor", one("V1"), nothing.clone()),
        ("vendor_state", "vendor", one("V1"), json!({ "state": "removed", "reason": "never answered" })),
        ("delegation_get", "delegation", one("D1"), nothing.clone()),
        ("delegation_end", "delegation", one("D2"), reason()),
        ("user_get", "user", one("carol"), nothing.clone()),
        ("user_disable", "user", one("dave"), reason()),
        ("user_roles", "user", one("carol"), json!({ "roles": ["viewer"], "reason": "new duty" })),
        ("token_revoke", "token", token, reason()),
        ("gate_invite", "", one(""), json!({ "gate": "gate-3" })),
        ("gate_get", "gate", one("gate-1"), nothing.clone()),
        ("gate_receipts", "gate", one("gate-1"), nothing.clone()),
        ("gate_revoke", "gate", one("gate-2"), reason()),
        ("approval_get", "approval", approval.clone(), nothing.clone()),
        (
            "approval_decide",
            "approval",
            approval,
            json!({ "decision": "approve", "reason": "she starts today" }),
        ),
        (
            "key_request",
            "",
            one(""),
            json!({
                "account": "A1", "purpose": "own_bot", "application": "another", "scopes": ["read"],
                "allowlist": ["127.0.0.1/32"], "expires": "2027-06-01T00:00:00Z", "terms": "1",
            }),
        ),
        ("key_get", "key", kept.clone(), nothing.clone()),
        ("key_timeline", "key", kept.clone(), nothing.clone()),
        ("key_capability", "key", kept, nothing.clone()),
        ("key_approve", "key", asked.clone(), reason()),
        ("key_reject", "key", unwanted, reason()),
        ("key_issue", "key", granted, nothing.clone()),
        (
            "key_allowlist",
            "key",
            narrowed,
            json!({ "allowlist": ["127.0.0.1/32"], "reason": "one is enough" }),
        ),
        ("key_scopes", "key", rescoped, json!({ "scopes": ["read"], "reason": "it only reads" })),
        ("key_rotate", "key", rotated, json!({ "reason": "every year" })),
        ("key_revoke", "key", revoked, reason()),
        ("key_suspend", "key", cut, reason()),
        ("key_lift", "key", lifted, reason()),
        ("key_hold", "key", held, review),
        ("key_release", "key", released, reason()),
        (
            "key_expire",
            "key",
            ended,
            json!({ "reason": "made up for a test", "lesser": "nothing else would end it" }),
        ),
        ("exposure_report", "", one(""), json!({ "key": asked, "seen_at": "https://code.example/made-up" })),
        ("ledger_entry", "index", one("3"), nothing.clone()),
        ("ledger_proof", "index", one("3"), nothing),
    ]
}

/// The description with these as its examples.
fn with_examples(mut document: Value, seeds: &[(&str, &str, String, Value)]) -> Value {
    let operations = document["paths"].as_object_mut().unwrap().values_mut();
    for operation in operations.flat_map(|methods| methods.as_object_mut().unwrap().values_mut()) {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let Some((_, name, value, body)) = seeds.iter().find(|seed| seed.0 == id) else { continue };
        for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
            if parameter["name"] == *name {
                parameter["example"] =
                    if *name == "index" { json!(value.parse::<u64>().unwrap()) } else { json!(value) };
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
    document["components"]["parameters"]["IdempotencyKey"]["required"] = json!(true);
    let operations = document["paths"].as_object_mut().unwrap().values_mut();
    for operation in operations.flat_map(|methods| methods.as_object_mut().unwrap().values_mut()) {
        if let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) {
            parameters
                .retain(|one| one["name"] != "dry_run" && one["$ref"] != "#/components/parameters/IfMatch");
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
    let (house, made) = House::new();
    let open = house.open();
    for user in ["alice", "bob"] {
        open.enrol(user, &invite_of(&made, user));
    }
    open.enter_customer();
    open.owner();
    let make =
        json!({ "name": "back end", "roles": ["exchange_backend"], "expires": "2027-03-01T00:00:00Z" });
    let backend = post(&open, "alice", "/v1/tokens", &make)["result"]["secret"].as_str().unwrap().to_owned();
    let seeds = seeded(&open);
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
        .filter(|id| !LEFT_OUT.contains(&id.as_str()) && !NOTHING_SEEN_YET.contains(&id.as_str()))
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
