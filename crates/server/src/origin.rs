//! Where a browser's request comes from: a page of another site may have it sent, cookie and all.
//!
//! Asked of whatever changes something and is signed in by a cookie. A token in `Authorization` is put there by a program that has it,
//! and no page of another site does.

use crate::problem::Problem;
use http::request::Parts;
use http::{Method, StatusCode, header};

/// Refuses what changes something and does not come from this very host.
pub(crate) fn check(parts: &Parts, secure: bool) -> Result<(), Problem> {
    if matches!(parts.method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    if is_own(parts, secure) { Ok(()) } else { Err(foreign()) }
}

/// Refuses what says that it comes from elsewhere.
pub(crate) fn check_if_said(parts: &Parts, secure: bool) -> Result<(), Problem> {
    if !parts.headers.contains_key(header::ORIGIN) || is_own(parts, secure) { Ok(()) } else { Err(foreign()) }
}

pub(crate) fn foreign() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "foreign_origin",
        "the request is signed in by a cookie, and its `Origin` is not this host",
        "open the page by this server's own address and act there; a hop in between must pass `Host` and `Origin` on as they come; a program \
         signs in with `Authorization: Bearer …`",
    )
}

/// Whether the one `Origin` names the host that was asked.
fn is_own(parts: &Parts, secure: bool) -> bool {
    let one = |name| {
        let mut all = parts.headers.get_all(name).iter();
        all.next().filter(|_| all.next().is_none()).and_then(|value| value.to_str().ok())
    };
    let (Some(origin), Some(host)) = (one(header::ORIGIN), one(header::HOST)) else { return false };
    let (from, port) = match origin.split_once("://") {
        Some(("https", from)) => (from, ":443"),
        // Where pages come over TLS, one that does not is somebody else's.
        Some(("http", from)) if !secure => (from, ":80"),
        _ => return false,
    };
    // A browser leaves the usual port out of both; a hop may write it.
    let bare = |host: &str| host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase();
    !from.is_empty() && bare(from) == bare(host)
}
