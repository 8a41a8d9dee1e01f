//! A key's secret: it can be compared, hashed and sealed, never printed.

use std::fmt;
use zeroize::Zeroizing;

/// What every secret issued by Sumun begins with, so that code scanners recognise a leak (DESIGN 5).
pub const SECRET_PREFIX: &str = "sumun_sk_";
/// Bytes of entropy in an issued secret.
pub const SECRET_ENTROPY_BYTES: usize = 32;
/// Longest secret accepted, in bytes: 512 bits of HMAC key are the useful limit, imported ones may be longer text.
pub const SECRET_BYTES_MAX: usize = 1024;

/// The secret half of a key. Zeroed on drop; `Debug` prints `ApiSecret(..)`; no `Display`, no `Serialize`.
#[derive(Clone)]
pub struct ApiSecret(Zeroizing<Vec<u8>>);

/// Text that cannot be a secret. Says nothing of what the text was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Nothing there.
    #[error("secret is empty")]
    Empty,
    /// Longer than [`SECRET_BYTES_MAX`].
    #[error("secret is {0} bytes long, at most {SECRET_BYTES_MAX} are allowed")]
    TooLong(usize),
}

impl ApiSecret {
    /// Takes the bytes as issued (an HMAC key is used as it is, not decoded).
    ///
    /// # Errors
    /// Empty or longer than [`SECRET_BYTES_MAX`].
    pub fn new(bytes: Vec<u8>) -> Result<Self, SecretError> {
        let bytes = Zeroizing::new(bytes);
        match bytes.len() {
            0 => Err(SecretError::Empty),
            n if n > SECRET_BYTES_MAX => Err(SecretError::TooLong(n)),
            _ => Ok(Self(bytes)),
        }
    }

    /// Writes fresh entropy as an issued secret: [`SECRET_PREFIX`], 64 hexadecimal digits, and an 8-digit
    /// CRC-32 of all before it, so that a scanner can tell a real one from a look-alike.
    #[must_use]
    pub fn issue(entropy: &[u8; SECRET_ENTROPY_BYTES]) -> Self {
        let mut text = String::with_capacity(SECRET_PREFIX.len() + 2 * SECRET_ENTROPY_BYTES + 8);
        text.push_str(SECRET_PREFIX);
        // Digit by digit into room taken beforehand: no copy of any part is left behind.
        let push = |text: &mut String, byte: u8| {
            for digit in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(digit), 16));
            }
        };
        for byte in entropy {
            push(&mut text, *byte);
        }
        for byte in crc32fast::hash(text.as_bytes()).to_be_bytes() {
            push(&mut text, byte);
        }
        Self(Zeroizing::new(text.into_bytes()))
    }

    /// Whether the text has the shape and checksum of an issued secret.
    #[must_use]
    pub fn looks_issued(text: &str) -> bool {
        let Some(rest) = text.strip_prefix(SECRET_PREFIX) else { return false };
        if rest.len() != 2 * SECRET_ENTROPY_BYTES + 8 {
            return false;
        }
        let Some((_, checksum)) = text.split_at_checked(text.len() - 8) else { return false };
        let Some((body, _)) = text.split_at_checked(text.len() - 8) else { return false };
        format!("{:08x}", crc32fast::hash(body.as_bytes())) == checksum
    }

    /// The bytes, for a MAC, for sealing, or for showing once to the owner.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for ApiSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_prints() {
        let secret = ApiSecret::new(b"made-up-and-hidden".to_vec()).unwrap();
        assert_eq!(format!("{secret:?} {secret:#?}"), "ApiSecret(..) ApiSecret(..)");
    }

    #[test]
    fn an_issued_secret_is_recognised_and_a_look_alike_is_not() {
        let secret = ApiSecret::issue(&[7; SECRET_ENTROPY_BYTES]);
        let text = std::str::from_utf8(secret.expose()).unwrap().to_owned();
        assert!(ApiSecret::looks_issued(&text));
        assert!(!ApiSecret::looks_issued(&text.replacen('7', "8", 1)));
        assert!(!ApiSecret::looks_issued("sumun_sk_short"));
    }
}
