//! A word that a page shows inside a command for its reader's terminal. Never text that a shell would read as anything but one word.

use super::section::kinds;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

kinds! {
    PastedWord => Text,
}

/// The longest such word, in bytes: a path or an address, on one line of a terminal.
const BYTES_MAX: usize = 200;

/// A file, a folder, an address or a program, as somebody pastes it into a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastedWord(String);

/// Text that must not stand in a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` stands in a command that people paste: letters, digits and `/ . _ - ~ : % @ + =` only, no dash at its start, 200 bytes at most"
)]
pub struct PastedWordError(String);

impl PastedWord {
    /// A word of ours.
    pub(super) fn named(word: &'static str) -> Self {
        Self(word.to_owned())
    }
}

impl FromStr for PastedWord {
    type Err = PastedWordError;

    fn from_str(text: &str) -> Result<Self, PastedWordError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-~:%@+=".contains(c);
        let good =
            !text.is_empty() && text.len() <= BYTES_MAX && !text.starts_with('-') && text.chars().all(plain);
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(PastedWordError(text.chars().take(40).flat_map(char::escape_default).collect()))
        }
    }
}

impl fmt::Display for PastedWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for PastedWord {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PastedWord {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_word_of_a_command() {
        for good in [
            "sumun",
            "target/release/sumun",
            "~/sumun",
            "https://ledger.exchange.example/upbit",
            "/srv/ledger",
        ] {
            assert_eq!(good.parse::<PastedWord>().unwrap().to_string(), good);
        }
        for bad in ["", "a b", "$(id)", "`id`", "a;b", "a\nb", "--folder", "원장", "\"q\"", &"a".repeat(201)]
        {
            assert!(bad.parse::<PastedWord>().is_err(), "{bad} was taken for a word");
        }
    }
}
