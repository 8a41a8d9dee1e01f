//! Which crate may link which, and which must stay free of sockets, runtimes and databases.
//!
//! The proof is the dependency list, so the whole of what a crate links is looked at, not only what it names.
//! Development dependencies are free.

use std::collections::{BTreeMap, BTreeSet};

/// What every product crate's package name starts with.
const PREFIX: &str = "sumun-";

/// One line per crate: its name, then the crates it may link, directly or through another.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("dialect", &["model"]),
    ("gate", &["dialect", "model"]),
    ("seal", &["model"]),
    ("stream", &["model"]),
    ("proxy", &["dialect", "gate", "model"]),
    ("sim", &["dialect", "model"]),
    ("detect", &["model"]),
    ("actuator", &["model"]),
    ("mapping", &["model"]),
    ("policy", &["model"]),
    ("tap", &["mapping", "model"]),
    ("assess", &["detect", "mapping", "model", "policy"]),
    ("ledger", &["model"]),
    ("verifier", &[]),
    ("store", &["ledger", "model"]),
    ("feed", &["model", "seal"]),
    ("govern", &["actuator", "dialect", "feed", "ledger", "model", "policy", "seal", "store"]),
    ("lake", &["model", "stream"]),
    (
        "server",
        &["actuator", "dialect", "feed", "gate", "govern", "ledger", "model", "policy", "seal", "store"],
    ),
    ("demo", &["dialect", "feed", "model", "sim"]),
    ("fixture", &[]),
    (
        "cli",
        // `sim` for `sumun simulate` and `sumun evaluate` alone: no role uses it.
        &[
            "actuator", "assess", "detect", "dialect", "feed", "gate", "govern", "lake", "ledger", "mapping",
            "model", "policy", "proxy", "seal", "server", "sim", "store", "stream", "tap", "verifier",
        ],
    ),
    // C stands beneath it: nothing may link it.
    ("kafka", &["actuator", "mapping", "model", "tap"]),
    (
        "bench",
        &[
            "actuator", "assess", "cli", "detect", "dialect", "feed", "gate", "govern", "lake", "ledger",
            "mapping", "model", "policy", "proxy", "seal", "server", "sim", "store", "stream", "tap",
            "verifier",
        ],
    ),
];

/// Crates that decide and never wait.
const PURE: [&str; 13] = [
    "actuator", "assess", "model", "dialect", "gate", "seal", "ledger", "mapping", "verifier", "feed",
    "policy", "detect", "tap",
];

/// What a crate that never waits must not link.
const IMPURE: [&str; 9] =
    ["async-std", "axum", "hyper", "mio", "reqwest", "rusqlite", "sqlx", "tokio", "tokio-tungstenite"];

/// Problems in a table of package → everything it links.
pub(super) fn problems(linked: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<String> {
    let mut problems = Vec::new();
    for (package, deps) in linked {
        let ours = deps.iter().filter_map(|dep| dep.strip_prefix(PREFIX));
        let Some(name) = package.strip_prefix(PREFIX) else {
            problems.extend(ours.map(|dep| format!("{package}: must not link {PREFIX}{dep}")));
            continue;
        };
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name) else {
            problems.push(format!("{package}: has no line in xtask/src/tidy/arrows.rs"));
            continue;
        };
        problems.extend(
            ours.filter(|dep| !allowed.contains(dep))
                .map(|dep| format!("{package}: must not link {PREFIX}{dep}; arrows run one way")),
        );
        if PURE.contains(&name) {
            problems.extend(
                IMPURE
                    .iter()
                    .filter(|dep| deps.contains(**dep))
                    .map(|dep| format!("{package}: must not link {dep}; it decides and never waits")),
            );
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linking<'a>(package: &'a str, deps: &[&'a str]) -> Vec<String> {
        problems(&BTreeMap::from([(package, deps.iter().copied().collect())]))
    }

    #[test]
    fn arrows_that_run_forwards_pass() {
        assert_eq!(linking("sumun-proxy", &["sumun-gate", "sumun-model", "tokio", "hyper"]), [""; 0]);
        assert_eq!(linking("sumun-gate", &["sumun-dialect", "sumun-model", "serde"]), [""; 0]);
        assert_eq!(linking("xtask", &["serde"]), [""; 0]);
    }

    #[test]
    fn an_arrow_that_runs_back_is_named() {
        assert_eq!(
            linking("sumun-gate", &["sumun-proxy"]),
            ["sumun-gate: must not link sumun-proxy; arrows run one way"]
        );
        assert_eq!(
            linking("sumun-govern", &["sumun-sim"]),
            ["sumun-govern: must not link sumun-sim; arrows run one way"]
        );
        assert_eq!(linking("xtask", &["sumun-model"]), ["xtask: must not link sumun-model"]);
    }

    #[test]
    fn a_pure_crate_that_could_wait_is_named() {
        assert_eq!(
            linking("sumun-dialect", &["tokio"]),
            ["sumun-dialect: must not link tokio; it decides and never waits"]
        );
    }

    #[test]
    fn a_crate_without_a_line_is_named() {
        assert_eq!(linking("sumun-new", &[]), ["sumun-new: has no line in xtask/src/tidy/arrows.rs"]);
    }

    #[test]
    fn the_table_only_names_crates_it_has() {
        for (name, allowed) in ARROWS {
            for dep in *allowed {
                assert!(ARROWS.iter().any(|(known, _)| known == dep), "{name} -> {dep}");
            }
        }
    }
}
