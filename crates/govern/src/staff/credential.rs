//! A user's credential: a password's hash and a TOTP secret, sealed as one under the key-encryption key.
//!
//! Pure: salt, nonce, secret and time are arguments. Hashing takes some 30 ms on purpose; callers keep it off their workers.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{CustomizedPasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use std::fmt;
use sumun_model::{ApiSecret, KeyId, Timestamp};
use sumun_seal::{Keyring, SealedSecret};
use zeroize::{Zeroize, Zeroizing};

/// Fewest characters of a password (NIST SP 800-63B asks 15 without a second factor, 8 with one).
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Most bytes of a password.
pub const PASSWORD_BYTES_MAX: usize = 256;
/// Bytes of a password's salt.
pub const SALT_BYTES: usize = 16;
/// Bytes of a TOTP secret: 160 bits, as RFC 4226 recommends.
pub const TOTP_BYTES: usize = 20;
/// Length of a TOTP step, in seconds.
pub const TOTP_STEP_S: u64 = 30;

/// Memory of argon2id, in KiB: 19 MiB with two passes on one lane, OWASP's first choice.
const ARGON2_KIB: u32 = 19 * 1024;
const ARGON2_PASSES: u32 = 2;

/// Why a password is not taken. Never repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("the password has {0} characters; it needs at least {PASSWORD_CHARS_MIN}")]
    Short(usize),
    /// Too long.
    #[error("the password has {0} bytes; at most {PASSWORD_BYTES_MAX} are taken")]
    Long(usize),
    /// Holds the user's own name, or little else than one character.
    #[error(
        "the password is easy to guess: it holds the user's name, or fewer than five different characters"
    )]
    Guessable,
    /// The hash cannot be made.
    #[error("the password cannot be hashed")]
    Hash,
}

/// Checks what a password must be.
///
/// # Errors
/// Too short, too long, or easy to guess.
pub fn check_password(user: &str, password: &str) -> Result<(), PasswordError> {
    let chars = password.chars().count();
    if chars < PASSWORD_CHARS_MIN {
        return Err(PasswordError::Short(chars));
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(PasswordError::Long(password.len()));
    }
    let different: std::collections::HashSet<char> = password.chars().collect();
    let name = user.to_lowercase();
    if different.len() < 5 || (name.chars().count() >= 3 && password.to_lowercase().contains(&name)) {
        return Err(PasswordError::Guessable);
    }
    Ok(())
}

fn hasher() -> Option<Argon2<'static>> {
    let params = Params::new(ARGON2_KIB, ARGON2_PASSES, 1, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// A password's hash, in PHC form.
///
/// # Errors
/// The hash cannot be made.
pub fn hash_password(password: &str, salt: &[u8; SALT_BYTES]) -> Result<String, PasswordError> {
    let hasher = hasher().ok_or(PasswordError::Hash)?;
    let params = Params::new(ARGON2_KIB, ARGON2_PASSES, 1, None).map_err(|_| PasswordError::Hash)?;
    let hash: PasswordHash = hasher
        .hash_password_with_params(password.as_bytes(), salt, params)
        .map_err(|_| PasswordError::Hash)?;
    Ok(hash.to_string())
}

/// Whether the password is the one hashed. Takes as long for a hash that cannot be read.
#[must_use]
pub fn verify_password(password: &str, hash: &str) -> bool {
    // Longer ones were never taken; hashing a megabyte is somebody's trick.
    let password =
        password.get(..PASSWORD_BYTES_MAX.saturating_add(1).min(password.len())).unwrap_or_default();
    let (parsed, real) = match PasswordHash::new(hash) {
        Ok(parsed) => (parsed, true),
        Err(_) => match PasswordHash::new(NOBODYS) {
            Ok(parsed) => (parsed, false),
            Err(_) => return false,
        },
    };
    let fits = hasher().is_some_and(|hasher| hasher.verify_password(password.as_bytes(), &parsed).is_ok());
    fits && real
}

/// The hash of nobody's password, of the same cost as everybody's: what an unknown user's password is compared with.
pub const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm8$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Password and second factor of one user.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// PHC string.
    pub password: String,
    /// TOTP secret, base32.
    pub totp: String,
}

impl Drop for Credential {
    fn drop(&mut self) {
        self.totp.zeroize();
        self.password.zeroize();
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(..)")
    }
}

/// What a user's credential is sealed for: no key can have this name at a venue, since keys' ids hold no `/` there.
fn bound_to(user: &str) -> Option<KeyId> {
    KeyId::new(&format!("user/{user}")).ok()
}

impl Credential {
    /// A credential of a hashed password and fresh entropy.
    #[must_use]
    pub fn new(password_hash: String, entropy: &[u8; TOTP_BYTES]) -> Self {
        let secret = totp_rs::Secret::from(entropy.as_slice());
        Self { password: password_hash, totp: secret.to_base32() }
    }

