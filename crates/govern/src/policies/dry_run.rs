//! What a policy would do where keys stand now: its ladder over every living key's standing, and nothing is written.
//!
//! Bounded: at most [`STANDINGS_MAX`] keys a call, [`CHANGES_MAX`] named; the answer says where to go on. A budget of alerts is
//! counted as on a day that begins now. Never here: what the past would have been under it; that is `sumun replay`.

use super::in_force::problems_of;
use super::propose::TEXT_BYTES_MAX;
use super::row::PolicyRow;
use crate::actor::Actor;
use crate::detection::StandingRow;
use crate::govern::{Govern, store_refusal};
use crate::keys::access::INSIDE;
use crate::refusal::{Refusal, RefusalKind};
use crate::row::text;
use crate::staff::require;
use serde::Serialize;
use std::collections::BTreeSet;
use sumun_model::{Measure, Timestamp};
use sumun_policy::ladder::step;
use sumun_policy::lint::Lint;
use sumun_policy::{Approve, BudgetBook, Policy};
use sumun_store::Filter;
use sumun_store::tables::{KEYS, POLICIES, STANDINGS};

/// Most standings one call looks at. A reading of that many takes about a second.
pub const STANDINGS_MAX: u32 = 20_000;
/// Standings read at once.
const PAGE: u32 = 500;
/// Most keys that are named.
pub const CHANGES_MAX: usize = 200;

/// Which policy is tried: one that is kept, or a text that is not.
#[derive(Clone, Debug)]
pub enum Tried {
    /// Its id and version, such as `default@3`.
    Named(String),
    /// The whole file.
    Text(String),
}

/// What it would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DryRun {
    /// Its id and version; none if the text cannot be read.
    pub policy: Option<String>,
    /// Living keys with a standing that were looked at.
    pub checked: u64,
    /// Every measure, from the mildest.
    pub counts: Vec<MeasureCount>,
    /// Keys that would move or be proposed for something else, by id; at most [`CHANGES_MAX`].
    pub changed: Vec<KeyChange>,
    /// How many would.
    pub changed_total: u64,
    /// The last key looked at, if there are more: asked again with `after`, it goes on there.
    pub next: Option<String>,
    /// What is wrong with the text, and what is dubious. With an error nothing may come into force; unreadable, nothing was checked.
    pub problems: Vec<Lint>,
}

/// How many keys stand under one measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeasureCount {
    /// Which.
    pub measure: Measure,
    /// Under it now.
    pub now: u64,
    /// Under it if this policy were in force.
    pub would: u64,
    /// Waiting for people to decide on it now.
    pub proposed_now: u64,
    /// Then.
    pub proposed_would: u64,
}

/// One key that would move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyChange {
    /// The key.
    pub key: String,
    /// Its account.
    pub account: String,
    /// Its measure now.
    pub now: Option<Measure>,
    /// Its measure then.
    pub would: Option<Measure>,
    /// What would be proposed to people, beside that.
    pub proposes: Option<Measure>,
}

impl Govern {
    /// Tries a policy on where keys stand now, from the key behind `after` on.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `policy_bad` if the text is too long, the store's.
    pub async fn policy_dry_run(
        &self,
        actor: &Actor,
        tried: &Tried,
        after: Option<String>,
    ) -> Result<DryRun, Refusal> {
        require(actor, INSIDE)?;
        let text = match tried {
            Tried::Named(name) => {
                PolicyRow::of(&self.row_or_not_found(&POLICIES, "policy", name).await?)?.text
            }
            Tried::Text(text) if text.len() > TEXT_BYTES_MAX => return Err(too_long(text)),
            Tried::Text(text) => text.clone(),
        };
        let (policy, problems) = problems_of(&text, self.detector_check);
        let mut tally = Tally::new(problems);
        let Some(policy) = policy else { return Ok(tally.run) };
        tally.run.policy = Some(policy.name());
        self.tally(&policy, &mut tally, after).await?;
        Ok(tally.run)
    }

    async fn tally(
        &self,
        policy: &Policy,
        tally: &mut Tally,
        mut after: Option<String>,
    ) -> Result<(), Refusal> {
        let now = self.world.now();
        for _ in 0..STANDINGS_MAX / PAGE {
            let filter = Filter { after, limit: PAGE, ..Filter::default() };
            let rows = self.store.list(&STANDINGS, &filter).await.map_err(store_refusal)?;
            let keys: Vec<String> = rows.iter().map(|row| text(row, STANDINGS.key).to_owned()).collect();
            let found = self.store.get_many(&KEYS, &keys).await.map_err(store_refusal)?;
            let alive = found.iter().filter(|row| matches!(text(row, "state"), "active" | "suspended"));
            let alive: BTreeSet<&str> = alive.map(|row| text(row, KEYS.key)).collect();
            for row in rows.iter().filter(|row| alive.contains(text(row, STANDINGS.key))) {
                tally.look(policy, &StandingRow::of(row)?, now);
            }
            if rows.len() < PAGE as usize {
                return Ok(());
            }
            after = keys.last().cloned();
        }
        tally.run.next = after;
        Ok(())
    }
}

/// What was counted so far.
struct Tally {
    run: DryRun,
    book: BudgetBook,
}

impl Tally {
    fn new(problems: Vec<Lint>) -> Self {
        let nobody = |measure: &Measure| MeasureCount {
            measure: *measure,
            now: 0,
            would: 0,
            proposed_now: 0,
            proposed_would: 0,
        };
        let counts = Measure::ALL.iter().map(nobody).collect();
        Self { run: DryRun { counts, problems, ..DryRun::default() }, book: BudgetBook::default() }
    }

    /// One living key. What people did was heard already, and counts once.
    fn look(&mut self, policy: &Policy, row: &StandingRow, now: Timestamp) {
        let mut assessment = row.assessment.clone();
        assessment.acts.clear();
        let now = now.max(assessment.at);
        let left = self.book.left(policy, assessment.segment, now);
        let outcome = step(policy, &row.standing, &assessment, now, Approve::People, left);
        self.book.spend(policy, assessment.segment, now, outcome.spent);
        let proposed = [&row.standing, &outcome.standing]
            .map(|standing| standing.proposal.as_ref().map(|open| open.measure));
        let would = outcome.standing.measure;
        self.run.checked += 1;
        for count in &mut self.run.counts {
            let is = |measure: Option<Measure>| u64::from(measure == Some(count.measure));
            let (now, then) = (is(row.measure), is(would));
            let (proposed_now, proposed_would) = (is(proposed[0]), is(proposed[1]));
            count.now += now;
            count.would += then;
            count.proposed_now += proposed_now;
            count.proposed_would += proposed_would;
        }
        if (row.measure, proposed[0]) == (would, proposed[1]) {
            return;
        }
        self.run.changed_total += 1;
        if self.run.changed.len() < CHANGES_MAX {
            self.run.changed.push(KeyChange {
                key: row.key.clone(),
                account: row.account.clone(),
                now: row.measure,
                would,
                proposes: proposed[1],
            });
        }
    }
}

fn too_long(text: &str) -> Refusal {
    Refusal::new(
        RefusalKind::Invalid,
        "policy_bad",
        format!("{} bytes, at most {TEXT_BYTES_MAX} are read", text.len()),
        "correct the file; `sumun policy check FILE` reads it without proposing it",
    )
    .at("/text")
}
