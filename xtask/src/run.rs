//! Starting child processes: announce, run, time, and say plainly what failed.
//!
//! Never interprets what a child prints, except to keep the lines a caller asked for.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context, Result, bail};

use crate::clock::Stopwatch;

/// The repository's root folder.
pub(crate) fn root() -> PathBuf {
    // xtask's own manifest folder is always directly below the root.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The cargo that started us, else the one on the path.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// `cargo` with these arguments.
pub(crate) fn cargo_with<const N: usize>(args: [&str; N]) -> Command {
    let mut command = cargo();
    command.args(args);
    command
}

/// The command as a person would type it.
fn typed(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut text = program.to_string_lossy().into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}

/// Prints a heading for what follows.
pub(crate) fn heading(text: &str) {
    println!("\n== {text}");
    std::io::stdout().flush().ok();
}

/// Runs with inherited output; an error says what failed and with which status.
pub(crate) fn step(what: &str, command: &mut Command) -> Result<()> {
    let line = typed(command);
    heading(&format!("{what}: {line}"));
    let watch = Stopwatch::start();
    let status = command.status().with_context(|| format!("failed to start `{line}`"))?;
    if !status.success() {
        bail!("{what} failed after {watch} ({status}): `{line}`");
    }
    println!("-- {what}: done in {watch}");
    Ok(())
}

/// Runs, passes both outputs through, and returns success and the lines `keep` chose, in order.
pub(crate) fn keeping(
    what: &str,
    command: &mut Command,
    keep: fn(&str) -> bool,
) -> Result<(bool, Vec<String>)> {
    let line = typed(command);
    heading(&format!("{what}: {line}"));
    let watch = Stopwatch::start();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("failed to start `{line}`"))?;
    let kept = Mutex::new(Vec::new());
    let (out, err) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        scope.spawn(|| out.map(|pipe| pass_on(pipe, &mut std::io::stdout(), &kept, keep)));
        scope.spawn(|| err.map(|pipe| pass_on(pipe, &mut std::io::stderr(), &kept, keep)));
    });
    let status = child.wait().with_context(|| format!("failed to wait for `{line}`"))?;
    println!("-- {what}: {} in {watch}", if status.success() { "passed" } else { "failed" });
    Ok((status.success(), kept.into_inner().unwrap_or_default()))
}

fn pass_on(pipe: impl Read, out: &mut impl Write, kept: &Mutex<Vec<String>>, keep: fn(&str) -> bool) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    // A test may print bytes that are not UTF-8, so lines are read as bytes.
    while pipe.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
        out.write_all(&line).and_then(|()| out.flush()).ok();
        let text = String::from_utf8_lossy(&line);
        if keep(text.trim_end())
            && let Ok(mut kept) = kept.lock()
        {
            kept.push(text.trim_end().to_owned());
        }
        line.clear();
    }
}

/// Whether the command starts and succeeds; prints nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Standard output of a command that must succeed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = typed(command);
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("failed to start `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` failed ({})", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` printed text that is not UTF-8"))
}