    /// Seals it for this user.
    #[must_use]
    pub fn seal(
        &self,
        keyring: &Keyring,
        user: &str,
        nonce: [u8; sumun_seal::NONCE_BYTES],
    ) -> Option<String> {
        let text = serde_json::to_vec(self).ok()?;
        let secret = ApiSecret::new(text).ok()?;
        Some(keyring.seal(&bound_to(user)?, &secret, nonce).to_string())
    }

    /// Opens what was sealed for this user.
    #[must_use]
    pub fn open(keyring: &Keyring, user: &str, sealed: &str) -> Option<Self> {
        let sealed: SealedSecret = sealed.parse().ok()?;
        let secret = keyring.open(&bound_to(user)?, &sealed).ok()?;
        serde_json::from_slice(secret.expose()).ok()
    }

    fn totp(&self) -> Option<totp_rs::Totp> {
        let secret = totp_rs::Secret::try_from_base32(&self.totp).ok()?;
        totp_rs::Builder::new().with_secret(secret).build().ok()
    }

    /// The step whose code this is, if it is the present one's or a neighbour's. A step is used once; that is the
    /// caller's to see to.
    #[must_use]
    pub fn step_of(&self, code: &str, now: Timestamp) -> Option<u64> {
        let seconds = u64::try_from(now.as_micros() / 1_000_000).ok()?;
        self.totp()?.check(code.trim(), seconds)
    }

    /// The code of that instant, for tests and for nothing else.
    #[cfg(test)]
    #[must_use]
    pub fn code_at(&self, now: Timestamp) -> Option<String> {
        let seconds = u64::try_from(now.as_micros() / 1_000_000).ok()?;
        Some(self.totp()?.generate(seconds).to_string())
    }

    /// What an authenticator reads: shown once.
    #[must_use]
    pub fn otpauth(&self, venue: &str, user: &str) -> Zeroizing<String> {
        // Venue and user hold nothing that needs escaping: small letters, digits, hyphens and dots.
        Zeroizing::new(format!(
            "otpauth://totp/Sumun%20{venue}:{user}?secret={}&issuer=Sumun%20{venue}",
            self.totp
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_seal::KeyEncryptionKey;

    fn ring(byte: u8) -> Keyring {
        Keyring::of(KeyEncryptionKey::new(Zeroizing::new([byte; 32])))
    }

    #[test]
    fn passwords_that_are_taken_and_not() {
        let shown = |user: &str, password: &str| match check_password(user, password) {
            Ok(()) => "taken".to_owned(),
            Err(error) => error.to_string(),
        };
        let lines = [
            shown("alice", "short"),
            shown("alice", "열두글자가넘는긴한글비밀번호"),
            shown("alice", "AliceAliceAlice1"),
            shown("alice", "aaaaaaaaaaaaaaaa"),
            shown("alice", "correct horse battery"),
            shown("alice", &"long and made up ".repeat(20)),
        ];
        insta::assert_snapshot!(lines.join("\n"), @"
        the password has 5 characters; it needs at least 12
        taken
        the password is easy to guess: it holds the user's name, or fewer than five different characters
        the password is easy to guess: it holds the user's name, or fewer than five different characters
        taken
        the password has 340 bytes; at most 256 are taken
        ");
    }

    #[test]
    fn a_hash_verifies_its_password_and_no_other() {
        let hash = hash_password("a made-up password", &[3; SALT_BYTES]).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify_password("a made-up password", &hash));
        assert!(!verify_password("another password", &hash));
        assert!(!verify_password("nobody", NOBODYS) && !verify_password("nobody", "not a hash"));
        assert!(PasswordHash::new(NOBODYS).is_ok(), "nobody's hash is of the same form and cost");
    }

    #[test]
    fn a_credential_opens_for_its_user_only_and_tells_codes_of_now() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let credential = Credential::new("hash".to_owned(), &[5; TOTP_BYTES]);
        let sealed = credential.seal(&ring(1), "alice", [2; sumun_seal::NONCE_BYTES]).unwrap();
        assert!(!sealed.contains("hash"));
        let opened = Credential::open(&ring(1), "alice", &sealed).unwrap();
        assert!(Credential::open(&ring(1), "bob", &sealed).is_none());
        assert!(Credential::open(&ring(2), "alice", &sealed).is_none());
        let code = opened.code_at(now).unwrap();
        let step = opened.step_of(&code, now).unwrap();
        assert_eq!(step, 1_800_000_000 / TOTP_STEP_S);
        assert_eq!(opened.step_of(&code, now.plus_micros(30_000_000)), Some(step));
        assert_eq!(opened.step_of(&code, now.plus_micros(90_000_000)), None);
        assert_eq!(opened.step_of("", now), None);
        assert_eq!(format!("{opened:?}"), "Credential(..)");
        let uri = opened.otpauth("example", "alice");
        assert!(uri.starts_with("otpauth://totp/Sumun%20example:alice?secret="), "{}", *uri);
    }
}
