//! Whether the disk has room for what a check builds, said at the start: a linker that meets a full disk says it badly and late.
//!
//! Measures with `df` and `du`; frees nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run;

/// What a check from nothing leaves, in MB, with the settings of `.ci/run`: 2 300 measured of programs and tests, the rest by estimate
/// (clippy, documents' tests, packages of Python and npm, Node, the browser).
const WHOLE_MB: u64 = 4_500;

/// What every run needs beyond what is built already: records of tests, profiles of the browser, what is compiled anew.
const EACH_RUN_MB: u64 = 1_500;

/// Fails where a check would run out of room.
pub(crate) fn check() -> Result<()> {
    let target = run::target_dir();
    let free = free_mb(&target)?;
    let built = used_mb(&target.join("debug"));
    let needed = needed_mb(built);
    println!("space: {free} MB free, some {needed} MB needed ({built} MB are built)");
    if free < needed {
        bail!(
            "{free} MB are free where {} stands, and this needs some {needed} MB. \
             Free room, or set CARGO_TARGET_DIR to a folder on a larger disk; `cargo clean` frees what is built here",
            target.display()
        );
    }
    Ok(())
}

fn needed_mb(built: u64) -> u64 {
    WHOLE_MB.saturating_sub(built) + EACH_RUN_MB
}

fn free_mb(folder: &Path) -> Result<u64> {
    let there =
        folder.ancestors().find(|path| path.is_dir()).map_or_else(|| PathBuf::from("/"), Path::to_path_buf);
    let text = run::output(Command::new("df").arg("-Pk").arg(&there))?;
    available(&text).with_context(|| format!("df says nothing of {}", there.display()))
}

/// The fourth column of df's second line, in MB.
fn available(text: &str) -> Option<u64> {
    let kilobytes: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kilobytes / 1_024)
}

/// What a folder holds; 0 where it is not there. Files may come and go meanwhile, so what du complains of is not told.
fn used_mb(folder: &Path) -> u64 {
    let output = Command::new("du").arg("-sk").arg(folder).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) / 1_024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_free_is_read_from_df() {
        let text = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 263174212 67108864 28311552 71% /\n";
        assert_eq!(available(text), Some(27_648));
        assert_eq!(available("Filesystem\n"), None);
    }

    #[test]
    fn what_is_built_is_not_needed_again() {
        assert_eq!(needed_mb(0), WHOLE_MB + EACH_RUN_MB);
        assert_eq!(needed_mb(WHOLE_MB * 3), EACH_RUN_MB);
    }
}
