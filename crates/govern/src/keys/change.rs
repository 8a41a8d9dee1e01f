//! An owner changes where a key may be used from or what it may do. Less takes effect at once; more takes what creation took.
//!
//! A widening that waits changes nothing: the key stays as it is until the last decision.

use super::access::{self, Loaded};
use super::grant::Frozen;
use super::lint::Origin;
use super::machine::{Action, apply};
use super::row::{KeyRow, Step};
use super::rules::{self, Wanted};
use super::steps::{self, shown};
use super::view::{KeyAnswer, KeyView, check_seen};
use super::write::{Deed, KeyWrite, Why, plan};
use crate::actor::Actor;
use crate::approvals::{Approval, Opening};
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, facts};
use crate::owner::addresses;
use crate::plan::{Effect, Plan};
use crate::refusal::{Refusal, RefusalKind};
use crate::venue::{Needed, Venue};
use serde_json::json;
use sumun_model::key::AllowlistEntry;
use sumun_model::{ScopeSet, Timestamp};
use sumun_store::tables::KEYS;
use sumun_store::{Expect, RowRead};

const DAY_US: i64 = 86_400_000_000;

/// What becomes of the field.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// These addresses and no others.
    Allowlist(Vec<AllowlistEntry>),
    /// These scopes and no others.
    Scopes(ScopeSet),
}

impl Wish {
    /// The key with the wish fulfilled.
    #[must_use]
    pub fn on(&self, key: &KeyRow) -> KeyRow {
        let mut after = key.clone();
        match self {
            Self::Allowlist(entries) => after.allowlist.clone_from(entries),
            Self::Scopes(scopes) => after.scopes = *scopes,
        }
        after
    }

    /// Whether it gives nothing that was not there.
    #[must_use]
    pub fn narrows(&self, key: &KeyRow) -> bool {
        match self {
            Self::Allowlist(entries) => rules::narrows(&key.allowlist, entries),
            Self::Scopes(scopes) => rules::within(*scopes, key.scopes),
        }
    }
}

impl Govern {
    /// The owner sets the addresses a key is used from.
    ///
    /// # Errors
    /// As [`Govern::change_scopes`].
    pub async fn change_allowlist(
        &self,
        actor: &Actor,
        key: &str,
        entries: &[AllowlistEntry],
        call: &Call,
    ) -> Result<Done<KeyAnswer>, Refusal> {
        self.change_key(actor, key, &Wish::Allowlist(entries.to_vec()), call).await
    }

    /// The owner sets what a key may do.
    ///
    /// # Errors
    /// What [`access`], [`rules::check`] and [`apply`] refuse; `widening_waits` if one is open already; `no_change`;
    /// `widen_one_step` if trading and moving assets were wanted at once.
    pub async fn change_scopes(
        &self,
        actor: &Actor,
        key: &str,
        scopes: ScopeSet,
        call: &Call,
    ) -> Result<Done<KeyAnswer>, Refusal> {
        self.change_key(actor, key, &Wish::Scopes(scopes), call).await
    }

    async fn change_key(
        &self,
        actor: &Actor,
        key: &str,
        wish: &Wish,
        call: &Call,
    ) -> Result<Done<KeyAnswer>, Refusal> {
        self.run(actor, call, |now| async move {
            let loaded = self.key_loaded(actor, key).await?;
            access::owner(actor, &loaded.account)?;
            check_seen(call, &loaded.key, actor)?;
            self.wished(actor, &loaded, wish, now).await
        })
        .await
    }

