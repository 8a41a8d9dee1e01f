//! What may be done to a key in which state, under which measure, and what it becomes.
//!
//! One pure function over three closed lists. `tests/data/transitions.tsv` holds its answer for every combination, refused
//! ones too, so a new state, measure or action does not pass unseen. Who may act is asked elsewhere.

use crate::refusal::{Refusal, RefusalKind};
use sumun_model::{ExpiryCause, KeyState, Measure};

/// What can be done to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// One of its steps is approved.
    Approve,
    /// It is not granted.
    Reject,
    /// It becomes usable; its secret is shown.
    Issue,
    /// It may do less, or from fewer places.
    Narrow,
    /// It may do more, or from more places.
    Widen,
    /// A new key takes its place.
    Rotate,
    /// Staff cut it off but for cancelling.
    Suspend,
    /// Staff give it back.
    Lift,
    /// Cut on suspicion, for a time.
    Hold,
    /// The hold ends by decision.
    Release,
    /// The hold ends at its due time.
    Lapse,
    /// The ladder watches it: nothing is taken away, and what was is given back.
    Watch,
    /// The ladder warns its owner; what was taken away is given back.
    Warn,
    /// The ladder asks for identity and control anew.
    Reverify,
    /// The ladder ends the measure in force.
    Clear,
    /// Two persons end it, or policy on hard evidence.
    Expire,
    /// Its secret was seen where it should not be.
    Leak,
    /// Its owner ends it.
    Revoke,
    /// Its time, or its overlap with the key that took its place, is over.
    RunOut,
}

impl Action {
    /// Every action.
    pub const ALL: &'static [Self] = &[
        Self::Approve,
        Self::Reject,
        Self::Issue,
        Self::Narrow,
        Self::Widen,
        Self::Rotate,
        Self::Suspend,
        Self::Lift,
        Self::Hold,
        Self::Release,
        Self::Lapse,
        Self::Watch,
        Self::Warn,
        Self::Reverify,
        Self::Clear,
        Self::Expire,
        Self::Leak,
        Self::Revoke,
        Self::RunOut,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Issue => "issue",
            Self::Narrow => "narrow",
            Self::Widen => "widen",
            Self::Rotate => "rotate",
            Self::Suspend => "suspend",
            Self::Lift => "lift",
            Self::Hold => "hold",
            Self::Release => "release",
            Self::Lapse => "lapse",
            Self::Watch => "watch",
            Self::Warn => "warn",
            Self::Reverify => "reverify",
            Self::Clear => "clear",
            Self::Expire => "expire",
            Self::Leak => "leak",
            Self::Revoke => "revoke",
            Self::RunOut => "run_out",
        }
    }

    /// The action of the ladder that leads to this measure, or out of all.
    #[must_use]
    pub const fn to_measure(measure: Option<Measure>) -> Self {
        match measure {
            None => Self::Clear,
            Some(Measure::Monitor) => Self::Watch,
            Some(Measure::Warn) => Self::Warn,
            Some(Measure::Hold) => Self::Hold,
            Some(Measure::Reverify) => Self::Reverify,
            Some(Measure::Expire) => Self::Expire,
        }
    }

    /// The cause of the end it brings, if it brings one. A rotated key runs out with the cause `rotated`.
    #[must_use]
    pub const fn cause(self) -> Option<ExpiryCause> {
        match self {
            Self::Expire => Some(ExpiryCause::Forced),
            Self::Leak => Some(ExpiryCause::Leaked),
            Self::Revoke => Some(ExpiryCause::Owner),
            Self::RunOut => Some(ExpiryCause::Natural),
            _ => None,
        }
    }
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub state: KeyState,
    /// The measure in force.
    pub measure: Option<Measure>,
    /// Under a hold, the measure that was in force before it and is taken up again after it; none otherwise.
    pub before_hold: Option<Measure>,
}

impl Standing {
    /// After a hold a key is watched at least: it never stands lower than before the suspicion.
    #[must_use]
    pub fn after_hold(self) -> Measure {
        self.before_hold.unwrap_or(Measure::Monitor).max(Measure::Monitor)
    }
}

/// What becomes of a key there by that action.
///
/// # Errors
/// `key_ended`, `key_rejected`, `key_state`, `measure_in_force`, `no_hold`.
pub fn apply(standing: Standing, action: Action) -> Result<Standing, Refusal> {
    let (state, measure) = next(standing, action)?;
    let before_hold = match action {
        Action::Hold => standing.measure,
        _ => standing.before_hold,
    };
    Ok(Standing { state, measure, before_hold: before_hold.filter(|_| measure == Some(Measure::Hold)) })
}

