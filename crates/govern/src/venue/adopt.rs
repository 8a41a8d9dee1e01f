//! Taking a venue's facts into force: one ledger entry that shows each field before and after.
//!
//! The operator's own file is taken as it is, and what it loosens is marked. Over the API, whatever loosens a rule or says who is
//! believed or must agree waits for a second compliance lead; the rest holds at once. What can never change is the venue's id
//! and the ledger's origin.

use super::Venue;
use super::compare::{Difference, difference};
use crate::actor::{Actor, Role};
use crate::approvals::Approval;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, check_if_match, facts, store_refusal};
use crate::plan::{Effect, Plan};
use crate::proposal::{Proposal, VENUE_ADOPT, subject_changed, unreadable};
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use crate::staff::{fresh, require};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sumun_model::Timestamp;
use sumun_store::tables::VENUE;
use sumun_store::{Filter, Image, Store};

/// Who may change the venue's facts through the API. The operator's own file is adopted by `system:operator`.
pub const ROLES: &[Role] = &[Role::ComplianceLead];

/// A venue's facts as they are in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// The venue.
    pub venue: String,
    /// Hex SHA-256 over the facts.
    pub digest: String,
    /// Since when.
    pub adopted: Timestamp,
    /// The facts themselves.
    pub facts: Value,
    /// Version of the row.
    pub version: i64,
    /// The approval that other facts wait for; then those above are still in force.
    #[serde(default)]
    pub waits_for: Option<String>,
}

/// What is frozen in an approval of other facts.
#[derive(Serialize, Deserialize)]
struct Frozen {
    venue: String,
    /// Digest of the facts they were held against.
    before: String,
    facts: Value,
    changed: Vec<Effect>,
    loosened: Vec<String>,
}

/// What adopting would write; `None` if these facts are in force already.
///
/// # Errors
/// `venue_identity` if the id or the origin would change.
pub fn plan(
    actor: &Actor,
    before: Option<&Image>,
    venue: &Venue,
    now: Timestamp,
) -> Result<Option<Plan>, Refusal> {
    let digest = venue.digest();
    let old = before.and_then(|row| Venue::from_json(row.get("facts")?).ok());
    if before.is_some_and(|row| row::text(row, "digest") == digest) {
        return Ok(None);
    }
    for (field, was, is) in [
        ("venue", old.as_ref().map(|old| &old.venue), &venue.venue),
        ("ledger.origin", old.as_ref().map(|old| &old.ledger.origin), &venue.ledger.origin),
    ] {
        if let Some(was) = was.filter(|was| *was != is) {
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "venue_identity",
                format!("`{field}` is `{was}` in this record and would become `{is}`"),
                "put it back; another venue or origin needs a data directory of its own",
            )
            .at(format!("/{}", field.replace('.', "/"))));
        }
    }
    let difference = difference(old.as_ref(), venue);
    let mut image = Map::new();
    image.insert("venue".to_owned(), json!(venue.venue));
    image.insert("digest".to_owned(), json!(digest));
    image.insert("facts".to_owned(), venue.to_json());
    image.insert("adopted_us".to_owned(), json!(now.as_micros()));
    let mut facts = facts(actor);
    facts.insert("venue".to_owned(), json!(venue.venue));
    facts.insert("digest".to_owned(), json!(digest));
    facts.insert("changed".to_owned(), json!(difference.effects));
    facts.insert("loosened".to_owned(), json!(difference.loosened));
    let mut change = change("venue.adopted", now, facts);
    change.writes.push(row::replace(&VENUE, before, image));
    let warnings = difference.loosened.iter().map(|field| format!("`{field}` is loosened")).collect();
    Ok(Some(Plan {
        title: match difference.effects.len() {
            1 => format!("adopt 1 changed field of venue {}", venue.venue),
            many => format!("adopt {many} changed fields of venue {}", venue.venue),
        },
        effects: difference.effects,
        warnings,
        change,
    }))
}

/// The facts in force, if any were adopted yet.
///
/// # Errors
/// The store cannot be read.
pub async fn adopted(store: &Store, venue: &str) -> Result<Option<Adopted>, Refusal> {
    let row = store.get(&VENUE, venue).await.map_err(store_refusal)?;
    Ok(row.as_ref().map(view))
}

fn view(row: &Image) -> Adopted {
    Adopted {
        venue: row::text(row, "venue").to_owned(),
        digest: row::text(row, "digest").to_owned(),
        adopted: Timestamp::from_micros(row::integer(row, "adopted_us").unwrap_or_default()),
        facts: row.get("facts").cloned().unwrap_or_default(),
        version: row::version(row),
        waits_for: None,
    }
}

