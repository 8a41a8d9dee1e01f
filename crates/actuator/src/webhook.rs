//! The second form: a signed message of a key's state, by the Standard Webhooks convention (`webhook-id`, `webhook-timestamp`,
//! `webhook-signature: v1,` and HMAC-SHA256 in base64 over `id.timestamp.body`). Why that one: ADR 0025.
//!
//! A message is the key's newest state, not a change: whoever missed one loses nothing by the next.

use crate::call::Facts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use sumun_model::Timestamp;
use zeroize::Zeroizing;

/// What a secret of a webhook begins with; the rest is base64.
pub const SECRET_PREFIX: &str = "whsec_";
/// Shortest secret, in bytes: as the convention has it.
const SECRET_BYTES_MIN: usize = 24;

/// The key behind the text of a secret.
///
/// # Errors
/// What is wrong with it; the text itself is not told.
pub fn secret(text: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let Some(coded) = text.trim().strip_prefix(SECRET_PREFIX) else {
        return Err(format!(
            "it does not begin with `{SECRET_PREFIX}`; make one of 32 random bytes in base64 behind that"
        ));
    };
    let bytes =
        Zeroizing::new(STANDARD.decode(coded).map_err(|_| "behind `whsec_` stands no base64".to_owned())?);
    if bytes.len() < SECRET_BYTES_MIN {
        return Err(format!("it has {} bytes; use {SECRET_BYTES_MIN} or more", bytes.len()));
    }
    Ok(bytes)
}

/// The message about a key.
#[must_use]
pub fn body(facts: &Facts) -> String {
    json!({
        "type": "key.state",
        "timestamp": facts.intended_at.to_string(),
        "data": {
            "key": facts.key,
            "account": facts.account,
            "venue": facts.venue,
            "state": facts.target.state().as_str(),
            "measure": facts.measure,
            "target": facts.target.as_str(),
            "passes": facts.target.effects(),
            "reason": facts.reason,
            "version": facts.version,
            "at": facts.intended_at.to_string(),
        },
    })
    .to_string()
}

/// The three headers of a message.
#[must_use]
pub fn headers(secret: &[u8], id: &str, body: &str, now: Timestamp) -> [(&'static str, String); 3] {
    let seconds = now.as_micros().div_euclid(1_000_000).to_string();
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds.clone()),
        ("webhook-signature", format!("v1,{}", signature(secret, id, &seconds, body))),
    ]
}

/// The signature over id, seconds since 1970, and body.
#[must_use]
pub fn signature(secret: &[u8], id: &str, seconds: &str, body: &str) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    for part in [id, ".", seconds, ".", body] {
        mac.update(part.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Target;

    /// The worked example of the convention's own reference libraries.
    #[test]
    fn signs_as_the_convention_does() {
        let key = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = r#"{"test": 2432232314}"#;
        let made = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body);
        assert_eq!(made, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_message_says_what_is_so() {
        insta::assert_snapshot!(body(&Facts::sample(Target::Held)));
        assert!(secret("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_err() && secret("whsec_AAAA").is_err());
    }
}
