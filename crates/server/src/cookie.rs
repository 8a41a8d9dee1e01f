//! The one cookie of each front: a session's token where no script can read it.
//!
//! `sumun_staff` on the control plane's listener, `sumun_owner` on the owner's. Over TLS with `__Host-` in front, by which a browser lets
//! no other host, not one of the same domain either, put a cookie in place of ours. Never both on one listener, never a cookie
//! of any other kind.

use crate::browsers::{Browsers, Front};
use crate::problem::Problem;
use http::{HeaderMap, header};

/// The cookie's name.
pub(crate) const fn name(front: Front, secure: bool) -> &'static str {
    match (front, secure) {
        (Front::Staff, false) => "sumun_staff",
        (Front::Owner, false) => "sumun_owner",
        (Front::Staff, true) => "__Host-sumun_staff",
        (Front::Owner, true) => "__Host-sumun_owner",
    }
}

/// `Set-Cookie` that keeps a token for so many seconds.
pub(crate) fn keep(browsers: &Browsers, front: Front, token: &str, seconds: i64) -> String {
    written(browsers, front, token, seconds.max(0))
}

/// `Set-Cookie` that ends it.
pub(crate) fn clear(browsers: &Browsers, front: Front) -> String {
    written(browsers, front, "", 0)
}

fn written(browsers: &Browsers, front: Front, value: &str, seconds: i64) -> String {
    // An owner comes from the exchange's own site, by a link or a form: of a strict cookie he would be signed out at each arrival.
    let same_site = match front {
        Front::Staff => "Strict",
        Front::Owner => "Lax",
    };
    let secure = browsers.is_secure(front);
    let (name, attribute) = (name(front, secure), if secure { "; Secure" } else { "" });
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite={same_site}{attribute}")
}

/// The token that this front's cookie keeps; none without one.
///
/// # Errors
/// It stands twice: which of the two was ours cannot be told.
pub(crate) fn read<'a>(
    browsers: &Browsers,
    headers: &'a HeaderMap,
    front: Front,
) -> Result<Option<&'a str>, Problem> {
    let name = name(front, browsers.is_secure(front));
    let mut found = None;
    for sent in headers.get_all(header::COOKIE) {
        // Of other cookies nothing is asked, not even that they can be read.
        for pair in sent.as_bytes().split(|byte| *byte == b';') {
            let Some((_, value)) = std::str::from_utf8(pair)
                .ok()
                .and_then(|pair| pair.trim().split_once('='))
                .filter(|(cookie, _)| cookie.trim_end() == name)
            else {
                continue;
            };
            if found.replace(value).is_some() {
                return Err(Problem::bad_request(
                    "cookie_twice",
                    format!("the cookie `{name}` stands twice"),
                    "delete this site's cookies in the browser and sign in again",
                ));
            }
        }
    }
    // What signing out leaves behind in a browser that keeps empty cookies.
    Ok(found.filter(|value| !value.is_empty()))
}
