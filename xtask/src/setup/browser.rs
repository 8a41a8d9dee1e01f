//! The browser of the console's tests: Debian's Chromium, and a font with Korean letters, without which pictures show boxes.
//!
//! Only tests and pictures need it, so that where it is missing and may not be installed, this says what to install and goes on.

use std::path::PathBuf;
use std::process::Command;

use crate::run;

/// What Debian calls them.
const PACKAGES: [&str; 2] = ["chromium", "fonts-noto-cjk"];

/// Names under which distributions have it.
const PROGRAMS: [&str; 2] = ["chromium", "chromium-browser"];

/// Says where the browser is, for whoever keeps it elsewhere.
pub(crate) const VARIABLE: &str = "SUMUN_CHROMIUM";

pub(super) fn bring() {
    let ready = || path().is_some() && speaks_korean();
    match super::provide("Chromium or a Korean font", &PACKAGES, ready) {
        Ok(()) => println!("setup: Chromium and a Korean font: present"),
        Err(error) => println!("setup: browser tests will not run: {error:#}"),
    }
}

/// The browser's program.
pub(crate) fn path() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return Some(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    PROGRAMS.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|p| p.is_file())
}

/// Whether any font has Korean letters; where fontconfig is not there to ask, no.
fn speaks_korean() -> bool {
    Command::new("fc-list").arg(":lang=ko").output().is_ok_and(|output| !output.stdout.is_empty())
}

/// What to say where the browser is missing.
pub(crate) fn missing() -> String {
    format!(
        "no Chromium was found; install it (Debian: `sudo apt-get install {}`), or name it in {VARIABLE}",
        PACKAGES.join(" ")
    )
}

/// The browser's version, for the log; empty where it does not say.
pub(crate) fn version() -> String {
    let asked = path().and_then(|program| run::output(Command::new(program).arg("--version")).ok());
    asked.unwrap_or_default().trim().to_owned()
}
