//! One request, start to end: read it, ask the gate, write it down, then forward it or refuse it.

use crate::admission::Admitted;
use crate::body::{Bodies, TINY_BYTES, WholeBody};
use crate::clock::SystemClock;
use crate::complain::{Complaints, chain};
use crate::config::ProxyConfig;
use crate::epoch::{Epochs, Token};
use crate::forward::{Outgoing, Upstream};
use crate::fronts::FrontToken;
use crate::metrics::Metrics;
use crate::record::{EventIds, Seen};
use crate::sink::EventSink;
use crate::stall::Streamed;
use crate::streams::{Stream, Streams};
use crate::{admin, client_address, head, refuse, websocket};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{Either, Full};
use hyper::body::{Body as _, Incoming};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use sumun_dialect::RawRequest;
use sumun_gate::{Decision, Gate, Now, Permit};
use sumun_model::{KeyId, Reason};
use tokio::sync::OwnedSemaphorePermit;
use tracing::warn;

/// A response body: ours, whole, or the exchange's, streamed.
pub type Body = Either<Full<Bytes>, Streamed>;

/// Looks whether the source of keys has something newer, where that is cheap. Called before each decision.
pub type Look = Box<dyn Fn(Now) + Send + Sync>;

/// Everything one proxy works with. Shared by all its connections.
pub struct Proxy {
    /// The decision.
    pub gate: Arc<Gate>,
    /// Where records go.
    pub sink: Arc<dyn EventSink>,
    /// Open private streams.
    pub streams: Arc<Streams>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    pub(crate) upstream: Upstream,
    pub(crate) ids: EventIds,
    pub(crate) clock: SystemClock,
    pub(crate) config: ProxyConfig,
    pub(crate) complaints: Complaints,
    bodies: Bodies,
    epochs: Epochs,
    look: OnceLock<Look>,
    notes: OnceLock<admin::Notes>,
    front_token: OnceLock<FrontToken>,
}

/// A request as read.
pub(crate) struct Received {
    pub(crate) parts: Parts,
    /// Empty if it was too long.
    pub(crate) body: Bytes,
    pub(crate) body_complete: bool,
    /// The body's share of what may be in memory.
    pub(crate) room: Option<OwnedSemaphorePermit>,
    pub(crate) source: IpAddr,
    pub(crate) upgrade: bool,
    pub(crate) at: Now,
    /// Taken just before it is decided, gone once it is forwarded or refused.
    pub(crate) token: Option<Token>,
    /// The key that a trusted front vouches for: its signature was checked there.
    pub(crate) vouched: Option<KeyId>,
}

impl Received {
    pub(crate) fn raw(&self) -> RawRequest<'_> {
        RawRequest {
            method: &self.parts.method,
            path: self.parts.uri.path(),
            query: self.parts.uri.query().unwrap_or(""),
            headers: &self.parts.headers,
            body: &self.body,
            upgrade: self.upgrade,
        }
    }

    pub(crate) fn seen(&self) -> Seen<'_> {
        Seen {
            at: self.at.wall,
            source: self.source,
            method: self.parts.method.as_str(),
            path: self.parts.uri.path(),
            agent: self.parts.headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()),
            websocket: self.upgrade,
        }
    }
}

impl Proxy {
    /// A proxy over a gate. `boot` tells this process's event ids from those of any other run.
    #[must_use]
    pub fn new(
        config: ProxyConfig,
        gate: Arc<Gate>,
        sink: Arc<dyn EventSink>,
        metrics: Arc<Metrics>,
        boot: u64,
        clock: SystemClock,
    ) -> Self {
        Self {
            gate,
            sink,
            streams: Arc::new(Streams::default()),
            metrics,
            upstream: Upstream::new(&config),
            ids: EventIds::new(config.gate.clone(), boot),
            clock,
            complaints: Complaints::default(),
            bodies: Bodies::new(config.body_bytes_max, config.timeouts.body_read),
            config,
            epochs: Epochs::default(),
            look: OnceLock::new(),
            notes: OnceLock::new(),
            front_token: OnceLock::new(),
        }
    }

