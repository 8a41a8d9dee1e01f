//! The merge: everything said in a segment in one order, and the judge in that order, its clock included (WIRE 4).

use super::causing::{Causing, measure_id};
use super::item::{Body, Emitted};
use super::moment::{At, Moment, due_second};
use super::{Engine, Measures, Output};
use sumun_model::{MeasureFinding, Timestamp};

impl Engine {
    /// Puts a segment's findings in order and lets the judge decide.
    pub(super) fn merge(&mut self, mut emitted: Vec<Emitted>, end: Timestamp, out: &mut Vec<Output>) {
        emitted.sort_by_key(|e| (e.at.moment, e.stage, e.emitter, e.ordinal));
        for Emitted { at, causing, body, .. } in emitted {
            self.due_before(Some(at.moment), out);
            self.judged_to = self.judged_to.max(at.now.as_micros());
            match body {
                Body::Signal(signal) => {
                    self.counts.signals += 1;
                    out.push(Output::Signal(signal));
                }
                Body::Assessment(assessment) => {
                    self.counts.assessments += 1;
                    let measures = self.judge.assess(&assessment);
                    let key = assessment.key.clone();
                    out.push(Output::Assessment { assessment, causing: causing.clone() });
                    self.decided(measures, at, &causing, out);
                    if self.options.measures == Measures::Derive {
                        let measure = self.judge.measure(&key);
                        self.feedback.insert(key, measure);
                    }
                }
            }
        }
        self.due_before(None, out);
        self.judged_to = self.judged_to.max(end.as_micros());
    }

    /// Lets the judge's clock run up to a moment, or through the segment.
    fn due_before(&mut self, before: Option<Moment>, out: &mut Vec<Output>) {
        while let Some(due) = self.judge.next_due() {
            let second = due_second(due, Timestamp::from_micros(self.judged_to));
            let Some(at) = self.segment.rises.of_second(second) else { return };
            if before.is_some_and(|before| before <= at.moment) {
                return;
            }
            self.judged_to = at.now.as_micros();
            let measures = self.judge.due(at.now);
            self.decided(measures, at, &Causing::Second(second), out);
        }
    }

    fn decided(&mut self, measures: Vec<MeasureFinding>, at: At, causing: &Causing, out: &mut Vec<Output>) {
        for mut measure in measures {
            self.counts.measures += 1;
            measure.ts = at.now;
            measure.id = measure_id(causing, &measure.policy, &measure.key, measure.measure, measure.phase);
            if self.options.measures == Measures::Derive {
                let now = self.judge.measure(&measure.key);
                self.feedback.insert(measure.key.clone(), now);
            }
            out.push(Output::Measure(Box::new(measure)));
        }
    }
}
