//! Receipts: a gate's signed word that it has obeyed, with govern's clock beside it. One entry each.
//!
//! A receipt continues the gate's last one: a version between the two that nobody acknowledged would be a change of which
//! nobody can say that it was obeyed. A gate may acknowledge again what it acknowledged before (its answer was lost, or it
//! started with an empty disk); the very same text, or one that says nothing new of the same run, writes nothing.

use super::{GATE_READERS, gate_actor};
use crate::actor::Actor;
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts, store_refusal};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use crate::staff::require;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sumun_feed::Acknowledgement;
use sumun_model::Timestamp;
use sumun_store::tables::{GATES, RECEIPTS};
use sumun_store::{Filter, Image};

/// Versions are kept as signed numbers of 63 bits; canonical JSON takes 53.
const VERSION_MAX: u64 = (1 << 53) - 1;

/// A receipt, as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Its id. Newer ones sort first.
    pub receipt: String,
    /// Whose.
    pub gate: String,
    /// Of which run.
    pub boot: String,
    /// First version acknowledged.
    pub from: u64,
    /// Last one.
    pub to: u64,
    /// The gate's acknowledgement, verbatim: anybody can verify it with the gate's key.
    pub acknowledgement: String,
    /// When it came, by govern's clock.
    pub received: Timestamp,
}

impl Receipt {
    pub(super) fn of(row: &Image) -> Self {
        let number =
            |column: &str| row::integer(row, column).and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
        Self {
            receipt: row::text(row, "receipt").to_owned(),
            gate: row::text(row, "gate").to_owned(),
            boot: row::text(row, "boot").to_owned(),
            from: number("from_version"),
            to: number("to_version"),
            acknowledgement: row::text(row, "acknowledgement").to_owned(),
            received: Timestamp::from_micros(row::integer(row, "received_us").unwrap_or_default()),
        }
    }

    /// How many of this gate's came before it.
    fn ordinal(&self) -> u64 {
        let tail = self.receipt.rsplit_once(':').map_or("", |(_, tail)| tail);
        u64::from_str_radix(tail, 16).map_or(0, |inverted| u64::MAX - inverted)
    }
}

/// What came of an acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenReceipt {
    /// The receipt that covers it.
    pub receipt: Receipt,
    /// Whether it was known before; then nothing was written.
    pub known: bool,
    /// Index of its entry, if one was written now.
    pub entry: Option<u64>,
}

/// How an acknowledgement stands to the gate's last receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It says something new: taken, as the gate's so-and-so-many-th from 0.
    New {
        /// The place.
        ordinal: u64,
        /// It begins, or even ends, before the last one's end.
        again: bool,
    },
    /// The same run has said so before.
    Known,
    /// A version between the two was never acknowledged.
    Skips {
        /// The version that should come next.
        next: u64,
    },
    /// It is of versions that there are not yet.
    Ahead {
        /// The last there is.
        head: u64,
    },
}

/// Judges an acknowledgement by the gate's last receipt and the feed's last version.
#[must_use]
pub fn judge(last: Option<&Receipt>, boot: &str, from: u64, to: u64, head: u64) -> Standing {
    if to > head || to > VERSION_MAX {
        return Standing::Ahead { head };
    }
    let Some(last) = last else {
        return if from > 1 {
            Standing::Skips { next: 1 }
        } else {
            Standing::New { ordinal: 0, again: false }
        };
    };
    if from > last.to.saturating_add(1) {
        return Standing::Skips { next: last.to.saturating_add(1) };
    }
    if boot == last.boot && to <= last.to {
        return Standing::Known;
    }
    Standing::New { ordinal: last.ordinal().saturating_add(1), again: from <= last.to }
}

fn refused(standing: Standing, ack: &Acknowledgement) -> Refusal {
    let (code, message, remedy) = match standing {
        Standing::Ahead { head } => (
            "receipt_ahead",
            format!("gate `{}` acknowledges version {}, and the last there is is {head}", ack.gate, ack.to),
            "the record may have been rolled back to an older copy: run `sumun ledger verify --since` with a checkpoint \
             kept elsewhere",
        ),
        Standing::Skips { next } => (
            "receipt_skips",
            format!(
                "gate `{}` acknowledges from version {}, and version {next} comes next",
                ack.gate, ack.from
            ),
            "acknowledge from that version on; a gate that cannot starts anew from a snapshot, and acknowledges from 1",
        ),
        Standing::Known | Standing::New { .. } => {
            ("receipt_known", "this acknowledgement is known".to_owned(), "nothing needs doing")
        }
    };
    Refusal::new(RefusalKind::Conflict, code, message, remedy)
}

/// What the gate obeyed is not what this record has under that number.
fn forked(ack: &Acknowledgement) -> Refusal {
    let Acknowledgement { gate, to, mark, .. } = ack;
    let message =
        format!("gate `{gate}` acknowledges version {to} as {mark}, and here version {to} is another one");
    tracing::error!(
        "{message}: the storage was rolled back and has grown again, or forked. No receipt was taken"
    );
    Refusal::new(
        RefusalKind::Conflict,
        "receipt_forked",
        message,
        "the record was rolled back and has grown again, or forked: keep the gate as it is, run `sumun ledger verify --since` \
         with a checkpoint kept elsewhere, and restore the storage",
    )
}

