//! What should be true of a key at the exchange, and the action that makes it so.

use serde::{Deserialize, Serialize};
use sumun_model::{Effect, KeyState, Measure};

/// How far a key is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// As it was granted.
    Live,
    /// Only reading and cancelling.
    Held,
    /// Only cancelling, where the exchange can tell it from the rest.
    Suspended,
    /// Not at all, for good.
    Ended,
}

/// What is asked of the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionName {
    /// Serve it again.
    Restore,
    /// Let only reading and cancelling through.
    Hold,
    /// Stop serving it for now.
    Suspend,
    /// End it for good.
    Expire,
}

impl Target {
    /// Every one, from the widest to the narrowest.
    pub const ALL: [Self; 4] = [Self::Live, Self::Held, Self::Suspended, Self::Ended];

    /// What a key's state and the measure in force ask for; none of a key that was never granted.
    #[must_use]
    pub const fn of(state: KeyState, measure: Option<Measure>) -> Option<Self> {
        match (state, measure) {
            (KeyState::Requested | KeyState::Rejected, _) => None,
            (KeyState::Expired, _) | (_, Some(Measure::Expire)) => Some(Self::Ended),
            (KeyState::Suspended, _) => Some(Self::Suspended),
            (KeyState::Active, Some(Measure::Hold | Measure::Reverify)) => Some(Self::Held),
            (KeyState::Active, None | Some(Measure::Monitor | Measure::Warn)) => Some(Self::Live),
        }
    }

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Held => "held",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
        }
    }

    /// What brings a key there.
    #[must_use]
    pub const fn action(self) -> ActionName {
        match self {
            Self::Live => ActionName::Restore,
            Self::Held => ActionName::Hold,
            Self::Suspended => ActionName::Suspend,
            Self::Ended => ActionName::Expire,
        }
    }

    /// Whether it takes something away.
    #[must_use]
    pub const fn cuts(self) -> bool {
        !matches!(self, Self::Live)
    }

    /// Whether a request of this effect may still succeed. An effect that nobody named counts as none of them, but for a key that is
    /// only cut in part nothing is said of it.
    #[must_use]
    pub const fn passes(self, effect: Option<Effect>) -> bool {
        match (self, effect) {
            (Self::Live, _) | (Self::Held | Self::Suspended, None) => true,
            (Self::Held, Some(effect)) => matches!(effect, Effect::Read | Effect::Cancel),
            (Self::Suspended, Some(effect)) => matches!(effect, Effect::Cancel),
            (Self::Ended, _) => false,
        }
    }

    /// The effects that pass, by their words.
    #[must_use]
    pub const fn effects(self) -> &'static [&'static str] {
        match self {
            Self::Live => &["read", "cancel", "order", "transfer"],
            Self::Held => &["read", "cancel"],
            Self::Suspended => &["cancel"],
            Self::Ended => &[],
        }
    }

    /// The key's state in the wire's words (WIRE 2).
    #[must_use]
    pub const fn state(self) -> KeyState {
        match self {
            Self::Live | Self::Held => KeyState::Active,
            Self::Suspended => KeyState::Suspended,
            Self::Ended => KeyState::Expired,
        }
    }
}

impl ActionName {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Restore, Self::Hold, Self::Suspend, Self::Expire];

    /// The word, as the file has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::Hold => "hold",
            Self::Suspend => "suspend",
            Self::Expire => "expire",
        }
    }

    /// What takes it back; an end is never taken back.
    #[must_use]
    pub const fn reverse(self) -> Option<Self> {
        match self {
            Self::Hold | Self::Suspend => Some(Self::Restore),
            Self::Restore | Self::Expire => None,
        }
    }

    /// What it makes true.
    #[must_use]
    pub const fn target(self) -> Target {
        match self {
            Self::Restore => Target::Live,
            Self::Hold => Target::Held,
            Self::Suspend => Target::Suspended,
            Self::Expire => Target::Ended,
        }
    }
}

/// Why, as one word that tells an exchange enough and nobody more: the cause of an end, the measure in force, else the target.
#[must_use]
pub fn reason(target: Target, measure: Option<&str>, cause: Option<&str>) -> String {
    match target {
        Target::Ended => cause.unwrap_or("expired").to_owned(),
        Target::Held => measure.unwrap_or("hold").to_owned(),
        Target::Suspended => "suspended".to_owned(),
        Target::Live => "restored".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_and_measure_has_its_line() {
        let mut table = String::new();
        for state in KeyState::ALL.iter().copied() {
            for measure in [None].into_iter().chain(Measure::ALL.iter().copied().map(Some)) {
                let target = Target::of(state, measure).map_or("-", Target::as_str);
                let measure = measure.map_or("-", Measure::as_str);
                table.push_str(&format!("{:<10} {measure:<9} {target}\n", state.as_str()));
            }
        }
        insta::assert_snapshot!(table, @r"
        requested  -         -
        requested  monitor   -
        requested  warn      -
        requested  hold      -
        requested  reverify  -
        requested  expire    -
        active     -         live
        active     monitor   live
        active     warn      live
        active     hold      held
        active     reverify  held
        active     expire    ended
        suspended  -         suspended
        suspended  monitor   suspended
        suspended  warn      suspended
        suspended  hold      suspended
        suspended  reverify  suspended
        suspended  expire    ended
        expired    -         ended
        expired    monitor   ended
        expired    warn      ended
        expired    hold      ended
        expired    reverify  ended
        expired    expire    ended
        rejected   -         -
        rejected   monitor   -
        rejected   warn      -
        rejected   hold      -
        rejected   reverify  -
        rejected   expire    -
        ");
    }

    #[test]
    fn a_narrower_target_never_lets_more_through() {
        for effect in Effect::ALL.iter().copied() {
            let passes: Vec<bool> = Target::ALL.iter().map(|target| target.passes(Some(effect))).collect();
            assert!(passes.windows(2).all(|pair| pair[0] >= pair[1]), "{effect:?} {passes:?}");
            for target in Target::ALL {
                assert_eq!(target.passes(Some(effect)), target.effects().contains(&effect.as_str()));
            }
        }
        for action in ActionName::ALL {
            assert_eq!(action.target().action(), action);
        }
    }
}
