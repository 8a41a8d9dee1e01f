//! Runs a program on a disk that fails: builds the shim `faultfs.c` beside it, and says in its environment what is to fail.
//!
//! Included by test binaries of several crates. Judges nothing: what must hold afterwards is the test's to say.
#![allow(dead_code, reason = "each test file uses what it needs")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Passed through to the C source, whose first comment is the reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    /// Die before this operation, counted from 1.
    pub(crate) kill_at: Option<u64>,
    /// Count for that only what [`Only`] describes.
    pub(crate) only: Option<Only>,
    /// If that operation is a write, do half of it.
    pub(crate) tear: bool,
    /// Let this sync fail, counted from 1.
    pub(crate) fail_sync_at: Option<u64>,
    /// Lose what was not synced.
    pub(crate) drop: bool,
    /// Lose only a part of it.
    pub(crate) seed: Option<u64>,
}

/// Operations of one kind on some files: what the shim's log calls the kind (or `any`), how the path below the folder begins,
/// and from how many bytes to below how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Only {
    pub(crate) kind: &'static str,
    pub(crate) path: &'static str,
    pub(crate) bytes: (u64, u64),
}

impl Only {
    /// How many such there are in a log.
    pub(crate) fn count(&self, log: &str) -> u64 {
        log.lines().filter(|line| self.is(line)).count() as u64
    }

    fn is(&self, line: &str) -> bool {
        let words: Vec<&str> = line.split(' ').collect();
        let [_, kind, path, _, bytes] = words[..] else { return false };
        let Ok(bytes) = bytes.parse() else { return false };
        (self.kind == "any" || self.kind == kind)
            && path.starts_with(self.path)
            && (self.bytes.0..self.bytes.1).contains(&bytes)
    }
}

impl Faults {
    /// No fault: only counts.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// A power cut before the n-th operation; everything not synced is lost.
    pub(crate) fn power_cut(kill_at: u64) -> Self {
        Self { kill_at: Some(kill_at), drop: true, ..Self::default() }
    }

    /// One of the kinds of death that a campaign walks through, chosen by `variant`: a killed process; a torn write; a
    /// power cut; a power cut that loses only a part.
    pub(crate) fn variant(variant: u64, kill_at: u64) -> Self {
        match variant % 4 {
            0 => Self { kill_at: Some(kill_at), tear: true, ..Self::default() },
            1 => Self { tear: true, ..Self::power_cut(kill_at) },
            2 => Self::power_cut(kill_at),
            _ => Self { tear: true, seed: Some(variant), ..Self::power_cut(kill_at) },
        }
    }

    /// Lets the n-th sync fail, and loses at the end what it should have saved.
    pub(crate) fn failing_sync(at: u64) -> Self {
        Self { fail_sync_at: Some(at), drop: true, ..Self::default() }
    }

    /// Makes a command suffer it. `root` is the folder that fails; `reports` is a folder outside of it.
    pub(crate) fn under(&self, command: &mut Command, root: &Path, reports: &Path) {
        command.env("LD_PRELOAD", shim()).env("FAULTFS_ROOT", root);
        command.env("FAULTFS_LOG", reports.join("faults.log"));
        command.env("FAULTFS_COUNT", reports.join("faults.count"));
        if let Some(Only { kind, path, bytes: (from, to) }) = self.only {
            command.env("FAULTFS_ONLY", format!("{kind} {path} {from} {to}"));
        }
        let numbers = [
            ("FAULTFS_KILL_AT", self.kill_at),
            ("FAULTFS_FAIL_SYNC_AT", self.fail_sync_at),
            ("FAULTFS_SEED", self.seed),
            ("FAULTFS_TEAR", self.tear.then_some(1)),
            ("FAULTFS_DROP", self.drop.then_some(1)),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                command.env(name, number.to_string());
            }
        }
    }
}

/// Operations that the last program counted; 0 if it did none.
pub(crate) fn counted(reports: &Path) -> u64 {
    std::fs::read_to_string(reports.join("faults.count"))
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or_default()
}

/// What the programs did, a line each, oldest first.
pub(crate) fn log(reports: &Path) -> String {
    std::fs::read_to_string(reports.join("faults.log")).unwrap_or_default()
}

/// Forgets the reports of earlier programs.
pub(crate) fn clear(reports: &Path) {
    for name in ["faults.log", "faults.count"] {
        let _ = std::fs::remove_file(reports.join(name));
    }
}

/// By how much to multiply a quick run.
pub(crate) fn factor() -> u64 {
    std::env::var("SUMUN_CAMPAIGN_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// The steps a run of a campaign dies at: evenly spread over all of them, every one if there are few enough, with an
/// offset, so that other runs see others.
pub(crate) fn steps(all: u64, wanted: u64, seed: u64) -> Vec<u64> {
    let stride = all.div_ceil(wanted.max(1)).max(1);
    (1..=all).skip((seed % stride) as usize).step_by(stride as usize).collect()
}

/// The built shim.
///
/// # Panics
/// There is no C compiler, or it refuses the source.
pub(crate) fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/faults/faultfs.c");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        // Tests run side by side: each builds its own and puts it in place at once.
        let built = folder.join(format!("faultfs-{}.so", std::process::id()));
        let ran = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
            .arg(&built)
            .arg(&source)
            .args(["-ldl", "-lpthread"])
            .output()
            .expect("the C compiler `cc`, which `cargo xtask setup` brings");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let shim = folder.join("faultfs.so");
        std::fs::rename(&built, &shim).unwrap();
        shim
    })
}
