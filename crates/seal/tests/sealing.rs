//! What sealing promises: it opens where it should, nowhere else, and says nothing of what it holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

use proptest::prelude::*;
use sumun_model::{ApiSecret, KeyId};
use sumun_seal::{KEKS_MAX, Keyring, KeyringError, NONCE_BYTES, OpenError, SealedSecret};

/// A made-up keyring: one key per byte, the first is the primary.
fn ring(keys: &[u8]) -> Keyring {
    let lines: Vec<String> =
        keys.iter().map(|byte| format!("kek:v1:{}", format!("{byte:02x}").repeat(32))).collect();
    Keyring::parse(&lines.join("\n")).unwrap()
}

fn key(id: &str) -> KeyId {
    KeyId::new(id).unwrap()
}

fn secrets() -> impl Strategy<Value = ApiSecret> {
    proptest::collection::vec(any::<u8>(), 1..200).prop_map(|bytes| ApiSecret::new(bytes).unwrap())
}

fn key_ids() -> impl Strategy<Value = KeyId> {
    "[A-Za-z0-9_.:-]{1,176}".prop_map(|id| key(&id))
}

proptest! {
    #[test]
    fn a_sealed_secret_opens_to_itself(secret in secrets(), id in key_ids(), nonce: [u8; NONCE_BYTES]) {
        let ring = ring(&[1, 2]);
        let text = ring.seal(&id, &secret, nonce).to_string();
        let sealed: SealedSecret = text.parse().unwrap();
        let opened = ring.open(&id, &sealed).unwrap();
        prop_assert_eq!(opened.expose(), secret.expose());
        prop_assert_eq!(sealed.to_string(), text);
    }

    #[test]
    fn any_flipped_bit_fails(secret in secrets(), nonce: [u8; NONCE_BYTES], at: prop::sample::Index, bit in 0_u8..8) {
        let ring = ring(&[1]);
        let id = key("K1");
        let text = ring.seal(&id, &secret, nonce).to_string();
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        // Most flips are no longer a sealed secret at all; those that still are must not open.
        if let Ok(flipped) = String::from_utf8(bytes) && let Ok(sealed) = flipped.parse::<SealedSecret>() {
            prop_assert!(ring.open(&id, &sealed).is_err(), "{text} {flipped}");
        }
    }

    #[test]
    fn moved_to_another_key_it_fails(secret in secrets(), nonce: [u8; NONCE_BYTES], one in key_ids(), two in key_ids()) {
        prop_assume!(one != two);
        let ring = ring(&[1]);
        let sealed = ring.seal(&one, &secret, nonce);
        let kek = ring.primary_id();
        prop_assert_eq!(ring.open(&two, &sealed).unwrap_err(), OpenError::Authentication { key: two, kek });
    }

    #[test]
    fn rotation_keeps_the_secret_and_leaves_the_old_key(secret in secrets(), old: [u8; NONCE_BYTES], new: [u8; NONCE_BYTES]) {
        let id = key("K1");
        let sealed = ring(&[1]).seal(&id, &secret, old);
        let resealed = ring(&[2, 1]).reseal(&id, &sealed, new).unwrap();
        prop_assert_eq!(resealed.kek_id(), ring(&[2]).primary_id());
        let opened = ring(&[2]).open(&id, &resealed).unwrap();
        prop_assert_eq!(opened.expose(), secret.expose());
        prop_assert!(ring(&[1]).open(&id, &resealed).is_err());
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in "\\PC{0,120}", coded in "[A-Za-z0-9_-]{0,80}") {
        let _ = text.parse::<SealedSecret>();
        let _ = format!("sealed:v1:00000000:{coded}").parse::<SealedSecret>();
        let _ = Keyring::parse(&text);
    }
}

#[test]
fn errors_say_what_to_do() {
    let id = key("K1");
    let secret = ApiSecret::new(b"made-up-secret".to_vec()).unwrap();
    let sealed = ring(&[1]).seal(&id, &secret, [9; NONCE_BYTES]);
    insta::assert_snapshot!(ring(&[2, 3]).open(&id, &sealed).unwrap_err(), @"the secret is sealed under key-encryption key 43abb764, the keyring has 68b4c537, d5beb24e; add the missing one, or reseal");
    insta::assert_snapshot!(ring(&[1]).open(&key("K2"), &sealed).unwrap_err(), @"authentication failed under key-encryption key 43abb764: the sealed secret was altered, or is that of another key than `K2`");
    insta::assert_snapshot!("made-up-secret".parse::<SealedSecret>().unwrap_err(), @"not a sealed secret: it must begin with `sealed:v1:`; seal a bare secret with `sumun keys seal`");
    insta::assert_snapshot!("sealed:v1:short:AAAA".parse::<SealedSecret>().unwrap_err(), @"not a sealed secret: after `sealed:v1:` must stand eight hexadecimal digits and a colon");
    insta::assert_snapshot!("sealed:v1:00000000:AA AA".parse::<SealedSecret>().unwrap_err(), @"not a sealed secret: its last part is not unpadded base64url; it may have been cut or wrapped");
    insta::assert_snapshot!("sealed:v1:00000000:AAAA".parse::<SealedSecret>().unwrap_err(), @"not a sealed secret: its last part holds 3 bytes, which no secret gives; it may have been cut");
}

#[test]
fn key_files_are_read_as_written() {
    let one = format!("kek:v1:{}", "01".repeat(32));
    let two = format!("kek:v1:{}", "02".repeat(32));
    let file =
        Keyring::parse(&format!("# primary, since spring\n{one} # no, not this\r\n\n  {two}\n")).unwrap();
    let variable = Keyring::parse(&format!("{one},{two}")).unwrap();
    assert_eq!(file.ids(), variable.ids());
    assert_eq!(file.ids(), ring(&[1, 2]).ids());
    assert_eq!(file.primary_id(), ring(&[1]).primary_id());

    assert_eq!(Keyring::parse("# nothing\n\n").unwrap_err(), KeyringError::Empty);
    assert_eq!(
        Keyring::parse(&format!("{one}\nkek:v1:0102")).unwrap_err(),
        KeyringError::Malformed { line: 2 }
    );
    let id = file.primary_id();
    assert_eq!(Keyring::parse(&format!("{one}\n\n{one}")).unwrap_err(), KeyringError::SameId { line: 3, id });
    let many: Vec<String> = (0..=KEKS_MAX).map(|n| format!("kek:v1:{n:064x}")).collect();
    assert_eq!(Keyring::parse(&many.join(",")).unwrap_err(), KeyringError::TooMany);
}

#[test]
fn nothing_held_is_ever_printed() {
    let ring = ring(&[0x5a, 0x5b]);
    let shown = format!("{ring:?} {:?}", Keyring::parse(&format!("kek:v1:{}", "5a".repeat(31))).unwrap_err());
    assert!(!shown.contains("5a5a"), "{shown}");
    assert!(!shown.contains("90, 90"), "{shown}");
}

#[test]
fn serde_uses_the_text_form() {
    let sealed = ring(&[1]).seal(&key("K1"), &ApiSecret::new(b"made-up".to_vec()).unwrap(), [3; NONCE_BYTES]);
    let json = serde_json::to_string(&sealed).unwrap();
    assert_eq!(json, format!("\"{sealed}\""));
    assert_eq!(serde_json::from_str::<SealedSecret>(&json).unwrap(), sealed);
}
