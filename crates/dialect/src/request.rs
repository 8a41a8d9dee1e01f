//! The request as received. Nothing decoded, nothing reordered, nothing dropped.

use http::{HeaderMap, Method};

/// A request exactly as its bytes came in. Borrowed: reading it copies nothing.
#[derive(Clone, Copy, Debug)]
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
