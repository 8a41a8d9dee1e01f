//! Heads: repeated and odd headers, paths with two readings, spoofed addresses; what goes on is what was decided.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic and read clocks"
)]

mod support;

use sumun_model::wire::{Signature, Verdict};
use sumun_model::{Effect, Reason};
use sumun_proxy::UpstreamHost;
use support::{World, sign};

fn get(target: &str, more: &str) -> String {
    sign::head("GET", target, target.split_once('?').map_or("", |(_, query)| query), more)
}

#[tokio::test]
async fn a_plain_request_goes_on_as_it_came() {
    let world = World::new().await;
    let credential = sign::bearer("K1", "market=KRW-BTC&state=wait%20x");
    let bytes = format!(
        "GET /v1/orders?market=KRW-BTC&state=wait%20x HTTP/1.1\r\nhOsT: api.example\r\nZ-Last: z\r\n\
         aUTHORIZATION: {credential}\r\nA-First: 1\r\nA-First: 2\r\nAccept:  */*  \r\nUser-Agent: made-up/1\r\n\r\n"
    );
    let response = world.exchange(bytes.as_bytes()).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("remaining-req"), Some("group=default; min=1799; sec=7"));
    let got = world.upstream.only();
    assert_eq!(got.target, "/v1/orders?market=KRW-BTC&state=wait%20x", "neither decoded nor sorted");
    assert_eq!(got.header("authorization"), Some(credential.as_str()));
    assert_eq!(got.all("a-first"), ["1", "2"]);
    assert_eq!(got.header("host"), Some("api.example"));
    assert_eq!(got.header("accept"), Some("*/*"));
    assert_eq!(
        got.names(),
        ["host", "z-last", "authorization", "a-first", "a-first", "accept", "user-agent", "x-forwarded-for"]
    );
    let line = &world.sink.admitted()[0];
    assert_eq!(line.agent.as_deref(), Some("made-up/1"));
    assert_eq!(line.route.as_deref(), Some("/v1/orders"));
    assert_eq!(line.verdict, Some(Verdict::Allow));
    assert_eq!(line.effect, Some(Effect::Read));
    assert_eq!(line.ip, Some("127.0.0.1".parse().unwrap()));
    world.check();
}

#[tokio::test]
async fn the_upstreams_own_host_is_set_if_so_configured() {
    let world = World::with(|o| o.config.upstream_host = UpstreamHost::Upstream).await;
    assert_eq!(world.exchange(get("/v1/accounts", "").as_bytes()).await.status, 200);
    assert_eq!(world.upstream.only().all("host"), [world.upstream.address.to_string()]);
}

#[tokio::test]
async fn two_credentials_are_none() {
    for second in [sign::bearer("K2", ""), sign::bearer("K1", ""), "Basic eDp5".to_owned(), String::new()] {
        let world = World::new().await;
        let response =
            world.exchange(get("/v1/accounts", &format!("aUtHoRiZaTiOn: {second}\r\n")).as_bytes()).await;
        assert_eq!(response.status, 401);
        let line = world.refused();
        assert_eq!((line.reason, line.verdict), (Some(Reason::MalformedCredentials), Some(Verdict::Deny)));
        assert_eq!((line.signature, line.key), (Some(Signature::Unchecked), None));
        assert_eq!(world.upstream.count(), 0);
    }
}

#[tokio::test]
async fn two_content_types_are_none() {
    let form = "market=KRW-BTC&side=bid";
    for (first, second) in [
        ("application/x-www-form-urlencoded", "application/json"),
        ("application/json", "application/x-www-form-urlencoded"),
        ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded"),
    ] {
        let world = World::new().await;
        let more =
            format!("Content-Type: {first}\r\ncontent-TYPE: {second}\r\nContent-Length: {}\r\n", form.len());
        let bytes = format!("{}{form}", sign::head("POST", "/v1/orders", form, &more));
        assert_eq!(world.exchange(bytes.as_bytes()).await.status, 401);
        assert_eq!(world.refused().reason, Some(Reason::SignatureInvalid));
        assert_eq!(world.upstream.count(), 0);
    }
}

#[tokio::test]
async fn connection_cannot_name_what_the_exchange_must_see() {
    for named in [
        "authorization",
        "close, AUTHORIZATION",
        "keep-alive,content-type",
        "Content-Length",
        "host",
        "transfer-encoding",
        "content-encoding",
    ] {
        let world = World::new().await;
        let response =
            world.exchange(get("/v1/accounts", &format!("Connection: {named}\r\n")).as_bytes()).await;
        assert_eq!((response.status, response.error_name().as_str()), (400, "bad_request"), "{named}");
        assert_eq!(response.header("connection"), Some("close"));
        let line = world.turned_away(400);
        assert_eq!((line.route.as_deref(), line.effect), (Some("/v1/accounts"), Some(Effect::Read)));
        assert_eq!(line.ip, Some("127.0.0.1".parse().unwrap()));
    }
}

