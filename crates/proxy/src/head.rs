//! Heads of requests: what is refused because two readers could read it differently, and what is not passed on.
//!
//! The rule (RFC 9110, 9112): the upstream gets a head that we wrote, from parts we understood. Framing is ours:
//! a body goes on with its own length, never with the client's `Transfer-Encoding`. Paths and repeated credentials
//! are the dialect's to judge, so that their refusal is a recorded decision.

use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, Version};

/// A head that cannot be passed on safely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// `CONNECT`, `TRACE`, or `OPTIONS *`: nothing an exchange's API speaks.
    #[error("the method or target form is not supported; send an origin-form target such as /v1/accounts")]
    Target,
    /// Neither exactly one `Host` nor an absolute target that agrees with it.
    #[error("the request must have exactly one Host header, and an absolute target must agree with it")]
    Host,
    /// `Transfer-Encoding` other than `chunked` alone, or beside a `Content-Length`.
    #[error("the body must be framed by one Content-Length, or by `Transfer-Encoding: chunked` alone")]
    Framing,
    /// `Connection` names a header that is read end to end.
    #[error("the Connection header names a header that must reach the exchange")]
    Connection,
    /// An HTTP version other than 1.0 and 1.1.
    #[error("only HTTP/1.1 and HTTP/1.0 are supported")]
    Version,
}

/// Headers that concern one hop only (RFC 9110, 7.6.1), and `te`, `trailer` with it.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Headers by which some servers let a client rewrite method, path or origin after the fact. Never passed on.
const REWRITERS: [&str; 7] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-host",
    "forwarded",
    "x-real-ip",
    "cf-connecting-ip",
];

/// As [`REWRITERS`], whatever follows. The client's address is set anew.
const REWRITERS_START: [&str; 4] = ["x-forwarded-", "x-original-", "x-rewrite-", "x-envoy-original-"];

/// As [`REWRITERS`], whatever comes before.
const REWRITERS_END: &str = "-client-ip";

/// Headers that the exchange must see just as we did.
const END_TO_END: [HeaderName; 6] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::HOST,
    header::TRANSFER_ENCODING,
];

/// Refuses what two readers could read differently.
///
/// # Errors
/// What is wrong with the head.
pub fn check<B>(request: &Request<B>) -> Result<(), HeadError> {
    if !matches!(request.version(), Version::HTTP_11 | Version::HTTP_10) {
        return Err(HeadError::Version);
    }
    let uri = request.uri();
    if matches!(*request.method(), Method::CONNECT | Method::TRACE) || !uri.path().starts_with('/') {
        return Err(HeadError::Target);
    }
    let headers = request.headers();
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host,
        _ => return Err(HeadError::Host),
    };
    if let Some(authority) = uri.authority()
        && !host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes())
    {
        return Err(HeadError::Host);
    }
    let mut encodings = headers.get_all(header::TRANSFER_ENCODING).iter();
    if let Some(encoding) = encodings.next()
        && (encodings.next().is_some()
            || !encoding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked")
            || headers.contains_key(header::CONTENT_LENGTH))
    {
        return Err(HeadError::Framing);
    }
    if connection_tokens(headers)
        .any(|token| END_TO_END.iter().any(|name| token.eq_ignore_ascii_case(name.as_str())))
    {
        return Err(HeadError::Connection);
    }
    Ok(())
}

fn connection_tokens(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(',').map(str::trim))
}

/// Whether the client asks for a WebSocket (RFC 6455, 4.2.1).
#[must_use]
pub fn asks_websocket<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let has = |name: HeaderName, word: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .any(|text| text.split(',').any(|token| token.trim().eq_ignore_ascii_case(word)))
    };
    *request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && has(header::CONNECTION, "upgrade")
        && has(header::UPGRADE, "websocket")
        && headers.get_all(header::SEC_WEBSOCKET_KEY).iter().count() == 1
        && headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|v| v == "13")
}

/// Takes off what concerns one hop only, in either direction.
pub fn strip_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(header::TRANSFER_ENCODING) {
        // The body was read by it; a length beside it (RFC 9112, 6.3) must not frame what goes on.
        headers.remove(header::CONTENT_LENGTH);
    }
    let named: Vec<HeaderName> = connection_tokens(headers).filter_map(|token| token.parse().ok()).collect();
    for name in named {
        headers.remove(name);
    }
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

