//! Deciding again about a stream that is already open.
//!
//! A stream is registered under its key first and decided again after, which closes the race with a table change
//! (DESIGN 5); after every change each open stream is decided again the same way.

use crate::decide::{Gate, Now};
use crate::enforce::{Enforced, Reasons};
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
    /// By which route.
    pub route: Option<&'static str>,
    /// What it is subscribed to.
    pub scopes: ScopeSet,
}

/// The answer about a stream or one of its messages.
#[derive(Clone, Debug)]
pub struct StreamDecision {
    /// `None`: it may go on.
    pub reason: Option<Reason>,
    /// Whether a refusal holds.
    pub enforced: bool,
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
            // What was a key when the stream was opened is known as long as it may live.
            let told = self.enforced(None, Effect::Read, hold.route);
            let enforced = told.ends || told.stage.enforces(Reason::UnknownKey);
            return StreamDecision { reason: Some(Reason::UnknownKey), enforced, checks, account: None };
        };
        let told = self.enforced(Some(&entry), Effect::Read, hold.route);
        let (mut reason, mut failed) = (None, Reasons::default());
        let status = entry.status().admits(Effect::Read, entry.expires(), now.wall);
        checks.note(Check::Status, status.is_ok());
        let mut fails = |why: Reason| {
            failed.add(why);
            reason.get_or_insert(why);
        };
        if let Err(why) = status {
            fails(why);
        }
        if !checks.note(Check::Address, entry.allows(hold.source)) {
            fails(Reason::AddressNotAllowed);
        }
        let granted = hold.scopes.iter().chain(asked.iter().copied()).all(|s| entry.scopes().contains(s));
        if !checks.note(Check::Scope, granted) {
            fails(Reason::ScopeMissing);
        }
        let enforced = holds(told, reason.is_some(), failed, || entry.status().is_terminal());
        StreamDecision { reason, enforced, checks, account: Some(entry.account().clone()) }
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
                self.fails_too(&mut decision, hold, Reason::RateLimited);
            }
        }
        decision
    }

    /// The message fails for this reason too, perhaps first.
    pub fn fails_too(&self, decision: &mut StreamDecision, hold: &StreamHold, reason: Reason) {
        let entry = self.table.get(hold.key.as_str());
        let holds = self.enforced(entry.as_deref(), Effect::Read, hold.route).stage.enforces(reason);
        decision.enforced = holds || decision.enforced && decision.reason.is_some();
        decision.reason.get_or_insert(reason);
    }
}

/// Of what is refused, whether the refusal holds; of what is not, whether any would.
fn holds(told: Enforced, fails: bool, failed: Reasons, ended: impl FnOnce() -> bool) -> bool {
    if fails { told.refuses(failed, ended) } else { told.stage.enforces_any() }
}
