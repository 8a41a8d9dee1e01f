//! The gate: decision, proxy, spool and event log in one process, keys from a file or from govern's feed.
//!
//! [`run`] opens what the data folder holds, fills the key table, listens, says on standard output where, and waits
//! for a signal; [`serve`] does so inside another role's process and waits for what it is told. Nothing listens before
//! everything else is in order.

mod apply;
mod bypass;
mod disk;
mod feed;
mod housekeeper;
mod keeper;
mod keys;
mod known;
mod nonces;
mod notes;
mod numbers;
mod recorder;
mod ship;
mod signals;
mod source;
mod stamp;

use crate::config::{self, Config, Mode};
use crate::descriptors;
use crate::exit::{BadInput, Failed};
use bypass::journal::Journal;
use housekeeper::{Disk, Housekeeper};
use keeper::{Debts, Keeper};
use keys::KeySource;
use recorder::Recorder;
use signals::{HangUps, Signals};
use source::Source;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use sumun_gate::{Gate, GatePolicy, KeyTable};
use sumun_proxy::metrics::Metrics;
use sumun_proxy::{
    EventSink, FrontToken, Proxy, ProxyConfig, SystemClock, Timeouts, UpstreamHost, admin, decide_service,
    server,
};
use sumun_stream::{DRAIN_INTERVAL_DEFAULT, Syncer};
use tokio::net::TcpListener;
use tracing::{info, warn};

/// A client that takes nothing of its answer for so long is cut off. Real ones read as fast as the line lets them; a
/// mobile network's longest pause is some twenty seconds.
const CLIENT_WRITE: Duration = Duration::from_secs(60);

/// Runs until told to stop.
///
/// # Errors
/// What kept it from starting.
pub fn run(config: Config) -> anyhow::Result<()> {
    let descriptors = descriptors::raise();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let hang_ups = HangUps::new()?;
        serve_until(config, descriptors, Until::Signals(hang_ups), serde_json::Value::Null).await
    })
}

/// Runs inside another role's process, on a runtime of several threads, until `shutdown` is done. Signals, and what they
/// mean, are that role's; what it says of itself is said together with where the gate listens.
///
/// # Errors
/// What kept it from starting.
pub async fn serve(
    config: Config,
    beside: &impl serde::Serialize,
    shutdown: impl Future<Output = ()> + Send,
) -> anyhow::Result<()> {
    let beside = serde_json::to_value(beside)?;
    serve_until(config, descriptors::raise(), Until::Told(Box::pin(shutdown)), beside).await
}

/// What stops a gate.
enum Until<'a> {
    /// The operating system.
    Signals(HangUps),
    /// Whoever started it.
    Told(Pin<Box<dyn Future<Output = ()> + Send + 'a>>),
}

/// A source that has filled the table as far as it could by itself.
enum Opened {
    File(Arc<Mutex<KeySource>>),
    Feed(Box<feed::Feed>),
}

fn open_source(
    config: &Config,
    keyring: sumun_seal::Keyring,
    debts: Arc<Debts>,
    gate: &Arc<Gate>,
    now: sumun_gate::Now,
) -> anyhow::Result<Opened> {
    if let Some(url) = &config.gate.feed.url {
        let authority = url.authority().clone();
        let feed = feed::Feed::open(config, authority, keyring, debts, Arc::clone(gate), now)?;
        return Ok(Opened::Feed(Box::new(feed)));
    }
    let mut source = KeySource::new(config, keyring, debts, Arc::clone(gate));
    source.start(now).map_err(|e| BadInput(format!("{e}\nThe gate did not start")))?;
    Ok(Opened::File(Arc::new(Mutex::new(source))))
}

