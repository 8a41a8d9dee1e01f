//! Upbit's exchange API.
//!
//! [`token`] reads and verifies the JWT, [`bind`] ties it to the parameters received, [`message`] reads what clients
//! ask of the private stream. Routes, stream types and refusals are data files, embedded and read once; a test
//! holds each of them to its rules, so that reading them cannot fail later.

mod bind;
mod message;
mod permission;
mod token;

pub(crate) use bind::{bind, candidates};
pub(crate) use message::read_message;
pub(crate) use permission::permission;
pub(crate) use token::{Token, hash_start};

use crate::refusal::RefusalTable;
use crate::route::RouteTable;
use message::StreamTable;
use std::sync::LazyLock;

/// The routes.
#[expect(clippy::expect_used, reason = "INVARIANT: the embedded file is read by this crate's tests")]
pub(crate) static ROUTES: LazyLock<RouteTable> = LazyLock::new(|| {
    RouteTable::parse(include_str!("../../data/upbit-routes.toml")).expect("upbit-routes.toml")
});

/// The refusals.
#[expect(clippy::expect_used, reason = "INVARIANT: the embedded file is read by this crate's tests")]
pub(crate) static REFUSALS: LazyLock<RefusalTable> = LazyLock::new(|| {
    RefusalTable::parse(include_str!("../../data/upbit-refusals.toml")).expect("upbit-refusals.toml")
});

/// The stream types.
#[expect(clippy::expect_used, reason = "INVARIANT: the embedded file is read by this crate's tests")]
static STREAMS: LazyLock<StreamTable> = LazyLock::new(|| {
    StreamTable::parse(include_str!("../../data/upbit-streams.toml")).expect("upbit-streams.toml")
});

#[cfg(test)]
mod tests;
