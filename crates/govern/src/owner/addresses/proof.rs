//! A pending address is proved, lapses, or cannot be put in effect any more.

use super::super::questions::{Question, QuestionState};
use super::super::seen::Noticed;
use super::super::{put_facts, rewritten, system, tell};
use super::{Ceremony, CeremonyState};
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts};
use crate::keys::KeyRow;
use crate::keys::lint::Origin;
use crate::keys::machine::{Action, apply};
use crate::keys::write::{Deed, KeyWrite, Why, plan};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use serde_json::json;
use sumun_model::Timestamp;
use sumun_model::key::{AllowlistEntry, RecordedPrefix};
use sumun_store::tables::{CEREMONIES, QUESTIONS};

/// Questions about one key that are looked at; there is one an address and day.
const QUESTIONS_MAX: usize = 100;

/// What becomes of it.
#[derive(Clone, Copy, Debug)]
pub(in crate::owner) enum Fate<'a> {
    /// This request proved it.
    Proved(&'a Noticed),
    /// Its window is over.
    Lapsed,
}

impl Govern {
    /// Proves every pending ceremony that this request fits; false if there is none. Only what a gate saw proves: the exchange's word on a
    /// signature would let whoever holds its token put an address into effect.
    pub(in crate::owner) async fn proves(&self, noticed: &Noticed) -> Result<bool, Refusal> {
        if noticed.registered || !noticed.fresh || !noticed.of_gate {
            return Ok(false);
        }
        let mut any = false;
        for ceremony in self.ceremonies_of(noticed.key.as_str()).await? {
            if ceremony.covers(noticed.address, noticed.at) {
                any = true;
                self.ceremony_ends(&ceremony.ceremony, Fate::Proved(noticed)).await?;
            }
        }
        if any {
            self.watch.forget(noticed.key.as_str());
        }
        Ok(any)
    }

    /// Carries out what becomes of a ceremony, if it is still pending.
    pub(in crate::owner) async fn ceremony_ends(&self, id: &str, fate: Fate<'_>) -> Result<(), Refusal> {
        let actor = &system("ceremonies");
        self.run(actor, &Call::default(), |now| async move {
            let found = Ceremony::of(&self.row_or_not_found(&CEREMONIES, "ceremony", id).await?)?;
            if found.state != CeremonyState::Pending {
                return Err(over(id));
            }
            let loaded = self.key_loaded(actor, &found.key).await?;
            let stands = loaded
                .key
                .allowlist
                .iter()
                .any(|entry| entry.prefix() == found.prefix && !entry.in_effect(true));
            let plan = match fate {
                _ if !stands || loaded.key.state.is_terminal() => {
                    self.address_closed(&found, CeremonyState::Removed, "address.removed", now)
                }
                Fate::Lapsed if now.as_micros() < found.until_us => return Err(over(id)),
                Fate::Lapsed => self.address_lapses(&found, &loaded.key, now)?,
                Fate::Proved(noticed) => match apply(loaded.key.standing(), Action::Widen) {
                    Ok(_) => {
                        let mut plan = self.address_takes_effect(&found, &loaded.key, noticed, now)?;
                        self.nothing_to_ask(&mut plan, &found).await?;
                        plan
                    }
                    Err(refusal) => {
                        let mut plan = self.address_lapses(&found, &loaded.key, now)?;
                        plan.change.writes.retain(|write| write.table.name != CEREMONIES.name);
                        let after = Ceremony {
                            proved_us: None,
                            event: Some(noticed.event.to_string()),
                            ..found.clone()
                        };
                        after.to(CeremonyState::Refused, &mut plan.change);
                        plan.change.class = "address.refused";
                        put_facts(&mut plan.change.facts, [("why", json!(refusal.code))]);
                        by(&mut plan, noticed);
                        plan
                    }
                },
            };
            Ok(Planned { plan, value: (), status: 200 })
        })
        .await
        .map(|_| ())
        .or_else(|refusal| if refusal.code == "ceremony_over" { Ok(()) } else { Err(refusal) })
    }