    /// Has the source of keys looked at before each decision, so that a change takes effect at the very next one.
    /// The first call counts.
    pub fn look_before_deciding(&self, look: Look) {
        let _ = self.look.set(look);
    }

    /// Has `/readyz` tell what else is amiss around this proxy. The first call counts.
    pub fn set_notes(&self, notes: admin::Notes) {
        let _ = self.notes.set(notes);
    }

    /// Has whoever shows this token vouch for keys. The first call counts.
    pub fn trust_fronts_with(&self, token: FrontToken) {
        let _ = self.front_token.set(token);
    }

    pub(crate) fn front_token(&self) -> Option<&FrontToken> {
        self.front_token.get()
    }

    pub(crate) fn notes(&self) -> Vec<admin::Note> {
        self.notes.get().map(|notes| notes()).unwrap_or_default()
    }

    /// The instant to decide at, the key table being as new as its source allows.
    pub(crate) fn deciding_now(&self) -> Now {
        let now = self.clock.now();
        if let Some(look) = self.look.get() {
            look(now);
        }
        now
    }

    /// Reads the clocks.
    #[must_use]
    pub fn now(&self) -> Now {
        self.clock.now()
    }

    /// Decides again about every open stream; call after every change of the key table or the ramp. Where the refusal does not
    /// hold, it ends none.
    pub fn recheck_streams(&self) -> usize {
        let cut = self.streams.recheck(&self.gate, self.clock.now());
        self.metrics.streams_cut.inc_by(cut as u64);
        cut
    }

    /// Decides again about one open stream. True if that ended it.
    pub(crate) fn recheck_stream(&self, stream: &Stream) -> bool {
        let cut = stream.recheck(&self.gate, self.clock.now());
        if cut {
            self.metrics.streams_cut.inc();
        }
        cut
    }

    /// To be called after a change of the key table. Done when no request decided before the change still awaits
    /// forwarding: each was handed to the exchange's connection, or refused.
    pub fn turn_epoch(&self) -> impl Future<Output = ()> + Send + use<> {
        self.epochs.turn()
    }

    /// For whoever is about to decide: held until the answer is given.
    pub(crate) fn enter_epoch(&self) -> Token {
        self.epochs.enter()
    }

    /// Serves one request.
    pub async fn handle(self: Arc<Self>, mut request: Request<Incoming>, peer: IpAddr) -> Response<Body> {
        let at = self.clock.now();
        let readable = head::check(&request);
        let source = client_address::client_address(peer, request.headers(), &self.config.trusted_hops);
        let upgrade = readable.is_ok() && head::asks_websocket(&request);
        let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
        let on_upgrade = upgrade.then(|| hyper::upgrade::on(&mut request));
        let (parts, body) = request.into_parts();
        let mut received = Received {
            parts,
            body: Bytes::new(),
            body_complete: true,
            room: None,
            source: source.as_ref().map_or(peer, |source| *source),
            upgrade,
            at,
            token: None,
            vouched: None,
        };
        if let Err(error) = &source
            && let Some(suppressed) = self.complaints.hop.due(at.monotonic_us)
        {
            warn!(hop.address = %peer, suppressed, "Refused a request: {error}");
        }
        if let Some(error) =
            readable.err().map(|e| e.to_string()).or_else(|| source.as_ref().err().map(ToString::to_string))
        {
            self.metrics.bad_heads.inc();
            let reason = Reason::MalformedCredentials;
            self.turned_away(&received, source.is_ok(), StatusCode::BAD_REQUEST, reason);
            return closing(refuse::problem(StatusCode::BAD_REQUEST, "bad_request", &error));
        }
        if let Some((decision, token)) = self.decide_unread(&received, &body) {
            received.token = Some(token);
            return closing(self.answer(received, decision).await);
        }
        match self.bodies.read(body).await {
            Ok(Some(WholeBody { bytes, room })) => (received.body, received.room) = (bytes, room),
            Ok(None) => received.body_complete = false,
            Err(error) => {
                self.metrics.bad_bodies.inc();
                self.turned_away(&received, true, error.status(), error.reason());
                return closing(refuse::problem(error.status(), error.name(), &error.to_string()));
            }
        }
        received.token = Some(self.enter_epoch());
        let decision = self.decide(&received);
        // What was not read to its end must not be taken for another request.
        let last = chunked || !received.body_complete;
        let response = match on_upgrade {
            Some(client) if decision.permit().is_ok() => {
                websocket::serve(self, received, decision, client).await
            }
            _ => self.answer(received, decision).await,
        };
        if last { closing(response) } else { response }
    }

