//! However a demo ends, nothing of it is left; and what ended by itself is named.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic, wait for real processes, and their names say what they are"
)]

mod support;

use std::thread::sleep;
use std::time::Duration;
use support::{Demo, send};

#[test]
fn ctrl_c_stops_everything_in_order() {
    let mut demo = Demo::start(&["--seed", "1", "--quiet"]);
    assert!(demo.left().len() >= 4, "two servers, each with its guard: {:?}", demo.left());
    let (status, page) = demo.desk("/");
    assert_eq!(status, 200);
    assert!(page.contains("mina") && page.contains("/enter/"), "{page}");
    demo.signal("INT");
    let (status, said) = demo.ended();
    assert!(status.success(), "{said}");
    assert!(said.contains("nothing is left running"), "{said}");
}

#[test]
fn stopped_while_it_starts_it_leaves_nothing() {
    let mut demo = Demo::begin(&["--seed", "5", "--quiet"]);
    while !demo.left().iter().any(|process| process.contains("serve")) {
        sleep(Duration::from_millis(10));
    }
    demo.signal("TERM");
    let (status, said) = demo.ended();
    assert!(status.success(), "{said}");
}

#[test]
fn killed_outright_it_leaves_nothing_either() {
    let mut demo = Demo::start(&["--seed", "2", "--quiet"]);
    demo.signal("KILL");
    let (status, _) = demo.ended();
    assert!(!status.success());
}

#[test]
fn a_server_that_dies_is_named_and_ends_it() {
    for (name, told) in
        [("serve", "sumun serve ended by itself"), ("exchange", "the mock exchange ended by itself")]
    {
        let mut demo = Demo::start(&["--seed", "3", "--quiet"]);
        send("KILL", demo.server(name));
        let (status, said) = demo.ended();
        assert!(!status.success(), "{said}");
        assert!(said.contains(told), "{said}");
    }
}

#[test]
fn a_link_signs_in_once() {
    let demo = Demo::start(&["--seed", "4", "--quiet"]);
    let link = demo.said["people"]["mina"]["link"].as_str().unwrap().to_owned();
    let code = link.rsplit('/').next().unwrap();
    // Come to by another name, the browser is sent to the right one first: cookies belong to hosts.
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    let desk = demo.said["desk"].as_str().unwrap();
    let ask = |host: Option<&str>| {
        let mut request = agent.get(format!("{desk}/enter/{code}"));
        if let Some(host) = host {
            request = request.header("Host", host);
        }
        let mut answer = request.call().unwrap();
        let page = answer.body_mut().read_to_string().unwrap();
        let text = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), text("location"), text("set-cookie"), page)
    };
    let (status, location, cookie, page) = ask(None);
    assert_eq!((status, location, cookie), (307, Some(link.clone()), None), "{page}");
    let host = link.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
    // A code works once: where both that would be taken now were used, the page waits for the next.
    let signed_in = (0..40).find_map(|_| {
        let (status, location, cookie, page) = ask(Some(&host));
        if status == 200 {
            sleep(Duration::from_secs(2));
            return None;
        }
        Some((status, location, cookie, page))
    });
    let (status, location, cookie, page) = signed_in.unwrap();
    let console = format!("{}/", demo.said["console"].as_str().unwrap());
    assert_eq!((status, location), (303, Some(console)), "{page}");
    assert!(cookie.unwrap().contains("HttpOnly"));
    let (status, _, cookie, page) = ask(Some(&host));
    assert_eq!((status, cookie), (410, None), "{page}");
}
