//! The release build of what the demo shows, with how far it is and how long it will take, as well as that can be known.
//!
//! Cargo says which crates are done, in JSON. What is left is weighed (a program that is linked takes as long as many crates) and
//! multiplied by what a unit has taken so far on this machine; before anything is known, by what it took on another one.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::clock::Stopwatch;
use crate::metadata::Metadata;
use crate::run;

/// Packages whose programs are run.
const PACKAGES: [&str; 3] = ["sumun-cli", "sumun-sim", "sumun-demo"];
/// What linking each program weighs, in crates: with optimisation across crates it is a good part of the whole.
const PROGRAMS: [(&str, u32); 3] = [("sumun", 60), ("mock-exchange", 15), ("sumun-demo", 20)];
/// Seconds of one core that a crate takes, before this machine has shown its own: measured on two slow cores.
const CORE_S: f64 = 2.5;
/// Units after which this machine's own pace is believed.
const UNITS_KNOWN: u32 = 25;
/// Between two lines.
const TELL: Duration = Duration::from_secs(10);

/// A line of cargo's; of all there is in it, what is counted.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    package_id: String,
    #[serde(default)]
    fresh: bool,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// How far it is.
#[derive(Debug, Default, PartialEq)]
struct Progress {
    /// All there is to do.
    whole: u32,
    /// What is done, in this run or before.
    done: u32,
    /// What this run did.
    built: u32,
    seen: BTreeSet<String>,
}

impl Progress {
    fn of(crates: u32) -> Self {
        let whole = crates + PROGRAMS.iter().map(|(_, weight)| weight).sum::<u32>();
        Self { whole, ..Self::default() }
    }

    fn note(&mut self, message: &Message) {
        let Some(target) = message.target.as_ref().filter(|_| message.reason == "compiler-artifact") else {
            return;
        };
        let is = |kind: &str| target.kind.iter().any(|of| of == kind);
        if is("custom-build") || !self.seen.insert(format!("{} {}", message.package_id, target.name)) {
            return;
        }
        let program = PROGRAMS.iter().find(|(name, _)| is("bin") && *name == target.name);
        let weight = program.map_or(1, |(_, weight)| *weight);
        self.done += weight;
        self.built += if message.fresh { 0 } else { weight };
    }

    /// Seconds to go, after so many.
    fn left_s(&self, elapsed_s: f64, cores: u32) -> f64 {
        let left = f64::from(self.whole.saturating_sub(self.done));
        let unit = if self.built >= UNITS_KNOWN {
            elapsed_s / f64::from(self.built)
        } else {
            CORE_S / f64::from(cores.max(1))
        };
        left * unit
    }
}

/// What cargo says of each crate, which is counted instead. What it complains of or waits for is shown.
fn is_routine(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or_default();
    matches!(word, "Compiling" | "Downloaded" | "Downloading" | "Finished" | "Fresh" | "Locking" | "Updating")
}

/// In words that claim no more than is known.
fn about(seconds: f64) -> String {
    match seconds {
        ..=20.0 => "some seconds".to_owned(),
        ..=90.0 => "about a minute".to_owned(),
        _ => format!("about {:.0} minutes", seconds / 60.0),
    }
}

/// Builds, and says how far it is.
pub(super) fn build() -> Result<()> {
    let cores =
        std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1));
    let metadata = Metadata::load()?;
    let linked = metadata.linked();
    let mut crates: BTreeSet<&str> = PACKAGES.into();
    crates.extend(PACKAGES.iter().filter_map(|package| linked.get(package)).flatten());
    let mut progress = Progress::of(u32::try_from(crates.len()).unwrap_or(u32::MAX));
    let mut command = run::cargo_with(["build", "--release", "--locked"]);
    command.args(["--message-format", "json-render-diagnostics"]);
    for package in PACKAGES {
        command.args(["-p", package]);
    }
    run::heading(&format!(
        "build: sumun, mock-exchange, sumun-demo (release; {} crates on {cores} cores; {} on this machine if nothing is built yet)",
        crates.len(),
        about(progress.left_s(0.0, cores))
    ));
    let watch = Stopwatch::start();
    command.env("CARGO_TERM_PROGRESS_WHEN", "never").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("failed to start cargo")?;
    let output = child.stdout.take().context("cargo has an output")?;
    let said = child.stderr.take().context("cargo has a second output")?;
    std::thread::spawn(move || {
        for line in BufReader::new(said).lines().map_while(Result::ok).filter(|line| !is_routine(line)) {
            eprintln!("{line}");
        }
    });
    let (send, messages) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let Ok(message) = serde_json::from_str::<Message>(&line) else { continue };
            if send.send(message).is_err() {
                return;
            }
        }
    });
    // Another cargo may be at work first: what is waited for it says nothing of how fast this machine builds.
    let (mut told_s, mut waited_s) = (0.0, None);
    loop {
        match messages.recv_timeout(TELL) {
            Ok(message) => {
                waited_s.get_or_insert(watch.seconds());
                progress.note(&message);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let elapsed_s = watch.seconds();
        if elapsed_s - told_s >= TELL.as_secs_f64() && progress.done < progress.whole {
            told_s = elapsed_s;
            let percent = u64::from(progress.done) * 100 / u64::from(progress.whole.max(1));
            let left_s = progress.left_s(elapsed_s - waited_s.unwrap_or(elapsed_s), cores);
            println!("   {percent:>3} % after {watch}; {} to go", about(left_s));
        }
    }
    let status = child.wait().context("failed to wait for cargo")?;
    if !status.success() {
        bail!("the build failed after {watch} ({status})");
    }
    println!("-- build: done in {watch}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(package: &str, name: &str, kind: &str, fresh: bool) -> Message {
        let target = Some(Target { name: name.to_owned(), kind: vec![kind.to_owned()] });
        Message { reason: "compiler-artifact".to_owned(), package_id: package.to_owned(), fresh, target }
    }

    #[test]
    fn a_program_weighs_more_than_a_crate_and_a_build_script_nothing() {
        let mut progress = Progress::of(10);
        progress.note(&artifact("a", "a", "lib", true));
        progress.note(&artifact("b", "build-script-build", "custom-build", false));
        progress.note(&artifact("b", "b", "lib", false));
        progress.note(&artifact("b", "b", "lib", false));
        assert_eq!((progress.done, progress.built), (2, 1));
        progress.note(&artifact("sumun-cli", "sumun", "bin", false));
        assert_eq!((progress.done, progress.built), (62, 61));
        assert_eq!(progress.whole, 105);
    }

    #[test]
    fn what_cargo_waits_for_or_complains_of_is_shown() {
        assert!(is_routine("   Compiling serde v1.0.228"));
        assert!(!is_routine("    Blocking waiting for file lock on build directory"));
        assert!(!is_routine("error: could not compile `sumun-cli` (lib)"));
    }

    #[test]
    fn what_is_left_is_told_by_this_machines_own_pace_once_it_is_known() {
        let progress = Progress { whole: 300, done: 100, built: 50, ..Progress::default() };
        assert_eq!(about(progress.left_s(60.0, 2)), "about 4 minutes");
        let unknown = Progress { built: 0, ..progress };
        assert_eq!(about(unknown.left_s(60.0, 2)), "about 4 minutes");
        assert_eq!(about(unknown.left_s(60.0, 16)), "about a minute");
        assert_eq!(about(3.0), "some seconds");
    }
}
