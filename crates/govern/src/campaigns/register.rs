//! An owner accepts the terms and says who uses a key. What came to a halt works again at once.
//!
//! **No penalty for truth**: a declaration changes who is on record for the key and nothing else. It is no signal, opens no case, adds no
//! points, whatever it says of the past; `lent_before` is read by nothing but its owner's own page.

use super::aside::{behind_page, parted};
use super::letters;
use super::member::{Declared, MemberBody, MemberRow, MemberState, Who};
use super::read::RegistrationView;
use super::sweep::BY;
use super::{CampaignRow, CampaignState};
use crate::actor::{Actor, Role};
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, not_found, store_refusal};
use crate::keys::KeyRow;
use crate::keys::access::{self, AccountFacts, Loaded};
use crate::keys::lint::Origin;
use crate::keys::write::{Deed, KeyWrite, Why, plan as keys_plan};
use crate::notices;
use crate::refusal::{Refusal, RefusalKind, nothing};
use crate::row::{integer, json, text, unchanged};
use crate::staff::require;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_model::{KeyState, ScopeSet, Timestamp};
use sumun_store::tables::{CAMPAIGN_KEYS, CAMPAIGNS, DELEGATIONS};
use sumun_store::{Filter, RowRead};

/// Most registrations that the exchange hands in at once.
pub const REGISTRATIONS_MAX: usize = 200;

/// What registering says where nothing is to be written: the same stands already.
pub const SAME: &str = crate::refusal::NOTHING;

/// What is declared of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// Version of the terms that were read and accepted.
    pub terms: String,
    /// Who uses the key from now on.
    pub who: Who,
    /// That somebody else used it before.
    #[serde(default)]
    pub lent_before: bool,
}

/// A customer's consent, as the exchange keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// When the customer gave it.
    pub at: Timestamp,
    /// Where the exchange keeps it.
    pub reference: String,
}

/// Longest reference to a consent, in characters.
const REFERENCE_CHARS_MAX: usize = 120;

impl Govern {
    /// The owner registers who uses a key.
    ///
    /// # Errors
    /// What [`access::owner`] refuses; `second_factor_needed`, `registration_closed`, `terms_not_current`, and what cannot be declared.
    pub async fn register_key(
        &self,
        actor: &Actor,
        key: &str,
        registration: &Registration,
        call: &Call,
    ) -> Result<Done<RegistrationView>, Refusal> {
        self.run(actor, call, |now| async move {
            let loaded = self.key_loaded(actor, key).await?;
            access::owner(actor, &loaded.account)?;
            access::fresh(&self.venue(), actor, now)?;
            self.registration_planned(actor, &loaded, registration, None, now).await
        })
        .await
    }

    /// The exchange hands in what its customer declared there, with where his consent is kept.
    ///
    /// # Errors
    /// As [`Govern::register_key`]; `consent_bad`, `consent_older`.
    pub async fn register_for_customer(
        &self,
        actor: &Actor,
        key: &str,
        (registration, consent): (&Registration, &Consent),
        call: &Call,
    ) -> Result<Done<RegistrationView>, Refusal> {
        require(actor, &[Role::ExchangeBackend])?;
        self.run(actor, call, |now| async move {
            let loaded = self.key_loaded(actor, key).await?;
            let reference = consent.reference.trim();
            let odd = reference.is_empty()
                || reference.chars().count() > REFERENCE_CHARS_MAX
                || reference.chars().any(char::is_control);
            if odd || consent.at > now {
                return Err(Refusal::new(
                    RefusalKind::Invalid,
                    "consent_bad",
                    "a customer's consent has a time that has passed, and a reference by which the exchange finds it",
                    "name both; without consent nobody registers in a customer's place",
                )
                .at("/consent"));
            }
            self.registration_planned(actor, &loaded, registration, Some((consent.at, reference)), now).await
        })
        .await
    }

