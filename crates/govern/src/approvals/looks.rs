//! When each person first opened an approval here, so that how long somebody looked is the server's to say and not his browser's.
//!
//! Kept by this process and not in the record: what is decided is, with how long was looked. What this process cannot have seen (it began later)
//! it does not doubt.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use sumun_model::Timestamp;

/// First looks remembered: a day of several hundred approvals, each opened by ten people.
const LOOKS_MAX: usize = 10_000;

/// First looks since this process began.
#[derive(Debug)]
pub(crate) struct Looks {
    began: Timestamp,
    first: Mutex<BTreeMap<(String, String), Timestamp>>,
}

impl Looks {
    /// None yet.
    pub(crate) fn from(began: Timestamp) -> Self {
        Self { began, first: Mutex::default() }
    }

    /// This person opened this approval now.
    pub(crate) fn opened(&self, approval: &str, principal: &str, now: Timestamp) {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let look = (approval.to_owned(), principal.to_owned());
        if first.contains_key(&look) {
            return;
        }
        if first.len() >= LOOKS_MAX {
            let oldest = first.iter().min_by_key(|(_, at)| **at).map(|(look, _)| look.clone());
            oldest.and_then(|oldest| first.remove(&oldest));
        }
        first.insert(look, now);
    }

    /// Since when he looked, of what he says: never from before he first opened it here, and nothing where he did not open it though this
    /// process would have seen it.
    pub(crate) fn since(&self, approval: &str, principal: &str, said: Timestamp) -> Option<Timestamp> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        match first.get(&(approval.to_owned(), principal.to_owned())) {
            Some(first) => Some(said.max(*first)),
            None => (said < self.began).then_some(said),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_looked_longer_than_he_had_it_open() {
        let at = |s: i64| Timestamp::from_micros(s * 1_000_000);
        let looks = Looks::from(at(100));
        looks.opened("P1", "user:alice", at(200));
        looks.opened("P1", "user:alice", at(300));
        let since = |approval, said| looks.since(approval, "user:alice", at(said));
        assert_eq!(since("P1", 150), Some(at(200)), "said to be longer than it was open");
        assert_eq!(since("P1", 250), Some(at(250)), "opened again later");
        assert_eq!(since("P2", 150), None, "never opened here");
        assert_eq!(since("P2", 50), Some(at(50)), "before this process began");
        assert_eq!(looks.since("P1", "user:bert", at(250)), None, "somebody else opened it");
        for n in 0..=LOOKS_MAX {
            looks.opened(&format!("Q{n}"), "user:alice", at(400));
        }
        assert_eq!(looks.first.lock().unwrap().len(), LOOKS_MAX);
    }
}
