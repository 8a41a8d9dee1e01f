//! The front as its clients meet it: real requests through the routes, govern and a store of its own behind them.

#![expect(clippy::unwrap_used, clippy::unreachable, reason = "a test stops at the first surprise")]

mod authorization;
mod bench;
mod bypasses;
mod cookies;
mod document;
mod events;
mod exposures;
mod feed;
mod imports;
mod key_page;
mod keys;
mod live;
mod overview;
mod own;
mod owners;
mod pages;
mod parties;
mod ramp;
mod record;
mod refusals;
mod seen_by_owners;
mod serving;
mod signing_in;
mod truths;
mod vendors;

#[path = "../../../govern/tests/support/world.rs"]
mod world;
