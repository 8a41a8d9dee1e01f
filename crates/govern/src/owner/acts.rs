//! What owners do on the ladder: one door to it.

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
        match self.act_on_key(&system("owner"), key, act, None, &Call::default()).await {
            // About an account, or a key that has ended: nothing of the ladder waits for it.
            Err(refusal) if matches!(refusal.kind, RefusalKind::NotFound | RefusalKind::Conflict) => Ok(()),
            done => done.map(|_| ()),
        }
    }
}
