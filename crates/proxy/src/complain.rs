//! Warnings that a stranger can cause: at most one line a second of each kind, the rest counted.
//!
//! A line names the whole chain of causes. Never here: what a request held.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};

/// One line of a kind in this time, microseconds: a disk of logs lasts, and nobody reads faster.
const EVERY_US: u64 = 1_000_000;

/// One kind of warning.
#[derive(Debug, Default)]
pub(crate) struct Complaint {
    /// When a line was last written; 0: never.
    last_us: AtomicU64,
    suppressed: AtomicU64,
}

impl Complaint {
    /// Whether a line may be written now, by the monotonic clock; if so, how many were not since the last.
    pub(crate) fn due(&self, now_us: u64) -> Option<u64> {
        let last = self.last_us.load(Ordering::Relaxed);
        let early = last != 0 && now_us.saturating_sub(last) < EVERY_US;
        if early || self.last_us.compare_exchange(last, now_us, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            self.suppressed.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(self.suppressed.swap(0, Ordering::Relaxed))
    }
}

/// Every kind.
#[derive(Debug, Default)]
pub(crate) struct Complaints {
    /// A trusted hop passed on what cannot be read.
    pub(crate) hop: Complaint,
    /// The exchange did not answer a request.
    pub(crate) upstream: Complaint,
    /// The exchange opened no stream.
    pub(crate) stream: Complaint,
    /// A connection could not be accepted.
    pub(crate) accept: Complaint,
}

/// An error and its causes, each said once.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_second_and_the_others_counted() {
        let complaint = Complaint::default();
        let start = 1 << 40;
        assert_eq!(complaint.due(start), Some(0));
        for n in 1..=5 {
            assert_eq!(complaint.due(start + n), None);
        }
        assert_eq!(complaint.due(start + EVERY_US), Some(5));
        assert_eq!(complaint.due(start + EVERY_US + 1), None);
        assert_eq!(complaint.due(start + 3 * EVERY_US), Some(1));
    }

    #[test]
    fn causes_are_named_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("no connection")]
        struct Outer(#[source] std::io::Error);
        let inner = std::io::Error::other("refused");
        assert_eq!(chain(&Outer(inner)), "no connection: refused");
    }
}
