//! Files and places of the two programs for browsers, built or not: what is a page, what stays the API's, and what every page may do.

use crate::bench::{Answered, Bench};
use axum::body::Body;
use http::Request;
use sumun_govern::Role;
use sumun_server::browsers::Browsers;

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn get(bench: &Bench, owners: bool, path: &str, headers: &[(&str, &str)]) -> Answered {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    if owners { bench.send_to_owners(request).await } else { bench.send_raw(request).await }
}

#[tokio::test]
async fn every_page_may_do_little() {
    let bench = Bench::new().await;
    for (owners, path) in [(false, "/"), (false, "/cases/CA1"), (true, "/"), (true, "/keys/K1")] {
        let page = get(&bench, owners, path, &[("accept", BROWSER)]).await;
        // Built: the program. Not built: what to do.
        assert!(matches!(page.status.as_u16(), 200 | 404), "{}", page.text);
        assert!(page.text.to_ascii_lowercase().starts_with("<!doctype html>"), "{}", page.text);
        let header =
            |name: &str| page.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default();
        assert_eq!(
            header("content-security-policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
             manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        );
        assert_eq!(header("content-type"), "text/html; charset=utf-8");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert!(header("permissions-policy").contains("camera=()"));
        assert!(matches!(header("cache-control"), "no-cache" | "no-store"));
        assert!(page.headers.contains_key("x-request-id"));
        for inline in ["<script>", "<style", "style=", "onload="] {
            assert!(!page.text.contains(inline), "{inline} in {}", page.text);
        }
    }
}

#[tokio::test]
async fn a_place_of_the_program_swallows_nothing_of_the_api() {
    let bench = Bench::new().await;
    let told = async |path: &str, accept: &str| {
        let answered = get(&bench, false, path, &[("accept", accept)]).await;
        (answered.status.as_u16(), answered.code().to_owned())
    };
    for path in ["/v1/nothing", "/v1", "/v1/", "/assets/gone-00000000.js"] {
        assert_eq!(told(path, BROWSER).await, (404, "no_such_path".to_owned()), "{path}");
    }
    for accept in ["*/*", "application/json", "text/html;q=0"] {
        assert_eq!(told("/cases", accept).await, (404, "no_such_path".to_owned()), "{accept}");
    }
    assert_eq!(told("/v1/keys", BROWSER).await, (401, "not_signed_in".to_owned()));
    assert_eq!(told("/healthz", BROWSER).await, (200, String::new()));
    // A hop that keeps answers must not hand a program's to a browser, nor the other way round.
    for (path, accept, vary) in [
        ("/cases", BROWSER, "accept, accept-encoding"),
        ("/cases", "application/json", "accept, accept-encoding"),
        ("/", BROWSER, "accept, accept-encoding"),
        ("/v1/nothing", BROWSER, ""),
        ("/v1/keys", BROWSER, ""),
    ] {
        let answered = get(&bench, false, path, &[("accept", accept)]).await;
        let told = answered.headers.get("vary").map(|vary| vary.to_str().unwrap()).unwrap_or_default();
        assert_eq!(told, vary, "{path} as {accept}");
    }
    let post = Request::post("/cases").header("accept", BROWSER).body(Body::empty()).unwrap();
    assert_eq!(bench.send_raw(post).await.is(404).code(), "no_such_path");
    let api = get(&bench, false, "/v1/nothing", &[("accept", BROWSER)]).await;
    assert_eq!(api.headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
    assert_eq!(api.headers["cache-control"], "no-store");
}

/// Only where the console was built before; otherwise there is nothing to look at.
#[tokio::test]
async fn built_files_are_kept_by_browsers() {
    let bench = Bench::new().await;
    let page = get(&bench, false, "/", &[("accept", BROWSER)]).await;
    if page.status != 200 {
        return;
    }
    let tag = page.headers["etag"].to_str().unwrap().to_owned();
    let known = get(&bench, false, "/", &[("accept", BROWSER), ("if-none-match", &tag)]).await;
    assert_eq!((known.status.as_u16(), known.text.as_str()), (304, ""));
    let script =
        page.text.split('"').find(|part| part.starts_with("/assets/") && part.ends_with(".js")).unwrap();
    let plain = get(&bench, false, script, &[]).await.is(200);
    assert_eq!(plain.headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(plain.headers["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(plain.headers["vary"], "accept-encoding");
    assert!(!plain.headers.contains_key("content-encoding"));
}

#[tokio::test]
async fn an_owners_page_knows_the_venue() {
    let browsers = Browsers {
        banner: Some("연습 중 · Exercise".to_owned()),
        sign_in_url: Some("https://exchange.example/keys".to_owned()),
        identity_url: Some("https://exchange.example/identity".to_owned()),
        ledger: Some("https://ledger.example/".to_owned()),
        ..Browsers::default()
    };
    let bench = Bench::serving(&[], browsers).await;
    let owner = bench.customer(Role::Owner, "C1").await;
    let facts = bench.send("GET", "/v1/owner/facts", &owner, None).await.is(200).json;
    assert_eq!(facts["banner"], "연습 중 · Exercise");
    assert_eq!(
        (&facts["venue"]["id"], &facts["sign_in_url"], &facts["identity_url"]),
        (
            &"example".into(),
            &"https://exchange.example/keys".into(),
            &"https://exchange.example/identity".into()
        )
    );
    assert_eq!(
        facts["check"],
        serde_json::json!({ "program": "sumun", "ledger": "https://ledger.example", "vkey": "https://ledger.example/vkey" })
    );
    let analyst = bench.staff(Role::Analyst, "mina").await;
    let overview = bench.send("GET", "/v1/overview", &analyst, None).await.is(200).json;
    assert_eq!(overview["banner"], "연습 중 · Exercise");
}
