//! What waits for other people: opened by one, decided by others, executed by the last of them.
//!
//! Rules of the two-person principle, once for all actions: whoever asked decides nothing; nobody decides twice; each
//! fills one place of a role that is still open; the first refusal closes it. What was asked is frozen with its digest, and
//! is checked against the present state when it is executed. Which actions there are: [`Govern::decide`] hands them on by name.
//!
//! Never here: what an action does.

mod cases;
pub mod grounds;
pub(crate) mod looks;
mod standing;
pub mod withdrawn;

use crate::actor::{Actor, Role};
use crate::govern::not_found;
use crate::keys::access::reason;
use crate::refusal::{Refusal, RefusalKind};
use crate::row::replace;
use crate::venue::Needed;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sumun_model::Timestamp;
use sumun_store::tables::APPROVALS;
use sumun_store::{Image, RowWrite};

/// Where an approval stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// Waits.
    Open,
    /// Everybody needed agreed, and it was executed.
    Granted,
    /// Somebody said no.
    Refused,
    /// Nobody came in time.
    Lapsed,
    /// No longer wanted, or without an object.
    Withdrawn,
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Yes.
    Approve,
    /// No.
    Refuse,
}

/// What somebody decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Yes or no.
    pub decision: Answer,
    /// In own words; a no needs one.
    #[serde(default)]
    pub reason: Option<String>,
    /// When he opened what he decides about, so that the record shows whether the second look was one.
    #[serde(default)]
    pub looked_at: Option<Timestamp>,
}

/// A decision that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Who.
    pub by: String,
    /// The role whose place he filled.
    pub role: Role,
    /// Yes or no.
    pub decision: Answer,
    /// In own words.
    pub reason: Option<String>,
    /// When, microseconds since 1970.
    pub at_us: i64,
    /// From opening the thing to deciding, in microseconds: as he says, and never longer than the server saw it open. None if he did not say,
    /// or never opened it.
    pub looked_us: Option<i64>,
    /// His session.
    pub session: Option<String>,
}

/// An approval as the table holds it and people see it. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Its id.
    pub approval: String,
    /// What is done when it is granted: `key.grant`, `key.widen`, `key.expire`, `vendor.approve`, `user.roles`,
    /// `venue.adopt`, `token.make`, `key.measure`, `policy.activate`, `ramp.set`, `campaign.set`.
    pub action: String,
    /// To what: `key:K1`.
    pub subject: String,
    /// The customer whose thing it is, as the request says; none if it is nobody's.
    pub customer: Option<String>,
    /// What was asked, frozen.
    pub request: Value,
    /// Hex SHA-256 over the request.
    pub digest: String,
    /// Who asked; he decides nothing.
    pub requested_by: String,
    /// When.
    pub requested_us: i64,
    /// Who must agree.
    pub needed: Vec<Needed>,
    /// Who did, or did not.
    pub decisions: Vec<Decided>,
    /// Where it stands.
    pub state: ApprovalState,
    /// When it lapses.
    pub due_us: i64,
    /// When it left `open`: decided, lapsed, or taken back. None while it waits, and in rows of before this was kept.
    pub decided_us: Option<i64>,
    /// The row's version.
    pub version: i64,
}

/// What a decision led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// More must agree.
    Waits,
    /// All agreed.
    Granted,
    /// One did not.
    Refused,
}

/// What is to be opened.
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    /// Its new id.
    pub id: String,
    /// What is done when it is granted.
    pub action: &'a str,
    /// To what.
    pub subject: String,
    /// What is asked.
    pub request: Value,
    /// Who asks.
    pub requested_by: &'a str,
    /// Who must agree; never nobody.
    pub needed: &'a [Needed],
    /// When it lapses.
    pub due: Timestamp,
}

