//! The gate: decision, proxy, spool and event log in one process, keys from a file.
//!
//! [`run`] opens what the data folder holds, fills the key table, listens, says on standard output where, and waits
//! for a signal. Nothing listens before everything else is in order.

mod disk;
mod keys;
mod nonces;
mod numbers;
mod recorder;

use crate::config::{self, Config, Mode};
use crate::exit::{BadInput, Failed};
use keys::{Dead, KeySource, Looked};
use recorder::Recorder;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use sumun_gate::{Gate, GatePolicy, KeyTable, Now};
use sumun_model::Timestamp;
use sumun_proxy::metrics::Metrics;
use sumun_proxy::{
    EventSink, Proxy, ProxyConfig, SystemClock, Timeouts, UpstreamHost, admin, decide_service, server,
};
use sumun_stream::{DRAIN_INTERVAL_DEFAULT, DrainThread, Log, Retention, Syncer};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

/// Connections served at once. Each costs some 20 KiB idle; the venue's busiest hours have a few thousand.
const CONNECTIONS_MAX: usize = 16 * 1024;
/// A step of the wall clock against the monotonic one that is worth a warning, microseconds.
const CLOCK_STEP_US: u64 = 1_000_000;
/// How often old segments of log and journal are given back.
const TRIM_EVERY: Duration = Duration::from_secs(10);
/// How often what the disk would not take is tried again.
const SETTLE_EVERY: Duration = Duration::from_secs(1);

/// Runs until told to stop.
///
/// # Errors
/// What kept it from starting.
pub fn run(config: Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(config))
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let clock = SystemClock::new();
    let keyring = crate::keyring::load(&config.seal).map_err(|e| BadInput(e.to_string()))?;
    disk::prepare(&config.data_dir).map_err(failed)?;
    let (replay, nonce_log, restored) = nonces::open(&config).map_err(failed)?;
    let (dead, dead_ids) = Dead::open(&config).map_err(failed)?;
    let gate = Arc::new(Gate::new(policy(&config), KeyTable::new(dead_ids), replay));
    let mut source = KeySource::new(&config, keyring, dead, Arc::clone(&gate));
    source.start(clock.now()).map_err(|e| BadInput(format!("{e}\nThe gate did not start")))?;

    let disk::Events { log, opened, numbers } = disk::open_events(&config).map_err(failed)?;
    let interval = Duration::from_millis(config.gate.spool.sync_interval_ms.get());
    let _nonce_syncer = Syncer::start(&nonce_log, interval)?;
    let _spool_syncer = opened.spool.start_syncer(interval)?;
    let drain = Arc::new(opened.drainer.start(DRAIN_INTERVAL_DEFAULT, recorder::join)?);
    let recorder = Recorder::new(config.gate.id.clone(), opened.spool, nonce_log.clone(), numbers);
    let recorder = Arc::new(recorder);

    let boot = u64::from(u32::from_le_bytes(*crate::entropy::draw::<4>()?));
    let metrics = Arc::new(Metrics::default());
    let sink: Arc<dyn EventSink> = Arc::clone(&recorder) as _;
    let proxy = Arc::new(Proxy::new(proxy_config(&config), gate, sink, metrics, boot, clock));

    let listener = bind("gate.listen", config.gate.listen).await?;
    let admin_listener = bind_optional("gate.admin_listen", config.gate.admin_listen).await?;
    let decide_listener = bind_optional("gate.decide_listen", config.gate.decide_listen).await?;
    let mut told = Signals::new()?;
    let ready = Ready {
        listen: listener.local_addr()?,
        admin: admin_listener.as_ref().and_then(|l| l.local_addr().ok()),
        decide: decide_listener.as_ref().and_then(|l| l.local_addr().ok()),
        keys: proxy.gate.table.len(),
        nonces_restored: restored,
        mode: config.gate.mode,
    };
    let source = Arc::new(Mutex::new(source));
    look_before_deciding(&proxy, &source);
    let running = server::start(Arc::clone(&proxy), listener)?;
    if let Some(listener) = admin_listener {
        tokio::spawn(admin::serve(Arc::clone(&proxy), listener));
    }
    if let Some(listener) = decide_listener {
        tokio::spawn(decide_service::serve(Arc::clone(&proxy), listener));
    }
    let housekeeper = Housekeeper::start(source, &proxy, Disk { log, nonce_log, recorder, drain }, &config)?;
    println!("{}", serde_json::json!({ "ready": ready }));
    info!(listen = %ready.listen, keys = ready.keys, "The gate is open");

    told.wait().await;
    info!("Stopping");
    running.stop().await;
    housekeeper.stop();
    Ok(())
}

/// An edit of a keys file of ordinary size takes effect at the very next request: each one looks first.
fn look_before_deciding(proxy: &Arc<Proxy>, source: &Arc<Mutex<KeySource>>) {
    let glance = source.lock().unwrap_or_else(PoisonError::into_inner).glance();
    let source = Arc::clone(source);
    let table = Arc::downgrade(proxy);
    proxy.look_before_deciding(Box::new(move |now| {
        if glance.differs() {
            let looked = source.lock().unwrap_or_else(PoisonError::into_inner).look(now);
            if let (Looked::Changed, Some(proxy)) = (looked, table.upgrade()) {
                proxy.recheck_streams();
            }
        }
    }));
}

