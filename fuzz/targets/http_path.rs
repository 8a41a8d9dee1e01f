//! Paths and headers at the gate's front: never panics, no route for a path that a server could read as another, and
//! nothing on to the exchange that concerns one hop only or that a client may not say.
//!
//! Input, one part per line: method, request target, then headers as `name: value`.

#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use http::{Method, Request, Uri, header};
use libfuzzer_sys::fuzz_target;
use sumun_dialect::Dialect;
use sumun_model::Prefix;
use sumun_proxy::client_address::{X_FORWARDED_FOR, client_address};
use sumun_proxy::head;

/// The socket's other end, and a hop that is trusted to speak of others; addresses for documentation.
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
const HOP: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 4));

fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (Ok(method), Ok(uri)) = (Method::from_bytes(line()), Uri::try_from(line())) else { return };
    let mut request = Request::builder().method(method).uri(uri);
    for text in lines {
        let Some(colon) = text.iter().position(|byte| *byte == b':') else { continue };
        request = request.header(&text[..colon], text[colon + 1..].trim_ascii());
    }
    let Ok(mut request) = request.body(()) else { return };

    let upgrade = head::asks_websocket(&request);
    assert!(!upgrade || request.method() == Method::GET);
    if let Some(route) = Dialect::Upbit.route(request.method(), request.uri().path(), upgrade) {
        assert_eq!((route.method.as_str(), route.stream), (request.method().as_str(), upgrade));
        assert_plain(request.uri().path());
        assert_documented(&route.path, request.uri().path());
    }
    addresses(&request);
    if head::check(&request).is_err() {
        return;
    }
    assert_eq!(request.headers().get_all(header::HOST).iter().count(), 1);
    assert!(request.uri().path().starts_with('/'));
    passed_on(&mut request);
});

/// Naively: one that no server decodes, folds or shortens to something else.
fn assert_plain(path: &str) {
    assert!(path.starts_with('/') && !path.ends_with('/'), "{path}");
    assert!(!path.contains("//") && !path.split('/').any(|segment| matches!(segment, "." | "..")), "{path}");
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
    assert!(path.chars().all(plain), "{path}");
}

/// Byte for byte what is documented, but for segments that it leaves open.
fn assert_documented(documented: &str, path: &str) {
    let (documented, path): (Vec<_>, Vec<_>) = (documented.split('/').collect(), path.split('/').collect());
    assert_eq!(documented.len(), path.len());
    for (wanted, found) in documented.iter().zip(path) {
        assert!(*wanted == found || (wanted.starts_with('{') && !found.is_empty()), "{wanted} {found}");
    }
}

/// Nobody but a configured hop can say who the client is.
fn addresses(request: &Request<()>) {
    let trusted: [Prefix; 1] = ["198.51.100.4/32".parse().expect("a prefix")];
    assert_eq!(client_address(PEER, request.headers(), &trusted), Ok(PEER), "a stranger was believed");
    let told = request.headers().contains_key(X_FORWARDED_FOR);
    let client = client_address(HOP, request.headers(), &trusted);
    assert!(told || client == Ok(HOP), "somebody was named without being told");
}

/// What leaves for the exchange.
fn passed_on(request: &mut Request<()>) {
    let credentials = |request: &Request<()>| {
        request.headers().get_all(header::AUTHORIZATION).iter().cloned().collect::<Vec<_>>()
    };
    let before = credentials(request);
    head::prepare_for_upstream(request.headers_mut(), PEER);
    assert_eq!(credentials(request), before, "the exchange sees another credential than we did");
    let headers = request.headers();
    for name in
        ["connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "content-length"]
    {
        assert!(!headers.contains_key(name), "{name} was passed on");
    }
    for name in ["x-http-method-override", "x-original-url", "x-rewrite-url", "x-forwarded-host", "forwarded"]
    {
        assert!(!headers.contains_key(name), "{name} was passed on");
    }
    assert!(headers.keys().all(|name| !name.as_str().contains('_')), "a name that some read as another");
    let said: Vec<_> = headers.get_all(X_FORWARDED_FOR).iter().collect();
    assert_eq!(said, ["203.0.113.7"], "the exchange is told who called, once");
}
