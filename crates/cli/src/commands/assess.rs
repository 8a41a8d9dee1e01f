//! `sumun assess`: a readiness report from exports alone, before anything is installed (R188).

use super::assess_sources::{Exports, exports};
use crate::atomic_file;
use crate::clock;
use crate::exit::BadInput;
use crate::findings::{Reading, Setup};
use anyhow::Context;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use sumun_assess::report::RunTold;
use sumun_assess::{AssessError, Bounds, Progress, Report, With, assess, html};
use sumun_detect::Options;
use sumun_mapping::told::number;
use sumun_model::{Lang, Timestamp};
use sumun_policy::Approve;

/// How often progress is told, microseconds.
const TOLD_EVERY_US: i64 = 2_000_000;

/// Write a readiness report from exports alone: keys, accounts, an access log, and more where there is more.
///
/// Works offline and changes nothing. Ids may be, and should be, hashed with a key that stays with you, the same in every export: the true
/// ones are never needed, nor any secret. Logs may be larger than memory: what is kept goes by keys, accounts, addresses and days. Tables
/// count as of the beginning of the log. Detection and the policy's ladder are run dry: nobody is warned, nothing is cut.
///
/// Writes `report.html` (one printable file, nothing in it is fetched) and `report.json`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sumun assess --keys keys.csv --accounts accounts.csv --access access.log.gz --out report\n  \
                  sumun assess --keys keys.csv --access access.log.2.gz --access access.log.1.gz --sessions sessions.csv --map envoy-json --lang ko --out report\n  \
                  sumun assess --keys keys.csv --access front.log --orders orders.csv --map our-front.toml --map our-keys.toml --paths coinone --out report\n\n\
                  Exit codes: 0 a report was written (it says what could not be read), 1 the operation failed, 2 a mapping, the policy or an export is bad."
)]
pub struct Arguments {
    #[command(flatten)]
    exports: Exports,
    /// Policy file [default: policies/default.toml, which the program also has in itself]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Folder of data files on networks, or `none` [default: those installed, if there are any]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Language of the report
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: Lang,
    /// Folder the report is written to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// A key unused for so many days is dormant
    #[arg(long, value_name = "DAYS", default_value_t = Bounds::default().dormant_days)]
    dormant_days: u32,
    /// Longest time a key may be valid
    #[arg(long, value_name = "DAYS", default_value_t = Bounds::default().validity_days_max)]
    validity_days: u32,
    /// Registered IPv4 prefixes shorter than this are wide
    #[arg(long, value_name = "BITS", default_value_t = Bounds::default().wide_v4)]
    wide_v4: u8,
    /// Registered IPv6 prefixes shorter than this are wide
    #[arg(long, value_name = "BITS", default_value_t = Bounds::default().wide_v6)]
    wide_v6: u8,
    /// Most entries of each list in the report
    #[arg(long, value_name = "COUNT", default_value_t = Bounds::default().list_max)]
    first: usize,
    /// Threads of detection [default: as many as there are processors]; never changes the report
    #[arg(long, value_name = "COUNT")]
    shards: Option<NonZeroUsize>,
}

/// Runs it.
///
/// # Errors
/// A mapping, the policy or an export is bad, or the report cannot be written.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let began = clock::now();
    let setup = Setup::load(arguments.policy.as_deref(), arguments.data.as_deref(), Reading::Strict)?;
    let mappings = arguments.exports.mappings()?;
    let read = Arc::new(AtomicU64::new(0));
    let (sources, bytes) = exports(&arguments.exports, &mappings, &read)?;
    let shards = arguments.shards.or_else(|| std::thread::available_parallelism().ok());
    let options = Options { shards: shards.unwrap_or(NonZeroUsize::MIN), ..Options::default() };
    // Nobody approves anything: what needs people stays a proposal.
    let mut engine = setup.engine(options, Approve::None, arguments.lang);
    let mut told = began;
    let mut progress = |progress: Progress| {
        let now = clock::now();
        if now.micros_since(told) >= TOLD_EVERY_US {
            told = now;
            let line = told_progress(progress, now.micros_since(began), read.load(Ordering::Relaxed), bytes);
            crate::logging::say(&line);
        }
    };
    let mut with = With {
        policy: &setup.policy,
        data: setup.data.as_ref(),
        bounds: Bounds {
            dormant_days: arguments.dormant_days,
            validity_days_max: arguments.validity_days,
            wide_v4: arguments.wide_v4,
            wide_v6: arguments.wide_v6,
            list_max: arguments.first,
            ..Bounds::default()
        },
        lang: arguments.lang,
        progress: &mut progress,
    };
    let mut report = assess(sources, &mut engine, &mut with).map_err(|error| match error {
        AssessError::Input(error) => super::map::unusable(error),
        error @ (AssessError::NoEvents | AssessError::NoKeys) => BadInput(error.to_string()).into(),
        error @ AssessError::Fault(_) => error.into(),
    })?;
    report.run = Some(ran(began, engine.counts().lines));
    write(arguments, &report)
}