fn failed(error: impl std::error::Error) -> Failed {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(&format!(": {cause_text}"));
        }
        source = cause.source();
    }
    Failed(text)
}

async fn bind(key: &str, address: SocketAddr) -> Result<TcpListener, Failed> {
    server::bind(address).await.map_err(|error| Failed(format!("`{key}`: {}", failed(error))))
}

async fn bind_optional(key: &str, address: Option<SocketAddr>) -> Result<Option<TcpListener>, Failed> {
    match address {
        Some(address) => bind(key, address).await.map(Some),
        None => Ok(None),
    }
}

/// What the process says on standard output once it serves: ports chosen by the system among it.
#[derive(serde::Serialize)]
struct Ready {
    listen: SocketAddr,
    admin: Option<SocketAddr>,
    decide: Option<SocketAddr>,
    keys: u64,
    nonces_restored: usize,
    mode: Mode,
}

fn policy(config: &Config) -> GatePolicy {
    let gate = &config.gate;
    let seconds = |s: u64| i64::try_from(s.saturating_mul(1_000_000)).unwrap_or(i64::MAX);
    GatePolicy {
        dialect: match gate.dialect {
            config::Dialect::Upbit => sumun_dialect::Dialect::Upbit,
        },
        failures_max: u32::try_from(gate.failures.per_source_max.get()).unwrap_or(u32::MAX),
        failures_window_us: gate.failures.window_s.get().saturating_mul(1_000_000),
        default_per_second: gate.rates.default_per_second,
        order_per_second: gate.rates.order_per_second,
        table_age_us_max: seconds(gate.table_age_max_s.get()),
        order_grace_us: seconds(gate.order_stale_pass_s),
        nonces_max: gate.replay.nonces_max.get(),
    }
}

fn proxy_config(config: &Config) -> ProxyConfig {
    let gate = &config.gate;
    let seconds = |s: std::num::NonZeroU64| Duration::from_secs(s.get());
    ProxyConfig {
        gate: gate.id.clone(),
        upstream: gate.upstream.authority().clone(),
        upstream_host: match gate.upstream_host {
            config::UpstreamHost::Keep => UpstreamHost::Keep,
            config::UpstreamHost::Upstream => UpstreamHost::Upstream,
        },
        enforce: gate.mode == Mode::Enforce,
        trusted_hops: gate.trusted_hops.clone(),
        body_bytes_max: gate.body_bytes_max.get(),
        header_bytes_max: gate.header_bytes_max.get(),
        connections_max: CONNECTIONS_MAX,
        shutdown_grace: Duration::from_secs(gate.shutdown_grace_s),
        timeouts: Timeouts {
            header_read: seconds(gate.timeouts.header_read_s),
            body_read: seconds(gate.timeouts.body_read_s),
            connect: seconds(gate.timeouts.connect_s),
            upstream_response: seconds(gate.timeouts.upstream_response_s),
            pool_idle: seconds(gate.timeouts.idle_s),
            websocket_idle: seconds(gate.timeouts.websocket_idle_s),
        },
    }
}

/// The thread that looks at the keys file, watches the clock, and gives old segments back.
struct Housekeeper {
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Housekeeper {
    fn start(
        source: Arc<Mutex<KeySource>>,
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
            let mut trimmed_us = last.monotonic_us;
            let mut settled_us = last.monotonic_us;
            let mut drain_failing = None;
            while !stopped.load(Ordering::Relaxed) {
                let now = proxy.now();
                if let Some(step_us) = clock_step(last, now) {
                    warn_of_step(step_us);
                    keep_age(&proxy.gate.table, last, now);
                }
                let looked = source.lock().unwrap_or_else(PoisonError::into_inner).look(now);
                if looked == Looked::Changed {
                    let cut = proxy.recheck_streams();
                    if cut > 0 {
                        info!("{cut} streams were closed by the change");
                    }
                }
                if now.monotonic_us.saturating_sub(settled_us) >= SETTLE_EVERY.as_micros() as u64 {
                    settled_us = now.monotonic_us;
                    // What fails was said when it first failed, and is tried again.
                    let _ = source.lock().unwrap_or_else(PoisonError::into_inner).settle();
                    let _ = disk.recorder.settle_nonces();
                    disk.recorder.settle_numbers();
                    tell_of_drain(&mut drain_failing, disk.drain.failing());
                }
                if now.monotonic_us.saturating_sub(trimmed_us) >= TRIM_EVERY.as_micros() as u64 {
                    trimmed_us = now.monotonic_us;
                    let _ = disk.log.retain(&Retention { bytes_max: Some(log_bytes_max), drop_below: None });
                    nonces::trim(&disk.nonce_log, nonces_max);
                }
                last = now;
                thread::sleep(keys::LOOK_INTERVAL);
            }
        })?;
        Ok(Self { stop, thread })
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
    }
}

/// What the housekeeper looks after on the disk.
struct Disk {
    log: Log,
    nonce_log: Log,
    recorder: Arc<Recorder>,
    drain: Arc<DrainThread>,
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

struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
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
}
