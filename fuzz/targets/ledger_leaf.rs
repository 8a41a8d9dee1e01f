//! Leaves: never a panic, and whatever is taken has no other spelling.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sumun_ledger::Leaf;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(leaf) = Leaf::parse(bytes) {
        assert_eq!(leaf.to_bytes(), bytes, "a leaf has one spelling");
    }
});
