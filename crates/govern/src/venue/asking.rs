//! What owners are asked and for how long, and how a control test is drawn: all in seconds, so that a test of ours takes some.

use super::Bounded;
use serde::{Deserialize, Serialize};

/// What owners are asked, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerRules {
    /// How long a registered address may wait for its proof; then the registration lapses.
    #[serde(default = "seconds::<1, 604_800, 900>")]
    pub address_proof_s: Bounded<1, 604_800>,
    /// How long *is it you?* waits for its answer; then it lapses, and nothing follows.
    #[serde(default = "seconds::<1, 2_592_000, 604_800>")]
    pub question_s: Bounded<1, 2_592_000>,
}

/// How a control test is drawn and judged. Fewer slots are easier to hit by luck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlTest {
    /// Slots of the stop and the start: with `n`, one in (n-2)(n-1)/2 passes by luck.
    #[serde(default = "seconds::<4, 30, 8>")]
    pub slots: Bounded<4, 30>,
    /// Length of such a slot.
    #[serde(default = "seconds::<1, 3_600, 30>")]
    pub slot_s: Bounded<1, 3_600>,
    /// The beginning of a slot that is not judged: a program takes a moment to stop and to start.
    #[serde(default = "seconds::<0, 3_599, 10>")]
    pub grace_s: Bounded<0, 3_599>,
    /// Between showing a draw and its first window: time to read.
    #[serde(default = "seconds::<0, 3_600, 20>")]
    pub lead_s: Bounded<0, 3_600>,
    /// How long a code may be sent.
    #[serde(default = "seconds::<1, 3_600, 120>")]
    pub code_s: Bounded<1, 3_600>,
    /// How long the owner has to rotate once asked to.
    #[serde(default = "seconds::<1, 86_400, 300>")]
    pub rotate_s: Bounded<1, 86_400>,
    /// Slots of the new secret's first use: one in so many is hit by luck.
    #[serde(default = "seconds::<2, 60, 6>")]
    pub first_use_slots: Bounded<2, 60>,
    /// Length of such a slot.
    #[serde(default = "seconds::<1, 3_600, 30>")]
    pub first_use_slot_s: Bounded<1, 3_600>,
    /// How long after a window what gates saw may still arrive.
    #[serde(default = "seconds::<0, 600, 5>")]
    pub settle_s: Bounded<0, 600>,
}

const fn seconds<const MIN: u32, const MAX: u32, const DEFAULT: u32>() -> Bounded<MIN, MAX> {
    const {
        match Bounded::new(DEFAULT) {
            Some(number) => number,
            None => unreachable!(),
        }
    }
}

impl Default for OwnerRules {
    fn default() -> Self {
        Self { address_proof_s: seconds::<1, 604_800, 900>(), question_s: seconds::<1, 2_592_000, 604_800>() }
    }
}

impl Default for ControlTest {
    fn default() -> Self {
        Self {
            slots: seconds::<4, 30, 8>(),
            slot_s: seconds::<1, 3_600, 30>(),
            grace_s: seconds::<0, 3_599, 10>(),
            lead_s: seconds::<0, 3_600, 20>(),
            code_s: seconds::<1, 3_600, 120>(),
            rotate_s: seconds::<1, 86_400, 300>(),
            first_use_slots: seconds::<2, 60, 6>(),
            first_use_slot_s: seconds::<1, 3_600, 30>(),
            settle_s: seconds::<0, 600, 5>(),
        }
    }
}
