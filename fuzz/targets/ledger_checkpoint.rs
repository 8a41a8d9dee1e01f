//! Checkpoints and verifier keys: never a panic. The signed part is put in front of a true signature too, so that
//! what lies behind the signature check is reached.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sumun_ledger::{Checkpoint, CheckpointSigner, VerifierKey};

const ORIGIN: &str = "sumun.example/made-up";

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let signer = CheckpointSigner::new(&[42; 32], ORIGIN).expect("the origin is sound");
    let _ = VerifierKey::parse(text);
    if let Ok(opened) = Checkpoint::open(text, &signer.verifier()) {
        let signed = signer.sign(opened.size, opened.root);
        assert!(text.starts_with(signed.lines().next().unwrap_or_default()), "only what we sign opens");
    }
    let signature = signed_by(&signer, text);
    let _ = Checkpoint::open(&format!("{text}\n{signature}"), &signer.verifier());
});

/// The signature line over arbitrary text.
fn signed_by(signer: &CheckpointSigner, text: &str) -> String {
    use base64::Engine;
    let id = signed_note::Signer::key_id(signer).to_be_bytes();
    let signature = signed_note::Signer::sign(signer, text.as_bytes()).unwrap_or_default();
    let encoded = base64::prelude::BASE64_STANDARD.encode([&id[..], &signature].concat());
    format!("— {ORIGIN} {encoded}\n")
}
