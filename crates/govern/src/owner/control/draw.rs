//! What is drawn, from which seed, with which chance, and what a commitment to it is.
//!
//! A commitment is the hex SHA-256 over the canonical JSON (RFC 8785) of `{"draw":…,"salt":…,"step":…,"test":…,"verification":…}`:
//! whoever has the entry that shows the draw can compute it with any tool.

use super::SEED_BYTES;
use super::step::Kind;
use crate::venue::ControlTest;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use sumun_model::code;

/// Code-bearing requests of a step that are looked at; further ones fail it. Each is one guess.
pub const CODE_TRIES_MAX: usize = 16;

/// One step's draw. Seconds count from the instant it is shown, or, for a first use, from the rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Draw {
    /// Stop at the beginning of slot `stop`, start again at the beginning of slot `start`.
    StopAndStart {
        /// Seconds until slot 0.
        lead_s: u32,
        /// How many slots.
        slots: u32,
        /// Their length.
        slot_s: u32,
        /// The beginning of each that is not judged.
        grace_s: u32,
        /// First silent slot.
        stop: u32,
        /// First slot in use again.
        start: u32,
    },
    /// A signed request that carries this code.
    Code {
        /// The code.
        code: String,
        /// Within so many seconds.
        within_s: u32,
    },
    /// A new secret, used for the first time in this slot after the rotation.
    RotateAndWatch {
        /// Rotate within so many seconds.
        rotate_s: u32,
        /// Seconds from the rotation until slot 0.
        lead_s: u32,
        /// How many slots.
        slots: u32,
        /// Their length.
        slot_s: u32,
        /// Which slot.
        slot: u32,
        /// For how many seconds after the rotation requests with the old secret count for nothing.
        grace_s: u32,
    },
}

impl Draw {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::StopAndStart { .. } => Kind::StopAndStart,
            Self::Code { .. } => Kind::Code,
            Self::RotateAndWatch { .. } => Kind::RotateAndWatch,
        }
    }

    /// Whatever somebody does who does not know the draw, he passes for at most one draw in so many.
    #[must_use]
    pub fn one_in(&self) -> u64 {
        match self {
            Self::StopAndStart { slots, .. } => blocks(*slots),
            Self::Code { .. } => (1_u64 << 40) / CODE_TRIES_MAX as u64,
            Self::RotateAndWatch { slots, .. } => u64::from(*slots),
        }
    }
}

/// A draw with the salt that hid it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// What was drawn.
    pub draw: Draw,
    /// 32 bytes, hex.
    pub salt: String,
}

/// What is committed to: which verification, test and step, from 0, and the salted draw.
#[must_use]
pub fn commitment((verification, test, step): (&str, u32, u32), opened: &Opened) -> String {
    let Opened { draw, salt } = opened;
    let value =
        json!({ "verification": verification, "test": test, "step": step, "draw": draw, "salt": salt });
    // Texts and whole numbers only: such a value has a canonical form.
    let text = sumun_ledger::Canonical::of(&value).map(sumun_ledger::Canonical::into_string);
    hex::encode(Sha256::digest(text.unwrap_or_default()))
}

/// The draws of a test, in order: the same seed, kinds and rules, the same draws.
#[must_use]
pub fn all(seed: &[u8; SEED_BYTES], kinds: &[Kind], rules: &ControlTest) -> Vec<Opened> {
    let mut stream = Stream { seed, block: 0 };
    kinds
        .iter()
        .map(|kind| {
            let draw = one(*kind, rules, &mut stream);
            Opened { draw, salt: hex::encode(stream.next()) }
        })
        .collect()
}

