//! Texts as the API takes them: each with its length and pattern, enforced on reading and written in the document.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use sumun_model::visible;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

/// The pattern of every id: that of [`sumun_model::id`].
pub(crate) const ID_PATTERN: &str = r"^[!#-&(-\[\]-_a-~]{1,176}$";

macro_rules! texts {
    ($($(#[doc = $doc:literal])+ $name:ident { $min:literal..=$max:literal, $pattern:expr, $good:expr, $example:literal, $expected:literal $(, $kind:ident)? })+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }

            /// The text.
            #[must_use]
            pub fn into_string(self) -> String { self.0 }

            /// Whether the text is one.
            #[must_use]
            pub fn allows(text: &str) -> bool {
                let good: fn(char) -> bool = $good;
                ($min..=$max).contains(&text.chars().count()) && text.chars().all(good) && texts!(@whole text $($kind)?)
            }
        }

        impl std::fmt::Debug for $name {
            // Some of these are credentials.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(concat!(stringify!($name), "(..)")) }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(d)?;
                texts!(@lines text $max $($kind)?);
                if Self::allows(&text) {
                    Ok(Self(text.into_owned()))
                } else {
                    Err(serde::de::Error::custom($expected))
                }
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(SchemaType::Type(Type::String))
                    .description(Some(concat!($($doc),+).trim()))
                    .min_length(Some($min))
                    .max_length(Some($max))
                    .pattern(Some($pattern))
                    .examples([serde_json::json!($example)])
                    .into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> { Cow::Borrowed(stringify!($name)) }
        }
    )+};
    (@whole $text:ident) => { true };
    (@whole $text:ident line) => { visible::shows($text) };
    (@whole $text:ident lines) => { visible::says($text) };
    (@lines $text:ident $max:literal) => {};
    (@lines $text:ident $max:literal line) => {};
    (@lines $text:ident $max:literal lines) => {
        let $text = unix_lines($text);
        if let Some(wrong) = Wrong::of(&$text, $max) {
            return Err(serde::de::Error::custom(wrong));
        }
    };
}

/// Line ends as everywhere but in forms: browsers send `\r\n` of what is typed over several lines.
pub(crate) fn unix_lines(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { text }
}

/// What is wrong with words that somebody wrote. Passes through serde as text, and is read back to be told with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// There are none that a screen shows.
    Empty,
    /// They say too little to be a reason.
    Little,
    /// So many characters, and at most so many are taken.
    Long(usize, usize),
    /// The character of this number, from 1, is none that a screen shows.
    Unprintable(usize),
}

impl Wrong {
    /// In a text of at most so many characters.
    pub(crate) fn of(text: &str, most: usize) -> Option<Self> {
        let count = text.chars().count();
        if let Some(place) = text.chars().position(|letter| !written(letter)) {
            return Some(Self::Unprintable(place.saturating_add(1)));
        }
        match count {
            0 => Some(Self::Empty),
            count if count > most => Some(Self::Long(count, most)),
            _ if !visible::shows(text) => Some(Self::Empty),
            _ if !visible::says(text) => Some(Self::Little),
            _ => None,
        }
    }

    /// Of its text.
    pub(crate) fn read(said: &str) -> Option<Self> {
        let mut words = said.strip_prefix(WRONG)?.split(' ');
        let mut number = || words.next()?.parse().ok();
        match (number()?, number(), number()) {
            (0_usize, _, _) => Some(Self::Empty),
            (1, Some(count), Some(most)) => Some(Self::Long(count, most)),
            (2, Some(place), _) => Some(Self::Unprintable(place)),
            (3, _, _) => Some(Self::Little),
            _ => None,
        }
    }
}

const WRONG: &str = "words: ";

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => write!(f, "{WRONG}0"),
            Self::Long(count, most) => write!(f, "{WRONG}1 {count} {most}"),
            Self::Unprintable(place) => write!(f, "{WRONG}2 {place}"),
            Self::Little => write!(f, "{WRONG}3"),
        }
    }
}

const fn id_letter(letter: char) -> bool {
    letter.is_ascii_graphic() && !matches!(letter, '"' | '\\' | '\'' | '`')
}

/// What a password may hold: anything but what a terminal or a screen would act on. Kept as it was, so that none stops fitting.
fn typed(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{2028}' | '\u{2029}')
}

/// The pattern of [`typed`], beside the lengths.
const TYPED: &str = r"^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]*$";

fn printable(letter: char) -> bool {
    !visible::is_hidden(letter)
}

/// The pattern of [`printable`], beside the lengths, as far as patterns of every language reach: the first plane.
const PRINTABLE: &str = r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb]*$";

/// Words over several lines.
fn written(letter: char) -> bool {
    printable(letter) || letter == '\n'
}

/// The pattern of [`written`], with the line ends of forms.
const WRITTEN: &str = r"^([^\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb]|\r\n)*$";

