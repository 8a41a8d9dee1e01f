//! The file's own cases.

use super::Reader;
use super::numbers::scaled;
use crate::cases::{Case, Moment};
use crate::file::{TestEvidence, TestTable};
use sumun_model::position::line_and_column;
use sumun_model::score::{LLR_MILLI_MAX, LLR_MILLI_MIN};
use sumun_model::{Cause, Evidence, FindingId, Timestamp};
use toml::Spanned;

impl Reader<'_> {
    pub(super) fn case(&mut self, test: Spanned<TestTable>) -> Case {
        let (line, _) = line_and_column(self.text, test.span().start);
        let test = test.into_inner();
        let mut moments = Vec::new();
        let mut last = i64::MIN;
        for (at, step) in test.steps.into_iter().enumerate() {
            let start = step.span().start;
            let (line, column) = line_and_column(self.text, start);
            let step = step.into_inner();
            if step.at_s < last {
                self.wrong(start, "moments of a test stand in order of time");
            }
            last = step.at_s;
            let now = Timestamp::from_seconds(step.at_s).unwrap_or(Timestamp::MIN);
            let evidence = step.evidence.map(|list| {
                list.iter()
                    .enumerate()
                    .map(|(nth, piece)| self.piece(piece, now, at, nth))
                    .collect::<Vec<_>>()
            });
            for written in step.must.iter().chain(&step.must_not) {
                if !crate::run_cases::well_formed(written.get_ref()) {
                    let message = format!(
                        "`{}` is not a step such as `enter warn act` or `leave hold`",
                        written.get_ref()
                    );
                    self.wrong(written.span().start, message);
                }
            }
            let words = |list: Vec<Spanned<String>>| list.into_iter().map(Spanned::into_inner).collect();
            moments.push(Moment {
                at_s: step.at_s,
                evidence,
                hard: step.hard,
                acts: step.acts,
                facts: step.facts,
                cluster: step.cluster,
                must: words(step.must),
                must_not: words(step.must_not),
                line,
                column,
            });
        }
        Case { name: test.name, segment: test.segment, moments, line }
    }

    fn piece(&mut self, table: &TestEvidence, now: Timestamp, moment: usize, nth: usize) -> Evidence {
        let found = scaled(table.llr.get_ref(), 3).and_then(|n| i32::try_from(n).ok());
        let llr_milli = found.filter(|n| (LLR_MILLI_MIN..=LLR_MILLI_MAX).contains(n)).unwrap_or_else(|| {
            self.wrong(
                table.llr.span().start,
                "a likelihood ratio lies within -2 and 4, at most three places",
            );
            0
        });
        let mut id = [0; 16];
        let mark = u64::try_from(moment * 1_000 + nth + 1).unwrap_or(u64::MAX).to_be_bytes();
        for (to, from) in id.iter_mut().rev().zip(mark.iter().rev()) {
            *to = *from;
        }
        let code = table.code.clone().unwrap_or_else(|| format!("case_{}_{nth}", table.family));
        Evidence {
            detector: table.detector.clone().unwrap_or_else(|| format!("case.{}@1", table.family)),
            code,
            family: table.family,
            cause: table.cause.unwrap_or(Cause::Unknown),
            llr_milli,
            at: now,
            signal: FindingId::of(id),
            days: table.days,
        }
    }
}
