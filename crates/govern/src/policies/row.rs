//! A policy's row and its view.

use crate::refusal::{Refusal, RefusalKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sumun_store::Image;

/// Where a policy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyState {
    /// Written, linted, in force nowhere.
    Proposed,
    /// In force: at most one.
    Active,
    /// Was in force, or never will be.
    Retired,
}

/// A policy as the table holds it. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRow {
    /// Its id and version, such as `default@3`.
    pub policy: String,
    /// Hex SHA-256 over the text.
    pub digest: String,
    /// The whole file.
    pub text: String,
    /// Where it stands.
    pub state: PolicyState,
    /// Who proposed it.
    pub proposed_by: String,
    /// When.
    pub proposed_us: i64,
    /// Since when it is, or when it came, in force.
    pub activated_us: Option<i64>,
    /// The row's version.
    pub version: i64,
}

impl PolicyRow {
    /// Reads a row.
    ///
    /// # Errors
    /// `row_unreadable`, also if the text is not the one its digest names.
    pub fn of(image: &Image) -> Result<Self, Refusal> {
        let row: Option<Self> = serde_json::from_value(Value::Object(image.clone())).ok();
        row.filter(|row| digest(&row.text) == row.digest).ok_or_else(|| {
            Refusal::new(
                RefusalKind::Unavailable,
                "row_unreadable",
                "the policy's row cannot be read, or its text is not what its digest says",
                "run `sumun ledger verify`, then restore the row from the ledger",
            )
        })
    }

    /// The row for the store.
    #[must_use]
    pub fn image(&self) -> Image {
        crate::row::image(self)
    }
}

/// Hex SHA-256 of a policy's text.
#[must_use]
pub fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
