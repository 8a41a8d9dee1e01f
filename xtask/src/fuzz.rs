//! `cargo xtask fuzz`: libFuzzer targets on the stable toolchain, without any tool to install.
//!
//! `fuzz/` is a workspace of its own, so that its flags and its runtime never reach the product. The compiler's
//! coverage passes are asked for by flags; `--target` keeps those flags off build scripts. No address sanitizer:
//! it needs a nightly compiler, and the targets hold no unsafe code.
//!
//! Seeds are small named files in `fuzz/corpus/<target>/`; what a run learns is kept in the build folder and starts
//! the next run. An input that fails lands in `fuzz/artifacts/<target>/`, which git ignores: fix, then add it as a
//! named seed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::{run, setup};

/// Coverage for libFuzzer as LLVM passes: counters in line, a table of program counters, compared values.
const RUSTFLAGS: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    --cfg fuzzing -Cdebug-assertions -Ccodegen-units=1";

/// Longest input tried, in bytes: above every size limit a parser under test states for one message.
const INPUT_BYTES_MAX: u32 = 16_384;

/// One input that takes longer than this is a finding.
const INPUT_SECONDS_MAX: u32 = 10;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Which target; without it, every one in turn.
    target: Option<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Only list the targets.
    #[arg(long)]
    list: bool,
}

#[derive(Deserialize)]
struct Manifest {
    bin: Vec<Bin>,
}

#[derive(Deserialize)]
struct Bin {
    name: String,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let known = targets()?;
    if options.list {
        known.iter().for_each(|target| println!("{target}"));
        return Ok(ExitCode::SUCCESS);
    }
    match &options.target {
        None => run_all(options.seconds)?,
        Some(target) if known.contains(target) => {
            setup::compilers()?;
            run_one(target, options.seconds)?;
        }
        Some(target) => bail!("no fuzz target `{target}`; there is: {}", known.join(", ")),
    }
    Ok(ExitCode::SUCCESS)
}

/// Every target in turn; all run even when one finds something.
pub(crate) fn run_all(seconds: u32) -> Result<()> {
    setup::compilers()?;
    let mut failed = Vec::new();
    for target in targets()? {
        if let Err(error) = run_one(&target, seconds) {
            eprintln!("fuzz: {error:#}");
            failed.push(target);
        }
    }
    if !failed.is_empty() {
        bail!("fuzzing found something in: {}", failed.join(", "));
    }
    Ok(())
}

fn folder() -> PathBuf {
    run::root().join("fuzz")
}

fn seeds(target: &str) -> PathBuf {
    folder().join("corpus").join(target)
}

/// The targets are the binaries of fuzz/Cargo.toml.
fn targets() -> Result<Vec<String>> {
    let path = folder().join("Cargo.toml");
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let manifest: Manifest = toml::from_str(&text).context("fuzz/Cargo.toml names no binaries")?;
    Ok(manifest.bin.into_iter().map(|bin| bin.name).collect())
}

fn run_one(target: &str, seconds: u32) -> Result<()> {
    let host = host()?;
    let target_dir = run::target_dir().join("fuzz");
    let mut build = run::cargo_with(["build", "--release", "--manifest-path", "fuzz/Cargo.toml"]);
    build.args(["--bin", target, "--target", &host, "--target-dir"]).arg(&target_dir);
    build.env("RUSTFLAGS", RUSTFLAGS).env_remove("CARGO_ENCODED_RUSTFLAGS");
    run::step(&format!("fuzz {target}: build"), &mut build)?;

    let seeds = seeds(target);
    let learnt = target_dir.join("corpus").join(target);
    let artifacts = folder().join("artifacts").join(target);
    for dir in [&learnt, &artifacts] {
        std::fs::create_dir_all(dir).with_context(|| format!("failed to create {}", dir.display()))?;
    }
    let before = names(&learnt)?.len();
    let mut fuzzer = Command::new(target_dir.join(&host).join("release").join(target));
    fuzzer.current_dir(folder());
    fuzzer.args([
        format!("-max_total_time={seconds}"),
        format!("-max_len={INPUT_BYTES_MAX}"),
        format!("-timeout={INPUT_SECONDS_MAX}"),
        format!("-artifact_prefix={}/", artifacts.display()),
        "-print_final_stats=1".to_owned(),
    ]);
    let (passed, lines) =
        run::keeping(&format!("fuzz {target}"), fuzzer.args([&learnt, &seeds]), is_progress)?;
    if !passed {
        bail!("`{target}` failed; the input is in fuzz/artifacts/{target}/");
    }
    let after = names(&learnt)?.len();
    let (first, last) = (covered(lines.first()), covered(lines.last()));
    println!("fuzz {target}: inputs learnt {before} -> {after}, points covered {first} -> {last}");
    // A binary without counters runs happily and learns nothing.
    if last == 0 {
        bail!("`{target}` reports no coverage: the compiler ignored the coverage flags");
    }
    Ok(())
}

/// Lines in which libFuzzer states its coverage, such as `#12 NEW cov: 345 ft: 400 …`.
fn is_progress(line: &str) -> bool {
    line.starts_with('#') && line.contains(" cov: ")
}

fn covered(line: Option<&String>) -> u64 {
    let after = line.and_then(|line| line.split(" cov: ").nth(1)).unwrap_or_default();
    after.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn names(folder: &Path) -> Result<BTreeSet<std::ffi::OsString>> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("failed to list {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.file_name())).collect()
}

/// The platform this compiler builds for.
fn host() -> Result<String> {
    let text = run::output(Command::new("rustc").arg("-vV"))?;
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context("rustc names no host platform")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_is_read_from_progress_lines() {
        let line = "#2\tINITED cov: 24 ft: 25 corp: 1/1b exec/s: 0 rss: 27Mb".to_owned();
        assert!(is_progress(&line));
        assert_eq!(covered(Some(&line)), 24);
        assert_eq!(covered(None), 0);
        assert!(!is_progress("INFO: Loaded 1 modules (1234 inline 8-bit counters)"));
    }

    #[test]
    fn every_target_has_its_file_and_seeds() {
        for target in targets().unwrap() {
            assert!(folder().join("targets").join(format!("{target}.rs")).is_file(), "{target}");
            assert!(!names(&seeds(&target)).unwrap().is_empty(), "{target}");
        }
    }
}
