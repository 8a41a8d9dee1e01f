//! From a decision to a permit: what was decided is written down first, and what was written is what is answered.
//!
//! The proxy and the decision service both go through [`Proxy::admit`], so that no two of verdict, record and answer can
//! disagree. Never here: deciding, forwarding.

use crate::record;
use crate::refuse::Refusal;
use crate::service::{Proxy, Received};
use crate::sink::{Outcome, RecordingUnavailable, Ticket};
use http::StatusCode;
use sumun_gate::{Answer, Decision, Permit};
use sumun_model::{Effect, KeyId, Reason};

/// A record that awaits its outcome. It is written exactly once: the one told, or `status: null` if there never is one
/// or the client leaves first.
pub(crate) struct Pending<'a> {
    proxy: &'a Proxy,
    ticket: Option<Ticket>,
    received_us: u64,
    /// Admitted, and refused after all.
    refused: Option<Reason>,
}

impl Pending<'_> {
    pub(crate) fn done(mut self, status: StatusCode) {
        let latency_us = self.proxy.clock.monotonic_us().saturating_sub(self.received_us);
        if let Some(ticket) = self.ticket.take() {
            let outcome = Outcome {
                status: Some(status.as_u16()),
                latency_us: Some(latency_us),
                refused: self.refused,
            };
            self.proxy.sink.outcome(ticket, outcome);
        }
    }

    /// Whoever asked forwards by himself; the outcome is his to know.
    pub(crate) fn elsewhere(self) {
        drop(self);
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let outcome = Outcome { status: None, latency_us: None, refused: self.refused };
            self.proxy.sink.outcome(ticket, outcome);
        }
    }
}

/// What may go on, and its open record.
pub(crate) struct Admitted<'a> {
    pub(crate) permit: Permit,
    pub(crate) pending: Pending<'a>,
}

impl Proxy {
    /// Writes a decision down before anything follows from it; what could not be written went into a counted gap.
    ///
    /// # Errors
    /// The refusal to answer with: what was decided, or that the record will not do for the effect. It is on record as
    /// far as anything is.
    pub(crate) async fn admit(
        &self,
        received: &Received,
        decision: &mut Decision,
    ) -> Result<Admitted<'_>, Refusal> {
        match (decision.permit(), decision.answer()) {
            (Ok(permit), Answer::Public) => {
                self.metrics.verdict(Answer::Public);
                return Ok(Admitted { permit, pending: self.pending(received, None) });
            }
            (Err(reason), Answer::Public) => {
                // Nobody's key is involved, so nothing is recorded; still it must not go on without its body.
                self.metrics.verdict(Answer::Deny(reason));
                return Err(self.refusal(reason, decision));
            }
            (Err(reason), _) => return Err(self.refuse(received, decision, reason)),
            (Ok(_), _) => {}
        }
        let nonces = self.sink.nonces(decision.recorded());
        let mut line = record::access(&self.ids, received.seen(), decision);
        let admitted = self.sink.admit(&mut line);
        // From here on the record gets its outcome, even if the client leaves while the disk is waited for.
        let mut pending = self.pending(received, admitted.ok());
        if admitted.is_err() {
            self.metrics.unrecorded.inc();
        }
        if self.settled(decision, nonces, admitted).await.is_err() {
            decision.recording_failed();
        }
        if line.reason.is_none() {
            pending.refused = decision.reason();
        }
        self.metrics.verdict(decision.answer());
        match decision.permit() {
            Ok(permit) => {
                if let Some(entry) = &decision.entry {
                    entry.note_admitted(self.clock.now().wall);
                }
                Ok(Admitted { permit, pending })
            }
            Err(reason) => {
                let refusal = self.refusal(reason, decision);
                pending.done(refusal.status);
                Err(refusal)
            }
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

    /// Refuses in the exchange's words, and writes it down.
    pub(crate) fn refuse(&self, received: &Received, decision: &Decision, reason: Reason) -> Refusal {
        let refusal = self.refusal(reason, decision);
        // A nonce is used up by a request that got that far, refused later or not; unwritten, it is remembered
        // until this process ends.
        let _ = self.sink.nonces(decision.recorded());
        let mut line = record::access(&self.ids, received.seen(), decision);
        line.status = Some(refusal.status.as_u16());
        line.latency_us = Some(self.clock.monotonic_us().saturating_sub(received.at.monotonic_us));
        if self.sink.single(&mut line).is_err() {
            self.metrics.unrecorded.inc();
        }
        self.metrics.verdict(Answer::Deny(reason));
        refusal
    }

    /// A refusal in the exchange's words.
    fn refusal(&self, reason: Reason, decision: &Decision) -> Refusal {
        let policy = self.gate.policy();
        let group = decision.route.map_or("default", |route| route.group.as_str());
        let by_mandate = decision.entry.as_ref().and_then(|entry| entry.orders_per_second_max());
        let limit = if decision.effect == Effect::Order {
            [policy.order_per_second, by_mandate.unwrap_or(0)].into_iter().filter(|limit| *limit > 0).min()
        } else {
            Some(policy.default_per_second).filter(|limit| *limit > 0)
        };
        let limit = limit.unwrap_or(crate::refuse::REMAINING_WITHOUT_LIMIT);
        let remaining =
            if reason == Reason::RateLimited { 0 } else { decision.remaining.unwrap_or(limit).min(limit) };
        let blocked_s = policy.failures_window_us.div_ceil(1_000_000);
        Refusal::new(policy.dialect, reason, group, remaining, blocked_s)
    }

    fn pending(&self, received: &Received, ticket: Option<Ticket>) -> Pending<'_> {
        Pending { proxy: self, ticket, received_us: received.at.monotonic_us, refused: None }
    }

    /// Writes down a request that was turned away before anything could be decided about it, if it names a key. One
    /// without a readable credential is nobody's.
    pub(crate) fn turned_away(
        &self,
        received: &Received,
        source_known: bool,
        status: StatusCode,
        reason: Reason,
    ) {
        let Ok(Some(credential)) = self.gate.policy().dialect.credential(&received.raw()) else { return };
        let Ok(key) = KeyId::new(credential.key_id()) else { return };
        let account = self.gate.table.get(key.as_str()).map(|entry| entry.account().clone());
        let dialect = self.gate.policy().dialect;
        let route = dialect.route(&received.parts.method, received.parts.uri.path(), received.upgrade);
        let bypass = self.gate.bypass();
        let mut line =
            record::turned_away(&self.ids, received.seen(), key, account, route, bypass.as_deref());
        if !source_known {
            line.ip = None;
        }
        line.reason = Some(reason);
        line.status = Some(status.as_u16());
        line.latency_us = Some(self.clock.monotonic_us().saturating_sub(received.at.monotonic_us));
        if self.sink.single(&mut line).is_err() {
            self.metrics.unrecorded.inc();
        }
        self.metrics.verdict(Answer::Deny(reason));
    }
}
