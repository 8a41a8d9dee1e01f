//! How a customer arrives: the exchange's page has his browser post its assertion here, and he is sent on, signed in, to his own page.
//!
//! The only thing on the owner's listener that is neither an operation nor a file. The assertion says who it was made for, and is used
//! once; that the form comes from another site is what it is for, and which site is configured: else a customer could have his own assertion
//! posted from another's browser, who would then do at a stranger's what he means to do at home. Never here: a token in an address, or a
//! way to name where he is sent.

use crate::browsers::{Browsers, Front};
use crate::client_address::client_address;
use crate::console_files::plain;
use crate::origin;
use crate::problem::Problem;
use crate::resources::{owner_sessions, sessions};
use crate::serve::Peer;
use crate::server::Server;
use crate::text::Opaque;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::{HeaderValue, Request, StatusCode, header};
use std::sync::Arc;
use std::time::Duration;

/// Where the form is posted.
pub(crate) const SIGN_IN: &str = "/sign-in";
/// An assertion of eight thousand characters, each written as three.
const FORM_BYTES_MAX: usize = 32 * 1024;
/// Longest it may take, the body's coming included.
const TIME_MAX: Duration = Duration::from_secs(30);
/// A form of somebody else's page.
const FOREIGN: &str = "sign_in_foreign";

/// Signs in, or says why not.
pub(crate) async fn sign_in(server: Arc<Server>, request: Request<Body>) -> Response {
    let done = tokio::time::timeout(TIME_MAX, signed_in(&server, request)).await;
    let done =
        done.unwrap_or_else(|_| Err(Problem::unavailable("timed_out", "the form did not come in time")));
    match done {
        Ok(cookie) => {
            let mut response = plain(StatusCode::SEE_OTHER, "Sumun", "이동합니다.", "Going on.");
            let headers = response.headers_mut();
            headers.insert(header::LOCATION, HeaderValue::from_static("/"));
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                headers.insert(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(problem) => {
            if problem.code != FOREIGN {
                tracing::info!(code = problem.code, "A customer could not be signed in: {}", problem.detail);
            }
            let (ko, en) = if problem.status.is_server_error() {
                (
                    "지금은 로그인할 수 없습니다. 잠시 후 거래소 화면에서 다시 들어와 주십시오.",
                    "Signing in is not possible at the moment. Go back to the exchange's page and come in again in a while.",
                )
            } else if problem.code == FOREIGN {
                (
                    "로그인하지 않았습니다. 이 로그인 요청은 거래소 화면에서 온 것이 아닙니다. 직접 거래소에 로그인한 뒤 그 화면에서 들어와 \
                     주십시오. 거래소 화면에서 오셨는데도 이 안내가 보이면 거래소 고객센터에 알려 주십시오.",
                    "You were not signed in: this request to sign in did not come from the exchange's page. Sign in at the exchange yourself and \
                     come in from its page. If that is where you came from, please tell the exchange's customer service.",
                )
            } else {
                (
                    "로그인하지 못했습니다. 로그인 확인은 한 번만 쓸 수 있고 곧 만료됩니다. 거래소 화면에서 다시 들어와 주십시오.",
                    "You could not be signed in. What the exchange hands you works once and not for long. Go back to the exchange's page and \
                     come in again.",
                )
            };
            plain(problem.status, "Sumun", ko, en)
        }
    }
}

/// `Set-Cookie` for whoever the form's assertion stands for.
async fn signed_in(server: &Server, request: Request<Body>) -> Result<String, Problem> {
    let (parts, body) = request.into_parts();
    let Browsers { sign_in_origins, .. } = &server.browsers;
    origin::check_form(&parts, server.browsers.is_secure(Front::Owner), sign_in_origins)
        .map_err(|origin| foreign(server, origin))?;
    let bad = |detail: &str| {
        let remedy = "post a form (`application/x-www-form-urlencoded`) with the one field `assertion`";
        Problem::bad_request("bad_form", detail, remedy)
    };
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(bad("the body is no form"));
    }
    let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.ip());
    let source = peer.map(|peer| client_address(peer, &parts.headers, &server.trusted_hops)).transpose()?;
    let body = to_bytes(body, FORM_BYTES_MAX)
        .await
        .map_err(|_| bad("the form is too large, or did not come whole"))?;
    let form = std::str::from_utf8(&body).map_err(|_| bad("the form is not text"))?;
    let assertion = assertion_in(form).ok_or_else(|| bad("the form has not the one field `assertion`"))?;
    let opened = owner_sessions::open(server, &assertion, source).await?;
    Ok(sessions::kept(server, Front::Owner, &opened))
}

/// Said to whoever reads the log, too: a customer who cannot come in has nobody else to tell why. Anybody may post such a form, so that one
/// origin is said once a minute.
fn foreign(server: &Server, origin: String) -> Problem {
    if server.foreign_forms.is_news(&origin, server.govern.world.now()) {
        tracing::warn!(
            origin,
            "A form to sign a customer in was refused: it came from `{origin}`, which is neither the owner's page nor in \
             `owner.sign_in_origins`; if that is the exchange's page, name it there. `null` is a page whose `Referrer-Policy` is \
             `no-referrer` or `same-origin`."
        );
    }
    let detail = format!("the form came from `{origin}`, which may not sign customers in");
    Problem::new(
        StatusCode::FORBIDDEN,
        FOREIGN,
        detail,
        "name the exchange's origin in `owner.sign_in_origins`",
    )
}

/// The form's one field. A compact JWS has no letter that a form writes otherwise.
fn assertion_in(form: &str) -> Option<String> {
    let value = form.strip_prefix("assertion=")?;
    let value = value.trim_end_matches("%0D%0A");
    (Opaque::allows(value) && !value.contains(['&', '%', '+', '='])).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_one_field() {
        assert_eq!(assertion_in("assertion=a.b-_c").as_deref(), Some("a.b-_c"));
        for bad in ["", "assertion=", "assertion=a&next=/x", "other=a", "assertion=a%2e", "assertion=a+b"] {
            assert_eq!(assertion_in(bad), None, "{bad}");
        }
    }
}
