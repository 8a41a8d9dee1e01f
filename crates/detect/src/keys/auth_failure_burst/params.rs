//! The numbers of A8, with units and where they come from. Nothing else.

use serde::{Deserialize, Serialize};
use sumun_model::wire::event::Reliability;

/// Numbers of the policy file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// The registered side counts as in use meanwhile within so many seconds. 1800, as in A4.
    pub meanwhile_s: u32,
    /// Clocks further apart than this differ, milliseconds. 500: NTP keeps tens, a mobile line adds a hundred or two.
    pub clock_ms: i64,
    /// Turns (registered, foreign, registered) that prove a second hand where the program is another one. 1.
    pub turns_other_client: u16,
    /// And where it is the same: two lines of one home may take turns by themselves. 3.
    pub turns_same_client: u16,
    /// Strength at first sight, thousandths. 2500.
    pub in_use_milli: i32,
    /// Strength once seen on `repeat_days` days. 3500.
    pub repeated_milli: i32,
    /// Days for that. 3.
    pub repeat_days: u16,
    /// Addresses asked for in a day; more are a flood by whoever has the secret, and one question covers them. 8.
    pub asked_per_day: u16,
    /// Length of a day, seconds. 86400; a demo compresses it.
    pub day_s: u32,
    /// After an edit of the allowlist nothing is held against the key for so long, seconds. 86400.
    pub edited_s: u32,
    /// An owner's answer is about the addresses asked for within so many seconds before it. 7 days.
    pub answer_s: u32,
    /// Strength of the owner's denial, thousandths. 3500.
    pub denied_milli: i32,
    /// Least reliability of a report that speaks for the owner. `C`; none told counts as enough, since only the venue reports.
    pub reliability_least: Reliability,
    /// Strength of a valid request refused for its clock, thousandths. 100.
    pub clock_milli: i32,
    /// Refusals of valid requests that make a burst. 10 (CrowdSec's slow shape).
    pub burst: u16,
    /// Seconds in which one of them is forgotten. 60.
    pub burst_leak_s: u32,
    /// Strength of a burst, thousandths. 300.
    pub burst_milli: i32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            meanwhile_s: 1_800,
            clock_ms: 500,
            turns_other_client: 1,
            turns_same_client: 3,
            in_use_milli: 2_500,
            repeated_milli: 3_500,
            repeat_days: 3,
            asked_per_day: 8,
            day_s: 86_400,
            edited_s: 86_400,
            answer_s: 7 * 86_400,
            denied_milli: 3_500,
            reliability_least: Reliability::C,
            clock_milli: 100,
            burst: 10,
            burst_leak_s: 60,
            burst_milli: 300,
        }
    }
}
