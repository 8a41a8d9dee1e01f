//! The built bridge between a Kafka and a real control plane: `sumun serve` is started as anybody would start it, and the brokers are librdkafka's
//! mock cluster, which lives in the test. A real broker is not to be had here; what the mock does not do, docs/adopt/kafka.md says.
//!
//! `away` is what happens while brokers do not answer, and `tls` needs a build with that feature: `cargo xtask test --all` makes one.
//! `cluster` is the brokers, `house` a control plane with its people, `process` what is started and killed, `forward` an address that stays when
//! what is behind it moves.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic, wait for real processes, and their names say what they are"
)]

mod away;
mod check;
mod cluster;
mod forward;
mod help;
mod house;
mod page;
mod process;
mod states;
mod tap;
#[cfg(feature = "tls")]
mod tls;

use std::time::{Duration, Instant};

/// How long anything that must happen may take: far above what it takes, so that only its absence fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until something is there.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
