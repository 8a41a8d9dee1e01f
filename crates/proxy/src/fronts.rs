//! Fronts that ask before they forward: nginx's `auth_request`, and Envoy's `ext_authz` over HTTP (docs/adopt/fronts.md).
//!
//! Both are answered on the decision listener, admitted and recorded by the same code as in the proxy. nginx shows method, target and
//! client in headers and never a body; Envoy sends the request as it came, the body too if told. A front that has checked the
//! signature itself may vouch for the key instead: only one that shows the shared token is believed.
//!
//! Never here: what a front does when nobody answers. That stands in its own configuration, effect by effect.

use crate::body::WholeBody;
use crate::client_address::client_address;
use crate::refuse::{self, Refusal};
use crate::service::{Body, Proxy, Received};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};
use http_body_util::{Either, Full};
use std::fmt;
use std::net::IpAddr;
use subtle::ConstantTimeEq;
use sumun_gate::Decision;
use sumun_model::KeyId;

/// Where nginx asks.
pub const NGINX_PATH: &str = "/v1/auth-request";
/// What stands before the path of what Envoy asks about.
pub const ENVOY_PREFIX: &str = "/v1/ext-authz";

/// Shortest token, in characters: as many as 128 bits take in hexadecimal.
pub const TOKEN_CHARS_MIN: usize = 32;
/// As much of a doubtful target's path is read, in bytes: more than any record keeps.
const READABLE_BYTES_MAX: usize = 1024;
/// How the text begins that stands in the shipped configuration: everybody knows it.
const PLACEHOLDER: &str = "replace-this-with-";

const ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");
const ORIGINAL_URI: HeaderName = HeaderName::from_static("x-original-uri");
const ORIGINAL_LENGTH: HeaderName = HeaderName::from_static("x-original-length");
const ORIGINAL_CODING: HeaderName = HeaderName::from_static("x-original-transfer-encoding");
const ORIGINAL_UPGRADE: HeaderName = HeaderName::from_static("x-original-upgrade");
const PARTIAL_BODY: HeaderName = HeaderName::from_static("x-envoy-auth-partial-body");
const FRONT_TOKEN: HeaderName = HeaderName::from_static("x-sumun-front-token");
const KEY: HeaderName = HeaderName::from_static("x-sumun-key");
const VERDICT: HeaderName = HeaderName::from_static("x-sumun-verdict");
const REASON: HeaderName = HeaderName::from_static("x-sumun-reason");
const ENFORCED: HeaderName = HeaderName::from_static("x-sumun-enforced");
const STATUS: HeaderName = HeaderName::from_static("x-sumun-status");

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
    fn is(&self, shown: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(shown).into()
    }
}

impl fmt::Debug for FrontToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrontToken(..)")
    }
}

/// Which front asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Front {
    Nginx,
    Envoy,
}

/// The front that asks at this path, if it is one's.
pub(crate) fn front_of(path: &str) -> Option<Front> {
    let envoy = path.strip_prefix(ENVOY_PREFIX).is_some_and(|rest| rest.starts_with('/'));
    if path == NGINX_PATH { Some(Front::Nginx) } else { envoy.then_some(Front::Envoy) }
}

/// A question that cannot be understood: a fault of the front's configuration.
struct Misread(StatusCode, &'static str, &'static str);

const fn misread(detail: &'static str) -> Misread {
    Misread(StatusCode::BAD_REQUEST, "malformed_question", detail)
}

/// Answers a front. `body` is none if it was longer than is read.
pub(crate) async fn answer(
    proxy: &Proxy,
    front: Front,
    parts: Parts,
    body: Option<WholeBody>,
    peer: IpAddr,
) -> Response<Body> {
    let (received, clear) = match received(proxy, front, parts, body, peer) {
        Ok(read) => read,
        Err(Misread(status, code, detail)) => return refuse::problem(status, code, detail),
    };
    // A client can write a doubtful target; that is decided and recorded as anything else he sends, and is no fault of the front's.
    let decision = if clear { proxy.decide(&received) } else { proxy.decide_misread(&received) };
    let mut decision = decision.forwarded_elsewhere();
    match proxy.admit(&received, &mut decision).await {
        Ok(admitted) => {
            admitted.pending.elsewhere();
            let mut response = Response::new(Either::Left(Full::new(Bytes::new())));
            tell(response.headers_mut(), &decision);
            response
        }
        Err(refusal) => refused(front, refusal, &decision),
    }
}

