//! When a call is made again. Time and chance come in as arguments.

/// How often, and how soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// About how long is waited after the first failure, milliseconds.
    pub first_ms: u64,
    /// The longest wait before somebody is told, milliseconds.
    pub max_ms: u64,
    /// After so many failures somebody is told.
    pub attempts: u32,
    /// How often it is tried on after that, seconds; 0: only when asked to.
    pub again_s: u64,
}

impl Default for Retry {
    fn default() -> Self {
        // 250 ms, doubled to 30 s: the twelfth failure is about two and a half minutes after the first.
        Self { first_ms: 250, max_ms: 30_000, attempts: 12, again_s: 300 }
    }
}

impl Retry {
    /// How long is waited after so many failures, microseconds; none: somebody has been told, and it is tried only when asked to.
    /// Half of the wait is drawn, so that many keys do not come back at once.
    #[must_use]
    pub fn wait_us(&self, failures: u32, draw: u64) -> Option<u64> {
        let whole_ms = if failures >= self.attempts {
            match self.again_s {
                0 => return None,
                seconds => seconds.saturating_mul(1_000),
            }
        } else {
            let doubled = self.first_ms.saturating_mul(1 << failures.saturating_sub(1).min(40));
            doubled.min(self.max_ms)
        };
        let whole = whole_ms.saturating_mul(1_000);
        let half = whole / 2;
        Some(half + draw % (whole - half + 1))
    }

    /// Whether somebody is to be told after so many failures.
    #[must_use]
    pub const fn shouts(&self, failures: u32) -> bool {
        failures >= self.attempts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_a_bound_and_never_fall_below_half() {
        let retry = Retry { first_ms: 100, max_ms: 1_000, attempts: 6, again_s: 60 };
        let least: Vec<_> = (1..8).map(|failures| retry.wait_us(failures, 0).unwrap() / 1_000).collect();
        assert_eq!(least, [50, 100, 200, 400, 500, 30_000, 30_000]);
        assert_eq!(Retry { again_s: 0, ..retry }.wait_us(6, 0), None);
        assert_eq!(Retry { again_s: 0, ..retry }.wait_us(5, 0), Some(500_000));
    }

    proptest::proptest! {
        #[test]
        fn no_wait_is_longer_than_its_bound(failures in 1_u32..80, draw in proptest::num::u64::ANY) {
            let retry = Retry::default();
            let bound = if failures < retry.attempts { retry.max_ms * 1_000 } else { retry.again_s * 1_000_000 };
            let wait = retry.wait_us(failures, draw).unwrap();
            proptest::prop_assert!(wait <= bound && wait > 0);
        }
    }
}
