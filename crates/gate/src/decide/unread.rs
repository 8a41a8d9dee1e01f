//! Deciding before the body is read, where the body cannot change the answer.
//!
//! Bodies are held in memory until they are judged. Whoever shows no credential that can be read, or names a key that
//! nobody knows, is told so without the gate holding a byte for him. The answer is the one `decide` would give, and
//! nothing is used up. Never here: an answer that lets anything pass.

use super::{Decision, Gate, Request};
use sumun_model::wire::Signature;
use sumun_model::{KeyId, Reason};

impl Gate {
    /// The decision about a request whose body was not read, if it is the same for every body that the request can
    /// have; `None`: read the body, then [`Gate::decide`]. `body_complete` false says that nobody knows yet whether
    /// the body is within the limit. Where the refusal would not hold the body is read, since the request goes on.
    #[must_use]
    pub fn decide_unread(&self, request: &Request<'_>) -> Option<Decision> {
        let (mut decision, mut findings) = self.begin(request);
        match self.policy.dialect.credential(&request.raw) {
            Ok(None) if decision.route.is_some_and(|route| route.public) => return None,
            Ok(None) => findings.fail(Reason::MalformedCredentials),
            Err(malformed) => {
                decision.signature = Signature::Unchecked;
                findings.fail(malformed.code());
            }
            // Too long a body comes before an unknown key.
            Ok(Some(_)) if !request.body_complete => return None,
            Ok(Some(credential)) if self.table.get(credential.key_id()).is_none() => {
                decision.signature = Signature::Unchecked;
                decision.token_time = credential.token_time();
                decision.unknown_key = KeyId::new(credential.key_id()).ok();
                findings.fail(Reason::UnknownKey);
            }
            Ok(Some(_)) => return None,
        }
        let decision = findings.end(self, decision);
        // Known or not whether the body is whole: it is the reason that has to hold.
        let holds = decision.reason().is_some_and(|reason| decision.stage.enforces(reason));
        holds.then_some(decision)
    }
}
