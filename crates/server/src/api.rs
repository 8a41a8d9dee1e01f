//! From a request to its handler: path, query, who asks, whether he may, body, how to call; and only then the handler.
//!
//! An operation is added with its row of rights ([`crate::access`]); there is no other way to add one.

use crate::access::{Access, Method, Row};
use crate::answer::Answer;
use crate::asked::{self, Asked};
use crate::authenticate;
use crate::browsers::Front;
use crate::client_address::client_address;
use crate::console_files;
use crate::encoding;
use crate::operation::{Operation, Taken};
use crate::origin;
use crate::parameter::{self, Kind};
use crate::problem::Problem;
use crate::server::Server;
use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use bytes::Bytes;
use futures_util::FutureExt;
use http::request::Parts;
use http::{HeaderMap, Request, StatusCode, header};
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Longest a request may take, body included. The slowest honest one hashes a password and waits for a checkpoint.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);

type Handler =
    Arc<dyn Fn(Asked) -> Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send>> + Send + Sync>;

/// Which operation answered, for the counters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnsweredBy(pub(crate) &'static str);

/// Every operation with its handler.
#[derive(Default)]
pub(crate) struct Api {
    operations: Vec<(Arc<Operation>, Handler)>,
}

impl Api {
    /// Adds an operation.
    pub(crate) fn add<H, F>(&mut self, operation: Operation, handler: H)
    where
        H: Fn(Asked) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Answer, Problem>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |asked| Box::pin(handler(asked)));
        self.operations.push((Arc::new(operation), handler));
    }

    /// What there is, for the document.
    pub(crate) fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.iter().map(|(operation, _)| operation.as_ref())
    }

    /// The routes of one front.
    pub(crate) fn into_router(self, server: &Arc<Server>, front: Front) -> Router {
        let mut paths: BTreeMap<&'static str, MethodRouter> = BTreeMap::new();
        let served = |operation: &Operation| front == Front::Staff || operation.row.is_for_owners();
        for (operation, handler) in self.operations.into_iter().filter(|(operation, _)| served(operation)) {
            let filter = match operation.row.method {
                Method::Get => MethodFilter::GET,
                Method::Post => MethodFilter::POST,
                Method::Put => MethodFilter::PUT,
                Method::Delete => MethodFilter::DELETE,
            };
            let (path, server) = (operation.row.path, Arc::clone(server));
            let route = on(filter, move |request: Request<Body>| {
                let (server, operation, handler) =
                    (Arc::clone(&server), Arc::clone(&operation), Arc::clone(&handler));
                async move { answer(server, front, &operation, &handler, request).await }
            });
            let merged = match paths.remove(path) {
                Some(others) => others.merge(route),
                None => route,
            };
            paths.insert(path, merged);
        }
        paths
            .into_iter()
            .fold(Router::new(), |router, (path, route)| router.route(path, route))
            .fallback(async move |request: Request<Body>| {
                let (uri, path) = (request.uri(), request.uri().path());
                let page = console_files::answer(front, request.method(), uri, request.headers());
                page.unwrap_or_else(|| {
                    let no = no_such_path(path);
                    match console_files::depends_on_kind(request.method(), path) {
                        true => no.with(header::VARY, "accept, accept-encoding").into_response(),
                        false => no.into_response(),
                    }
                })
            })
            .method_not_allowed_fallback(async |request: Request<Body>| {
                Problem::new(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "method_not_allowed",
                    format!("`{}` has no {}", shown(request.uri().path()), shown(request.method().as_str())),
                    "use one of the methods in the `Allow` header",
                )
            })
    }
}

async fn answer(
    server: Arc<Server>,
    front: Front,
    operation: &Operation,
    handler: &Handler,
    request: Request<Body>,
) -> Response {
    let venue = server.govern.venue();
    let work = AssertUnwindSafe(run(server, front, operation, handler, request)).catch_unwind();
    let done = if operation.endless {
        work.await
    } else {
        match tokio::time::timeout(REQUEST_TIME_MAX, work).await {
            Ok(done) => done,
            Err(_) => Ok(Err(Problem::unavailable(
                "timed_out",
                format!("the request was not answered within {} seconds", REQUEST_TIME_MAX.as_secs()),
            ))),
        }
    };
    let mut response = match done {
        Ok(Ok(answer)) => answer.into_response(),
        Ok(Err(problem)) if problem.is_step_up() => {
            problem.with_step_up(venue.second_factor.age_minutes_max.get() * 60).into_response()
        }
        Ok(Err(problem)) => problem.into_response(),
        Err(_) => {
            tracing::error!(operation = operation.row.id, "A handler panicked");
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "fault",
                "a fault of the server",
                "look up whether it was done, and report the request's id",
            )
            .into_response()
        }
    };
    response.extensions_mut().insert(AnsweredBy(operation.row.id));
    response
}

