//! `sumun map run`: a source as lines of the wire on standard output, what was counted on standard error.

use super::map::{Source, open, unusable};
use crate::exit::{AlreadyTold, FAILED};
use anyhow::Context;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use sumun_mapping::{Run, told};
use sumun_model::Lang;
use sumun_model::wire::to_json;

/// Turn foreign logs and tables into lines that `sumun replay` reads.
///
/// Lines keep the order of the source; inputs follow each other as they are named. What cannot be read is counted and left out. The report
/// goes to standard error, or as JSON to `--report`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sumun map run --map nginx-json access.log.gz > access.ndjson\n  \
                        sumun map run --map nginx-json --paths korbit --set source=front-1 access.log.1 access.log | sumun replay\n  \
                        zstd -dc access.log.zst | sumun map run --map mine.toml - > access.ndjson\n\n\
                        Exit codes: 0 every input was read to its end, 1 one was cut off or damaged (what was read before it is written) or the \
                        operation failed, 2 the mapping or an input is bad.")]
pub struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Write the report to this file, as JSON, instead of to standard error
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Language of the report
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: Lang,
}

/// Runs it.
///
/// # Errors
/// The mapping is bad, an input cannot be read to its end, or output cannot be written.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mapping = arguments.source.mapping()?;
    let mut run = Run::new(&mapping, arguments.source.given(&mapping)?);
    let mut out = BufWriter::with_capacity(1 << 18, std::io::stdout().lock());
    let mut outcome = Ok(());
    for input in &arguments.source.inputs {
        let (name, from) = open(input)?;
        let mut written: anyhow::Result<()> = Ok(());
        outcome = run.read(&name, from, &mut |row| {
            for line in row.lines {
                let made = to_json(line).map_err(anyhow::Error::from);
                written = made.and_then(|text| Ok(writeln!(out, "{text}")?));
                if written.is_err() {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        });
        written?;
        if outcome.is_err() {
            break;
        }
    }
    out.flush()?;
    let report = run.into_report();
    match &arguments.report {
        None => crate::logging::say(&told::report(&mapping, &report, arguments.lang)),
        Some(path) => {
            let text = format!("{}\n", serde_json::to_string(&report)?);
            std::fs::write(path, text).with_context(|| format!("failed to write `{}`", path.display()))?;
        }
    }
    outcome.map_err(unusable)?;
    if report.whole() { Ok(()) } else { Err(AlreadyTold(FAILED).into()) }
}
