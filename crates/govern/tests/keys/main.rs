//! The life of keys through the service, on SQLite: what is written, what is refused, what never shows.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod bench;
mod changes;
mod ends;
mod escapes;
mod makes;

#[path = "../support/world.rs"]
mod world;
