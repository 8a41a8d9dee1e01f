//! What a campaign is, as a value: its dates, its reminders, its terms; and what must hold of it before anybody is told anything.

use super::span::Span;
use crate::refusal::{Refusal, RefusalKind};
use serde::{Deserialize, Serialize};
use sumun_model::{Segment, Timestamp};

/// Most reminders before one step.
pub const REMINDERS_MAX: usize = 5;
/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 80;
/// Longest version of terms, in characters.
const TERMS_CHARS_MAX: usize = 40;

/// A campaign's dates and terms. No date is kept by moving a step forward: whoever was told late is given the whole time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignPlan {
    /// What staff call it.
    pub name: String,
    /// Version of the terms that owners accept.
    pub terms: String,
    /// Segments whose keys are asked about; none named: all.
    #[serde(default)]
    pub segments: Vec<Segment>,
    /// Owners are told from then on.
    pub announce: Timestamp,
    /// Owners can register from then on.
    pub opens: Timestamp,
    /// Keys not registered by then read and cancel only.
    pub read_only: Timestamp,
    /// Keys not registered by then end.
    pub ends: Timestamp,
    /// How long before each of the two steps owners are reminded, the longest first.
    pub reminders: Vec<Span>,
}

impl CampaignPlan {
    /// Whether it asks about keys of this segment.
    #[must_use]
    pub fn covers(&self, segment: Segment) -> bool {
        self.segments.is_empty() || self.segments.contains(&segment)
    }

    /// Whether it and another would ask about the same keys.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        Segment::ALL.iter().any(|segment| self.covers(*segment) && other.covers(*segment))
    }

    /// Looks it over: `ahead` is the least time between telling owners and the first step, by the venue's facts. Gives what is allowed
    /// and unwise.
    ///
    /// # Errors
    /// `campaign_bad`, with the field.
    pub fn check(&self, ahead: Span, now: Timestamp) -> Result<Vec<String>, Refusal> {
        let text = |field, text: &str, most: usize| {
            let odd = text.chars().any(char::is_control) || text.trim() != text;
            if text.is_empty() || odd || text.chars().count() > most {
                return Err(bad(
                    field,
                    format!("has 1 to {most} characters that print, and no space around them"),
                ));
            }
            Ok(())
        };
        text("/name", &self.name, NAME_CHARS_MAX)?;
        text("/terms", &self.terms, TERMS_CHARS_MAX)?;
        if self.announce < now {
            return Err(bad("/announce", "has passed: owners cannot be told in the past"));
        }
        if self.opens < self.announce {
            return Err(bad("/opens", "is before owners are told"));
        }
        if self.read_only <= self.opens {
            return Err(bad("/read_only", "is not after registration opens"));
        }
        if self.read_only.micros_since(self.announce) < ahead.as_micros() {
            return Err(bad(
                "/read_only",
                format!("is less than {ahead} after owners are told; the venue's facts ask for that much"),
            ));
        }
        if self.ends <= self.read_only {
            return Err(bad(
                "/ends",
                "is not after the keys read and cancel only: nothing ends that did not come to a halt first",
            ));
        }
        if self.reminders.is_empty() || self.reminders.len() > REMINDERS_MAX {
            return Err(bad(
                "/reminders",
                format!("one to {REMINDERS_MAX} of them: nothing is done without one before it"),
            ));
        }
        if self.reminders.windows(2).any(|pair| matches!(pair, [a, b] if a <= b)) {
            return Err(bad("/reminders", "the longest time first, each once"));
        }
        let longest = self.reminders.first().map_or(0, |span| span.as_micros());
        if longest > self.read_only.micros_since(self.announce) {
            return Err(bad("/reminders", "the first one would come before owners are told of the campaign"));
        }
        if longest > self.ends.micros_since(self.read_only) {
            return Err(bad("/ends", "leaves no room for the reminders after the keys read and cancel only"));
        }
        let mut warnings = Vec::new();
        if self.read_only.micros_since(self.opens) < longest {
            warnings.push("the first reminder comes before registration opens".to_owned());
        }
        Ok(warnings)
    }

    /// Whether this may follow `before`: a running campaign is made longer, and nothing else of it changes.
    ///
    /// # Errors
    /// `campaign_shortened`.
    pub fn lengthens(&self, before: &Self) -> Result<(), Refusal> {
        let other = Self { read_only: before.read_only, ends: before.ends, ..self.clone() };
        let shorter = self.read_only < before.read_only
            || self.ends < before.ends
            || self.ends.micros_since(self.read_only) < before.ends.micros_since(before.read_only);
        if other == *before && !shorter {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalKind::Conflict,
            "campaign_shortened",
            "owners were told these dates and terms: a campaign that runs only gets longer, and no step comes sooner behind the one before it",
            "give a later `read_only` and at least as much time until `ends`; for anything else stop this campaign and propose another",
        ))
    }
}