    async fn registration_planned(
        &self,
        actor: &Actor,
        loaded: &Loaded,
        registration: &Registration,
        consent: Option<(Timestamp, &str)>,
        now: Timestamp,
    ) -> Result<Planned<RegistrationView>, Refusal> {
        let Loaded { key, account } = loaded;
        if !matches!(key.state, KeyState::Active | KeyState::Suspended) {
            return Err(closed(&key.key, "it has ended, or was never issued"));
        }
        let (row, campaign_read) = self.campaign_of(key, account).await?;
        if now < row.body.plan.opens {
            return Err(closed(&key.key, &format!("registration opens at {}", row.body.plan.opens)));
        }
        if registration.terms != row.terms {
            return Err(Refusal::new(
                RefusalKind::Invalid,
                "terms_not_current",
                format!(
                    "registering takes the terms of version `{}`, not `{}`",
                    row.terms, registration.terms
                ),
                "read them, and name their version",
            )
            .at("/terms"));
        }
        let (operator, vendor, reads) = self.declared(key, account, &registration.who, now).await?;
        let accepted = consent.map_or(now, |(at, _)| at);
        let after = KeyRow {
            operator,
            vendor,
            terms: registration.terms.clone(),
            terms_accepted_us: accepted.as_micros(),
            campaign: None,
            ..key.clone()
        };
        let (venue, worked) = (self.venue(), key.campaign.is_none());
        let title = format!("register who uses key {}", key.key);
        let deed = Deed { class: "campaign.enrolled", title: &title, actor, venue: &venue, now };
        let write = KeyWrite { before: Some(key), after, origin: Origin::Campaign };
        let mut plan = keys_plan(deed, &Why::default(), vec![write])?;
        plan.change.facts.insert("campaign".to_owned(), json!(row.campaign));
        plan.change.facts.insert("who".to_owned(), json!(registration.who));
        plan.change.facts.insert("terms".to_owned(), json!(registration.terms));
        plan.change.facts.insert("consent".to_owned(), json!(consent.map(|(_, reference)| reference)));
        plan.change.reads.push(campaign_read);
        plan.change.reads.extend(reads);
        let id = MemberRow::id(&row.campaign, &key.key);
        let known = self.row(&CAMPAIGN_KEYS, &id).await?;
        let mut member = match &known {
            Some(image) => MemberRow::of(image)?,
            None => MemberRow {
                member: id,
                campaign: row.campaign.clone(),
                key: key.key.clone(),
                account: account.account.clone(),
                customer: account.customer.clone(),
                segment: account.segment,
                state: MemberState::NotTold,
                body: MemberBody::default(),
                next_due_us: None,
                version: 0,
            },
        };
        let stands = member.state == MemberState::Enrolled
            && key.terms == registration.terms
            && member.body.declared.as_ref().is_some_and(|declared| declared.who == registration.who);
        if consent.is_some() && stands {
            return Err(nothing());
        }
        if let Some((at, _)) = consent {
            newest(&row, &member, at)?;
        }
        member.body.declared = Some(Declared {
            who: registration.who.clone(),
            lent_before: registration.lent_before,
            by: actor.principal.clone(),
            at_us: accepted.as_micros(),
            consent: consent.map(|(_, reference)| reference.to_owned()),
        });
        member.body.progress.read_only_us = None;
        self.nobody_to_reach(&mut plan, &mut member, (BY, "its owner has registered who uses it"), now)
            .await?;
        let member = member.over(MemberState::Enrolled);
        plan.change.writes.push(member.write(known.is_none()));
        notices::add(&mut plan, letters::enrolled(&key.key, &account.account, worked), now);
        let value = RegistrationView::of(&row, &member);
        Ok(Planned { plan, value, status: 200 })
    }

    /// The campaign that asks about this key, which must not change while it is answered.
    async fn campaign_of(
        &self,
        key: &KeyRow,
        account: &AccountFacts,
    ) -> Result<(CampaignRow, RowRead), Refusal> {
        let rows = self.campaign_rows(&[CampaignState::Running, CampaignState::Paused]).await?;
        let row = rows.into_iter().find(|row| row.body.plan.covers(account.segment));
        let Some(row) = row else {
            return Err(closed(&key.key, "no campaign asks who uses it"));
        };
        let image = self.row(&CAMPAIGNS, &row.campaign).await?;
        let read = unchanged(&CAMPAIGNS, &row.campaign, image.as_ref());
        Ok((row, read))
    }

