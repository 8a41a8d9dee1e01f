//! Who may hold a connection: so many in all, so many from one place, and some kept for gates.
//!
//! Whoever holds connections and does nothing must not keep a gate from hearing that a key has ended. When the common places
//! are taken, one of those kept for gates is given; whoever asks there for anything but a gate's things, or is not let in,
//! is sent away with his connection closed.

use http::StatusCode;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use sumun_model::{Prefix, prefix};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Connections of anyone: people, a back end, and every gate's feed.
    pub(crate) common: usize,
    /// Connections kept for gates, once the common ones are taken.
    pub(crate) gates: usize,
    /// From one source; trusted hops have no limit.
    pub(crate) per_source: usize,
}

/// 2048 in all. A gate takes two or three; an office behind one address some dozens.
pub(crate) const SIZES: Sizes = Sizes { common: 1536, gates: 512, per_source: 256 };

/// The owner's listener: browsers, none of them a gate's.
pub(crate) const OWNER_SIZES: Sizes = Sizes { common: 1024, gates: 0, per_source: 128 };

/// The places there are.
#[derive(Debug)]
pub(crate) struct Room {
    sizes: Sizes,
    common: Arc<Semaphore>,
    gates: Arc<Semaphore>,
    sources: Mutex<HashMap<IpAddr, usize>>,
}

/// Why nobody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// That source has as many as it may.
    Source,
    /// All are taken.
    All,
}

/// A place; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    /// It is one of those kept for gates.
    pub(crate) for_gates: bool,
    source: Option<IpAddr>,
    room: Arc<Room>,
    _permit: OwnedSemaphorePermit,
}

impl Room {
    pub(crate) fn new(sizes: Sizes) -> Arc<Self> {
        Arc::new(Self {
            sizes,
            common: Arc::new(Semaphore::new(sizes.common)),
            gates: Arc::new(Semaphore::new(sizes.gates)),
            sources: Mutex::default(),
        })
    }

    /// A place for a connection from this address.
    pub(crate) fn enter(self: &Arc<Self>, peer: IpAddr, trusted: &[Prefix]) -> Result<Place, Full> {
        let peer = prefix::canonical(peer);
        let source = (!trusted.iter().any(|hop| hop.contains(peer))).then(|| source(peer));
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let held = source.and_then(|source| sources.get(&source).copied()).unwrap_or_default();
        if held >= self.sizes.per_source {
            return Err(Full::Source);
        }
        let (permit, for_gates) = match Arc::clone(&self.common).try_acquire_owned() {
            Ok(permit) => (permit, false),
            Err(_) => (Arc::clone(&self.gates).try_acquire_owned().map_err(|_| Full::All)?, true),
        };
        if let Some(source) = source {
            sources.insert(source, held + 1);
        }
        Ok(Place { for_gates, source, room: Arc::clone(self), _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(source) = self.source else { return };
        let mut sources = self.room.sources.lock().unwrap_or_else(PoisonError::into_inner);
        match sources.get_mut(&source) {
            Some(held) if *held > 1 => *held -= 1,
            _ => {
                sources.remove(&source);
            }
        }
    }
}

/// One customer of a provider: an address of IPv4, a /64 of IPv6.
fn source(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            [a, b, c, d, 0, 0, 0, 0].into()
        }
    }
}

/// Where events are handed in; gates do, and the exchange's back end.
pub(crate) const EVENTS_PATH: &str = "/v1/events";

/// Where gates tell when everything passed at them.
pub(crate) const BYPASSES_PATH: &str = "/v1/feed/bypasses";

/// Whether gates ask for this.
pub(crate) fn is_gates(path: &str) -> bool {
    matches!(path, "/v1/feed" | "/v1/feed/acknowledgements" | BYPASSES_PATH | "/v1/gates/enrol" | EVENTS_PATH)
}

/// Whether a connection in a place kept for gates ends with this answer.
pub(crate) fn ends_with(status: StatusCode) -> bool {
    !status.is_success()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> Arc<Room> {
        Room::new(Sizes { common: 4, gates: 2, per_source: 3 })
    }

    fn at(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_source_takes_so_many_and_a_trusted_hop_any_number() {
        let (room, hops) = (room(), ["10.0.0.0/8".parse().unwrap()]);
        let places: Vec<_> = (0..3).map(|_| room.enter(at("192.0.2.1"), &hops).unwrap()).collect();
        assert_eq!(room.enter(at("192.0.2.1"), &hops).unwrap_err(), Full::Source);
        assert_eq!(room.enter(at("::ffff:192.0.2.1"), &hops).unwrap_err(), Full::Source);
        drop(places);
        let _one = room.enter(at("2001:db8::1"), &hops).unwrap();
        let _two = room.enter(at("2001:db8::2"), &hops).unwrap();
        let _three = room.enter(at("2001:db8::ffff:3"), &hops).unwrap();
        assert_eq!(room.enter(at("2001:db8::4"), &hops).unwrap_err(), Full::Source, "one /64");
        let _other = room.enter(at("2001:db8:0:1::4"), &hops).unwrap();
        let _hops: Vec<_> = (0..2).map(|_| room.enter(at("10.1.2.3"), &hops).unwrap()).collect();
        assert_eq!(
            room.sources.lock().unwrap().len(),
            2,
            "who has gone is forgotten, and hops are not counted"
        );
    }

    #[test]
    fn when_the_common_places_are_taken_gates_have_their_own() {
        let room = room();
        let common: Vec<_> = (1..5).map(|n| room.enter([192, 0, 2, n].into(), &[]).unwrap()).collect();
        assert!(common.iter().all(|place| !place.for_gates));
        let kept: Vec<_> = (5..7).map(|n| room.enter([192, 0, 2, n].into(), &[]).unwrap()).collect();
        assert!(kept.iter().all(|place| place.for_gates));
        assert_eq!(room.enter(at("192.0.2.9"), &[]).unwrap_err(), Full::All);
        drop(common);
        assert!(!room.enter(at("192.0.2.9"), &[]).unwrap().for_gates);
    }
}