/// The request that a front asks about, and whether its target can be read in one way only.
fn received(
    proxy: &Proxy,
    front: Front,
    mut parts: Parts,
    body: Option<WholeBody>,
    peer: IpAddr,
) -> Result<(Received, bool), Misread> {
    let vouched = vouched(proxy, &parts.headers)?;
    let source = client_address(peer, &parts.headers, &proxy.config.trusted_hops)
        .map_err(|_| misread("the front's `X-Forwarded-For` is no list of addresses"))?;
    let text = |name: &HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let upgrade = [&ORIGINAL_UPGRADE, &header::UPGRADE]
        .into_iter()
        .any(|name| text(name).is_some_and(|wanted| wanted.eq_ignore_ascii_case("websocket")));
    let (method, target, whole) = match front {
        Front::Nginx => {
            let method: Method = text(&ORIGINAL_METHOD)
                .and_then(|method| method.parse().ok())
                .ok_or_else(|| misread("`X-Original-Method` is missing or no method"))?;
            // Clients send bytes that are no text.
            let target = parts.headers.get(&ORIGINAL_URI).map(HeaderValue::as_bytes);
            let target = target.ok_or_else(|| misread("`X-Original-URI` is missing"))?.to_vec();
            let length = text(&ORIGINAL_LENGTH).unwrap_or_default();
            let bare = matches!(length, "" | "0") && text(&ORIGINAL_CODING).unwrap_or_default().is_empty();
            (method, target, bare)
        }
        Front::Envoy => {
            let target = parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default();
            let target = target.strip_prefix(ENVOY_PREFIX).unwrap_or_default().as_bytes().to_vec();
            let partial = text(&PARTIAL_BODY) == Some("true");
            (parts.method.clone(), target, body.is_some() && !partial)
        }
    };
    let read = whole_target(&target);
    let (uri, clear) = (read.clone().unwrap_or_else(|| readable_path(&target)), read.is_some());
    for name in [&ORIGINAL_METHOD, &ORIGINAL_URI, &ORIGINAL_LENGTH, &FRONT_TOKEN, &KEY] {
        parts.headers.remove(name);
    }
    (parts.method, parts.uri) = (method, uri);
    let (bytes, room) = match body {
        Some(WholeBody { bytes, room }) if front == Front::Envoy => (bytes, room),
        _ => (Bytes::new(), None),
    };
    // Who vouches has seen the body; what is vouched for does not depend on it.
    let body_complete = vouched.is_some() || whole && bytes.len() <= proxy.config.body_bytes_max;
    let received = Received {
        parts,
        body: if body_complete { bytes } else { Bytes::new() },
        body_complete,
        room,
        source,
        upgrade,
        at: proxy.now(),
        // The front forwards: what it still holds when it has the answer is not known here.
        token: Some(proxy.enter_epoch()),
        vouched,
    };
    Ok((received, clear))
}

/// The target, if it is read whole and unchanged: what the front forwards is what is decided.
fn whole_target(target: &[u8]) -> Option<Uri> {
    let uri = Uri::try_from(target).ok()?;
    let same = uri.path_and_query().is_some_and(|read| read.as_str().as_bytes() == target);
    (same && target.starts_with(b"/") && target.is_ascii()).then_some(uri)
}

