//! Gates: invited, enrolled with a key of their own, revoked; and what they say of having obeyed ([`receipts`]).
//!
//! A gate proves who it is with every request by its own key. A revoked one is refused from then on; its id may be invited
//! again, with another key.

pub mod bypass;
pub mod obeyed;
pub mod receipts;

pub use receipts::{Receipt, TakenReceipt};

use crate::actor::{Actor, Role};
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, check_if_match, facts, store_refusal};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use crate::staff::require;
use crate::staff::ticket::{GATE_INVITE_PREFIX, Ticket};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use sumun_feed::{EnrolmentAnswer, EnrolmentRequest, GateProof, Mark, PublicKey};
use sumun_model::{GateId, Timestamp};
use sumun_store::tables::GATES;
use sumun_store::{Filter, Image};

/// Who runs gates.
pub const GATE_ADMINS: &[Role] = &[Role::SecurityAdmin];
/// Who sees them.
pub const GATE_READERS: &[Role] =
    &[Role::Viewer, Role::Analyst, Role::Approver, Role::ComplianceLead, Role::SecurityAdmin, Role::Auditor];

/// A gate, as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Its id.
    pub gate: String,
    /// `invited`, `enrolled` or `revoked`.
    pub state: String,
    /// The key it signs with.
    pub public_key: Option<String>,
    /// Until when its invitation holds.
    pub invite_until: Option<Timestamp>,
    /// Who invited it.
    pub invited_by: String,
    /// Since when it is enrolled.
    pub enrolled: Option<Timestamp>,
    /// Version of the row.
    pub version: i64,
}

impl Gate {
    fn of(row: &Image) -> Self {
        let time = |column: &str| row::integer(row, column).map(Timestamp::from_micros);
        Self {
            gate: row::text(row, "gate").to_owned(),
            state: row::text(row, "state").to_owned(),
            public_key: row::text_or_null(row, "public_key"),
            invite_until: time("invite_until_us"),
            invited_by: row::text(row, "invited_by").to_owned(),
            enrolled: time("enrolled_us"),
            version: row::version(row),
        }
    }
}

/// A gate that was invited.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InvitedGate {
    /// It.
    pub gate: Gate,
    /// What it enrols with, shown once; absent when the same request is answered again.
    #[serde(skip)]
    pub invite: Option<Ticket>,
}

/// Entries of one gate read at once.
const ENTRIES: u32 = 256;

/// A gate that runs within this very process: nobody has to carry an invitation to it.
pub const EMBEDDED_ACTOR: &str = "system:serve";

