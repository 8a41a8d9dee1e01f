//! Sessions kept by browsers: who is known by a cookie, what else such a request must show, and how the cookie goes.

use crate::bench::{Answered, Bench};
use crate::signing_in::{assertion, with_customer, with_customer_at};
use axum::body::Body;
use http::{Request, request::Builder};
use serde_json::{Value, json};
use sumun_govern::Role;
use sumun_server::browsers::Browsers;

const HOST: &str = "analyst.localhost:8070";

fn by(method: &str, path: &str, cookie: &str) -> Builder {
    Request::builder().method(method).uri(path).header("host", HOST).header("cookie", cookie)
}

fn empty(request: Builder) -> Request<Body> {
    request.body(Body::empty()).unwrap()
}

fn set_cookie(answered: &Answered) -> &str {
    answered.headers.get("set-cookie").map(|value| value.to_str().unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn a_cookie_signs_in_for_reading() {
    let bench = Bench::new().await;
    let token = bench.staff(Role::Analyst, "mina").await;
    let cookie = format!("theme=dark; sumun_staff={token}; other=1");
    let who = bench.send_raw(empty(by("GET", "/v1/sessions/current", &cookie))).await.is(200);
    assert_eq!(who.json["principal"], "user:mina");
    // What a program shows counts, and the cookie beside it does not.
    let other = bench.staff(Role::Auditor, "joon").await;
    let both = by("GET", "/v1/sessions/current", &cookie).header("authorization", format!("Bearer {other}"));
    assert_eq!(bench.send_raw(empty(both)).await.is(200).json["principal"], "user:joon");
    let bad = by("GET", "/v1/sessions/current", &cookie).header("authorization", "Bearer made-up");
    let bad = bench.send_raw(empty(bad)).await.is(401);
    assert_eq!(set_cookie(&bad), "", "the cookie was not asked for");
}

#[tokio::test]
async fn what_no_cookie_opens_is_taken_out_of_the_browser() {
    let bench = Bench::new().await;
    let token = bench.staff(Role::Analyst, "mina").await;
    let clear = "sumun_staff=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict";
    for cookie in
        ["sumun_staff=made-up", "sumun_staff=sumun_ses_made-up", &format!("sumun_staff=\"{token}\"")[..]]
    {
        let no = bench.send_raw(empty(by("GET", "/v1/sessions/current", cookie))).await.is(401);
        assert_eq!((no.code(), set_cookie(&no)), ("not_signed_in", clear), "{cookie}");
    }
    let twice = format!("sumun_staff={token}; sumun_staff={token}");
    let twice = bench.send_raw(empty(by("GET", "/v1/sessions/current", &twice))).await.is(400);
    assert_eq!((twice.code(), set_cookie(&twice)), ("cookie_twice", clear));
    let cookie = format!("sumun_staff={token}");
    let again = by("GET", "/v1/sessions/current", &cookie).header("cookie", &cookie);
    assert_eq!(bench.send_raw(empty(again)).await.code(), "cookie_twice");
    // The other front's cookie is none here; nor is a machine's token in a cookie.
    for cookie in [format!("sumun_owner={token}"), "x=1".to_owned(), "sumun_staff=".to_owned(), String::new()]
    {
        let no = bench.send_raw(empty(by("GET", "/v1/sessions/current", &cookie))).await.is(401);
        assert_eq!(set_cookie(&no), "", "{cookie}");
    }
    let machine = format!("sumun_staff={}", bench.machine(Role::Viewer).await);
    bench.send_raw(empty(by("GET", "/v1/cases", &machine))).await.is(401);
    bench.pass_s(24 * 3600);
    let ended = bench.send_raw(empty(by("GET", "/v1/sessions/current", &cookie))).await.is(401);
    assert_eq!((ended.code(), set_cookie(&ended)), ("not_signed_in", clear));
}

#[tokio::test]
async fn a_late_answer_clears_no_fresh_cookie() {
    let bench = Bench::new().await;
    // Asked with a dead cookie, answered after the person has signed in anew: only who asks for the session itself is told to let go of it.
    for path in ["/v1/cases", "/v1/overview", "/v1/live"] {
        let no = bench.send_raw(empty(by("GET", path, "sumun_staff=made-up"))).await.is(401);
        assert_eq!((no.code(), set_cookie(&no)), ("not_signed_in", ""), "{path}");
        let twice = bench.send_raw(empty(by("GET", path, "sumun_staff=a; sumun_staff=b"))).await.is(400);
        assert_eq!(set_cookie(&twice), "", "{path}");
    }
    for method in ["GET", "DELETE"] {
        let no =
            bench.send_raw(empty(by(method, "/v1/sessions/current", "sumun_staff=made-up"))).await.is(401);
        assert!(set_cookie(&no).starts_with("sumun_staff=; "), "{method}");
    }
    let step_up = by("POST", "/v1/sessions/current/step-up", "sumun_staff=made-up");
    assert_eq!(set_cookie(&bench.send_raw(empty(step_up)).await), "");
}

#[tokio::test]
async fn a_page_left_open_keeps_no_session_alive() {
    let bench = Bench::new().await;
    let attended = format!("sumun_staff={}", bench.staff(Role::Analyst, "mina").await);
    let left_open = format!("sumun_staff={}", bench.staff(Role::Analyst, "joon").await);
    let idle_s = i64::from(bench.server.govern.venue().clocks.session_idle_minutes.get()) * 60;
    let mut passed_s = 0;
    let mut last = 200;
    while passed_s <= idle_s {
        bench.send_raw(empty(by("GET", "/v1/sessions/current", &attended))).await.is(200);
        let by_itself = by("GET", "/v1/cases", &left_open).header("sumun-unattended", "1");
        last = bench.send_raw(empty(by_itself)).await.status.as_u16();
        bench.pass_s(120);
        passed_s += 120;
    }
    let by_itself = by("GET", "/v1/cases", &left_open).header("sumun-unattended", "1");
    let ended = bench.send_raw(empty(by_itself)).await.is(401);
    assert_eq!((last, ended.code()), (200, "not_signed_in"));
    bench.send_raw(empty(by("GET", "/v1/sessions/current", &attended))).await.is(200);
}

/// Of each: the `Origin` headers, the `Host`, whether the act is let through in the clear, and where pages come over TLS.
const ORIGINS: &[(&[&str], &str, bool, bool)] = &[
    (&["http://analyst.localhost:8070"], HOST, true, false),
    (&["http://ANALYST.localhost:8070"], HOST, true, false),
    (&["https://console.example"], "console.example", true, true),
    (&["https://console.example"], "console.example:443", true, true),
    (&["http://console.example"], "console.example:80", true, false),
    (&["http://console.example"], "console.example:443", false, false),
    (&["http://console.example:443"], "console.example", false, false),
    (&[], HOST, false, false),
    (&["null"], HOST, false, false),
    (&["http://"], "", false, false),
    (&["http://other.localhost:8070"], HOST, false, false),
    (&["http://analyst.localhost"], HOST, false, false),
    (&["http://analyst.localhost:8071"], HOST, false, false),
    (&["http://analyst.localhost:8070.evil.example"], HOST, false, false),
    (&["ftp://analyst.localhost:8070"], HOST, false, false),
    (&["http://analyst.localhost:8070", "http://evil.example"], HOST, false, false),
];

#[tokio::test]
async fn an_act_by_cookie_must_come_from_this_host() {
    let tls = Browsers { staff_url: Some("https://console.example".to_owned()), ..Browsers::default() };
    for (bench, is_tls) in [(Bench::new().await, false), (Bench::serving(&[], tls).await, true)] {
        let token = bench.staff(Role::Analyst, "mina").await;
        for (origins, host, clear, secure) in ORIGINS {
            let mut request = Request::post("/v1/keys/unknown-1/suspend?dry_run=true")
                .header("host", *host)
                .header(
                    "cookie",
                    format!("{}={token}", if is_tls { "__Host-sumun_staff" } else { "sumun_staff" }),
                )
                .header("content-type", "application/json");
            for origin in *origins {
                request = request.header("origin", *origin);
            }
            let body = Body::from(json!({ "reason": "a made-up reason" }).to_string());
            let answered = bench.send_raw(request.body(body).unwrap()).await;
            let through = answered.status == 404;
            assert_eq!(
                through,
                if is_tls { *secure } else { *clear },
                "{origins:?} at {host}: {}",
                answered.text
            );
            if !through {
                assert_eq!((answered.status.as_u16(), answered.code()), (403, "foreign_origin"));
                assert_eq!(set_cookie(&answered), "", "the session stands");
            }
        }
        // A program with a token says no origin.
        let body = Some(json!({ "reason": "a made-up reason" }));
        bench.send("POST", "/v1/keys/unknown-1/suspend?dry_run=true", &token, body).await.is(404);
    }
}

#[tokio::test]
async fn signing_out_takes_the_cookie_along() {
    let bench = Bench::new().await;
    let cookie = format!("sumun_staff={}", bench.staff(Role::Analyst, "mina").await);
    let foreign = by("DELETE", "/v1/sessions/current", &cookie).header("origin", "http://evil.example");
    bench.send_raw(empty(foreign)).await.is(403);
    let own = by("DELETE", "/v1/sessions/current", &cookie).header("origin", format!("http://{HOST}"));
    let out = bench.send_raw(empty(own)).await.is(204);
    assert_eq!(set_cookie(&out), "sumun_staff=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
    bench.send_raw(empty(by("GET", "/v1/sessions/current", &cookie))).await.is(401);
}

fn signing_in(path: &str) -> Builder {
    Request::post(path).header("host", "owner.localhost:8071").header("content-type", "application/json")
}

#[tokio::test]
async fn an_owner_signs_in_at_his_own_listener_only() {
    let bench = with_customer().await;
    let ask = |jti: &str| json!({ "assertion": assertion(jti, &["otp"]), "keep": "cookie" });
    let request = |body: &Value| signing_in("/v1/owner/sessions").body(Body::from(body.to_string())).unwrap();
    let no = bench.send_raw(request(&ask("j1"))).await.is(422);
    assert_eq!(no.code(), "cookie_elsewhere");
    let opened = bench.send_to_owners(request(&ask("j1"))).await.is(201);
    assert_eq!(opened.json["token"], Value::Null);
    let kept = set_cookie(&opened).to_owned();
    assert!(kept.starts_with("sumun_owner=sumun_ses_"), "{kept}");
    assert!(kept.ends_with("; HttpOnly; SameSite=Lax") && kept.contains("; Path=/; Max-Age="), "{kept}");
    assert!(!opened.text.contains("sumun_ses_"));
    let cookie = kept.split(';').next().unwrap().to_owned();
    let keys = by("GET", "/v1/keys", &cookie);
    bench.send_to_owners(empty(keys)).await.is(200);
    // A page of another site does not sign anybody in by its own assertion, as far as a browser says where it comes from.
    let mut foreign = request(&ask("j2"));
    foreign.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    assert_eq!(bench.send_to_owners(foreign).await.is(403).code(), "foreign_origin");
    let plain = json!({ "assertion": assertion("j3", &["otp"]), "keep": "elsewhere" });
    assert_eq!(bench.send_to_owners(request(&plain)).await.is(422).code(), "bad_field");
}

#[tokio::test]
async fn the_exchange_sends_its_customer_by_a_form() {
    let secure = Browsers {
        owner_url: Some("https://keys.example".to_owned()),
        sign_in_origins: vec!["https://exchange.example".to_owned()],
        ..Browsers::default()
    };
    let bench = with_customer_at(Bench::serving(&[], secure).await).await;
    let form = |body: String| {
        Request::post("/sign-in")
            .header("host", "keys.example")
            .header("origin", "https://exchange.example")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap()
    };
    let token = assertion("j1", &["otp"]);
    let sent = bench.send_to_owners(form(format!("assertion={token}"))).await.is(303);
    assert_eq!(sent.headers["location"], "/");
    let kept = set_cookie(&sent);
    assert!(kept.starts_with("__Host-sumun_owner=sumun_ses_"), "{kept}");
    assert!(kept.contains("; Path=/; ") && kept.ends_with("; SameSite=Lax; Secure"), "{kept}");
    // Over TLS a cookie of the bare name, which another host of the domain could have put there, is none.
    let session = kept.split(['=', ';']).nth(1).unwrap();
    for (name, status) in [("sumun_owner", 401), ("__Host-sumun_owner", 200)] {
        let cookie = by("GET", "/v1/keys", &format!("{name}={session}"));
        bench.send_to_owners(empty(cookie)).await.is(status);
    }
    let again = bench.send_to_owners(form(format!("assertion={token}"))).await.is(401);
    assert_eq!(set_cookie(&again), "");
    assert!(again.text.contains("거래소 화면에서 다시") && !again.text.contains(&token));
    assert_eq!(again.headers["content-type"], "text/html; charset=utf-8");
    for bad in ["", "assertion=", "next=/x", "assertion=a.b.c&next=/x"] {
        bench.send_to_owners(form(bad.to_owned())).await.is(400);
    }
    let huge = format!("assertion={}", "a".repeat(40_000));
    bench.send_to_owners(form(huge)).await.is(400);
    let mut json = form("{}".to_owned());
    json.headers_mut().insert("content-type", "application/json".parse().unwrap());
    bench.send_to_owners(json).await.is(400);
    // On staff's listener there is no such place.
    bench.send_raw(form("assertion=x".to_owned())).await.is(404);
}

/// Of each: header and value, and whether the form signs in.
const FORMS: &[(&[(&str, &str)], bool)] = &[
    (&[("origin", "https://exchange.example")], true),
    (&[("origin", "https://keys.example")], true),
    (&[("referer", "https://exchange.example/keys?x=1")], true),
    (&[("referer", "https://keys.example/")], true),
    (&[], false),
    (&[("origin", "null")], false),
    // What stands in `Origin` counts, whatever the other says.
    (&[("origin", "null"), ("referer", "https://exchange.example/keys")], false),
    (&[("origin", "https://evil.example"), ("referer", "https://exchange.example/keys")], false),
    (&[("origin", "https://exchange.example"), ("origin", "https://evil.example")], false),
    (&[("origin", "http://exchange.example")], false),
    (&[("origin", "https://exchange.example:8443")], false),
    (&[("origin", "https://exchange.example.evil.example")], false),
    (&[("origin", "https://evil.exchange.example")], false),
    (&[("referer", "https://evil.example/?https://exchange.example/")], false),
    (&[("referer", "https://exchange.example@evil.example/")], false),
    (&[("referer", "/keys")], false),
];

#[tokio::test]
async fn a_page_of_somebody_else_signs_nobody_in() {
    let secure = Browsers {
        owner_url: Some("https://keys.example".to_owned()),
        sign_in_origins: vec!["https://exchange.example".to_owned()],
        ..Browsers::default()
    };
    let bench = with_customer_at(Bench::serving(&[], secure).await).await;
    for (number, (headers, signs_in)) in FORMS.iter().enumerate() {
        let mut form = Request::post("/sign-in")
            .header("host", "keys.example")
            .header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in *headers {
            form = form.header(*name, *value);
        }
        let token = assertion(&format!("form-{number}"), &["otp"]);
        let form = form.body(Body::from(format!("assertion={token}"))).unwrap();
        let answered = bench.send_to_owners(form).await;
        assert_eq!(answered.status == 303, *signs_in, "{headers:?}: {}", answered.text);
        if *signs_in {
            continue;
        }
        assert_eq!((answered.status.as_u16(), set_cookie(&answered)), (403, ""), "{headers:?}");
        assert_eq!(answered.headers["content-type"], "text/html; charset=utf-8");
        let both = ["거래소 화면에서 온 것이 아닙니다", "did not come from the exchange's page"];
        assert!(both.iter().all(|text| answered.text.contains(text)), "{}", answered.text);
        assert!(!answered.text.contains("evil"), "what a stranger wrote is not shown: {}", answered.text);
        // The assertion was not used up: whoever it was made for still comes in from the right page.
        let right = Request::post("/sign-in")
            .header("host", "keys.example")
            .header("origin", "https://exchange.example")
            .header("content-type", "application/x-www-form-urlencoded");
        let right = right.body(Body::from(format!("assertion={token}"))).unwrap();
        bench.send_to_owners(right).await.is(303);
    }
    // Without a word in the configuration, only the owner's page itself.
    let alone = with_customer().await;
    for (origin, status) in [("https://exchange.example", 403), ("http://owner.localhost:8071", 303)] {
        let form = Request::post("/sign-in")
            .header("host", "owner.localhost:8071")
            .header("origin", origin)
            .header("content-type", "application/x-www-form-urlencoded");
        let token = assertion(origin.split_once("://").unwrap().1.split(':').next().unwrap(), &["otp"]);
        let form = form.body(Body::from(format!("assertion={token}"))).unwrap();
        alone.send_to_owners(form).await.is(status);
    }
}

#[tokio::test]
async fn to_the_owners_listener_staff_and_machines_are_nobody() {
    let bench = with_customer().await;
    let staff = bench.staff(Role::Analyst, "mina").await;
    let machine = bench.machine(Role::ExchangeBackend).await;
    let vendor = bench.customer(Role::Vendor, "C1").await;
    let owner = bench.customer(Role::Owner, "C1").await;
    for (token, status) in [(&staff, 401), (&machine, 401), (&vendor, 401), (&owner, 200)] {
        let bearer = Request::get("/v1/keys").header("authorization", format!("Bearer {token}"));
        bench.send_to_owners(empty(bearer)).await.is(status);
        let cookie = by("GET", "/v1/keys", &format!("sumun_owner={token}"));
        bench.send_to_owners(empty(cookie)).await.is(status);
    }
}

#[tokio::test]
async fn the_owners_listener_serves_what_owners_may_call() {
    let bench = Bench::new().await;
    for row in sumun_server::access::ALL {
        let path: Vec<_> =
            row.path.split('/').map(|part| if part.starts_with('{') { "0" } else { part }).collect();
        let request = Request::builder().method(row.method.as_str()).uri(path.join("/"));
        let answered = bench.send_to_owners(empty(request)).await;
        let served = !matches!(answered.code(), "no_such_path" | "method_not_allowed");
        assert_eq!(served, row.is_for_owners(), "{}: {}", row.id, answered.text);
        if !row.is_for_owners() {
            continue;
        }
        let holders = [Role::Owner, Role::CorporateAdmin, Role::Broker, Role::MarketMaker];
        assert!(holders.iter().any(|role| row.allows(&[*role])), "{}", row.id);
    }
    for inside in [
        "session_create",
        "metrics",
        "readyz",
        "gate_enrol",
        "enrolment_create",
        "identity_callback",
        "overview",
        "live",
    ] {
        let row = sumun_server::access::ALL.iter().find(|row| row.id == inside).unwrap();
        assert!(!row.is_for_owners(), "{inside}");
    }
}
