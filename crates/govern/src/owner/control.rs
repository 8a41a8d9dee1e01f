//! A control test: randomised things that only who controls a key can do, drawn and committed before use (DESIGN 4, ADR 0017).
//!
//! Pure. [`Test::commit`] draws from a seed and gives commitments; [`Test::reveal`] shows one step's draw and opens its windows;
//! [`Test::see`] takes what gates saw, in log order, and [`Test::due`] what the clock says. A step that fails ends the test. Draws
//! and their chances are in [`draw`], what a step makes of what was seen in [`step`].
//!
//! Never here: a clock, entropy, the store, or words for people.

pub mod draw;
pub mod step;

#[cfg(test)]
mod tests;

pub use draw::{Draw, Opened, commitment};
pub use step::{Fact, Kind, Step, StepState, Why};

use crate::venue::ControlTest;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sumun_model::Timestamp;

/// Bytes of the seed that all draws and salts of one test come from.
pub const SEED_BYTES: usize = 32;
/// Tests that may fail before that is hard evidence (DESIGN 4).
pub const FAILURES_MAX: i64 = 2;
/// Most tests of one verification, void ones included: a row holds them all.
pub const TESTS_MAX: usize = 8;

/// How a test stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestState {
    /// Steps are outstanding.
    Open,
    /// Every step was done.
    Passed,
    /// A step was not.
    Failed,
    /// It could not be carried out for our own reasons; it counts for nothing.
    Void,
}

/// One test: several steps, each of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// Which of its verification, from 1.
    pub number: u32,
    /// Where it stands.
    pub state: TestState,
    /// When its draws were committed.
    pub committed_us: i64,
    /// Hex SHA-256 over the steps' commitments, in order.
    pub commitment: String,
    /// Name of the sealed seed in the vault.
    pub sealed: String,
    /// Whoever does not know the draws passes at most once in so many tests: the product of the steps' numbers.
    pub one_in: String,
    /// The rules it was drawn by.
    pub rules: ControlTest,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// When it ended.
    pub ended_us: Option<i64>,
}

impl Test {
    /// Draws the steps of these kinds from the seed, and commits to them.
    #[must_use]
    pub fn commit(
        (verification, number): (&str, u32),
        kinds: &[Kind],
        rules: &ControlTest,
        (seed, sealed): (&[u8; SEED_BYTES], &str),
        now: Timestamp,
    ) -> Self {
        let opened = draw::all(seed, kinds, rules);
        let steps: Vec<Step> = opened
            .iter()
            .zip(0_u32..)
            .map(|(opened, index)| Step::hidden(opened, commitment((verification, number, index), opened)))
            .collect();
        let product: u128 = steps.iter().map(|step| u128::from(step.one_in)).product();
        Self {
            number,
            state: TestState::Open,
            committed_us: now.as_micros(),
            commitment: joined(&steps),
            sealed: sealed.to_owned(),
            one_in: product.to_string(),
            rules: *rules,
            steps,
            ended_us: None,
        }
    }

    /// Index of the step that is running.
    #[must_use]
    pub fn running(&self) -> Option<usize> {
        self.steps.iter().position(|step| step.state == StepState::Running)
    }

    /// Index of the step to be shown next, if none is running.
    #[must_use]
    pub fn next(&self) -> Option<usize> {
        let open = self.state == TestState::Open && self.running().is_none();
        self.steps.iter().position(|step| step.state == StepState::Hidden).filter(|_| open)
    }

    /// Shows the next step: its draw stands in the row from now on, and its windows count from `now`. False if the draw is not
    /// the one that was committed to: then nothing changed.
    #[must_use]
    pub fn reveal(&mut self, verification: &str, opened: &[Opened], now: Timestamp) -> bool {
        let Some(index) = self.next() else { return false };
        let (Some(step), Some(opened), Ok(at)) =
            (self.steps.get_mut(index), opened.get(index), u32::try_from(index))
        else {
            return false;
        };
        if step.commitment != commitment((verification, self.number, at), opened) {
            return false;
        }
        step.begin(opened, now);
        true
    }

    /// Takes in something that was seen; true if that changed anything. The same thing again changes nothing. `now` is when it is
    /// looked at; windows are held against when it happened.
    pub fn see(&mut self, fact: &Fact<'_>, now: Timestamp) -> bool {
        if self.state != TestState::Open {
            return false;
        }
        let Some(step) = self.running().and_then(|index| self.steps.get_mut(index)) else { return false };
        let changed = step.see(fact);
        self.settle(now) || changed
    }

    /// What the clock says: windows that are over. True if that changed anything.
    pub fn due(&mut self, now: Timestamp) -> bool {
        if self.state != TestState::Open {
            return false;
        }
        let settle_us = self.settle_us();
        let Some(step) = self.running().and_then(|index| self.steps.get_mut(index)) else { return false };
        let changed = step.due(now.plus_micros(-settle_us));
        self.settle(now) || changed
    }

    /// How long after a window what gates saw may still arrive.
    const fn settle_us(&self) -> i64 {
        self.rules.settle_s.get() as i64 * 1_000_000
    }

    /// When the running step's window is over.
    #[must_use]
    pub fn window_ends(&self) -> Option<Timestamp> {
        self.running().and_then(|index| self.steps.get(index)?.ends())
    }

    /// When [`Test::due`] next has something to say.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        Some(self.window_ends()?.plus_micros(self.settle_us()))
    }

    /// A step that failed ends the test, and so does the last one.
    fn settle(&mut self, now: Timestamp) -> bool {
        let state = if self.steps.iter().any(|step| matches!(step.state, StepState::Failed(_))) {
            TestState::Failed
        } else if self.steps.iter().all(|step| step.state == StepState::Passed) {
            TestState::Passed
        } else {
            return false;
        };
        let changed = self.state != state;
        if changed {
            (self.state, self.ended_us) = (state, Some(now.as_micros()));
        }
        changed
    }

    /// Ends it without a result: its draws cannot be shown any more, or the verification was closed.
    pub fn void(&mut self, now: Timestamp) {
        if self.state == TestState::Open {
            (self.state, self.ended_us) = (TestState::Void, Some(now.as_micros()));
        }
    }

    /// Shows what is still hidden of a test that has ended, so that anybody can check all of it.
    pub fn show_rest(&mut self, opened: &[Opened]) {
        if self.state == TestState::Open {
            return;
        }
        for (step, opened) in self.steps.iter_mut().zip(opened) {
            step.shown.get_or_insert_with(|| opened.clone());
        }
    }

    /// Whether every draw shown is the one committed to, and the commitments are the ones joined at the start: what anybody can
    /// check with the entries alone.
    #[must_use]
    pub fn holds(&self, verification: &str) -> bool {
        self.commitment == joined(&self.steps)
            && self.steps.iter().zip(0_u32..).all(|(step, index)| {
                step.shown.as_ref().is_none_or(|opened| {
                    commitment((verification, self.number, index), opened) == step.commitment
                })
            })
    }
}

/// Hex SHA-256 over the commitments in hexadecimal, each followed by a line feed.
fn joined(steps: &[Step]) -> String {
    let mut digest = Sha256::new();
    for step in steps {
        digest.update(&step.commitment);
        digest.update("\n");
    }
    hex::encode(digest.finalize())
}
