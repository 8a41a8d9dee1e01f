//! An owner asks for a key: purpose, application, scopes, addresses, expiry, terms. Nothing of it is usable yet.
//!
//! Each step (trading, moving assets) that the segment asks somebody about opens an approval of its own.

use super::access::{self, AccountFacts};
use super::asked::{asked, invalid};
use super::lint::Origin;
use super::row::{KeyRow, Scheme};
use super::rules::{self, Wanted};
use super::steps::open_steps;
use super::view::{KeyAnswer, KeyView};
use super::write::{Deed, KeyWrite, Why, plan};
use crate::actor::Actor;
use crate::approvals::Approval;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, store_refusal};
use crate::refusal::{Refusal, RefusalKind};
use crate::venue::Venue;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_model::key::AllowlistEntry;
use sumun_model::{KeyId, KeyState, Mandate, Measure, Purpose, ScopeSet, Timestamp};
use sumun_store::records::Filter;
use sumun_store::tables::KEYS;
use sumun_store::{Expect, RowRead};

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
            let warnings = rules::check(&venue, account.segment, &wanted, now)?;
            self.room_for_one_more(&venue, &account).await?;
            let replaced = self.replaced(actor, request, &account, &mut key).await?;
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
            plan.change.reads.extend(account.reads);
            plan.change.reads.extend(vendor.map(|(_, read)| read));
            plan.change.reads.extend(operator_read);
            plan.change.reads.extend(replaced);
            Ok(Planned { plan, value, status: 201 })
        })
        .await
    }

    /// How many keys an account may have is counted when one is asked for; two requests at once may pass it by one.
    async fn room_for_one_more(&self, venue: &Venue, account: &AccountFacts) -> Result<(), Refusal> {
        let most = venue.segment(account.segment).keys_per_account_max.get();
        let mut living: u32 = 0;
        for state in [KeyState::Requested, KeyState::Active, KeyState::Suspended] {
            let equals = vec![("account", json!(account.account)), ("state", json!(state))];
            let filter = Filter { equals, after: None, limit: most };
            let rows = self.store.list(&KEYS, &filter).await.map_err(store_refusal)?;
            living = living.saturating_add(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        }
        if living < most {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalKind::Conflict,
            "keys_too_many",
            format!("account `{}` has {living} keys, at most {most} are allowed", account.account),
            "end one that is no longer used",
        ))
    }

    /// A key asked for in the place of another takes its measure along: deleting a warned key escapes nothing.
    async fn replaced(
        &self,
        actor: &Actor,
        request: &KeyRequest,
        account: &AccountFacts,
        key: &mut KeyRow,
    ) -> Result<Option<RowRead>, Refusal> {
        let Some(replaces) = &request.replaces else { return Ok(None) };
        let unknown = || {
            invalid(
                "replaces_unknown",
                "/replaces",
                "the key to be replaced is none of this account".to_owned(),
                "name a key of the same account, or leave `replaces` out",
            )
        };
        KeyId::new(replaces).map_err(|_| unknown())?;
        let old = self.key_loaded(actor, replaces).await.map_err(|_| unknown())?.key;
        if old.account != account.account {
            return Err(unknown());
        }
        key.measure = old.measure.filter(|measure| *measure != Measure::Expire);
        if key.measure == Some(Measure::Hold) {
            (key.review_by, key.review_due_us, key.reason) = (old.review_by, old.review_due_us, old.reason);
        }
        Ok(Some(RowRead { table: &KEYS, key: old.key, expect: Expect::Version(old.version) }))
    }
}
