//! Deciding where a trusted front has checked the signature and names the key (DESIGN 5, "Ways in").
//!
//! All but signature, clock and nonce is asked as ever, with the same checks. Never here: who is trusted; the rim knows.

use super::{Decision, Gate, Now, Request, check_grants};
use sumun_model::wire::Signature;
use sumun_model::{Check, Effect, KeyId, Reason};

impl Gate {
    /// Decides about a request whose signature somebody trusted has checked, and who names the key. Signature, clock and nonce are his
    /// affair; all else is asked as ever. What only the body says, nobody here knows: an order of a key whose mandate names markets is
    /// refused.
    #[must_use]
    pub fn decide_vouched(&self, request: &Request<'_>, key: &str, now: Now) -> Decision {
        let (mut decision, mut findings) = self.begin(request);
        decision.signature = Signature::Unchecked;
        let Some(entry) = self.table.get(key) else {
            decision.unknown_key = KeyId::new(key).ok();
            findings.fail(Reason::UnknownKey);
            return findings.end(self, decision);
        };
        for check in [Check::Signature, Check::Clock, Check::Replay] {
            findings.not_run(check);
        }
        let registered = entry.allows(request.source);
        let status = entry.status().admits(decision.effect, entry.expires(), now.wall);
        findings.note(Check::Status, status);
        check_grants(&entry, registered, &decision, &mut findings);
        if decision.effect == Effect::Order && entry.markets().is_some() {
            findings.note(Check::Market, Err(Reason::MarketNotAllowed));
        } else {
            findings.not_run(Check::Market);
        }
        self.check_uses(request, &entry, now, &mut decision, &mut findings);
        decision.entry = Some(entry);
        findings.end(self, decision)
    }
}
