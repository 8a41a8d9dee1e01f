//! A piece of evidence as fusion keeps it: the stronger of what decayed and what is new, and the days on which it was said.

use super::item::Word;
use super::moment::HOUR_US;
use serde::{Deserialize, Serialize};
use sumun_model::{Evidence, Timestamp, Weights, score};

/// Days remembered for [`Evidence::days`].
const DAYS: i64 = 32;
/// A piece that has decayed to less than a thousandth of a nat says nothing any more.
const LEAST_MILLI: f64 = 1.0;

/// One detector's and code's word on a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Piece {
    pub(crate) is: Evidence,
    /// Bit n: spoke n days before `day`.
    days: u32,
    /// Day of engine time (UTC) of its latest word.
    day: i64,
}

fn day_of(now: Timestamp) -> i64 {
    now.as_micros().div_euclid(24 * HOUR_US)
}

/// A piece's strength now, thousandths; what fusion and policy see of it alone.
pub(crate) fn strength(piece: &Evidence, weights: &Weights, now: Timestamp) -> f64 {
    // A family of one piece below its cap is that piece, decayed.
    score::strength_milli(std::slice::from_ref(piece), piece.family, weights, now)
}

impl Piece {
    pub(crate) fn new(word: &Word, now: Timestamp) -> Self {
        let is = Evidence {
            detector: word.detector.to_owned(),
            code: word.code.clone(),
            family: word.family,
            cause: word.cause,
            llr_milli: word.llr_milli,
            at: now,
            signal: word.signal,
            days: 1,
        };
        Self { is, days: 1, day: day_of(now) }
    }

    /// Whether this is the piece of that word.
    pub(crate) fn is_of(&self, word: &Word) -> bool {
        self.is.detector == word.detector && self.is.code == word.code
    }

    /// The detector spoke again. A word that does not accuse takes back what was said before.
    pub(crate) fn again(&mut self, word: &Word, weights: &Weights, now: Timestamp) {
        let today = day_of(now);
        let passed = today.saturating_sub(self.day);
        self.days = if passed >= DAYS { 0 } else { self.days << passed.max(0) } | 1;
        self.day = today;
        let new = f64::from(word.llr_milli);
        if word.llr_milli <= 0 || new >= strength(&self.is, weights, now) {
            self.is.cause = word.cause;
            self.is.llr_milli = word.llr_milli;
            self.is.at = now;
            self.is.signal = word.signal;
        }
        self.is.days = u8::try_from(self.days.count_ones()).unwrap_or(u8::MAX);
    }

    /// As policy sees it now.
    pub(crate) fn seen(&self, now: Timestamp) -> Evidence {
        let passed = day_of(now).saturating_sub(self.day).clamp(0, DAYS);
        let days = if passed >= DAYS { 0 } else { self.days << passed };
        Evidence { days: u8::try_from(days.count_ones()).unwrap_or(u8::MAX), ..self.is.clone() }
    }

    /// Whether it still says anything.
    pub(crate) fn speaks(&self, weights: &Weights, now: Timestamp) -> bool {
        libm::fabs(strength(&self.is, weights, now)) >= LEAST_MILLI
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_model::{Cause, Family, FindingId};

    fn word(llr_milli: i32, signal: u8) -> Word {
        Word {
            detector: "key.x@1",
            family: Family::Origin,
            code: "x".to_owned(),
            cause: Cause::Lent,
            llr_milli,
            signal: FindingId::of([signal; 16]),
            hard: None,
        }
    }

    fn day(n: i64) -> Timestamp {
        Timestamp::from_micros(n * 24 * HOUR_US)
    }

    #[test]
    fn the_stronger_of_decayed_and_new_stays() {
        let weights = Weights::default();
        let mut piece = Piece::new(&word(2_000, 1), day(0));
        piece.again(&word(900, 2), &weights, day(1));
        assert_eq!((piece.is.llr_milli, piece.is.at, piece.is.days), (2_000, day(0), 2));
        // After seven days half is left.
        piece.again(&word(1_000, 3), &weights, day(7));
        assert_eq!((piece.is.llr_milli, piece.is.at, piece.is.days), (1_000, day(7), 3));
        assert_eq!(piece.is.signal, FindingId::of([3; 16]));
        piece.again(&word(-500, 4), &weights, day(8));
        assert_eq!(piece.is.llr_milli, -500, "an exoneration takes back");
        assert_eq!(piece.seen(day(9)).days, 4);
        assert_eq!(piece.seen(day(8 + 31)).days, 1, "only days within the last 32 count");
        assert_eq!(piece.seen(day(8 + 32)).days, 0);
        piece.again(&word(10, 5), &weights, day(100));
        assert_eq!(piece.is.days, 1);
        assert!(!piece.speaks(&weights, day(200)));
    }
}
