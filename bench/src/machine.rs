//! What the machine says of itself: memory, processor time, cores. Linux only, read from `/proc`.

use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::path::Path;

/// Bytes of this process in memory.
///
/// # Errors
/// `/proc` cannot be read.
pub fn resident_bytes() -> Result<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").context("failed to read /proc/self/statm")?;
    let pages: u64 = text.split(' ').nth(1).unwrap_or_default().parse().context("bad /proc/self/statm")?;
    Ok(pages * rustix::param::page_size() as u64)
}

/// Bytes of another process in memory.
///
/// # Errors
/// `/proc` cannot be read, or it is gone.
pub fn resident_bytes_of(process: u32) -> Result<u64> {
    let text =
        std::fs::read_to_string(format!("/proc/{process}/statm")).context("failed to read its statm")?;
    let pages: u64 = text.split(' ').nth(1).unwrap_or_default().parse().context("bad statm")?;
    Ok(pages * rustix::param::page_size() as u64)
}

/// The most bytes another process has had in memory.
///
/// # Errors
/// `/proc` cannot be read, or it is gone.
pub fn peak_bytes_of(process: u32) -> Result<u64> {
    let text =
        std::fs::read_to_string(format!("/proc/{process}/status")).context("failed to read its status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().context("bad status")?;
    Ok(kib * 1024)
}

/// Bytes that could be used without swapping.
///
/// # Errors
/// `/proc` cannot be read.
pub fn available_bytes() -> Result<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").context("failed to read /proc/meminfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:")).unwrap_or_default();
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().context("bad /proc/meminfo")?;
    Ok(kib * 1024)
}

/// Nanoseconds that all threads of a process have run. Ended threads are not counted, so ask while they live.
///
/// # Errors
/// `/proc` cannot be read.
pub fn busy_ns(process: u32) -> Result<u64> {
    let mut total = 0;
    for task in std::fs::read_dir(Path::new("/proc").join(process.to_string()).join("task"))? {
        // A thread may end between listing and reading.
        let Ok(text) = std::fs::read_to_string(task?.path().join("schedstat")) else { continue };
        total += text.split(' ').next().unwrap_or_default().parse::<u64>().context("bad schedstat")?;
    }
    Ok(total)
}

/// The cores this process may use.
///
/// # Errors
/// The kernel does not say.
pub fn cores() -> Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect())
}

/// Binds this thread, and those it starts, to one core.
///
/// # Errors
/// The kernel refuses.
pub fn bind_to(core: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}
