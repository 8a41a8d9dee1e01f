//! `sumun assess` over two made-up exports of one population, as large as an exchange's: rate, memory, and whether its findings are the
//! truth.
//!
//! The exports are [`sumun_sim::exports`]', the same code as the small pair of the tests. The command is this very program, in a process
//! of its own. A count that is not the truth's is an error, as a rate of wrong findings is no rate; what detection found is told beside
//! who is who.

use crate::detect::house::AS_COMMAND;
use crate::machine;
use crate::report::Row;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use sumun_sim::exports::check::{counts, detected};
use sumun_sim::exports::{Options, Progress, Truth, write};

/// Entries of every list in the report: all clusters are to be looked at.
const FIRST: &str = "5000";

/// How busy keys have to be for a log of that many lines, in thousandths of the usual: usual keys of this population make some seventy
/// requests a day, and an eighth more are made than are written.
#[must_use]
pub fn activity(keys: u32, days: u32, lines: u64) -> u32 {
    let daily_milli = lines * 1000 / u64::from(keys.max(1)) / u64::from(days.max(1));
    u32::try_from(daily_milli * 9 / 8 * 10 / 680).unwrap_or(u32::MAX).clamp(20, 10_000)
}

/// Writes the exports, unless they are there.
///
/// # Errors
/// They cannot be written.
pub fn exports(options: &Options, folder: &Path) -> Result<Vec<Row>> {
    if folder.join("damaged/truth.json").exists() {
        return Ok(Vec::new());
    }
    let watch = crate::clock::Stopwatch::start();
    let mut told = 0;
    let mut progress = |progress: Progress| {
        if progress.lines >= told + 1_000_000 {
            told = progress.lines;
            let seconds = watch.elapsed().as_secs_f64();
            eprintln!(
                "{} requests, {:.0} a second, at {}",
                progress.lines,
                progress.lines as f64 / seconds,
                progress.at
            );
        }
    };
    let (plain, _) = write(options, folder, &mut progress).context("failed to write the exports")?;
    ensure!(
        plain.requests == options.lines,
        "the world ended behind {} requests; raise --activity",
        plain.requests
    );
    let seconds = watch.elapsed().as_secs_f64();
    let row = |name: &str, unit: &str, n: f64| Row::figure("exports", name.to_owned(), unit, n);
    Ok(vec![
        row("requests, each written in two formats", "", plain.requests as f64),
        row("took", "s", seconds),
        row("rate", "requests/s", plain.requests as f64 / seconds),
        row("memory of the generator, most", "MiB", machine::peak_bytes_of(std::process::id())? as f64 / MIB),
    ])
}

const MIB: f64 = 1_048_576.0;

/// Runs the command over one of them and holds its report against the truth.
///
/// # Errors
/// The command fails, or a count is not the truth's.
pub fn assess(folder: &Path, name: &str, lang: &str, shards: Option<usize>) -> Result<Vec<Row>> {
    let at = folder.join(name);
    let path = |file: &str| at.join(file).display().to_string();
    let (access, map) =
        if name == "plain" { ("access.log.gz", "nginx-json") } else { ("access.json.gz", "envoy-json") };
    let out = path("report");
    let mut command = Command::new(std::env::current_exe()?);
    command.env(AS_COMMAND, "1").stdin(Stdio::null()).arg("assess");
    for (option, file) in [
        ("--keys", "keys.csv"),
        ("--accounts", "accounts.csv"),
        ("--sessions", "sessions.csv"),
        ("--networks", "networks.csv"),
        ("--vendors", "vendors.csv"),
        ("--access", access),
    ] {
        command.args([option, &path(file)]);
    }
    command.args(["--map", map, "--data", "none", "--first", FIRST, "--lang", lang, "--out", &out]);
    if let Some(shards) = shards {
        command.args(["--shards", &shards.to_string()]);
    }
    let watch = crate::clock::Stopwatch::start();
    let mut child = command.spawn().context("failed to start the command")?;
    let mut most = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // It may be gone by now.
        most = machine::peak_bytes_of(child.id()).unwrap_or(0).max(most);
        sleep(Duration::from_millis(200));
    };
    ensure!(status.success(), "`sumun assess` failed: {status}");
    let seconds = watch.elapsed().as_secs_f64();
    let truth: Truth = serde_json::from_slice(&std::fs::read(at.join("truth.json"))?)?;
    let report: Value = serde_json::from_slice(&std::fs::read(at.join("report/report.json"))?)?;
    let held = counts(&report, &truth);
    let wrong: Vec<String> = held
        .iter()
        .filter(|held| !held.holds())
        .map(|held| format!("  {}: {:?} instead of {}", held.what, held.found, held.truth))
        .collect();
    if !wrong.is_empty() {
        bail!("{name}: {} of {} counts are not the truth's\n{}", wrong.len(), held.len(), wrong.join("\n"));
    }
    let figure = |what: &str, unit: &str, n: f64| Row::figure(name, what.to_owned(), unit, n);
    let found = detected(&report, &truth);
    let kept = report.pointer("/read/kept_entries").and_then(Value::as_u64).unwrap_or(0);
    Ok(vec![
        figure("log lines", "", truth.records as f64),
        figure("took", "s", seconds),
        figure("rate", "lines/s", truth.records as f64 / seconds),
        figure("memory, most", "MiB", most as f64 / MIB),
        figure("memory of a key of the table", "bytes", most as f64 / truth.keys.max(1) as f64),
        figure("entries kept by the report's counting", "", kept as f64),
        figure("counts equal to the truth", "", held.len() as f64),
        figure("pools that began with five keys or more", "", found.pools as f64),
        figure("of these in a cluster", "", found.pools_found as f64),
        figure("clusters said to have one operator", "", found.lent as f64).note(format!(
            "{} of them name more than one honest key; {} clusters in all, {} of them a shared business line",
            found.lent_with_honest, found.total, found.office_lines
        )),
        figure("keys warned or more by machine", "", found.cut.0 as f64)
            .note(format!("{} of them honest", found.cut.1)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_is_sized_by_its_lines() {
        assert_eq!(activity(1_000_000, 1, 50_000_000), 827);
        assert_eq!(activity(1_000, 1, 1_000), 20);
    }
}
