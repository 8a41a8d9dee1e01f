//! The one door: a dialect by name, and what every dialect can do.

use crate::key::MacKey;
use crate::refusal::{Refusal, StreamRefusal};
use crate::rejection::{Malformed, Rejection, Verified};
use crate::request::RawRequest;
use crate::route::Route;
use crate::stream::ClientMessage;
use crate::upbit;
use http::Method;
use std::fmt;
use std::str::FromStr;
use sumun_model::{Reason, Scope, Timestamp};

/// An exchange's way of speaking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Upbit's exchange API: a JWT with HS256 or HS512 that binds the parameters by their hash.
    Upbit,
}

/// A dialect that is not spoken here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown dialect `{}`, expected `upbit`", .0.escape_default())]
pub struct UnknownDialect(String);

impl Dialect {
    /// Longest token that is read. Real ones have 250 to 450 bytes; extra claims occur.
    pub const TOKEN_BYTES_MAX: usize = 4096;
    /// Longest nonce. Real ones have 13 (epoch ms) to 36 (UUID) characters.
    pub const NONCE_BYTES_MAX: usize = 256;
    /// Longest client message on a stream: a subscription to every market in full takes some 10 KiB.
    pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

    /// Its name in configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upbit => "upbit",
        }
    }

    /// Reads the credential; verifies nothing. `None`: there is none at all.
    ///
    /// # Errors
    /// There is one that cannot be read in exactly one way.
    pub fn credential<'a>(self, request: &RawRequest<'a>) -> Result<Option<Credential<'a>>, Malformed> {
        match self {
            Self::Upbit => Ok(upbit::Token::read(request.headers)?.map(Credential)),
        }
    }

    /// Proves that the holder of the key's secret signed exactly the parameters received.
    ///
    /// The method, the path and the time are bound by no Upbit token, and whether the nonce is new is the gate's
    /// to know.
    ///
    /// # Errors
    /// The MAC, the algorithm or the binding does not hold, or the parameters have more than one reading.
    pub fn verify<'a>(
        self,
        request: &RawRequest<'a>,
        credential: &Credential<'_>,
        key: &MacKey,
    ) -> Result<Verified<'a>, Rejection> {
        match self {
            Self::Upbit => {
                credential.0.verify_mac(key)?;
                upbit::bind(request, &credential.0)
            }
        }
    }

    /// Finds the route by method and exact raw path. `None`: unknown, to be treated as the gravest effect.
    #[must_use]
    pub fn route(self, method: &Method, path: &str, upgrade: bool) -> Option<&'static Route> {
        match self {
            Self::Upbit => upbit::ROUTES.find(method, path, upgrade),
        }
    }

    /// Every route, in no particular order.
    pub fn routes(self) -> impl Iterator<Item = &'static Route> {
        match self {
            Self::Upbit => upbit::ROUTES.iter(),
        }
    }

    /// Reads one text message of a client on the stream at `path`.
    #[must_use]
    pub fn client_message(self, path: &str, text: &[u8]) -> ClientMessage {
        match self {
            Self::Upbit => match upbit::read_message(path, text) {
                Ok(ask) => ClientMessage::Understood(ask),
                Err(error) => ClientMessage::Refused(error),
            },
        }
    }

    /// How a request is refused.
    #[must_use]
    pub fn refusal(self, reason: Reason) -> &'static Refusal {
        match self {
            Self::Upbit => upbit::REFUSALS.get(reason),
        }
    }

    /// The text frame that answers a refused client message.
    #[must_use]
    pub fn message_refusal(self, reason: Reason) -> &'static str {
        self.stream_refusal().frame(reason)
    }

    /// How a stream or a message on it is refused.
    #[must_use]
    pub fn stream_refusal(self) -> &'static StreamRefusal {
        match self {
            Self::Upbit => &upbit::REFUSALS.stream,
        }
    }

    /// The scopes behind the exchange's own name for a permission, as shown on its screens or used by its SDK.
    #[must_use]
    pub fn permission(self, name: &str) -> Option<&'static [Scope]> {
        match self {
            Self::Upbit => upbit::permission(name),
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;
    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        match name {
            "upbit" => Ok(Self::Upbit),
            _ => Err(UnknownDialect(name.chars().take(64).collect())),
        }
    }
}

/// Who claims to call, as read from the request. Nothing in it is proved before [`Dialect::verify`].
#[derive(Clone, Debug)]
pub struct Credential<'a>(pub(crate) upbit::Token<'a>);

impl Credential<'_> {
    /// The key that is claimed; by form a [`sumun_model::KeyId`].
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.0.key_id()
    }

    /// The nonce's literal text.
    #[must_use]
    pub fn nonce(&self) -> &str {
        self.0.nonce()
    }

    /// When the token says it was made. Informational: an Upbit token need not say so.
    #[must_use]
    pub fn token_time(&self) -> Option<Timestamp> {
        self.0.issued()
    }
}
