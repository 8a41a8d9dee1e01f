//! A plan: what a use case would do, as a value. Linted, shown by a dry run, executed idempotently.

use crate::refusal::{Refusal, RefusalKind};
use serde::{Deserialize, Serialize};
use sumun_store::Change;

/// What a use case would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// One line: what is done, to what.
    pub title: String,
    /// What changes, for people: field, before, after.
    pub effects: Vec<Effect>,
    /// What is allowed but unwise.
    pub warnings: Vec<String>,
    /// All that will be written, in one transaction.
    pub change: Change,
}

impl Plan {
    /// Takes in what another plan would do, so that both are one change. This one's class, time and facts stay; facts of the
    /// other with names of their own come along. A row that both write the same way is written once.
    ///
    /// # Errors
    /// `plan_lint` if both would write one row differently.
    pub fn absorb(&mut self, other: Self) -> Result<(), Refusal> {
        for write in other.change.writes {
            let key = |image: &sumun_store::Image| image.get(write.table.key).cloned();
            let same =
                self.change.writes.iter().find(|known| {
                    known.table.name == write.table.name && key(&known.image) == key(&write.image)
                });
            match same {
                None => self.change.writes.push(write),
                Some(known) if *known == write => {}
                Some(_) => {
                    return Err(Refusal::new(
                        RefusalKind::Unavailable,
                        "plan_lint",
                        format!(
                            "two parts of the plan would write one row of {} differently",
                            write.table.name
                        ),
                        "nothing was written; report this with the request: it is a fault of the server",
                    ));
                }
            }
        }
        self.effects.extend(other.effects);
        self.warnings.extend(other.warnings);
        self.change.reads.extend(other.change.reads);
        self.change.feed.extend(other.change.feed);
        self.change.outbox.extend(other.change.outbox);
        self.change.vault.extend(other.change.vault);
        for (name, value) in other.change.facts {
            self.change.facts.entry(name).or_insert(value);
        }
        Ok(())
    }
}

/// One thing a plan changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Of what: `key:K1`.
    pub subject: String,
    /// Which field.
    pub field: String,
    /// As it is; `null` if it is new.
    pub before: serde_json::Value,
    /// As it will be.
    pub after: serde_json::Value,
}
