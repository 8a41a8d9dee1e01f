//! Taking in what detection found: signals and assessments, each once, in the order of the log.
//!
//! A key's place in the log only rises: what is older than what was taken in is left out, so that a crash in the middle and a
//! replay of the log take no measure twice. One change per assessment, with its signals and all that follows.

use super::detect_actor;
use super::signal::PlacedSignal;
use super::turn::{Input, Turned};
use crate::call::{Call, Planned};
use crate::cases::docket::Docket;
use crate::govern::{Govern, change, facts, store_refusal};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row::{replace, text};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use sumun_model::assessment::Assessment;
use sumun_store::tables::{KEYS, SIGNALS};

/// Signals written in one change without an assessment.
const SIGNALS_PER_CHANGE: usize = 256;

/// A batch of findings, in log order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Findings {
    /// What was said.
    pub signals: Vec<PlacedSignal>,
    /// What is known of keys; each with its place.
    pub assessments: Vec<Assessment>,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Signals kept that were not known before.
    pub signals: usize,
    /// Keys that turned, in order.
    pub turned: Vec<Turned>,
    /// Assessments that were taken in before, by place.
    pub old: usize,
    /// Assessments of keys that are unknown here.
    pub unknown: usize,
    /// What could not be done though the store works: key and code.
    pub failed: Vec<(String, &'static str)>,
}

impl Govern {
    /// Takes a batch in. If it fails, the same batch again does what is left of it.
    ///
    /// # Errors
    /// `policy_missing`, the store's: nothing is lost if the batch is given again.
    pub async fn take_findings(&self, batch: &Findings) -> Result<Taken, Refusal> {
        self.policy()?;
        let mut taken = Taken::default();
        let mut fresh = self.not_kept(&batch.signals).await?;
        for assessment in &batch.assessments {
            let key = assessment.key.as_str();
            let (own, rest): (Vec<_>, Vec<_>) = fresh
                .into_iter()
                .partition(|placed| placed.key() == Some(key) && placed.position <= assessment.position);
            fresh = rest;
            if self.row(&KEYS, key).await?.is_none() {
                taken.unknown += 1;
                fresh.extend(own);
                continue;
            }
            match self.take_one(assessment, &own).await {
                Ok(turned) => {
                    taken.signals += own.len();
                    taken.turned.push(turned);
                }
                Err(refusal) if refusal.code == "finding_old" => {
                    taken.old += 1;
                    fresh.extend(own);
                }
                Err(refusal) if waits(&refusal) => return Err(refusal),
                Err(refusal) => {
                    tracing::error!(
                        key.id = key,
                        code = refusal.code,
                        "What was found of key {key} had no effect: {refusal}"
                    );
                    taken.failed.push((key.to_owned(), refusal.code));
                    fresh.extend(own);
                }
            }
        }
        for some in fresh.chunks(SIGNALS_PER_CHANGE) {
            self.keep_signals(some).await?;
            taken.signals += some.len();
        }
        Ok(taken)
    }

    async fn take_one(&self, assessment: &Assessment, signals: &[PlacedSignal]) -> Result<Turned, Refusal> {
        let actor = &detect_actor();
        let done = self
            .run(actor, &Call::default(), |now| async move {
                let loaded = self.key_loaded(actor, assessment.key.as_str()).await?;
                let mut docket = Docket::default();
                let input = Input { assessment: Some(assessment), signals, ..Input::default() };
                let (mut plan, turned) = self.turn(actor, &loaded, input, &mut docket, now).await?;
                docket.write(&mut plan);
                Ok(Planned { plan, value: turned, status: 200 })
            })
            .await?;
        self.booked(&done.value, self.world.now());
        Ok(done.value)
    }

    /// Those that are not kept yet, each once.
    async fn not_kept(&self, signals: &[PlacedSignal]) -> Result<Vec<PlacedSignal>, Refusal> {
        let ids: Vec<String> = signals.iter().map(|placed| placed.signal.id.to_string()).collect();
        let rows = self.store.get_many(&SIGNALS, &ids).await.map_err(store_refusal)?;
        let mut known: BTreeSet<String> = rows.iter().map(|row| text(row, SIGNALS.key).to_owned()).collect();
        Ok(signals.iter().filter(|placed| known.insert(placed.signal.id.to_string())).cloned().collect())
    }

    /// Keeps signals by which no key known here turns.
    async fn keep_signals(&self, signals: &[PlacedSignal]) -> Result<(), Refusal> {
        let actor = &detect_actor();
        self.run(actor, &Call::default(), |now| async move {
            let mut facts = facts(actor);
            let ids: Vec<_> = signals.iter().map(|placed| placed.signal.id).collect();
            facts.insert("signals".to_owned(), json!(ids));
            let mut change = change("signal.taken", now, facts);
            change.writes = signals.iter().map(|placed| replace(&SIGNALS, None, placed.image())).collect();
            let title = format!("keep {} signals", signals.len());
            let plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
            Ok(Planned { plan, value: (), status: 200 })
        })
        .await
        .map(|_| ())
    }
}

/// Whether the same batch may do better later.
fn waits(refusal: &Refusal) -> bool {
    matches!(refusal.kind, RefusalKind::Unavailable)
        && refusal.code != "plan_lint"
        && refusal.code != "row_unreadable"
        || refusal.code == "conflict"
}
