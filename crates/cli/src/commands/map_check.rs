//! `sumun map check`: what a mapping makes of a source, before anything relies on it.

use super::map::{Source, open, unusable};
use crate::exit::{AlreadyTold, BAD_INPUT};
use crate::output;
use serde::Serialize;
use std::ops::ControlFlow;
use sumun_mapping::needs::{Coverage, coverage};
use sumun_mapping::{Report, Run, shown, told};
use sumun_model::Lang;
use sumun_model::wire::Line;

/// Longest raw line in a sample, in characters.
const RAW_CHARS: usize = 2000;

/// Check a mapping against a source: samples beside their raw lines, counts, what nobody reads, what is refused, which detectors rest.
///
/// Nothing is written but this report. Credentials are hidden in it. The whole input is read, unless `--first` says how much of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sumun map check --map nginx-json access.log.gz\n  \
                        sumun map check --map nginx-json --paths coinone --first 10000 --lang ko access.log\n  \
                        sumun map check --map keys-csv --set as_of=2026-11-20T00:00:00Z keys.csv\n\n\
                        Exit codes: 0 lines were made of it, 1 the operation failed, 2 the mapping is bad, or no line could be made.")]
pub struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Samples shown: the first rows, and as many of the first refused
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    rows: usize,
    /// Stop each input behind this many lines
    #[arg(long, value_name = "LINES")]
    first: Option<u64>,
    /// Language of the report
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: Lang,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Whole<'a> {
    ok: bool,
    samples: &'a [Sample],
    report: &'a Report,
    detectors: Vec<Coverage>,
}

/// A row for programs.
#[derive(Serialize)]
struct Sample {
    input: String,
    line: u64,
    raw: String,
    lines: Vec<Line>,
    refused: Vec<Refused>,
    #[serde(skip)]
    text: String,
}

#[derive(Serialize)]
struct Refused {
    code: &'static str,
    field: String,
    detail: String,
}

/// Runs it.
///
/// # Errors
/// The mapping is bad, an input cannot be read, or no line could be made of it.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mapping = arguments.source.mapping()?;
    let mut run = Run::new(&mapping, arguments.source.given(&mapping)?);
    let (mut samples, mut good, mut bad) = (Vec::new(), 0, 0);
    for input in &arguments.source.inputs {
        let (name, from) = open(input)?;
        let outcome = run.read(&name, from, &mut |row| {
            let kept = if row.refusals.is_empty() { &mut good } else { &mut bad };
            let made_nothing = row.refusals.is_empty() && row.lines.is_empty();
            if *kept < arguments.rows && !made_nothing {
                *kept += 1;
                samples.push(Sample {
                    input: row.input.to_owned(),
                    line: row.number,
                    raw: shown(row.raw, RAW_CHARS),
                    lines: row.lines.to_vec(),
                    refused: row
                        .refusals
                        .iter()
                        .map(|refusal| Refused {
                            code: refusal.code.as_str(),
                            field: refusal.field.clone(),
                            detail: refusal.detail.clone(),
                        })
                        .collect(),
                    text: told::sample(row, arguments.lang),
                });
            }
            let enough = arguments.first.is_some_and(|first| row.number >= first);
            if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        outcome.map_err(unusable)?;
    }
    let report = run.into_report();
    let ok = report.lines_made() > 0;
    if arguments.json {
        let detectors = coverage(&mapping, &report);
        output::json(&Whole { ok, samples: &samples, report: &report, detectors })?;
    } else {
        let samples: String = samples.iter().map(|sample| format!("{}\n", sample.text)).collect();
        output::text(&format!("{samples}{}", told::report(&mapping, &report, arguments.lang)))?;
    }
    if ok { Ok(()) } else { Err(AlreadyTold(BAD_INPUT).into()) }
}
