//! The request as received. Nothing decoded, nothing reordered, nothing dropped.

use http::{HeaderMap, Method};
use std::fmt;

/// A request exactly as its bytes came in. Borrowed: reading it copies nothing. `Debug` prints no headers and no
/// parameters, as they hold the credential and what it signs.
#[derive(Clone, Copy)]
pub struct RawRequest<'a> {
    /// The method.
    pub method: &'a Method,
    /// Raw path, all before the first `?`.
    pub path: &'a str,
    /// Raw query, all after the first `?`; empty if there is none.
    pub query: &'a str,
    /// All headers, repeated ones included.
    pub headers: &'a HeaderMap,
    /// Raw body.
    pub body: &'a [u8],
    /// Whether the client asks for a WebSocket.
    pub upgrade: bool,
}

impl fmt::Debug for RawRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, upgrade, .. } = self;
        f.debug_struct("RawRequest")
            .field("method", method)
            .field("path", path)
            .field("upgrade", upgrade)
            .finish_non_exhaustive()
    }
}
