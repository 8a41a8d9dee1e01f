//! Envoy's `ext_authz` over gRPC: `envoy.service.auth.v3.Authorization/Check`, decided as its HTTP form is (ADR 0028).
//!
//! One unary call over plain HTTP/2 is five bytes and a message, so they are read and written here. Whatever a client can cause is
//! answered by a `CheckResponse`: Envoy takes an error of the call for a service that is down, and lets pass where it should then. An error is
//! only what no Envoy sends, and trouble of our own.

use super::proto::{
    Allowed, CheckRequest, CheckResponse, Denied, HeaderValue as Said, HeaderValueOption, HttpRequest,
    HttpStatus, OVERWRITE, Status,
};
use super::{FRONT_TOKEN, Judged, KEY, Misread, Shown, asks_websocket, judge, misread, partial, text, told};
use crate::body::{Bodies, WholeBody};
use crate::refuse;
use crate::service::Proxy;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use http_body_util::StreamBody;
use hyper::body::{Frame, Incoming};
use prost::Message;
use std::convert::Infallible;
use std::net::IpAddr;

/// The one method there is.
const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";
const CONTENT_TYPE: &str = "application/grpc";
/// Before each message: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const OK: i32 = 0;
const INVALID_ARGUMENT: i32 = 3;
const PERMISSION_DENIED: i32 = 7;
const UNIMPLEMENTED: i32 = 12;
const UNAVAILABLE: i32 = 14;

/// A message and its trailers.
pub(crate) type Frames = StreamBody<stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, Infallible>>>>;

