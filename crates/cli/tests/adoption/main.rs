//! The eight weeks of `docs/adopt/plan.*.md`, gone through once by a made-up exchange: its own gateway and key database, honest customers
//! who trade all the while, one who lends his key, and every command of the plan run as it is written.
//!
//! `plan` reads the document, `hand` runs its commands as one who follows it would, `process` keeps what runs on, `exchange` is the
//! exchange and its exports, `gateway` the nginx before it, `bots` are its customers who send what `signing` makes, `weeks` does between the commands what the plan leaves
//! to the exchange and keeps the table, `seen` waits for what the plan says will be seen, `whole` counts what the tap brought, and `campaign` looks at the one
//! who never answered. Weeks are seconds: policy, campaign and receipts have short windows here.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic, wait for real processes, and their names say what they are"
)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../record_clients/rest.rs"]
#[allow(dead_code, reason = "several test binaries share it; each uses what it needs")]
mod rest;
#[path = "../real_clients/waiting.rs"]
#[allow(dead_code, reason = "as above")]
mod waiting;

mod bots;
mod campaign;
mod exchange;
mod gateway;
mod hand;
mod plan;
mod process;
mod seen;
mod signing;
mod table;
mod weeks;
mod whole;

use plan::Plan;

const KO: &str = include_str!("../../../../docs/adopt/plan.ko.md");
const EN: &str = include_str!("../../../../docs/adopt/plan.en.md");

#[test]
fn eight_weeks_as_the_plan_has_them() {
    weeks::go_through(&Plan::read(EN));
}

#[test]
fn both_languages_have_the_same_commands_and_files() {
    assert_eq!(Plan::read(KO), Plan::read(EN));
}

/// What stands in the plan of the run is what the run prints.
#[test]
fn the_table_in_the_plan_is_the_run_s() {
    for (plan, lang) in [(KO, table::KO), (EN, table::EN)] {
        let told = table::expected(lang);
        assert!(plan.contains(&told), "the plan should hold:\n{told}");
    }
}

/// A draft that is taken for a finished text is worse than none.
#[test]
fn every_draft_says_that_it_needs_counsel_and_both_plans_link_it() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/adopt/drafts");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let head: String = text.lines().take(4).collect();
        let (says, plan) = if name.ends_with(".ko.md") {
            (["초안입니다", "법률 검토"], KO)
        } else {
            (["A draft.", "counsel"], EN)
        };
        assert!(says.iter().all(|words| head.contains(words)), "{name} begins:\n{head}");
        assert!(plan.contains(&format!("](drafts/{name})")), "the plan does not link {name}");
        seen += 1;
    }
    assert_eq!(seen, 6, "three drafts in two languages");
}

/// The two policies that the plan makes with `sed` out of the shipped one do what the plan says of them.
#[test]
fn the_first_policies_only_propose_what_the_plan_says() {
    let place = support::Place::new();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::os::unix::fs::symlink(root.join("policies"), place.path("policies")).unwrap();
    let plan = Plan::read(EN);
    let acting = [("watch.toml", vec!["monitoring"]), ("warn.toml", vec!["monitoring", "warning"])];
    for (file, acting) in acting {
        let command = plan.command(|command| command.starts_with("sed ") && command.ends_with(file));
        let ran = std::process::Command::new("sh").args(["-c", command]).current_dir(place.path("")).status();
        assert!(ran.unwrap().success());
        let ran = place.run(&["policy", "check", file]);
        assert_eq!(ran.code, 0, "{}", ran.shown());
        for line in ran.out.lines().filter(|line| line.starts_with("  ")) {
            let measure = line.trim_start().split("  ").next().unwrap();
            let by_machine = line.contains("by machine:");
            assert_eq!(by_machine, acting.contains(&measure), "{file}: {line}");
        }
    }
}
