//! Ids: every kind its own type, text checked once at the door.
//!
//! An id is 1 to [`ID_BYTES_MAX`] bytes of printable ASCII without spaces, quotes or backslashes, so that it
//! can stand in a log line, a header and a shell word in quotes without being misread. It is not a file name.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Longest id, in bytes. The longest seen in the field is 44 (a prefixed UUID); four times that is room enough.
pub const ID_BYTES_MAX: usize = 176;

/// Text that cannot be an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing there.
    #[error("{kind} is empty")]
    Empty {
        /// Kind of id that was expected.
        kind: &'static str,
    },
    /// Longer than [`ID_BYTES_MAX`].
    #[error("{kind} is {bytes} bytes long, at most {ID_BYTES_MAX} are allowed")]
    TooLong {
        /// Kind of id that was expected.
        kind: &'static str,
        /// Length found.
        bytes: usize,
    },
    /// A byte outside the allowed range.
    #[error("{kind} holds `{}` at byte {at}; printable ASCII without space, quote or backslash is allowed", found.escape_default())]
    BadByte {
        /// Kind of id that was expected.
        kind: &'static str,
        /// Position, from 0.
        at: usize,
        /// What stands there.
        found: char,
    },
}

fn check(kind: &'static str, text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty { kind });
    }
    if text.len() > ID_BYTES_MAX {
        return Err(IdError::TooLong { kind, bytes: text.len() });
    }
    // Nearly every text is an id; only of another one it is looked for what is wrong.
    if text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b'\'' | b'`')) {
        return Ok(());
    }
    match text.char_indices().find(|(_, c)| !c.is_ascii_graphic() || matches!(c, '"' | '\\' | '\'' | '`')) {
        Some((at, found)) => Err(IdError::BadByte { kind, at, found }),
        None => Ok(()),
    }
}

macro_rules! id_type {
    ($($(#[$meta:meta])* $name:ident = $kind:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks and takes the text.
            ///
            /// # Errors
            /// Empty, too long, or a byte that an id may not hold.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check($kind, text)?;
                Ok(Self(text.into()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(s: &str) -> Result<Self, IdError> { Self::new(s) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(&self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}({})", stringify!($name), &self.0) }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str { &self.0 }
        }
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str { &self.0 }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.serialize_str(&self.0) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                crate::text::parsed(d)
            }
        }
    )+};
}

id_type! {
    /// Public name of an exchange key, the one a client sends. Never the secret; see [`crate::ApiSecret`].
    KeyId = "key id";
    /// What a key trades from: a main or sub-account.
    AccountId = "account id";
    /// The verified party behind accounts.
    CustomerId = "customer id";
    /// The natural person behind a customer.
    PersonId = "person id";
    /// Who in fact drives a key.
    OperatorId = "operator id";
    /// A third-party tool in the registry.
    VendorId = "vendor id";
    /// A record that lets a named operator use a key within limits.
    DelegationId = "delegation id";
    /// One gate process.
    GateId = "gate id";
    /// An event's id, unique within its source and type for ten minutes.
    EventId = "event id";
    /// An order's id at the venue.
    OrderId = "order id";
    /// A market's name at the venue, such as `KRW-BTC`.
    MarketId = "market";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_misread_is_an_id() {
        assert_eq!(KeyId::new("o:K-1_x.9").unwrap().as_str(), "o:K-1_x.9");
        assert_eq!(KeyId::new("").unwrap_err().to_string(), "key id is empty");
        assert_eq!(
            AccountId::new("a b").unwrap_err().to_string(),
            "account id holds ` ` at byte 1; printable ASCII without space, quote or backslash is allowed"
        );
        assert!(KeyId::new(&"x".repeat(ID_BYTES_MAX + 1)).is_err());
        assert!(KeyId::new("키").is_err());
    }
}
