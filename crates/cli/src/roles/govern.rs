//! The control plane: REST, the record, the feed of keys, in one process on one database.
//!
//! [`open`] opens what a start needs, in this order: keys, the venue's facts, the store (which compares rows, published
//! ledger and signatures, and refuses to go on if they contradict one another), then the use cases. Nothing listens before
//! everything else is in order. [`run`] is the role alone; `roles::serve` puts a gate beside it.

mod beside;
mod canary;
mod facts;
pub(crate) mod founding;
mod mail;
mod outside;
mod own_gate;
mod own_keys;
mod seals;
mod shadow;

use super::actuator;
use super::events::Events;
use super::tap::Taps;
use crate::config::{Config, UnknownFields, WebAddress};
use crate::exit::{BadInput, Failed};
use crate::{descriptors, entropy};
pub(crate) use facts::{VenueFile, operator};
pub(crate) use outside::Outside;
pub(crate) use own_keys::OwnKeys;
pub(crate) use seals::Keyrings;
use seals::remote_gates_share_the_keyring;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use sumun_govern::Govern;
use sumun_server::Server;
use sumun_server::browsers::Browsers;
use sumun_store::{Store, StoreOptions};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

/// Bytes by which one process of several is told from the others.
const HOLDER_BYTES: usize = 16;

/// How often is looked whether the store still takes changes: a supervisor starts the process anew if it does not.
const STORE_LOOK: Duration = Duration::from_secs(1);

/// Runs until told to stop.
///
/// # Errors
/// What kept it from starting, or from going on.
pub fn run(config: Config) -> anyhow::Result<()> {
    let _ = descriptors::raise();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(config))
}

async fn serve(config: Config) -> anyhow::Result<()> {
    // Taken first: unheard, it would end the process.
    let mut hang_up = signal(SignalKind::hangup())?;
    let plane = ControlPlane::open(&config).await?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let running = plane.start(&config).await?;
    crate::output::json_aside(&serde_json::json!({ "ready": running.ready }));
    info!(listen = %running.ready.govern, entries = running.ready.entries, "The control plane is open");
    let mut look = tokio::time::interval(STORE_LOOK);
    let ended = loop {
        tokio::select! {
            _ = terminate.recv() => break Ok(()),
            _ = interrupt.recv() => break Ok(()),
            Some(()) = hang_up.recv() => info!("SIGHUP: nothing is read again; restart to adopt a changed file"),
            _ = look.tick() => {
                if let Some(cause) = running.stopped() {
                    let text = format!("the store takes no changes any more: {cause}; start the control plane anew");
                    break Err(Failed(text).into());
                }
            }
        }
    };
    info!("Stopping");
    running.stop().await;
    ended
}

/// A control plane that is in order and holds its address, but serves nobody yet.
pub(crate) struct ControlPlane {
    server: Arc<Server>,
    events: Arc<Events>,
    listener: TcpListener,
    /// Customers' own, where there is an owner's page.
    owners: Option<TcpListener>,
    keys: OwnKeys,
    acting: Option<actuator::settings::Settings>,
}

/// A control plane at work.
pub(crate) struct Running {
    server: Arc<Server>,
    running: sumun_server::Running,
    owners: Option<sumun_server::Running>,
    beside: beside::Beside,
    canaries: Option<canary::Canaries>,
    taps: Option<Taps>,
    acting: Option<actuator::Acting>,
    /// What it says of itself.
    pub(crate) ready: Ready,
}

/// What the process says on standard output once it serves.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Ready {
    /// Where the API and the feed are.
    pub(crate) govern: SocketAddr,
    /// Where staff's browsers open the console.
    pub(crate) console: String,
    /// Where customers' browsers connect, if there is an owner's page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<SocketAddr>,
    /// The venue.
    pub(crate) venue: String,
    /// Entries of the ledger.
    pub(crate) entries: u64,
    /// The feed's version.
    pub(crate) feed_version: u64,
}

