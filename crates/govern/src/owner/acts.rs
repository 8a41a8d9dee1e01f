//! What owners do on the ladder, and what came of what was asked of them: one door to it.
//!
//! Who acts is who knows it: the owner acknowledges, the exchange vouches for his identity, the control test finds what it finds. A key that
//! ends because a test failed twice is ended by policy after that test, and never at its owner's request.

use super::system;
use crate::call::Call;
use crate::govern::Govern;
use crate::refusal::{Refusal, RefusalKind};
use sumun_model::{Act, ActKind, EventId, Timestamp};

impl Govern {
    /// Tells the ladder what an owner did. Telling it again does no more: acts are known by their event, which the wire's line of the
    /// same thing has too, so that one that gets lost here arrives by detection.
    pub(crate) async fn owner_acted(
        &self,
        key: &str,
        kind: ActKind,
        (at, event): (Timestamp, &str),
    ) -> Result<(), Refusal> {
        let act = Act { kind, at, event: EventId::new(event).ok() };
        match self.act_on_key(&system(by(kind)), key, act, None, &Call::default()).await {
            // About an account, or a key that has ended: nothing of the ladder waits for it.
            Err(refusal) if matches!(refusal.kind, RefusalKind::NotFound | RefusalKind::Conflict) => Ok(()),
            done => done.map(|_| ()),
        }
    }
}

/// The part of the system that tells of such an act.
const fn by(kind: ActKind) -> &'static str {
    match kind {
        ActKind::ControlProved | ActKind::ControlFailed => "control",
        ActKind::IdentityVerified => "exchange",
        _ => "owner",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_test_finds_is_not_its_owner_s_request() {
        let told = [
            ActKind::Acknowledged,
            ActKind::IdentityVerified,
            ActKind::ControlProved,
            ActKind::ControlFailed,
        ];
        assert_eq!(told.map(by), ["owner", "exchange", "control", "control"]);
    }
}
