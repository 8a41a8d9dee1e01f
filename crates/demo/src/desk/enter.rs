//! A link is opened: the person signs in with what he knows and has, and the browser gets his cookie and goes on.

use super::page::{self, Note};
use crate::links::{OWNER_HOST, Standing, Who};
use crate::rest::Answer;
use crate::world::World;
use anyhow::{Context, Result};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use http::Method;
use std::sync::Arc;

/// `GET /enter/CODE`.
pub(super) async fn enter(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Response {
    let who = match world.links.standing(&code) {
        Some(Standing::Open(who)) => who,
        Some(Standing::Used(_)) => return page::note(&world, StatusCode::GONE, Note::Used),
        None => return page::note(&world, StatusCode::NOT_FOUND, Note::Unknown),
    };
    let (host, port) = match place(&world, &who) {
        Ok(place) => place,
        Err(error) => return page::fails(&world, &error),
    };
    // A cookie belongs to a host: the browser must have come to the right one.
    let came_to = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let right = format!("{host}:{}", world.ports.desk.port());
    if came_to != right {
        return Redirect::temporary(&format!("http://{right}/enter/{code}")).into_response();
    }
    let signed_in = match &who {
        Who::Staff(user) => staff(&world, user).await,
        Who::Owner(at) => owner(&world, *at).await,
    };
    match signed_in {
        Ok(Some(answer)) if answer.headers.contains_key(header::SET_COOKIE) => {
            world.links.used(&code);
            let mut response = Redirect::to(&format!("http://{host}:{port}/")).into_response();
            for cookie in answer.headers.get_all(header::SET_COOKIE) {
                if let Ok(cookie) = HeaderValue::from_bytes(cookie.as_bytes()) {
                    response.headers_mut().append(header::SET_COOKIE, cookie);
                }
            }
            response
        }
        Ok(Some(answer)) => page::fails(&world, &anyhow::anyhow!("{} {}", answer.status, answer.body)),
        Ok(None) => page::note(&world, StatusCode::OK, Note::NextCode),
        Err(error) => page::fails(&world, &error),
    }
}

/// The host for whom, and the port of his page.
fn place(world: &World, who: &Who) -> Result<(&'static str, u16)> {
    Ok(match who {
        Who::Staff(user) => (world.staff.of(user)?.host, world.ports.console.port()),
        Who::Owner(_) => (OWNER_HOST, world.ports.owner.port()),
    })
}

/// Password and code; none while the present code and the next have been used here.
async fn staff(world: &World, user: &str) -> Result<Option<Answer>> {
    world.staff.of(user)?.sign_in(&world.rest, true).await
}

/// The exchange sends its customer with its word, as a browser's form would.
async fn owner(world: &World, at: usize) -> Result<Option<Answer>> {
    let entered = world.entered.get(at).context("there is no such owner")?;
    let form = format!("assertion={}", entered.session.assertion(&world.exchange)?);
    let page = crate::rest::Rest::at(&world.ports.owner.to_string()).on_page_of(world.ports.exchange_page());
    let body = ("application/x-www-form-urlencoded", form.into_bytes());
    page.send(None, Method::POST, "/sign-in", body).await.map(Some)
}
