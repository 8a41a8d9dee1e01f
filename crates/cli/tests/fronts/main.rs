//! Real nginx and real Envoy in front of an exchange, asking a real gate, with the configuration of `docs/adopt/fronts`: what
//! passes, what is refused, and what happens effect by effect while the gate is dead.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic, wait for real processes, and their names say what they are"
)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../crash/stage/mod.rs"]
mod stage;

#[path = "../record/house.rs"]
#[allow(dead_code, reason = "several test binaries share it; each uses what it needs")]
mod house;

#[path = "../record_campaign/apart/plane.rs"]
#[allow(dead_code, reason = "two test binaries share it; each uses what it needs")]
mod plane;

mod bypass;
mod envoy;
mod envoy_grpc;
mod front;
mod kills;
mod nginx;
mod relay;
mod site;
mod step_back;
