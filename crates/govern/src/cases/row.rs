//! A case's row and its events'.

use super::playbook::{PlaybookStep, StepState};
use crate::refusal::Refusal;
use crate::row::{image, replace, typed};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sumun_model::{Cause, FindingId, Measure};
use sumun_store::tables::{CASE_EVENTS, CASES};
use sumun_store::{Image, RowWrite};

/// Signals a case names: the latest ones. All are kept as rows of their own.
pub const SIGNALS_MAX: usize = 128;

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// Somebody has to look at it, or does.
    Open,
    /// It has an outcome.
    Closed,
    /// Another case took it up.
    Merged,
}

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseOutcome {
    /// The suspicion was right.
    Confirmed,
    /// What was found was not so.
    FalsePositive,
    /// What was found was so, and is allowed.
    Benign,
}

impl CaseOutcome {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::FalsePositive => "false_positive",
            Self::Benign => "benign",
        }
    }
}

/// How a member of a case is thought of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// Nothing was decided.
    Suspected,
    /// Nothing was found about it: it took the place of a key that is in the case, and that key's measure.
    FollowOn,
    /// It was not this key.
    Exonerated,
    /// It was.
    Confirmed,
}

/// A key in a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Which key.
    pub key: String,
    /// Of which account.
    pub account: String,
    /// Of which customer.
    pub customer: Option<String>,
    /// How it is thought of.
    pub state: MemberState,
    /// Who said so.
    pub by: Option<String>,
    /// Why, in own words.
    pub reason: Option<String>,
}

/// What a case holds beside its columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseBody {
    /// Its latest signals, oldest first.
    pub signals: Vec<FindingId>,
    /// How many alerts it holds.
    pub alerts: u32,
    /// When the last came, microseconds since 1970.
    pub last_alert_us: i64,
    /// The strictest measure taken or proposed in it.
    pub measure: Option<Measure>,
    /// What must be done before it closes.
    pub playbook: Vec<PlaybookStep>,
    /// Records it relies on are kept from routine deletion (R109).
    pub preserved: bool,
    /// How many events it has.
    pub events: u32,
    /// The case that took it up.
    pub merged_into: Option<String>,
    /// Why it ended so, in own words.
    pub reason: Option<String>,
    /// Who closed it.
    pub closed_by: Option<String>,
}

/// A case as the table holds it. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseRow {
    /// Its id; older ones sort first.
    pub case_id: String,
    /// `key:K1` or `cluster:<id>`.
    pub subject: String,
    /// Where it stands.
    pub state: CaseState,
    /// Its keys.
    pub members: Vec<Member>,
    /// What is most believed.
    pub cause: Cause,
    /// Whose it is.
    pub assignee: Option<String>,
    /// Higher is looked at first: the strictest measure, then the risk; below 0 once all its keys have ended.
    pub priority: i64,
    /// Since when.
    pub opened_us: i64,
    /// By when.
    pub due_us: Option<i64>,
    /// How it ended.
    pub outcome: Option<CaseOutcome>,
    /// When.
    pub closed_us: Option<i64>,
    /// More.
    pub body: CaseBody,
    /// The row's version.
    pub version: i64,
}

/// Something that happened in a case. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseEvent {
    /// Its id: the case's and a number that rises.
    pub case_event: String,
    /// In which case.
    pub case_id: String,
    /// When.
    pub at_us: i64,
    /// What: `opened`, `alert`, `measure`, `assigned`, `comment`, `step`, `decision`, `exonerated`, `closed`, …
    pub kind: String,
    /// Who.
    pub by: String,
    /// The rest.
    pub body: Value,
    /// The row's version.
    pub version: i64,
}

impl CaseRow {
    /// Whether this person works the case: has it, or did a step of its playbook.
    #[must_use]
    pub fn is_worked_by(&self, principal: &str) -> bool {
        let did =
            |step: &PlaybookStep| step.state == StepState::Done && step.by.as_deref() == Some(principal);
        self.assignee.as_deref() == Some(principal) || self.body.playbook.iter().any(did)
    }

    /// Whether somebody else than this person looked into it: did a step of its playbook.
    #[must_use]
    pub fn is_looked_into_beside(&self, principal: &str) -> bool {
        let steps = self.body.playbook.iter().filter(|step| step.state == StepState::Done);
        steps.filter_map(|step| step.by.as_deref()).any(|by| by != principal)
    }

    /// Reads a row.
    ///
    /// # Errors
    /// `row_unreadable`.
    pub fn of(row: &Image) -> Result<Self, Refusal> {
        typed(&CASES, row)
    }

    /// The write that puts it in the place of what was read.
    #[must_use]
    pub fn write(&self, before: Option<&Image>) -> RowWrite {
        replace(&CASES, before, image(self))
    }

    /// Adds an event, and gives its write.
    pub fn event(&mut self, kind: &str, by: &str, body: Value, at_us: i64) -> RowWrite {
        self.body.events += 1;
        let event = CaseEvent {
            case_event: format!("{}:{:06}", self.case_id, self.body.events),
            case_id: self.case_id.clone(),
            at_us,
            kind: kind.to_owned(),
            by: by.to_owned(),
            body,
            version: 1,
        };
        replace(&CASE_EVENTS, None, image(&event))
    }

    /// The member with this key.
    pub fn member_mut(&mut self, key: &str) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.key == key)
    }
}

impl CaseEvent {
    /// Reads a row.
    ///
    /// # Errors
    /// `row_unreadable`.
    pub fn of(row: &Image) -> Result<Self, Refusal> {
        typed(&CASE_EVENTS, row)
    }
}
