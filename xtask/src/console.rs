//! The console's own tools, started from here: types, unit tests, build, browser tests.
//!
//! Knows how npm is called and what a build is made from; holds nothing of the console itself. The server embeds `console/dist`, which
//! plain cargo does without.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::{run, setup};

/// Where the console is, from the root.
pub(crate) const FOLDER: &str = "console";

/// What a build is made from, from the console's folder: folders wholly, and files.
const SOURCES: [&str; 9] = [
    "../docs/openapi.json",
    "owner.html",
    "package-lock.json",
    "package.json",
    "scripts",
    "src",
    "staff.html",
    "tsconfig.json",
    "vite.config.ts",
];

/// Made from the description of the API by the build itself.
const MADE: &str = "src/api/schema.d.ts";

/// What a build leaves, from the console's folder.
const BUILT: [&str; 2] = ["dist/staff/staff.html", "dist/owner/owner.html"];

/// Tells the browser tests where the demo's program is.
const DEMO: &str = "SUMUN_DEMO";

/// Says from which sources the build was made.
const BUILT_FROM: &str = "dist/built-from.txt";

/// npm in the console's folder, with a Node that will do first on the path.
pub(crate) fn npm() -> Result<Command> {
    let mut command = Command::new("npm");
    if let Some(bin) = setup::node::path()? {
        let rest = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(bin.clone()).chain(std::env::split_paths(&rest)))
            .context("the path to Node.js cannot stand in PATH")?;
        command = Command::new(bin.join("npm"));
        command.env("PATH", path);
    }
    command.current_dir(run::root().join(FOLDER));
    Ok(command)
}

/// One of the scripts of console/package.json.
pub(crate) fn script(name: &str) -> Result<Command> {
    if !setup::packages::is_current(&run::root().join(FOLDER)) {
        bail!("the console's packages are not those of its lock file; `cargo xtask setup` brings them");
    }
    let mut command = npm()?;
    command.args(["run", "--silent", name]);
    Ok(command)
}

/// Writes `console/dist`: the console and the owner's page. Does nothing where its sources are what they were.
pub(crate) fn build() -> Result<()> {
    let folder = run::root().join(FOLDER);
    let digest = digest(&folder)?;
    let stamp = folder.join(BUILT_FROM);
    let complete = BUILT.iter().all(|file| folder.join(file).is_file());
    if complete && std::fs::read_to_string(&stamp).is_ok_and(|text| text == digest) {
        println!("console: built, current");
        return Ok(());
    }
    if stamp.exists() {
        std::fs::remove_file(&stamp).with_context(|| format!("failed to remove {}", stamp.display()))?;
    }
    run::step("build the console", &mut script("build")?)?;
    std::fs::write(&stamp, digest).with_context(|| format!("failed to write {}", stamp.display()))
}

/// The line in which vitest gives its counts.
pub(crate) fn is_closing(line: &str) -> bool {
    line.trim_start().starts_with("Tests  ")
}

/// The browser tests, against the demo's program as it is built for tests.
pub(crate) fn browser_tests() -> Result<Command> {
    browser("e2e")
}

/// The lines in which Playwright gives its counts, such as `  12 passed (1.2m)`.
pub(crate) fn is_closing_of_browser_tests(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let counted = words.next().is_some_and(|word| word.parse::<u32>().is_ok());
    let said = words.next().is_some_and(|word| matches!(word, "passed" | "failed" | "flaky" | "skipped"));
    counted && said && words.next().is_none_or(|word| word.starts_with('('))
}

/// A script that starts a browser and the demo.
fn browser(name: &str) -> Result<Command> {
    let Some(program) = setup::browser::path() else { bail!("{}", setup::browser::missing()) };
    println!("browser: {}", setup::browser::version());
    let mut command = script(name)?;
    command.env(setup::browser::VARIABLE, program);
    command.env(DEMO, run::target_dir().join("debug/sumun-demo"));
    Ok(command)
}

/// Format and lint of the console's sources.
pub(crate) fn lint() -> Result<()> {
    run::step("format and lint of the console", &mut script("lint")?)
}

/// SHA-256 over names and contents of everything a build is made from.
fn digest(folder: &Path) -> Result<String> {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(&folder.join(source), &mut files)?;
    }
    files.retain(|path| !path.ends_with(MADE));
    files.sort();
    let mut hash = Sha256::new();
    for path in files {
        let bytes = std::fs::read(&path).with_context(|| format!("failed to read {}", path.display()))?;
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
        for part in [name.as_bytes(), &bytes] {
            // Lengths first, so that no two sets of files make the same bytes.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).with_context(|| format!("failed to list {}", path.display()))?;
    for entry in entries {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_current_until_a_source_changes() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(FOLDER);
        for source in SOURCES {
            let path = folder.join(source);
            let path = if source.contains('.') { path } else { path.join("a.ts") };
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, source).unwrap();
        }
        let first = digest(&folder).unwrap();
        std::fs::create_dir_all(folder.join("src/api")).unwrap();
        std::fs::write(folder.join(MADE), "made").unwrap();
        assert_eq!(digest(&folder).unwrap(), first, "what the build makes is none of its sources");
        std::fs::write(folder.join("src/b.ts"), "new").unwrap();
        let second = digest(&folder).unwrap();
        assert_ne!(second, first);
        std::fs::rename(folder.join("src/b.ts"), folder.join("src/c.ts")).unwrap();
        assert_ne!(digest(&folder).unwrap(), second);
    }

    #[test]
    fn closing_lines_of_the_browser_tests_are_kept() {
        assert!(is_closing("      Tests  34 passed (34)"));
        assert!(is_closing_of_browser_tests("  12 passed (1.2m)"));
        assert!(is_closing_of_browser_tests("  1 failed"));
        assert!(!is_closing_of_browser_tests("  ✓  1 e2e/axe.spec.ts:12:3 › 12 passed (3s)"));
        assert!(!is_closing_of_browser_tests("2 failed attempts to sign in"));
    }

    #[test]
    fn a_missing_source_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        assert!(digest(root.path()).is_err());
    }
}
