//! A key that a campaign asks about: where it stands, what its owner was told, and what he declared.

use super::clock::{Progress, Telling};
use crate::refusal::Refusal;
use crate::row::{image, replace, typed};
use serde::{Deserialize, Serialize};
use sumun_model::{Segment, Timestamp};
use sumun_store::tables::CAMPAIGN_KEYS;
use sumun_store::{Image, RowWrite};

/// Where a key stands in a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// Its owner has not been told yet.
    NotTold,
    /// Told; registration is not open yet, or its owner does not know yet.
    Told,
    /// Its owner knows that he can register.
    Window,
    /// Registered.
    Enrolled,
    /// It reads and cancels only.
    ReadOnly,
    /// It ended by the campaign.
    Ended,
    /// A letter could not be delivered: nothing more happens until somebody reaches its owner.
    Unreachable,
    /// It ended otherwise, or another key took its place.
    Gone,
}

impl MemberState {
    /// Every state.
    pub const ALL: &'static [Self] = &[
        Self::NotTold,
        Self::Told,
        Self::Window,
        Self::Enrolled,
        Self::ReadOnly,
        Self::Ended,
        Self::Unreachable,
        Self::Gone,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotTold => "not_told",
            Self::Told => "told",
            Self::Window => "window",
            Self::Enrolled => "enrolled",
            Self::ReadOnly => "read_only",
            Self::Ended => "ended",
            Self::Unreachable => "unreachable",
            Self::Gone => "gone",
        }
    }

    /// Whether nothing more is asked of it.
    #[must_use]
    pub(super) const fn is_over(self) -> bool {
        matches!(self, Self::Enrolled | Self::Ended | Self::Gone)
    }
}

/// Who uses a key, as its owner declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "who", content = "id", rename_all = "snake_case")]
pub enum Who {
    /// He himself.
    Myself,
    /// An employee or a desk on his roster.
    Operator(String),
    /// A tool of an approved vendor.
    Vendor(String),
    /// Somebody by a delegation that is on record.
    Delegation(String),
}

/// A declaration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// Who uses it.
    pub who: Who,
    /// That somebody else used it before. Never evidence; nobody but its owner is shown it.
    pub lent_before: bool,
    /// Who declared: the owner, or the exchange with its customer's consent.
    pub by: String,
    /// When, microseconds since 1970: when the customer consented, where the exchange handed it in.
    pub at_us: i64,
    /// Where the exchange keeps its customer's consent; none if he declared here.
    #[serde(default)]
    pub consent: Option<String>,
}

/// What a member's row says beside its columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberBody {
    /// How far the campaign is with it.
    #[serde(default)]
    pub progress: Progress,
    /// What was declared.
    #[serde(default)]
    pub declared: Option<Declared>,
    /// The task of whoever has to reach its owner.
    #[serde(default)]
    pub task: Option<String>,
}

/// A member as the table holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberRow {
    /// The campaign and the key: `E1/K1`.
    pub member: String,
    /// The campaign.
    pub campaign: String,
    /// The key.
    pub key: String,
    /// Its account.
    pub account: String,
    /// Its customer.
    pub customer: String,
    /// Its segment when it was entered.
    pub segment: Segment,
    /// Where it stands.
    pub state: MemberState,
    /// The rest.
    pub body: MemberBody,
    /// When the campaign's clock next asks something of it, microseconds since 1970; none while it waits for a letter, an owner or nobody.
    pub next_due_us: Option<i64>,
    /// The row's version.
    pub version: i64,
}

impl MemberRow {
    /// Its id.
    #[must_use]
    pub(super) fn id(campaign: &str, key: &str) -> String {
        format!("{campaign}/{key}")
    }

    /// Reads a row.
    ///
    /// # Errors
    /// `row_unreadable`.
    pub(super) fn of(row: &Image) -> Result<Self, Refusal> {
        typed(&CAMPAIGN_KEYS, row)
    }

    /// The same, if it can be read. Whoever passes over one sets it aside ([`super::aside`]).
    pub(super) fn readable(row: &Image) -> Option<Self> {
        serde_json::from_value(serde_json::Value::Object(row.clone())).ok()
    }

    /// The write of it as it now is. Its version is that of what was read.
    pub(super) fn write(&self, new: bool) -> RowWrite {
        let before = (!new).then(|| image(self));
        replace(&CAMPAIGN_KEYS, before.as_ref(), image(self))
    }

    /// Closed: nothing more is asked of it.
    pub(super) fn over(mut self, state: MemberState) -> Self {
        (self.state, self.next_due_us) = (state, None);
        self
    }

    /// With the state that follows from how far the campaign is with it.
    pub(super) fn restated(mut self) -> Self {
        if !self.state.is_over() {
            self.state = state_of(&self.body.progress);
        }
        self
    }

    /// Due at this instant.
    pub(super) fn due(mut self, at: Option<Timestamp>) -> Self {
        self.next_due_us = at.map(Timestamp::as_micros);
        self
    }
}

fn state_of(progress: &Progress) -> MemberState {
    let told =
        |telling: Telling| progress.told.get(&telling.code()).is_some_and(|told| told.told_us.is_some());
    if progress.told.values().any(|told| told.failed) {
        MemberState::Unreachable
    } else if progress.read_only_us.is_some() {
        MemberState::ReadOnly
    } else if told(Telling::Opened) {
        MemberState::Window
    } else if told(Telling::Announced) {
        MemberState::Told
    } else {
        MemberState::NotTold
    }
}
