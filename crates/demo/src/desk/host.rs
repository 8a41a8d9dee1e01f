//! The desk answers to its own names only: a page elsewhere, whose name was made to lead to this machine, would read codes and links here.

use crate::links::OWNER_HOST;
use crate::staff::STAFF;
use crate::world::World;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Refuses whoever asked for another host.
pub(super) async fn own_names_only(
    State(world): State<Arc<World>>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let mut asked = request.headers().get_all(header::HOST).iter().map(HeaderValue::to_str);
    let port = world.ports.desk.port();
    let own = matches!((asked.next(), asked.next()), (Some(Ok(host)), None) if is_own(host, port));
    if own {
        return next.run(request).await;
    }
    let said =
        format!("This is the desk of a demo, and it is opened by its own name: http://127.0.0.1:{port}/\n");
    (StatusCode::MISDIRECTED_REQUEST, said).into_response()
}

/// Whether a `Host` is the desk: a loopback name or one of the people's, with the desk's port.
fn is_own(host: &str, port: u16) -> bool {
    let Some(name) = host.strip_suffix(&format!(":{port}")) else { return false };
    let people = STAFF.iter().map(|(_, host, _)| *host).chain([OWNER_HOST, "127.0.0.1", "localhost"]);
    people.into_iter().any(|own| own.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_name_is_another_host() {
        for own in ["127.0.0.1:8090", "localhost:8090", "Owner.localhost:8090", "analyst.localhost:8090"] {
            assert!(is_own(own, 8090), "{own}");
        }
        for other in [
            "",
            "127.0.0.1",
            "127.0.0.1:8070",
            "evil.example:8090",
            "analyst.localhost.evil.example:8090",
            "evil.localhost:8090",
            ":8090",
        ] {
            assert!(!is_own(other, 8090), "{other}");
        }
    }
}
