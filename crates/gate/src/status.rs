//! State, measure and what else narrows a key in one word, so that a revocation is one store.

use sumun_model::{Effect, KeyState, Measure, Reason, Timestamp};

/// A key's state, the measure in force on it, and whether it waits for its owner's registration, packed into 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Where the key stands.
    pub state: KeyState,
    /// What overlays it.
    pub measure: Option<Measure>,
    /// Whether only reading and cancelling pass because its owner has not registered who uses it. No measure, and no suspicion.
    pub registration_due: bool,
}

impl Status {
    /// An active key without a measure.
    pub const ACTIVE: Self = Self { state: KeyState::Active, measure: None, registration_due: false };

    /// Whether no way leads out of it.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        self.state.is_terminal() || matches!(self.measure, Some(Measure::Expire))
    }

    /// Whether everything it lets pass, the other lets pass too.
    #[must_use]
    pub fn no_wider_than(self, other: Self) -> bool {
        let (far, now) = (Timestamp::from_micros(1), Timestamp::from_micros(0));
        let passes = |status: Self, effect| status.admits(effect, far, now).is_ok();
        Effect::ALL.iter().all(|&effect| !passes(self, effect) || passes(other, effect))
    }

    pub(crate) const fn pack(self) -> u32 {
        let measure = match self.measure {
            None => 0,
            Some(measure) => measure as u32 + 1,
        };
        (self.registration_due as u32) << 16 | measure << 8 | self.state as u32
    }

    pub(crate) fn unpack(word: u32) -> Self {
        // A word that no `pack` wrote would be a fault of ours; the safe reading of it is a dead key.
        let state = KeyState::ALL.get((word & 0xff) as usize).copied().unwrap_or(KeyState::Expired);
        let measure = (word >> 8 & 0xff).checked_sub(1).and_then(|m| Measure::ALL.get(m as usize).copied());
        Self { state, measure, registration_due: word >> 16 != 0 }
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
            None | Some(Measure::Monitor | Measure::Warn | Measure::Expire) if self.registration_due => {
                reads_and_cancels_only(Reason::RegistrationRequired)
            }
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
            for (measure, registration_due) in measures().flat_map(|m| [(m, false), (m, true)]) {
                let status = Status { state, measure, registration_due };
                assert_eq!(Status::unpack(status.pack()), status);
                for &effect in Effect::ALL {
                    let passes = status.admits(effect, far, now).is_ok();
                    let living = matches!(state, KeyState::Active | KeyState::Suspended)
                        && measure != Some(Measure::Expire);
                    let cut = registration_due || matches!(measure, Some(Measure::Hold | Measure::Reverify));
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
    fn a_status_is_no_wider_than_one_that_lets_as_much_pass() {
        let of = |state, measure| Status { state, measure, registration_due: false };
        let (active, suspended) = (of(KeyState::Active, None), of(KeyState::Suspended, None));
        let (held, ended) = (of(KeyState::Active, Some(Measure::Hold)), of(KeyState::Expired, None));
        for narrower in [suspended, held, ended, of(KeyState::Active, Some(Measure::Warn))] {
            assert!(narrower.no_wider_than(active), "{narrower:?}");
        }
        assert!(
            !active.no_wider_than(suspended)
                && !active.no_wider_than(held)
                && !suspended.no_wider_than(ended)
        );
        let unregistered = Status { registration_due: true, ..active };
        assert!(unregistered.no_wider_than(held) && held.no_wider_than(unregistered));
        assert!(unregistered.no_wider_than(active) && !active.no_wider_than(unregistered));
        // A hold lets reading pass, a suspension does not.
        assert!(suspended.no_wider_than(held) && !held.no_wider_than(suspended));
    }

    #[test]
    fn a_key_ends_at_the_instant_named() {
        let end = Timestamp::from_millis(500);
        assert!(Status::ACTIVE.admits(Effect::Cancel, end, Timestamp::from_micros(499_999)).is_ok());
        assert_eq!(Status::ACTIVE.admits(Effect::Cancel, end, end), Err(Reason::KeyExpired));
    }
}
