//! A proxy in this process between raw clients and a raw upstream, with its records in memory.
//!
//! Start at [`World`]. Bytes go in by [`client::Client`], come out at [`upstream::Upstream`], and [`World::check`]
//! compares both with what [`sink::Sink`] was told. Never here: a mock of anything of the crate under test.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

pub mod client;
pub mod sign;
pub mod sink;
pub mod upstream;
pub mod ws;

use client::{Client, Response};
use sink::Sink;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use sumun_gate::{Change, Gate, GatePolicy, KeySpec, KeyTable, ReplayMemory, Status};
use sumun_model::wire::{Signature, Verdict};
use sumun_model::{AccountId, ApiSecret, GateId, KeyId, Reason, Scope, ScopeSet, Timestamp};
use sumun_proxy::metrics::Metrics;
use sumun_proxy::{Proxy, ProxyConfig, Running, SystemClock, Timeouts, UpstreamHost};
use tokio::net::TcpListener;
use upstream::Upstream;

/// Longest that a condition is waited for. Only a failing test waits so long.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Made up; signs for every key here.
pub const SECRET: &str = "made-up-secret";

/// Waits until a condition holds.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, wait).await.is_ok(), "never came: {what}");
}

/// Waits for a future, but not for ever.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("never came: {what}"),
    }
}

/// Every scope there is.
pub fn all_scopes() -> ScopeSet {
    Scope::ALL.iter().copied().collect()
}

pub fn key_id(id: &str) -> KeyId {
    KeyId::new(id).unwrap()
}

/// A key with every scope, usable from 127.0.0.1 and two documentation addresses.
pub fn key(id: &str) -> KeySpec {
    KeySpec {
        id: key_id(id),
        account: AccountId::new("A-1").unwrap(),
        segment: None,
        status: Status::ACTIVE,
        scopes: all_scopes(),
        allowlist: ["127.0.0.1", "203.0.113.7", "2001:db8::7"]
            .iter()
            .map(|a| sumun_model::Prefix::host(a.parse().unwrap()))
            .collect(),
        expires: Timestamp::from_micros(i64::MAX),
        markets: None,
        orders_per_second_max: None,
        mac: Some(sumun_dialect::MacKey::new(&ApiSecret::new(SECRET.as_bytes().to_vec()).unwrap())),
    }
}

/// What a test may choose.
pub struct Options {
    pub config: ProxyConfig,
    pub policy: GatePolicy,
    pub keys: Vec<KeySpec>,
    pub upstream: upstream::Behaviour,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            config: ProxyConfig {
                gate: GateId::new("gate-test").unwrap(),
                upstream: "127.0.0.1:1".parse().unwrap(),
                upstream_host: UpstreamHost::Keep,
                trusted_hops: Vec::new(),
                body_bytes_max: 4096,
                header_bytes_max: 16 * 1024,
                connections_max: 64,
                connections_per_source_max: 0,
                shutdown_grace: Duration::from_secs(5),
                timeouts: patient(),
            },
            policy: GatePolicy {
                default_per_second: 0,
                order_per_second: 0,
                nonces_max: 1 << 16,
                ..GatePolicy::default()
            },
            keys: vec![key("K1"), key("K2")],
            upstream: upstream::answers_ok(),
        }
    }
}

/// Longer than any test takes.
pub const fn patient() -> Timeouts {
    let long = Duration::from_secs(60);
    Timeouts {
        header_read: long,
        body_read: long,
        connect: long,
        upstream_response: long,
        pool_idle: long,
        websocket_idle: long,
        client_write: long,
    }
}

