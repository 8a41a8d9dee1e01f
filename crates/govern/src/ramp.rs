//! The ramp: how far gates enforce, who raises it and who steps back (ADR 0022).
//!
//! Another ramp waits for a second person; stepping back takes one, and holds at every gate as soon as it is sequenced. The ramp is
//! the one record of the feed that is no key's: what gates are told *is* the governed state, so there is no row beside it that could
//! say something else.
//!
//! Never here: what a stage enforces (`sumun_model::ramp`), how gates are told.

use crate::actor::{Actor, Role};
use crate::approvals::{Approval, ApprovalState};
use crate::call::{Call, Done, Planned};
use crate::gates::GATE_READERS;
use crate::govern::{Govern, change, check_if_match, facts, store_refusal};
use crate::keys::access::reason;
use crate::plan::{Effect, Plan};
use crate::proposal::{Proposal, RAMP_SET, subject_changed, unreadable};
use crate::refusal::{Refusal, RefusalKind};
use crate::row::{self, unchanged};
use crate::staff::{fresh, require};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sumun_feed::{Acknowledgement, RAMP_RECORD, ramp_record, read_ramp_record};
use sumun_model::{Ramp, Stage, Timestamp};
use sumun_store::tables::{FEED_KEYS, GATES, RECEIPTS};
use sumun_store::{Filter, Image};

/// Who asks for another ramp.
pub const RAISERS: &[Role] = &[Role::SecurityAdmin, Role::ComplianceLead];
/// Whose agreement it takes.
const AGREES: Role = Role::SecurityAdmin;
/// Who steps back alone.
pub const STEPPERS: &[Role] = &[Role::Approver, Role::ComplianceLead, Role::SecurityAdmin];

/// The subject of the approval.
const SUBJECT: &str = "ramp:ramp";

/// What is told beside a ramp.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    by: String,
    at: Timestamp,
    reason: String,
    /// The one before it, to be put back.
    before: Option<Ramp>,
}

/// The ramp in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RampAnswer {
    /// It. Where none was ever set, the one that enforces everything.
    pub ramp: Ramp,
    /// Who set it; none if nobody did.
    pub by: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// The one before it.
    pub before: Option<Ramp>,
    /// The version of the feed that told gates of it; 0 if none was set.
    pub feed_version: u64,
    /// The row's version; 0 if none was set.
    pub version: i64,
    /// The approval that another one waits for; then the one shown is still in force.
    #[serde(default)]
    pub waits_for: Option<String>,
    /// The other one, if it can be read.
    #[serde(default)]
    pub proposed: Option<Ramp>,
    /// The approvals that were withdrawn with a step back, because what they asked for was asked before it.
    #[serde(default)]
    pub withdrawn: Vec<String>,
}

impl RampAnswer {
    fn of(row: Option<&Image>) -> Result<Self, Refusal> {
        let Some(row) = row else {
            return Ok(Self {
                ramp: Ramp::default(),
                by: None,
                at: None,
                reason: None,
                before: None,
                feed_version: 0,
                version: 0,
                waits_for: None,
                proposed: None,
                withdrawn: Vec::new(),
            });
        };
        let unreadable = || {
            Refusal::new(
                RefusalKind::Unavailable,
                "row_unreadable",
                "the record of the ramp cannot be read",
                "run `sumun ledger verify`; another build may have written it",
            )
        };
        let record = row.get("record").ok_or_else(unreadable)?;
        let ramp = read_ramp_record(record).map_err(|_| unreadable())?;
        let told: Option<Told> = record.get("set").and_then(|told| Told::deserialize(told).ok());
        let told = told.ok_or_else(unreadable)?;
        Ok(Self {
            ramp,
            by: Some(told.by),
            at: Some(told.at),
            reason: Some(told.reason),
            before: told.before,
            feed_version: row::integer(row, "feed_version")
                .and_then(|n| u64::try_from(n).ok())
                .unwrap_or_default(),
            version: row::version(row),
            waits_for: None,
            proposed: None,
            withdrawn: Vec::new(),
        })
    }
}

