//! What is said once a minute, however often strangers bring it about. So much is remembered and no more.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use sumun_model::Timestamp;

/// How long it is no news.
const QUIET_US: i64 = 60_000_000;
/// Most that is remembered: beyond, a minute says nothing of further ones.
const KNOWN_MAX: usize = 64;

/// What was said lately, and when.
#[derive(Debug, Default)]
pub(crate) struct News(Mutex<BTreeMap<String, Timestamp>>);

impl News {
    /// Whether this was not said within a minute; then it counts as said now.
    pub(crate) fn is_news(&self, what: &str, now: Timestamp) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.retain(|_, at| (0..QUIET_US).contains(&now.micros_since(*at)));
        if said.contains_key(what) || said.len() >= KNOWN_MAX {
            return false;
        }
        said.insert(what.to_owned(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_a_minute_and_not_of_more_than_so_many() {
        let news = News::default();
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        assert!(news.is_news("a", at(0)));
        assert!(!news.is_news("a", at(59)), "it was said");
        assert!(news.is_news("b", at(59)), "another one was not");
        assert!(news.is_news("a", at(60)));
        for number in 0..10_000 {
            news.is_news(&format!("made up {number}"), at(61));
        }
        assert_eq!(news.0.lock().unwrap().len(), KNOWN_MAX);
        assert!(news.is_news("c", at(121)), "a minute later there is room");
    }
}
