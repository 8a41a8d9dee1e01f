//! Where a browser's request comes from: a page of another site may have it sent, cookie and all.
//!
//! Asked of whatever changes something and is signed in by a cookie, and of the form by which customers sign in. A token in
//! `Authorization` is put there by a program that has it, and no page of another site does.

use crate::problem::Problem;
use http::request::Parts;
use http::{HeaderName, Method, StatusCode, header};

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

/// Refuses a form that comes neither from this very host nor from one of these origins, and names where it says that it comes from,
/// such as `https://elsewhere.example`. A browser that says no `Origin` is believed by its `Referer`; one that says `null` is not.
pub(crate) fn check_form(parts: &Parts, secure: bool, allowed: &[String]) -> Result<(), String> {
    let said = match parts.headers.contains_key(header::ORIGIN) {
        true => one(parts, &header::ORIGIN),
        false => one(parts, &header::REFERER).and_then(origin_of),
    };
    let Some(origin) = said else { return Err("nowhere it says".to_owned()) };
    let listed = allowed.iter().any(|known| known.eq_ignore_ascii_case(origin));
    if listed || names_host(parts, origin, secure) {
        return Ok(());
    }
    Err(origin.chars().take(200).flat_map(char::escape_debug).collect())
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

/// The one header of this name.
fn one<'a>(parts: &'a Parts, name: &HeaderName) -> Option<&'a str> {
    let mut all = parts.headers.get_all(name).iter();
    all.next().filter(|_| all.next().is_none()).and_then(|value| value.to_str().ok())
}

/// The origin of a page's address.
fn origin_of(address: &str) -> Option<&str> {
    let scheme = address.find("://")?;
    let host = scheme.saturating_add(3);
    let end =
        address.get(host..)?.find(['/', '?', '#']).map_or(address.len(), |end| host.saturating_add(end));
    address.get(..end)
}

/// Whether the one `Origin` names the host that was asked.
fn is_own(parts: &Parts, secure: bool) -> bool {
    one(parts, &header::ORIGIN).is_some_and(|origin| names_host(parts, origin, secure))
}

/// Whether an origin is that of the host that was asked.
fn names_host(parts: &Parts, origin: &str, secure: bool) -> bool {
    let Some(host) = one(parts, &header::HOST) else { return false };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_origin() {
        for (address, origin) in [
            ("https://exchange.example/keys?x=1#y", Some("https://exchange.example")),
            ("https://exchange.example", Some("https://exchange.example")),
            ("https://exchange.example?to=https://other.example/", Some("https://exchange.example")),
            ("http://127.0.0.1:9000/", Some("http://127.0.0.1:9000")),
            ("about:blank", None),
            ("", None),
        ] {
            assert_eq!(origin_of(address), origin, "{address}");
        }
    }
}