/// Without a credential that can be read it is nobody's: counted, not recorded.
#[tokio::test]
async fn a_bad_head_without_a_readable_credential_is_only_counted() {
    let world = World::new().await;
    for credential in ["", "Authorization: Bearer rubbish\r\n", "Authorization: Basic eDp5\r\n"] {
        let bytes = format!("GET /v1/accounts HTTP/1.1\r\n{credential}\r\n");
        assert_eq!(world.exchange(bytes.as_bytes()).await.status, 400, "{credential}");
    }
    assert_eq!((world.upstream.count(), world.sink.entries().len()), (0, 0));
    assert_eq!(world.proxy.metrics.bad_heads.get(), 3);
}

#[tokio::test]
async fn what_concerns_one_hop_or_rewrites_does_not_go_on() {
    let world = World::new().await;
    let more = "Connection: keep-alive, X-Mine\r\nConnection: x-other\r\nX-Mine: 1\r\nX-Other: 1\r\nKeep-Alive: 5\r\n\
                Proxy-Authorization: Basic eDp5\r\nProxy-Connection: close\r\nTE: trailers\r\nTrailer: x\r\n\
                Upgrade: h2c\r\nX-HTTP-Method-Override: DELETE\r\nX-HTTP-Method: DELETE\r\n\
                X-Method-Override: DELETE\r\nX-Original-URL: /v1/withdraws/coin\r\nX-Rewrite-URL: /v1/withdraws\r\n\
                X-Original-URI: /x\r\nX-Forwarded-Host: other\r\nForwarded: for=192.0.2.1\r\nX-Real-IP: 192.0.2.1\r\n\
                True-Client-IP: 192.0.2.1\r\nX_Forwarded_For: 192.0.2.1\r\nTransfer_Encoding: chunked\r\n\
                Content_Length: 5\r\nX-Kept: yes\r\n";
    let response = world.exchange(get("/v1/accounts", more).as_bytes()).await;
    assert_eq!(response.status, 200);
    let got = world.upstream.only();
    assert_eq!(got.names(), ["host", "authorization", "x-kept", "x-forwarded-for"]);
    assert_eq!((got.method.as_str(), got.target.as_str()), ("GET", "/v1/accounts"));
    world.check();
}

#[tokio::test]
async fn there_is_one_host_and_the_target_agrees() {
    let authorization = || format!("Authorization: {}\r\n", sign::bearer("K1", ""));
    for (target, hosts) in [
        ("/v1/accounts", ""),
        ("/v1/accounts", "Host: a\r\nHost: a\r\n"),
        ("/v1/accounts", "Host: a\r\nhOST: b\r\n"),
        ("http://other.example/v1/accounts", "Host: api.example\r\n"),
        ("http://api.example@other/v1/accounts", "Host: api.example\r\n"),
        ("http://api.example:81/v1/accounts", "Host: api.example\r\n"),
        ("http://other.example/v1/accounts", ""),
        ("*", "Host: api.example\r\n"),
        ("api.example:443", "Host: api.example\r\n"),
    ] {
        let world = World::new().await;
        let bytes = format!("GET {target} HTTP/1.1\r\n{hosts}{}\r\n", authorization());
        assert_eq!(world.exchange(bytes.as_bytes()).await.status, 400, "{target} {hosts:?}");
        world.turned_away(400);
    }
    let world = World::new().await;
    let bytes = format!(
        "GET http://API.example/v1/accounts HTTP/1.1\r\nHost: api.example\r\n{}\r\n",
        authorization()
    );
    assert_eq!(world.exchange(bytes.as_bytes()).await.status, 200);
    assert_eq!(world.upstream.only().target, "/v1/accounts");
    world.check();
}

#[tokio::test]
async fn connect_trace_and_star_are_not_spoken() {
    for line in ["CONNECT api.example:443", "TRACE /v1/accounts", "OPTIONS *", "CONNECT /v1/accounts"] {
        let world = World::new().await;
        let bytes = format!(
            "{line} HTTP/1.1\r\nHost: api.example\r\nAuthorization: {}\r\n\r\n",
            sign::bearer("K1", "")
        );
        assert_eq!(world.exchange(bytes.as_bytes()).await.status, 400, "{line}");
        assert_eq!(world.upstream.count(), 0, "{line}");
    }
}

