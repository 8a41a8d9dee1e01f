//! Reading a value from its text without a copy of the text: lines are read by the hundred thousand a second.
//!
//! Never here: what a text means; that is `FromStr` of each type.

use serde::de::{self, Deserializer, Visitor};
use std::fmt;
use std::str::FromStr;

struct Text<F>(F);

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for Text<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        Ok((self.0)(text))
    }
}

/// What a function makes of a text.
pub(crate) fn mapped<'de, D, T>(d: D, make: impl FnOnce(&str) -> T) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    d.deserialize_str(Text(make))
}

/// A value by its text. What is wrong with it is told behind the text, where the column of an error has always been.
pub(crate) fn parsed<'de, D, T>(d: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    mapped(d, str::parse)?.map_err(de::Error::custom)
}