/// The path of a target that is not read whole, for the record and for its route: up to the query, each byte that has no place in a
/// path as `%` and two digits, which no route has.
fn readable_path(target: &[u8]) -> Uri {
    let end = target.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(target.len());
    let mut path = String::new();
    for byte in target.iter().take(end.min(READABLE_BYTES_MAX)) {
        match byte {
            b'/' | b'%' | b'.' | b'_' | b'-' | b'~' => path.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => path.push(char::from(*byte)),
            byte => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path.parse().ok().filter(|_| path.starts_with('/')).unwrap_or_else(|| Uri::from_static("/"))
}

/// The key that a trusted front vouches for. Whoever names one and is not trusted is refused: he may be a client.
fn vouched(proxy: &Proxy, headers: &HeaderMap) -> Result<Option<KeyId>, Misread> {
    let untrusted = Misread(
        StatusCode::FORBIDDEN,
        "front_not_trusted",
        "only a front that shows the token of `gate.front_token_file` names a key",
    );
    let shown = headers.get(FRONT_TOKEN).map(HeaderValue::as_bytes).unwrap_or_default();
    let Some(key) = headers.get(KEY).filter(|key| !key.is_empty()) else {
        // Whoever shows the token means to name a key. To go by the client's own credentials instead would hide that it is missing.
        let keyless =
            "the front's token was shown and no key was named in `X-Sumun-Key`; without a key show no token";
        return if shown.is_empty() {
            Ok(None)
        } else {
            Err(Misread(StatusCode::FORBIDDEN, "key_not_named", keyless))
        };
    };
    if !proxy.front_token().is_some_and(|token| token.is(shown)) || headers.get_all(KEY).iter().count() != 1 {
        return Err(untrusted);
    }
    let key = key.to_str().ok().and_then(|key| KeyId::new(key).ok());
    key.map(Some).ok_or_else(|| misread("`X-Sumun-Key` is no key's id"))
}

/// What a front may log or pass on.
fn tell(headers: &mut HeaderMap, decision: &Decision) {
    let word = if decision.reason().is_some() { "deny" } else { "allow" };
    headers.insert(VERDICT, HeaderValue::from_static(word));
    let enforced = if decision.enforced() { "true" } else { "false" };
    headers.insert(ENFORCED, HeaderValue::from_static(enforced));
    if let Some(reason) = decision.reason() {
        headers.insert(REASON, HeaderValue::from_static(reason.as_str()));
    }
    if let Some(key) = decision.key().and_then(|key| HeaderValue::from_str(key.as_str()).ok()) {
        headers.insert(KEY, key);
    }
}

/// A refusal as the front can use it: nginx takes 401 and 403 and nothing else; Envoy passes the exchange's own words on.
fn refused(front: Front, refusal: Refusal, decision: &Decision) -> Response<Body> {
    let (status, reason) = (refusal.status, refusal.reason);
    let mut response = refusal.into_response();
    let usable = match front {
        Front::Nginx => status == StatusCode::UNAUTHORIZED,
        // Envoy takes any 5xx for a service that is down, and lets pass where it should then.
        Front::Envoy => !status.is_server_error(),
    };
    if !usable {
        *response.status_mut() = StatusCode::FORBIDDEN;
    }
    tell(response.headers_mut(), decision);
    let headers = response.headers_mut();
    headers.insert(VERDICT, HeaderValue::from_static("deny"));
    headers.insert(ENFORCED, HeaderValue::from_static("true"));
    headers.insert(REASON, HeaderValue::from_static(reason.as_str()));
    headers.insert(STATUS, HeaderValue::from(status.as_u16()));
    response
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

    #[test]
    fn a_target_is_read_whole_or_is_doubtful_and_still_has_a_path() {
        for whole in ["/", "/v1/accounts", "/v1/accounts?page=1", "/v1/a%20b?c=%ED"] {
            assert!(whole_target(whole.as_bytes()).is_some(), "{whole}");
        }
        for (doubtful, path) in [
            ("/v1/accounts?<", "/v1/accounts"),
            ("/v1/accounts#/x", "/v1/accounts"),
            ("/v1/accounts?a=\"b\">", "/v1/accounts"),
            ("/v1/accounts?q=시세", "/v1/accounts"),
            ("/v1/ord<ers", "/v1/ord%3Cers"),
            ("/시세", "/%EC%8B%9C%EC%84%B8"),
            ("*", "/"),
            ("", "/"),
        ] {
            assert_eq!(whole_target(doubtful.as_bytes()), None, "{doubtful}");
            assert_eq!(readable_path(doubtful.as_bytes()).path(), path, "{doubtful}");
        }
        assert_eq!(whole_target(b"/v1/\xff\xfe"), None);
        assert_eq!(readable_path(b"/v1/\xff?\xfe").path(), "/v1/%FF");
    }

    #[test]
    fn each_front_has_its_path() {
        assert_eq!(front_of("/v1/auth-request"), Some(Front::Nginx));
        assert_eq!(front_of("/v1/ext-authz/v1/orders"), Some(Front::Envoy));
        for other in ["/v1/ext-authz", "/v1/ext-authzz/v1", "/v1/auth-request/x", "/v1/decide", "/"] {
            assert_eq!(front_of(other), None, "{other}");
        }
    }
}
