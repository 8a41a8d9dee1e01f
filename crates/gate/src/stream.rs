//! Deciding again about a stream that is already open.
//!
//! A stream is registered under its key first and decided again after, which closes the race with a table change
//! (DESIGN 5); after every change each open stream is decided again the same way.

use crate::decide::{Gate, Now};
use crate::rate::PerSecond;
use std::net::IpAddr;
use sumun_model::{AccountId, Check, CheckOutcome, Checks, Effect, KeyId, Reason, Scope, ScopeSet};

/// What an open private stream holds on to.
#[derive(Clone, Debug)]
pub struct StreamHold {
    /// Under which key it was opened.
    pub key: KeyId,
    /// From where.
    pub source: IpAddr,
    /// What it is subscribed to.
    pub scopes: ScopeSet,
}

/// The answer about a stream or one of its messages.
#[derive(Clone, Debug)]
pub struct StreamDecision {
    /// `None`: it may go on.
    pub reason: Option<Reason>,
    /// Every check made.
    pub checks: Checks,
    /// The key's account, if the key is known.
    pub account: Option<AccountId>,
}

impl StreamDecision {
    /// Whether messages come faster than the key may send them, whatever else is wrong with this one.
    #[must_use]
    pub fn over_rate(&self) -> bool {
        self.checks.get(Check::Rate) == Some(CheckOutcome::Fail)
    }
}

impl Gate {
    /// Whether a stream may stay open, and may carry `asked` beside what it already carries.
    #[must_use]
    pub fn decide_stream(&self, hold: &StreamHold, asked: &[Scope], now: Now) -> StreamDecision {
        let mut checks = Checks::NONE;
        let Some(entry) = self.table.get(hold.key.as_str()) else {
            return StreamDecision { reason: Some(Reason::UnknownKey), checks, account: None };
        };
        let mut reason = None;
        let status = entry.status().admits(Effect::Read, entry.expires(), now.wall);
        if !checks.note(Check::Status, status.is_ok()) {
            reason = reason.or(status.err());
        }
        if !checks.note(Check::Address, entry.allows(hold.source)) {
            reason = reason.or(Some(Reason::AddressNotAllowed));
        }
        let granted = hold.scopes.iter().chain(asked.iter().copied()).all(|s| entry.scopes().contains(s));
        if !checks.note(Check::Scope, granted) {
            reason = reason.or(Some(Reason::ScopeMissing));
        }
        StreamDecision { reason, checks, account: Some(entry.account().clone()) }
    }

    /// Whether one message of a client may go on: as for the stream, and within the key's rate of messages, which
    /// is as high as that of requests and apart from it. A flood of messages would be a flood of records.
    #[must_use]
    pub fn decide_message(&self, hold: &StreamHold, asked: &[Scope], now: Now) -> StreamDecision {
        let mut decision = self.decide_stream(hold, asked, now);
        if let Some(entry) = self.table.get(hold.key.as_str()) {
            let limit = PerSecond(self.policy().default_per_second);
            let taken = entry.message_rate.take(limit, now.monotonic_us);
            if !decision.checks.note(Check::Rate, taken.is_some()) {
                decision.reason.get_or_insert(Reason::RateLimited);
            }
        }
        decision
    }
}
