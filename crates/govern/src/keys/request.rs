//! An owner asks for a key: purpose, application, scopes, addresses, expiry, terms. Nothing of it is usable yet.
//!
//! Each step (trading, moving assets) that the segment asks somebody about opens an approval of its own.

use super::access::{self, AccountFacts};
use super::grant::Frozen;
use super::lint::Origin;
use super::row::{Grant, KeyRow, Scheme, Step};
use super::rules::{self, Wanted};
use super::view::{KeyAnswer, KeyView};
use super::write::{Deed, KeyWrite, Why, plan};
use crate::actor::Actor;
use crate::approvals::{Approval, Opening};
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, store_refusal};
use crate::refusal::{Refusal, RefusalKind};
use crate::venue::{PublicKeyText, Venue};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sumun_model::key::AllowlistEntry;
use sumun_model::{KeyId, KeyState, Mandate, Measure, Purpose, ScopeSet, Timestamp};
use sumun_store::records::Filter;
use sumun_store::tables::KEYS;
use sumun_store::{Expect, RowRead};

/// Longest name of an application, in characters.
const APPLICATION_CHARS_MAX: usize = 120;
const DAY_US: i64 = 86_400_000_000;

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

fn invalid(code: &'static str, pointer: &str, message: String, remedy: &str) -> Refusal {
    Refusal::new(RefusalKind::Invalid, code, message, remedy).at(pointer)
}

/// The key that is asked for, if its plain fields are in order; who asks and what is loaded is looked at elsewhere.
///
/// # Errors
/// `purpose_missing`, `terms_not_current`, `application_missing`, `expires_missing`, `public_key_bad`, `mandate_bad`,
/// `grant_until_bad`, `scheme_not_served`.
pub fn asked(
    venue: &Venue,
    request: &KeyRequest,
    operator: String,
    session: &str,
    actor: &Actor,
    (key, now): (String, Timestamp),
) -> Result<KeyRow, Refusal> {
    let Some(purpose) = request.purpose else {
        let words: Vec<&str> = venue.purposes.keys().map(|purpose| purpose.as_str()).collect();
        return Err(invalid(
            "purpose_missing",
            "/purpose",
            "every key has a declared purpose".to_owned(),
            &format!("name one of {}", words.join(", ")),
        ));
    };
    if request.terms != venue.terms.version {
        let shown: String = request.terms.chars().take(40).collect();
        return Err(invalid(
            "terms_not_current",
            "/terms",
            format!("the terms in force are version `{}`, accepted was `{shown}`", venue.terms.version),
            "read the terms in force, which the venue's facts hold, and name their version",
        ));
    }
    let application = request.application.trim();
    if application.is_empty() || application.chars().count() > APPLICATION_CHARS_MAX {
        return Err(invalid(
            "application_missing",
            "/application",
            format!("a key is for one application, named in at most {APPLICATION_CHARS_MAX} characters"),
            "name the one programme it is for; another one gets a key of its own",
        ));
    }
    let Some(expires) = request.expires else {
        return Err(invalid(
            "expires_missing",
            "/expires",
            "every key has an end".to_owned(),
            "give a time in UTC, such as 2027-06-01T00:00:00Z",
        ));
    };
    if request.mandate.orders_per_second_max == Some(0) {
        return Err(invalid(
            "mandate_bad",
            "/mandate/orders_per_second_max",
            "0 orders a second would refuse every order".to_owned(),
            "leave the scope `trade` out instead, or leave the limit out",
        ));
    }
    rules::scheme_served(venue, request.scheme)?;
    Ok(KeyRow {
        key,
        account: request.account.clone(),
        state: KeyState::Requested,
        measure: None,
        cause: None,
        scopes: request.scopes,
        allowlist: request.allowlist.clone(),
        purpose,
        application: application.to_owned(),
        operator,
        vendor: request.vendor.clone(),
        scheme: request.scheme,
        secret: None,
        exposure: None,
        public_key: public_key(request)?,
        created_us: now.as_micros(),
        expires_us: expires.as_micros(),
        rotate_by_us: None,
        ends_us: None,
        replaces: request.replaces.clone(),
        mandate: request.mandate.clone(),
        terms: request.terms.clone(),
        terms_accepted_us: now.as_micros(),
        requested_by: actor.principal.clone(),
        session: session.to_owned(),
        approvals: steps(request, expires, now)?,
        canary: 0,
        reason: None,
        review_by: None,
        review_due_us: None,
        version: 1,
    })
}

