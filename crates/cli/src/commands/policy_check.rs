//! `sumun policy check`: lint, the file's own tests, and a summary per segment.

use super::policy::read;
use crate::exit::{AlreadyTold, BAD_INPUT};
use crate::findings::detectors::problems as detector_problems;
use crate::output;
use crate::output::count;
use crate::text_position::Lines;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use sumun_detect::keys::facts;
use sumun_model::{Lang, Measure, Segment};
use sumun_policy::condition::Type;
use sumun_policy::lint::{Lint, Severity, lint};
use sumun_policy::policy::ActBy;
use sumun_policy::{CaseResult, Policy, Problem, run_cases};

/// Check a policy file: what is wrong, what is dubious, whether its own tests hold, and what each segment gets.
///
/// Errors keep a policy out of force: what cannot be read, an expiry by machine without hard evidence, a failed test. Warnings are
/// worth a look.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sumun policy check policies/default.toml\n\n\
                        Exit codes: 0 it may come into force, 2 it may not.")]
pub struct Arguments {
    /// The policy file
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    file: &'a Path,
    policy: Option<String>,
    ok: bool,
    problems: Vec<Problem>,
    findings: Vec<Lint>,
    tests: Vec<CaseResult>,
    segments: Vec<SegmentSummary>,
}

#[derive(Serialize)]
struct SegmentSummary {
    segment: &'static str,
    as_default: bool,
    rules: usize,
    own: usize,
    alerts_per_day: u32,
    measures: Vec<MeasureSummary>,
}

#[derive(Serialize)]
struct MeasureSummary {
    measure: Measure,
    by_machine: Vec<String>,
    proposed: Vec<String>,
}

/// Runs it.
///
/// # Errors
/// The file is bad.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let text = read(&arguments.file)?;
    let report = report(&arguments.file, &text);
    if arguments.json {
        output::json(&report)?;
    } else {
        output::text(&render(&report))?;
    }
    if report.ok { Ok(()) } else { Err(AlreadyTold(BAD_INPUT).into()) }
}

fn report<'a>(file: &'a Path, text: &str) -> Report<'a> {
    let mut report = Report {
        file,
        policy: None,
        ok: false,
        problems: detector_problems(text),
        findings: Vec::new(),
        tests: Vec::new(),
        segments: Vec::new(),
    };
    match Policy::parse(text) {
        // A file that is no TOML is one problem, not two.
        Err(errors) => {
            report.problems.extend(errors.0);
            report.problems.sort();
            report.problems.dedup();
        }
        Ok(policy) => {
            report.policy = Some(policy.name());
            report.findings = lint(&policy);
            report.findings.extend(strange_facts(&policy, text));
            report.findings.sort();
            report.tests = run_cases(&policy);
            let segments = std::iter::once(None).chain(Segment::ALL.iter().copied().map(Some));
            report.segments = segments.map(|segment| summary(&policy, segment)).collect();
        }
    }
    let failed = report.tests.iter().any(|case| !case.problems.is_empty());
    let grave = report.findings.iter().any(|finding| finding.severity == Severity::Error);
    report.ok = report.problems.is_empty() && !failed && !grave;
    report
}

/// Facts that the file declares and detection never tells, or tells with another type: they would stay unknown for ever.
fn strange_facts(policy: &Policy, text: &str) -> Vec<Lint> {
    let told = |name: &str, kind: Type| {
        facts::ALL.iter().any(|fact| {
            let kinds = match fact.kind {
                facts::Kind::Int => Type::Int,
            };
            fact.name == name && kind == kinds
        })
    };
    let strange = policy.facts.iter().filter(|(name, kind)| !told(name, **kind));
    let finding = |(name, kind): (&String, &Type)| {
        let at = Lines::of(text).position(text.find(&format!("\"{name}\"")).unwrap_or(0));
        let known: Vec<_> = facts::ALL.iter().map(|fact| fact.name).collect();
        let message = format!(
            "detection tells no fact `{name}` of type {}: a condition on it is never met; there are {}",
            kind.as_str(),
            known.join(", ")
        );
        Lint { line: at.line, column: at.column, severity: Severity::Warning, code: "fact_unknown", message }
    };
    strange.map(finding).collect()
}

fn summary(policy: &Policy, segment: Option<Segment>) -> SegmentSummary {
    let ladder = policy.segment(segment);
    let measures = Measure::ALL.iter().map(|measure| {
        let ids = |act: ActBy| {
            let rules = ladder.rules.iter().filter(|rule| rule.measure == *measure && rule.act == act);
            rules.map(|rule| rule.id.clone()).collect()
        };
        MeasureSummary { measure: *measure, by_machine: ids(ActBy::Machine), proposed: ids(ActBy::Propose) }
    });
    SegmentSummary {
        segment: segment.map_or("default", Segment::as_str),
        as_default: segment.is_some_and(|segment| !policy.segments.contains_key(&segment)),
        rules: ladder.rules.len(),
        own: ladder.rules.iter().filter(|rule| !rule.inherited).count(),
        alerts_per_day: policy.alerts_per_day(segment),
        measures: measures.collect(),
    }
}

fn render(report: &Report<'_>) -> String {
    let mut out = String::new();
    let shown = report.file.display();
    // Writing to a string cannot fail.
    let mut line = |text: String| {
        let _ = writeln!(out, "{text}");
    };
    for problem in &report.problems {
        line(format!("error    {shown}:{problem}"));
    }
    for finding in &report.findings {
        let word = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        line(format!(
            "{word:8} {shown}:{}:{}: {} [{}]",
            finding.line, finding.column, finding.message, finding.code
        ));
    }
    for problem in report.tests.iter().flat_map(|case| &case.problems) {
        line(format!("error    {shown}:{problem}"));
    }
    for segment in &report.segments {
        if segment.as_default {
            line(format!("{:13} as default", segment.segment));
            continue;
        }
        line(format!(
            "{:13} {} ({} of its own), at most {} counted alerts a day",
            segment.segment,
            count(segment.rules, "rule"),
            segment.own,
            segment.alerts_per_day
        ));
        for measure in &segment.measures {
            let word = sumun_policy::explain::measure_word(measure.measure, Lang::En);
            let part =
                |ids: &[String], how: &str| (!ids.is_empty()).then(|| format!("{how} {}", ids.join(", ")));
            let parts = [part(&measure.by_machine, "by machine:"), part(&measure.proposed, "proposed:")];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            let parts = if parts.is_empty() { "no rule".to_owned() } else { parts.join("; ") };
            line(format!("  {word:16} {parts}"));
        }
    }
    let failed = report.tests.iter().filter(|case| !case.problems.is_empty()).count();
    let broken: usize = report.tests.iter().map(|case| case.problems.len()).sum();
    let grave = report.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let warnings = report.findings.len() - grave;
    let name = report.policy.as_deref().unwrap_or("this file");
    let verdict = if report.ok { "may come into force" } else { "may not come into force" };
    line(format!(
        "{name} {verdict}: {}, {}, {} of {} hold",
        count(report.problems.len() + grave + broken, "error"),
        count(warnings, "warning"),
        report.tests.len() - failed,
        count(report.tests.len(), "test")
    ));
    out
}
