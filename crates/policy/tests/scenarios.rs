//! Histories that a compliance officer can read: `tests/cases/*.case`. What happens stands at `at`, what follows behind `>`.
//!
//! `UPDATE_CASES=1` writes what follows now into the files; look at the difference before you keep it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod common;

use common::{Walked, at, piece, policy};
use std::fmt::Write as _;
use sumun_model::{Evidence, Timestamp};
use sumun_policy::explain::period;
use sumun_policy::{Approve, BudgetLeft, Outcome, Step};

fn seconds(text: &str) -> i64 {
    let (n, unit) = text.split_at(text.len() - 1);
    let scale = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        other => panic!("`{other}` is not s, m, h or d"),
    };
    n.parse::<i64>().unwrap_or_else(|_| panic!("`{text}` is not a time")) * scale
}

fn since_start(now: Timestamp) -> String {
    period(now.micros_since(at(0)) / 1_000_000, sumun_model::Lang::En)
}

fn told(step: &Step, now: Timestamp) -> String {
    let due = step.until.map_or(String::new(), |until| {
        format!(", due in {}", period(until.micros_since(now) / 1_000_000, sumun_model::Lang::En))
    });
    format!(
        "{} {} {}  by {}: {} {} points{due}  [{}]",
        step.phase, step.measure, step.mode, step.rule, step.score, step.points, step.lesser.code
    )
}

fn run(text: &str) -> String {
    let mut out = String::new();
    let mut walked: Option<Walked> = None;
    let (mut name, mut segment, mut approve) = ("default".to_owned(), None, Approve::People);
    let mut next_id = 1;
    let say = |outcome: &Outcome, now: Timestamp, clock: bool| {
        let mut lines = String::new();
        for step in &outcome.steps {
            let when = if clock { format!("after {}: ", since_start(now)) } else { String::new() };
            let _ = writeln!(lines, "  > {when}{}", told(step, now));
        }
        lines
    };
    for line in text.lines() {
        if line.starts_with("  >") {
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.first().copied() {
            None | Some("#") => {}
            Some("policy") => name = words[1].to_owned(),
            Some("segment") => segment = Some(words[1].parse().expect("a segment")),
            Some("approve") => {
                approve = match words[1] {
                    "all" => Approve::All,
                    "none" => Approve::None,
                    _ => Approve::People,
                }
            }
            Some("at") => {
                let walked = walked.get_or_insert_with(|| Walked::new(policy(&name), segment, approve));
                let now = seconds(words[1]);
                for (when, outcome) in walked.clock(at(now)) {
                    out.push_str(&say(&outcome, when, true));
                }
                let (mut evidence, mut hard, mut acts) = (Vec::new(), Vec::new(), Vec::new());
                let what = line.splitn(3, char::is_whitespace).nth(2).unwrap_or_default();
                for part in what.split(';').map(str::trim) {
                    let words: Vec<&str> = part.split_whitespace().collect();
                    match words.as_slice() {
                        ["hard", kind] => hard.push(kind.parse().expect("hard evidence")),
                        ["act", kind] => acts.push(kind.parse().expect("an act")),
                        ["budget", left] => walked.budget = BudgetLeft(Some(left.parse().expect("a number"))),
                        ["the", "clock"] => {}
                        [family, llr, rest @ ..] => {
                            let llr_milli = (llr.parse::<f64>().expect("a ratio") * 1000.0).round() as i32;
                            let code = rest
                                .first()
                                .map_or_else(|| format!("of_{family}"), |code| (*code).to_owned());
                            let new = piece(family.parse().expect("a family"), llr_milli, now, next_id);
                            evidence.push(Evidence { code, ..new });
                            next_id += 1;
                        }
                        _ => panic!("`{part}` is not something that happens"),
                    }
                }
                let (_, outcome) = walked.happens(now, &evidence, &hard, &acts);
                let _ = writeln!(out, "{line}");
                out.push_str(&say(&outcome, at(now), false));
                continue;
            }
            Some(other) => panic!("`{other}` begins no line of a case"),
        }
        let _ = writeln!(out, "{line}");
    }
    out
}

#[test]
fn histories_end_as_they_are_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("the cases").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(paths.len() >= 8);
    let update = std::env::var_os("UPDATE_CASES").is_some();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a case");
        let found = run(&text);
        if update {
            std::fs::write(&path, &found).expect("written");
        } else {
            assert_eq!(text, found, "{}", path.display());
        }
    }
}
