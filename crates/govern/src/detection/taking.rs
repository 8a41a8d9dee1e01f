//! A key's measures while one turn is planned: each row is ended once, and no proposal is left behind that nobody waits for.

use super::effects::Grounds;
use super::standing::StandingRow;
use crate::keys::due::CLOCK;
use crate::measures::{MeasureRow, MeasureState, SUSPEND};
use crate::plan::Plan;
use std::collections::BTreeMap;
use sumun_model::{Measure, Timestamp};
use sumun_policy::Reasoned;

/// The key's measures while a turn is planned; each row is written once.
pub(crate) struct Taking {
    pub(crate) in_force: Vec<MeasureRow>,
    pub(crate) proposed: Vec<MeasureRow>,
}

impl Taking {
    /// Ends every measure in force but a suspension.
    pub(super) fn end_in_force(&mut self, plan: &mut Plan, by: &str, why: &Reasoned, now: Timestamp) {
        let (suspended, ended): (Vec<_>, Vec<_>) =
            self.in_force.drain(..).partition(|row| row.measure == SUSPEND);
        self.in_force = suspended;
        for row in ended {
            let row = row.ended(MeasureState::Ended, by, why.clone(), now.as_micros());
            plan.change.writes.push(row.next_write());
        }
    }

    /// Takes the proposals of this measure out, in this state.
    pub(super) fn settle_proposed(
        &mut self,
        plan: &mut Plan,
        measure: Measure,
        (state, by, why): (MeasureState, &str, &Reasoned),
        now: Timestamp,
    ) -> Vec<MeasureRow> {
        let (gone, rest): (Vec<_>, Vec<_>) =
            self.proposed.drain(..).partition(|row| row.measure == measure.as_str());
        self.proposed = rest;
        for row in &gone {
            let row = row.clone().ended(state, by, why.clone(), now.as_micros());
            plan.change.writes.push(row.next_write());
        }
        gone
    }

    /// Proposals that the ladder no longer waits for: gone with the decision at hand, or withdrawn.
    pub(crate) fn settle(
        &mut self,
        plan: &mut Plan,
        grounds: &Grounds<'_>,
        next: &StandingRow,
    ) -> Vec<MeasureRow> {
        let open = next.standing.proposal.as_ref();
        let waits = |row: &MeasureRow| {
            open.is_some_and(|open| {
                open.measure.as_str() == row.measure
                    && row.body.rule.as_ref() == Some(&open.rule)
                    && open.at.as_micros() == row.body.decided_us
            })
        };
        let (rest, gone): (Vec<_>, Vec<_>) = self.proposed.drain(..).partition(waits);
        self.proposed = rest;
        for row in &gone {
            let decided = row.approval.is_some() && row.approval.as_deref() == grounds.input.approval;
            let (state, code) = match (decided, grounds.actor.principal.as_str()) {
                // The clock refuses nothing: nobody came in time.
                (true, CLOCK) => (MeasureState::Withdrawn, "lapsed"),
                (true, _) => (MeasureState::Refused, "refused"),
                (false, _) => (MeasureState::Withdrawn, "withdrawn"),
            };
            let why = Reasoned { code: code.to_owned(), values: BTreeMap::new() };
            let row = row.clone().ended(state, &grounds.actor.principal, why, grounds.now.as_micros());
            plan.change.writes.push(row.next_write());
        }
        gone
    }
}