    /// The decision about a request whose body is not tiny, where no body could change it.
    fn decide_unread(&self, received: &Received, body: &Incoming) -> Option<(Decision, Token)> {
        let length_max = body.size_hint().upper();
        if length_max.is_some_and(|length| length <= TINY_BYTES as u64) {
            return None;
        }
        let fits = length_max.is_some_and(|length| length <= self.config.body_bytes_max as u64);
        let token = self.epochs.enter();
        let now = self.deciding_now();
        let decision = self.gate.decide_unread(&self.question(received, fits))?;
        self.metrics.decided(self.clock.monotonic_us().saturating_sub(now.monotonic_us));
        Some((decision, token))
    }

    fn question<'a>(&self, received: &'a Received, body_complete: bool) -> sumun_gate::Request<'a> {
        sumun_gate::Request {
            raw: received.raw(),
            source: received.source,
            body_complete,
            recordable: self.sink.available(),
        }
    }

    pub(crate) fn decide(&self, received: &Received) -> Decision {
        // The instant of deciding, not of receipt: a slow body must not outlive its key.
        let now = self.deciding_now();
        let question = self.question(received, received.body_complete);
        let decision = match &received.vouched {
            Some(key) => self.gate.decide_vouched(&question, key.as_str(), now),
            None => self.gate.decide(&question, now),
        };
        self.metrics.decided(self.clock.monotonic_us().saturating_sub(now.monotonic_us));
        decision
    }

    /// As [`Self::decide`], of a request whose target could be read in two ways.
    pub(crate) fn decide_misread(&self, received: &Received) -> Decision {
        let now = self.deciding_now();
        let question = self.question(received, received.body_complete);
        let decision = self.gate.decide_misread(&question, received.vouched.as_ref().map(KeyId::as_str), now);
        self.metrics.decided(self.clock.monotonic_us().saturating_sub(now.monotonic_us));
        decision
    }

    /// Writes the decision down; then forwards or refuses.
    async fn answer(&self, received: Received, mut decision: Decision) -> Response<Body> {
        match self.admit(&received, &mut decision).await {
            Ok(Admitted { permit, pending }) => {
                let response = self.forward(received, &permit).await;
                pending.done(response.status());
                response
            }
            Err(refusal) => refusal.into_response(),
        }
    }

    async fn forward(&self, received: Received, permit: &Permit) -> Response<Body> {
        let started_us = self.clock.monotonic_us();
        // The room is held until the body has gone on.
        let Received { parts, body, source, room: _room, token, .. } = received;
        let answer = self.upstream.forward(permit, parts, Outgoing::new(body, token), source).await;
        match answer {
            Ok(response) => {
                self.metrics.upstream(self.clock.monotonic_us().saturating_sub(started_us));
                let patience = self.config.timeouts.upstream_response;
                response.map(|body| Either::Right(Streamed::new(body, patience)))
            }
            Err(error) => {
                self.metrics.upstream_failure(error.kind());
                if let Some(suppressed) = self.complaints.upstream.due(self.clock.monotonic_us()) {
                    warn!(
                        upstream.authority = %self.upstream.authority(), suppressed,
                        "A request got no answer: {}", chain(&error)
                    );
                }
                let advice = if error.may_have_acted() {
                    "the exchange did not answer; it may have acted, so look before trying again"
                } else {
                    "the exchange cannot be reached; nothing was sent, try again shortly"
                };
                refuse::problem(error.status(), "upstream_unavailable", advice)
            }
        }
    }
}

/// Ends the connection after the response: its framing can no longer be trusted, or was chunked. After a chunked request
/// (RFC 9112, 6.1) a hop in front that went by a `Content-Length` beside it would take the rest for another request;
/// exchanges' clients send no chunked requests.
fn closing(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