fn next(standing: Standing, action: Action) -> Result<(KeyState, Option<Measure>), Refusal> {
    let Standing { state, measure, .. } = standing;
    match state {
        KeyState::Expired => Err(ended()),
        KeyState::Rejected => Err(rejected()),
        KeyState::Requested => match action {
            Action::Approve => Ok((state, measure)),
            Action::Reject => Ok((KeyState::Rejected, measure)),
            Action::Issue if measure == Some(Measure::Expire) => Err(in_force(Measure::Expire, action)),
            Action::Issue => Ok((KeyState::Active, measure)),
            Action::Revoke | Action::RunOut => Ok((KeyState::Expired, measure)),
            _ => Err(wrong_state(state, action)),
        },
        KeyState::Active | KeyState::Suspended => living(standing, action),
    }
}

fn living(standing: Standing, action: Action) -> Result<(KeyState, Option<Measure>), Refusal> {
    let Standing { state, measure, .. } = standing;
    let suspended = state == KeyState::Suspended;
    match action {
        Action::Approve | Action::Reject | Action::Issue => Err(wrong_state(state, action)),
        // Less is always allowed, and so is every end.
        Action::Narrow => Ok((state, measure)),
        Action::Expire => Ok((KeyState::Expired, Some(Measure::Expire))),
        Action::Leak | Action::Revoke | Action::RunOut => Ok((KeyState::Expired, measure)),
        Action::Suspend if measure == Some(Measure::Expire) => Err(in_force(Measure::Expire, action)),
        Action::Suspend if !suspended => Ok((KeyState::Suspended, measure)),
        Action::Suspend => Err(wrong_state(state, action)),
        Action::Lift if !suspended => Err(wrong_state(state, action)),
        Action::Lift if measure == Some(Measure::Expire) => Err(in_force(Measure::Expire, action)),
        Action::Lift => Ok((KeyState::Active, measure)),
        Action::Widen | Action::Rotate if suspended => Err(wrong_state(state, action)),
        // A warned key stays as wide as it is: the warning asks for less, not more. It may be rotated: the warning goes along.
        Action::Widen => match measure {
            None | Some(Measure::Monitor) => Ok((state, measure)),
            Some(other) => Err(in_force(other, action)),
        },
        Action::Rotate => match measure {
            // A control test asks for it; what is outstanding goes along.
            None | Some(Measure::Monitor | Measure::Warn | Measure::Reverify) => Ok((state, measure)),
            Some(other) => Err(in_force(other, action)),
        },
        Action::Hold => match measure {
            None | Some(Measure::Monitor | Measure::Warn) => Ok((state, Some(Measure::Hold))),
            Some(other) => Err(in_force(other, action)),
        },
        Action::Watch | Action::Warn | Action::Reverify if measure == Some(Measure::Expire) => {
            Err(in_force(Measure::Expire, action))
        }
        Action::Watch => Ok((state, Some(Measure::Monitor))),
        Action::Warn => Ok((state, Some(Measure::Warn))),
        Action::Reverify => Ok((state, Some(Measure::Reverify))),
        Action::Clear => match measure {
            Some(Measure::Expire) => Err(in_force(Measure::Expire, action)),
            Some(_) => Ok((state, None)),
            None => Err(Refusal::new(
                RefusalKind::Conflict,
                "no_measure",
                "no measure is in force on the key",
                "nothing has to be ended; look at its timeline for what was",
            )),
        },
        Action::Release | Action::Lapse => match measure {
            Some(Measure::Hold) => Ok((state, Some(standing.after_hold()))),
            _ => Err(Refusal::new(
                RefusalKind::Conflict,
                "no_hold",
                "the key is not held",
                "nothing has to be released; look at its timeline for who released it and when",
            )),
        },
    }
}

fn ended() -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "key_ended",
        "the key has ended, and no way leads back",
        "access returns only as a new key: request one",
    )
}

fn rejected() -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "key_rejected",
        "the key was never granted, and no way leads out of that",
        "read the reason on its timeline and request a new key that answers it",
    )
}

fn wrong_state(state: KeyState, action: Action) -> Refusal {
    let remedy = match (state, action) {
        (KeyState::Requested, Action::Narrow | Action::Widen) => {
            "revoke the request and make a new one with the scopes and addresses that are wanted"
        }
        (
            KeyState::Requested,
            Action::Expire
            | Action::Suspend
            | Action::Hold
            | Action::Watch
            | Action::Warn
            | Action::Reverify
            | Action::Leak,
        ) => "nothing can be done with it yet: reject it instead",
        (KeyState::Requested, _) => "wait until it is approved and issued",
        (KeyState::Suspended, Action::Suspend) => "nothing has to be done: it is cut off already",
        (KeyState::Suspended, Action::Widen | Action::Rotate) => "have the suspension lifted first",
        (_, Action::Lift) => "nothing has to be lifted: the key is not suspended",
        _ => "the key is in use already: change it, rotate it or end it",
    };
    Refusal::new(
        RefusalKind::Conflict,
        "key_state",
        format!("a key that is `{state}` cannot take the action `{}`", action.as_str()),
        remedy,
    )
}

