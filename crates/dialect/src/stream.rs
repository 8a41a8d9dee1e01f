//! What a client asks of a stream: the message as understood, or why it is refused.
//!
//! The token of an upgrade names no scope, so each message is read. What is not understood strictly is refused, as
//! the exchange might read it as asking for more.

use sumun_model::{Reason, Scope};

/// One text message of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    /// Understood. May pass if all scopes asked for are granted.
    Understood(StreamAsk),
    /// Not to be passed on.
    Refused(MessageError),
}

/// What an understood message asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamAsk {
    /// Kind of message.
    pub kind: AskKind,
    /// Scopes asked for, each once, in order of first appearance. Empty for other than subscriptions.
    pub asks: Vec<Scope>,
    /// Markets asked for, each once, in order of first appearance. Empty may mean all.
    pub markets: Vec<String>,
}

/// Kinds of understood messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskKind {
    /// Starts streams, replacing those of before.
    Subscribe,
    /// Asks for a sign of life.
    Ping,
    /// Asks which streams run.
    ListSubscriptions,
}

/// Why a message is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Longer than [`crate::Dialect::MESSAGE_BYTES_MAX`].
    #[error("the message is longer than {} bytes", crate::Dialect::MESSAGE_BYTES_MAX)]
    TooLong,
    /// Not JSON read in exactly one way.
    #[error("the message is not JSON: {what} at byte {at}")]
    NotJson {
        /// What is wrong.
        what: &'static str,
        /// Byte offset.
        at: usize,
    },
    /// JSON, but not of the form that the exchange documents.
    #[error("the message is not understood: {0}")]
    NotUnderstood(&'static str),
    /// A stream type that the dialect does not know on this path.
    #[error("the stream type `{}` is not known on this path", found.escape_default())]
    UnknownType {
        /// The type, at most 64 characters of it.
        found: String,
    },
}

impl MessageError {
    /// The gate's reason code, which also picks the frame to answer with.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::UnknownType { .. } => Reason::RouteUnknown,
            Self::TooLong | Self::NotJson { .. } | Self::NotUnderstood(_) => Reason::MalformedCredentials,
        }
    }
}
