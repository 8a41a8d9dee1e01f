//! Waiting for something to become true, with a deadline; never for time to pass.

use std::time::{Duration, Instant};

/// Longest wait for anything, two busy cores considered.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const POLL: Duration = Duration::from_millis(10);

/// Looks until there is something, and returns it.
///
/// # Panics
/// There never was; says what was waited for.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain for {what}");
        std::thread::sleep(POLL);
    }
}