async fn run(
    server: Arc<Server>,
    front: Front,
    operation: &Operation,
    handler: &Handler,
    request: Request<Body>,
) -> Result<Answer, Problem> {
    let (mut parts, body) = request.into_parts();
    let path = path_parameters(&mut parts).await?;
    let peer = parts.extensions.get::<crate::serve::Peer>().map(|peer| peer.0.ip());
    let source = peer.map(|peer| client_address(peer, &parts.headers, &server.trusted_hops)).transpose()?;
    let signed_in = match operation.row.access {
        Access::Anyone => None,
        Access::Roles(_) => Some(authenticate::signed_in(&server, &parts, front).await?),
    };
    if let Some(signed_in) = &signed_in {
        permit(operation.row, &signed_in.actor.roles)?;
    }
    let query = parameter::read_query(parts.uri.query().unwrap_or_default(), &operation.query)?;
    let (body, stream) = match &operation.takes {
        Some(taken) if operation.streams => {
            check_type(taken, &parts.headers)?;
            (Bytes::new(), Some(body))
        }
        Some(taken) => (read_body(taken, &parts.headers, body).await?, None),
        None => (Bytes::new(), None),
    };
    let stream = std::sync::Mutex::new(stream);
    let encoding =
        encoding::said(&parts.headers, operation.takes.as_ref().is_some_and(|taken| taken.packed))?;
    let digest = parts.headers.get("content-digest").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let call = asked::call(operation, &parts.method, parts.uri.path(), &query, &parts.headers, &body)?;
    let own_origin = origin::check_if_said(&parts, server.browsers.is_secure(front)).is_ok();
    handler(Asked {
        server,
        signed_in,
        path,
        query,
        body,
        stream,
        encoding,
        digest,
        call,
        front,
        own_origin,
        source,
    })
    .await
}

/// The one place where a role is asked for.
fn permit(row: &Row, roles: &[sumun_govern::Role]) -> Result<(), Problem> {
    if row.allows(roles) { Ok(()) } else { Err(Problem::forbidden(row.id, &row.allowed())) }
}

async fn path_parameters(parts: &mut Parts) -> Result<Vec<(String, String)>, Problem> {
    let bad = || {
        Problem::bad_request(
            "bad_path",
            "the path is not percent-encoded UTF-8",
            "encode each id as `%` and two hex digits where it holds other than letters and digits",
        )
    };
    let parameters = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| bad())?;
    let mut read = Vec::new();
    for (name, value) in &parameters {
        Kind::of_path(name).check("bad_path", name, value)?;
        read.push((name.to_owned(), value.to_owned()));
    }
    Ok(read)
}

fn check_type(taken: &Taken, headers: &HeaderMap) -> Result<(), Problem> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_type(sent, taken.content_type) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content_type",
            format!("the body is `{}`, not `{}`", shown(sent), taken.content_type),
            format!("send it as `Content-Type: {}`", taken.content_type),
        )
        .with(header::ACCEPT, taken.content_type));
    }
    Ok(())
}

async fn read_body(taken: &Taken, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    check_type(taken, headers)?;
    axum::body::to_bytes(body, taken.bytes_max).await.map_err(|error| {
        if std::error::Error::source(&error)
            .is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>())
        {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                format!("the body has more than {} bytes", taken.bytes_max),
                "send less; no request of this kind needs that much",
            )
        } else {
            Problem::bad_request("body_incomplete", "the body did not come whole", "send the request again")
        }
    })
}

/// `application/json`, perhaps with `charset=utf-8` and no other parameter.
fn is_type(sent: &str, wanted: &str) -> bool {
    let mut parts = sent.split(';').map(str::trim);
    parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case(wanted))
        && parts.all(|parameter| {
            parameter.eq_ignore_ascii_case("charset=utf-8")
                || parameter.eq_ignore_ascii_case("charset=\"utf-8\"")
        })
}

fn no_such_path(path: &str) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no_such_path",
        format!("there is no `{}` here", shown(path)),
        "see /v1/openapi.json for what there is",
    )
}

fn shown(text: &str) -> String {
    text.chars().take(128).collect::<String>().escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_type_is_exactly_the_one_that_is_taken() {
        for good in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=UTF-8",
        ] {
            assert!(is_type(good, "application/json"), "{good}");
        }
        for bad in [
            "",
            "text/json",
            "application/json; charset=utf-16",
            "application/jsonp",
            "application/json, text/plain",
        ] {
            assert!(!is_type(bad, "application/json"), "{bad}");
        }
    }
}
