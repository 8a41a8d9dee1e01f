//! Fronts that ask before they forward: nginx's `auth_request`, and Envoy's `ext_authz` over HTTP and over gRPC (docs/adopt/fronts.md).
//!
//! All are answered on the decision listener, admitted and recorded by the same code as in the proxy: [`http`] and [`grpc`] read what a
//! front shows into [`Shown`], [`judge`] decides about it, and each says it in its own form. A front that has checked the signature itself
//! may vouch for the key instead: only one that shows the shared token ([`token`]) is believed.
//!
//! Never here: what a front does when nobody answers. That stands in its own configuration, effect by effect.

pub(crate) mod grpc;
pub(crate) mod http;
mod proto;
mod token;

pub use token::{FrontToken, FrontTokenError, TOKEN_CHARS_MIN};

use crate::body::WholeBody;
use crate::client_address::client_address;
use crate::refuse::Refusal;
use crate::service::{Proxy, Received};
use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use bytes::Bytes;
use std::net::IpAddr;
use sumun_gate::Decision;
use sumun_model::KeyId;

/// As much of a doubtful target's path is read, in bytes: more than any record keeps.
const READABLE_BYTES_MAX: usize = 1024;

const PARTIAL_BODY: HeaderName = HeaderName::from_static("x-envoy-auth-partial-body");
const FRONT_TOKEN: HeaderName = HeaderName::from_static("x-sumun-front-token");
const KEY: HeaderName = HeaderName::from_static("x-sumun-key");
const VERDICT: HeaderName = HeaderName::from_static("x-sumun-verdict");
const REASON: HeaderName = HeaderName::from_static("x-sumun-reason");
const ENFORCED: HeaderName = HeaderName::from_static("x-sumun-enforced");
const STATUS: HeaderName = HeaderName::from_static("x-sumun-status");

/// A question that cannot be understood: a fault of the front's configuration. Told as a refusal, never as an error of ours: a front lets
/// pass where it takes us to be down.
#[derive(Debug)]
struct Misread(StatusCode, &'static str, &'static str);

const fn misread(detail: &'static str) -> Misread {
    Misread(StatusCode::BAD_REQUEST, "malformed_question", detail)
}

/// The request that a front asks about, as far as it shows it.
struct Shown {
    method: Method,
    /// As the client sent it; it may be no text.
    target: Vec<u8>,
    /// The client's, and what the front says of itself.
    headers: HeaderMap,
    body: WholeBody,
    /// Whether all of the body was shown.
    whole: bool,
    /// Whether the client asks for a WebSocket.
    upgrade: bool,
}

/// What was decided and is on record; none: it may go on.
struct Judged {
    decision: Decision,
    refusal: Option<Refusal>,
}

/// Decides about what a front shows, and writes it down.
async fn judge(proxy: &Proxy, shown: Shown, peer: IpAddr) -> Result<Judged, Misread> {
    let (received, clear) = received(proxy, shown, peer)?;
    // A client can write a doubtful target; that is decided and recorded as anything else he sends, and is no fault of the front's.
    let decision = if clear { proxy.decide(&received) } else { proxy.decide_misread(&received) };
    let mut decision = decision.forwarded_elsewhere();
    let refusal = match proxy.admit(&received, &mut decision).await {
        Ok(admitted) => {
            admitted.pending.elsewhere();
            None
        }
        Err(refusal) => Some(refusal),
    };
    Ok(Judged { decision, refusal })
}

/// The request as the gate reads it, and whether its target can be read in one way only.
fn received(proxy: &Proxy, shown: Shown, peer: IpAddr) -> Result<(Received, bool), Misread> {
    let Shown { method, target, mut headers, body, whole, upgrade } = shown;
    let vouched = vouched(proxy, &headers)?;
    let source = client_address(peer, &headers, &proxy.config.trusted_hops)
        .map_err(|_| misread("the front's `X-Forwarded-For` is no list of addresses"))?;
    let read = whole_target(&target);
    let clear = read.is_some();
    for name in [&FRONT_TOKEN, &KEY] {
        headers.remove(name);
    }
    let mut parts = Request::new(()).into_parts().0;
    (parts.method, parts.uri) = (method, read.unwrap_or_else(|| readable_path(&target)));
    parts.headers = headers;
    let WholeBody { bytes, room } = body;
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

/// Whether a header asks for a WebSocket.
fn asks_websocket(headers: &HeaderMap, name: &HeaderName) -> bool {
    text(headers, name).eq_ignore_ascii_case("websocket")
}

/// A header as text; empty if there is none, or none that is text.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Whether Envoy says that it shows a part of the body only. A client that says the contrary is not heard.
fn partial(headers: &HeaderMap) -> bool {
    let said = |value: &HeaderValue| value.as_bytes().windows(4).any(|part| part == b"true");
    headers.get_all(PARTIAL_BODY).iter().any(said)
}

/// What a front may log or pass on: `X-Sumun-*`, in either form.
fn told(judged: &Judged) -> HeaderMap {
    let Judged { decision, refusal } = judged;
    let mut headers = HeaderMap::with_capacity(5);
    let reason = refusal.as_ref().map(|refusal| refusal.reason).or_else(|| decision.reason());
    let word = if reason.is_some() { "deny" } else { "allow" };
    headers.insert(VERDICT, HeaderValue::from_static(word));
    let enforced = if refusal.is_some() || decision.enforced() { "true" } else { "false" };
    headers.insert(ENFORCED, HeaderValue::from_static(enforced));
    if let Some(reason) = reason {
        headers.insert(REASON, HeaderValue::from_static(reason.as_str()));
    }
    if let Some(key) = decision.key().and_then(|key| HeaderValue::from_str(key.as_str()).ok()) {
        headers.insert(KEY, key);
    }
    if let Some(refusal) = refusal {
        headers.insert(STATUS, HeaderValue::from(refusal.status.as_u16()));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