fn misleads(name: &str) -> bool {
    // To a server that turns names into variables, `transfer_encoding` is `transfer-encoding`.
    name.contains('_')
        || REWRITERS.contains(&name)
        || REWRITERS_START.iter().any(|start| name.starts_with(start))
        || name.ends_with(REWRITERS_END)
}

/// Takes off what a client may not tell the exchange, and says who the client is.
pub fn prepare_for_upstream(headers: &mut HeaderMap, client: std::net::IpAddr) {
    strip_hop_by_hop(headers);
    let misleading: Vec<HeaderName> =
        headers.keys().filter(|name| misleads(name.as_str())).cloned().collect();
    for name in misleading {
        headers.remove(name);
    }
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::EXPECT);
    if let Ok(value) = HeaderValue::from_str(&client.to_string()) {
        headers.insert(crate::client_address::X_FORWARDED_FOR, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(build: impl FnOnce(http::request::Builder) -> http::request::Builder) -> Request<()> {
        build(Request::builder().uri("/v1/accounts").header("host", "api.example")).body(()).unwrap()
    }

    #[test]
    fn heads_that_could_be_read_differently_are_refused() {
        assert_eq!(check(&request(|b| b)), Ok(()));
        assert_eq!(check(&request(|b| b.header("host", "other"))), Err(HeadError::Host));
        assert_eq!(check(&request(|b| b.uri("http://other/v1/accounts"))), Err(HeadError::Host));
        assert_eq!(check(&request(|b| b.uri("http://API.example/v1/accounts"))), Ok(()));
        assert_eq!(check(&request(|b| b.method("CONNECT").uri("api.example:443"))), Err(HeadError::Target));
        assert_eq!(
            check(&request(|b| b.header("connection", "close, Authorization"))),
            Err(HeadError::Connection)
        );
        assert_eq!(check(&Request::builder().uri("/").body(()).unwrap()), Err(HeadError::Host));
        let framed = |encoding| request(|b| b.header("transfer-encoding", encoding));
        assert_eq!(check(&framed("Chunked")), Ok(()));
        for encoding in ["gzip, chunked", "identity, chunked", "chunked, chunked", "x", ""] {
            assert_eq!(check(&framed(encoding)), Err(HeadError::Framing), "{encoding}");
        }
        assert_eq!(
            check(&request(|b| b.header("transfer-encoding", "chunked").header("content-length", "3"))),
            Err(HeadError::Framing)
        );
    }

    #[test]
    fn headers_that_name_another_origin_are_known_by_their_pattern() {
        for name in [
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-original-url",
            "x-original-host",
            "x-rewrite-url",
            "x-envoy-original-path",
            "x-client-ip",
            "true-client-ip",
            "fastly-client-ip",
            "x-host",
            "forwarded",
            "x-real-ip",
            "cf-connecting-ip",
            "x-method-override",
            "content_length",
        ] {
            assert!(misleads(name), "{name}");
        }
        for name in
            ["x-request-id", "authorization", "x-forwarded", "x-envoy-attempt-count", "host", "x-hosts"]
        {
            assert!(!misleads(name), "{name}");
        }
    }

    #[test]
    fn what_concerns_one_hop_or_rewrites_is_not_passed_on() {
        let mut headers = request(|b| {
            b.header("connection", "close, x-mine")
                .header("x-mine", "1")
                .header("transfer-encoding", "chunked")
                .header("x-http-method-override", "DELETE")
                .header("x-forwarded-for", "192.0.2.1")
                .header("content_length", "7")
                .header("user-agent", "kept")
        })
        .headers()
        .clone();
        prepare_for_upstream(&mut headers, "203.0.113.7".parse().unwrap());
        let mut names: Vec<_> = headers.iter().map(|(n, v)| format!("{n}={}", v.to_str().unwrap())).collect();
        names.sort();
        assert_eq!(names, ["host=api.example", "user-agent=kept", "x-forwarded-for=203.0.113.7"]);
    }
}