impl Govern {
    /// Invites a gate, or one that was revoked or never came once more.
    ///
    /// # Errors
    /// `forbidden`, `gate_state` if it is enrolled, the store's.
    pub async fn invite_gate(
        &self,
        actor: &Actor,
        gate: &GateId,
        call: &Call,
    ) -> Result<Done<InvitedGate>, Refusal> {
        if actor.principal != EMBEDDED_ACTOR {
            require(actor, GATE_ADMINS)?;
        }
        self.run(actor, call, |now| async move {
            crate::staff::fresh(&self.venue(), actor, now)?;
            let before = self.row(&GATES, gate.as_str()).await?;
            if before.as_ref().is_some_and(|row| row::text(row, "state") == "enrolled") {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "gate_state",
                    format!("gate `{gate}` is enrolled"),
                    "revoke it first if its key is lost, or invite the new one under another id",
                ));
            }
            let invite = Ticket::issue(GATE_INVITE_PREFIX, &self.draw());
            let mut image = Map::new();
            let mut column = |name: &str, value: Value| image.insert(name.to_owned(), value);
            column("gate", json!(gate));
            column("state", json!("invited"));
            column("public_key", Value::Null);
            column("invite", json!(invite.digest()));
            column("invite_until_us", json!(self.invite_until(now).as_micros()));
            column("invited_by", json!(actor.principal));
            column("enrolled_us", Value::Null);
            let write = row::replace(&GATES, before.as_ref(), image);
            let mut facts = facts(actor);
            facts.insert("gate".to_owned(), json!(gate));
            let mut change = change("gate.invited", now, facts);
            let effects = row::effects("gate", &write, before.as_ref());
            let value = InvitedGate { gate: Gate::of(&write.image), invite: Some(invite) };
            change.writes.push(write);
            let plan = Plan { title: format!("invite gate {gate}"), effects, warnings: Vec::new(), change };
            Ok(Planned { plan, value, status: 201 })
        })
        .await
    }

    /// Enrols the gate that shows an invitation and proves to hold its key. `feed_key` is what the feed is signed with.
    ///
    /// # Errors
    /// `invite_invalid`, `gate_proof`, `gate_key_used`, the store's.
    pub async fn enrol_gate(
        &self,
        request: &EnrolmentRequest,
        feed_key: PublicKey,
    ) -> Result<EnrolmentAnswer, Refusal> {
        let row = self.invited_gate(&request.invite).await?;
        let gate = row::text(&row, "gate").to_owned();
        let actor = gate_actor(&gate);
        let done = self
            .run(&actor, &Call::default(), |now| async move {
                request.verify(now).map_err(|error| {
                    Refusal::new(
                        RefusalKind::Invalid,
                        "gate_proof",
                        error.to_string(),
                        "sign the enrolment with the key it names, for this invitation, by a clock that is right",
                    )
                    .at("/proof")
                })?;
                let row = self.invited_gate(&request.invite).await?;
                let key = request.public_key.to_string();
                let (used, others) = self.keys_ever(row::text(&row, "gate")).await?;
                if used.contains(&key) {
                    return Err(Refusal::new(
                        RefusalKind::Conflict,
                        "gate_key_used",
                        "this key is, or was, a gate's",
                        "let every gate make a key of its own, and make a new one after a revocation",
                    )
                    .at("/public_key"));
                }
                let gate = row::text(&row, "gate").to_owned();
                let columns = [
                    ("state", json!("enrolled")),
                    ("public_key", json!(key)),
                    ("invite", Value::Null),
                    ("invite_until_us", Value::Null),
                    ("enrolled_us", json!(now.as_micros())),
                ];
                let write = row::update(&GATES, &row, columns);
                let mut facts = facts(&gate_actor(&gate));
                facts.insert("gate".to_owned(), json!(gate));
                facts.insert("public_key".to_owned(), json!(key));
                let mut change = change("gate.enrolled", now, facts);
                let effects = row::effects("gate", &write, Some(&row));
                change.writes.push(write);
                // Two that enrol with one key at once: each relies on the other not having it.
                change.reads.extend(others.iter().map(|other| row::unchanged(&GATES, row::text(other, "gate"), Some(other))));
                let plan = Plan { title: format!("enrol gate {gate}"), effects, warnings: Vec::new(), change };
                Ok(Planned { plan, value: gate, status: 201 })
            })
            .await?;
        let gate = GateId::new(&done.value).map_err(|_| invite_invalid())?;
        Ok(EnrolmentAnswer { gate, venue: self.venue().venue.clone(), feed_key })
    }

    /// Every key that any gate ever enrolled with, and the rows of all gates but this one. A row forgets its key once the
    /// gate is invited again; the ledger does not. Enrolling is rare, and a gate has a handful of entries.
    async fn keys_ever(&self, but: &str) -> Result<(BTreeSet<String>, Vec<Image>), Refusal> {
        let (mut keys, mut others, mut after) = (BTreeSet::new(), Vec::new(), None);
        loop {
            let filter = Filter { after, limit: Filter::LIMIT_MAX, ..Filter::default() };
            let rows = self.store.list(&GATES, &filter).await.map_err(store_refusal)?;
            let Some(last) = rows.last() else { break };
            after = Some(row::text(last, "gate").to_owned());
            others.extend(rows);
        }
        for gate in &others {
            self.keys_of(row::text(gate, "gate"), &mut keys).await?;
            keys.extend(row::text_or_null(gate, "public_key"));
        }
        others.retain(|row| row::text(row, "gate") != but);
        Ok((keys, others))
    }

    /// Keys of one gate, as its entries wrote them.
    async fn keys_of(&self, gate: &str, keys: &mut BTreeSet<String>) -> Result<(), Refusal> {
        let mut after = None;
        loop {
            let entries =
                self.store.entries_about(&GATES, gate, after, ENTRIES).await.map_err(store_refusal)?;
            let Some(last) = entries.last() else { return Ok(()) };
            after = Some(last.index);
            for payload in entries.iter().filter_map(|entry| entry.payload.as_deref()) {
                let payload: Value = serde_json::from_str(payload).unwrap_or_default();
                let rows = payload.get("rows").and_then(Value::as_array).into_iter().flatten();
                let written = rows.filter(|row| row.get("table").and_then(Value::as_str) == Some(GATES.name));
                let key = |row: &Value| Some(row.get("row")?.get("public_key")?.as_str()?.to_owned());
                keys.extend(written.filter_map(key));
            }
        }
    }

    /// Revokes a gate: the feed is refused to it from then on.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `gate_state`, the store's.
    pub async fn revoke_gate(
        &self,
        actor: &Actor,
        gate: &GateId,
        reason: &str,
        call: &Call,
    ) -> Result<Done<Gate>, Refusal> {
        require(actor, GATE_ADMINS)?;
        crate::parties::check_reason("/reason", reason)?;
        self.run(actor, call, |now| async move {
            crate::staff::fresh(&self.venue(), actor, now)?;
            let row = self.row_or_not_found(&GATES, "gate", gate.as_str()).await?;
            check_if_match(call, "gate", gate.as_str(), row::version(&row))?;
            if row::text(&row, "state") == "revoked" {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "gate_state",
                    format!("gate `{gate}` is revoked already"),
                    "nothing needs doing",
                ));
            }
            // The key stays: it says whose the receipts were, and that no other gate may have it.
            let columns =
                [("state", json!("revoked")), ("invite", Value::Null), ("invite_until_us", Value::Null)];
            let write = row::update(&GATES, &row, columns);
            let mut facts = facts(actor);
            facts.insert("gate".to_owned(), json!(gate));
            facts.insert("reason".to_owned(), json!(reason));
            let mut change = change("gate.revoked", now, facts);
            let effects = row::effects("gate", &write, Some(&row));
            let value = Gate::of(&write.image);
            change.writes.push(write);
            let warnings = vec![
                "it learns of no change any more and goes on with what it knows: take it out of the traffic"
                    .to_owned(),
            ];
            let plan = Plan { title: format!("revoke gate {gate}"), effects, warnings, change };
            Ok(Planned { plan, value, status: 200 })
        })
        .await
    }

    /// Which gate signed this proof for this request; none if no enrolled one did, or if the proof was used before.
    ///
    /// # Errors
    /// The store's.
    pub async fn gate_of(&self, proof: &str, request: &str) -> Result<Option<Actor>, Refusal> {
        let Ok(gate) = GateProof::gate_unverified(proof) else { return Ok(None) };
        let now = self.world.now();
        let Some((_, key)) = self.enrolled_gate(&gate).await? else { return Ok(None) };
        let Ok(proof) = GateProof::verify(proof, &key, &self.venue().venue, request, now) else {
            return Ok(None);
        };
        // A proof is of the last minute or the next; what is used is remembered longer than both.
        let until = now.plus_micros(3 * sumun_feed::AGE_US_MAX);
        let nonce = format!("{gate}:{}", proof.nonce);
        let first = self.store.use_once("gate", &nonce, until).await.map_err(store_refusal)?;
        Ok(first.then(|| gate_actor(gate.as_str())))
    }

    /// Which gate signed this proof for this request, whether or not the proof was used before: for what does the same when it
    /// comes twice, with all that it does in `request`.
    ///
    /// # Errors
    /// The store's.
    pub async fn gate_that_repeats(&self, proof: &str, request: &str) -> Result<Option<Actor>, Refusal> {
        let Ok(gate) = GateProof::gate_unverified(proof) else { return Ok(None) };
        let Some((_, key)) = self.enrolled_gate(&gate).await? else { return Ok(None) };
        let read = GateProof::verify(proof, &key, &self.venue().venue, request, self.world.now());
        Ok(read.is_ok().then(|| gate_actor(gate.as_str())))
    }

    /// The key of a gate, if it is enrolled: read anew by whoever goes on talking to one.
    ///
    /// # Errors
    /// The store's.
    pub async fn gate_key(&self, gate: &GateId) -> Result<Option<PublicKey>, Refusal> {
        Ok(self.enrolled_gate(gate).await?.map(|(_, key)| key))
    }

    /// Whether this version of the feed is that one in this record.
    ///
    /// # Errors
    /// The store's.
    pub async fn feed_is(&self, version: u64, mark: Mark) -> Result<bool, Refusal> {
        let root = self.store.feed_root(version, mark.entry).await.map_err(store_refusal)?;
        Ok(root == Some(mark.root))
    }

    /// The row and key of a gate, if it is enrolled.
    pub(crate) async fn enrolled_gate(&self, gate: &GateId) -> Result<Option<(Image, PublicKey)>, Refusal> {
        let row = self.row(&GATES, gate.as_str()).await?.filter(|row| row::text(row, "state") == "enrolled");
        Ok(row.and_then(|row| {
            let key = row::text(&row, "public_key").parse().ok()?;
            Some((row, key))
        }))
    }

    /// One gate.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, the store's.
    pub async fn gate(&self, actor: &Actor, gate: &str) -> Result<Gate, Refusal> {
        require(actor, GATE_READERS)?;
        Ok(Gate::of(&self.row_or_not_found(&GATES, "gate", gate).await?))
    }

    /// Gates by id.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn gates(
        &self,
        actor: &Actor,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<Gate>, Refusal> {
        require(actor, GATE_READERS)?;
        let filter = Filter {
            equals: Vec::new(),
            after,
            limit: limit.clamp(1, Filter::LIMIT_MAX),
            ..Filter::default()
        };
        let rows = self.store.list(&GATES, &filter).await.map_err(store_refusal)?;
        Ok(rows.iter().map(Gate::of).collect())
    }

    /// The gate whose invitation this is, if it still holds.
    async fn invited_gate(&self, invite: &str) -> Result<Image, Refusal> {
        let ticket = Ticket::parse(GATE_INVITE_PREFIX, invite).ok_or_else(invite_invalid)?;
        let equals = vec![("invite", json!(ticket.digest())), ("state", json!("invited"))];
        let filter = Filter { equals, after: None, limit: 1, ..Filter::default() };
        let row = self.store.list(&GATES, &filter).await.map_err(store_refusal)?.into_iter().next();
        let now = self.world.now().as_micros();
        row.filter(|row| row::integer(row, "invite_until_us").is_some_and(|until| now < until))
            .ok_or_else(invite_invalid)
    }
}

/// A gate as an actor.
#[must_use]
pub fn gate_actor(gate: &str) -> Actor {
    Actor {
        principal: format!("gate:{gate}"),
        roles: vec![Role::Gate],
        customer: None,
        session: None,
        second_factor: None,
        rights: None,
    }
}

fn invite_invalid() -> Refusal {
    Refusal::new(
        RefusalKind::Forbidden,
        "invite_invalid",
        "this invitation is unknown, used up or over",
        "check that all of it was copied, or ask for another one",
    )
}