    /// What fulfilling a wish takes: at once what narrows, a proof or approvals what widens.
    pub(crate) async fn wished(
        &self,
        actor: &Actor,
        loaded: &Loaded,
        wish: &Wish,
        now: Timestamp,
    ) -> Result<Planned<KeyAnswer>, Refusal> {
        let venue = self.venue();
        let key = loaded.key.key.as_str();
        let wish = &ours(wish, &loaded.key)?;
        let narrows = wish.narrows(&loaded.key);
        let did = if narrows { Action::Narrow } else { Action::Widen };
        apply(loaded.key.standing(), did)?;
        let mut after = wish.on(&loaded.key);
        if after == loaded.key {
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "no_change",
                "the key is so already",
                "nothing has to be done",
            ));
        }
        let segment = loaded.account.segment;
        if let Wish::Allowlist(entries) = wish
            && !narrows
            && venue.segment(segment).address_proof_required
        {
            return self.registered(actor, loaded, entries, now).await;
        }
        let vendor = self.vendor_facts(loaded.key.vendor.as_deref()).await?;
        let wanted = Wanted {
            purpose: after.purpose,
            scopes: after.scopes,
            allowlist: &after.allowlist,
            expires: after.ends(),
            vendor: vendor.as_ref().map(|(facts, _)| facts),
        };
        // A narrowing is held against the rules of emptiness only: a vendor suspended since must not stand in its way.
        let warnings = if narrows {
            still_something(&after)?;
            Vec::new()
        } else {
            access::fresh(&venue, actor, now)?;
            let (_, standing) = self.account_facts(&loaded.key.account).await?;
            standing.map_or(Ok(()), Err)?;
            rules::check(&venue, segment, &wanted, now)?
        };
        let needed = steps::needed_to_widen(venue.segment(segment), after.scopes);
        if !narrows && !needed.is_empty() {
            return self.widening(actor, loaded, wish, &needed, (warnings, now)).await;
        }
        let title = format!("{} key {key}", did.as_str());
        let removed = narrows && matches!(wish, Wish::Allowlist(_));
        let deed = Deed { class: "key.changed", title: &title, actor, venue: &venue, now };
        let approvals = if narrows { Vec::new() } else { vec![format!("none:{segment}")] };
        if !narrows {
            steps::note_new(&mut after, loaded.key.scopes, None);
        }
        after.version = loaded.key.version + 1;
        let value = KeyAnswer { key: KeyView::of(&after, actor), waits_for: Vec::new() };
        let left = after.allowlist.clone();
        let write = KeyWrite { before: Some(&loaded.key), after, origin: Origin::By(did) };
        let mut plan = plan(deed, &Why { approvals, ..Why::default() }, vec![write])?;
        plan.warnings = warnings;
        if !narrows {
            plan.change.reads.extend(vendor.map(|(_, read)| read));
        }
        if removed {
            self.ceremonies_dropped(key, &left, &mut plan.change).await?;
        }
        Ok(Planned { plan, value, status: 200 })
    }

    async fn widening(
        &self,
        actor: &Actor,
        loaded: &Loaded,
        wish: &Wish,
        needed: &[Needed],
        (warnings, now): (Vec<String>, Timestamp),
    ) -> Result<Planned<KeyAnswer>, Refusal> {
        let key = &loaded.key;
        one_step(key, wish)?;
        let subject = format!("key:{}", key.key);
        if let Some(open) =
            self.open_approvals(&subject).await?.iter().find(|open| open.action == "key.widen")
        {
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "widening_waits",
                format!("a widening of key `{}` waits already: `{}`", key.key, open.approval),
                "wait for its decision or withdraw it first",
            ));
        }
        let venue = self.venue();
        let opening = Opening {
            id: self.new_id("P"),
            action: "key.widen",
            subject,
            request: json!(frozen(loaded, wish)),
            requested_by: &actor.principal,
            needed,
            due: due(&venue, now),
        };
        let approval = Approval::open(opening, now);
        let mut plan = opened(actor, &approval, format!("ask to widen key {}", key.key), now);
        plan.warnings = warnings;
        plan.effects = wished(key, wish);
        plan.change.reads.push(RowRead {
            table: &KEYS,
            key: key.key.clone(),
            expect: Expect::Version(key.version),
        });
        let value = KeyAnswer { key: KeyView::of(key, actor), waits_for: vec![approval.approval] };
        Ok(Planned { plan, value, status: 202 })
    }
}

