//! The policies that come with the product: they parse, and their own cases hold.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

use sumun_policy::{Policy, run_cases};

fn policy(name: &str) -> Policy {
    let path = format!("{}/../../policies/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("the policy file");
    Policy::parse(&text).unwrap_or_else(|errors| panic!("{name}: {errors}"))
}

#[test]
fn their_own_cases_hold() {
    for name in ["default", "demo", "test"] {
        let policy = policy(name);
        assert!(!policy.tests.is_empty());
        for case in run_cases(&policy) {
            assert!(case.problems.is_empty(), "{name}: {:#?}\n{:#?}", case.problems, case.steps);
        }
    }
}
