//! What a turn makes of the key's own row, and what its entry is called.

use super::standing::StandingRow;
use super::turn::alive;
use crate::keys::end::end;
use crate::keys::machine::{Action, apply};
use crate::keys::row::KeyRow;
use crate::measures::said::reason_in_both;
use crate::refusal::Refusal;
use sumun_model::finding::{Mode, Phase};
use sumun_model::{Cause, ExpiryCause, KeyState, Measure, Timestamp};
use sumun_policy::Step;

/// The key's row as it stands after the turn; none if it stands as before.
pub(super) fn moved(
    key: &KeyRow,
    next: &StandingRow,
    steps: &[Step],
    now: Timestamp,
) -> Result<Option<KeyRow>, Refusal> {
    if !alive(key) || key.measure == next.measure {
        return Ok(None);
    }
    let entered = steps.iter().rev().find(|step| {
        step.phase == Phase::Enter && step.mode == Mode::Act && Some(step.measure) == next.measure
    });
    let why = entered.map(|step| reason_in_both(&step.why));
    if next.measure == Some(Measure::Expire) {
        let leaked = entered.is_some_and(|step| step.cause == Cause::Leaked);
        let cause = if leaked { ExpiryCause::Leaked } else { ExpiryCause::Forced };
        return end(key, Action::Expire, cause, why.as_deref()).map(Some);
    }
    // Under a stricter measure a milder cut begins unseen: the key stays where it is.
    if key.measure == Some(Measure::Reverify) && next.measure == Some(Measure::Hold) {
        return Ok(None);
    }
    let mut after = key.at(apply(key.standing(), Action::to_measure(next.measure))?);
    let cut = matches!(next.measure, Some(Measure::Hold | Measure::Reverify));
    after.review_due_us = entered.and_then(|step| step.until).map(Timestamp::as_micros).filter(|_| cut);
    after.review_by = cut.then(|| "role:analyst".to_owned());
    if next.measure == Some(Measure::Hold) && after.review_due_us.is_none() {
        after.review_due_us = next.next_due_us.or(Some(now.as_micros()));
    }
    after.reason = reason(key, next.measure, why);
    Ok(Some(after))
}

/// Why it stands so. Of a suspended key it goes on saying why that is: whether somebody here suspended it is told by it, and a measure beside
/// that has its own row.
fn reason(key: &KeyRow, measure: Option<Measure>, why: Option<String>) -> Option<String> {
    match key.state {
        KeyState::Suspended => key.reason.clone(),
        _ => why.filter(|_| measure > Some(Measure::Monitor)),
    }
}

/// The class of the entry, by what its owner may know: monitoring is none of it.
pub(super) fn class(before: Option<Measure>, after: Option<Measure>, steps: &[Step]) -> &'static str {
    let visible = |measure: Option<Measure>| measure.filter(|measure| *measure > Measure::Monitor);
    match (visible(before), visible(after)) {
        (was, Some(is)) if was != Some(is) => "measure.entered",
        (Some(_), None) => "measure.left",
        _ if before != after => "measure.watched",
        _ if steps.iter().any(|step| step.mode == Mode::Propose) => "measure.proposed",
        _ if !steps.is_empty() => "measure.watched",
        _ => "key.assessed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::write::tests::key;

    #[test]
    fn no_measure_says_of_a_suspended_key_that_nobody_or_somebody_here_suspended_it() {
        let why = || Some("policy (made up)".to_owned());
        for own in [None, Some("asked for by its owner (made up)".to_owned())] {
            let suspended = KeyRow { state: KeyState::Suspended, reason: own.clone(), ..key() };
            for measure in std::iter::once(None).chain(Measure::ALL.iter().copied().map(Some)) {
                assert_eq!(reason(&suspended, measure, why()), own, "{measure:?}");
                assert_eq!(reason(&suspended, measure, None), own, "{measure:?}");
            }
        }
        assert_eq!(reason(&key(), Some(Measure::Warn), why()), why());
        assert_eq!(reason(&key(), Some(Measure::Monitor), why()), None);
    }
}