/// When an approval opened now lapses.
pub(crate) fn due(venue: &Venue, now: Timestamp) -> Timestamp {
    now.plus_micros(i64::from(venue.clocks.approval_due_days.get()) * DAY_US)
}

/// The plan that opens an approval and changes nothing else.
pub(crate) fn opened(actor: &Actor, approval: &Approval, title: String, now: Timestamp) -> Plan {
    let mut facts = facts(actor);
    facts.insert("approval".to_owned(), json!(approval.approval));
    facts.insert("action".to_owned(), json!(approval.action));
    facts.insert("subject".to_owned(), json!(approval.subject));
    let mut change = change("approval.opened", now, facts);
    change.writes.push(approval.first_write());
    Plan { title, effects: Vec::new(), warnings: Vec::new(), change }
}

fn frozen(loaded: &Loaded, wish: &Wish) -> Frozen {
    let (scopes, allowlist) = match wish {
        Wish::Allowlist(entries) => (None, Some(entries.clone())),
        Wish::Scopes(scopes) => (Some(*scopes), None),
    };
    Frozen {
        ground: None,
        cases: Vec::new(),
        placed_by: Vec::new(),
        key: loaded.key.key.clone(),
        customer: loaded.account.customer.clone(),
        basis: Some(loaded.key.basis()),
        step: None,
        scopes,
        allowlist,
        reason: None,
        lesser: None,
        shown: shown(&loaded.key, &loaded.account),
    }
}

fn wished(key: &KeyRow, wish: &Wish) -> Vec<Effect> {
    let (field, before, after) = match wish {
        Wish::Allowlist(entries) => ("allowlist", json!(key.allowlist), json!(entries)),
        Wish::Scopes(scopes) => ("scopes", json!(key.scopes), json!(scopes)),
    };
    vec![Effect {
        subject: format!("key:{}", key.key),
        field: format!("{field} (once approved)"),
        before,
        after,
    }]
}

/// Rights to trade and to move assets are added in steps of their own (R24).
fn one_step(key: &KeyRow, wish: &Wish) -> Result<(), Refusal> {
    let Wish::Scopes(scopes) = wish else { return Ok(()) };
    let added: ScopeSet = scopes.iter().filter(|scope| !key.scopes.contains(*scope)).collect();
    let added = steps::of(added);
    if added.contains(&Step::Trade) && added.contains(&Step::Transfer) {
        return Err(Refusal::new(
            RefusalKind::Invalid,
            "widen_one_step",
            "rights to trade and rights to move assets are asked for apart",
            "ask for one of them, and for the other when it is decided",
        )
        .at("/scopes"));
    }
    Ok(())
}

/// The wish with the history of addresses as it stands here: what is new has none, however it was written.
///
/// # Errors
/// `history_not_yours`.
fn ours(wish: &Wish, key: &KeyRow) -> Result<Wish, Refusal> {
    let Wish::Allowlist(entries) = wish else { return Ok(wish.clone()) };
    rules::history_is_ours(&key.allowlist, entries)?;
    let known = |entry: &AllowlistEntry| key.allowlist.iter().find(|old| old.prefix() == entry.prefix());
    let with = |entry: &AllowlistEntry| {
        known(entry).cloned().unwrap_or_else(|| AllowlistEntry::Plain(entry.prefix()))
    };
    Ok(Wish::Allowlist(entries.iter().map(with).collect()))
}

fn still_something(after: &KeyRow) -> Result<(), Refusal> {
    let field = if after.scopes.is_empty() { "scopes" } else { "allowlist" };
    if !after.scopes.is_empty() && !after.allowlist.is_empty() {
        return addresses::some_in_effect(&after.allowlist);
    }
    Err(Refusal::new(
        RefusalKind::Invalid,
        "nothing_left",
        format!("the key would have no {field} left"),
        "revoke the key instead: that ends it at once",
    )
    .at(format!("/{field}")))
}
