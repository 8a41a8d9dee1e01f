//! The rules of the house that no compiler checks: documents that keep up, files that stay readable, arrows
//! between crates that run one way.
//!
//! Each rule is a plain function from text to problems. Style that rustfmt or clippy can check is theirs.

mod arrows;
mod script;
mod text;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::metadata::Metadata;
use crate::run;

pub(crate) fn run() -> Result<ExitCode> {
    check(&Metadata::load()?)
}

/// Prints each problem as `path:line: what`.
pub(crate) fn check(metadata: &Metadata) -> Result<ExitCode> {
    let root = run::root();
    let files = project_files(&root)?;
    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    for file in &files {
        let bytes = match std::fs::read(root.join(file)) {
            Ok(bytes) => bytes,
            // Listed by git, gone from the work tree: a deletion not committed yet.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("failed to read {}", file.display())),
        };
        if let Ok(content) = String::from_utf8(bytes) {
            problems.extend(text::problems(file, &content));
            problems.extend(script::problems(file, &content));
            warnings.extend(script::warnings(file, &content));
        }
    }
    problems.extend(unmapped_crates(&root)?);
    problems.extend(arrows::problems(&metadata.linked()));
    for warning in &warnings {
        println!("tidy: warning: {warning}");
    }
    for problem in &problems {
        eprintln!("tidy: {problem}");
    }
    println!("tidy: {} files, {} problems, {} warnings", files.len(), problems.len(), warnings.len());
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Tracked files and new ones that are not ignored; without git, every file outside build folders.
fn project_files(root: &Path) -> Result<Vec<PathBuf>> {
    let listed = Command::new("git")
        .current_dir(root)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output();
    if let Ok(listed) = listed
        && listed.status.success()
        && !listed.stdout.is_empty()
    {
        let names = String::from_utf8(listed.stdout).context("git listed a name that is not UTF-8")?;
        return Ok(names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect());
    }
    let mut files = Vec::new();
    walk(root, Path::new(""), &mut files)?;
    Ok(files)
}

/// Folders that hold what tools made.
const MADE: [&str; 8] = [
    ".git",
    "target",
    "artifacts",
    "__pycache__",
    "node_modules",
    "dist",
    "test-results",
    "playwright-report",
];

fn walk(root: &Path, below: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let folder = root.join(below);
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("failed to list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if !entry.file_type()?.is_dir() {
            files.push(path);
        } else if !MADE.iter().any(|made| entry.file_name() == *made) {
            walk(root, &path, files)?;
        }
    }
    Ok(())
}

/// Crates that ARCHITECTURE.md does not name.
fn unmapped_crates(root: &Path) -> Result<Vec<String>> {
    let map = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap_or_default();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root.join("crates")).context("failed to list crates/")? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(unnamed(&map, &names))
}

fn unnamed(map: &str, names: &[String]) -> Vec<String> {
    names
        .iter()
        .filter(|name| !names_folder(map, name) && !map.contains(&format!("`{name}`")))
        .map(|name| format!("ARCHITECTURE.md: does not name crates/{name}"))
        .collect()
}

/// Whether `crates/NAME` stands there as a whole: `crates/similar` names no crate `sim`.
fn names_folder(map: &str, name: &str) -> bool {
    let folder = format!("crates/{name}");
    let goes_on = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
    map.match_indices(&folder).any(|(at, _)| map.get(at + folder.len()..).is_some_and(|rest| !goes_on(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_missing_from_the_map_is_named() {
        let names = ["gate", "mod", "model", "seal"].map(str::to_owned);
        let problems = unnamed("### crates/model\n`gate` decides, sealed.", &names);
        let missing = |name| format!("ARCHITECTURE.md: does not name crates/{name}");
        assert_eq!(problems, ["mod", "seal"].map(missing));
    }

    #[test]
    fn the_walk_skips_what_tools_made() {
        let folder = tempfile::tempdir().unwrap();
        for path in
            ["a/b.rs", "target/debug/c.rs", ".git/d", "a/__pycache__/e.pyc", "console/node_modules/f.js"]
        {
            let full = folder.path().join(path);
            std::fs::create_dir_all(full.parent().unwrap()).unwrap();
            std::fs::write(full, "").unwrap();
        }
        let mut files = Vec::new();
        walk(folder.path(), Path::new(""), &mut files).unwrap();
        assert_eq!(files, [PathBuf::from("a/b.rs")]);
    }
}
