//! How many connections one neighbourhood holds: nobody may take every place.
//!
//! A neighbourhood is a /24 or a /48, as with the limiter of failures. Trusted hops carry everybody's connections and
//! are not counted. Memory is bounded by the connections open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use sumun_model::{Prefix, prefix};

/// Connections open, by neighbourhood.
#[derive(Debug)]
pub(crate) struct Sources {
    /// 0: no limit.
    max: usize,
    exempt: Vec<Prefix>,
    open: Mutex<HashMap<Prefix, usize>>,
}

/// One connection's place in its neighbourhood's share, given back when dropped. `None`: not counted.
#[derive(Debug)]
pub(crate) struct Held(Option<(Arc<Sources>, Prefix)>);

impl Sources {
    pub(crate) fn new(max: usize, exempt: &[Prefix]) -> Arc<Self> {
        Arc::new(Self { max, exempt: exempt.to_vec(), open: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Prefix, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place; `None`: the neighbourhood holds its share already.
    pub(crate) fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Held> {
        let peer = prefix::canonical(peer);
        if self.max == 0 || self.exempt.iter().any(|hop| hop.contains(peer)) {
            return Some(Held(None));
        }
        let neighbourhood = Prefix::neighbourhood(peer);
        let mut open = self.lock();
        let count = open.entry(neighbourhood).or_insert(0);
        if *count >= self.max {
            return None;
        }
        *count += 1;
        Some(Held(Some((Arc::clone(self), neighbourhood))))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some((sources, neighbourhood)) = self.0.take() else { return };
        let mut open = sources.lock();
        if let Some(count) = open.get_mut(&neighbourhood) {
            *count -= 1;
            if *count == 0 {
                open.remove(&neighbourhood);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(sources: &Arc<Sources>, peer: &str) -> Option<Held> {
        sources.enter(peer.parse().unwrap())
    }

    #[test]
    fn a_share_is_of_the_neighbourhood_and_comes_back() {
        let sources = Sources::new(2, &["10.0.0.0/8".parse().unwrap()]);
        let first = enter(&sources, "203.0.113.1").unwrap();
        let _second = enter(&sources, "::ffff:203.0.113.200").unwrap();
        assert!(enter(&sources, "203.0.113.3").is_none());
        let _other = enter(&sources, "198.51.100.1").unwrap();
        let hops: Vec<_> = (0..5).map(|_| enter(&sources, "10.1.2.3").unwrap()).collect();
        assert_eq!((hops.len(), sources.lock().len()), (5, 2));
        drop(first);
        assert!(enter(&sources, "203.0.113.3").is_some());
        let _six = [enter(&sources, "2001:db8:1::1").unwrap(), enter(&sources, "2001:db8:1:2::1").unwrap()];
        assert!(enter(&sources, "2001:db8:1:3::1").is_none());
        assert!(enter(&sources, "2001:db8:2::1").is_some());
    }

    #[test]
    fn nothing_is_kept_of_who_left_and_zero_is_no_limit() {
        let sources = Sources::new(1, &[]);
        drop(enter(&sources, "203.0.113.1").unwrap());
        assert!(sources.lock().is_empty());
        let none = Sources::new(0, &[]);
        let held: Vec<_> = (0..100).map(|_| enter(&none, "203.0.113.1").unwrap()).collect();
        assert_eq!((held.len(), none.lock().len()), (100, 0));
    }
}