texts! {
    /// An id: printable ASCII without space, quotes or backslash.
    Id { 1..=176, ID_PATTERN, id_letter, "A1", "an id is 1 to 176 printable ASCII characters without space, quotes or backslash" }
    /// A name or a short line, for people. Something of it is seen.
    Line { 1..=200, PRINTABLE, printable, "데모 데스크", "a line is 1 to 200 characters that a screen shows, and is not blank", line }
    /// A reason in one's own words, for people. It may have several lines, and at least three different letters or digits of any script;
    /// a syllable of Hangul or an ideograph counts for two.
    Reason { 1..=1000, WRITTEN, written, "고객 요청 (by phone, call 1204)", "a reason is 1 to 1000 printable characters, three different letters among them", lines }
    /// A word of a closed list that the venue or the contract gives.
    Word { 1..=64, "^[a-z0-9_]+$", |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_', "own_bot", "a word is 1 to 64 of a-z, 0-9 and _" }
    /// A network: an address, or address and prefix length.
    Network { 2..=49, r"^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$", |c| c.is_ascii_hexdigit() || matches!(c, ':' | '.' | '/'), "203.0.113.7/32", "a network is an address, or `address/length`" }
    /// An instant: RFC 3339 ending in Z, up to microseconds.
    Instant { 20..=27, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$", |c| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | 'T' | 'Z'), "2027-06-01T00:00:00Z", "an instant is RFC 3339 in UTC ending in Z, up to microseconds" }
    /// A token or signed text: printable ASCII.
    Opaque { 1..=8192, "^[!-~]+$", |c| c.is_ascii_graphic(), "eyJhbGciOiJFZERTQSJ9.e30.c2ln", "a token is 1 to 8192 printable ASCII characters without space" }
    /// A password. Long ones are better than strange ones.
    Password { 1..=200, TYPED, typed, "correct horse battery staple", "a password is at most 200 printable characters" }
    /// A one-time code of six digits.
    Code { 6..=6, "^[0-9]{6}$", |c| c.is_ascii_digit(), "123456", "a code is six digits" }
    /// A public key: 32 bytes in unpadded base64url, or PEM.
    PublicKey { 1..=2000, r"^[\n\r -~]+$", |c| matches!(c, '\n' | '\r' | ' '..='~'), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "a public key is base64url or PEM" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_here_is_an_id_of_the_model() {
        for byte in 0..=0x2ff_u32 {
            let text = char::from_u32(byte).unwrap().to_string();
            assert_eq!(Id::allows(&text), sumun_model::KeyId::new(&text).is_ok(), "{byte:#x}");
        }
        assert!(Id::allows(&"a".repeat(176)) && !Id::allows(&"a".repeat(177)) && !Id::allows(""));
    }

    #[test]
    fn a_reason_has_lines_and_nothing_else_does() {
        let reason = |text: &str| serde_json::from_value::<Reason>(text.into()).map(Reason::into_string);
        assert_eq!(reason("one\r\ntwo\n\nthree").unwrap(), "one\ntwo\n\nthree");
        for bad in [
            "a\rb",
            "a\tb",
            "a\0b",
            "a\u{1b}[0m",
            "a\u{202e}b",
            "a\u{2028}b",
            "",
            "aaaaaaaaaa",
            "\u{200b}\u{200b}",
            "\u{2800}",
            "\u{fe0f}",
        ] {
            assert!(reason(bad).is_err(), "{bad:?}");
        }
        // Counted as it is kept.
        assert_eq!(reason(&"abc\r\n".repeat(249)).unwrap().chars().count(), 996);
        for bad in ["a\nb", "a\r\nb"] {
            assert!(serde_json::from_value::<Line>(bad.into()).is_err());
            assert!(serde_json::from_value::<Id>(bad.into()).is_err());
            assert!(serde_json::from_value::<Password>(bad.into()).is_err());
        }
    }

    #[test]
    fn what_is_wrong_with_words_comes_through_as_it_was() {
        for wrong in [Wrong::Empty, Wrong::Little, Wrong::Long(1_204, 1_000), Wrong::Unprintable(7)] {
            assert_eq!(Wrong::read(&wrong.to_string()), Some(wrong));
        }
        assert_eq!(Wrong::of("아\u{7}", 1_000), Some(Wrong::Unprintable(2)));
        assert_eq!(Wrong::of("\u{3164}\u{2800}", 1_000), Some(Wrong::Empty));
        assert_eq!(Wrong::of(". . . .", 1_000), Some(Wrong::Little));
        assert_eq!(Wrong::of("확인함", 1_000), None);
        assert_eq!(Wrong::read("a line is 1 to 200 printable characters"), None);
    }

    #[test]
    fn what_a_screen_would_act_on_is_not_text() {
        for bad in
            ["a\u{202e}b", "a\nb", "a\u{1b}[0m", "", " ", "\u{3164}", "\u{2800}", "a\u{200b}", "\u{e0041}"]
        {
            assert!(serde_json::from_value::<Line>(bad.into()).is_err(), "{bad:?}");
        }
        assert!(serde_json::from_value::<Line>("공유 금지, yes".into()).is_ok());
    }
}
