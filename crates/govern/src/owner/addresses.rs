//! Addresses on their way into effect (R198): registered with a second factor, proved by a signed request from there, in effect at once.
//!
//! Where the segment asks for proof, a new address enters the key's allowlist as registered only; gates learn of it and refuse it, and a
//! validly signed request from it within the window proves it. Where not, adding an address takes what any widening takes. An
//! address that nobody proves lapses, and accuses nobody but who registered it. Views are in [`view`], the proof in [`proof`].

pub(in crate::owner) mod proof;
mod view;

pub(in crate::owner) use proof::Fate;
pub use view::AddressView;

use super::{made, put_facts, rewritten, tell};
use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::govern::Govern;
use crate::keys::access::{self, Loaded};
use crate::keys::change::Wish;
use crate::keys::lint::Origin;
use crate::keys::machine::{Action, apply};
use crate::keys::rules::{self, Wanted};
use crate::keys::view::{KeyAnswer, KeyView, check_seen};
use crate::keys::write::{Deed, KeyWrite, Why, plan};
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::net::IpAddr;
use sumun_model::key::{AllowlistEntry, RecordedPrefix};
use sumun_model::{Prefix, Timestamp};
use sumun_store::tables::CEREMONIES;
use sumun_store::{Change, Image};

/// Ceremonies of one key that are looked at: an allowlist has no more entries.
const OF_KEY_MAX: usize = 1_000;

/// Where a ceremony stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CeremonyState {
    /// Registered; it waits for its proof.
    Pending,
    /// Proved, and in effect.
    Proved,
    /// Nobody proved it in time.
    Lapsed,
    /// The owner took it back, or the key ended.
    Removed,
    /// It was proved while the key could not be widened any more.
    Refused,
}

/// One address on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ceremony {
    /// Its id.
    pub ceremony: String,
    /// For which key.
    pub key: String,
    /// Of which account.
    pub account: String,
    /// Of which customer.
    pub customer: String,
    /// Which address.
    pub prefix: Prefix,
    /// Where it stands.
    pub state: CeremonyState,
    /// Who registered it: an unproved one speaks of him alone.
    pub registered_by: String,
    /// When.
    pub registered_us: i64,
    /// It lapses then.
    pub until_us: i64,
    /// When it was proved.
    pub proved_us: Option<i64>,
    /// The event that proved it.
    pub event: Option<String>,
    /// The row's version.
    pub version: i64,
}

impl Ceremony {
    /// Reads a row.
    ///
    /// # Errors
    /// `row_unreadable`.
    pub fn of(image: &Image) -> Result<Self, Refusal> {
        row::typed(&CEREMONIES, image)
    }

    /// Whether a request from there, then, would prove it.
    #[must_use]
    pub fn covers(&self, address: IpAddr, at: Timestamp) -> bool {
        self.state == CeremonyState::Pending
            && self.prefix.contains(address)
            && (self.registered_us..=self.until_us).contains(&at.as_micros())
    }

    /// Moves on to this state, as a write of the change.
    fn to(&self, state: CeremonyState, change: &mut Change) {
        let after = Self { state, version: self.version + 1, ..self.clone() };
        change.writes.push(rewritten(&CEREMONIES, &after, self.version));
    }
}

/// Registered only: in effect once proved.
fn pending(prefix: Prefix, now: Timestamp) -> AllowlistEntry {
    AllowlistEntry::Recorded(RecordedPrefix { prefix, since: Some(now), proved: None })
}

impl Govern {
    /// The owner registers an address for a key.
    ///
    /// # Errors
    /// As [`Govern::change_allowlist`]; `no_change` if it stands there already.
    pub async fn register_address(
        &self,
        actor: &Actor,
        key: &str,
        prefix: Prefix,
        call: &Call,
    ) -> Result<Done<KeyAnswer>, Refusal> {
        let done = self
            .run(actor, call, |now| async move {
                let loaded = self.key_loaded(actor, key).await?;
                access::owner(actor, &loaded.account)?;
                check_seen(call, &loaded.key, actor)?;
                self.registration(actor, &loaded, prefix, now).await
            })
            .await?;
        self.watch.forget(key);
        Ok(done)
    }