impl Approval {
    /// A new one, open.
    #[must_use]
    pub fn open(opening: Opening<'_>, now: Timestamp) -> Self {
        Self {
            approval: opening.id,
            action: opening.action.to_owned(),
            subject: opening.subject,
            customer: customer_of(&opening.request),
            digest: digest(&opening.request),
            request: opening.request,
            requested_by: opening.requested_by.to_owned(),
            requested_us: now.as_micros(),
            needed: opening.needed.to_vec(),
            decisions: Vec::new(),
            state: ApprovalState::Open,
            due_us: opening.due.as_micros(),
            decided_us: None,
            version: 1,
        }
    }

    /// Reads a row.
    ///
    /// # Errors
    /// `row_unreadable`, also if the request is not the one that was asked.
    pub fn of(image: &Image) -> Result<Self, Refusal> {
        let unreadable = || {
            Refusal::new(
                RefusalKind::Unavailable,
                "row_unreadable",
                "the approval's row cannot be read, or what was asked is not what its digest says",
                "run `sumun ledger verify`, then restore the row from the ledger",
            )
        };
        let approval: Self =
            serde_json::from_value(Value::Object(image.clone())).map_err(|_| unreadable())?;
        let asked = approval.digest == digest(&approval.request);
        if !asked || approval.customer != customer_of(&approval.request) {
            return Err(unreadable());
        }
        Ok(approval)
    }

    fn image(&self) -> Image {
        match serde_json::to_value(self) {
            Ok(Value::Object(image)) => image,
            _ => Image::new(),
        }
    }

    /// The write that makes it.
    #[must_use]
    pub fn first_write(&self) -> RowWrite {
        replace(&APPROVALS, None, self.image())
    }

    /// The write that puts this in the place of itself as it was, which was one version lower.
    #[must_use]
    pub fn next_write(&self) -> RowWrite {
        let mut before = Image::new();
        before.insert("version".to_owned(), json!(self.version - 1));
        replace(&APPROVALS, Some(&before), self.image())
    }

    /// As this principal may see it: a customer reads what was decided and why, not who of staff did.
    #[must_use]
    pub fn seen_by(mut self, actor: &Actor) -> Self {
        if actor.roles.iter().any(|role| role.is_customer()) {
            for decided in self.decisions.iter_mut().filter(|decided| decided.by.starts_with("user:")) {
                (decided.by, decided.session, decided.looked_us) = ("staff".to_owned(), None, None);
            }
        }
        self
    }

    /// Closed in this state, at the next version.
    #[must_use]
    pub fn closed(&self, state: ApprovalState, now: Timestamp) -> Self {
        Self { state, decided_us: Some(now.as_micros()), version: self.version + 1, ..self.clone() }
    }

    /// A place of a role that the actor has and nobody has filled.
    fn place(&self, actor: &Actor) -> Option<Role> {
        let filled = |role: Role| self.decisions.iter().filter(|decided| decided.role == role).count();
        self.needed
            .iter()
            .find(|needed| {
                actor.roles.contains(&needed.role) && filled(needed.role) < needed.count.get() as usize
            })
            .map(|needed| needed.role)
    }

    fn complete(&self) -> bool {
        self.agreed_by(&self.needed)
    }

    /// Whether as many people agreed as these say.
    pub(crate) fn agreed_by(&self, needed: &[Needed]) -> bool {
        let yes = |decided: &&Decided| decided.decision == Answer::Approve;
        let agreed =
            |role: Role| self.decisions.iter().filter(yes).filter(|decided| decided.role == role).count();
        needed.iter().all(|needed| agreed(needed.role) >= needed.count.get() as usize)
    }