/// The id of a gate's so-and-so-many-th receipt: newer ones sort first.
fn receipt_id(gate: &str, ordinal: u64) -> String {
    format!("{gate}:{:016x}", u64::MAX - ordinal)
}

fn row_of(ack: &Acknowledgement, token: &str, ordinal: u64, now: Timestamp) -> Image {
    let mut image = Map::new();
    let mut column = |name: &str, value: Value| image.insert(name.to_owned(), value);
    column("receipt", json!(receipt_id(ack.gate.as_str(), ordinal)));
    column("gate", json!(ack.gate));
    column("boot", json!(ack.boot));
    column("from_version", json!(ack.from));
    column("to_version", json!(ack.to));
    column("acknowledgement", json!(token));
    column("received_us", json!(now.as_micros()));
    image
}

impl Govern {
    /// Takes a gate's signed acknowledgement.
    ///
    /// # Errors
    /// `gate_unknown`, `acknowledgement_invalid`, `receipt_skips`, `receipt_ahead`, `receipt_forked`, the store's.
    pub async fn take_receipt(&self, token: &str) -> Result<TakenReceipt, Refusal> {
        let invalid = |error: sumun_feed::AcknowledgeError| {
            Refusal::new(
                RefusalKind::Invalid,
                "acknowledgement_invalid",
                error.to_string(),
                "sign it with the key the gate was enrolled with",
            )
        };
        let gate = Acknowledgement::gate_unverified(token).map_err(invalid)?;
        let unknown = || {
            Refusal::new(
                RefusalKind::Forbidden,
                "gate_unknown",
                format!("gate `{gate}` is not enrolled"),
                "have it invited, and enrol it",
            )
        };
        let (_, key) = self.enrolled_gate(&gate).await?.ok_or_else(unknown)?;
        let ack = Acknowledgement::verify(token, &key).map_err(invalid)?;
        if ack.to <= self.store.feed_head() && !self.feed_is(ack.to, ack.mark).await? {
            return Err(forked(&ack));
        }
        let last = self.last_receipt(gate.as_str()).await?;
        match self.judge(last.as_ref(), &ack) {
            Standing::New { .. } => {}
            Standing::Known => {
                let receipt = last.ok_or_else(unknown)?;
                return Ok(TakenReceipt { receipt, known: true, entry: None });
            }
            standing => return Err(refused(standing, &ack)),
        }
        let (ack, unknown) = (&ack, &unknown);
        let done = self
            .run(&gate_actor(gate.as_str()), &Call::default(), |now| async move {
                // Once more, by the rows that the change relies on: two of one gate may race.
                let (row, _) = self.enrolled_gate(&ack.gate).await?.ok_or_else(unknown)?;
                let last = self.last_receipt(ack.gate.as_str()).await?;
                let standing = self.judge(last.as_ref(), ack);
                let Standing::New { ordinal, again } = standing else { return Err(refused(standing, ack)) };
                let write = row::replace(&RECEIPTS, None, row_of(ack, token, ordinal, now));
                let value = Receipt::of(&write.image);
                let mut facts = facts(&gate_actor(ack.gate.as_str()));
                facts.insert("gate".to_owned(), json!(ack.gate));
                facts.insert("from".to_owned(), json!(ack.from));
                facts.insert("to".to_owned(), json!(ack.to));
                facts.insert("mark".to_owned(), json!(ack.mark));
                facts.insert("applied_at".to_owned(), json!(ack.applied_at));
                facts.insert("acknowledged_at".to_owned(), json!(ack.acknowledged_at));
                facts.insert("received".to_owned(), json!(now));
                facts.insert("unusable".to_owned(), json!(ack.unusable));
                if again {
                    facts.insert("again".to_owned(), json!(true));
                }
                let mut change = change("receipt.taken", now, facts);
                change.writes.push(write);
                change.reads.push(row::unchanged(&GATES, ack.gate.as_str(), Some(&row)));
                let title = format!("take a receipt of gate {}", ack.gate);
                let plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
                Ok(Planned { plan, value, status: 201 })
            })
            .await?;
        let entry = done.committed.map(|committed| committed.entry);
        Ok(TakenReceipt { receipt: done.value, known: false, entry })
    }

    fn judge(&self, last: Option<&Receipt>, ack: &Acknowledgement) -> Standing {
        judge(last, &ack.boot, ack.from, ack.to, self.store.feed_head())
    }

    /// A gate's last receipt.
    ///
    /// # Errors
    /// The store's.
    pub async fn last_receipt(&self, gate: &str) -> Result<Option<Receipt>, Refusal> {
        let filter =
            Filter { equals: vec![("gate", json!(gate))], after: None, limit: 1, ..Filter::default() };
        let rows = self.store.list(&RECEIPTS, &filter).await.map_err(store_refusal)?;
        Ok(rows.first().map(Receipt::of))
    }

    /// A gate's receipts, the newest first.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn receipts(
        &self,
        actor: &Actor,
        gate: &str,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<Receipt>, Refusal> {
        require(actor, GATE_READERS)?;
        let equals = vec![("gate", json!(gate))];
        let filter = Filter { equals, after, limit: limit.clamp(1, Filter::LIMIT_MAX), ..Filter::default() };
        let rows = self.store.list(&RECEIPTS, &filter).await.map_err(store_refusal)?;
        Ok(rows.iter().map(Receipt::of).collect())
    }
}

#[cfg(test)]
mod tests;