async fn serve_until(
    config: Config,
    descriptors: Option<u64>,
    until: Until<'_>,
    beside: serde_json::Value,
) -> anyhow::Result<()> {
    let clock = SystemClock::new();
    let keyring = crate::keyring::load(&config.seal).map_err(|e| BadInput(e.to_string()))?;
    disk::prepare(&config.data_dir).map_err(failed)?;
    let (replay, nonce_log, restored) = nonces::open(&config).map_err(failed)?;
    let debts = Arc::new(Debts::default());
    let (keeper, dead_ids) = Keeper::open(&config, Arc::clone(&debts)).map_err(failed)?;
    let gate = Arc::new(Gate::new(policy(&config), KeyTable::new(dead_ids), replay));
    let opened_source = open_source(&config, keyring, debts, &gate, clock.now())?;
    keeper.settle();
    let keeper = Arc::new(keeper);

    let disk::Events { log, opened, numbers } = disk::open_events(&config).map_err(failed)?;
    let interval = Duration::from_millis(config.gate.spool.sync_interval_ms.get());
    let _nonce_syncer = Syncer::start(&nonce_log, interval)?;
    let _spool_syncer = opened.spool.start_syncer(interval)?;
    let drain = Arc::new(opened.drainer.start(DRAIN_INTERVAL_DEFAULT, recorder::join)?);
    // Without a control plane nobody is to hear of a bypass.
    let followed = config.gate.feed.url.is_some();
    let bypasses = followed.then(|| Arc::new(Journal::open(config.data_dir.join("bypasses.json"))));
    let recorder =
        Recorder::new(config.gate.id.clone(), opened.spool, nonce_log.clone(), numbers, bypasses.clone());
    let recorder = Arc::new(recorder);

    let (connections_max, short) = descriptors::connections(config.gate.connections_max.get(), descriptors);
    let boot = u64::from(u32::from_le_bytes(*crate::entropy::draw::<4>()?));
    let metrics = Arc::new(Metrics::default());
    let sink: Arc<dyn EventSink> = Arc::clone(&recorder) as _;
    let proxy =
        Arc::new(Proxy::new(proxy_config(&config, connections_max), gate, sink, metrics, boot, clock));

    if let Some(path) = &config.gate.front_token_file {
        proxy.trust_fronts_with(front_token(path)?);
    }
    let switch = crate::bypass::path(&config);
    let bypass = Arc::new(bypass::Watch::new(switch, Arc::clone(&proxy.gate), bypasses.clone()));
    bypass.look();

    let listener = bind("gate.listen", config.gate.listen).await?;
    let admin_listener = bind_optional("gate.admin_listen", config.gate.admin_listen).await?;
    let decide_listener = bind_optional("gate.decide_listen", config.gate.decide_listen).await?;
    let mut until = match until {
        Until::Signals(hang_ups) => Stop::Signals(Signals::new(hang_ups)?),
        Until::Told(told) => Stop::Told(told),
    };
    let (source, following) = match opened_source {
        Opened::File(source) => (Source::File(source), None),
        Opened::Feed(feed) => {
            let following = feed.follow(&proxy, Arc::clone(&keeper))?;
            (Source::Feed(Arc::clone(&following.shared)), Some(following))
        }
    };
    if let Some(following) = &following {
        tokio::select! {
            () = following.has_table() => {}
            () = until.wait(|| {}) => {
                info!("Stopping; nothing was served");
                return Ok(());
            }
        }
    }
    let ready = Ready {
        listen: listener.local_addr()?,
        admin: admin_listener.as_ref().and_then(|l| l.local_addr().ok()),
        decide: decide_listener.as_ref().and_then(|l| l.local_addr().ok()),
        keys: proxy.gate.table.len(),
        nonces_restored: restored,
        mode: config.gate.mode,
    };
    source.look_before_deciding(&proxy);
    let running = server::start(Arc::clone(&proxy), listener)?;
    if let Some(listener) = admin_listener {
        tokio::spawn(admin::serve(Arc::clone(&proxy), listener));
    }
    let deciding =
        decide_listener.map(|listener| decide_service::start(Arc::clone(&proxy), listener)).transpose()?;
    let shipping = match (&config.gate.feed.url, bypasses) {
        (Some(url), Some(bypasses)) => {
            let told = (log.clone(), bypasses);
            Some(ship::Shipping::start(&config, url.authority().clone(), told, &proxy)?)
        }
        _ => None,
    };
    let nonces_owed = Arc::new(AtomicBool::new(false));
    let notes = notes::Sources {
        source: source.clone(),
        debts: Arc::clone(keeper.debts()),
        nonces_owed: Arc::clone(&nonces_owed),
        drain: Arc::clone(&drain),
        shipping: shipping.as_ref().map(|shipping| Box::new(shipping.trouble()) as notes::Asked),
        bypass: Arc::clone(&bypass),
    };
    proxy.set_notes(Box::new(move || notes.notes()));
    let disk = Disk { log, nonce_log, recorder, nonces_owed, drain, keeper, bypass };
    let housekeeper = Housekeeper::start(source.clone(), &proxy, disk, &config)?;
    let mut said = serde_json::to_value(&ready)?;
    if let (Some(said), serde_json::Value::Object(beside)) = (said.as_object_mut(), beside) {
        said.extend(beside);
    }
    crate::output::json_aside(&serde_json::json!({ "ready": said }));
    if let Some(short) = short {
        // A number that somebody asked for is worth a warning, the default is not.
        if config.gate.connections_max == Config::default().gate.connections_max {
            info!("`gate.connections_max` {short}");
        } else {
            warn!("`gate.connections_max` {short}");
        }
    }
    info!(listen = %ready.listen, keys = ready.keys, "The gate is open");

    until.wait(|| source.hang_up(&proxy)).await;
    info!("Stopping");
    let stop_deciding = async {
        if let Some(deciding) = deciding {
            deciding.stop().await;
        }
    };
    tokio::join!(running.stop(), stop_deciding);
    if let Some(following) = following {
        following.stop().await;
    }
    // The last decisions are drained from the spool when the housekeeper lets go of it.
    housekeeper.stop();
    if let Some(shipping) = shipping {
        shipping.stop().await;
    }
    Ok(())
}

