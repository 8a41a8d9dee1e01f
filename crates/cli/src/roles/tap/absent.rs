//! When to say that there is nothing to follow: no file fits, most often because a path is mistyped.
//!
//! At once if that is so when the tap begins, and again seldom; of files that were there only after a minute, since a rotation may
//! leave none for a moment.

/// Files that were there may be gone for so long before it is said, microseconds.
const PATIENCE_US: i64 = 60_000_000;
/// So often it is said again.
const AGAIN_US: i64 = 600_000_000;

/// What is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Say {
    /// There is no file.
    Nothing,
    /// There is one again, or at last.
    There,
}

/// Since when there is none, and when that was said.
#[derive(Debug, Default)]
pub(super) struct Absent {
    ever_there: bool,
    since: Option<i64>,
    said: Option<i64>,
}

impl Absent {
    /// What is to be said after a look that found so many, if anything.
    pub(super) fn looked(&mut self, found: u64, now_us: i64) -> Option<Say> {
        if found > 0 {
            self.since = None;
            self.ever_there = true;
            return self.said.take().map(|_| Say::There);
        }
        let since = *self.since.get_or_insert(now_us);
        let due = match self.said {
            Some(said) => now_us.saturating_sub(said) >= AGAIN_US,
            None => !self.ever_there || now_us.saturating_sub(since) >= PATIENCE_US,
        };
        if due {
            self.said = Some(now_us);
        }
        due.then_some(Say::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: i64 = 1_000_000;

    #[test]
    fn a_path_that_names_nothing_is_told_at_once_and_a_rotation_is_not() {
        let mut absent = Absent::default();
        let mut at = |found, s: i64| absent.looked(found, s * SECOND_US);
        assert_eq!([at(0, 0), at(0, 1), at(0, 599)], [Some(Say::Nothing), None, None]);
        assert_eq!([at(0, 600), at(2, 601), at(2, 602)], [Some(Say::Nothing), Some(Say::There), None]);
        assert_eq!([at(0, 603), at(1, 604), at(0, 700), at(0, 759)], [None; 4], "rotated");
        assert_eq!([at(0, 760), at(1, 800)], [Some(Say::Nothing), Some(Say::There)]);
    }
}
