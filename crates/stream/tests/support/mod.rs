//! What the campaigns share: how long they run.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

pub mod log_world;
pub mod spool_world;

/// Multiplies a quick run by `SUMUN_CAMPAIGN_CASES` (default 1).
pub fn cases(quick: u32) -> u32 {
    let factor = std::env::var("SUMUN_CAMPAIGN_CASES").ok().and_then(|text| text.parse().ok());
    quick.saturating_mul(factor.unwrap_or(1))
}

/// A property configuration that keeps no files: the seed storage and the operations are in the message.
pub fn config(quick: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config {
        cases: cases(quick),
        failure_persistence: None,
        ..proptest::test_runner::Config::default()
    }
}