/// Whether a gate has obeyed the ramp in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RampGate {
    /// Which gate.
    pub gate: String,
    /// `obeys`, `waits` while it has not said so, `cannot_read` if it goes on enforcing everything, or what it was told before.
    pub state: String,
    /// When its word came.
    pub received: Option<Timestamp>,
}

/// What an approval of a ramp freezes.
#[derive(Serialize, Deserialize)]
struct Frozen {
    ramp: Ramp,
    /// Version of the one it was held against.
    before: i64,
    reason: String,
}

impl Govern {
    /// The ramp in force.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn ramp(&self, actor: &Actor) -> Result<RampAnswer, Refusal> {
        require(actor, GATE_READERS)?;
        let open = self.open_approvals(SUBJECT).await?;
        let now = self.world.now().as_micros();
        let before = RampAnswer::of(self.row(&FEED_KEYS, RAMP_RECORD).await?.as_ref())?;
        let waits = open.iter().find(|open| now < open.due_us && asked_of(open, before.version));
        Ok(RampAnswer {
            waits_for: waits.map(|open| open.approval.clone()),
            proposed: waits.and_then(frozen).map(|frozen| frozen.ramp),
            ..before
        })
    }

    /// Which gates obey it.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn ramp_gates(&self, actor: &Actor, ramp: &RampAnswer) -> Result<Vec<RampGate>, Refusal> {
        require(actor, GATE_READERS)?;
        let enrolled = Filter {
            equals: vec![("state", json!("enrolled"))],
            limit: Filter::LIMIT_MAX,
            ..Filter::default()
        };
        let gates = self.store.list(&GATES, &enrolled).await.map_err(store_refusal)?;
        let mut found = Vec::with_capacity(gates.len());
        for gate in &gates {
            let gate = row::text(gate, GATES.key).to_owned();
            // Newer ones sort first, and the oldest that covers the ramp is the gate's word about it, however many came behind it.
            let first = Filter {
                equals: vec![("gate", json!(gate))],
                at_least: Some(("to_version", i64::try_from(ramp.feed_version).unwrap_or(i64::MAX))),
                newest: true,
                limit: 1,
                ..Filter::default()
            };
            let word = match ramp.feed_version {
                0 => None,
                _ => self.store.list(&RECEIPTS, &first).await.map_err(store_refusal)?.into_iter().next(),
            };
            found.push(gate_of(gate, word.as_ref(), ramp.feed_version));
        }
        Ok(found)
    }

    /// Asks that another ramp be put in force; another security administrator decides.
    ///
    /// # Errors
    /// `forbidden`, `ramp_bad`, `ramp_state`, `version_stale`, `approval_open`, `reason_missing`.
    pub async fn set_ramp(
        &self,
        actor: &Actor,
        ramp: &Ramp,
        why: &str,
        call: &Call,
    ) -> Result<Done<RampAnswer>, Refusal> {
        require(actor, RAISERS)?;
        ramp.check().map_err(|error| bad(&error))?;
        self.run(actor, call, |now| async move {
            fresh(&self.venue(), actor, now)?;
            let row = self.row(&FEED_KEYS, RAMP_RECORD).await?;
            let before = RampAnswer::of(row.as_ref())?;
            check_if_match(call, "ramp", "ramp", before.version)?;
            if before.ramp == *ramp {
                return Err(in_force("this ramp is in force already"));
            }
            let why = reason("reason", why)?;
            let frozen = Frozen { ramp: ramp.clone(), before: before.version, reason: why.to_owned() };
            let proposal = Proposal {
                action: RAMP_SET,
                subject: SUBJECT.to_owned(),
                request: json!(frozen),
                role: AGREES,
                reason: why,
                reads: vec![unchanged(&FEED_KEYS, RAMP_RECORD, row.as_ref())],
            };
            let (_, dead) = self.asked_ramps(before.version).await?;
            let (mut plan, approval) = self.propose_over(actor, proposal, &dead, now).await?;
            let withdrawn = withdraw(&mut plan, &dead, now);
            plan.effects.push(effect(&before.ramp, ramp));
            let value =
                RampAnswer { waits_for: Some(approval), proposed: Some(ramp.clone()), withdrawn, ..before };
            Ok(Planned { plan, value, status: 202 })
        })
        .await
    }

    /// What granting an approval of a ramp writes.
    pub(crate) async fn ramp_approved(
        &self,
        actor: &Actor,
        approval: &Approval,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let frozen = frozen(approval).ok_or_else(|| unreadable(approval))?;
        frozen.ramp.check().map_err(|error| bad(&error))?;
        let row = self.row(&FEED_KEYS, RAMP_RECORD).await?;
        let before = RampAnswer::of(row.as_ref())?;
        if before.version != frozen.before {
            return Err(subject_changed(approval));
        }
        let held = (row.as_ref(), &before.ramp, Some(&before.ramp));
        Ok(told(actor, "ramp.set", held, &frozen.ramp, &frozen.reason, now))
    }

    /// Steps back: from the next request on nothing is refused but what has ended, and nothing that was asked for before comes in force.
    ///
    /// Where nothing is refused anyway but a proposal waits, the ramp is told anew under its next version: also one that comes in
    /// meanwhile was then asked before it.
    ///
    /// # Errors
    /// `forbidden`, `ramp_state` if nothing is refused now and nothing waits, `reason_missing`.
    pub async fn step_back(
        &self,
        actor: &Actor,
        to: Stage,
        why: &str,
        call: &Call,
    ) -> Result<Done<RampAnswer>, Refusal> {
        require(actor, STEPPERS)?;
        if to.enforces_any() {
            return Err(Refusal::new(
                RefusalKind::Invalid,
                "ramp_bad",
                format!("`{to}` refuses requests, so it is no step back for everybody"),
                "step back to `shadow` or `tap`; for another ramp have one put in force by two persons",
            )
            .at("/to"));
        }
        self.run(actor, call, |now| async move {
            // Requests that were refused pass again: it gives access (ADR 0022).
            fresh(&self.venue(), actor, now)?;
            let why = reason("reason", why)?;
            let row = self.row(&FEED_KEYS, RAMP_RECORD).await?;
            let before = RampAnswer::of(row.as_ref())?;
            let (alive, dead) = self.asked_ramps(before.version).await?;
            let waiting: Vec<Approval> = alive.into_iter().chain(dead).collect();
            let after = before.ramp.stepped_back(to);
            let stays = before.ramp == after;
            if stays && waiting.is_empty() {
                return Err(in_force(
                    "the ramp stands there already: it refuses nothing but what has ended, and no other ramp waits for agreement",
                ));
            }
            // Told again as it is, the one to be put back is still the one before.
            let put_back = if stays { before.before.clone() } else { Some(before.ramp.clone()) };
            let held = (row.as_ref(), &before.ramp, put_back.as_ref());
            let mut plan = told(actor, "ramp.stepped_back", held, &after, why, now);
            if stays {
                plan.title = "withdraw the ramp that waits".to_owned();
                plan.effects.clear();
                plan.warnings.push("nothing was enforced, so nothing had to be stepped back".to_owned());
            }
            let withdrawn = withdraw(&mut plan, &waiting, now);
            let value = RampAnswer {
                ramp: after,
                by: Some(actor.principal.clone()),
                at: Some(now),
                reason: Some(why.to_owned()),
                before: put_back,
                version: before.version + 1,
                withdrawn,
                ..before
            };
            Ok(Planned { plan, value, status: 200 })
        })
        .await
    }

    /// The open approvals of ramps: first those held against the ramp of this version, then those that nobody can grant any more.
    async fn asked_ramps(&self, version: i64) -> Result<(Vec<Approval>, Vec<Approval>), Refusal> {
        let open = self.open_approvals(SUBJECT).await?;
        let open = open.into_iter().filter(|open| open.action == RAMP_SET);
        Ok(open.partition(|open| asked_of(open, version)))
    }
}

