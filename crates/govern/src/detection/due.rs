//! What the clock asks of the ladder: windows that end, periods that were quiet, answers that did not come.

use super::turn::Input;
use crate::call::{Call, Planned};
use crate::cases::docket::Docket;
use crate::govern::{Govern, store_refusal};
use crate::keys::due::clock_actor;
use crate::refusal::{Refusal, RefusalKind};
use crate::row::{integer, text};
use sumun_store::Filter;
use sumun_store::tables::STANDINGS;

/// Keys turned in one run; the rest are the next one's.
const PAGE: u32 = 1_000;

/// What one run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TurnRun {
    /// Keys that turned.
    pub turned: Vec<String>,
    /// What could not be done: key and code. The next run tries again.
    pub failed: Vec<(String, &'static str)>,
}

impl Govern {
    /// Turns every key of which the clock asks something now.
    ///
    /// # Errors
    /// `store_unavailable` if nothing can be read; what fails for one key is in the answer.
    pub async fn turn_due(&self) -> Result<TurnRun, Refusal> {
        let mut run = TurnRun::default();
        if self.policy().is_err() {
            return Ok(run);
        }
        let at_most = Some(("next_due_us", self.world.now().as_micros()));
        let filter = Filter { at_most, limit: PAGE, ..Filter::default() };
        let rows = self.store.list(&STANDINGS, &filter).await.map_err(store_refusal)?;
        for row in rows {
            let key = text(&row, STANDINGS.key);
            match self.turn_by_clock(key).await {
                Ok(()) => run.turned.push(key.to_owned()),
                Err(refusal) if refusal.code == "not_due" => {}
                Err(refusal) => run.failed.push((key.to_owned(), refusal.code)),
            }
        }
        Ok(run)
    }

    async fn turn_by_clock(&self, key: &str) -> Result<(), Refusal> {
        let (actor, call) = (&clock_actor(), Call::default());
        let done = self.run(actor, &call, |now| async move {
            let row = self.row_or_not_found(&STANDINGS, "standing", key).await?;
            if integer(&row, "next_due_us").is_none_or(|due| due > now.as_micros()) {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "not_due",
                    format!("nothing is due of key `{key}` any more"),
                    "nothing has to be done",
                ));
            }
            let loaded = self.key_loaded(actor, key).await?;
            let mut docket = Docket::default();
            let (mut plan, turned) = self.turn(actor, &loaded, Input::default(), &mut docket, now).await?;
            docket.write(&mut plan);
            Ok(Planned { plan, value: turned, status: 200 })
        });
        self.booked(&done.await?.value, self.world.now());
        Ok(())
    }
}