/// The call itself failed.
struct Failed(i32, &'static str);

/// Whether somebody calls by gRPC.
pub(crate) fn calls(request: &Request<Incoming>) -> bool {
    let form = text(request.headers(), &header::CONTENT_TYPE).strip_prefix(CONTENT_TYPE);
    request.version() == Version::HTTP_2
        && form.is_some_and(|rest| matches!(rest.get(..1), None | Some("+" | ";")))
}

/// Answers a call.
pub(crate) async fn answer(
    proxy: &Proxy,
    bodies: &Bodies,
    request: Request<Incoming>,
    peer: IpAddr,
) -> Response<Frames> {
    match check(proxy, bodies, request, peer).await {
        Ok(answer) => framed(&answer),
        Err(Failed(code, message)) => failed(code, message),
    }
}

async fn check(
    proxy: &Proxy,
    bodies: &Bodies,
    request: Request<Incoming>,
    peer: IpAddr,
) -> Result<CheckResponse, Failed> {
    if request.method() != Method::POST || request.uri().path() != CHECK {
        return Err(Failed(
            UNIMPLEMENTED,
            "the one method here is envoy.service.auth.v3.Authorization/Check",
        ));
    }
    let (parts, body) = request.into_parts();
    let WholeBody { bytes, room } = match bodies.read(body).await {
        Ok(Some(whole)) => whole,
        Ok(None) => {
            let detail = "let `max_request_bytes` be no more than `gate.body_bytes_max`";
            return Ok(problem(&Misread(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", detail)));
        }
        // No room is our own trouble; what is late or broken is the caller's.
        Err(error) if error.status().is_server_error() => {
            return Err(Failed(UNAVAILABLE, "too many large questions are on their way"));
        }
        Err(_) => return Err(Failed(INVALID_ARGUMENT, "the message did not come whole")),
    };
    let shown = match shown(unframed(bytes)?) {
        Ok(shown) => Shown { body: WholeBody { room, ..shown.body }, ..shown },
        Err(error) => return Ok(problem(&error)),
    };
    Ok(match judge(proxy, named(shown, &parts.headers), peer).await {
        Ok(judged) => said(judged),
        Err(error) => problem(&error),
    })
}

/// The one message of a unary call, uncompressed: nobody was told that another form is understood.
fn unframed(mut bytes: Bytes) -> Result<Bytes, Failed> {
    let unfit = Failed(INVALID_ARGUMENT, "the call is not one message with its length before it");
    if bytes.len() < PREFIX_BYTES {
        return Err(unfit);
    }
    let (compressed, length) = (bytes.get_u8(), bytes.get_u32());
    if compressed != 0 {
        return Err(Failed(UNIMPLEMENTED, "send the message uncompressed"));
    }
    if usize::try_from(length).ok() == Some(bytes.len()) { Ok(bytes) } else { Err(unfit) }
}

/// With the token that the front shows in its call's own metadata, where no client can write.
fn named(mut shown: Shown, metadata: &HeaderMap) -> Shown {
    if let Some(token) = metadata.get(FRONT_TOKEN) {
        shown.headers.insert(FRONT_TOKEN, token.clone());
    }
    shown
}

fn shown(message: Bytes) -> Result<Shown, Misread> {
    let question = CheckRequest::decode(message).map_err(|_| misread("the message is no `CheckRequest`"))?;
    let HttpRequest { method, headers: joined, path, body, raw_body, header_map } = question
        .attributes
        .and_then(|attributes| attributes.request)
        .and_then(|request| request.http)
        .ok_or_else(|| misread("the message shows no HTTP request"))?;
    let method = Method::from_bytes(&method).map_err(|_| misread("`method` is no method"))?;
    // Raw headers are what the client sent; without them repeated ones come joined, and bytes that are no text as `!`.
    let pairs: Vec<(Bytes, Bytes)> = match header_map {
        Some(raw) => raw.headers.into_iter().map(pair).collect(),
        None => joined.into_iter().map(|pair| (pair.key, pair.value)).collect(),
    };
    let (mut headers, mut target) = (HeaderMap::with_capacity(pairs.len()), path);
    for (name, value) in pairs {
        if name.starts_with(b":") {
            if name == ":path" {
                target = value;
            }
            continue;
        }
        let name = HeaderName::from_bytes(&name).map_err(|_| misread("a header's name is none"))?;
        let value = HeaderValue::from_maybe_shared(value).map_err(|_| misread("a header's value is none"))?;
        headers.append(name, value);
    }
    let bytes = if raw_body.is_empty() { body } else { raw_body };
    // Without `with_request_body` there is no word on the body but the client's own: passing it unseen would let anybody put an unsigned
    // body under a signature of nothing.
    let length = text(&headers, &header::CONTENT_LENGTH).parse::<usize>().ok();
    let unseen = bytes.is_empty() && headers.contains_key(header::TRANSFER_ENCODING);
    let whole = !partial(&headers)
        && !unseen
        && (length == Some(bytes.len()) || !headers.contains_key(header::CONTENT_LENGTH));
    let upgrade = asks_websocket(&headers, &header::UPGRADE);
    let body = WholeBody { bytes, room: None };
    Ok(Shown { method, target: target.to_vec(), headers, body, whole, upgrade })
}

fn pair(header: Said) -> (Bytes, Bytes) {
    (header.key, if header.raw_value.is_empty() { header.value } else { header.raw_value })
}

/// The answer: the exchange's own words, its own status too. In this form a 5xx is a refusal like any other.
fn said(judged: Judged) -> CheckResponse {
    let headers = told(&judged);
    let Some(refusal) = judged.refusal else {
        // The exchange is told of no front's token.
        let names = [FRONT_TOKEN.as_str(), KEY.as_str()].map(str::to_owned).to_vec();
        let ok = Some(Allowed { headers_to_remove: names });
        return CheckResponse { status: Some(Status { code: OK }), denied: None, ok };
    };
    let own = refusal.headers.iter().map(|(name, value)| (name, value));
    denied(refusal.status, own.chain(headers.iter()), Bytes::from_static(refusal.body.as_bytes()))
}

fn problem(error: &Misread) -> CheckResponse {
    let Misread(status, code, detail) = error;
    denied(*status, std::iter::empty(), refuse::problem_text(code, detail).into())
}

fn denied<'a>(
    status: StatusCode,
    headers: impl Iterator<Item = (&'a HeaderName, &'a HeaderValue)>,
    body: Bytes,
) -> CheckResponse {
    let said = |name: &HeaderName, value: &HeaderValue| HeaderValueOption {
        header: Some(Said {
            key: Bytes::copy_from_slice(name.as_str().as_bytes()),
            value: Bytes::copy_from_slice(value.as_bytes()),
            raw_value: Bytes::new(),
        }),
        append_action: OVERWRITE,
    };
    let form = HeaderValue::from_static(sumun_dialect::Refusal::CONTENT_TYPE);
    let mut all = vec![said(&header::CONTENT_TYPE, &form)];
    all.extend(headers.map(|(name, value)| said(name, value)));
    let code = i32::from(status.as_u16());
    let denied = Denied { status: Some(HttpStatus { code }), headers: all, body };
    CheckResponse { status: Some(Status { code: PERMISSION_DENIED }), denied: Some(denied), ok: None }
}

fn framed(answer: &CheckResponse) -> Response<Frames> {
    let length = answer.encoded_len();
    let mut bytes = BytesMut::with_capacity(PREFIX_BYTES + length);
    bytes.put_u8(0);
    bytes.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    if answer.encode(&mut bytes).is_err() {
        return failed(UNAVAILABLE, "the answer could not be written");
    }
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert(GRPC_STATUS, HeaderValue::from(OK));
    response(vec![Ok(Frame::data(bytes.freeze())), Ok(Frame::trailers(trailers))])
}

fn failed(code: i32, message: &'static str) -> Response<Frames> {
    let mut response = response(Vec::new());
    response.headers_mut().insert(GRPC_STATUS, HeaderValue::from(code));
    response.headers_mut().insert(GRPC_MESSAGE, HeaderValue::from_static(message));
    response
}

fn response(frames: Vec<Result<Frame<Bytes>, Infallible>>) -> Response<Frames> {
    let mut response = Response::new(StreamBody::new(stream::iter(frames)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    response
}

#[cfg(test)]
mod tests;