    /// What registering an address takes, by the rules of the segment: for a use case that does so among other things.
    pub(crate) async fn registration(
        &self,
        actor: &Actor,
        loaded: &Loaded,
        prefix: Prefix,
        now: Timestamp,
    ) -> Result<Planned<KeyAnswer>, Refusal> {
        let mut entries = loaded.key.allowlist.clone();
        if entries.iter().any(|entry| entry.prefix() == prefix) {
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "no_change",
                format!("{prefix} is registered for the key already"),
                "list its addresses to see whether it is in effect and, if not, until when it can be proved",
            ));
        }
        entries.push(AllowlistEntry::Plain(prefix));
        self.wished(actor, loaded, &Wish::Allowlist(entries), now).await
    }

    /// The owner takes addresses of a key back, pending ones too.
    ///
    /// # Errors
    /// As [`Govern::change_allowlist`]; `address_unknown`.
    pub async fn remove_address(
        &self,
        actor: &Actor,
        key: &str,
        prefix: Prefix,
        call: &Call,
    ) -> Result<Done<KeyAnswer>, Refusal> {
        let done = self
            .run(actor, call, |now| async move {
                let loaded = self.key_loaded(actor, key).await?;
                access::owner(actor, &loaded.account)?;
                check_seen(call, &loaded.key, actor)?;
                let left: Vec<_> =
                    loaded.key.allowlist.iter().filter(|entry| entry.prefix() != prefix).cloned().collect();
                if left.len() == loaded.key.allowlist.len() {
                    return Err(Refusal::new(
                        RefusalKind::NotFound,
                        "address_unknown",
                        format!("{prefix} is not registered for the key"),
                        "list its addresses, and give one of them as it stands there",
                    )
                    .at("/prefix"));
                }
                let mut planned = self.wished(actor, &loaded, &Wish::Allowlist(left), now).await?;
                planned.plan.change.class = "address.removed";
                put_facts(&mut planned.plan.change.facts, [("prefix", json!(prefix))]);
                Ok(planned)
            })
            .await?;
        self.watch.forget(key);
        Ok(done)
    }

    /// Every ceremony of a key.
    pub(crate) async fn ceremonies_of(&self, key: &str) -> Result<Vec<Ceremony>, Refusal> {
        let rows = self.rows_where(&CEREMONIES, vec![("key", json!(key))], None, OF_KEY_MAX).await?;
        rows.iter().map(Ceremony::of).collect()
    }

    /// For a change that narrows a key's addresses: what was on its way, or had come, and stands there no more.
    pub(crate) async fn ceremonies_dropped(
        &self,
        key: &str,
        left: &[AllowlistEntry],
        change: &mut Change,
    ) -> Result<(), Refusal> {
        let mut dropped = Vec::new();
        for ceremony in self.ceremonies_of(key).await? {
            let lives = matches!(ceremony.state, CeremonyState::Pending | CeremonyState::Proved);
            if lives && !left.iter().any(|entry| entry.prefix() == ceremony.prefix) {
                ceremony.to(CeremonyState::Removed, change);
                dropped.push(ceremony.ceremony);
            }
        }
        if !dropped.is_empty() {
            put_facts(&mut change.facts, [("ceremonies", json!(dropped))]);
        }
        Ok(())
    }

    /// The ceremony of a key whose segment asks for proof: what is new in these entries is registered, and waits.
    pub(crate) async fn registered(
        &self,
        actor: &Actor,
        loaded: &Loaded,
        entries: &[AllowlistEntry],
        now: Timestamp,
    ) -> Result<Planned<KeyAnswer>, Refusal> {
        let (venue, before) = (self.venue(), &loaded.key);
        access::fresh(&venue, actor, now)?;
        apply(before.standing(), Action::Widen)?;
        let (_, standing) = self.account_facts(&before.account).await?;
        standing.map_or(Ok(()), Err)?;
        let known = |prefix: Prefix| before.allowlist.iter().find(|entry| entry.prefix() == prefix);
        let mut after = before.clone();
        after.allowlist = entries
            .iter()
            .map(|entry| known(entry.prefix()).cloned().unwrap_or_else(|| pending(entry.prefix(), now)))
            .collect();
        some_in_effect(&after.allowlist)?;
        let new: Vec<Prefix> =
            entries.iter().map(AllowlistEntry::prefix).filter(|prefix| known(*prefix).is_none()).collect();
        let vendor = self.vendor_facts(before.vendor.as_deref()).await?;
        let wanted = Wanted {
            purpose: after.purpose,
            scopes: after.scopes,
            allowlist: &after.allowlist,
            expires: after.ends(),
            vendor: vendor.as_ref().map(|(facts, _)| facts),
        };
        let mut warnings = rules::check(&venue, loaded.account.segment, &wanted, now)?;
        let until = now.plus_micros(i64::from(venue.owner.address_proof_s.get()) * 1_000_000);
        let ceremonies: Vec<Ceremony> = new
            .iter()
            .map(|prefix| Ceremony {
                ceremony: self.new_id("AC"),
                key: before.key.clone(),
                account: before.account.clone(),
                customer: loaded.account.customer.clone(),
                prefix: *prefix,
                state: CeremonyState::Pending,
                registered_by: actor.principal.clone(),
                registered_us: now.as_micros(),
                until_us: until.as_micros(),
                proved_us: None,
                event: None,
                version: 1,
            })
            .collect();
        let mut shared = 0;
        for prefix in &new {
            let others = self.proved_elsewhere(*prefix, &loaded.account.customer).await?;
            if others > 0 {
                warnings.push(format!(
                    "{prefix} is proved for keys of other customers too ({others}): an office looks like this, and so does a key that is lent"
                ));
            }
            shared += others;
        }
        let title = format!("register {} for key {}", listed(&new), before.key);
        let deed = Deed { class: "address.registered", title: &title, actor, venue: &venue, now };
        let approvals = ceremonies.iter().map(|one| format!("ceremony:{}", one.ceremony)).collect();
        let value = KeyAnswer {
            key: KeyView::of(&crate::keys::KeyRow { version: before.version + 1, ..after.clone() }, actor),
            waits_for: Vec::new(),
        };
        let write = KeyWrite { before: Some(before), after, origin: Origin::By(Action::Widen) };
        let mut plan = plan(deed, &Why { approvals, ..Why::default() }, vec![write])?;
        plan.warnings = warnings;
        plan.change.reads.extend(vendor.map(|(_, read)| read));
        plan.change.writes.extend(ceremonies.iter().map(|one| made(&CEREMONIES, one)));
        self.ceremonies_dropped(&before.key, entries, &mut plan.change).await?;
        let told: Vec<Value> = ceremonies
            .iter()
            .map(|one| json!({ "ceremony": one.ceremony, "prefix": one.prefix, "until": until }))
            .collect();
        put_facts(
            &mut plan.change.facts,
            [
                ("key", json!(before.key)),
                ("account", json!(before.account)),
                ("customer", json!(loaded.account.customer)),
                ("addresses", json!(told)),
                ("shared_with", json!(shared)),
            ],
        );
        for one in &ceremonies {
            tell::address_registered(&mut plan, one, now);
        }
        Ok(Planned { plan, value, status: 202 })
    }

    /// How many other customers proved this address for keys of theirs. It is told to who registers it, and held against none of them.
    async fn proved_elsewhere(&self, prefix: Prefix, customer: &str) -> Result<usize, Refusal> {
        const LOOKED_AT_MAX: usize = 1_000;
        let equals = vec![("prefix", json!(prefix)), ("state", json!(CeremonyState::Proved))];
        let rows = self.rows_where(&CEREMONIES, equals, None, LOOKED_AT_MAX).await?;
        let others = rows.iter().map(|row| row::text(row, "customer")).filter(|other| *other != customer);
        Ok(others.collect::<std::collections::BTreeSet<_>>().len())
    }
}

/// Refuses a list none of whose addresses is in effect: the key would be cut off by its own owner's slip.
///
/// # Errors
/// `nothing_in_effect`.
pub(crate) fn some_in_effect(entries: &[AllowlistEntry]) -> Result<(), Refusal> {
    if entries.is_empty() || entries.iter().any(|entry| entry.in_effect(true)) {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::Invalid,
        "nothing_in_effect",
        "no address of the key would be in effect until one is proved",
        "keep the present address until the new one is proved, then remove it",
    )
    .at("/allowlist"))
}

fn listed(prefixes: &[Prefix]) -> String {
    prefixes.iter().map(Prefix::to_string).collect::<Vec<_>>().join(", ")
}
