//! The enrolment campaign (R195, ADR 0027): owners of keys that are there already accept the terms and say who uses each key.
//!
//! They are told ahead, register in a window, are reminded before each step; a key that nobody registers reads and cancels only, and later
//! ends. Nothing here is a measure: it looks at no use of any key, leaves no trace on the ladder, and what an owner declares is never evidence
//! against him. Start with [`clock`], which is pure; [`sweep`] does what it says.
//!
//! Never here: detection, points, cases, and any reading of what owners declared but by themselves.

mod aside;
mod behind;
pub mod clock;
mod decide;
mod enter;
mod give_back;
mod letters;
mod member;
pub mod plan;
mod read;
pub mod register;
pub mod span;
mod sweep;
mod told;
mod turn;

pub use behind::{BEHIND, BehindFilter, BehindView, LetterView, Upcoming};
pub use member::{Declared, MemberState, Who};
pub use plan::CampaignPlan;
pub use read::{CampaignView, Choices, Coverage, Covered, RegistrationView};
pub use span::Span;
pub use sweep::Swept;

use crate::Role;
use crate::refusal::Refusal;
use crate::row::{image, replace, typed};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use sumun_store::tables::CAMPAIGNS;
use sumun_store::{Image, RowWrite};

/// Who proposes campaigns, makes them longer and puts them on again; another person, of [`GRANTS`], agrees.
pub const PROPOSERS: &[Role] = &[Role::ComplianceLead];
/// Whose agreement it takes.
pub const GRANTS: Role = Role::Approver;
/// Who pauses or stops one, alone and at once.
pub const STOPPERS: &[Role] = &[Role::Approver, Role::ComplianceLead, Role::SecurityAdmin];

/// Where a campaign stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CampaignState {
    /// Waits to be granted. Only ever shown: there is no row before.
    Proposed,
    /// Owners are told, keys come to a halt and end by its clock.
    Running,
    /// Nobody is told anything and nothing is taken away. What owners register counts.
    Paused,
    /// Over: keys that came to a halt by it work again.
    Stopped,
}

/// What a campaign's row says beside its columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignBody {
    /// Its dates and terms.
    pub plan: CampaignPlan,
    /// The least time between telling an owner and the first step, as the venue's facts had it.
    pub ahead: Span,
    /// Why it was proposed, or last changed.
    pub reason: String,
    /// Who paused or stopped it, or put it on again; none if nobody did.
    #[serde(default)]
    pub changed_by: Option<String>,
    /// When, microseconds since 1970.
    #[serde(default)]
    pub changed_us: Option<i64>,
    /// When it was last put on again after a pause, microseconds since 1970.
    #[serde(default)]
    pub resumed_us: Option<i64>,
    /// It was stopped, and since then everything that came to a halt by it works again, microseconds since 1970.
    #[serde(default)]
    pub given_back_us: Option<i64>,
}

/// A campaign as the table holds it. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignRow {
    /// Its id.
    pub campaign: String,
    /// Where it stands.
    pub state: CampaignState,
    /// Version of the terms that owners accept.
    pub terms: String,
    /// The rest.
    pub body: CampaignBody,
    /// Who proposed it.
    pub proposed_by: String,
    /// When it was granted.
    pub began_us: i64,
    /// The row's version.
    pub version: i64,
}

impl CampaignRow {
    /// Reads a row.
    ///
    /// # Errors
    /// `row_unreadable`.
    pub fn of(row: &Image) -> Result<Self, Refusal> {
        typed(&CAMPAIGNS, row)
    }

    fn write(&self, before: Option<&Image>) -> RowWrite {
        replace(&CAMPAIGNS, before, image(self))
    }
}

/// Where the sweep is with each campaign, in memory: after a start it begins anew, which does nothing twice.
#[derive(Debug, Default)]
pub(crate) struct Sweeps {
    places: BTreeMap<String, sweep::Place>,
    /// Members whose rows cannot be read.
    aside: BTreeSet<String>,
}