fn one(kind: Kind, rules: &ControlTest, stream: &mut Stream<'_>) -> Draw {
    match kind {
        Kind::StopAndStart => {
            let slots = rules.slots.get();
            let (stop, start) = block(stream.below(blocks(slots)), slots);
            Draw::StopAndStart {
                lead_s: rules.lead_s.get(),
                slots,
                slot_s: rules.slot_s.get(),
                grace_s: rules.grace_s.get(),
                stop,
                start,
            }
        }
        Kind::Code => {
            let [a, b, c, d, e, ..] = stream.next();
            Draw::Code { code: code::code([a, b, c, d, e]), within_s: rules.code_s.get() }
        }
        Kind::RotateAndWatch => {
            let slots = rules.first_use_slots.get();
            Draw::RotateAndWatch {
                rotate_s: rules.rotate_s.get(),
                lead_s: rules.lead_s.get(),
                slots,
                slot_s: rules.first_use_slot_s.get(),
                slot: u32::try_from(stream.below(u64::from(slots))).unwrap_or_default(),
                grace_s: rules.grace_s.get(),
            }
        }
    }
}

/// How many silent blocks there are that leave the first and the last slot in use.
const fn blocks(slots: u32) -> u64 {
    let inner = slots.saturating_sub(2) as u64;
    inner * (inner + 1) / 2
}

/// The block of this number: where it stops and where it starts again.
fn block(number: u64, slots: u32) -> (u32, u32) {
    let mut left = number;
    for stop in 1..slots.saturating_sub(1) {
        let ends = u64::from(slots - 1 - stop);
        if left < ends {
            return (stop, stop + 1 + u32::try_from(left).unwrap_or_default());
        }
        left -= ends;
    }
    (1, 2)
}

/// Random bytes from a seed: SHA-256 over it and a counter.
struct Stream<'a> {
    seed: &'a [u8; SEED_BYTES],
    block: u64,
}

impl Stream<'_> {
    fn next(&mut self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update("sumun-draws/1\0");
        digest.update(self.seed);
        digest.update(self.block.to_be_bytes());
        self.block += 1;
        digest.finalize().into()
    }

    /// A number below `bound`, each with the same chance: those that would favour some are drawn again.
    fn below(&mut self, bound: u64) -> u64 {
        let whole = u64::MAX - u64::MAX % bound.max(1);
        loop {
            let [a, b, c, d, e, f, g, h, ..] = self.next();
            let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
            if number < whole {
                return number % bound.max(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_block_has_one_number() {
        for slots in 4..=30 {
            let all: BTreeSet<_> = (0..blocks(slots)).map(|number| block(number, slots)).collect();
            assert_eq!(all.len() as u64, blocks(slots));
            assert!(
                all.iter()
                    .all(|(stop, start)| (1..slots - 1).contains(stop) && stop < start && *start < slots)
            );
        }
        assert_eq!(blocks(8), 21);
    }

    #[test]
    fn a_commitment_is_what_the_document_says() {
        let opened =
            Opened { draw: Draw::Code { code: "SUMUN-00000000".into(), within_s: 60 }, salt: "00".into() };
        let text = r#"{"draw":{"code":"SUMUN-00000000","kind":"code","within_s":60},"salt":"00","step":2,"test":1,"verification":"V1"}"#;
        assert_eq!(commitment(("V1", 1, 2), &opened), hex::encode(Sha256::digest(text)));
    }

    #[test]
    fn draws_spread_evenly() {
        let rules = ControlTest::default();
        let mut counts = std::collections::BTreeMap::new();
        for number in 0..4_200_u32 {
            let mut seed = [0; SEED_BYTES];
            seed[..4].copy_from_slice(&number.to_be_bytes());
            let drawn = all(&seed, &[Kind::StopAndStart], &rules);
            let Draw::StopAndStart { stop, start, .. } = drawn[0].draw else { panic!("another kind") };
            *counts.entry((stop, start)).or_insert(0_u32) += 1;
        }
        // 200 each on average, 14 standard deviation.
        assert_eq!(counts.len(), 21);
        assert!(counts.values().all(|count| (130..=270).contains(count)), "{counts:?}");
    }
}