impl ControlPlane {
    /// Opens everything and takes the address.
    ///
    /// # Errors
    /// Names what is not in order.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        let keyrings = Keyrings::load(config)?;
        let keys = OwnKeys::load(&config.data_dir, &keyrings.own)?;
        let file = VenueFile::read(config)?;
        // Looked at first: a control plane that cannot act should not begin to decide.
        let acting = actuator::configured(config)?;
        let govern = open(config, &keys, keyrings, &file).await?;
        let govern = match &acting {
            Some(settings) => govern.with_acting(settings.destinations()),
            None => govern,
        };
        file.adopt(&govern, config).await?;
        adopt_policy(&govern, config).await?;
        let listener = sumun_proxy::server::bind(config.govern.listen)
            .await
            .map_err(|error| Failed(format!("`govern.listen`: {error}")))?;
        let owners = match config.owner.listen {
            Some(listen) => Some(
                sumun_proxy::server::bind(listen)
                    .await
                    .map_err(|error| Failed(format!("`owner.listen`: {error}")))?,
            ),
            None => None,
        };
        if owners.is_some() && config.owner.sign_in_origins.is_empty() {
            tracing::warn!(
                "`owner.sign_in_origins` is empty: no page of the exchange can sign its customers in at `owner.listen`; name its origin, such \
                 as `https://exchange.example`"
            );
        }
        let events = Arc::new(Events::open(config, crate::clock::now)?);
        let taking = sumun_server::events::Events {
            log: Arc::clone(&events) as Arc<dyn sumun_server::events::EventLog>,
            count_unknown: config.events.unknown == UnknownFields::Count,
        };
        let notices = Some(config.data_dir.join("notices.ndjson"));
        let server = Server::new(Arc::new(govern), keys.feed.clone(), notices);
        let server = server.trusting(config.govern.trusted_hops.clone()).taking(taking);
        let server = server.with_browsers(browsers(config));
        let server = match mail::relay(config)? {
            Some(mailer) => server.mailing(mailer),
            None => server,
        };
        let server = Arc::new(server);
        Ok(Self { server, events, listener, owners, keys, acting })
    }

    /// Enrols the gate of this process, unless it is.
    ///
    /// # Errors
    /// A gate of that name has another key, or its files cannot be written.
    pub(crate) async fn enrol_own_gate(&self, config: &Config) -> anyhow::Result<()> {
        own_gate::enrol(&self.server.govern, config, &self.keys).await
    }

    /// Where it will serve.
    pub(crate) fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves.
    ///
    /// # Errors
    /// The listener has no address, or a gate that canaries should try was never enrolled.
    pub(crate) async fn start(self, config: &Config) -> anyhow::Result<Running> {
        let head = self.server.govern.store.head();
        let govern = self.address()?;
        let ready = Ready {
            govern,
            console: config.console.url.as_ref().map_or_else(|| reached_at(govern), ToString::to_string),
            owner: self.owners.as_ref().map(TcpListener::local_addr).transpose()?,
            venue: self.server.govern.venue().venue.clone(),
            entries: head.size,
            feed_version: head.feed_version,
        };
        let canaries = canary::Canaries::start(&self.server, config).await?;
        let beside = beside::Beside::start(&self.server, &self.events, config).await?;
        let taps =
            config.tap.file.as_deref().map(|file| Taps::start_beside(file, &self.server)).transpose()?;
        let acting = self.acting.map(|settings| actuator::start(&self.server, settings));
        let running = sumun_server::serve(self.listener, Arc::clone(&self.server))?;
        let owners = self.owners.map(|owners| sumun_server::serve_owners(owners, Arc::clone(&self.server)));
        Ok(Running {
            running,
            owners: owners.transpose()?,
            server: self.server,
            beside,
            canaries,
            taps,
            acting,
            ready,
        })
    }
}

impl Running {
    /// Why the store takes no changes any more, if it does not. Only opening it anew helps.
    pub(crate) fn stopped(&self) -> Option<Arc<str>> {
        self.server.govern.store.stopped().or_else(|| self.beside.stopped())
    }

    /// Lets what is under way end, then closes the store.
    pub(crate) async fn stop(self) {
        drop(self.canaries);
        drop(self.acting);
        if let Some(taps) = self.taps {
            taps.stopped().await;
        }
        if let Some(owners) = self.owners {
            owners.stop().await;
        }
        self.running.stop().await;
        self.beside.stop().await;
        self.server.govern.store.close().await;
    }
}

/// The address by which this machine reaches a listener of its own.
pub(crate) fn reached_at(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

/// How browsers are served.
fn browsers(config: &Config) -> Browsers {
    let said = |address: &Option<WebAddress>| address.as_ref().map(ToString::to_string);
    Browsers {
        staff_url: said(&config.console.url),
        owner_url: said(&config.owner.url),
        sign_in_url: said(&config.owner.sign_in_url),
        sign_in_origins: config.owner.sign_in_origins.iter().map(ToString::to_string).collect(),
        identity_url: said(&config.owner.identity_url),
        banner: config.console.banner.clone(),
        ledger: config.console.ledger.as_ref().map(ToString::to_string),
        program: config.console.program.to_string(),
    }
}

/// Puts a policy in force where the record has none: the file that the configuration names, or the shipped one.
///
/// # Errors
/// It cannot be read, or is none.
pub(crate) async fn adopt_policy(govern: &Govern, config: &Config) -> anyhow::Result<()> {
    let text = match &config.govern.policy_file {
        None => crate::findings::DEFAULT_TEXT.to_owned(),
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| BadInput(format!("`govern.policy_file`: `{}`: {error}", path.display())))?,
    };
    govern
        .adopt_first_policy(&operator(), &text)
        .await
        .map_err(|refusal| Failed(format!("the policy cannot be put in force: {refusal}")).into())
}

/// The use cases over the store. The venue's facts are the file's until some were adopted.
///
/// # Errors
/// Names what is not in order; a ledger that contradicts its rows among it.
pub(crate) async fn open(
    config: &Config,
    keys: &OwnKeys,
    keyrings: Keyrings,
    file: &VenueFile,
) -> anyhow::Result<Govern> {
    let signer = keys.signer(&file.venue.ledger.origin)?;
    let holder = hex::encode(*entropy::draw::<HOLDER_BYTES>()?);
    let options = StoreOptions::new(config.database_url(), signer, Arc::new(crate::clock::now), holder)
        .publish_to(config.ledger_dir());
    let store = Store::open(options).await.map_err(|error| Failed(crate::exit::with_causes(&error)))?;
    if config.govern.key_file.is_none() {
        remote_gates_share_the_keyring(config, &store).await;
    }
    let govern = Govern::new(store, keyrings.shared, Arc::new(Outside), file.venue.clone());
    Ok(govern.with_own_keyring(keyrings.own).with_detector_check(crate::findings::detectors::problems))
}
