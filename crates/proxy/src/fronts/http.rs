//! nginx's `auth_request`, and Envoy's `ext_authz` over HTTP. nginx shows method, target and client in headers and never a body; Envoy
//! sends the request as it came, the body too if told.

use super::{Judged, Misread, Shown, asks_websocket, judge, misread, partial, text, told};
use crate::body::WholeBody;
use crate::refuse;
use crate::service::{Body, Proxy};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::{Either, Full};
use std::net::IpAddr;

/// Where nginx asks.
const NGINX_PATH: &str = "/v1/auth-request";
/// What stands before the path of what Envoy asks about.
const ENVOY_PREFIX: &str = "/v1/ext-authz";

const ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");
const ORIGINAL_URI: HeaderName = HeaderName::from_static("x-original-uri");
const ORIGINAL_LENGTH: HeaderName = HeaderName::from_static("x-original-length");
const ORIGINAL_CODING: HeaderName = HeaderName::from_static("x-original-transfer-encoding");
const ORIGINAL_UPGRADE: HeaderName = HeaderName::from_static("x-original-upgrade");

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

/// Answers a front. `body` is none if it was longer than is read.
pub(crate) async fn answer(
    proxy: &Proxy,
    front: Front,
    parts: Parts,
    body: Option<WholeBody>,
    peer: IpAddr,
) -> Response<Body> {
    let judged = match shown(front, parts, body) {
        Ok(shown) => judge(proxy, shown, peer).await,
        Err(error) => Err(error),
    };
    match judged {
        Ok(judged) => said(front, judged),
        Err(Misread(status, code, detail)) => refuse::problem(status, code, detail),
    }
}

fn shown(front: Front, parts: Parts, body: Option<WholeBody>) -> Result<Shown, Misread> {
    let mut headers = parts.headers;
    let shown = match front {
        Front::Nginx => {
            let method = text(&headers, &ORIGINAL_METHOD).parse();
            let method = method.map_err(|_| misread("`X-Original-Method` is missing or no method"))?;
            // Clients send bytes that are no text.
            let target = headers.get(&ORIGINAL_URI).map(HeaderValue::as_bytes);
            let target = target.ok_or_else(|| misread("`X-Original-URI` is missing"))?.to_vec();
            let whole = matches!(text(&headers, &ORIGINAL_LENGTH), "" | "0")
                && text(&headers, &ORIGINAL_CODING).is_empty();
            let upgrade =
                [ORIGINAL_UPGRADE, header::UPGRADE].iter().any(|name| asks_websocket(&headers, name));
            for name in [&ORIGINAL_METHOD, &ORIGINAL_URI, &ORIGINAL_LENGTH] {
                headers.remove(name);
            }
            Shown { method, target, headers, body: WholeBody::default(), whole, upgrade }
        }
        Front::Envoy => {
            let target = parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default();
            let target = target.strip_prefix(ENVOY_PREFIX).unwrap_or_default().as_bytes().to_vec();
            let whole = body.is_some() && !partial(&headers);
            let upgrade = asks_websocket(&headers, &header::UPGRADE);
            let body = body.unwrap_or_default();
            Shown { method: parts.method, target, headers, body, whole, upgrade }
        }
    };
    Ok(shown)
}

/// The answer as the front can use it: nginx takes 401 and 403 and nothing else; Envoy passes the exchange's own words on.
fn said(front: Front, judged: Judged) -> Response<Body> {
    let headers = told(&judged);
    let mut response = match judged.refusal {
        None => Response::new(Either::Left(Full::new(Bytes::new()))),
        Some(refusal) => {
            let usable = match front {
                Front::Nginx => refusal.status == StatusCode::UNAUTHORIZED,
                // Envoy takes any 5xx for a service that is down, and lets pass where it should then.
                Front::Envoy => !refusal.status.is_server_error(),
            };
            let mut response = refusal.into_response();
            if !usable {
                *response.status_mut() = StatusCode::FORBIDDEN;
            }
            response
        }
    };
    response.headers_mut().extend(headers);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_front_has_its_path() {
        assert_eq!(front_of("/v1/auth-request"), Some(Front::Nginx));
        assert_eq!(front_of("/v1/ext-authz/v1/orders"), Some(Front::Envoy));
        for other in ["/v1/ext-authz", "/v1/ext-authzz/v1", "/v1/auth-request/x", "/v1/decide", "/"] {
            assert_eq!(front_of(other), None, "{other}");
        }
    }
}
