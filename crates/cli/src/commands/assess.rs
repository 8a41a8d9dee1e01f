//! `sumun assess`: a readiness report from exports alone, before anything is installed (R188).

use super::assess_sources::{Exports, exports};
use crate::atomic_file;
use crate::clock;
use crate::exit::{AlreadyTold, BadInput, FAILED};
use crate::findings::data::NetworkFiles;
use crate::findings::{DATA_NONE, Reading, Setup};
use anyhow::Context;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use sumun_assess::report::RunTold;
use sumun_assess::{AssessError, Bounds, Progress, Report, With, assess, html, told};
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
                  Exit codes: 0 a report was written (it says what could not be read), 1 no request of the log could be held against a key of the table (the report is written and says so) or the operation failed, 2 a mapping, the policy or an export is bad."
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
    let data = network_data(arguments);
    let setup = Setup::load(arguments.policy.as_deref(), data, Reading::Strict)?;
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
            let took_us = now.micros_since(began);
            let line =
                told_progress(progress, took_us, (read.load(Ordering::Relaxed), bytes), arguments.lang);
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

/// The folder of data on networks; where there is none, that is said once, in the language of the report.
fn network_data(arguments: &Arguments) -> Option<&Path> {
    let given = arguments.data.as_deref();
    if given.is_some() || NetworkFiles::installed().is_some() {
        return given;
    }
    crate::logging::say(match arguments.lang {
        Lang::En => {
            "no public data on networks: which kind a network is of is known from `--networks` alone (`--data DIR` names a folder of such \
             data; `--data none` is silent about it)\n"
        }
        Lang::Ko => {
            "공개 네트워크 자료가 없어 네트워크의 종류는 `--networks`로 받은 자료로만 판단합니다(자료 폴더는 `--data DIR`로 지정하고, 이 안내를 끄려면 `--data none`을 쓰십시오)\n"
        }
    });
    Some(Path::new(DATA_NONE))
}

fn ran(began: Timestamp, lines: u64) -> RunTold {
    let made = clock::now();
    let us = u64::try_from(made.micros_since(began)).unwrap_or(0).max(1);
    let rate = u128::from(lines) * 1_000_000 / u128::from(us);
    RunTold { made, took_ms: us / 1000, lines_per_second: u64::try_from(rate).unwrap_or(u64::MAX) }
}

/// Lines, their rate, and how long it will take: by the bytes of the logs, as these are known beforehand. What was read is a little ahead
/// of what was judged, so once all of it is read nothing is said of the time that is left.
fn told_progress(progress: Progress, took_us: i64, (read, bytes): (u64, u64), lang: Lang) -> String {
    let (rows, lines) = (number(progress.rows), number(progress.lines));
    if progress.lines == 0 {
        return match lang {
            Lang::En => format!("{rows} rows of the tables\n"),
            Lang::Ko => format!("목록 {rows}행\n"),
        };
    }
    let took_us = u64::try_from(took_us).unwrap_or(0).max(1);
    let rate = u128::from(progress.lines) * 1_000_000 / u128::from(took_us);
    let rate = number(u64::try_from(rate).unwrap_or(u64::MAX));
    let at = progress.at.map(|at| at.to_string().chars().take(10).collect::<String>()).unwrap_or_default();
    let mut text = match lang {
        Lang::En => format!("{lines} lines of the log, {rate} a second, at {at}"),
        Lang::Ko => format!("로그 {lines}행, 초당 {rate}행, {at}"),
    };
    if read >= bytes && bytes > 0 {
        text.push_str(match lang {
            Lang::En => ", all of it read, the last lines are being judged",
            Lang::Ko => ", 모두 읽었고 마지막 행들을 판단하는 중",
        });
    } else if read > 0 && bytes > 0 {
        let percent = u128::from(read) * 100 / u128::from(bytes);
        let left_us = u128::from(took_us) * u128::from(bytes - read) / u128::from(read);
        let (seconds, minutes) = (left_us / 1_000_000, (left_us / 1_000_000).div_ceil(60));
        text.push_str(&match lang {
            Lang::En if seconds < 120 => format!(", {percent} %, about {seconds} s left"),
            Lang::En => format!(", {percent} %, about {minutes} min left"),
            Lang::Ko if seconds < 120 => format!(", {percent} %, 약 {seconds}초 남음"),
            Lang::Ko => format!(", {percent} %, 약 {minutes}분 남음"),
        });
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
    let lang = arguments.lang;
    if !cut.is_empty() {
        let cut = cut.join(", ");
        crate::logging::say(&match lang {
            Lang::En => format!(
                "attention: an export was cut off or damaged ({cut}); the report is of what was read before, and says so\n"
            ),
            Lang::Ko => format!(
                "주의: 중간에 끊겼거나 손상된 자료가 있습니다({cut}). 보고서는 그 앞까지 읽은 내용이며, 보고서에도 그렇게 적혀 있습니다\n"
            ),
        });
    }
    for remark in &report.fit.remarks {
        let said = told::remark(remark, lang);
        let attention = match lang {
            Lang::En => "attention",
            Lang::Ko => "주의",
        };
        crate::logging::say(&format!("{attention}: {} {}\n", said.what, said.next));
    }
    crate::logging::say(&summary(report, &folder.to_string(), lang));
    // What the tables alone say is written; of use the report says nothing, and nobody may take it for good news.
    if report.fit.is_nothing() { Err(AlreadyTold(FAILED).into()) } else { Ok(()) }
}

/// The last line: what was read, and where the report is.
fn summary(report: &Report, folder: &str, lang: Lang) -> String {
    let (keys, requests, clusters) = (report.keys.total, report.read.requests, report.clusters.total);
    let (page, json) = (format!("{folder}/report.html"), format!("{folder}/report.json"));
    match lang {
        Lang::En => {
            let count = |n: u64, what: &str| format!("{} {what}{}", number(n), if n == 1 { "" } else { "s" });
            let (keys, requests) = (count(keys, "key"), count(requests, "request"));
            format!("{keys}, {requests}, {}: `{page}`, `{json}`\n", count(clusters, "likely cluster"))
        }
        Lang::Ko => {
            let (keys, requests, clusters) = (number(keys), number(requests), number(clusters));
            format!(
                "키 {keys}개, 요청 {requests}건, 한 사람이 운용하는 것으로 보이는 묶음 {clusters}개: `{page}`, `{json}`\n"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_rate_and_estimate() {
        let progress =
            Progress { rows: 0, lines: 500_000, at: Some("2026-03-02T10:00:00Z".parse().unwrap()) };
        assert_eq!(
            told_progress(progress, 10_000_000, (25, 100), Lang::En),
            "500,000 lines of the log, 50,000 a second, at 2026-03-02, 25 %, about 30 s left\n"
        );
        assert_eq!(
            told_progress(progress, 10_000_000, (1, 100), Lang::Ko),
            "로그 500,000행, 초당 50,000행, 2026-03-02, 1 %, 약 17분 남음\n"
        );
        assert_eq!(
            told_progress(progress, 10_000_000, (100, 100), Lang::En),
            "500,000 lines of the log, 50,000 a second, at 2026-03-02, all of it read, the last lines are being judged\n"
        );
        let pipe = told_progress(Progress { rows: 7, lines: 2048, at: None }, 0, (0, 0), Lang::En);
        assert_eq!(pipe, "2,048 lines of the log, 2,048,000,000 a second, at \n");
        let table = told_progress(Progress { rows: 7, lines: 0, at: None }, 9_000_000, (1, 2), Lang::En);
        assert_eq!(table, "7 rows of the tables\n");
    }
}
