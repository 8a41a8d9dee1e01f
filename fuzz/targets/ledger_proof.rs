//! Proofs: never a panic, and both implementations take and refuse the same ones.
//!
//! The input stands in front of a true checkpoint, so that hashes and index decide.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sumun_ledger::{Appender, CheckpointSigner, TlogProof};
use sumun_verifier::{Disclosed, verify_proof};

const LEAF: &[u8] =
    b"sumun-leaf/v1\nmade.up\n1\n0000000000000000000000000000000000000000000000000000000000000000\n";

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let signer = CheckpointSigner::new(&[42; 32], "sumun.example/made-up").expect("the origin is sound");
    let mut tree = Appender::empty();
    for _ in 0..5 {
        tree.append(LEAF);
    }
    let whole = format!("{text}\n\n{}", signer.sign(tree.size(), tree.root()));
    for text in [text, whole.as_str()] {
        let parsed = TlogProof::parse(text);
        if let Ok(proof) = &parsed {
            assert_eq!(proof.render(), text, "a proof has one spelling");
        }
        let first =
            parsed.ok().and_then(|proof| proof.check(LEAF, &signer.verifier()).ok().map(|_| proof.index));
        let second =
            verify_proof(text, Disclosed::Leaf(LEAF), &signer.vkey()).ok().map(|proven| proven.index);
        assert_eq!(first, second);
    }
});
