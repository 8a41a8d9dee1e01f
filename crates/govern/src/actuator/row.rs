//! The row of one key at one destination: what should be true there, and what is known of it.

use crate::refusal::Refusal;
use crate::row::{image, replace, typed};
use serde::{Deserialize, Serialize};
use sumun_actuator::{Facts, Target};
use sumun_model::Timestamp;
use sumun_store::tables::ACTUATIONS;
use sumun_store::{Image, RowWrite};

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActuationState {
    /// It is to be sent, or sent again.
    Waiting,
    /// It could not be done so often that somebody was told. It may still be tried.
    Failed,
    /// The destination said that it is so.
    Acknowledged,
    /// The exchange's own log was silent about the key afterwards.
    Confirmed,
    /// The exchange's own log shows a request that succeeded afterwards.
    Alive,
}

impl ActuationState {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Waiting, Self::Failed, Self::Acknowledged, Self::Confirmed, Self::Alive];

    /// Those that call for somebody, or soon will.
    pub const UNDONE: [Self; 3] = [Self::Waiting, Self::Failed, Self::Alive];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Acknowledged => "acknowledged",
            Self::Confirmed => "confirmed",
            Self::Alive => "alive",
        }
    }

    /// Whether it is still to be sent.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Failed)
    }
}

/// What a destination acknowledged last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holds {
    /// What it said was so.
    pub target: Target,
    /// Of which intent.
    pub intent: i64,
    /// When.
    pub at_us: i64,
}

/// A request that succeeded after the cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alive {
    /// The event's id.
    pub event: String,
    /// Who told of it.
    pub source: String,
    /// When it was, by his clock.
    pub at_us: i64,
    /// What it did.
    pub effect: Option<String>,
}

/// What is known of an intent, and of what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActuationBody {
    /// Whose key.
    pub account: String,
    /// The measure in force when it was intended.
    pub measure: Option<String>,
    /// Why, as one word.
    pub reason: String,
    /// The class of the change that it follows from.
    pub class: String,
    /// The same for this intent for ever.
    pub idempotency_key: String,
    /// How often it failed before somebody was told.
    pub failures: u32,
    /// Why it failed.
    pub cause: Option<String>,
    /// When the call began that was acknowledged.
    pub sent_us: Option<i64>,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Hex SHA-256 of the answer's body.
    pub answer: Option<String>,
    /// It was so before.
    pub already: bool,
    /// What the destination acknowledged last; a newer intent may wait.
    pub holds: Option<Holds>,
    /// The last request that the exchange let through, as far as its log had come.
    pub last_access_us: Option<i64>,
    /// Up to when the log was silent when that was written down.
    pub silent_until_us: Option<i64>,
    /// The first request that succeeded after the cut.
    pub alive: Option<Alive>,
}

/// A row. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActuationRow {
    /// Destination and key.
    pub actuation: String,
    /// Who is told.
    pub destination: String,
    /// Of which key.
    pub key: String,
    /// What should be true.
    pub target: Target,
    /// Where it stands.
    pub state: ActuationState,
    /// The row's version that brought this intent: rises with every one.
    pub intent: i64,
    /// When it was intended.
    pub intended_us: i64,
    /// When the row was last written.
    pub changed_us: i64,
    /// When this intent was acknowledged.
    pub acknowledged_us: Option<i64>,
    /// What is known of it.
    pub body: ActuationBody,
    /// The row's version.
    pub version: i64,
}

impl ActuationRow {
    /// Reads a row.
    ///
    /// # Errors
    /// `row_unreadable`.
    pub fn of(row: &Image) -> Result<Self, Refusal> {
        typed(&ACTUATIONS, row)
    }

    /// The write that puts this in the place of what was read.
    pub(crate) fn write(&self, before: Option<&Image>) -> RowWrite {
        replace(&ACTUATIONS, before, image(self))
    }

    /// What a call says of it.
    #[must_use]
    pub fn facts(&self, venue: &str) -> Facts {
        Facts {
            key: self.key.clone(),
            account: self.body.account.clone(),
            venue: venue.to_owned(),
            target: self.target,
            measure: self.body.measure.clone(),
            reason: self.body.reason.clone(),
            idempotency_key: self.body.idempotency_key.clone(),
            version: self.intent,
            intended_at: Timestamp::from_micros(self.intended_us),
        }
    }
}
