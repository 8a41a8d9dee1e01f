//! A secret was found where it should not be. The secret itself ends its key at once; an id alone only tells the owner.
//!
//! Anybody can post an id to harm its owner (DESIGN 11, row 10); nobody can post a secret that was not out.

use super::access::{EXPOSURE_REPORTERS, KEY_OWNERS};
use super::issue::exposure;
use super::machine::Action;
use super::view::KeyView;
use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, facts, store_refusal};
use crate::notices::{self, NoticeDraft, NoticeText};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row::text;
use crate::staff::require;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_model::secret::SECRET_PREFIX;
use sumun_model::{ApiSecret, ExpiryCause};
use sumun_store::Filter;
use sumun_store::tables::KEYS;

/// Longest place that is kept, in characters.
const SEEN_AT_CHARS_MAX: usize = 500;

/// What became of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    /// The key.
    pub key: KeyView,
    /// Whether the secret matched and the key was ended; otherwise its owner is told.
    pub ended: bool,
}

impl Govern {
    /// Takes a report that a key's secret, or only its id, was seen somewhere. The secret is compared and forgotten. A
    /// secret needs no id beside it, and decides if the id is another key's.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `nothing_reported`, `secret_in_request`, `key_ended`.
    pub async fn report_exposure(
        &self,
        actor: &Actor,
        key: Option<&str>,
        (secret, seen_at): (Option<&ApiSecret>, &str),
        call: &Call,
    ) -> Result<Done<Exposure>, Refusal> {
        self.run(actor, call, |now| async move {
            if !actor.has(KEY_OWNERS) {
                require(actor, EXPOSURE_REPORTERS)?;
            }
            // Before anything else is said: no answer and no entry repeats a secret that stands in the wrong field.
            for (pointer, text) in [("/key", key.unwrap_or_default()), ("/seen_at", seen_at)] {
                if text.contains(SECRET_PREFIX) {
                    return Err(secret_elsewhere(pointer));
                }
            }
            let seen_at: String = seen_at.chars().take(SEEN_AT_CHARS_MAX).collect();
            let digest = secret.map(|secret| exposure(secret.expose()));
            let found = match &digest {
                Some(digest) => self.key_of_exposure(digest).await?,
                None => None,
            };
            // Whoever holds the secret proves that it is out, whatever id he thinks it is of.
            if let Some(key) = &found {
                let loaded = self.key_loaded(actor, key).await?;
                let how = (Action::Leak, ExpiryCause::Leaked);
                let mut plan =
                    self.ended(actor, &loaded.key, how, Some("its secret was exposed"), now).await?;
                plan.change.facts.insert("seen_at".to_owned(), json!(seen_at));
                let view = super::grant::answer(&plan, actor)?.key;
                return Ok(Planned { plan, value: Exposure { key: view, ended: true }, status: 200 });
            }
            let Some(key) = key else { return Err(unknown(secret.is_some())) };
            let loaded = self.key_loaded(actor, key).await?;
            super::machine::apply(loaded.key.standing(), Action::Leak)?;
            let mut facts = facts(actor);
            facts.insert("keys".to_owned(), json!([key]));
            facts.insert("seen_at".to_owned(), json!(seen_at));
            facts.insert("secret_given".to_owned(), json!(secret.is_some()));
            let change = change("key.exposure_reported", now, facts);
            let warning = if secret.is_some() {
                "this secret is not the key's: nothing ends"
            } else {
                "an id alone ends nothing"
            };
            let mut plan = Plan {
                title: format!("tell the owner of key {key} that its id was seen"),
                effects: Vec::new(),
                warnings: vec![warning.to_owned()],
                change,
            };
            let said = NoticeText::new("key.exposure_reported").with("key", key).with("at", now.to_string());
            let draft = NoticeDraft::new("key.exposure_reported")
                .to(&loaded.account.customer)
                .about(key, &loaded.key.account)
                .say(said);
            notices::add(&mut plan, draft, now);
            let value = Exposure { key: KeyView::of(&loaded.key, actor), ended: false };
            Ok(Planned { plan, value, status: 200 })
        })
        .await
    }

    /// The key whose secret has this digest.
    async fn key_of_exposure(&self, digest: &str) -> Result<Option<String>, Refusal> {
        let equals = vec![("exposure", json!(digest))];
        let filter = Filter { equals, limit: 1, ..Filter::default() };
        let rows = self.store.list(&KEYS, &filter).await.map_err(store_refusal)?;
        Ok(rows.first().map(|row| text(row, KEYS.key).to_owned()))
    }
}

fn secret_elsewhere(pointer: &str) -> Refusal {
    Refusal::new(
        RefusalKind::Invalid,
        "secret_in_request",
        format!("`{pointer}` holds a secret"),
        "give the secret in `secret` only, which is compared and forgotten; elsewhere an id or a place is meant",
    )
    .at(pointer)
}

fn unknown(secret: bool) -> Refusal {
    if secret {
        Refusal::new(
            RefusalKind::NotFound,
            "not_found",
            "this secret is no key's here",
            "check that all of it was copied; name the key beside it to have its owner told at least",
        )
        .at("/secret")
    } else {
        Refusal::new(
            RefusalKind::Invalid,
            "nothing_reported",
            "the report names neither a secret nor a key",
            "give the secret that was seen, or the key's id",
        )
        .at("/secret")
    }
}
