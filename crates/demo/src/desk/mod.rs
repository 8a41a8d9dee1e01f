//! The desk: the page of whoever watches the demo. Who is who, links to sign in by, everybody's authenticator, mail that came.
//!
//! It plays what is outside of Sumun: phones, mailboxes, the exchange. It signs people in over REST as they would themselves and
//! passes the cookie on; it has no right of its own. Listens on the loopback network only.

mod enter;
pub(crate) mod exchange;
mod hands;
mod host;
mod mail;
mod page;
mod sections;

use crate::world::World;
use anyhow::{Context, Result};
use axum::Router;
use axum::http::{HeaderValue, Request, header};
use axum::middleware::{Next, map_response};
use axum::response::Response;
use axum::routing::{get, post};
use std::sync::Arc;
use tokio::net::TcpListener;

/// Nothing but this page's own style, forms to itself, nobody around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Serves it until dropped.
pub(crate) async fn serve(world: Arc<World>, listener: TcpListener) -> Result<()> {
    let routes = Router::new()
        .route("/", get(page::desk))
        .route("/desk.css", get(page::style))
        .route("/enter/{code}", get(enter::enter))
        .route(exchange::PATH, get(exchange::page))
        .route("/mail/{customer}/{language}", get(mail::mailbox))
        .route("/bot/{key}", get(hands::bot))
        .route("/bot/{key}/code", post(hands::code))
        .route("/bot/{key}/secret", post(hands::secret))
        .route("/bot/{key}/switch/{word}", post(hands::switch))
        .route("/identity/{key}/{word}", post(hands::identity))
        .layer(axum::middleware::from_fn(own_forms_only))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&world), host::own_names_only))
        .layer(map_response(sealed))
        .with_state(world);
    axum::serve(listener, routes).await.context("the desk cannot listen any more")
}

/// A page elsewhere must not press a button here.
async fn own_forms_only(request: Request<axum::body::Body>, next: Next) -> Response {
    use axum::http::StatusCode;
    use axum::response::IntoResponse;
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let own = text(header::ORIGIN).is_none_or(|origin| {
        origin.strip_prefix("http://").is_some_and(|from| Some(from) == text(header::HOST))
    });
    if !own && !matches!(*request.method(), axum::http::Method::GET) {
        return (StatusCode::FORBIDDEN, "another page's form").into_response();
    }
    next.run(request).await
}

async fn sealed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
