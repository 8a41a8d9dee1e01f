//! What is remembered of one address, one client, one route. As text each is a list: names of fields would be half of a record.
//! Names are cut on reading, too: they are what notes are told apart by.

use super::names::{CLIENT_BYTES_MAX, NETWORK_BYTES_MAX, ROUTE_BYTES_MAX, cut, cut_network};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use sumun_model::Effect;

/// An address, and what came from it. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "SourceParts", into = "SourceParts")]
pub struct SourceNote {
    /// The address.
    pub address: IpAddr,
    /// Its network's name, once it was looked up.
    pub network: Option<String>,
    /// Its network's country.
    pub country: Option<String>,
    /// First seen.
    pub first_us: i64,
    /// Last seen.
    pub last_us: i64,
    /// What went through.
    pub uses: u32,
    /// What was refused.
    pub refused: u32,
}

type SourceParts = (IpAddr, Option<String>, Option<String>, i64, i64, u32, u32);

impl From<SourceParts> for SourceNote {
    fn from((address, network, country, first_us, last_us, uses, refused): SourceParts) -> Self {
        let network = network.map(|network| cut_network(&network, NETWORK_BYTES_MAX));
        Self { address, network, country, first_us, last_us, uses, refused }
    }
}

impl From<SourceNote> for SourceParts {
    fn from(note: SourceNote) -> Self {
        (note.address, note.network, note.country, note.first_us, note.last_us, note.uses, note.refused)
    }
}

/// A client, and what came with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(String, i64, i64, u32)", into = "(String, i64, i64, u32)")]
pub struct ClientNote {
    /// What it calls itself.
    pub client: String,
    /// First seen.
    pub first_us: i64,
    /// Last seen.
    pub last_us: i64,
    /// What went through.
    pub uses: u32,
}

impl ClientNote {
    /// With what another note says of the same one.
    pub(super) fn take(&mut self, other: &Self) {
        (self.first_us, self.last_us) = (self.first_us.min(other.first_us), self.last_us.max(other.last_us));
        self.uses = self.uses.saturating_add(other.uses);
    }
}

impl From<(String, i64, i64, u32)> for ClientNote {
    fn from((client, first_us, last_us, uses): (String, i64, i64, u32)) -> Self {
        Self { client: cut(&client, CLIENT_BYTES_MAX), first_us, last_us, uses }
    }
}

impl From<ClientNote> for (String, i64, i64, u32) {
    fn from(note: ClientNote) -> Self {
        (note.client, note.first_us, note.last_us, note.uses)
    }
}

/// A route, and what was asked of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(String, Option<Effect>, i64, u32)", into = "(String, Option<Effect>, i64, u32)")]
pub struct RouteNote {
    /// Method and route.
    pub route: String,
    /// What it does.
    pub effect: Option<Effect>,
    /// Last seen.
    pub last_us: i64,
    /// What went through.
    pub uses: u32,
}

impl RouteNote {
    /// With what another note says of the same one.
    pub(super) fn take(&mut self, other: &Self) {
        (self.last_us, self.effect) = (self.last_us.max(other.last_us), self.effect.or(other.effect));
        self.uses = self.uses.saturating_add(other.uses);
    }
}

impl From<(String, Option<Effect>, i64, u32)> for RouteNote {
    fn from((route, effect, last_us, uses): (String, Option<Effect>, i64, u32)) -> Self {
        Self { route: cut(&route, ROUTE_BYTES_MAX), effect, last_us, uses }
    }
}

impl From<RouteNote> for (String, Option<Effect>, i64, u32) {
    fn from(note: RouteNote) -> Self {
        (note.route, note.effect, note.last_us, note.uses)
    }
}