fn frozen(approval: &Approval) -> Option<Frozen> {
    serde_json::from_value(approval.request.clone()).ok()
}

/// Whether what is asked was held against the ramp of this version. What cannot be read may have been: it is for people to refuse.
fn asked_of(approval: &Approval, version: i64) -> bool {
    frozen(approval).is_none_or(|frozen| frozen.before == version)
}

/// Withdraws these along with the plan. Returns their ids.
fn withdraw(plan: &mut Plan, asked: &[Approval], now: Timestamp) -> Vec<String> {
    for open in asked {
        plan.effects.push(Effect {
            subject: format!("approval:{}", open.approval),
            field: "state".to_owned(),
            before: json!(open.state),
            after: json!(ApprovalState::Withdrawn),
        });
        plan.change.writes.push(open.closed(ApprovalState::Withdrawn, now).next_write());
    }
    let ids: Vec<String> = asked.iter().map(|open| open.approval.clone()).collect();
    if !ids.is_empty() {
        plan.change.facts.insert("withdrawn".to_owned(), json!(ids));
        plan.warnings.push(format!(
            "withdrawn, because it was asked before the step back and nobody can grant it any more: {}",
            ids.join(", ")
        ));
    }
    ids
}

/// The change that tells gates of another ramp. `put_back` is the one kept beside it.
fn told(
    actor: &Actor,
    class: &'static str,
    (row, before, put_back): (Option<&Image>, &Ramp, Option<&Ramp>),
    after: &Ramp,
    why: &str,
    now: Timestamp,
) -> Plan {
    let mut facts = facts(actor);
    facts.insert("before".to_owned(), json!(before));
    facts.insert("ramp".to_owned(), json!(after));
    facts.insert("reason".to_owned(), json!(why));
    let told =
        Told { by: actor.principal.clone(), at: now, reason: why.to_owned(), before: put_back.cloned() };
    let mut change = change(class, now, facts);
    change.feed.push(ramp_record(after, &json!(told)));
    change.reads.push(unchanged(&FEED_KEYS, RAMP_RECORD, row));
    let title = match class {
        "ramp.set" => "put another ramp in force".to_owned(),
        _ => format!("step back to {}", after.default),
    };
    Plan { title, effects: vec![effect(before, after)], warnings: Vec::new(), change }
}

