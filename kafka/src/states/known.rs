//! What the topic holds of each key: the version and place of its newest state. An older one is never written behind a newer one.

use std::collections::BTreeMap;

/// A state in the topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) version: i64,
    pub(super) partition: i32,
    pub(super) offset: i64,
}

/// What is to be done with a state that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is newer than what is known.
    Write,
    /// It stands there already.
    Stands(Place),
    /// A newer one stands there.
    Older(Place),
}

/// Of all keys.
#[derive(Debug, Default)]
pub(super) struct Known {
    keys: BTreeMap<String, Place>,
    /// Messages that are no states.
    strange: u64,
}

impl Known {
    /// What is to be done with this version of a key's state.
    pub(super) fn fate(&self, key: &str, version: i64) -> Fate {
        match self.keys.get(key) {
            Some(place) if place.version > version => Fate::Older(*place),
            Some(place) if place.version == version => Fate::Stands(*place),
            _ => Fate::Write,
        }
    }

    /// It stands in the topic. An older one that somebody else wrote behind a newer one changes nothing.
    pub(super) fn note(&mut self, key: &str, place: Place) {
        match self.keys.get_mut(key) {
            Some(known) if known.version > place.version => {}
            Some(known) => *known = place,
            None => {
                self.keys.insert(key.to_owned(), place);
            }
        }
    }

    /// Somebody removed it from the topic: whatever comes next is new.
    pub(super) fn forget(&mut self, key: &str) {
        self.keys.remove(key);
    }

    /// A message that is no state.
    pub(super) const fn strange(&mut self) {
        self.strange = self.strange.saturating_add(1);
    }

    /// Keys, and messages that are no states.
    pub(super) fn counts(&self) -> (usize, u64) {
        (self.keys.len(), self.strange)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_wins() {
        let place = |version, offset| Place { version, partition: 0, offset };
        let mut known = Known::default();
        assert_eq!(known.fate("K1", 1), Fate::Write);
        known.note("K1", place(3, 7));
        known.note("K1", place(2, 8));
        assert_eq!(known.fate("K1", 4), Fate::Write);
        assert_eq!(known.fate("K1", 3), Fate::Stands(place(3, 7)));
        assert_eq!(known.fate("K1", 2), Fate::Older(place(3, 7)));
        assert_eq!(known.fate("K2", 1), Fate::Write);
        known.forget("K1");
        assert_eq!((known.fate("K1", 1), known.counts()), (Fate::Write, (0, 0)));
    }
}
