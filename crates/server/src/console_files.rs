//! The built files of the two programs for browsers: the console for staff, the owner's page. Built by npm into `console/dist`,
//! embedded into a release, read from the disk by a debug build.
//!
//! A path that is no file is a place inside the program, which its HTML then shows: for whoever asks for HTML, and never under `/v1`.
//! Everything else keeps its problem document. Never here: what a page does, or who may see what.

mod headers;

pub(crate) use headers::{Page, page_headers};

use crate::browsers::Front;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::borrow::Cow;

/// The console.
#[derive(RustEmbed)]
#[folder = "../../console/dist/staff"]
#[allow_missing = true]
struct Staff;

/// The owner's page.
#[derive(RustEmbed)]
#[folder = "../../console/dist/owner"]
#[allow_missing = true]
struct Owner;

/// Files whose name holds a digest of what is in them; under any other name they would be other files.
const HASHED: &str = "assets/";
/// A year, the longest that is understood.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
/// `Vary` of a file: compressed or not.
const BY_CODING: &str = "accept-encoding";
/// `Vary` of a place inside the program: a page or a problem, compressed or not.
const BY_KIND: &str = "accept, accept-encoding";

fn file(front: Front, path: &str) -> Option<EmbeddedFile> {
    match front {
        Front::Staff => Staff::get(path),
        Front::Owner => Owner::get(path),
    }
}

/// The program's HTML.
const fn html_of(front: Front) -> &'static str {
    match front {
        Front::Staff => "staff.html",
        Front::Owner => "owner.html",
    }
}

/// What this front shows at that path; nothing if it is no page and no file of one.
pub(crate) fn answer(front: Front, method: &Method, uri: &Uri, asked: &HeaderMap) -> Option<Response> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let path = uri.path().trim_start_matches('/');
    let program = path.is_empty() || path == html_of(front);
    if !program
        && is_plain(path)
        && let Some(found) = file(front, path)
    {
        return Some(served(front, path, &found, asked, BY_CODING));
    }
    if !is_place(path) || !wants_html(asked) {
        return None;
    }
    let html = html_of(front);
    Some(match file(front, html) {
        Some(found) => served(front, html, &found, asked, BY_KIND),
        None => not_built(),
    })
}

/// Whether this is answered by a page or by a problem, as the `Accept` of whoever asks says.
pub(crate) fn depends_on_kind(method: &Method, path: &str) -> bool {
    matches!(*method, Method::GET | Method::HEAD) && is_place(path.trim_start_matches('/'))
}

/// A place inside the program, unless it is a file.
fn is_place(path: &str) -> bool {
    path != "v1" && !path.starts_with("v1/") && !path.starts_with(HASHED)
}

/// A name as the build gives them. Nothing that climbs, nothing hidden; a compressed copy is not asked for by its name.
fn is_plain(path: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    path.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && part.chars().all(good))
        && !path.ends_with(".gz")
}

fn served(front: Front, path: &str, plain: &EmbeddedFile, asked: &HeaderMap, vary: &'static str) -> Response {
    let packed = if takes_gzip(asked) { file(front, &format!("{path}.gz")) } else { None };
    let (found, packing) = match &packed {
        Some(packed) => (packed, "-gzip"),
        None => (plain, ""),
    };
    let digest = found.metadata.sha256_hash();
    let tag = format!("\"{}{packing}\"", hex::encode(digest.get(..16).unwrap_or_default()));
    let known = asked.get_all(header::IF_NONE_MATCH).iter().any(|sent| names(sent, &tag));
    let body = match &found.data {
        _ if known => Body::empty(),
        Cow::Borrowed(bytes) => Body::from(*bytes),
        Cow::Owned(bytes) => Body::from(bytes.clone()),
    };
    let mut response = Response::new(body);
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    headers.insert(header::VARY, HeaderValue::from_static(vary));
    let kept = if path.starts_with(HASHED) { FOR_GOOD } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if packed.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response.extensions_mut().insert(Page);
    response
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Whether a list of tags names this one. Comparing weakly, as RFC 9110 has it for reading.
fn names(sent: &HeaderValue, tag: &str) -> bool {
    let mut tags = sent.to_str().unwrap_or_default().split(',').map(str::trim);
    tags.any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

/// Each value of a list header, with whether it is wanted at all (`q` above 0).
fn listed<'a>(asked: &'a HeaderMap, name: &header::HeaderName) -> impl Iterator<Item = (&'a str, bool)> {
    let values = asked.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|item| {
        let mut parts = item.split(';').map(str::trim);
        let value = parts.next().unwrap_or_default();
        let none = |part: &str| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0))
        };
        (value, !parts.any(none))
    })
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    listed(asked, &header::ACCEPT_ENCODING)
        .any(|(coding, wanted)| wanted && coding.eq_ignore_ascii_case("gzip"))
}

