//! An owner asks for a key: purpose, application, scopes, addresses, expiry, terms. Nothing of it is usable yet.
//!
//! Each step (trading, moving assets) that the segment asks somebody about opens an approval of its own.

use super::access;
use super::asked::asked;
use super::follow::{follow, room_for_one_more, warned_of};
use super::lint::Origin;
use super::row::Scheme;
use super::rules::{self, Wanted};
use super::steps::open_steps;
use super::view::{KeyAnswer, KeyView};
use super::write::{Deed, KeyWrite, Why, plan};
use crate::actor::Actor;
use crate::approvals::Approval;
use crate::call::{Call, Done, Planned};
use crate::govern::Govern;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_model::key::AllowlistEntry;
use sumun_model::{Mandate, Purpose, ScopeSet, Timestamp};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// The account it shall belong to.
    pub account: String,
    /// What for; every key has a purpose.
    #[serde(default)]
    pub purpose: Option<Purpose>,
    /// The one application it is for.
    #[serde(default)]
    pub application: String,
    /// Who drives it; the account's owner if not said.
    #[serde(default)]
    pub operator: Option<String>,
    /// Whose tool it is for.
    #[serde(default)]
    pub vendor: Option<String>,
    /// What it may do; reading if not said.
    #[serde(default = "reading")]
    pub scopes: ScopeSet,
    /// Whence.
    #[serde(default)]
    pub allowlist: Vec<AllowlistEntry>,
    /// Until when; every key has an end.
    #[serde(default)]
    pub expires: Option<Timestamp>,
    /// When its rights to trade end by themselves while the rest lives on.
    #[serde(default)]
    pub trade_until: Option<Timestamp>,
    /// When its rights to move assets end by themselves while the rest lives on.
    #[serde(default)]
    pub transfer_until: Option<Timestamp>,
    /// Limits on its orders.
    #[serde(default)]
    pub mandate: Mandate,
    /// How its requests are signed.
    #[serde(default = "shared_secret")]
    pub scheme: Scheme,
    /// For `ed25519`: 32 bytes, base64url without padding.
    #[serde(default)]
    pub public_key: Option<String>,
    /// The key whose place it shall take in the owner's mind; measures and baseline follow.
    #[serde(default)]
    pub replaces: Option<String>,
    /// Version of the terms that were read and accepted.
    #[serde(default)]
    pub terms: String,
}

const fn reading() -> ScopeSet {
    ScopeSet::READ
}

const fn shared_secret() -> Scheme {
    Scheme::Hs256
}

impl Govern {
    /// An owner asks for a key.
    ///
    /// # Errors
    /// What [`access`], [`asked`] and [`rules::check`] refuse; `keys_too_many`, `replaces_unknown`.
    pub async fn request_key(
        &self,
        actor: &Actor,
        request: &KeyRequest,
        call: &Call,
    ) -> Result<Done<KeyAnswer>, Refusal> {
        self.run(actor, call, |now| async move {
            let venue = self.venue();
            let (account, standing) = self.account_facts(&request.account).await?;
            let session = access::owner(actor, &account)?;
            access::fresh(&venue, actor, now)?;
            if let Some(refusal) = standing {
                return Err(refusal);
            }
            let vendor = self.vendor_facts(request.vendor.as_deref()).await?;
            let (operator, operator_read) =
                self.operator_facts(request.operator.as_deref(), request.vendor.as_deref(), &account).await?;
            let id = self.new_id("K");
            let mut key = asked(&venue, request, operator, session, actor, (id, now))?;
            let wanted = Wanted {
                purpose: key.purpose,
                scopes: key.scopes,
                allowlist: &key.allowlist,
                expires: key.ends(),
                vendor: vendor.as_ref().map(|(facts, _)| facts),
            };
            let mut warnings = rules::check(&venue, account.segment, &wanted, now)?;
            room_for_one_more(&venue, &account, self.living_keys(&account.account).await?)?;
            let replaced = self.replaced(&key).await?;
            let followed = follow(&mut key, &self.measured_keys(&account.customer).await?, now);
            warnings.extend(warned_of(&key));
            let approvals =
                open_steps(&venue, &account, &mut key, &actor.principal, now, || self.new_id("P"));
            let title = format!("ask for key {} of account {}", key.key, key.account);
            let deed = Deed { class: "key.requested", title: &title, actor, venue: &venue, now };
            let value = KeyAnswer {
                key: KeyView::of(&key, actor),
                waits_for: approvals.iter().map(|approval| approval.approval.clone()).collect(),
            };
            let write = KeyWrite { before: None, after: key, origin: Origin::Asked };
            let mut plan = plan(deed, &Why::default(), vec![write])?;
            plan.warnings = warnings;
            plan.change.facts.insert("customer".to_owned(), json!(account.customer));
            plan.change.facts.insert("person".to_owned(), json!(account.person));
            plan.change.facts.insert("terms".to_owned(), json!(request.terms));
            plan.change.facts.insert("opened".to_owned(), json!(value.waits_for));
            plan.change.writes.extend(approvals.iter().map(Approval::first_write));
            account.gets_a_key(&mut plan.change);
            plan.change.reads.extend(vendor.map(|(_, read)| read));
            plan.change.reads.extend(operator_read);
            let followed = followed.filter(|read| replaced.as_ref() != Some(read));
            plan.change.reads.extend(replaced.into_iter().chain(followed));
            Ok(Planned { plan, value, status: 201 })
        })
        .await
    }
}
