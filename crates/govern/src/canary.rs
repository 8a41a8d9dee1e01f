//! Canaries: keys of the venue's own, issued, ended, and then tried from outside on every gate.
//!
//! They show what receipts only say: that an ended key is refused. Here is the plan of it; signing and sending the requests
//! is the rim's, which tells what it found. A canary reads public market data and nothing of any account.

mod heard;
mod service;

pub use heard::{Heard, finding};

use crate::actor::{Actor, Role};
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sumun_model::{GateId, Timestamp};
use sumun_store::Image;

/// Who starts one by hand.
pub const CANARY_ADMINS: &[Role] = &[Role::SecurityAdmin];
/// Who sees what was found.
pub const CANARY_READERS: &[Role] =
    &[Role::Viewer, Role::Analyst, Role::Approver, Role::ComplianceLead, Role::SecurityAdmin, Role::Auditor];

/// What a gate did with the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// Served it while it lived, and refused it as ended once it was.
    Obeyed,
    /// Treated the ended key as a living one.
    StillServed,
    /// Refuses the ended key, and was not seen to serve the living one: what it refuses says little.
    NotServedWhileAlive,
    /// Did not answer.
    Unreachable,
    /// Answered so that one cannot tell.
    Unclear,
}

impl Answered {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Obeyed => "obeyed",
            Self::StillServed => "still_served",
            Self::NotServedWhileAlive => "not_served_while_alive",
            Self::Unreachable => "unreachable",
            Self::Unclear => "unclear",
        }
    }
}

/// What was found at one gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Which gate.
    pub gate: GateId,
    /// What it did.
    pub answered: Answered,
    /// From the end, as the ledger has it, to the first refusal, in milliseconds: at most so long did it take. Absent if
    /// nobody watched from the end on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<u64>,
    /// What it answered, where the word above does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// When it was tried last.
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

/// What findings come to, for the gates that had to obey.
#[must_use]
pub fn outcome(gates: &[String], findings: &[Finding]) -> Outcome {
    if findings.iter().any(|finding| finding.answered == Answered::StillServed) {
        return Outcome::Alive;
    }
    // A gate tried twice must have obeyed twice.
    let obeyed = |gate: &String| {
        let mut of_it = findings.iter().filter(|finding| finding.gate.as_str() == gate).peekable();
        of_it.peek().is_some() && of_it.all(|finding| finding.answered == Answered::Obeyed)
    };
    if !gates.is_empty() && gates.iter().all(obeyed) { Outcome::Obeyed } else { Outcome::Unclear }
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
    /// What was found, gate by gate.
    #[must_use]
    pub fn found(&self) -> Vec<Finding> {
        Vec::deserialize(&self.findings).unwrap_or_default()
    }

    /// What it came to, for people.
    #[must_use]
    pub fn words(&self) -> String {
        let Some(outcome) = &self.outcome else { return format!("{}: not tried yet", self.canary) };
        let gates: Vec<String> = self
            .found()
            .iter()
            .map(|finding| format!("{} {}", finding.gate, finding.answered.as_str()))
            .collect();
        let alert = if outcome == "alive" { "AN ENDED KEY IS SERVED: " } else { "" };
        format!("{alert}{}: {outcome} ({})", self.canary, gates.join(", "))
    }

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
    /// This one lives, and must be answered as a living key.
    Living(Canary),
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
    /// It lives on.
    Live,
    /// End it.
    Expire,
    /// Try it.
    Try,
}

/// What is due now.
#[must_use]
pub fn due(
    last: Option<(&Canary, Timestamp)>,
    every_minutes: u32,
    lives_seconds: u32,
    now: Timestamp,
) -> Due {
    let Some((canary, made)) = last else { return Due::Issue };
    let age = now.micros_since(made);
    if canary.expired.is_none() {
        return if age >= i64::from(lives_seconds) * 1_000_000 { Due::Expire } else { Due::Live };
    }
    if age >= i64::from(every_minutes) * 60 * 1_000_000 {
        return Due::Issue;
    }
    if canary.outcome.is_none() { Due::Try } else { Due::Nothing }
}

/// Who acts when a canary is due.
#[must_use]
pub fn system_actor() -> Actor {
    Actor::system("canary")
}

#[cfg(test)]
mod tests;
