//! A verified customer: the party behind accounts and keys.

use super::closing;
use super::{Draft, Party, check_country, check_text};
use crate::actor::Actor;
use crate::call::{Call, Done};
use crate::govern::Govern;
use crate::keys::view::digested;
use crate::refusal::Refusal;
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_model::{CustomerId, Segment, Timestamp};
use sumun_store::tables::CUSTOMERS;
use sumun_store::{Image, Table};

/// Whether a customer or an account still does business here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Yes.
    #[default]
    Active,
    /// No more: no key may be made for it.
    Closed,
}

impl Standing {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Closed => "closed",
        }
    }
}

/// A customer, wholly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerPut {
    /// Kind of customer.
    pub segment: Segment,
    /// Where it is at home, two capital letters.
    #[serde(default)]
    pub country: Option<String>,
    /// Whether it does business here.
    #[serde(default)]
    pub state: Standing,
    /// What it uses the venue for, in a few words.
    #[serde(default)]
    pub purpose: Option<String>,
}

/// A customer, as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Its id.
    pub customer: String,
    /// Kind of customer.
    pub segment: String,
    /// Where it is at home.
    pub country: Option<String>,
    /// Whether it does business here.
    pub state: String,
    /// What it uses the venue for.
    pub purpose: Option<String>,
    /// Known since.
    pub created: Timestamp,
    /// Version of the row.
    pub version: i64,
}

impl Party for Customer {
    const TABLE: &'static Table = &CUSTOMERS;
    const WHAT: &'static str = "customer";
    const PUT: &'static str = "customer.put";

    fn of(row: &Image) -> Self {
        Self {
            customer: row::text(row, "customer").to_owned(),
            segment: row::text(row, "segment").to_owned(),
            country: row::text_or_null(row, "country"),
            state: row::text(row, "state").to_owned(),
            purpose: row::text_or_null(row, "purpose"),
            created: Timestamp::from_micros(row::integer(row, "created_us").unwrap_or_default()),
            version: row::version(row),
        }
    }

    fn customer(row: &Image) -> Option<String> {
        row::text_or_null(row, "customer")
    }

    /// Every measure on one of its keys writes the row, watching among them.
    fn read_only(self) -> Self {
        let shown = Self { version: 0, ..self };
        Self { version: digested(&shown), ..shown }
    }
}

/// What putting a customer would write.
///
/// # Errors
/// A country that is none, a text that is too long.
pub fn draft(put: &CustomerPut, before: Option<&Image>, now: Timestamp) -> Result<Draft, Refusal> {
    check_country("/country", put.country.as_deref())?;
    if let Some(purpose) = &put.purpose {
        check_text("/purpose", purpose)?;
    }
    let created = before.and_then(|row| row::integer(row, "created_us")).unwrap_or(now.as_micros());
    let mut draft = Draft::default()
        .column("segment", put.segment.as_str())
        .column("country", json!(put.country))
        .column("state", put.state.as_str())
        .column("purpose", json!(put.purpose))
        .column("created_us", created);
    if let Some(row) = before {
        let was = row::text(row, "segment");
        if was != put.segment.as_str() {
            draft.warnings.push(format!(
                "the segment changes from {was} to {}: accounts keep theirs, and keys were approved under it",
                put.segment
            ));
        }
        if put.state == Standing::Closed && row::text(row, "state") != "closed" {
            draft.warnings.push(
                "closing a customer ends every key of its accounts at once, and for ever, and signs its people out".to_owned(),
            );
        }
    }
    Ok(draft)
}

impl Govern {
    /// Puts a customer wholly.
    ///
    /// # Errors
    /// `forbidden`, `inconsistent`, `version_stale`, the store's.
    pub async fn put_customer(
        &self,
        actor: &Actor,
        id: &CustomerId,
        put: &CustomerPut,
        call: &Call,
    ) -> Result<Done<Customer>, Refusal> {
        let done = self
            .put_party(actor, id.as_str(), call, |before, now| async move {
                closing::segment_by_lead(actor, put.segment, before.as_ref(), None)?;
                let mut draft = draft(put, before.as_ref(), now)?;
                if closing::closes(put.state, before.as_ref()) {
                    let accounts = self.accounts_of(id.as_str()).await?;
                    draft.also = self.keys_end_with(actor, &accounts, "its customer was closed", now).await?;
                }
                Ok(draft)
            })
            .await?;
        if done.committed.is_some() && put.state == Standing::Closed {
            self.sign_out(id.as_str()).await?;
        }
        Ok(done)
    }
}
