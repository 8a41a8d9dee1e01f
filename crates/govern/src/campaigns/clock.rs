//! The campaign's clock, for one key: what its owner must be told next, and when it comes to a halt or ends. Pure.
//!
//! Two rules, and all else follows from them. **Told in time**: a step is taken only when everything that must be told before it has
//! been told, each as long before as the plan says; a letter that leaves late puts the step off by as much. **Told at all**: a letter that
//! could not be delivered stops the clock until somebody reaches the owner; a step that rested on it is taken back.
//!
//! Never here: who is told how ([`super::letters`]), who looks at the clock ([`super::sweep`]).

use super::plan::CampaignPlan;
use super::span::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use sumun_model::Timestamp;

/// A step that a campaign takes with a key that nobody registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It reads and cancels only.
    ReadOnly,
    /// It ends.
    End,
}

/// Something an owner is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// That there is a campaign: dates, what is asked, what follows.
    Announced,
    /// That registration is open.
    Opened,
    /// That the key now reads and cancels only.
    ReadOnly,
    /// So long before a step.
    Reminded(Step, Span),
}

impl Telling {
    /// Its name in the record: `announced`, `read_only-14d`.
    #[must_use]
    pub fn code(self) -> String {
        match self {
            Self::Announced => "announced".to_owned(),
            Self::Opened => "opened".to_owned(),
            Self::ReadOnly => "read_only".to_owned(),
            Self::Reminded(Step::ReadOnly, span) => format!("read_only-{span}"),
            Self::Reminded(Step::End, span) => format!("end-{span}"),
        }
    }
}

/// One thing that an owner was told, or is being told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// By which notice.
    pub notice: String,
    /// The date of the next step as that notice names it, microseconds since 1970. It never comes sooner.
    pub names_us: i64,
    /// When the notice left; none while it waits, and if it came back.
    pub told_us: Option<i64>,
    /// It could not be delivered, and nobody has reached the owner since.
    #[serde(default)]
    pub failed: bool,
}

/// How far a campaign is with one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// What its owner was told, by [`Telling::code`].
    #[serde(default)]
    pub told: BTreeMap<String, Told>,
    /// Since when it reads and cancels only.
    #[serde(default)]
    pub read_only_us: Option<i64>,
}

/// What the campaign's clock asks of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Tell its owner; the letter names this date of the next step.
    Tell(Telling, Timestamp),
    /// It reads and cancels only; the letter names the date of its end.
    ReadOnly(Timestamp),
    /// It ends.
    End,
    /// It works again: what the step rested on does not hold any more.
    GiveBack,
}

/// What is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// This, now.
    Now(Act),
    /// Nothing before then.
    At(Timestamp),
    /// A letter that has not left yet, or an owner whom nobody has reached.
    Waits,
}

/// When a campaign was put on again after a pause; none: never paused.
pub type Resumed = Option<Timestamp>;

/// What is next with a key that is not registered. `ahead` is the least time between telling its owner and the first step.
#[must_use]
pub fn next(plan: &CampaignPlan, resumed: Resumed, ahead: Span, progress: &Progress, now: Timestamp) -> Next {
    match progress.read_only_us {
        None => approach(plan, resumed, progress, now, Step::ReadOnly, Some(ahead)),
        Some(_) if !stands(plan, progress, now) => Next::Now(Act::GiveBack),
        Some(_) => approach(plan, resumed, progress, now, Step::End, None),
    }
}

/// Whether a key that reads and cancels only still has to: its campaign was not made longer since, and everything that had to be told
/// before has been told.
fn stands(plan: &CampaignPlan, progress: &Progress, now: Timestamp) -> bool {
    let told = |telling: &Telling| progress.told.get(&telling.code()).is_some_and(|told| !told.failed);
    plan.read_only <= now && before(plan, Step::ReadOnly).all(|telling| told(&telling))
}

/// What must be told before a step, in order.
fn before(plan: &CampaignPlan, step: Step) -> impl Iterator<Item = Telling> + '_ {
    let first: &[Telling] = match step {
        Step::ReadOnly => &[Telling::Announced, Telling::Opened],
        Step::End => &[Telling::ReadOnly],
    };
    let reminders = plan.reminders.iter().map(move |span| Telling::Reminded(step, *span));
    first.iter().copied().chain(reminders)
}

fn approach(
    plan: &CampaignPlan,
    resumed: Resumed,
    progress: &Progress,
    now: Timestamp,
    step: Step,
    ahead: Option<Span>,
) -> Next {
    let base = match (step, progress.read_only_us) {
        (Step::End, Some(since)) => {
            // Whoever came to a halt late has as much time until the end as all others.
            let gap = plan.ends.micros_since(plan.read_only);
            plan.ends.max(Timestamp::from_micros(since).plus_micros(gap))
        }
        _ => plan.read_only,
    };
    let mut date = base;
    let mut last = None;
    for telling in before(plan, step) {
        let lead = match telling {
            Telling::Announced => ahead.map_or(0, Span::as_micros),
            Telling::Opened | Telling::ReadOnly => 0,
            Telling::Reminded(_, span) => span.as_micros(),
        };
        let due = match telling {
            Telling::Announced => plan.announce,
            Telling::Opened => plan.opens,
            Telling::ReadOnly => now,
            Telling::Reminded(..) => date.plus_micros(-lead),
        };
        // A reminder of a date that has been put off since reminds of nothing.
        let outdated =
            |told: &Told| matches!(telling, Telling::Reminded(..)) && told.names_us < base.as_micros();
        match progress.told.get(&telling.code()) {
            Some(told) if told.failed => return Next::Waits,
            Some(told) if !outdated(told) => match told.told_us {
                None => return Next::Waits,
                Some(at) => {
                    date = date.max(Timestamp::from_micros(at).plus_micros(lead));
                    last = Some((telling, lead, at, told.names_us));
                }
            },
            _ if now >= due => return Next::Now(Act::Tell(telling, date.max(now.plus_micros(lead)))),
            _ => return Next::At(due),
        }
    }
    // The day named went by while the campaign was paused: nobody is cut without having been reminded of the new one.
    if let (Some(resumed), Some((telling, lead, at, names))) = (resumed.map(Timestamp::as_micros), last)
        && resumed > names
        && at < resumed
    {
        return Next::Now(Act::Tell(telling, date.max(now.plus_micros(lead))));
    }
    match step {
        _ if now < date => Next::At(date),
        Step::ReadOnly => {
            let gap = plan.ends.micros_since(plan.read_only);
            Next::Now(Act::ReadOnly(plan.ends.max(now.plus_micros(gap))))
        }
        Step::End => Next::Now(Act::End),
    }
}

#[cfg(test)]
mod tests;
