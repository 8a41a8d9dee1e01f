//! Texts that open something: invitations, session tokens, machines' tokens. Shown once, kept as a digest.
//!
//! `<prefix><64 hex digits><8 hex digits of CRC-32>`: scanners know the prefix and can check the sum; 256 random bits need
//! no slow hash.

use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// What an invitation of a user begins with.
pub const INVITE_PREFIX: &str = "sumun_inv_";
/// What an invitation of a gate begins with.
pub const GATE_INVITE_PREFIX: &str = "sumun_gin_";
/// What a session's token begins with.
pub const SESSION_PREFIX: &str = "sumun_ses_";
/// What a machine's token begins with.
pub const TOKEN_PREFIX: &str = "sumun_tok_";

/// Random bytes in each.
pub const ENTROPY_BYTES: usize = 32;

/// A text that opens something. Zeroed on drop; `Debug` prints nothing of it; no `Serialize`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Ticket(Zeroizing<String>);

impl Ticket {
    /// Writes fresh entropy behind a prefix.
    #[must_use]
    pub fn issue(prefix: &str, entropy: &[u8; ENTROPY_BYTES]) -> Self {
        let mut text = String::with_capacity(prefix.len() + 2 * ENTROPY_BYTES + 8);
        text.push_str(prefix);
        text.push_str(&Zeroizing::new(hex::encode(entropy)));
        let sum = crc32fast::hash(text.as_bytes());
        text.push_str(&format!("{sum:08x}"));
        Self(Zeroizing::new(text))
    }

    /// Takes a text that has this prefix, the right length and checksum.
    #[must_use]
    pub fn parse(prefix: &str, text: &str) -> Option<Self> {
        let rest = text.strip_prefix(prefix)?;
        let hex_digits = rest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !hex_digits || rest.len() != 2 * ENTROPY_BYTES + 8 {
            return None;
        }
        let (body, sum) = text.split_at_checked(text.len().checked_sub(8)?)?;
        (format!("{:08x}", crc32fast::hash(body.as_bytes())) == sum)
            .then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text, for showing it once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Hex SHA-256 of the text: what is kept.
    #[must_use]
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_was_issued_reads_back_and_nothing_else_does(entropy: [u8; 32], at in 0_usize..82, with in "[0-9a-fA-Fg ]") {
            let ticket = Ticket::issue(TOKEN_PREFIX, &entropy);
            proptest::prop_assert_eq!(Ticket::parse(TOKEN_PREFIX, ticket.expose()), Some(ticket.clone()));
            proptest::prop_assert_eq!(Ticket::parse(INVITE_PREFIX, ticket.expose()), None);
            let mut other = ticket.expose().to_owned();
            other.replace_range(at..=at, &with);
            proptest::prop_assert!(other == ticket.expose() || Ticket::parse(TOKEN_PREFIX, &other).is_none());
            let shown = format!("{ticket:?}");
            proptest::prop_assert!(!shown.contains(&hex::encode(entropy)));
        }
    }
}
