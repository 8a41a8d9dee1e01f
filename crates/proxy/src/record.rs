//! A decision as an access line of the wire.

use crate::sink::Outcome;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use sumun_gate::stream::StreamDecision;
use sumun_gate::{Decision, StreamHold};
use sumun_model::wire::event::AccessChannel;
use sumun_model::wire::state::TypeWord;
use sumun_model::wire::{AccessLine, Ext, Signature, Verdict};
use sumun_model::{Effect, EventId, GateId, Scope, Timestamp};

/// Longest user agent recorded, in characters.
pub const AGENT_CHARS_MAX: usize = 256;
/// Longest unknown path recorded, in characters.
pub const PATH_CHARS_MAX: usize = 256;

/// Numbers this process's events: gate, boot, count.
#[derive(Debug)]
pub struct EventIds {
    gate: GateId,
    /// What every id begins with.
    prefix: String,
    next: AtomicU64,
}

impl EventIds {
    /// `boot` tells this process's ids from those of any other run of the gate.
    #[must_use]
    pub fn new(gate: GateId, boot: u64) -> Self {
        let name: String = gate.as_str().chars().take(64).collect();
        Self { gate, prefix: format!("{name}-{boot:x}-"), next: AtomicU64::new(1) }
    }

    /// The gate's name.
    #[must_use]
    pub const fn gate(&self) -> &GateId {
        &self.gate
    }

    /// The next id.
    #[must_use]
    pub fn next(&self) -> EventId {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let id = format!("{}{n:x}", self.prefix);
        #[expect(clippy::expect_used, reason = "INVARIANT: a gate id cut to 64 and two numbers are an id")]
        EventId::new(&id).expect("an id from an id and two numbers")
    }
}

/// What the rim knows of a request beside the decision.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// When it was received.
    pub at: Timestamp,
    /// From where.
    pub source: IpAddr,
    /// Its method.
    pub method: &'a str,
    /// Its raw path.
    pub path: &'a str,
    /// Its user agent.
    pub agent: Option<&'a str>,
    /// Whether it asks for a WebSocket.
    pub websocket: bool,
}

fn cut(text: &str, max: usize) -> String {
    // The longest that is kept whole without counting: no character is shorter than a byte.
    if text.len() <= max { text.to_owned() } else { text.chars().take(max).collect() }
}

fn blank(ids: &EventIds, at: Timestamp) -> AccessLine {
    AccessLine {
        type_word: TypeWord,
        ts: at,
        id: ids.next(),
        gate: Some(ids.gate().clone()),
        key: None,
        account: None,
        ip: None,
        channel: None,
        ja4: None,
        agent: None,
        method: None,
        route: None,
        effect: None,
        scope: None,
        market: None,
        verdict: None,
        reason: None,
        enforced: None,
        signature: None,
        checks: None,
        status: None,
        latency_us: None,
        skew_ms: None,
        nonce: None,
        token_time: None,
        tcp_rtt_us: None,
        tls_rtt_us: None,
        source: None,
        seq: None,
        ext: None,
    }
}

/// The line of a request, its outcome still open.
#[must_use]
pub fn access(ids: &EventIds, seen: Seen<'_>, decision: &Decision, enforced: bool) -> AccessLine {
    AccessLine {
        key: decision.key(),
        account: decision.entry.as_ref().map(|entry| entry.account().clone()),
        ip: Some(seen.source),
        channel: Some(if seen.websocket { AccessChannel::Websocket } else { AccessChannel::Rest }),
        agent: seen.agent.map(|agent| cut(agent, AGENT_CHARS_MAX)),
        method: Some(cut(seen.method, 32)),
        route: Some(
            decision.route.map_or_else(|| cut(seen.path, PATH_CHARS_MAX), |route| route.path.clone()),
        ),
        effect: Some(decision.effect),
        scope: decision.scope(),
        market: decision.market.clone(),
        verdict: Some(if decision.reason().is_none() { Verdict::Allow } else { Verdict::Deny }),
        reason: decision.reason(),
        enforced: Some(enforced),
        signature: Some(decision.signature),
        checks: Some(decision.checks),
        skew_ms: decision.token_time.map(|t| seen.at.micros_since(t) / 1000),
        nonce: decision.nonce.map(|mark| format!("{:016x}", mark.0)),
        token_time: decision.token_time,
        ext: decision.reopens.then(|| Ext::single("nonce_reused", true.into())),
        ..blank(ids, seen.at)
    }
}

/// The line of a client message that asks for a scope on an open stream.
#[must_use]
pub fn message(
    ids: &EventIds,
    at: Timestamp,
    path: &str,
    hold: &StreamHold,
    scope: Option<Scope>,
    decision: &StreamDecision,
    enforced: bool,
) -> AccessLine {
    AccessLine {
        key: Some(hold.key.clone()),
        account: decision.account.clone(),
        ip: Some(hold.source),
        channel: Some(AccessChannel::Websocket),
        method: Some("MESSAGE".to_owned()),
        route: Some(cut(path, PATH_CHARS_MAX)),
        effect: Some(Effect::Read),
        scope,
        verdict: Some(if decision.reason.is_none() { Verdict::Allow } else { Verdict::Deny }),
        reason: decision.reason,
        enforced: Some(enforced),
        // The stream's upgrade was signed; a message is not, and is believed because the stream is.
        signature: Some(Signature::Unchecked),
        checks: Some(decision.checks),
        ..blank(ids, at)
    }
}

/// Puts the outcome into a line.
pub fn complete(line: &mut AccessLine, outcome: Outcome) {
    line.status = outcome.status;
    line.latency_us = outcome.latency_us;
    if outcome.refused.is_some() {
        line.verdict = Some(Verdict::Deny);
        line.reason = outcome.refused;
    }
}