fn effect(before: &Ramp, after: &Ramp) -> Effect {
    Effect {
        subject: SUBJECT.to_owned(),
        field: "ramp".to_owned(),
        before: json!(before),
        after: json!(after),
    }
}

/// `word` is the first receipt that covers the ramp of this version.
fn gate_of(gate: String, word: Option<&Image>, version: u64) -> RampGate {
    let Some(word) = word else {
        let state = if version == 0 { "obeys" } else { "waits" };
        return RampGate { gate, state: state.to_owned(), received: None };
    };
    let state = if cannot_read(row::text(word, "acknowledgement")) { "cannot_read" } else { "obeys" };
    let received = row::integer(word, "received_us").map(Timestamp::from_micros);
    RampGate { gate, state: state.to_owned(), received }
}

/// Whether the gate says that it cannot use the ramp. Its signature was verified when its word was taken.
fn cannot_read(acknowledgement: &str) -> bool {
    let said = sumun_feed::Compact::parse(acknowledgement, sumun_feed::Typ::Acknowledgement)
        .and_then(|compact| compact.claims_unverified::<Acknowledgement>());
    said.is_ok_and(|said| said.unusable.iter().any(|key| key.as_str() == RAMP_RECORD))
}

fn bad(error: &dyn std::error::Error) -> Refusal {
    Refusal::new(
        RefusalKind::Invalid,
        "ramp_bad",
        error.to_string(),
        "correct the ramp; docs/adr/0022-ramp.md shows what a rule may say",
    )
    .at("/ramp")
}

fn in_force(what: &str) -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "ramp_state",
        what,
        "look at `sumun ramp show`; nothing has to be done",
    )
}

/// What the feed's records of keys are never called; [`crate::lint`] asks.
#[must_use]
pub fn is_reserved(key: &Value) -> bool {
    key.as_str().is_some_and(|key| key.starts_with(sumun_feed::RESERVED_PREFIX))
}