    /// Who is on record for the key by this declaration: operator, vendor, and what that relies on.
    async fn declared(
        &self,
        key: &KeyRow,
        account: &AccountFacts,
        who: &Who,
        now: Timestamp,
    ) -> Result<(String, Option<String>, Vec<RowRead>), Refusal> {
        match who {
            Who::Myself => {
                // An account that names no owner has its customer as one.
                let owner = account.owner.clone().unwrap_or_else(|| account.customer.clone());
                Ok((owner, None, Vec::new()))
            }
            Who::Operator(id) => {
                let (operator, read) = self.operator_facts(Some(id), None, account).await?;
                Ok((operator, None, read.into_iter().collect()))
            }
            Who::Vendor(id) => {
                let Some((facts, read)) = self.vendor_facts(Some(id)).await? else {
                    return Err(not_found("vendor", id));
                };
                if facts.state != "approved" {
                    return Err(Refusal::new(
                        RefusalKind::Invalid,
                        "vendor_not_approved",
                        format!("vendor `{id}` is `{}`, not approved", facts.state),
                        "choose an approved vendor, or say that you use the key yourself",
                    )
                    .at("/id"));
                }
                if let Some(beyond) = key.scopes.iter().find(|scope| !facts.scopes.contains(*scope)) {
                    return Err(Refusal::new(
                        RefusalKind::Conflict,
                        "vendor_caps_scopes",
                        format!("the key holds `{beyond}`, and keys for vendor `{id}` never do"),
                        "take that right off the key first, which needs nobody's leave; then register again",
                    ));
                }
                let owner = account.owner.clone().unwrap_or_else(|| account.customer.clone());
                Ok((owner, Some(id.clone()), vec![read]))
            }
            Who::Delegation(id) => {
                let row =
                    self.row(&DELEGATIONS, id).await?.filter(|row| text(row, "account") == account.account);
                let row = row.ok_or_else(|| not_found("delegation", id))?;
                let about =
                    row.get("key").and_then(serde_json::Value::as_str).is_none_or(|about| about == key.key);
                let scopes: ScopeSet = json(&row, "scopes");
                let until = integer(&row, "until_us").unwrap_or_default();
                if !about || text(&row, "state") != "active" || until <= now.as_micros() || scopes.is_empty()
                {
                    return Err(Refusal::new(
                        RefusalKind::Invalid,
                        "delegation_not_in_force",
                        format!("delegation `{id}` is not in force for key `{}`", key.key),
                        "have one put on record for this key, or name who else uses it",
                    )
                    .at("/id"));
                }
                Ok((key.operator.clone(), key.vendor.clone(), vec![unchanged(&DELEGATIONS, id, Some(&row))]))
            }
        }
    }

    /// Members of this customer, by id, and behind which there may be more. One that cannot be read is set aside: the others are shown.
    pub(super) async fn members_of_customer(
        &self,
        customer: &str,
        after: Option<String>,
        limit: u32,
    ) -> Result<(Vec<MemberRow>, Option<String>), Refusal> {
        let equals = vec![("customer", json!(customer))];
        let filter = Filter { equals, after, limit: limit.clamp(1, Filter::LIMIT_MAX), ..Filter::default() };
        let (rows, damaged) =
            self.store.list_readable(&CAMPAIGN_KEYS, &filter).await.map_err(store_refusal)?;
        let more = behind_page(&CAMPAIGN_KEYS, &rows, &damaged, filter.limit);
        let (members, unreadable) = parted(rows);
        self.set_aside(unreadable.into_iter().chain(damaged));
        Ok((members, more))
    }
}

/// Refuses a consent that is not the customer's last word: older than what he declared since, or than the campaign that it answers.
fn newest(row: &CampaignRow, member: &MemberRow, at: Timestamp) -> Result<(), Refusal> {
    let declared = member.body.declared.as_ref().map(|declared| Timestamp::from_micros(declared.at_us));
    let (than, what) = match declared {
        Some(declared) if at < declared => (declared, "what its owner declared since"),
        _ if at < row.body.plan.announce => (row.body.plan.announce, "the campaign's first letter"),
        _ => return Ok(()),
    };
    Err(Refusal::new(
        RefusalKind::Conflict,
        "consent_older",
        format!("the consent is of {at}, and {what} is of {than}"),
        "hand in what the customer consented to last; what stands is shown on his own page",
    )
    .at("/consent"))
}

fn closed(key: &str, why: &str) -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "registration_closed",
        format!("key `{key}` cannot be registered: {why}"),
        "look at the key's notices for the dates; a key that has ended is asked for anew",
    )
}
