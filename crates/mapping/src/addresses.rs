//! Whether the addresses in a log look like clients' at all: behind a balancer, a log easily has the balancer's.
//!
//! That is the commonest mistake with an access log, and it makes every key look used from one place. Bounded: a few counters find any
//! address that more than a ninth of the lines have (Misra and Gries, 1982), told a little too low, never too high.

use serde::Serialize;
use std::net::IpAddr;
use sumun_model::wire::Line;

/// Counters kept.
const COUNTERS: usize = 8;

/// Addresses of a log, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Addresses {
    /// Lines with an address.
    pub lines: u64,
    /// Of these, addresses of private networks, loopback or link-local: hops of one's own, seldom clients.
    pub private: u64,
    /// Addresses that may be common, with at least how many lines each has.
    common: Vec<(IpAddr, u64)>,
}

impl Addresses {
    pub(crate) fn note(&mut self, line: &Line) {
        let ip = match line {
            Line::Access(line) => line.ip,
            Line::Session(line) => line.ip,
            _ => None,
        };
        let Some(ip) = ip else { return };
        self.lines += 1;
        self.private += u64::from(is_private(ip));
        if let Some((_, count)) = self.common.iter_mut().find(|(known, _)| *known == ip) {
            *count += 1;
        } else if self.common.len() < COUNTERS {
            self.common.push((ip, 1));
        } else {
            self.common.iter_mut().for_each(|(_, count)| *count -= 1);
            self.common.retain(|(_, count)| *count > 0);
        }
    }

    /// The address that at least half of a hundred lines or more have, and of how many in a hundred, at least.
    #[must_use]
    pub fn dominant(&self) -> Option<(IpAddr, u64)> {
        let (ip, count) = self.common.iter().max_by_key(|(_, count)| *count)?;
        (self.lines >= 100 && count * 2 >= self.lines).then(|| (*ip, count * 100 / self.lines))
    }
}

const fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let shared = matches!(v4.octets(), [100, second, ..] if second & 0xc0 == 64);
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_model::wire::{Origin, parse_line};

    fn counted(ips: impl IntoIterator<Item = String>) -> Addresses {
        let mut addresses = Addresses::default();
        for ip in ips {
            let text = format!(r#"{{"type":"access","id":"a","ts":"2026-11-20T00:00:00Z","ip":"{ip}"}}"#);
            addresses.note(&parse_line(Origin { source_name: "t", line: 1 }, &text).unwrap());
        }
        addresses
    }

    #[test]
    fn a_balancer_s_address_is_noticed_and_many_clients_are_not() {
        let clients = |n: u32| (0..n).map(|n| format!("203.0.{}.{}", n / 256 % 256, n % 256));
        let behind = counted((0..900).map(|_| "10.0.0.5".to_owned()).chain(clients(100)));
        assert_eq!((behind.private, behind.lines), (900, 1000));
        let (ip, percent) = behind.dominant().unwrap();
        assert_eq!(ip.to_string(), "10.0.0.5");
        assert!((80..=90).contains(&percent), "{percent}");
        assert_eq!(counted(clients(5000)).dominant(), None);
        assert_eq!(counted((0..50).map(|_| "203.0.113.7".to_owned())).dominant(), None, "too few to say");
    }
}
