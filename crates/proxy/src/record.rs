//! A decision as an access line of the wire.

use crate::sink::Outcome;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use sumun_dialect::Route;
use sumun_gate::stream::StreamDecision;
use sumun_gate::{Bypass, Decision, StreamHold};
use sumun_model::wire::event::AccessChannel;
use sumun_model::wire::state::TypeWord;
use sumun_model::wire::{AccessLine, Ext, Signature, Verdict};
use sumun_model::{
    AccountId, Check, CheckOutcome, Checks, Effect, EventId, GateId, KeyId, Reason, Scope, Timestamp,
};

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
pub fn access(ids: &EventIds, seen: Seen<'_>, decision: &Decision) -> AccessLine {
    AccessLine {
        key: decision.key(),
        account: decision.entry.as_ref().map(|entry| entry.account().clone()),
        effect: Some(decision.effect),
        scope: decision.scope(),
        market: decision.market.clone(),
        verdict: Some(if decision.reason().is_none() { Verdict::Allow } else { Verdict::Deny }),
        reason: decision.reason(),
        enforced: Some(decision.enforced()),
        signature: Some(decision.signature),
        checks: Some(decision.checks),
        skew_ms: decision.token_time.map(|t| seen.at.micros_since(t) / 1000),
        nonce: decision.nonce.map(|mark| format!("{:016x}", mark.0)),
        token_time: decision.token_time,
        ext: beside(decision),
        ..as_seen(ids, seen, decision.route)
    }
}

/// What the wire has no field of its own for: a nonce that reopens a stream, the mark of a control test's code, why everything passes.
fn beside(decision: &Decision) -> Option<Ext> {
    let reused = decision.reopens().then(|| ("nonce_reused", true.into()));
    let code = decision.code.map(|mark| ("code", mark.to_string().into()));
    ext(reused.into_iter().chain(code).chain(decision.bypass().map(told)))
}

/// Said in every line while it lasts, so that the record shows what passed for it and why, and no line looks like its end.
fn told(bypass: &Bypass) -> (&'static str, serde_json::Value) {
    ("bypass", serde_json::json!({ "since": bypass.since, "by": bypass.by, "reason": bypass.reason }))
}

fn ext(fields: impl Iterator<Item = (&'static str, serde_json::Value)>) -> Option<Ext> {
    let fields: Vec<_> = fields.collect();
    (!fields.is_empty()).then(|| Ext::of(fields))
}

/// The line, its reason and status still open, of a request that names a key and was turned away before it could be decided about: its head could be read
/// in two ways, or its body never came.
#[must_use]
pub fn turned_away(
    ids: &EventIds,
    seen: Seen<'_>,
    key: KeyId,
    account: Option<AccountId>,
    route: Option<&Route>,
    bypass: Option<&Bypass>,
) -> AccessLine {
    AccessLine {
        key: Some(key),
        account,
        effect: Some(route.map_or(Effect::Transfer, |route| route.effect)),
        scope: route.and_then(|route| route.scope),
        verdict: Some(Verdict::Deny),
        enforced: Some(true),
        signature: Some(Signature::Unchecked),
        checks: Some(Checks::NONE),
        ext: ext(bypass.map(told).into_iter()),
        ..as_seen(ids, seen, route)
    }
}

/// What the rim knows of any request.
fn as_seen(ids: &EventIds, seen: Seen<'_>, route: Option<&Route>) -> AccessLine {
    let route = route.map_or_else(|| cut(seen.path, PATH_CHARS_MAX), |route| route.path.clone());
    AccessLine {
        ip: Some(seen.source),
        channel: Some(if seen.websocket { AccessChannel::Websocket } else { AccessChannel::Rest }),
        agent: seen.agent.map(|agent| cut(agent, AGENT_CHARS_MAX)),
        method: Some(cut(seen.method, 32)),
        // A target such as `host:443` has no path.
        route: Some(route).filter(|route| !route.is_empty()),
        ..blank(ids, seen.at)
    }
}

/// What a client message asks for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Every scope, in the message's order.
    pub scopes: &'a [Scope],
    /// The first that the key lacks.
    pub missing: Option<Scope>,
    /// Why everything passes here, if it does.
    pub bypass: Option<&'a Bypass>,
}

