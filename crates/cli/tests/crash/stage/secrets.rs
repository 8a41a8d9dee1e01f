//! Looks for the secrets of the stage where none may be: what a gate prints, and what it writes to its data folder.

use super::client::secret_of;
use crate::support::{KEK_ONE, KEK_TWO};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::path::Path;

/// What is looked for, with its name: what all secrets begin with and every key-encryption key, each as it is, in
/// hexadecimal and in base64.
fn needles() -> Vec<(&'static str, Vec<u8>)> {
    let keks = [("key-encryption key one", KEK_ONE), ("key-encryption key two", KEK_TWO)];
    let keks = keks.map(|(name, text)| (name, hex::decode(text.rsplit(':').next().unwrap()).unwrap()));
    let secrets = ("secret of a key", secret_of("").into_bytes());
    std::iter::once(secrets)
        .chain(keks)
        .flat_map(|(name, bytes)| {
            // Whole groups of three bytes only: the last characters depend on what follows.
            let whole = bytes.len() / 3 * 3;
            let base64 = STANDARD_NO_PAD.encode(&bytes[..whole]).into_bytes();
            [bytes.clone(), hex::encode(&bytes).into_bytes(), base64].map(|form| (name, form))
        })
        .collect()
}

/// Which secret stands in these bytes, if one does.
pub(crate) fn found(bytes: &[u8]) -> Option<&'static str> {
    needles()
        .into_iter()
        .find_map(|(name, needle)| bytes.windows(needle.len()).any(|part| part == needle).then_some(name))
}

/// Fails if a file below this folder holds a secret.
pub(crate) fn none_below(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            none_below(&path);
        } else if let Some(name) = std::fs::read(&path).ok().as_deref().and_then(found) {
            panic!("the {name} stands in `{}`", path.display());
        }
    }
}

#[test]
fn a_secret_is_found_in_every_form_and_nothing_else_is() {
    let secret = secret_of("K7");
    for text in
        [secret.clone(), format!("a {secret} b"), hex::encode(&secret), STANDARD_NO_PAD.encode(&secret)]
    {
        assert_eq!(found(text.as_bytes()), Some("secret of a key"), "{text}");
    }
    assert_eq!(found(KEK_TWO.as_bytes()), Some("key-encryption key two"));
    assert_eq!(
        found(&[0, 1].iter().chain(&[1; 32]).copied().collect::<Vec<u8>>()),
        Some("key-encryption key one")
    );
    assert_eq!(found(b"K1 sealed:v1:43abb764:AAAA kek:v1 made up"), None);
}