fn in_force(measure: Measure, action: Action) -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "measure_in_force",
        format!(
            "the measure `{measure}` is in force on the key, which excludes the action `{}`",
            action.as_str()
        ),
        "end the measure first, or answer what it asks for; the key's timeline and its notice say what that is",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = include_str!("../../tests/data/transitions.tsv");

    /// `hold/warn` is a hold of a key that was warned before.
    fn words(standing: Standing) -> String {
        let measure = standing.measure.map_or("-", Measure::as_str);
        match standing.before_hold {
            Some(before) => format!("{}\t{measure}/{before}", standing.state),
            None => format!("{}\t{measure}", standing.state),
        }
    }

    fn said(standing: Standing, action: Action) -> String {
        match apply(standing, action) {
            Ok(after) => words(after),
            Err(refusal) => format!("refused\t{}", refusal.code),
        }
    }

    fn every() -> impl Iterator<Item = (Standing, Action)> {
        let plain = std::iter::once(None).chain(Measure::ALL.iter().copied().map(Some));
        let held = [Measure::Monitor, Measure::Warn].map(|before| (Some(Measure::Hold), Some(before)));
        let measures: Vec<_> = plain.map(|measure| (measure, None)).chain(held).collect();
        KeyState::ALL.iter().flat_map(move |state| {
            measures.clone().into_iter().flat_map(move |(measure, before_hold)| {
                let standing = Standing { state: *state, measure, before_hold };
                Action::ALL.iter().map(move |action| (standing, *action))
            })
        })
    }

    /// `SUMUN_WRITE_TRANSITIONS=1` writes the table anew; read its difference before committing it.
    #[test]
    fn the_table_of_transitions_is_complete_and_true() {
        let line = |(standing, action): (Standing, Action)| {
            format!("{}\t{}\t{}", words(standing), action.as_str(), said(standing, action))
        };
        let lines: Vec<String> = every().map(line).collect();
        if std::env::var_os("SUMUN_WRITE_TRANSITIONS").is_some() {
            let head = "# state\tmeasure\taction\tbecomes\tmeasure, or why not";
            let text = format!("{head}\n{}\n", lines.join("\n"));
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/transitions.tsv"), text).unwrap();
            return;
        }
        let table: Vec<&str> =
            TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        for line in &lines {
            assert!(table.contains(&line.as_str()), "no such line in transitions.tsv: {line}");
        }
        assert_eq!(table.len(), lines.len(), "transitions.tsv has lines of no state, measure or action");
    }

    /// A hold erases nothing: whatever stood before it stands again after it.
    #[test]
    fn a_hold_gives_back_the_measure_before_it() {
        for measure in [None, Some(Measure::Monitor), Some(Measure::Warn)] {
            let before = Standing { state: KeyState::Active, measure, before_hold: None };
            let held = apply(before, Action::Hold).unwrap();
            let suspended = apply(held, Action::Suspend).unwrap();
            for (held, end) in [(held, Action::Release), (suspended, Action::Lapse)] {
                let after = apply(held, end).unwrap();
                assert_eq!(after.measure, measure.max(Some(Measure::Monitor)), "{before:?} {end:?}");
                assert_eq!(after.before_hold, None);
            }
        }
    }

    #[test]
    fn terminal_is_terminal() {
        for (standing, action) in every().filter(|(standing, _)| standing.state.is_terminal()) {
            assert!(apply(standing, action).is_err(), "{standing:?} {action:?}");
        }
    }

    /// What passes, as a naive set: bit 0 cancel, 1 read, 2 the rest. By no action but issue, lift, release, lapse
    /// and the ladder's way down does a key pass more than before.
    #[test]
    fn a_measure_never_widens() {
        fn passes(standing: Standing) -> u8 {
            match (standing.state, standing.measure) {
                (KeyState::Active, Some(Measure::Hold | Measure::Reverify)) => 0b011,
                (_, Some(Measure::Expire)) => 0,
                (KeyState::Active, _) => 0b111,
                (KeyState::Suspended, _) => 0b001,
                _ => 0,
            }
        }
        for (before, action) in every() {
            let Ok(after) = apply(before, action) else { continue };
            let gives_back = [
                Action::Issue,
                Action::Lift,
                Action::Release,
                Action::Lapse,
                Action::Watch,
                Action::Warn,
                Action::Clear,
            ];
            if !gives_back.contains(&action) {
                assert_eq!(passes(after) & !passes(before), 0, "{before:?} {action:?} {after:?}");
            }
        }
    }
}
