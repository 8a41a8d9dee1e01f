//! What a bad policy file is told, with its place; and what the linter says of a dubious one.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod common;

use common::policy_text;
use sumun_policy::Policy;
use sumun_policy::lint::{Severity, lint};

/// A change to the default file, and everything said of it.
fn said(change: &str, from: &str, to: &str) -> String {
    let text = policy_text("default");
    assert!(text.contains(from), "{from}");
    let text = text.replacen(from, to, 1);
    let told = match Policy::parse(&text) {
        Err(errors) => errors.0.iter().map(|problem| format!("  error {problem}\n")).collect::<String>(),
        Ok(policy) => lint(&policy)
            .iter()
            .map(|found| {
                let word = if found.severity == Severity::Error { "error" } else { "warning" };
                format!("  {word} {}:{}: {} [{}]\n", found.line, found.column, found.message, found.code)
            })
            .collect(),
    };
    let told = if told.is_empty() { "  nothing\n".to_owned() } else { told };
    // Lines move whenever the file's comments do; that they are right is asserted below.
    let told: String = told
        .lines()
        .map(|line| {
            let mut words = line.trim().splitn(3, ' ');
            let (word, _place, rest) =
                (words.next().unwrap(), words.next().unwrap_or(""), words.next().unwrap_or(""));
            format!("  {word} {rest}\n")
        })
        .collect();
    format!("{change}\n{told}")
}