#[tokio::test]
async fn methods_that_no_route_has_are_unknown() {
    for method in ["HEAD", "OPTIONS", "PUT", "PATCH", "get", "Get", "PROPFIND", "GET2"] {
        let world = World::new().await;
        let mut client = world.client().await;
        client.send(sign::head(method, "/v1/accounts", "", "").as_bytes()).await;
        let response = client.response(method).await;
        assert_eq!(response.status, 404, "{method}");
        if method == "HEAD" {
            // The next response follows at once: the refusal of a HEAD has no body.
            client.send(get("/v1/accounts", "").as_bytes()).await;
            assert_eq!(client.response("GET").await.status, 200);
        }
        let line = world.refused();
        assert_eq!(line.reason, Some(Reason::RouteUnknown));
        assert_eq!(line.method.as_deref(), Some(method));
        assert_eq!(line.effect, Some(Effect::Transfer), "as grave as can be");
    }
}

#[tokio::test]
async fn paths_that_a_server_could_read_as_others_are_no_routes() {
    for path in [
        "//v1/accounts",
        "/v1//accounts",
        "/v1/accounts/",
        "/v1/./accounts",
        "/./v1/accounts",
        "/v1/../v1/accounts",
        "/v1/accounts/..",
        "/v1/accounts/.",
        "/v1/x/../accounts",
        "/v1/accounts;a=b",
        "/v1;a/accounts",
        "/v1/accounts;",
        "/v1/%61ccounts",
        "/v1%2Faccounts",
        "/v1/accounts%2F",
        "/v1/accounts%00",
        "/v1/accounts%20",
        "/v1/accounts%3Fa",
        "/%2e%2e/v1/accounts",
        "/v1/accounts%23",
        "/V1/accounts",
        "/v1/Accounts",
        "/v1/accounts.json",
        "/v1/accounts:80",
        "/v1/accounts@x",
        "/v1/accounts*",
        "/v1/candles/minutes/..",
        "/v1/candles/minutes/%31",
        "/v1/candles/minutes/",
        "/v1/candles/minutes/1/",
        "/v1/candles/minutes/1;a",
        "/",
    ] {
        let world = World::new().await;
        let response = world.exchange(get(path, "").as_bytes()).await;
        assert_eq!((response.status, response.error_name().as_str()), (404, "not_found"), "{path}");
        let line = world.refused();
        assert_eq!(
            (line.reason, line.signature),
            (Some(Reason::RouteUnknown), Some(Signature::Valid)),
            "{path}"
        );
        assert_eq!(line.route.as_deref(), Some(path), "written down as it came");
        assert_eq!(world.upstream.count(), 0, "{path}");
    }
}

#[tokio::test]
async fn targets_with_bytes_that_no_target_has_are_refused() {
    let targets: [&[u8]; 9] = [
        b"/v1/accounts\\",
        b"\\v1\\accounts",
        b"/v1\\accounts",
        b"/v1/accounts\0",
        b"/v1/acc\x01ounts",
        b"/v1/acc\x7founts",
        b"/v1/acc\xffounts",
        "/v1/계정".as_bytes(),
        b"v1/accounts",
    ];
    for target in targets {
        let world = World::new().await;
        let authorization = sign::bearer("K1", "");
        let head = format!(" HTTP/1.1\r\nHost: api.example\r\nAuthorization: {authorization}\r\n\r\n");
        let response = world.exchange(&[b"GET ", target, head.as_bytes()].concat()).await;
        assert!(matches!(response.status, 400 | 404), "{target:?}: {}", response.status);
        assert_eq!((world.upstream.count(), world.sink.admit_count()), (0, 0), "{target:?}");
    }
}

/// A fragment never reaches a server; what is decided and what goes on is the target before it.
#[tokio::test]
async fn a_fragment_is_cut_off_before_deciding() {
    let world = World::new().await;
    for (target, hashed, on) in [
        ("/v1/accounts#/../withdraws", "", "/v1/accounts"),
        ("/v1/order?uuid=1#&uuid=2", "uuid=1", "/v1/order?uuid=1"),
    ] {
        assert_eq!(world.exchange(sign::head("GET", target, hashed, "").as_bytes()).await.status, 200);
        assert_eq!(world.upstream.requests().pop().unwrap().target, on);
    }
    world.check();
    let whole = sign::head("GET", "/v1/order?uuid=1#x", "uuid=1#x", "");
    assert_eq!(world.exchange(whole.as_bytes()).await.status, 401);
    assert_eq!(world.upstream.count(), 2);
}

