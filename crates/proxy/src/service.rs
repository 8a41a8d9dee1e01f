//! One request, start to end: read it, ask the gate, write it down, then forward it or refuse it.

use crate::clock::SystemClock;
use crate::config::ProxyConfig;
use crate::forward::Upstream;
use crate::metrics::Metrics;
use crate::record::{self, EventIds, Seen};
use crate::sink::{EventSink, Outcome, RecordingUnavailable, Ticket};
use crate::streams::Streams;
use crate::{client_address, head, refuse, websocket};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Either, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use sumun_dialect::RawRequest;
use sumun_gate::{Answer, Decision, Gate, Now, Permit};
use sumun_model::{Effect, Reason};
use tracing::warn;

/// A response body: ours, whole, or the exchange's, streamed.
pub type Body = Either<Full<Bytes>, Incoming>;

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
    look: OnceLock<Look>,
}

/// A request as read.
pub(crate) struct Received {
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
    pub(crate) body_complete: bool,
    pub(crate) source: IpAddr,
    pub(crate) upgrade: bool,
    pub(crate) at: Now,
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

    fn seen(&self) -> Seen<'_> {
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

/// Writes an outcome exactly once: the one told, or `status: null` if the client leaves first.
pub(crate) struct Pending<'a> {
    proxy: &'a Proxy,
    ticket: Option<Ticket>,
    received_us: u64,
}

