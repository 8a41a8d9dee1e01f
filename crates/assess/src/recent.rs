//! Ids seen lately: a copy of a request is counted once, in bounded memory.

use siphasher::sip::SipHasher13;
use std::collections::{HashSet, VecDeque};
use std::hash::Hasher as _;

/// Ids remembered.
pub(crate) const REMEMBERED: usize = 65_536;

#[derive(Debug, Default)]
pub(crate) struct Recent {
    order: VecDeque<u64>,
    known: HashSet<u64>,
}

impl Recent {
    /// Whether this id is new among the last ones.
    pub(crate) fn is_new(&mut self, id: &str) -> bool {
        let mut hasher = SipHasher13::new();
        hasher.write(id.as_bytes());
        let hash = hasher.finish();
        if !self.known.insert(hash) {
            return false;
        }
        self.order.push_back(hash);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_long_ago_is_forgotten() {
        let mut recent = Recent::default();
        assert!(recent.is_new("a") && !recent.is_new("a"));
        for n in 0..REMEMBERED {
            assert!(recent.is_new(&n.to_string()));
        }
        assert_eq!(recent.len(), REMEMBERED);
        assert!(recent.is_new("a"), "forgotten by now");
    }
}