/// The line of a client message that asks for scopes on an open stream. One message is one line: `scope` is the first
/// that is missing, or the first asked; where more are asked, all are in `ext.scopes`.
#[must_use]
pub fn message(
    ids: &EventIds,
    at: Timestamp,
    path: &str,
    hold: &StreamHold,
    asked: Asked<'_>,
    decision: &StreamDecision,
    enforced: bool,
) -> AccessLine {
    // A type that nobody knows is a route that nobody knows.
    let unknown = decision.reason == Some(Reason::RouteUnknown);
    let mut checks = decision.checks;
    if unknown {
        checks.set(Check::Route, CheckOutcome::Fail);
    }
    AccessLine {
        key: Some(hold.key.clone()),
        account: decision.account.clone(),
        ip: Some(hold.source),
        channel: Some(AccessChannel::Websocket),
        method: Some("MESSAGE".to_owned()),
        route: Some(cut(path, PATH_CHARS_MAX)),
        effect: Some(if unknown { Effect::Transfer } else { Effect::Read }),
        scope: asked.missing.or_else(|| asked.scopes.first().copied()),
        verdict: Some(if decision.reason.is_none() { Verdict::Allow } else { Verdict::Deny }),
        reason: decision.reason,
        enforced: Some(enforced),
        // The stream's upgrade was signed; a message is not, and is believed because the stream is.
        signature: Some(Signature::Unchecked),
        checks: Some(checks),
        ext: ext((asked.scopes.len() > 1)
            .then(|| ("scopes", asked.scopes.iter().map(|scope| scope.as_str()).collect()))
            .into_iter()
            .chain(asked.bypass.map(told))),
        ..blank(ids, at)
    }
}

/// How an outcome that is still open stands in a line as written.
const OPEN: &str = r#""status":null,"latency_us":null"#;

/// Puts the outcome into a line as written, without reading the rest of it: what [`complete`] makes of the line, a good
/// deal faster. `None` where that needs more than two numbers put in: an outcome that is not open, or one that refuses.
///
/// What a client chose stands in the line as JSON text, its quotes escaped, and so never looks like an open outcome.
#[must_use]
pub fn complete_text(line: &str, outcome: Outcome) -> Option<String> {
    let Outcome { status, latency_us, refused: None } = outcome else { return None };
    let (before, after) = line.split_once(OPEN)?;
    let number = |n: Option<u64>| n.map_or_else(|| "null".to_owned(), |n| n.to_string());
    let (status, latency_us) = (number(status.map(u64::from)), number(latency_us));
    Some([before, "\"status\":", &status, ",\"latency_us\":", &latency_us, after].concat())
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sumun_model::wire::access_to_json;

    fn line(agent: String, route: String) -> AccessLine {
        let ids = EventIds::new(GateId::new("gate-1").unwrap(), 7);
        AccessLine {
            agent: Some(agent),
            route: Some(route),
            // As far as a line can be made to look like one with an open outcome after the real one.
            ext: Some(Ext::single("status", OPEN.into())),
            ..blank(&ids, Timestamp::from_millis(1_800_000_000_000))
        }
    }

    proptest! {
        /// Completing the text is completing the line, whatever a client put into it.
        #[test]
        fn a_text_is_completed_as_its_line_is(
            agent in prop_oneof![any::<String>(), Just(OPEN.to_owned()), Just(format!("\\{OPEN}\\\"{OPEN}"))],
            route: String,
            status: Option<u16>,
            latency_us: Option<u64>,
        ) {
            let mut line = line(agent, route);
            let outcome = Outcome { status, latency_us, refused: None };
            let text = complete_text(&access_to_json(&line).unwrap(), outcome);
            complete(&mut line, outcome);
            prop_assert_eq!(text, Some(access_to_json(&line).unwrap()));
        }
    }

    #[test]
    fn what_needs_more_than_two_numbers_is_left_to_the_reader() {
        let open = Outcome { status: Some(200), latency_us: Some(1), refused: None };
        assert_eq!(complete_text(r#"{"status":401,"latency_us":2}"#, open), None);
        let text = access_to_json(&line(String::new(), String::new())).unwrap();
        let refused = Outcome { refused: Some(Reason::RecordingUnavailable), ..open };
        assert_eq!(complete_text(&text, refused), None);
    }
}
