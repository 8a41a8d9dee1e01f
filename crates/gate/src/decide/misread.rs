//! Deciding about a request whose target two readers would read in two ways, where a front has it and asks.
//!
//! It fails for that, as a request does whose credentials cannot be read: no signature can be shown to cover what the exchange will
//! read. Who it names is found all the same, so that an end holds and the record says whose it was. Never here: what makes a target
//! doubtful; the rim knows.

use super::{Decision, Gate, Now, Request, held};
use sumun_model::wire::Signature;
use sumun_model::{Check, KeyId, Reason};

impl Gate {
    /// Decides about a request whose target is doubtful, and of which `raw` holds what could be read. `vouched` is the key that
    /// somebody trusted names. Nothing is used up.
    #[must_use]
    pub fn decide_misread(&self, request: &Request<'_>, vouched: Option<&str>, now: Now) -> Decision {
        let (mut decision, mut findings) = self.begin(request);
        findings.fail(Reason::MalformedCredentials);
        let credential = self.policy.dialect.credential(&request.raw);
        let named = credential.as_ref().ok().and_then(|found| found.as_ref().map(|found| found.key_id()));
        let Some(key) = vouched.or(named) else {
            return findings.end(self, decision);
        };
        decision.signature = Signature::Unchecked;
        let Some(entry) = self.table.get(key) else {
            decision.unknown_key = KeyId::new(key).ok();
            findings.fail(Reason::UnknownKey);
            return findings.end(self, decision);
        };
        findings.note(Check::Status, entry.status().admits(decision.effect, entry.expires(), now.wall));
        let registered = held(entry.allows(request.source), Reason::AddressNotAllowed);
        findings.note(Check::Address, registered);
        decision.entry = Some(entry);
        findings.end(self, decision)
    }
}