fn bad(pointer: &str, what: impl Into<String>) -> Refusal {
    let field = pointer.trim_start_matches('/');
    Refusal::new(
        RefusalKind::Invalid,
        "campaign_bad",
        format!("`{field}`: {}", what.into()),
        "correct it; docs/adopt/campaign.md shows a whole campaign",
    )
    .at(pointer.to_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const DAY: i64 = 86_400_000_000;
    pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_793_577_600_000_000);

    /// Ninety days: told on day 1, open from day 15, read only from day 46, over on day 76.
    pub(crate) fn plan() -> CampaignPlan {
        let day = |n: i64| NOW.plus_micros(n * DAY);
        CampaignPlan {
            name: "Who uses your key".into(),
            terms: "2".into(),
            segments: Vec::new(),
            announce: day(1),
            opens: day(15),
            read_only: day(46),
            ends: day(76),
            reminders: ["14d", "3d"].map(|text| Span::parse(text).unwrap()).to_vec(),
        }
    }

    fn said(change: impl Fn(&mut CampaignPlan)) -> String {
        let mut plan = plan();
        change(&mut plan);
        match plan.check(Span::parse("30d").unwrap(), NOW) {
            Ok(warnings) if warnings.is_empty() => "sound".to_owned(),
            Ok(warnings) => format!("sound, but {}", warnings.join("; ")),
            Err(refusal) => refusal.message,
        }
    }

    #[test]
    fn what_is_wrong_with_a_plan_is_said() {
        let day = |n: i64| NOW.plus_micros(n * DAY);
        let lines = [
            said(|_| {}),
            said(|plan| plan.name = " ".into()),
            said(|plan| plan.terms = "2\n".into()),
            said(|plan| plan.announce = day(-1)),
            said(|plan| plan.opens = day(0)),
            said(|plan| plan.opens = day(40)),
            said(|plan| plan.read_only = day(15)),
            said(|plan| plan.read_only = day(30)),
            said(|plan| plan.ends = day(46)),
            said(|plan| plan.ends = day(50)),
            said(|plan| plan.reminders.clear()),
            said(|plan| plan.reminders.reverse()),
            said(|plan| plan.reminders.insert(0, Span::parse("50d").unwrap())),
        ];
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn a_campaign_only_gets_longer() {
        let day = |n: i64| NOW.plus_micros(n * DAY);
        let may = |change: &dyn Fn(&mut CampaignPlan)| {
            let mut after = plan();
            change(&mut after);
            after.lengthens(&plan()).is_ok()
        };
        assert!(may(&|plan| (plan.read_only, plan.ends) = (day(50), day(80))));
        assert!(may(&|plan| plan.ends = day(80)) && may(&|_| {}));
        assert!(!may(&|plan| plan.read_only = day(45)) && !may(&|plan| plan.ends = day(75)));
        assert!(!may(&|plan| plan.read_only = day(50)), "the time behind it would shrink");
        assert!(!may(&|plan| plan.terms = "3".into()) && !may(&|plan| plan.segments = vec![Segment::Retail]));
    }
}
