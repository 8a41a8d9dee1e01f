//! The thread beside the requests: it looks at the keys file if there is one, pays what is owed to the disk, watches the clock, and gives
//! old segments back. Nothing it does is waited for by a request.

use super::bypass;
use super::keeper::Keeper;
use super::keys::LOOK_INTERVAL;
use super::nonces;
use super::recorder::Recorder;
use super::source::Source;
use crate::config::Config;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use sumun_gate::{KeyTable, Now};
use sumun_model::Timestamp;
use sumun_proxy::Proxy;
use sumun_stream::{DrainThread, Log, Retention};
use tracing::{error, info, warn};

/// A step of the wall clock against the monotonic one that is worth a warning, microseconds.
const CLOCK_STEP_US: u64 = 1_000_000;
/// How often old segments of log and journal are given back.
const TRIM_EVERY: Duration = Duration::from_secs(10);
/// How often what the disk would not take is tried again.
const SETTLE_EVERY: Duration = Duration::from_secs(1);

/// What the housekeeper looks after on the disk.
pub(super) struct Disk {
    pub(super) log: Log,
    pub(super) nonce_log: Log,
    pub(super) recorder: Arc<Recorder>,
    /// Whether nonces were used that the journal could not take.
    pub(super) nonces_owed: Arc<AtomicBool>,
    pub(super) drain: Arc<DrainThread>,
    pub(super) keeper: Arc<Keeper>,
    pub(super) bypass: Arc<bypass::Watch>,
}

/// The running thread.
pub(super) struct Housekeeper {
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Housekeeper {
    pub(super) fn start(
        source: Source,
        proxy: &Arc<Proxy>,
        disk: Disk,
        config: &Config,
    ) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let proxy = Arc::clone(proxy);
        let log_bytes_max = config.log.bytes_max.get();
        let nonces_max = config.gate.replay.nonces_max.get();
        let thread = thread::Builder::new().name("housekeeper".to_owned()).spawn(move || {
            let mut last = proxy.now();
            let mut trimmed = Every::new(TRIM_EVERY, last);
            let mut settled = Every::new(SETTLE_EVERY, last);
            let mut paying = true;
            let mut drain_failing = None;
            while !stopped.load(Ordering::Relaxed) {
                let now = proxy.now();
                if let Some(step_us) = clock_step(last, now) {
                    warn_of_step(step_us);
                    keep_age(&proxy.gate.table, last, now);
                }
                if disk.bypass.look() {
                    proxy.recheck_streams();
                }
                source.bring_in_step(&proxy);
                let second = settled.is_due(now);
                if disk.keeper.debts().any() && (paying || second) {
                    paying = disk.keeper.settle();
                }
                if second {
                    // What fails was said when it first failed, and is tried again.
                    let owed = disk.recorder.settle_nonces().is_err();
                    disk.nonces_owed.store(owed, Ordering::Relaxed);
                    disk.recorder.settle_numbers();
                    disk.bypass.settle();
                    tell_of_drain(&mut drain_failing, disk.drain.failing());
                }
                if trimmed.is_due(now) {
                    source.note_heard(now);
                    let _ = disk.log.retain(&Retention { bytes_max: Some(log_bytes_max), drop_below: None });
                    nonces::trim(&disk.nonce_log, nonces_max);
                }
                last = now;
                thread::sleep(LOOK_INTERVAL);
            }
            // The last edit may be younger than the last round.
            if disk.keeper.debts().any() {
                disk.keeper.settle();
            }
            source.note_heard(proxy.now());
        })?;
        Ok(Self { stop, thread })
    }

    pub(super) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
    }
}

/// Something done now and then, by the steady clock.
struct Every {
    period_us: u64,
    last_us: u64,
}

impl Every {
    fn new(period: Duration, now: Now) -> Self {
        let period_us = u64::try_from(period.as_micros()).unwrap_or(u64::MAX);
        Self { period_us, last_us: now.monotonic_us }
    }

    fn is_due(&mut self, now: Now) -> bool {
        let due = now.monotonic_us.saturating_sub(self.last_us) >= self.period_us;
        if due {
            self.last_us = now.monotonic_us;
        }
        due
    }
}

/// Says when draining begins to fail, why, and when it goes on.
fn tell_of_drain(before: &mut Option<String>, now: Option<String>) {
    match (&before, &now) {
        (None, Some(cause)) => error!(
            "What was recorded stays in the spool: {cause}. Look at the disk of data_dir; until it is mended \
             `sumun log` does not show it"
        ),
        (Some(_), None) => info!("The spool is drained into the event log again"),
        _ => {}
    }
    *before = now;
}

/// By how much the wall clock went other than the steady one between two looks, if that is worth a word.
fn clock_step(before: Now, now: Now) -> Option<i64> {
    let wall = now.wall.micros_since(before.wall);
    let step = wall.saturating_sub(steady_us(before, now));
    (step.unsigned_abs() >= CLOCK_STEP_US).then_some(step)
}

fn steady_us(before: Now, now: Now) -> i64 {
    i64::try_from(now.monotonic_us.saturating_sub(before.monotonic_us)).unwrap_or(i64::MAX)
}

fn warn_of_step(step_us: i64) {
    warn!(
        "The wall clock stepped by {} ms; keys end and records are dated by it. Check time synchronisation. Rates, \
         limits and the age of the key table follow the steady clock and are not disturbed",
        step_us / 1000
    );
}

/// The table's age is kept in wall-clock time, as it must outlive a restart. A step makes it neither young nor old.
fn keep_age(table: &KeyTable, before: Now, now: Now) {
    let age_us = table.age_us(before.wall).saturating_add(steady_us(before, now));
    table.refreshed(Timestamp::from_micros(now.wall.as_micros().saturating_sub(age_us)));
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: i64 = 1_000_000;

    fn at(wall_us: i64, steady_us: u64) -> Now {
        Now { wall: Timestamp::from_micros(1_795_000_000 * SECOND_US + wall_us), monotonic_us: steady_us }
    }

    #[test]
    fn a_step_either_way_is_told_and_leaves_the_tables_age() {
        let start = at(0, 0);
        assert_eq!(clock_step(start, at(20_000, 20_000)), None);
        assert_eq!(clock_step(start, at(20_000 + SECOND_US - 1, 20_000)), None);
        for step in [SECOND_US, -SECOND_US, 3_600 * SECOND_US, -86_400 * SECOND_US] {
            let stepped = at(20_000 + step, 20_000);
            assert_eq!(clock_step(start, stepped), Some(step));
            let table = KeyTable::new([]);
            table.refreshed(at(-5 * SECOND_US, 0).wall);
            keep_age(&table, start, stepped);
            assert_eq!(table.age_us(stepped.wall), 5 * SECOND_US + 20_000);
        }
    }

    #[test]
    fn now_and_then_is_by_the_steady_clock() {
        let mut every = Every::new(Duration::from_secs(1), at(0, 0));
        assert!(!every.is_due(at(5 * SECOND_US, 999_999)));
        assert!(every.is_due(at(-SECOND_US, 1_000_000)));
        assert!(!every.is_due(at(0, 1_000_001)));
        assert!(every.is_due(at(0, 2_000_000)));
    }
}
