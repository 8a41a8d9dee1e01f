//! `schemathesis` against the running server: every operation, as several roles, with what its description allows and what
//! it does not. It fails on a server error and on any answer that the description does not have.

use crate::house::{House, invite_of};
use crate::rest;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Examples of each operation and phase.
const EXAMPLES: u64 = 10;
/// The same examples in every run.
const SEED: u64 = 20_261_120;

/// What is checked of each answer.
const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// Operations that would end the run (the feed has no end, the session is the one that asks), and one whose body, a gate's
/// signature, the tool cannot make.
const LEFT_OUT: [&str; 3] = ["feed", "feed_acknowledge", "session_delete"];

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

#[test]
fn schemathesis_finds_no_server_error_and_no_undocumented_answer() {
    let (house, made) = House::new();
    let open = house.open();
    for user in ["alice", "bob"] {
        open.enrol(user, &invite_of(&made, user));
    }
    open.enter_customer();
    open.owner();
    let roles = ["bob", "owner", "nobody"];
    let mut found = Vec::new();
    for role in roles {
        let mut command = Command::new(schemathesis());
        command.current_dir(house.place.path("."));
        command.arg("run").arg(format!("{}/v1/openapi.json", open.server));
        command.args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--no-color"]);
        command.args(["--max-examples", &(EXAMPLES * crate::faults::factor()).to_string()]);
        command.args(["--seed", &SEED.to_string(), "--workers", "1", "--request-timeout", "20"]);
        command.args(["--continue-on-failure", "--suppress-health-check", "all"]);
        for operation in LEFT_OUT {
            command.args(["--exclude-operation-id", operation]);
        }
        if role != "nobody" {
            let token = rest::token(&house.place.read(&format!("profiles/{role}.json")));
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