#[tokio::test]
async fn queries_that_servers_read_differently_are_refused() {
    for query in [
        "uuid=1;uuid=2",
        "uuid=1&&state=x",
        "uuid=%",
        "uuid=%zz",
        "uuid=%00",
        "uuid=1%0d%0aX:%20y",
        "uuid=a\\b",
        "uuid=%ff",
        "a%3Db=1",
        "uuid[0]=1",
    ] {
        let world = World::new().await;
        let response = world.exchange(get(&format!("/v1/order?{query}"), "").as_bytes()).await;
        assert_eq!(response.status, 401, "{query}");
        assert_eq!(world.refused().reason, Some(Reason::SignatureInvalid), "{query}");
        assert_eq!(world.upstream.count(), 0, "{query}");
    }
}

#[tokio::test]
async fn only_trusted_hops_say_who_the_client_is() {
    // (trusted, from, X-Forwarded-For lines, the record's address; none: refused)
    let rows: [(&[&str], &str, &str, Option<&str>); 9] = [
        (&[], "127.0.0.1", "X-Forwarded-For: 203.0.113.7\r\n", Some("127.0.0.1")),
        (&["10.0.0.0/8"], "127.0.0.1", "X-Forwarded-For: 203.0.113.7\r\n", Some("127.0.0.1")),
        (&["127.0.0.2"], "127.0.0.2", "X-Forwarded-For: 203.0.113.7\r\n", Some("203.0.113.7")),
        (&["127.0.0.2"], "127.0.0.1", "X-Forwarded-For: 203.0.113.7\r\n", Some("127.0.0.1")),
        (&["127.0.0.2"], "127.0.0.2", "X-Forwarded-For: 192.0.2.1, 203.0.113.7\r\n", Some("203.0.113.7")),
        (
            &["127.0.0.2"],
            "127.0.0.2",
            "x-FORWARDED-for: 192.0.2.1\r\nX-Forwarded-For: 2001:db8::7\r\n",
            Some("2001:db8::7"),
        ),
        (
            &["127.0.0.2", "10.0.0.0/8"],
            "127.0.0.2",
            "X-Forwarded-For: 192.0.2.1,203.0.113.7,10.1.1.1\r\n",
            Some("203.0.113.7"),
        ),
        (&["127.0.0.2"], "127.0.0.2", "X-Forwarded-For: 203.0.113.7, unknown\r\n", None),
        (&["127.0.0.2"], "127.0.0.2", "X-Forwarded-For: 203.0.113.7:80\r\n", None),
    ];
    for (trusted, from, forwarded, address) in rows {
        let world = World::with(|o| {
            o.config.trusted_hops = trusted.iter().map(|t| t.parse().unwrap()).collect();
        })
        .await;
        let mut client = world.client_from(from).await;
        client.send(get("/v1/accounts", forwarded).as_bytes()).await;
        let response = client.response("GET").await;
        let Some(address) = address else {
            assert_eq!(response.status, 400, "{forwarded:?}");
            assert_eq!(world.turned_away(400).ip, None, "nobody knows who it was");
            continue;
        };
        assert_eq!(response.status, 200, "{trusted:?} {from} {forwarded:?}");
        assert_eq!(world.sink.admitted()[0].ip, Some(address.parse().unwrap()));
        assert_eq!(world.upstream.only().all("x-forwarded-for"), [address], "the exchange is told the same");
        world.check();
    }
}

#[tokio::test]
async fn a_valid_signature_from_elsewhere_is_refused_and_written_down_as_valid() {
    let world = World::new().await;
    let mut thief = world.client_from("127.0.0.2").await;
    let request = get("/v1/accounts", "X-Forwarded-For: 127.0.0.1\r\n");
    thief.send(request.as_bytes()).await;
    let response = thief.response("GET").await;
    assert_eq!((response.status, response.error_name().as_str()), (403, "no_authorization_ip"));
    let line = world.refused();
    assert_eq!((line.reason, line.signature), (Some(Reason::AddressNotAllowed), Some(Signature::Valid)));
    assert_eq!(line.ip, Some("127.0.0.2".parse().unwrap()));
    // The same token still serves its owner: a foreign holder cannot burn a nonce.
    assert_eq!(world.exchange(request.as_bytes()).await.status, 200);
    world.check();
}

#[tokio::test]
async fn what_is_turned_away_while_everything_passes_says_so_too() {
    let world = World::new().await;
    world.proxy.gate.set_bypass(Some(sumun_gate::Bypass {
        since: sumun_model::Timestamp::from_millis(1_800_000_000_000),
        by: "uid 0".to_owned(),
        reason: "a made-up reason".to_owned(),
    }));
    world.exchange(get("/v1/accounts", "Connection: authorization\r\n").as_bytes()).await;
    let line = world.turned_away(400);
    assert_eq!(line.ext.unwrap().get("bypass").unwrap()["reason"], "a made-up reason");
}
