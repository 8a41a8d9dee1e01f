//! What people did, brought before the ladder: acknowledged, verified, proved, confirmed, denied, lifted, exonerated.

use super::turn::{Input, Turned};
use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::cases::docket::Docket;
use crate::govern::Govern;
use crate::plan::Plan;
use crate::refusal::Refusal;
use sumun_model::Timestamp;
use sumun_model::assessment::Act;

impl Govern {
    /// An act on a key, in a change of its own. One with an event counts once, however often it is told.
    ///
    /// # Errors
    /// `not_found`, the store's.
    pub async fn act_on_key(
        &self,
        actor: &Actor,
        key: &str,
        act: Act,
        reason: Option<&str>,
        call: &Call,
    ) -> Result<Done<Turned>, Refusal> {
        let acts = &[act];
        let done = self
            .run(actor, call, |now| async move {
                let (plan, turned) = self.acted(actor, key, acts, reason, now).await?;
                Ok(Planned { plan, value: turned, status: 200 })
            })
            .await?;
        if done.committed.is_some() {
            self.booked(&done.value, self.world.now());
        }
        Ok(done)
    }

    /// The plan of acts on a key, to be taken into another one by [`Plan::absorb`]: whoever asks writes no row of this key's
    /// `keys`, `standings` or case himself.
    ///
    /// # Errors
    /// `not_found`, the store's.
    pub async fn acted(
        &self,
        actor: &Actor,
        key: &str,
        acts: &[Act],
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<(Plan, Turned), Refusal> {
        let loaded = self.key_loaded(&super::detect_actor(), key).await?;
        let mut docket = Docket::default();
        let input = Input { acts, reason, ..Input::default() };
        let (mut plan, turned) = self.turn(actor, &loaded, input, &mut docket, now).await?;
        docket.write(&mut plan);
        Ok((plan, turned))
    }
}
