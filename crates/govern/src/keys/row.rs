//! A key's row, parsed once: the columns of the table `keys` with their types.

use super::due::next_due;
use super::machine::Standing;
use crate::refusal::{Refusal, RefusalKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sumun_model::key::AllowlistEntry;
use sumun_model::{ExpiryCause, KeyState, Mandate, Measure, Purpose, ScopeSet, Timestamp};
use sumun_store::Image;

/// How a key's requests are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// A shared secret, issued by us.
    Hs256,
    /// The owner's own signing key; we hold the public half only.
    Ed25519,
}

impl Scheme {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "hs256",
            Self::Ed25519 => "ed25519",
        }
    }
}

/// Rights that are approved together, in a step of their own (R24).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Looking; a step only of a key that can do nothing else.
    Read,
    /// Placing and cancelling orders.
    Trade,
    /// Moving assets, deposit addresses and sub-accounts included.
    Transfer,
}

impl Step {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Trade => "trade",
            Self::Transfer => "transfer",
        }
    }
}

/// One step of a key's grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Which rights.
    pub step: Step,
    /// The approval that decides it; none if the segment asks nobody for this step.
    #[serde(default)]
    pub approval: Option<String>,
    /// Whether it is granted.
    pub granted: bool,
    /// When the right ends by itself while the key lives on, microseconds since 1970 (R25).
    #[serde(default)]
    pub until_us: Option<i64>,
}

/// A key as the table holds it. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRow {
    /// Its id.
    pub key: String,
    /// The one account it belongs to.
    pub account: String,
    /// Where it stands.
    pub state: KeyState,
    /// The measure in force.
    pub measure: Option<Measure>,
    /// Under a hold, the measure before it: what is taken up again after it.
    pub before_hold: Option<Measure>,
    /// Why it ended.
    pub cause: Option<ExpiryCause>,
    /// What it may do.
    pub scopes: ScopeSet,
    /// Whence it may be used.
    pub allowlist: Vec<AllowlistEntry>,
    /// What it is for.
    pub purpose: Purpose,
    /// The one application it is for.
    pub application: String,
    /// Who drives it.
    pub operator: String,
    /// Whose tool it is for.
    pub vendor: Option<String>,
    /// How its requests are signed.
    pub scheme: Scheme,
    /// Name of the sealed secret in the vault.
    pub secret: Option<String>,
    /// Hex SHA-256 of the secret itself, for matching exposures.
    pub exposure: Option<String>,
    /// The owner's public key, hex.
    pub public_key: Option<String>,
    /// Made at.
    pub created_us: i64,
    /// Ends at, at the latest.
    pub expires_us: i64,
    /// Should be rotated by then.
    pub rotate_by_us: Option<i64>,
    /// Ends at, because another took its place.
    pub ends_us: Option<i64>,
    /// The key whose place it took.
    pub replaces: Option<String>,
    /// What it was approved to do.
    pub mandate: Mandate,
    /// Version of the terms accepted.
    pub terms: String,
    /// When they were.
    pub terms_accepted_us: i64,
    /// Who asked for it.
    pub requested_by: String,
    /// The human session it was asked for in.
    pub session: String,
    /// Its steps.
    pub approvals: Vec<Grant>,
    /// 1: the venue's own, made to be ended.
    pub canary: i64,
    /// Why it is suspended, held or ended.
    pub reason: Option<String>,
    /// Who reviews its hold.
    pub review_by: Option<String>,
    /// By when.
    pub review_due_us: Option<i64>,
    /// When the clock next asks something of it; none once it has ended. Written anew by [`KeyRow::image`].
    pub next_due_us: Option<i64>,
    /// The enrolment campaign under which it reads and cancels only, until its owner registers who uses it. No measure.
    pub campaign: Option<String>,
    /// The row's version.
    pub version: i64,
}

/// How the session of a key begins that came on record from its exchange; its source's name follows.
pub const IMPORT_SESSION: &str = "import:";

/// Columns that no approver agrees to.
const NOT_APPROVED: &[&str] = &[
    "version",
    "approvals",
    "before_hold",
    "reason",
    "review_by",
    "review_due_us",
    "next_due_us",
    "rotate_by_us",
    "campaign",
];

impl KeyRow {
    /// Reads a row.
    ///
    /// # Errors
    /// `row_unreadable`: the store holds what no version of this program wrote.
    pub fn of(image: &Image) -> Result<Self, Refusal> {
        serde_json::from_value(Value::Object(image.clone())).map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "A row of keys cannot be read");
            Refusal::new(
                RefusalKind::Unavailable,
                "row_unreadable",
                "the key's row cannot be read",
                "run `sumun ledger verify`, then restore the row from the ledger",
            )
        })
    }

    /// The row for the store, its next due time as it follows from the rest.
    #[must_use]
    pub fn image(&self) -> Image {
        let row = Self { next_due_us: next_due(self).map(Timestamp::as_micros), ..self.clone() };
        // Plain fields only: nothing here can fail to serialise.
        match serde_json::to_value(&row) {
            Ok(Value::Object(image)) => image,
            _ => Image::new(),
        }
    }

    /// Where it stands.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        Standing { state: self.state, measure: self.measure, before_hold: self.before_hold }
    }

    /// Whether its exchange suspended it before it came on record, and nobody here has suspended, held or lifted it since: whoever does gives
    /// a reason, and nothing takes the reason from a suspended key.
    #[must_use]
    pub fn is_suspended_there(&self) -> bool {
        self.state == KeyState::Suspended && self.reason.is_none() && self.session.starts_with(IMPORT_SESSION)
    }

    /// The same key, standing there.
    #[must_use]
    pub fn at(&self, standing: Standing) -> Self {
        let Standing { state, measure, before_hold } = standing;
        Self { state, measure, before_hold, ..self.clone() }
    }

    /// When it ends if nothing happens: its expiry, or earlier when another took its place.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        Timestamp::from_micros(self.ends_us.map_or(self.expires_us, |ends| ends.min(self.expires_us)))
    }

    /// Whether every step is granted.
    #[must_use]
    pub fn all_granted(&self) -> bool {
        self.approvals.iter().all(|grant| grant.granted)
    }

    /// Hex SHA-256 over everything an approver looks at. Another digest later means that he approved something else.
    /// Monitoring is left out: the owner must not learn of it by a request that stops fitting.
    #[must_use]
    pub fn basis(&self) -> String {
        let mut image = self.image();
        for column in NOT_APPROVED {
            image.remove(*column);
        }
        if self.measure == Some(Measure::Monitor) {
            image.insert("measure".to_owned(), Value::Null);
        }
        hex::encode(Sha256::digest(Value::Object(image).to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::write::tests::key;
    use sumun_store::tables::KEYS;

    #[test]
    fn the_row_has_exactly_the_columns_of_the_table() {
        let image = key().image();
        let mut columns: Vec<&str> = KEYS.columns.iter().map(|column| column.name).collect();
        columns.sort_unstable();
        let mut fields: Vec<&str> = image.keys().map(String::as_str).collect();
        fields.sort_unstable();
        assert_eq!(fields, columns);
        assert_eq!(KeyRow::of(&image).unwrap(), key());
    }

    #[test]
    fn monitoring_does_not_show_in_what_was_approved() {
        let (plain, watched) = (key(), KeyRow { measure: Some(Measure::Monitor), ..key() });
        assert_eq!(plain.basis(), watched.basis());
        assert_ne!(plain.basis(), KeyRow { measure: Some(Measure::Hold), ..key() }.basis());
    }
}
