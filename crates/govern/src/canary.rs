//! Canaries: keys of the venue's own, issued, ended, and then tried from outside on every gate.
//!
//! They show what receipts only say: that an ended key is refused. Here is the plan of it; signing and sending the requests
//! is the rim's, which tells what it found. A canary reads public market data and nothing of any account.

mod service;

use crate::actor::{Actor, Role};
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use sumun_model::{GateId, Reason, Timestamp};
use sumun_store::Image;

/// Who starts one by hand.
pub const CANARY_ADMINS: &[Role] = &[Role::SecurityAdmin];
/// Who sees what was found.
pub const CANARY_READERS: &[Role] =
    &[Role::Viewer, Role::Analyst, Role::Approver, Role::ComplianceLead, Role::SecurityAdmin, Role::Auditor];

/// What a gate did with the ended key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// Refused it. That counts as obeying only with the reason code [`OBEYED`] in `detail`: an address or a clock that
    /// is wrong refuses a living key too.
    Refused,
    /// Let it pass: the key is alive there.
    Passed,
    /// Did not answer, or so that one cannot tell.
    Unclear,
}

/// What was found at one gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Which gate.
    pub gate: GateId,
    /// What it did.
    pub answered: Answered,
    /// The reason code it gave, or what went wrong.
    #[serde(default)]
    pub detail: Option<String>,
    /// When it was tried.
    pub at: Timestamp,
}

/// What all findings come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every gate refused it.
    Obeyed,
    /// At least one let it pass.
    Alive,
    /// None let it pass, and not all were seen to refuse it.
    Unclear,
}

/// The reason code of a gate that obeyed.
pub const OBEYED: &str = Reason::KeyExpired.as_str();

/// What findings come to, for the gates that had to obey.
#[must_use]
pub fn outcome(gates: &[String], findings: &[Finding]) -> Outcome {
    if findings.iter().any(|finding| finding.answered == Answered::Passed) {
        return Outcome::Alive;
    }
    // A gate tried twice must have refused twice.
    let clear: BTreeSet<&str> = findings
        .iter()
        .filter(|finding| {
            findings
                .iter()
                .filter(|other| other.gate == finding.gate)
                .all(|other| other.answered == Answered::Refused && other.detail.as_deref() == Some(OBEYED))
        })
        .map(|finding| finding.gate.as_str())
        .collect();
    let all = !gates.is_empty() && gates.iter().all(|gate| clear.contains(gate.as_str()));
    if all { Outcome::Obeyed } else { Outcome::Unclear }
}

/// A canary, as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// Its id. Newer ones sort first.
    pub canary: String,
    /// Its key.
    pub key: String,
    /// The gates that had to obey: those enrolled when it was ended.
    pub gates: Vec<String>,
    /// When it was ended.
    pub expired: Option<Timestamp>,
    /// What it came to.
    pub outcome: Option<String>,
    /// What was found, gate by gate.
    pub findings: Value,
    /// Version of the row.
    pub version: i64,
}

impl Canary {
    fn of(row: &Image) -> Self {
        Self {
            canary: row::text(row, "canary").to_owned(),
            key: row::text(row, "key").to_owned(),
            gates: row::json(row, "gates"),
            expired: row::integer(row, "expired_us").map(Timestamp::from_micros),
            outcome: row::text_or_null(row, "outcome"),
            findings: row.get("findings").cloned().unwrap_or_default(),
            version: row::version(row),
        }
    }
}

/// What a look at the clock came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tick {
    /// Nothing is due, or the venue has no account for canaries.
    Nothing,
    /// One was issued.
    Issued(Canary),
    /// One was ended; from now on it must be refused.
    Expired(Canary),
    /// This one was ended and is to be tried; tell [`Govern::canary_found`].
    Try(Canary),
}

/// What is due, by the last canary, when its key was made, and the venue's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// Issue one.
    Issue,
    /// End it.
    Expire,
    /// Try it.
    Try,
}

/// What is due now.
#[must_use]
pub fn due(last: Option<(&Canary, Timestamp)>, every_hours: u32, lives_minutes: u32, now: Timestamp) -> Due {
    let Some((canary, made)) = last else { return Due::Issue };
    let age = now.micros_since(made);
    if canary.expired.is_none() {
        let lives = i64::from(lives_minutes) * 60 * 1_000_000;
        return if age >= lives { Due::Expire } else { Due::Nothing };
    }
    if age >= i64::from(every_hours) * 3600 * 1_000_000 {
        return Due::Issue;
    }
    if canary.outcome.is_none() { Due::Try } else { Due::Nothing }
}

/// Who acts when a canary is due.
#[must_use]
pub fn system_actor() -> Actor {
    Actor {
        principal: "system:canary".to_owned(),
        roles: Vec::new(),
        customer: None,
        session: None,
        second_factor: None,
    }
}

#[cfg(test)]
mod tests;
