//! What detection knows of one key at one moment: what policy decides by.
//!
//! Detection makes one whenever something of it changed; replay hands it to the ladder at once, live it travels to govern with its
//! place in the log. Never here: what follows from it (`policy`).

use crate::finding::{FindingId, ScoreKind};
use crate::score::Evidence;
use crate::words::words;
use crate::{AccountId, CustomerId, EventId, KeyId, KeyState, Segment, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most pieces of evidence kept of one key: one per detector and code.
pub const PIECES_MAX: usize = 24;

words! {
    /// Evidence that may end a key without a second person, if policy says so (DESIGN 4).
    pub enum Hard ("hard evidence") {
        /// The owner says it was not him who used the secret.
        OwnerDenies = "owner_denies",
        /// The secret itself was found in public.
        ExposureMatched = "exposure_matched",
        /// A control test failed twice.
        ControlFailedTwice = "control_failed_twice",
        /// A use that the terms forbid was proved.
        ProhibitedUse = "prohibited_use",
    }
}

words! {
    /// What people did that the ladder waits for.
    pub enum ActKind ("act") {
        /// The owner acknowledged a warning.
        Acknowledged = "acknowledged",
        /// Identity was verified anew.
        IdentityVerified = "identity_verified",
        /// Control of the key was proved.
        ControlProved = "control_proved",
        /// A control test failed.
        ControlFailed = "control_failed",
        /// The owner confirms a use.
        OwnerConfirms = "owner_confirms",
        /// The owner denies a use.
        OwnerDenies = "owner_denies",
        /// Two persons approved what policy proposed.
        Approved = "approved",
        /// What policy proposed was refused.
        Refused = "refused",
        /// A person lifted the measure, with a reason.
        Lifted = "lifted",
        /// A case ended as a false alarm.
        Exonerated = "exonerated",
    }
}

/// One act, when and on what grounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// What.
    pub kind: ActKind,
    /// When.
    pub at: Timestamp,
    /// The line or entry that tells it, if one does.
    #[serde(default)]
    pub event: Option<EventId>,
}

/// A typed feature, named like `key.returns_30m`. Missing means unknown, never false.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    /// Yes or no.
    Bool(bool),
    /// A count or thousandths, by its name.
    Int(i64),
    /// A word.
    Text(String),
}

/// The cluster a key belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterOf {
    /// Id of the signal that first named it.
    pub cluster: FindingId,
    /// How many keys it has.
    pub members: u32,
}

/// What is known of one key at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// The key.
    pub key: KeyId,
    /// Its account.
    pub account: AccountId,
    /// Whose account it is, if known: an open measure follows the customer.
    #[serde(default)]
    pub customer: Option<CustomerId>,
    /// The key it took the place of: evidence and ladder are kept across it.
    #[serde(default)]
    pub replaces: Option<KeyId>,
    /// Kind of customer, if known.
    pub segment: Option<Segment>,
    /// Where the key stands, if known.
    pub state: Option<KeyState>,
    /// Engine time.
    pub at: Timestamp,
    /// Place in the log of the line that changed it; lines count from 1 in replay, offsets are the log's own when live.
    pub position: u64,
    /// The present word of every detector that spoke, sorted by detector and code, at most [`PIECES_MAX`].
    pub evidence: Vec<Evidence>,
    /// Hard evidence, with the signal or event that proves it, sorted.
    pub hard: BTreeMap<Hard, String>,
    /// What people did on this key since the last assessment, in log order.
    pub acts: Vec<Act>,
    /// Typed features.
    pub facts: BTreeMap<String, Fact>,
    /// Its cluster, if it is in one.
    pub cluster: Option<ClusterOf>,
}

impl Assessment {
    /// Signals behind a total, oldest first, those of other families left out.
    #[must_use]
    pub fn signals(&self, kind: ScoreKind) -> Vec<FindingId> {
        let families = crate::score::families_of(kind);
        let mut found: Vec<_> =
            self.evidence.iter().filter(|e| families.contains(&e.family)).map(|e| (e.at, e.signal)).collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|(_, signal)| signal).collect()
    }
}
