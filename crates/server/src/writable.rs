//! Whether the database takes writes, for readiness: reads may go on for hours while every write waits.
//!
//! Asked beside the look, which never waits for it: a database whose lock somebody else holds answers after ten seconds or not at all.

use std::sync::{Arc, Mutex, PoisonError};
use sumun_model::Timestamp;
use sumun_store::Store;

/// A write waits its turn for milliseconds, and behind a large import for a second or two, microseconds.
const WAIT_US_MAX: i64 = 5_000_000;

/// What was found by those who asked.
#[derive(Debug, Default)]
pub(crate) struct Writable(Mutex<Found>);

#[derive(Debug, Default)]
struct Found {
    /// Since when somebody asks and has no answer.
    asked: Option<Timestamp>,
    /// Since when there were only answers that it takes none, and the last of them.
    refused: Option<(Timestamp, String)>,
}

impl Found {
    /// What is wrong, in words, as of now.
    fn trouble(&self, now: Timestamp) -> Option<String> {
        let seconds = |since: Timestamp| now.micros_since(since).max(0) / 1_000_000;
        if let Some((since, cause)) = &self.refused {
            return Some(format!("answers, and has taken no write for {} s: {cause}", seconds(*since)));
        }
        let since = self.asked.filter(|since| now.micros_since(*since) > WAIT_US_MAX)?;
        Some(format!("answers, and has taken no write for {} s: whoever writes waits", seconds(since)))
    }

    fn answered(&mut self, answer: Result<(), String>) {
        let since = self.asked.take();
        self.refused = match (answer, since) {
            (Err(cause), Some(since)) => Some((self.refused.take().map_or(since, |(first, _)| first), cause)),
            _ => None,
        };
    }
}

impl Writable {
    /// What is wrong as far as is known, in words; has it asked anew.
    pub(crate) fn look(self: &Arc<Self>, store: &Store, now: Timestamp) -> Option<String> {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let trouble = found.trouble(now);
        if found.asked.is_none() {
            found.asked = Some(now);
            let (this, store) = (Arc::clone(self), store.clone());
            tokio::spawn(async move {
                let answer = store.writable().await.map_err(|error| error.to_string());
                this.0.lock().unwrap_or_else(PoisonError::into_inner).answered(answer);
            });
        }
        trouble
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_waits_long_is_told_and_so_is_one_that_was_refused_until_one_is_taken() {
        let at = |s: i64| Timestamp::from_seconds(1_800_000_000 + s).unwrap();
        let mut found = Found { asked: Some(at(0)), refused: None };
        assert_eq!((found.trouble(at(5)), found.trouble(at(6)).is_some()), (None, true));
        found.answered(Err("database is locked".to_owned()));
        found.asked = Some(at(11));
        found.answered(Err("database is locked".to_owned()));
        let told = "answers, and has taken no write for 12 s: database is locked".to_owned();
        assert_eq!(found.trouble(at(12)), Some(told));
        found.asked = Some(at(21));
        assert!(found.trouble(at(22)).is_some(), "until one is taken");
        found.answered(Ok(()));
        assert_eq!(found.trouble(at(22)), None);
    }
}
