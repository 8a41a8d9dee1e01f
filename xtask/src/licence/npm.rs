//! Licences of the console's packages, what only develops it included: read from the lock file, and from the installed package where the
//! lock file is silent.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// Beyond the licences of Rust packages: for tools that are not shipped (Python-2.0) and data (CC-BY-4.0).
const ALSO_ALLOWED: &[&str] = &["BlueOak-1.0.0", "CC-BY-4.0", "CC0-1.0", "Python-2.0"];

#[derive(Deserialize)]
struct Lock {
    packages: BTreeMap<String, Package>,
}

#[derive(Deserialize)]
struct Package {
    version: Option<String>,
    license: Option<String>,
}

/// How many packages there are, and each that fails.
pub(super) fn check(console: &Path) -> Result<(usize, Vec<String>)> {
    let path = console.join("package-lock.json");
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let lock: Lock = serde_json::from_str(&text).context("console/package-lock.json is no lock file")?;
    let allowed: Vec<&str> = super::ALLOWED.iter().chain(ALSO_ALLOWED).copied().collect();
    let mut problems = Vec::new();
    for (place, package) in &lock.packages {
        let licence = package.license.clone().or_else(|| installed(&console.join(place)));
        if let Err(problem) = super::judge(licence.as_deref(), &allowed) {
            let version = package.version.as_deref().unwrap_or_default();
            problems.push(format!("console/{place} {version}: {problem}"));
        }
    }
    Ok((lock.packages.len(), problems))
}

/// What the installed package says of itself.
fn installed(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("package.json")).ok()?;
    serde_json::from_str::<Package>(&text).ok()?.license
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_fails_by_its_lock_or_by_its_own_word() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            "package-lock.json",
            r#"{"packages": {
                "": {"version": "0.1.0", "license": "Apache-2.0"},
                "node_modules/a": {"version": "1.0.0", "license": "(MIT OR CC0-1.0)"},
                "node_modules/b": {"version": "1.0.0", "license": "AGPL-3.0-only"},
                "node_modules/c": {"version": "1.0.0"},
                "node_modules/d": {"version": "1.0.0"}}}"#,
        );
        write("node_modules/c/package.json", r#"{"license": "BlueOak-1.0.0"}"#);
        let (count, problems) = check(folder.path()).unwrap();
        assert_eq!(count, 5);
        assert_eq!(
            problems,
            [
                "console/node_modules/b 1.0.0: `AGPL-3.0-only` is not on the list in xtask/src/licence.rs",
                "console/node_modules/d 1.0.0: states no licence expression"
            ]
        );
    }
}
