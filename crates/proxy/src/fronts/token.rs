//! The text by which a front is trusted to name keys: read once from its file, compared, never printed.

use std::fmt;
use subtle::ConstantTimeEq;

/// Shortest token, in characters: as many as 128 bits take in hexadecimal.
pub const TOKEN_CHARS_MIN: usize = 32;
/// How the text begins that stands in the shipped configuration: everybody knows it.
const PLACEHOLDER: &str = "replace-this-with-";

/// What a trusted front shows. Never printed.
#[derive(Clone)]
pub struct FrontToken(String);

/// A text that is no token for fronts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrontTokenError {
    /// Too short, or not one plain line.
    #[error("a front's token is one line of at least {TOKEN_CHARS_MIN} printable characters without spaces")]
    Unfit,
    /// The text that stands in the shipped configuration.
    #[error(
        "this is the text of the shipped configuration, which everybody knows; write `openssl rand -hex 32` here and in the front's file"
    )]
    Shipped,
}

impl FrontToken {
    /// Reads it as its file holds it.
    ///
    /// # Errors
    /// Too short, not one plain line, or the one of the shipped configuration.
    pub fn new(text: &str) -> Result<Self, FrontTokenError> {
        let text = text.trim_end_matches(['\r', '\n']);
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if !plain || text.len() < TOKEN_CHARS_MIN {
            return Err(FrontTokenError::Unfit);
        }
        if text.starts_with(PLACEHOLDER) { Err(FrontTokenError::Shipped) } else { Ok(Self(text.to_owned())) }
    }

    /// Whether it is this one. How long that takes tells nothing but the length.
    pub(super) fn is(&self, shown: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(shown).into()
    }
}

impl fmt::Debug for FrontToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrontToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_plain_and_shown_whole() {
        let text = "0123456789abcdef0123456789abcdef";
        let token = FrontToken::new(&format!("{text}\n")).unwrap();
        assert!(token.is(text.as_bytes()));
        for bad in ["", &text[..31], &format!("{text}0"), "0123456789abcdef0123456789abcdeF"] {
            assert!(!token.is(bad.as_bytes()), "{bad}");
        }
        for bad in ["short", "", "a token with spaces is not one, however long it is"] {
            assert_eq!(FrontToken::new(bad).unwrap_err(), FrontTokenError::Unfit, "{bad}");
        }
        let shipped = "replace-this-with-32-characters-or-more";
        assert_eq!(FrontToken::new(shipped).unwrap_err(), FrontTokenError::Shipped);
        assert_eq!(format!("{token:?}"), "FrontToken(..)");
    }
}