/// Said in as many words: a program that takes anything is told what is wrong in its own language.
fn wants_html(asked: &HeaderMap) -> bool {
    listed(asked, &header::ACCEPT).any(|(kind, wanted)| wanted && kind.eq_ignore_ascii_case("text/html"))
}

fn not_built() -> Response {
    let mut response = plain(
        StatusCode::NOT_FOUND,
        "Sumun",
        "이 화면은 아직 빌드되지 않았습니다. 소스 폴더에서 <code>cargo xtask setup</code>을 실행한 뒤 다시 여십시오. API는 그대로 사용할 수 있습니다.",
        "These pages are not built yet. Run <code>cargo xtask setup</code> in the source folder and open this address again. The API works \
         all the same.",
    );
    response.headers_mut().insert(header::VARY, HeaderValue::from_static(BY_KIND));
    response
}

/// A page without the program, in both languages. What it is given is HTML: nothing that came from outside.
pub(crate) fn plain(status: StatusCode, title: &str, ko: &str, en: &str) -> Response {
    let text = format!(
        "<!doctype html>\n<html lang=\"ko\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{ko}</p>\n<p lang=\"en\">{en}</p>\n</main>\n</body>\n</html>\n"
    );
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(Page);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::HeaderName::from_static(name), HeaderValue::from_static(value))])
    }

    #[test]
    fn what_a_browser_accepts_is_read() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert!(wants_html(&asked("accept", browser)) && wants_html(&asked("accept", "Text/HTML;level=1")));
        for other in ["*/*", "application/json", "text/html;q=0", "text/html; q=0.0", ""] {
            assert!(!wants_html(&asked("accept", other)), "{other}");
        }
        assert!(takes_gzip(&asked("accept-encoding", "br, GZIP;q=0.5")));
        for other in ["br", "gzip;q=0", "identity", "", "x-gzip2"] {
            assert!(!takes_gzip(&asked("accept-encoding", other)), "{other}");
        }
    }

    #[test]
    fn nothing_climbs_out_of_the_folder() {
        assert!(is_plain("assets/staff-Q1Kw5JvF.js") && is_plain("favicon.ico"));
        for bad in ["../secret", "assets/../../x", ".env", "a//b", "a/", "", "a%2e", "staff.html.gz", "a\\b"]
        {
            assert!(!is_plain(bad), "{bad}");
        }
    }

    #[test]
    fn a_known_file_is_not_sent_again() {
        let tag = "\"0a\"";
        for good in ["\"0a\"", "W/\"0a\"", "\"1\", \"0a\"", "*"] {
            assert!(names(&HeaderValue::from_static(good), tag), "{good}");
        }
        assert!(!names(&HeaderValue::from_static("\"0a-gzip\""), tag));
    }

    #[test]
    fn a_place_inside_the_program_is_never_the_apis() {
        let browser = asked("accept", "text/html");
        let at = |path: &str, asked: &HeaderMap| {
            answer(Front::Staff, &Method::GET, &path.parse().unwrap(), asked).is_some()
        };
        for place in ["/", "/cases/CA1", "/v1x", "/keys?state=active"] {
            assert!(at(place, &browser), "{place}");
            assert!(!at(place, &asked("accept", "application/json")), "{place}");
        }
        for other in ["/v1", "/v1/nothing", "/assets/gone-00000000.js", "//v1/keys"] {
            assert!(!at(other, &browser), "{other}");
        }
        assert!(answer(Front::Staff, &Method::POST, &"/".parse().unwrap(), &browser).is_none());
    }
}
