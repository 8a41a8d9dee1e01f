//! `sumun keys check`: everything wrong with a keys file, at once.

use super::KekArguments;
use crate::exit::{AlreadyTold, BAD_INPUT};
use crate::keys_file::check::{Finding, Severity};
use crate::keys_file::{KeysFile, KeysFileError};
use crate::output::count;
use crate::{clock, output};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Find everything wrong with a keys file.
///
/// Bad entries, ids that stand twice and secrets that do not open are errors: a gate would not take the file.
/// Keys past their end and wide prefixes are shown for attention.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sumun keys check keys.toml\n\n\
                        Exit codes: 0 a gate takes it, 2 it does not.")]
pub struct Arguments {
    /// The keys file, `.json` or `.toml`
    file: PathBuf,
    #[command(flatten)]
    kek: KekArguments,
    /// Do not open the secrets; for a machine without the key-encryption key
    #[arg(long)]
    no_open: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    file: &'a PathBuf,
    keys: usize,
    states: BTreeMap<&'static str, usize>,
    secrets_opened: bool,
    errors: usize,
    attention: usize,
    findings: Vec<Finding>,
}

/// Runs it.
///
/// # Errors
/// The file is bad, or there is no keyring to open its secrets with.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let path = &arguments.file;
    let (file, findings) = match KeysFile::read(path) {
        Ok(file) => {
            let mut findings =
                if arguments.no_open { Vec::new() } else { file.seals(&arguments.kek.keyring()?) };
            findings.extend(file.unwise(clock::now()));
            findings.sort_by_key(|finding| finding.problem.at);
            (Some(file), findings)
        }
        Err(KeysFileError { problems, .. }) => {
            let error = |problem| Finding { severity: Severity::Error, problem };
            (None, problems.into_iter().map(error).collect())
        }
    };
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let report = Report {
        file: path,
        keys: file.as_ref().map_or(0, |file| file.keys.len()),
        states: file.as_ref().map(KeysFile::states).unwrap_or_default(),
        secrets_opened: file.is_some() && !arguments.no_open,
        errors,
        attention: findings.len() - errors,
        findings,
    };
    if arguments.json {
        output::json(&report)?;
    } else {
        output::text(&render(&report))?;
    }
    if errors > 0 { Err(AlreadyTold(BAD_INPUT).into()) } else { Ok(()) }
}

fn render(report: &Report<'_>) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let word = match finding.severity {
            Severity::Error => "error",
            Severity::Attention => "attention",
        };
        text.push_str(&format!("{word:9}  {}\n", finding.problem.located(report.file)));
    }
    if report.keys > 0 || report.errors == 0 {
        let states: Vec<String> =
            report.states.iter().map(|(state, count)| format!("{count} {state}")).collect();
        let states = if states.is_empty() { String::new() } else { format!(" ({})", states.join(", ")) };
        let opened = if report.secrets_opened { "opened" } else { "not opened" };
        text.push_str(&format!("{}{states}, secrets {opened}; ", count(report.keys, "key")));
    }
    text.push_str(&format!("{}, {} for attention\n", count(report.errors, "error"), report.attention));
    text
}