    /// With this decision made.
    ///
    /// # Errors
    /// `approval_closed`, `approval_lapsed`, `own_request`, `already_decided`, `role_not_entitled`, `not_found`,
    /// `reason_missing`, `looked_at_impossible`.
    pub fn decide(
        &self,
        actor: &Actor,
        decision: &Decision,
        now: Timestamp,
    ) -> Result<(Self, Outcome), Refusal> {
        let role = self.entitled(actor, now)?;
        let reason = match (&decision.reason, decision.decision) {
            (None, Answer::Approve) => None,
            (Some(text), Answer::Approve) if text.trim().is_empty() => None,
            (text, _) => Some(reason("reason", text.as_deref().unwrap_or_default())?.to_owned()),
        };
        let looked_us = match decision.looked_at {
            Some(at) if at > now || at.as_micros() < self.requested_us => {
                return Err(Refusal::new(
                    RefusalKind::Invalid,
                    "looked_at_impossible",
                    format!("{at} is before the request or still to come"),
                    "give the time at which the approval was opened, or leave it out",
                )
                .at("/looked_at"));
            }
            looked => looked.map(|at| now.micros_since(at)),
        };
        let mut after = Self { version: self.version + 1, ..self.clone() };
        after.decisions.push(Decided {
            by: actor.principal.clone(),
            role,
            decision: decision.decision,
            reason,
            at_us: now.as_micros(),
            looked_us,
            session: actor.session.clone(),
        });
        let outcome = match decision.decision {
            Answer::Refuse => Outcome::Refused,
            Answer::Approve if after.complete() => Outcome::Granted,
            Answer::Approve => Outcome::Waits,
        };
        after.state = match outcome {
            Outcome::Waits => ApprovalState::Open,
            Outcome::Granted => ApprovalState::Granted,
            Outcome::Refused => ApprovalState::Refused,
        };
        after.decided_us = (outcome != Outcome::Waits).then_some(now.as_micros());
        Ok((after, outcome))
    }

    /// Whether it waits, and for somebody else's word than has been heard: whoever asked or decided is out, whatever his roles.
    pub(crate) fn waits(&self, actor: &Actor, now: Timestamp) -> Result<(), Refusal> {
        let no = |kind, code, message: String, remedy: &str| Err(Refusal::new(kind, code, message, remedy));
        if self.state != ApprovalState::Open {
            return no(
                RefusalKind::Conflict,
                "approval_closed",
                format!("approval `{}` is closed already", self.approval),
                "look at its decisions; what is still wanted must be asked for anew",
            );
        }
        if now.as_micros() >= self.due_us {
            return no(
                RefusalKind::Conflict,
                "approval_lapsed",
                format!("approval `{}` was due at {}", self.approval, Timestamp::from_micros(self.due_us)),
                "what is still wanted must be asked for anew",
            );
        }
        if actor.principal == self.requested_by {
            return no(
                RefusalKind::Forbidden,
                "own_request",
                "whoever asked for something does not decide it".to_owned(),
                "let another entitled person decide",
            );
        }
        if self.decisions.iter().any(|decided| decided.by == actor.principal) {
            return no(
                RefusalKind::Conflict,
                "already_decided",
                "you have decided this already".to_owned(),
                "another entitled person must give the other look",
            );
        }
        Ok(())
    }

    /// The role by which this principal may decide it now.
    pub(crate) fn entitled(&self, actor: &Actor, now: Timestamp) -> Result<Role, Refusal> {
        self.waits(actor, now)?;
        let no = |kind, code, message: String, remedy: &str| Err(Refusal::new(kind, code, message, remedy));
        let Some(role) = self.place(actor) else {
            let places: Vec<String> = self
                .needed
                .iter()
                .map(|needed| format!("{} × `{}`", needed.count.get(), needed.role.as_str()))
                .collect();
            return no(
                RefusalKind::Forbidden,
                "role_not_entitled",
                format!("no place is left for `{}`: this takes {}", actor.principal, places.join(", ")),
                "let somebody of a role that is still missing decide",
            );
        };
        // The customer's own administrator decides about his own customer's things only.
        let customer = self.request.get("customer").and_then(Value::as_str);
        if role.is_customer() && (customer.is_none() || actor.customer.as_deref() != customer) {
            return Err(not_found("approval", &self.approval));
        }
        Ok(role)
    }
}

fn customer_of(request: &Value) -> Option<String> {
    request.get("customer").and_then(Value::as_str).map(str::to_owned)
}

/// Hex SHA-256 over a frozen request. Maps are sorted, so the same request has one digest.
#[must_use]
pub fn digest(request: &Value) -> String {
    hex::encode(Sha256::digest(request.to_string()))
}

#[cfg(test)]
mod tests;