/// A running proxy with all around it.
pub struct World {
    pub proxy: Arc<Proxy>,
    pub sink: Arc<Sink>,
    pub upstream: Upstream,
    pub address: SocketAddr,
    running: Option<Running>,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(choose: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::default();
        choose(&mut options);
        let sink = Arc::new(Sink::default());
        let behaviour = std::mem::replace(&mut options.upstream, upstream::answers_ok());
        let upstream = Upstream::start(behaviour, Arc::clone(&sink)).await;
        if options.config.upstream.port_u16() == Some(1) {
            options.config.upstream = upstream.address.to_string().parse().unwrap();
        }
        let clock = SystemClock::new();
        let table = KeyTable::default();
        assert!(table.load(options.keys).is_empty());
        table.refreshed(clock.now().wall);
        let replay = ReplayMemory::new(options.policy.nonces_max, [7; 16]);
        let gate = Arc::new(Gate::new(options.policy, table, replay));
        let records: Arc<dyn sumun_proxy::EventSink> = sink.clone();
        let proxy =
            Arc::new(Proxy::new(options.config, gate, records, Arc::new(Metrics::default()), 1, clock));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running = sumun_proxy::server::start(Arc::clone(&proxy), listener).unwrap();
        let address = running.address;
        Self { proxy, sink, upstream, address, running: Some(running) }
    }

    /// Stops the proxy, as on a signal.
    pub async fn stop(&mut self) {
        self.running.take().expect("it runs").stop().await;
    }

    /// Makes a change of the key table, as the role does.
    pub fn change(&self, change: Change) -> usize {
        self.proxy.gate.table.apply(change).unwrap();
        self.proxy.recheck_streams()
    }

    pub async fn client(&self) -> Client {
        Client::connect(self.address, None).await
    }

    pub async fn client_from(&self, from: &str) -> Client {
        Client::connect(self.address, Some(from.parse::<IpAddr>().unwrap())).await
    }

    /// Sends raw bytes on a connection of their own and reads one response.
    pub async fn exchange(&self, bytes: &[u8]) -> Response {
        let mut client = self.client().await;
        client.send(bytes).await;
        client.response("GET").await
    }

    /// The one access line so far, of a request that was refused.
    pub fn refused(&self) -> sumun_model::wire::AccessLine {
        let singles = self.sink.singles();
        assert_eq!(singles.len(), 1, "{singles:#?}");
        singles.into_iter().next().unwrap()
    }

    /// The one line of a request of K1 that was turned away before it could be decided about.
    #[track_caller]
    pub fn turned_away(&self, status: u16) -> sumun_model::wire::AccessLine {
        assert_eq!((self.upstream.count(), self.sink.entries().len()), (0, 1), "{:#?}", self.sink.entries());
        let line = self.refused();
        assert_eq!((line.verdict, line.reason), (Some(Verdict::Deny), Some(Reason::MalformedCredentials)));
        assert_eq!((line.status, line.signature), (Some(status), Some(Signature::Unchecked)));
        assert_eq!((line.key.as_ref(), line.enforced), (Some(&key_id("K1")), Some(true)));
        line
    }

    /// What must always hold: each request the upstream saw is exactly one that was decided and written down before
    /// its first byte came, under the same method, path, key and nonce; and each that was allowed is one it saw.
    #[track_caller]
    pub fn check(&self) {
        let mut unseen: Vec<_> = self
            .sink
            .admitted()
            .into_iter()
            .enumerate()
            .map(|(n, line)| {
                if line.enforced == Some(true) {
                    assert_eq!(line.verdict, Some(Verdict::Allow), "{line:?}");
                }
                let key = line.key.as_ref().map(ToString::to_string);
                (n, (line.method, line.route, key, line.nonce))
            })
            .collect();
        for request in self.upstream.requests() {
            let Some(authorization) = request.header("authorization") else {
                let route = sumun_dialect::Dialect::Upbit.route(
                    &request.method.parse().unwrap(),
                    request.path(),
                    request.is_upgrade(),
                );
                assert!(route.is_some_and(|r| r.public), "without a credential: {request:?}");
                continue;
            };
            let (key, nonce) = sign::key_and_nonce_of(authorization);
            let mark = format!("{:016x}", self.proxy.gate.replay.mark(&key, &nonce).0);
            let like = (Some(request.method.clone()), Some(request.path().to_owned()), Some(key), Some(mark));
            let at = unseen.iter().position(|(_, line)| *line == like);
            let at = at.unwrap_or_else(|| panic!("no record of {request:?} among {unseen:?}"));
            let (n, _) = unseen.remove(at);
            assert!(n < request.admitted_before, "seen before it was written down: {request:?}");
        }
        assert!(unseen.is_empty(), "allowed and never sent on: {unseen:?}");
    }
}
