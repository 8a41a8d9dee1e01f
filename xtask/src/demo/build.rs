//! The release build of what the demo shows, with how far it is and what is left.
//!
//! Cargo says which crates are done, in JSON. How long it may take is told once, before it begins, by what it took on another machine. On the
//! way no time is guessed: a program that is linked takes as long as many crates and says nothing meanwhile, so that any guess would climb.

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
/// Seconds of one core that a crate takes: measured on two slow cores.
const CORE_S: f64 = 2.5;
/// Between two lines.
const TELL: Duration = Duration::from_secs(10);

/// A line of cargo's; of all there is in it, what is counted.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    package_id: String,
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
    /// Programs that are linked.
    linked: BTreeSet<&'static str>,
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
        self.done += program.map_or(1, |(_, weight)| *weight);
        self.linked.extend(program.map(|(name, _)| *name));
    }

    /// Seconds that all of it takes if nothing is built yet.
    fn whole_s(&self, cores: u32) -> f64 {
        f64::from(self.whole) * CORE_S / f64::from(cores.max(1))
    }

    fn percent(&self) -> u64 {
        u64::from(self.done.min(self.whole)) * 100 / u64::from(self.whole.max(1))
    }

    /// What is left, in words.
    fn left(&self) -> String {
        let open = || PROGRAMS.iter().filter(|(name, _)| !self.linked.contains(name));
        let weight: u32 = open().map(|(_, weight)| weight).sum();
        match self.whole.saturating_sub(self.done).saturating_sub(weight) {
            0 => {
                let names: Vec<_> = open().map(|(name, _)| *name).collect();
                format!("linking {}, which says nothing until it is done", names.join(", "))
            }
            1 => "1 crate to go, then the programs are linked".to_owned(),
            crates => format!("{crates} crates to go, then the programs are linked"),
        }
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
        about(progress.whole_s(cores))
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
    let mut told_s = 0.0;
    loop {
        match messages.recv_timeout(TELL) {
            Ok(message) => progress.note(&message),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let elapsed_s = watch.seconds();
        if elapsed_s - told_s >= TELL.as_secs_f64() && progress.done < progress.whole {
            told_s = elapsed_s;
            println!("   {:>3} % after {watch}; {}", progress.percent(), progress.left());
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

    fn artifact(package: &str, name: &str, kind: &str) -> Message {
        let target = Some(Target { name: name.to_owned(), kind: vec![kind.to_owned()] });
        Message { reason: "compiler-artifact".to_owned(), package_id: package.to_owned(), target }
    }

    #[test]
    fn a_program_weighs_more_than_a_crate_and_a_build_script_nothing() {
        let mut progress = Progress::of(10);
        progress.note(&artifact("a", "a", "lib"));
        progress.note(&artifact("b", "build-script-build", "custom-build"));
        progress.note(&artifact("b", "b", "lib"));
        progress.note(&artifact("b", "b", "lib"));
        assert_eq!((progress.done, progress.whole), (2, 105));
        progress.note(&artifact("sumun-cli", "sumun", "bin"));
        assert_eq!((progress.done, progress.percent()), (62, 59));
    }

    #[test]
    fn what_is_left_is_named_and_no_time_is_guessed_on_the_way() {
        let mut progress = Progress::of(3);
        let mut told = vec![progress.left()];
        for name in ["a", "b", "c"] {
            progress.note(&artifact(name, name, "lib"));
            told.push(progress.left());
        }
        progress.note(&artifact("sumun-sim", "mock-exchange", "bin"));
        told.push(progress.left());
        assert_eq!(
            told,
            [
                "3 crates to go, then the programs are linked",
                "2 crates to go, then the programs are linked",
                "1 crate to go, then the programs are linked",
                "linking sumun, mock-exchange, sumun-demo, which says nothing until it is done",
                "linking sumun, sumun-demo, which says nothing until it is done",
            ]
        );
    }

    #[test]
    fn what_cargo_waits_for_or_complains_of_is_shown() {
        assert!(is_routine("   Compiling serde v1.0.228"));
        assert!(!is_routine("    Blocking waiting for file lock on build directory"));
        assert!(!is_routine("error: could not compile `sumun-cli` (lib)"));
    }

    #[test]
    fn how_long_all_of_it_takes_is_told_once_by_the_cores_there_are() {
        let progress = Progress::of(205);
        assert_eq!(about(progress.whole_s(2)), "about 6 minutes");
        assert_eq!(about(progress.whole_s(16)), "about a minute");
        assert_eq!(about(3.0), "some seconds");
    }
}