/// What trusted fronts show.
fn front_token(path: &std::path::Path) -> Result<FrontToken, BadInput> {
    use std::os::unix::fs::MetadataExt;
    let bad = |problem: &dyn std::fmt::Display| {
        BadInput(format!("`gate.front_token_file`: `{}` cannot be used: {problem}", path.display()))
    };
    let mode = std::fs::metadata(path).map_err(|error| bad(&error))?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(bad(&format!(
            "its mode is {mode:03o}; `chmod 600` it, so that only its owner can read it"
        )));
    }
    let text = zeroize::Zeroizing::new(std::fs::read_to_string(path).map_err(|error| bad(&error))?);
    FrontToken::new(&text).map_err(|error| bad(&error))
}

/// What stops a gate, listened to.
enum Stop<'a> {
    Signals(Signals),
    Told(Pin<Box<dyn Future<Output = ()> + Send + 'a>>),
}

impl Stop<'_> {
    async fn wait(&mut self, look: impl Fn()) {
        match self {
            Self::Signals(signals) => signals.wait(look).await,
            Self::Told(told) => told.await,
        }
    }
}

/// An error with its cause, which some name themselves and some do not.
fn with_cause(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(&format!(": {cause_text}"));
        }
        source = cause.source();
    }
    text
}

fn failed(error: impl std::error::Error) -> Failed {
    Failed(with_cause(&error))
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
        enforce: gate.mode == Mode::Enforce,
        failures_max: u32::try_from(gate.failures.per_source_max.get()).unwrap_or(u32::MAX),
        failures_window_us: gate.failures.window_s.get().saturating_mul(1_000_000),
        default_per_second: gate.rates.default_per_second,
        order_per_second: gate.rates.order_per_second,
        table_age_us_max: seconds(gate.table_age_max_s.get()),
        order_grace_us: seconds(gate.order_stale_pass_s),
        nonces_max: gate.replay.nonces_max.get(),
    }
}

fn proxy_config(config: &Config, connections_max: usize) -> ProxyConfig {
    let gate = &config.gate;
    let seconds = |s: std::num::NonZeroU64| Duration::from_secs(s.get());
    ProxyConfig {
        gate: gate.id.clone(),
        upstream: gate.upstream.authority().clone(),
        upstream_host: match gate.upstream_host {
            config::UpstreamHost::Keep => UpstreamHost::Keep,
            config::UpstreamHost::Upstream => UpstreamHost::Upstream,
        },
        trusted_hops: gate.trusted_hops.clone(),
        body_bytes_max: gate.body_bytes_max.get(),
        header_bytes_max: gate.header_bytes_max.get(),
        connections_max,
        connections_per_source_max: gate.connections_per_source_max,
        shutdown_grace: Duration::from_secs(gate.shutdown_grace_s),
        timeouts: Timeouts {
            header_read: seconds(gate.timeouts.header_read_s),
            body_read: seconds(gate.timeouts.body_read_s),
            connect: seconds(gate.timeouts.connect_s),
            upstream_response: seconds(gate.timeouts.upstream_response_s),
            pool_idle: seconds(gate.timeouts.idle_s),
            websocket_idle: seconds(gate.timeouts.websocket_idle_s),
            client_write: CLIENT_WRITE,
        },
    }
}
