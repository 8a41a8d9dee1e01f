//! The console's packages: installed as its lock file says, only when that changed.
//!
//! What is installed is read from npm's own note of it (`node_modules/.package-lock.json`, written at the end of an installation), so that a
//! developer's `npm install` counts too. No script of any package is run.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{console, run};

#[derive(Deserialize)]
struct Lock {
    packages: BTreeMap<String, Locked>,
}

#[derive(Deserialize)]
struct Locked {
    version: Option<String>,
    integrity: Option<String>,
    /// Left out where it is made for another platform.
    #[serde(default)]
    optional: bool,
}

pub(super) fn bring() -> Result<()> {
    let folder = run::root().join(console::FOLDER);
    if is_current(&folder) {
        println!("setup: console packages: current");
        return Ok(());
    }
    let mut npm = console::npm()?;
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    run::step("setup: console packages", &mut npm)
}

/// Whether what is installed is what the lock file names.
pub(crate) fn is_current(folder: &Path) -> bool {
    let read = |path: &str| lock(&folder.join(path)).ok();
    match (read("package-lock.json"), read("node_modules/.package-lock.json")) {
        (Some(wanted), Some(installed)) => agrees(&wanted, &installed),
        _ => false,
    }
}

fn lock(path: &Path) -> Result<Lock> {
    let text = std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no lock file", path.display()))
}

fn agrees(wanted: &Lock, installed: &Lock) -> bool {
    let same = |path: &str, one: &Locked| {
        wanted.packages.get(path).is_some_and(|w| w.version == one.version && w.integrity == one.integrity)
    };
    let there = |path: &str, one: &Locked| one.optional || installed.packages.contains_key(path);
    installed.packages.iter().all(|(path, one)| same(path, one))
        // The package named "" is the console itself, which npm's note leaves out.
        && wanted.packages.iter().filter(|(path, _)| !path.is_empty()).all(|(path, one)| there(path, one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Lock {
        serde_json::from_str(&format!("{{\"packages\":{{{text}}}}}")).unwrap()
    }

    #[test]
    fn installed_packages_agree_with_the_lock_or_are_installed_anew() {
        let own = r#""": {"version": "0.1.0"}"#;
        let a1 = r#""node_modules/a": {"version": "1.0.0", "integrity": "x"}"#;
        let a2 = r#""node_modules/a": {"version": "1.0.1", "integrity": "y"}"#;
        let mac = r#""node_modules/m": {"version": "1.0.0", "optional": true}"#;
        let wanted = parse(&format!("{own},{a1},{mac}"));
        assert!(agrees(&wanted, &parse(a1)));
        assert!(agrees(&wanted, &parse(&format!("{a1},{mac}"))));
        assert!(!agrees(&wanted, &parse(a2)));
        assert!(!agrees(&wanted, &parse("")));
        assert!(!agrees(&wanted, &parse(&format!(r#"{a1},"node_modules/b": {{"version": "1.0.0"}}"#))));
    }
}