fn public_key(request: &KeyRequest) -> Result<Option<String>, Refusal> {
    match (request.scheme, &request.public_key) {
        (Scheme::Hs256, None) => Ok(None),
        (Scheme::Hs256, Some(_)) => Err(invalid(
            "public_key_bad",
            "/public_key",
            "a key of scheme `hs256` has a secret of ours and no public key".to_owned(),
            "leave `public_key` out, or ask for the scheme `ed25519`",
        )),
        (Scheme::Ed25519, text) => text
            .as_deref()
            .and_then(PublicKeyText::parse)
            .map(|key| Some(hex::encode(key.bytes())))
            .ok_or_else(|| {
                invalid(
                    "public_key_bad",
                    "/public_key",
                    "an owner-held signing key needs its Ed25519 public key".to_owned(),
                    "give its 32 bytes as base64url without padding (43 characters)",
                )
            }),
    }
}

fn steps(request: &KeyRequest, expires: Timestamp, now: Timestamp) -> Result<Vec<Grant>, Refusal> {
    let until = |step| match step {
        Step::Read => (None, "/expires"),
        Step::Trade => (request.trade_until, "/trade_until"),
        Step::Transfer => (request.transfer_until, "/transfer_until"),
    };
    let present = rules::steps(request.scopes);
    for step in [Step::Trade, Step::Transfer] {
        let (Some(at), pointer) = until(step) else { continue };
        if !present.contains(&step) || at <= now || at > expires {
            return Err(invalid(
                "grant_until_bad",
                pointer,
                format!(
                    "{at} ends no right of this key: it has passed, lies behind the key's end, or there is no such right"
                ),
                "give a time between now and the key's end, for rights that are asked for",
            ));
        }
    }
    let grant = |step| Grant {
        step,
        approval: None,
        granted: true,
        until_us: until(step).0.map(Timestamp::as_micros),
    };
    Ok(present.into_iter().map(grant).collect())
}

/// Opens an approval for every step that the segment asks somebody about.
pub fn open_steps(
    venue: &Venue,
    account: &AccountFacts,
    key: &mut KeyRow,
    requested_by: &str,
    now: Timestamp,
    mut id: impl FnMut() -> String,
) -> Vec<Approval> {
    let due = now.plus_micros(i64::from(venue.clocks.approval_due_days.get()) * DAY_US);
    let rules = venue.segment(account.segment);
    let basis = key.basis();
    let shown = shown(key, account);
    let mut opened = Vec::new();
    for grant in &mut key.approvals {
        let needed = rules::needed(rules, grant.step);
        if needed.is_empty() {
            continue;
        }
        let frozen = Frozen {
            key: key.key.clone(),
            customer: account.customer.clone(),
            basis: Some(basis.clone()),
            step: Some(grant.step),
            scopes: Some(key.scopes),
            allowlist: None,
            reason: None,
            lesser: None,
            shown: shown.clone(),
        };
        let opening = Opening {
            id: id(),
            action: "key.grant",
            subject: format!("key:{}", key.key),
            request: json!(frozen),
            requested_by,
            needed,
            due,
        };
        grant.granted = false;
        grant.approval = Some(opening.id.clone());
        opened.push(Approval::open(opening, now));
    }
    opened
}

/// What an approver is shown, frozen with the request.
pub(crate) fn shown(key: &KeyRow, account: &AccountFacts) -> Value {
    json!({
        "account": key.account,
        "segment": account.segment,
        "purpose": key.purpose,
        "application": key.application,
        "operator": key.operator,
        "vendor": key.vendor,
        "allowlist": key.allowlist,
        "expires": key.ends(),
    })
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