fn ran(began: Timestamp, lines: u64) -> RunTold {
    let made = clock::now();
    let us = u64::try_from(made.micros_since(began)).unwrap_or(0).max(1);
    let rate = u128::from(lines) * 1_000_000 / u128::from(us);
    RunTold { made, took_ms: us / 1000, lines_per_second: u64::try_from(rate).unwrap_or(u64::MAX) }
}

/// Lines, their rate, and how long it will take: by the bytes of the logs, as these are known beforehand.
fn told_progress(progress: Progress, took_us: i64, read: u64, bytes: u64) -> String {
    if progress.lines == 0 {
        return format!("{} rows of the tables\n", number(progress.rows));
    }
    let took_us = u64::try_from(took_us).unwrap_or(0).max(1);
    let rate = u128::from(progress.lines) * 1_000_000 / u128::from(took_us);
    let rate = number(u64::try_from(rate).unwrap_or(u64::MAX));
    let at = progress.at.map(|at| at.to_string().chars().take(10).collect::<String>()).unwrap_or_default();
    let mut text = format!("{} lines of the log, {rate} a second, at {at}", number(progress.lines));
    if bytes > 0 && read > 0 {
        let percent = (u128::from(read) * 100 / u128::from(bytes)).min(100);
        let left_us = u128::from(took_us) * u128::from(bytes.saturating_sub(read)) / u128::from(read);
        let left = match left_us / 1_000_000 {
            seconds @ ..120 => format!("{seconds} s"),
            seconds => format!("{} min", seconds.div_ceil(60)),
        };
        text.push_str(&format!(", {percent} %, about {left} left"));
    }
    text.push('\n');
    text
}

fn write(arguments: &Arguments, report: &Report) -> anyhow::Result<()> {
    let folder = arguments.out.display();
    std::fs::create_dir_all(&arguments.out)
        .with_context(|| format!("failed to make the folder `{folder}`"))?;
    let json = serde_json::to_string_pretty(report)? + "\n";
    atomic_file::replace(&arguments.out.join("report.json"), json.as_bytes())?.warned();
    atomic_file::replace(&arguments.out.join("report.html"), html::page(report).as_bytes())?.warned();
    let cut: Vec<&str> = report
        .read
        .sources
        .iter()
        .filter(|source| !source.counted.whole())
        .map(|source| source.counted.mapping.as_str())
        .collect();
    if !cut.is_empty() {
        crate::logging::say(&format!(
            "attention: an export was cut off or damaged ({}); the report is of what was read before, and says so\n",
            cut.join(", ")
        ));
    }
    let count = |n: u64, what: &str| format!("{} {what}{}", number(n), if n == 1 { "" } else { "s" });
    crate::logging::say(&format!(
        "{}, {}, {}: `{folder}/report.html`, `{folder}/report.json`\n",
        count(report.keys.total, "key"),
        count(report.read.requests, "request"),
        count(report.clusters.total, "likely cluster"),
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_rate_and_estimate() {
        let progress =
            Progress { rows: 0, lines: 500_000, at: Some("2026-03-02T10:00:00Z".parse().unwrap()) };
        assert_eq!(
            told_progress(progress, 10_000_000, 25, 100),
            "500,000 lines of the log, 50,000 a second, at 2026-03-02, 25 %, about 30 s left\n"
        );
        let pipe = told_progress(Progress { rows: 7, lines: 2048, at: None }, 0, 0, 0);
        assert_eq!(pipe, "2,048 lines of the log, 2,048,000,000 a second, at \n");
        let table = told_progress(Progress { rows: 7, lines: 0, at: None }, 9_000_000, 1, 2);
        assert_eq!(table, "7 rows of the tables\n");
    }
}
