//! A secret was found where it should not be. The secret itself ends its key at once; an id alone only tells the owner.
//!
//! Anybody can post an id to harm its owner (DESIGN 11, row 10); nobody can post a secret that was not out.

use super::access::{EXPOSURE_REPORTERS, KEY_OWNERS};
use super::issue::exposure;
use super::machine::Action;
use super::view::KeyView;
use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, facts};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_model::{ApiSecret, ExpiryCause};
use sumun_store::OutboxMessage;

/// What became of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    /// The key.
    pub key: KeyView,
    /// Whether the secret matched and the key was ended; otherwise its owner is told.
    pub ended: bool,
}

impl Govern {
    /// Takes a report that a key's secret, or only its id, was seen somewhere. The secret is compared and forgotten.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `key_ended`.
    pub async fn report_exposure(
        &self,
        actor: &Actor,
        key: &str,
        (secret, seen_at): (Option<&ApiSecret>, &str),
        call: &Call,
    ) -> Result<Done<Exposure>, Refusal> {
        self.run(actor, call, |now| async move {
            if !actor.has(EXPOSURE_REPORTERS) && !actor.has(KEY_OWNERS) {
                crate::staff::require(actor, EXPOSURE_REPORTERS)?;
            }
            let loaded = self.key_loaded(actor, key).await?;
            let matches = secret
                .zip(loaded.key.exposure.as_ref())
                .is_some_and(|(secret, known)| exposure(secret.expose()) == *known);
            let seen_at: String = seen_at.chars().take(500).collect();
            if ApiSecret::looks_issued(&seen_at) {
                return Err(Refusal::new(
                    RefusalKind::Invalid,
                    "secret_in_request",
                    "the place where it was seen holds a secret",
                    "give the place only, such as an address",
                ));
            }
            if matches {
                let how = (Action::Leak, ExpiryCause::Leaked);
                let mut plan = self.ended(actor, &loaded.key, how, Some("its secret was exposed"), now).await?;
                plan.change.facts.insert("seen_at".to_owned(), json!(seen_at));
                let view = super::grant::answer(&plan, actor)?.key;
                return Ok(Planned { plan, value: Exposure { key: view, ended: true }, status: 200 });
            }
            super::machine::apply((loaded.key.state, loaded.key.measure), Action::Leak)?;
            let mut facts = facts(actor);
            facts.insert("keys".to_owned(), json!([key]));
            facts.insert("seen_at".to_owned(), json!(seen_at));
            facts.insert("secret_given".to_owned(), json!(secret.is_some()));
            let mut change = change("key.exposure_reported", now, facts);
            let body = json!({ "kind": "key.exposure_reported", "key": key, "account": loaded.key.account, "at": now });
            change.outbox.push(OutboxMessage { topic: "notice", body });
            let plan = Plan {
                title: format!("tell the owner of key {key} that its id was seen"),
                effects: Vec::new(),
                warnings: vec!["an id alone ends nothing".to_owned()],
                change,
            };
            let value = Exposure { key: KeyView::of(&loaded.key, actor), ended: false };
            Ok(Planned { plan, value, status: 200 })
        })
        .await
    }
}
