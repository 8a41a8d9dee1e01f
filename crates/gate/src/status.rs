//! State and measure in one word, so that a revocation is one store.

use sumun_model::{Effect, KeyState, Measure, Reason, Timestamp};

/// A key's state and the measure in force on it, packed into 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Where the key stands.
    pub state: KeyState,
    /// What overlays it.
    pub measure: Option<Measure>,
}

impl Status {
    /// An active key without a measure.
    pub const ACTIVE: Self = Self { state: KeyState::Active, measure: None };

    /// Whether no way leads out of it.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        self.state.is_terminal() || matches!(self.measure, Some(Measure::Expire))
    }

    pub(crate) const fn pack(self) -> u32 {
        let measure = match self.measure {
            None => 0,
            Some(measure) => measure as u32 + 1,
        };
        measure << 8 | self.state as u32
    }

    pub(crate) fn unpack(word: u32) -> Self {
        // A word that no `pack` wrote would be a fault of ours; the safe reading of it is a dead key.
        let state = KeyState::ALL.get((word & 0xff) as usize).copied().unwrap_or(KeyState::Expired);
        let measure = (word >> 8).checked_sub(1).and_then(|m| Measure::ALL.get(m as usize).copied());
        Self { state, measure }
    }

    /// Whether the effect passes, given when the key ends by itself (DESIGN 4).
    ///
    /// # Errors
    /// The reason it does not.
    pub fn admits(self, effect: Effect, expires: Timestamp, now: Timestamp) -> Result<(), Reason> {
        let reads_and_cancels_only = |reason| match effect {
            Effect::Read | Effect::Cancel => Ok(()),
            Effect::Order | Effect::Transfer => Err(reason),
        };
        match self.state {
            KeyState::Requested | KeyState::Rejected => return Err(Reason::KeyNotActive),
            KeyState::Expired => return Err(Reason::KeyExpired),
            KeyState::Active | KeyState::Suspended => {}
        }
        if self.measure == Some(Measure::Expire) || now >= expires {
            return Err(Reason::KeyExpired);
        }
        if self.state == KeyState::Suspended && effect != Effect::Cancel {
            return Err(Reason::KeySuspended);
        }
        match self.measure {
            Some(Measure::Hold) => reads_and_cancels_only(Reason::KeyHeld),
            Some(Measure::Reverify) => reads_and_cancels_only(Reason::ReverificationRequired),
            None | Some(Measure::Monitor | Measure::Warn | Measure::Expire) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every state × measure × effect, as DESIGN 4 says it in words.
    #[test]
    fn the_table_of_what_passes() {
        let far = Timestamp::from_millis(1_000_000);
        let now = Timestamp::from_millis(1);
        let measures = || std::iter::once(None).chain(Measure::ALL.iter().copied().map(Some));
        for &state in KeyState::ALL {
            for measure in measures() {
                let status = Status { state, measure };
                assert_eq!(Status::unpack(status.pack()), status);
                for &effect in Effect::ALL {
                    let passes = status.admits(effect, far, now).is_ok();
                    let living = matches!(state, KeyState::Active | KeyState::Suspended)
                        && measure != Some(Measure::Expire);
                    let cut = matches!(measure, Some(Measure::Hold | Measure::Reverify));
                    let expected = living
                        && match effect {
                            Effect::Cancel => true,
                            Effect::Read => state == KeyState::Active,
                            Effect::Order | Effect::Transfer => state == KeyState::Active && !cut,
                        };
                    assert_eq!(passes, expected, "{status:?} {effect}");
                }
            }
        }
    }

    #[test]
    fn a_key_ends_at_the_instant_named() {
        let end = Timestamp::from_millis(500);
        assert!(Status::ACTIVE.admits(Effect::Cancel, end, Timestamp::from_micros(499_999)).is_ok());
        assert_eq!(Status::ACTIVE.admits(Effect::Cancel, end, end), Err(Reason::KeyExpired));
    }
}
