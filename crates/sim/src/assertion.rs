//! The exchange's assertion: "this person of this customer stands before us now", as a compact EdDSA JWS.
//!
//! What an exchange's own login would give its customers, so that tests and demonstrations can sign in as one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::json;

/// Bytes of a signing key's seed.
pub const SEED_BYTES: usize = 32;
/// How long an assertion says it holds, in seconds; a venue believes none for longer.
const LIFE_S: i64 = 60;

/// Now, in seconds since the Unix epoch.
#[must_use]
pub fn now_s() -> i64 {
    crate::clock::now_ms() / 1000
}

/// Text that is not a signing key. Does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a signing key: 64 hexadecimal digits, as `mock-exchange assertion-key --out FILE` writes")]
pub struct NotASigningKey;

/// Who stands before the exchange.
#[derive(Clone, Debug)]
pub struct Who {
    /// The customer.
    pub customer: String,
    /// The natural person.
    pub person: String,
    /// His role over the customer's keys, such as `owner`.
    pub role: String,
    /// Ways in which he was recognised, such as `otp`.
    pub methods: Vec<String>,
}

/// The key by which an exchange vouches.
pub struct AssertionKey(SigningKey);

impl AssertionKey {
    /// From 32 bytes of the system's generator.
    #[must_use]
    pub fn from_seed(seed: &[u8; SEED_BYTES]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Reads the text of a key file.
    ///
    /// # Errors
    /// Something else.
    pub fn parse(text: &str) -> Result<Self, NotASigningKey> {
        let mut seed = [0; SEED_BYTES];
        hex::decode_to_slice(text.trim(), &mut seed).map_err(|_| NotASigningKey)?;
        Ok(Self::from_seed(&seed))
    }

    /// The public key as `venue.toml` holds it: base64url without padding.
    #[must_use]
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.verifying_key().as_bytes())
    }

    /// Vouches for somebody, to this audience, from this second on. `id` names the assertion for ever.
    #[must_use]
    pub fn assert(&self, kid: &str, audience: &str, who: &Who, now_s: i64, id: &str) -> String {
        let claims = json!({
            "aud": audience, "iat": now_s, "exp": now_s + LIFE_S, "auth_time": now_s, "jti": id,
            "sub": who.customer, "person": who.person, "role": who.role, "amr": who.methods,
        });
        self.sign(kid, "JWT", &claims)
    }

    /// Says whether it has verified a customer's identity anew, for the key that was asked about. `id` names this word for ever.
    #[must_use]
    pub fn identity(
        &self,
        kid: &str,
        audience: &str,
        (customer, key): (&str, &str),
        passed: bool,
        (now_s, id): (i64, &str),
    ) -> String {
        let claims = json!({
            "aud": audience, "iat": now_s, "jti": id, "sub": customer, "key": key, "method": "video_call",
            "result": if passed { "passed" } else { "failed" },
        });
        self.sign(kid, "sumun-identity+jwt", &claims)
    }

    fn sign(&self, kid: &str, typ: &str, claims: &serde_json::Value) -> String {
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(&json!({ "alg": "EdDSA", "kid": kid, "typ": typ }));
        let signed = format!("{header}.{}", part(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.0.sign(signed.as_bytes()).to_bytes());
        format!("{signed}.{signature}")
    }
}

impl std::fmt::Debug for AssertionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AssertionKey(of {})", self.public())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;
    use ed25519_dalek::{Signature, Verifier};

    #[test]
    fn an_assertion_verifies_with_the_public_key_and_says_who() {
        let key = AssertionKey::parse(&"07".repeat(SEED_BYTES)).unwrap();
        let who = Who {
            customer: "C1".to_owned(),
            person: "P1".to_owned(),
            role: "owner".to_owned(),
            methods: vec!["otp".to_owned()],
        };
        let text = key.assert("mock", "example", &who, 1_800_000_000, "j1");
        let (signed, signature) = text.rsplit_once('.').unwrap();
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        key.0.verifying_key().verify(signed.as_bytes(), &signature).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!((&claims["sub"], &claims["exp"]), (&json!("C1"), &json!(1_800_000_060)));
        assert!(AssertionKey::parse("neither").is_err());
        assert!(!format!("{key:?}").contains("0707"));
    }
}
