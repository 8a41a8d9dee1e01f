//! What a proxy is told at start; resolved, typed, without defaults of its own.

use http::uri::Authority;
use std::time::Duration;
use sumun_model::{GateId, Prefix};

/// Which `Host` the upstream sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamHost {
    /// What the client sent.
    Keep,
    /// The upstream's own authority.
    Upstream,
}

/// How long each part of a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// From accepting a connection, or the end of the last response, to the whole head of the next request.
    pub header_read: Duration,
    /// For the whole body.
    pub body_read: Duration,
    /// For connecting to the upstream.
    pub connect: Duration,
    /// From forwarding to the head of the upstream's response, and between two parts of its body.
    pub upstream_response: Duration,
    /// Idle pooled upstream connections are closed after this.
    pub pool_idle: Duration,
    /// A WebSocket without a message either way is closed after this.
    pub websocket_idle: Duration,
    /// A client that takes nothing of what is sent to it for so long is cut off.
    pub client_write: Duration,
}

/// The smallest limit of heads that the HTTP reader takes, bytes.
pub const HEADER_BYTES_MIN: usize = 8 * 1024;

/// One proxy.
#[derive(Clone, Debug)]
pub struct ProxyConfig {
    /// This gate's name in records.
    pub gate: GateId,
    /// Where requests go: host and port, plain HTTP.
    pub upstream: Authority,
    /// Which `Host` the upstream sees.
    pub upstream_host: UpstreamHost,
    /// Hops whose `X-Forwarded-For` is believed.
    pub trusted_hops: Vec<Prefix>,
    /// Longest body buffered, bytes.
    pub body_bytes_max: usize,
    /// Longest head read, bytes; at least [`HEADER_BYTES_MIN`].
    pub header_bytes_max: usize,
    /// Connections served at once, WebSockets among them; more wait to be accepted.
    pub connections_max: usize,
    /// Connections of one /24 or /48 served at once; more are closed at once. Trusted hops are not counted. 0: no
    /// limit.
    pub connections_per_source_max: usize,
    /// How long a stop waits for what is under way.
    pub shutdown_grace: Duration,
    /// How long each part may take.
    pub timeouts: Timeouts,
}
