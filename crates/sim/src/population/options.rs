//! What a world is made of: seed, days, how many keys of each sort, which kinds.

use super::mix::Kind;
use sumun_model::Timestamp;

/// Most days one world may last: a year and a leap day.
pub const DAYS_MAX: u32 = 366;
/// Most keys of one sort.
pub const KEYS_MAX: u32 = 1_000_000;
/// Most activity, in thousandths.
pub const ACTIVITY_PERMILLE_MAX: u32 = 10_000;

/// What to simulate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Every draw follows from it.
    pub seed: u64,
    /// The first instant of the world.
    pub start: Timestamp,
    /// How many days.
    pub days: u32,
    /// How many keys of honest kinds.
    pub clean: u32,
    /// How many keys of dishonest kinds.
    pub bad: u32,
    /// Only these kinds; empty: all, as the mix weighs them.
    pub kinds: Vec<Kind>,
    /// How busy keys are, in thousandths of the usual.
    pub activity_permille: u32,
    /// How many keys in a hundred sit behind a gate that learns the TLS fingerprint from its front. The others' lines have
    /// none, as our gate writes them by itself.
    pub ja4_percent: u32,
}

impl Options {
    /// A world from that instant, usual activity, all kinds.
    #[must_use]
    pub const fn new(seed: u64, start: Timestamp, days: u32, clean: u32, bad: u32) -> Self {
        Self { seed, start, days, clean, bad, kinds: Vec::new(), activity_permille: 1000, ja4_percent: 50 }
    }

    /// Whether a world can be made of this.
    ///
    /// # Errors
    /// Which number is out of its range, or which sort of key no kind given can fill.
    pub fn check(&self) -> Result<(), OptionsError> {
        let range = |what, found, least, most| {
            if (least..=most).contains(&found) {
                Ok(())
            } else {
                Err(OptionsError::OutOfRange { what, found, least, most })
            }
        };
        range("days", self.days, 1, DAYS_MAX)?;
        range("clean keys", self.clean, 0, KEYS_MAX)?;
        range("bad keys", self.bad, 0, KEYS_MAX)?;
        range("activity in thousandths", self.activity_permille, 1, ACTIVITY_PERMILLE_MAX)?;
        range("percent with a TLS fingerprint", self.ja4_percent, 0, 100)?;
        for (bad, wanted, sort) in [(false, self.clean, "clean"), (true, self.bad, "bad")] {
            let any = self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.is_bad() == bad);
            if wanted > 0 && !any {
                return Err(OptionsError::NoKind { sort, wanted });
            }
        }
        // The last line must still have a time of the wire.
        let end = self.start.as_micros().saturating_add(i64::from(DAYS_MAX) * super::DAY);
        if end >= Timestamp::MAX.as_micros() || self.start.as_micros() < 0 {
            return Err(OptionsError::Start(self.start));
        }
        Ok(())
    }
}

/// Options no world can be made of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// A number outside its range.
    #[error("{what}: `{found}` is outside {least} to {most}")]
    OutOfRange {
        /// Which.
        what: &'static str,
        /// As given.
        found: u32,
        /// Least.
        least: u32,
        /// Most.
        most: u32,
    },
    /// Keys were asked for that no kind given makes.
    #[error(
        "{wanted} {sort} keys are asked for, but none of the kinds given is {sort}; name one, or ask for none"
    )]
    NoKind {
        /// Clean or bad.
        sort: &'static str,
        /// How many.
        wanted: u32,
    },
    /// A start too early or too late.
    #[error("a world cannot start at `{0}`; name a day from 1970-01-01 on")]
    Start(Timestamp),
}
