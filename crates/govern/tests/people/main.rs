//! Who stands behind keys and who works here, through the service, on SQLite: what is written, refused, and never shows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod bench;
mod canaries;
mod gates;
mod parties;
mod staff;
mod vendors;
mod venue;

#[path = "../support/world.rs"]
mod world;