    /// The address is in effect from this change on.
    fn address_takes_effect(
        &self,
        ceremony: &Ceremony,
        key: &KeyRow,
        noticed: &Noticed,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let (actor, venue) = (system("ceremonies"), self.venue());
        let mut after = key.clone();
        for entry in after.allowlist.iter_mut().filter(|entry| entry.prefix() == ceremony.prefix) {
            let since = Some(Timestamp::from_micros(ceremony.registered_us));
            let (prefix, proved) = (ceremony.prefix, Some(noticed.at));
            *entry = AllowlistEntry::Recorded(RecordedPrefix { prefix, since, proved });
        }
        let title = format!("{} is proved for key {}", ceremony.prefix, key.key);
        let deed = Deed { class: "address.proved", title: &title, actor: &actor, venue: &venue, now };
        let approvals = vec![format!("ceremony:{}", ceremony.ceremony)];
        let write = KeyWrite { before: Some(key), after, origin: Origin::By(Action::Widen) };
        let mut plan = plan(deed, &Why { approvals, ..Why::default() }, vec![write])?;
        let done = Ceremony {
            state: CeremonyState::Proved,
            proved_us: Some(noticed.at.as_micros()),
            event: Some(noticed.event.to_string()),
            version: ceremony.version + 1,
            ..ceremony.clone()
        };
        plan.change.writes.push(rewritten(&CEREMONIES, &done, ceremony.version));
        about(&mut plan, ceremony);
        by(&mut plan, noticed);
        put_facts(&mut plan.change.facts, [("registered_by", json!(ceremony.registered_by))]);
        tell::address_proved(&mut plan, ceremony, noticed.at, now);
        Ok(plan)
    }

    /// What waits to be asked about an address that its owner registered and proved meanwhile closes: his word would begin what is done.
    async fn nothing_to_ask(&self, plan: &mut Plan, ceremony: &Ceremony) -> Result<(), Refusal> {
        let open = vec![("key", json!(ceremony.key)), ("state", json!(QuestionState::Open))];
        for row in self.rows_where(&QUESTIONS, open, None, QUESTIONS_MAX).await? {
            let question = Question::of(&row)?;
            if question.address.parse().is_ok_and(|address| ceremony.prefix.contains(address)) {
                let version = question.version;
                let after = Question { state: QuestionState::Lapsed, version: version + 1, ..question };
                plan.change.writes.push(rewritten(&QUESTIONS, &after, version));
            }
        }
        Ok(())
    }

    /// The entry leaves the allowlist; what is left there has at least one address in effect.
    fn address_lapses(&self, ceremony: &Ceremony, key: &KeyRow, now: Timestamp) -> Result<Plan, Refusal> {
        let (actor, venue) = (system("ceremonies"), self.venue());
        let mut after = key.clone();
        after.allowlist.retain(|entry| entry.prefix() != ceremony.prefix || entry.in_effect(true));
        let title = format!("{} was not proved for key {}", ceremony.prefix, key.key);
        let deed = Deed { class: "address.lapsed", title: &title, actor: &actor, venue: &venue, now };
        let write = KeyWrite { before: Some(key), after, origin: Origin::By(Action::Narrow) };
        let mut plan = plan(deed, &Why::default(), vec![write])?;
        ceremony.to(CeremonyState::Lapsed, &mut plan.change);
        about(&mut plan, ceremony);
        tell::address_lapsed(&mut plan, ceremony, now);
        Ok(plan)
    }

    /// It stands nowhere any more.
    fn address_closed(
        &self,
        ceremony: &Ceremony,
        state: CeremonyState,
        class: &'static str,
        now: Timestamp,
    ) -> Plan {
        let change = change(class, now, facts(&system("ceremonies")));
        let title = format!("{} is on its way no more", ceremony.prefix);
        let mut plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
        ceremony.to(state, &mut plan.change);
        about(&mut plan, ceremony);
        plan
    }
}

fn about(plan: &mut Plan, ceremony: &Ceremony) {
    put_facts(
        &mut plan.change.facts,
        [
            ("key", json!(ceremony.key)),
            ("account", json!(ceremony.account)),
            ("customer", json!(ceremony.customer)),
            ("ceremony", json!(ceremony.ceremony)),
            ("prefix", json!(ceremony.prefix)),
        ],
    );
}

fn by(plan: &mut Plan, noticed: &Noticed) {
    put_facts(
        &mut plan.change.facts,
        [("address", json!(noticed.address)), ("event", json!(noticed.event)), ("at", json!(noticed.at))],
    );
}

fn over(id: &str) -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "ceremony_over",
        format!("nothing is outstanding of `{id}` any more"),
        "nothing has to be done",
    )
}
