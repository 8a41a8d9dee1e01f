//! `cargo xtask test`: set up, check and build the console, build what tests start, run every test, then `trace`.
//!
//! Judges nothing itself. The last lines printed are the runners' own closing lines, so that a reader of a log's
//! end sees the counts. Tests choose their lane by name: one with `real_client` in it needs Python packages, one with
//! `campaign` in it runs long even once.

use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::{console, fuzz, run, setup, space, trace};

/// Read by crash and property campaigns: by how much to multiply a quick run.
const CAMPAIGN_CASES: &str = "SUMUN_CAMPAIGN_CASES";

/// The factor under `--all`, unless the environment says otherwise. A quick run takes half a minute of processor
/// time, so this is some twelve minutes on two cores.
const CAMPAIGN_CASES_ALL: &str = "50";

/// Seconds each fuzz target runs under `--all`.
const FUZZ_SECONDS_ALL: u32 = 120;

/// Built once, together with the tests: apart from them their packages would have other features, and the whole workspace would be
/// compiled a second time.
const STARTED_BY_TESTS: [&str; 3] = ["sumun", "mock-exchange", "sumun-demo"];

/// Parts of test names that `--quick` leaves out.
const SLOW: [&str; 2] = ["real_client", "campaign"];

#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Leave out the console, the real clients and the crash campaigns.
    #[arg(long, conflicts_with = "all")]
    quick: bool,
    /// Add long crash campaigns, fuzz runs, and the bridge to Kafka with TLS.
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    space::check()?;
    let mut closing = Vec::new();
    let mut failed = Vec::new();
    if !options.quick {
        setup::run()?;
        // Its own tools know best what is wrong with the console; a build of broken sources would say it worse.
        let (passed, lines) = run::keeping("console", &mut console::script("check")?, console::is_closing)?;
        closing.extend(lines);
        if !passed {
            failed.push("console");
        }
        console::build()?;
    }
    run::step("build the tests and what they start", &mut build())?;

    let mut pass = |what: &'static str, mut command: Command, keep: fn(&str) -> bool| -> Result<()> {
        let (passed, lines) = run::keeping(what, &mut command, keep)?;
        closing.extend(lines);
        if !passed {
            failed.push(what);
        }
        Ok(())
    };
    pass("doc tests", run::cargo_with(["test", "--doc", "--workspace", "--locked"]), is_closing)?;
    pass("tests", tests(options), is_closing)?;
    pass("verifier of a stranger", stranger(options), is_closing)?;
    if options.all {
        pass("bridge to Kafka with TLS", bridge_with_tls(), is_closing)?;
    }
    if !options.quick {
        pass("browser tests", console::browser_tests()?, console::is_closing_of_browser_tests)?;
    }

    if trace_fails()? {
        failed.push("trace");
    }
    if options.all
        && let Err(error) = fuzz::run_all(FUZZ_SECONDS_ALL)
    {
        eprintln!("fuzz: {error:#}");
        failed.push("fuzz");
    }

    run::heading("closing lines");
    if !failed.is_empty() {
        println!("failed: {}", failed.join(", "));
    }
    for line in &closing {
        println!("{line}");
    }
    if closing.is_empty() {
        bail!("the test runner printed no counts");
    }
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn trace_fails() -> Result<bool> {
    run::heading("trace");
    Ok(trace::run()? != ExitCode::SUCCESS)
}

fn build() -> Command {
    let mut command = build_what_is_started();
    command.arg("--tests");
    command
}

/// The programs alone.
pub(crate) fn build_what_is_started() -> Command {
    let mut command = run::cargo_with(["build", "--workspace", "--locked"]);
    for name in STARTED_BY_TESTS {
        command.args(["--bin", name]);
    }
    command
}

/// nextest where it is installed (it runs tests in parallel processes), else cargo's own runner.
fn tests(options: &Options) -> Command {
    let nextest = run::succeeds(&mut run::cargo_with(["nextest", "--version"]));
    let mut command = if nextest {
        run::cargo_with(["nextest", "run", "--workspace", "--locked", "--no-fail-fast"])
    } else {
        run::cargo_with(["test", "--workspace", "--locked", "--no-fail-fast", "--tests"])
    };
    if nextest && options.all {
        command.args(["--profile", "all"]);
    }
    if options.quick {
        command.arg("--");
        for name in SLOW {
            command.args(["--skip", name]);
        }
    }
    if options.all && std::env::var_os(CAMPAIGN_CASES).is_none() {
        command.env(CAMPAIGN_CASES, CAMPAIGN_CASES_ALL);
    }
    command
}

/// The bridge as docs/adopt/kafka.md has it built for TLS. Its OpenSSL is built from source, which takes minutes: too long for every run.
fn bridge_with_tls() -> Command {
    run::cargo_with([
        "test",
        "--release",
        "--locked",
        "--package",
        "sumun-kafka",
        "--features",
        "tls",
        "--test",
        "bridge",
        "tls",
    ])
}

/// The ledger's second verifier, in Python without packages; its tests write no files outside a temporary folder.
fn stranger(options: &Options) -> Command {
    let mut command = Command::new(setup::interpreter());
    command.current_dir(run::root()).arg("tests/verifier/test_verify_ledger.py");
    if options.quick {
        command.env("SUMUN_QUICK", "1");
    }
    command
}

/// The line in which a runner gives its counts: `test result: …` of cargo, `Summary [ … ]` of nextest, `Ran …` of Python.
fn is_closing(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("test result: ")
        || line.starts_with("Summary [")
        || (line.starts_with("Ran ") && line.contains(" in "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_of_every_runner_are_kept() {
        assert!(is_closing("test result: ok. 3 passed; 0 failed; 0 ignored"));
        assert!(is_closing("     Summary [   0.005s] 3 tests run: 3 passed, 0 skipped"));
        assert!(!is_closing("test trace::tests::result ... ok"));
        assert!(is_closing("Ran 58 tests in 18.162s"));
        assert!(!is_closing("running 3 tests"));
    }
}