#[test]
fn every_fault_is_told() {
    let faults = [
        ("an unknown key", "owner = \"compliance\"", "owner = \"compliance\"\ncolour = 3"),
        ("an unknown table", "[ladder]\n", "[leader]\n[ladder]\n"),
        ("an unknown measure", "measure = \"warn\"", "measure = \"frown\""),
        ("an unknown segment", "[segments.custodian]", "[segments.child]"),
        ("a prior that is no decimal", "prior = \"0.002\"", "prior = \"2e-3\""),
        ("a cap with too many places", "cap = \"4.5\"", "cap = \"4.50001\""),
        ("a family left out", "client = { alpha = \"0.8\", half_life_s = 604_800 }\n", ""),
        (
            "a half-life of nothing",
            "client = { alpha = \"0.8\", half_life_s = 604_800 }",
            "client = { alpha = \"0.8\", half_life_s = 0 }",
        ),
        ("a slip in a condition", "'sharing.p >= 0.60'", "'sharing.q >= 0.60'"),
        ("a rule twice", "id = \"market_warning\"", "id = \"two_kinds_on_two_days\""),
        (
            "a rule left out that is not there",
            "[segments.custodian]\n",
            "[segments.custodian]\nwithout = [\"nothing\"]\n",
        ),
        ("a fact that means something already", "[facts]\n", "[facts]\n\"hard.any\" = \"bool\"\n"),
        ("a fact without a type", "[facts]\n", "[facts]\n\"key.age_days\" = \"number\"\n"),
        ("a test step that is none", "must = [\"enter expire act\"]", "must = [\"begin expire\"]"),
        (
            "expiry by machine on risk",
            "act = \"propose\"\nwhen = 'sharing.p >= 0.95",
            "act = \"machine\"\nwhen = 'sharing.p >= 0.95",
        ),
        ("hard evidence that policy does not name", "hard = [\"owner_denies\", ", "hard = ["),
        (
            "a high-risk test that always passes",
            "high_risk = 'hard.any ||",
            "high_risk = 'sharing.points >= -1 || sharing.points < 0 ||",
        ),
        ("hold easier than warn", "when = 'sharing.p >= 0.60'", "when = 'sharing.p >= 0.06'"),
        (
            "a contradiction",
            "when = 'sharing.p >= 0.60'",
            "when = 'sharing.p >= 0.60 && sharing.points < 100'",
        ),
        (
            "a measure that is over by then",
            "when = 'sharing.p >= 0.60'",
            "when = 'measure == \"reverify\" && sharing.p >= 0.60'",
        ),
        (
            "always met",
            "when = 'sharing.p >= 0.05 || families_over(1200) >= 1 || family.origin >= 600'",
            "when = 'sharing.points >= 0 || sharing.points < 0'",
        ),
        ("a hold that lapses first", "in_measure_s >= 3600", "in_measure_s >= 300000"),
        ("a code that no signal has", "seen(\"foreign_address_in_use\")", "seen(\"foreign_adress\")"),
        ("no Korean", "reason = { ko = \"공유 위험이 높음\"", "reason = { ko = \"high\""),
        ("a sentence missing", "reason = { ko = \"공유 위험이 높음\"", "reason = { ko = \" \""),
        ("no time to acknowledge", "warn_ack_s = 604_800", "warn_ack_s = 0"),
        ("no hysteresis", "quiet_s = 604_800", "quiet_s = 0"),
        ("no budget", "alerts_per_day = 50", "alerts_per_day = 0"),
        ("nothing counts", "counts = [\"warn\"]", "counts = []"),
        (
            "an institution by machine",
            "[segments.custodian]\nwarn_ack_s = 1_209_600\n",
            "[segments.custodian]\n[[segments.custodian.rules]]\nid = \"warning_ignored\"\nmeasure = \"reverify\"\nact = \"machine\"\nwhen = 'warning_ignored'\nreason = { ko = \"가\", en = \"a\" }\n",
        ),
        ("an unused fact", "[facts]\n", "[facts]\n\"key.age_days\" = \"int\"\n"),
    ];
    insta::assert_snapshot!(
        faults.iter().map(|(what, from, to)| said(what, from, to)).collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn places_are_those_of_the_file() {
    let text =
        policy_text("default").replacen("'sharing.p >= 0.60'", "'sharing.p >= 0.60 && sharing.q > 1'", 1);
    let errors = Policy::parse(&text).expect_err("a slip");
    let problem = errors.0.first().expect("a problem");
    let line = text.lines().nth(problem.line - 1).expect("the line");
    let at: String = line.chars().skip(problem.column - 1).collect();
    assert!(at.starts_with("sharing.q"), "{at}");
    // The same over several lines, with Korean before it.
    let text = policy_text("default").replacen(
        "'sharing.p >= 0.60'",
        "'''\n  sharing.p >= 0.60\n  && segment != \"개인\"'''",
        1,
    );
    let errors = Policy::parse(&text).expect_err("a slip");
    let problem = errors.0.first().expect("a problem");
    let line = text.lines().nth(problem.line - 1).expect("the line");
    let at: String = line.chars().skip(problem.column - 1).collect();
    assert!(at.starts_with("\"개인\""), "{at}");
}

#[test]
fn the_linter_says_the_line_it_means() {
    for (code, from, to, line) in [
        ("no_hysteresis", "quiet_s = 604_800", "quiet_s = 0", "quiet_s = 0"),
        (
            "no_hysteresis",
            "[segments.custodian]\n",
            "[segments.custodian]\nquiet_s = 0 # of custodians\n",
            "quiet_s = 0 # of custodians",
        ),
        ("window_zero", "warn_ack_s = 604_800", "warn_ack_s = 0", "warn_ack_s = 0"),
        (
            "high_risk_always",
            "high_risk = 'hard.any ||",
            "high_risk = 'sharing.points >= -1 || sharing.points < 0 ||",
            "high_risk = ",
        ),
        ("budget_zero", "alerts_per_day = 50", "alerts_per_day = 0", "alerts_per_day = 0"),
        ("budget_unbounded", "counts = [\"warn\"]", "counts = []", "counts = []"),
        ("fact_unused", "[facts]\n", "[facts]\n\"key.age_days\" = \"int\"\n", "\"key.age_days\""),
    ] {
        let whole = policy_text("default");
        let text = whole.replacen(from, to, 1);
        assert_ne!(text, whole, "{from}");
        let policy = Policy::parse(&text).unwrap_or_else(|errors| panic!("{errors}"));
        let found: Vec<_> = lint(&policy).into_iter().filter(|one| one.code == code).collect();
        assert_eq!(found.len(), 1, "{found:?}");
        let told = text.lines().nth(found[0].line - 1).expect("the line");
        assert!(told.trim_start().starts_with(line), "{code}: {told}");
    }
}

#[test]
fn a_failed_case_is_told_at_its_place() {
    let text =
        policy_text("default").replacen("must = [\"enter expire act\"]", "must = [\"enter hold act\"]", 1);
    let policy = Policy::parse(&text).expect("it parses");
    let failed: Vec<_> =
        sumun_policy::run_cases(&policy).into_iter().flat_map(|case| case.problems).collect();
    assert_eq!(failed.len(), 1);
    assert!(text.lines().nth(failed[0].line - 1).is_some_and(|line| line.contains("enter hold act")));
    insta::assert_snapshot!(failed[0].message, @"`the owner's denial ends the key at once` at 0 s: `enter hold act` must follow and did not; what followed: enter expire act");
}

#[test]
fn changing_one_segment_leaves_the_others_unchanged() {
    let before = Policy::parse(&policy_text("default")).expect("the default");
    let text = policy_text("default").replacen(
        "[segments.custodian]\nwarn_ack_s = 1_209_600",
        "[segments.custodian]\nwarn_ack_s = 5\nquiet_s = 7\nwithout = [\"high_risk\"]",
        1,
    );
    let after = Policy::parse(&text).expect("another");
    for (segment, ladder) in &before.segments {
        let same =
            after.segments[segment].rules.iter().map(|r| (&r.id, &r.when.source, r.act)).collect::<Vec<_>>()
                == ladder.rules.iter().map(|r| (&r.id, &r.when.source, r.act)).collect::<Vec<_>>()
                && after.segments[segment].windows == ladder.windows;
        assert_eq!(same, *segment != sumun_model::Segment::Custodian, "{segment}");
    }
}
