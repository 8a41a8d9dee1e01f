//! How many files this process may have open, and how many connections fit into that.
//!
//! Many systems start a process with a soft limit of 1024 for the sake of old programs and a hard one far above it. A
//! connection of a client costs one descriptor and one more towards the exchange.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors kept for all but clients: logs, spool, listeners, the keys file, the runtime.
const OTHERS: u64 = 256;
/// Descriptors of one client's connection: its own, and the one to the exchange.
const PER_CONNECTION: u64 = 2;

/// The most this process may have open; `None` if there is no limit.
#[must_use]
pub fn hard_limit() -> Option<u64> {
    getrlimit(Resource::Nofile).maximum
}

/// Takes all that the hard limit allows; returns how many descriptors there are now, `None` if there is no limit.
#[must_use]
pub fn raise() -> Option<u64> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where the system has a still lower one of its own, what was there stays.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    getrlimit(Resource::Nofile).current
}

/// How many connections may be served, of those asked for; and what to say if it is fewer.
#[must_use]
pub fn connections(asked: usize, descriptors: Option<u64>) -> (usize, Option<String>) {
    let Some(descriptors) = descriptors else { return (asked, None) };
    let fit = (descriptors.saturating_sub(OTHERS) / PER_CONNECTION).max(1);
    let fit = usize::try_from(fit).unwrap_or(usize::MAX);
    if asked <= fit {
        return (asked, None);
    }
    let needed = OTHERS + PER_CONNECTION * asked as u64;
    let says = format!(
        "is {asked}, but at most {fit} connections fit into the {descriptors} files this process may open; raise its hard \
         limit to {needed} (`ulimit -Hn`, `LimitNOFILE=` of systemd), or ask for fewer"
    );
    (fit, Some(says))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_fit_or_it_is_said_how_many() {
        assert_eq!(connections(16_384, None), (16_384, None));
        assert_eq!(connections(16_384, Some(256 + 2 * 16_384)), (16_384, None));
        let (fit, says) = connections(16_384, Some(256 + 2 * 16_384 - 1));
        assert_eq!(fit, 16_383);
        assert!(says.unwrap().contains("raise its hard limit to 33024"));
        assert_eq!(connections(16_384, Some(1024)).0, 384);
        // One at a time is better than none.
        assert_eq!(connections(16_384, Some(0)).0, 1);
    }

    #[test]
    fn raising_takes_what_may_be_had() {
        let now = raise();
        assert!(now.is_none() || now == hard_limit() || cfg!(not(target_os = "linux")));
    }
}