impl Govern {
    /// Takes these facts into force; nothing is written if they are already. What is in force afterwards is what the record
    /// holds, never what a request says: a repeated one may be long overtaken.
    ///
    /// # Errors
    /// `forbidden`, `venue_identity`, `version_stale`, or the store's.
    pub async fn adopt(&self, actor: &Actor, venue: Venue, call: &Call) -> Result<Done<Adopted>, Refusal> {
        // The operator who starts the process owns its file; whoever comes over the API needs the role.
        if actor.principal != SYSTEM_OPERATOR {
            require(actor, ROLES)?;
        }
        let venue = &venue;
        if let Some(row) = &self.venue_row().await?
            && row::text(row, "digest") == venue.digest()
        {
            self.reload_venue().await?;
            let plan = crate::call::PlanView {
                title: format!("venue {} stands as it was", venue.venue),
                ..Default::default()
            };
            return Ok(Done { value: view(row), committed: None, plan, repeated: false });
        }
        let done = self
            .run(actor, call, |now| async move {
                fresh(&self.venue(), actor, now)?;
                let before = self.venue_row().await?;
                if let Some(row) = &before {
                    check_if_match(call, "venue", row::text(row, "venue"), row::version(row))?;
                }
                let plan = plan(actor, before.as_ref(), venue, now)?.ok_or_else(|| {
                    Refusal::new(
                        RefusalKind::Conflict,
                        "conflict",
                        "the same facts were adopted by somebody else meanwhile",
                        "nothing needs doing",
                    )
                })?;
                if let Some(row) = before.as_ref().filter(|_| actor.principal != SYSTEM_OPERATOR)
                    && let Some(waiting) = self.venue_waits(actor, row, venue, &plan, now).await?
                {
                    return Ok(waiting);
                }
                let value = plan.change.writes.first().map(|write| view(&write.image));
                let value = value.ok_or_else(|| crate::govern::not_found("venue", &venue.venue))?;
                Ok(Planned { plan, value, status: 200 })
            })
            .await?;
        if !call.dry_run {
            self.reload_venue().await?;
        }
        Ok(done)
    }

    /// The approval that these facts wait for, if they are not one person's to put in force.
    async fn venue_waits(
        &self,
        actor: &Actor,
        row: &Image,
        venue: &Venue,
        adopting: &Plan,
        now: Timestamp,
    ) -> Result<Option<Planned<Adopted>>, Refusal> {
        let old = row.get("facts").and_then(|facts| Venue::from_json(facts).ok());
        // Without a readable `before` nobody can say what is loosened: two look at all of it.
        let Difference { effects, loosened } = match old.as_ref().map(|old| difference(Some(old), venue)) {
            Some(difference) if !difference.takes_two() => return Ok(None),
            Some(difference) => difference,
            None => difference(None, venue),
        };
        let frozen = Frozen {
            venue: venue.venue.clone(),
            before: row::text(row, "digest").to_owned(),
            facts: venue.to_json(),
            changed: effects,
            loosened,
        };
        let proposal = Proposal {
            action: VENUE_ADOPT,
            subject: format!("venue:{}", venue.venue),
            request: json!(frozen),
            role: Role::ComplianceLead,
            reason: "other facts of the venue",
            reads: vec![row::unchanged(&VENUE, row::text(row, "venue"), Some(row))],
        };
        let (mut plan, approval) = self.propose(actor, proposal, now).await?;
        plan.effects.clone_from(&adopting.effects);
        plan.warnings.extend(adopting.warnings.iter().cloned());
        let value = Adopted { waits_for: Some(approval), ..view(row) };
        Ok(Some(Planned { plan, value, status: 202 }))
    }

    /// What granting an approval of other facts writes.
    pub(crate) async fn venue_approved(
        &self,
        actor: &Actor,
        approval: &Approval,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let frozen: Frozen =
            serde_json::from_value(approval.request.clone()).map_err(|_| unreadable(approval))?;
        let venue = Venue::from_json(&frozen.facts).map_err(|_| unreadable(approval))?;
        let before = self.venue_row().await?;
        if before.as_ref().is_none_or(|row| row::text(row, "digest") != frozen.before) {
            return Err(subject_changed(approval));
        }
        plan(actor, before.as_ref(), &venue, now)?.ok_or_else(|| subject_changed(approval))
    }

    /// Puts in force what the record holds, if that is newer than what is.
    ///
    /// # Errors
    /// `store_unavailable`; `row_unreadable`, and then what is in force stays.
    pub async fn reload_venue(&self) -> Result<(), Refusal> {
        let Some(row) = self.venue_row().await? else { return Ok(()) };
        let facts = row.get("facts").cloned().unwrap_or_default();
        let venue = Venue::from_json(&facts).map_err(|error| {
            tracing::error!("The venue's facts in the record cannot be read, the former ones stay: {error}");
            Refusal::new(
                RefusalKind::Unavailable,
                "row_unreadable",
                format!("the venue's facts in the record cannot be read: {error}"),
                "run `sumun ledger verify`, then put the facts again",
            )
        })?;
        self.adopt_venue(venue, row::version(&row));
        Ok(())
    }

    /// The row of this record's venue. A record has one venue: whoever comes with another one meets the row of the first.
    async fn venue_row(&self) -> Result<Option<Image>, Refusal> {
        if let Some(row) = self.row(&VENUE, &self.venue().venue).await? {
            return Ok(Some(row));
        }
        let filter = Filter { limit: 1, ..Filter::default() };
        let rows = self.store.list(&VENUE, &filter).await.map_err(store_refusal)?;
        Ok(rows.into_iter().next())
    }
}

/// Who adopts the file that the process was started with.
pub const SYSTEM_OPERATOR: &str = "system:operator";
