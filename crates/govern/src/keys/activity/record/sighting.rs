//! What a line of the log says of a key's use.

use super::names::{CLIENT_BYTES_MAX, ROUTE_BYTES_MAX, cut};
use std::net::IpAddr;
use sumun_model::wire::{AccessLine, Verdict};
use sumun_model::{Effect, KeyId, Timestamp, prefix};

/// A validly signed request, as far as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// By which key.
    pub key: KeyId,
    /// The line's place in the event log, from 1.
    pub position: u64,
    /// When.
    pub at: Timestamp,
    /// From where.
    pub address: IpAddr,
    /// What its client calls itself.
    pub client: Option<String>,
    /// Method and route.
    pub route: Option<String>,
    /// What it does.
    pub effect: Option<Effect>,
    /// Whether it went through.
    pub passed: bool,
}

/// What a line says of its key's use; none without a valid signature, a key or an address, and for messages on an open stream,
/// which carry no signature of their own.
#[must_use]
pub fn sighting_of(line: &AccessLine, position: u64) -> Option<Sighting> {
    let (Some(key), Some(address), true) = (&line.key, line.ip, crate::owner::seen::signed(line)) else {
        return None;
    };
    if line.method.as_deref() == Some("MESSAGE") {
        return None;
    }
    let route = match (line.method.as_deref(), line.route.as_deref()) {
        (Some(method), Some(route)) => Some(cut(&format!("{method} {route}"), ROUTE_BYTES_MAX)),
        (_, Some(route)) => Some(cut(route, ROUTE_BYTES_MAX)),
        _ => None,
    };
    // What was refused in name only went through.
    let passed = line.verdict == Some(Verdict::Allow) || line.enforced == Some(false);
    Some(Sighting {
        key: key.clone(),
        position,
        at: line.ts,
        address: prefix::canonical(address),
        client: line.agent.as_deref().map(|agent| cut(agent, CLIENT_BYTES_MAX)),
        route,
        effect: line.effect,
        passed,
    })
}