impl Pending<'_> {
    pub(crate) fn done(self, status: StatusCode) {
        self.end(status, None);
    }

    /// Admitted, and refused after all.
    fn refused(self, status: StatusCode, reason: Reason) {
        self.end(status, Some(reason));
    }

    fn end(mut self, status: StatusCode, refused: Option<Reason>) {
        let latency_us = self.proxy.clock.monotonic_us().saturating_sub(self.received_us);
        if let Some(ticket) = self.ticket.take() {
            let outcome = Outcome { status: Some(status.as_u16()), latency_us: Some(latency_us), refused };
            self.proxy.sink.outcome(ticket, outcome);
        }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.proxy.sink.outcome(ticket, Outcome { status: None, latency_us: None, refused: None });
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
            config,
            look: OnceLock::new(),
        }
    }

    /// Has the source of keys looked at before each decision, so that a change takes effect at the very next one.
    /// The first call counts.
    pub fn look_before_deciding(&self, look: Look) {
        let _ = self.look.set(look);
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

    /// Decides again about every open stream; call after every change of the key table. Shadow mode ends none.
    pub fn recheck_streams(&self) -> usize {
        if !self.config.enforce {
            return 0;
        }
        let cut = self.streams.recheck(&self.gate, self.clock.now());
        self.metrics.streams_cut.inc_by(cut as u64);
        cut
    }

    /// Serves one request.
    pub async fn handle(self: Arc<Self>, mut request: Request<Incoming>, peer: IpAddr) -> Response<Body> {
        let at = self.clock.now();
        if let Err(error) = head::check(&request) {
            self.metrics.bad_heads.inc();
            return closing(refuse::problem(StatusCode::BAD_REQUEST, "bad_request", &error.to_string()));
        }
        let source = match client_address::client_address(peer, request.headers(), &self.config.trusted_hops)
        {
            Ok(source) => source,
            Err(error) => {
                warn!(hop.address = %peer, "Refused a request: {error}");
                self.metrics.bad_heads.inc();
                return closing(refuse::problem(StatusCode::BAD_REQUEST, "bad_request", &error.to_string()));
            }
        };
        let upgrade = head::asks_websocket(&request);
        let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
        let on_upgrade = upgrade.then(|| hyper::upgrade::on(&mut request));
        let (parts, body) = request.into_parts();
        let (body, body_complete) = match self.read_body(body).await {
            Ok(read) => read,
            Err(response) => return closing(response),
        };
        let received = Received { parts, body, body_complete, source, upgrade, at };
        let mut decision = self.decide(&received);
        if decision.answer() == Answer::Public {
            if !received.body_complete {
                // Nobody's key is involved, so nothing is recorded; still it must not go on without its body.
                return closing(self.refusal(Reason::BodyTooLarge, &decision));
            }
            if !upgrade {
                let pending = self.pending(&received, None);
                return last_if(chunked, self.pass(received, pending, &decision).await);
            }
        }
        let response = match on_upgrade {
            Some(client) if received.body_complete && (decision.permit().is_ok() || !self.config.enforce) => {
                websocket::serve(self, received, decision, client).await
            }
            _ => self.answer(received, &mut decision).await,
        };
        last_if(chunked, response)
    }

    fn decide(&self, received: &Received) -> Decision {
        let request = sumun_gate::Request {
            raw: received.raw(),
            source: received.source,
            body_complete: received.body_complete,
            recordable: self.sink.available(),
        };
        // The instant of deciding, not of receipt: a slow body must not outlive its key.
        let now = self.deciding_now();
        let decision = self.gate.decide(&request, now);
        let took = self.clock.monotonic_us().saturating_sub(now.monotonic_us);
        self.metrics.verdict(decision.answer(), took);
        decision
    }

    async fn read_body(&self, body: Incoming) -> Result<(Bytes, bool), Response<Body>> {
        let max = self.config.body_bytes_max;
        if body.size_hint().lower() > max as u64 {
            return Ok((Bytes::new(), false));
        }
        let read =
            tokio::time::timeout(self.config.timeouts.body_read, Limited::new(body, max).collect()).await;
        match read {
            Ok(Ok(whole)) => Ok((whole.to_bytes(), true)),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Ok((Bytes::new(), false)),
            Ok(Err(_)) => Err(refuse::problem(
                StatusCode::BAD_REQUEST,
                "bad_request",
                "the request's body could not be read",
            )),
            Err(_) => Err(refuse::problem(
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                "the request's body did not arrive in time; send it again",
            )),
        }
    }

    /// Writes the decision down; then forwards or refuses.
    async fn answer(&self, received: Received, decision: &mut Decision) -> Response<Body> {
        let refused = decision.permit().is_err();
        if refused && (self.config.enforce || !received.body_complete) {
            return self.refuse(&received, decision);
        }
        match self.admit(&received, decision).await {
            Ok(pending) => self.pass(received, pending, decision).await,
            Err(refusal) => refusal,
        }
    }

    /// Writes down, before it is forwarded, that a request is; what could not be written went into a counted gap.
    ///
    /// # Errors
    /// The refusal to answer with: the record will not do for the effect. It is on record as far as anything is.
    pub(crate) async fn admit(
        &self,
        received: &Received,
        decision: &mut Decision,
    ) -> Result<Pending<'_>, Response<Body>> {
        let nonces = self.sink.nonces(decision.recorded);
        let mut line = record::access(&self.ids, received.seen(), decision, self.config.enforce);
        let admitted = self.sink.admit(&mut line);
        // From here on the record gets its outcome, even if the client leaves while the disk is waited for.
        let pending = self.pending(received, admitted.ok());
        if admitted.is_err() {
            self.metrics.unrecorded.inc();
        }
        if self.settled(decision, nonces, admitted).await.is_err() {
            decision.recording_failed();
        }
        match decision.reason() {
            Some(reason) if self.config.enforce => {
                let refusal = self.refusal(reason, decision);
                pending.refused(refusal.status(), reason);
                Err(refusal)
            }
            _ => Ok(pending),
        }
    }

    /// Whether what was written will do for the effect: a transfer waits for the disk.
    async fn settled(
        &self,
        decision: &Decision,
        nonces: Result<(), RecordingUnavailable>,
        written: Result<Ticket, RecordingUnavailable>,
    ) -> Result<(), RecordingUnavailable> {
        let ticket = written?;
        nonces?;
        match decision.effect {
            Effect::Transfer => self.sink.durable(ticket).await,
            Effect::Read | Effect::Cancel | Effect::Order => Ok(()),
        }
    }

    /// Decides and writes down, for a front that forwards by itself; the outcome is its own to know.
    pub(crate) async fn decide_and_record(&self, received: &Received) -> Decision {
        let mut decision = self.decide(received);
        if decision.answer() != Answer::Public {
            let nonces = self.sink.nonces(decision.recorded);
            let mut line = record::access(&self.ids, received.seen(), &decision, self.config.enforce);
            let written = self.sink.single(&mut line);
            if written.is_err() {
                self.metrics.unrecorded.inc();
            }
            if self.settled(&decision, nonces, written).await.is_err() {
                decision.recording_failed();
            }
        }
        decision
    }

    /// A refusal in the exchange's words.
    fn refusal(&self, reason: Reason, decision: &Decision) -> Response<Body> {
        let policy = self.gate.policy();
        let (group, limit) = match decision.route {
            Some(route) if decision.effect == Effect::Order => {
                (route.group.as_str(), policy.order_per_second)
            }
            Some(route) => (route.group.as_str(), policy.default_per_second),
            None => ("default", policy.default_per_second),
        };
        let remaining =
            if reason == Reason::RateLimited { 0 } else { decision.remaining.unwrap_or(limit).min(limit) };
        refuse::refusal(policy.dialect, reason, group, remaining)
    }

    /// Refuses in the exchange's words, and writes it down.
    pub(crate) fn refuse(&self, received: &Received, decision: &Decision) -> Response<Body> {
        let reason = decision.reason().unwrap_or(Reason::RecordingUnavailable);
        let response = self.refusal(reason, decision);
        // A nonce is used up by a request that got that far, refused later or not; unwritten, it is remembered
        // until this process ends.
        let _ = self.sink.nonces(decision.recorded);
        let mut line = record::access(&self.ids, received.seen(), decision, true);
        line.status = Some(response.status().as_u16());
        line.latency_us = Some(self.clock.monotonic_us().saturating_sub(received.at.monotonic_us));
        if self.sink.single(&mut line).is_err() {
            self.metrics.unrecorded.inc();
        }
        if received.body_complete { response } else { closing(response) }
    }

    pub(crate) fn pending(&self, received: &Received, ticket: Option<Ticket>) -> Pending<'_> {
        Pending { proxy: self, ticket, received_us: received.at.monotonic_us }
    }

    async fn pass(&self, received: Received, pending: Pending<'_>, decision: &Decision) -> Response<Body> {
        let permit = decision.permit().unwrap_or_else(|_| decision.shadow_permit());
        let response = self.forward(received, &permit).await;
        pending.done(response.status());
        response
    }

    async fn forward(&self, received: Received, permit: &Permit) -> Response<Body> {
        let started_us = self.clock.monotonic_us();
        let Received { parts, body, source, .. } = received;
        let answer = self.upstream.forward(permit, parts, body, source).await;
        match answer {
            Ok(response) => {
                self.metrics.upstream(self.clock.monotonic_us().saturating_sub(started_us));
                response.map(Either::Right)
            }
            Err(error) => {
                self.metrics.upstream_failure(error.kind());
                warn!(upstream.authority = %self.upstream.authority(), "{error}");
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

/// Ends the connection after a chunked request (RFC 9112, 6.1): had there been a `Content-Length` too, a hop in front
/// that went by it would take the rest for another request. Exchanges' clients send no chunked requests.
fn last_if(chunked: bool, response: Response<Body>) -> Response<Body> {
    if chunked { closing(response) } else { response }
}

/// Ends the connection after the response: its framing can no longer be trusted.
fn closing(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
