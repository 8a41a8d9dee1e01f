//! Canaries on the built program: a gate that obeys, and one that obeys nobody.

use crate::house::{House, Open, invite_of};
use crate::stage::client::get;
use crate::stage::upstream::Upstream;
use crate::stage::wait_for;
use serde_json::Value;
use std::net::{SocketAddr, TcpListener};

/// A house whose canaries live for seconds and are tried there, open and entered.
fn tried_at(at: impl FnOnce(&House) -> SocketAddr, test: impl FnOnce(&Open<'_>)) {
    let (house, made) = House::new();
    let at = at(&house);
    let config = house.place.read("sumun.toml");
    let targets = format!("[govern]\ncanary_targets = [\"gate-1=http://{at}\"]\n");
    house.place.write("sumun.toml", &config.replace("[govern]\n", &targets));
    let venue = house.place.read("venue.toml");
    let quick = venue
        .replace("every_minutes = 1440\nlives_seconds = 600", "every_minutes = 10\nlives_seconds = 5")
        .replace("# account = \"venue-canary\"", "account = \"A1\"")
        .replace("# networks = [\"192.0.2.10/32\"]", "networks = [\"127.0.0.1/32\"]");
    assert!(quick.contains("lives_seconds = 5\naccount = \"A1\"") && quick.contains("\nnetworks = "));
    house.place.write("venue.toml", &quick);
    let open = house.open();
    open.enrol("alice", &invite_of(&made, "alice"));
    open.enter_customer();
    test(&open);
}

/// What `/readyz` of the control plane says of canaries.
fn told(open: &Open<'_>) -> Option<String> {
    let ready: Value = serde_json::from_str(&get(govern(open), "/readyz").body).unwrap();
    assert_eq!(ready["ready"], true, "{ready}");
    let checks = ready["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == "canary")?;
    Some(check["detail"].as_str().unwrap().to_owned())
}

fn govern(open: &Open<'_>) -> SocketAddr {
    open.server.trim_start_matches("http://").parse().unwrap()
}

/// The findings, as the ledger has them.
fn findings(open: &Open<'_>) -> Value {
    let entries = open.json("alice", &["ledger", "entries"]);
    let found = entries["items"].as_array().unwrap().iter().find(|entry| entry["class"] == "canary.found");
    let index = found.unwrap()["index"].to_string();
    let entry = open.json("alice", &["ledger", "entry", &index]);
    entry["payload"]["rows"][0]["row"]["findings"].clone()
}

#[test]
fn an_ended_canary_is_refused_by_a_gate_that_obeys() {
    let port = |house: &House| {
        // Taken and given back: the gate takes it next.
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = house.place.read("sumun.toml");
        house.place.write("sumun.toml", &config.replacen("127.0.0.1:0", &free.to_string(), 1));
        free
    };
    tried_at(port, |open| {
        let told =
            wait_for(|| told(open)).unwrap_or_else(|| panic!("nothing found: {}", open.process.said()));
        assert!(told.ends_with(": obeyed"), "{told}\n{}", open.process.said());
        let findings = findings(open);
        assert_eq!(findings.as_array().unwrap().len(), 1, "{findings}");
        assert_eq!((&findings[0]["gate"], &findings[0]["answered"]), (&"gate-1".into(), &"obeyed".into()));
        assert!(findings[0]["after_ms"].is_u64() && findings[0]["detail"].is_null(), "{findings}");
        let page = get(govern(open), "/metrics").body;
        assert!(page.contains("sumun_canary_still_served 0"), "{page}");
        assert!(page.contains("sumun_canary_findings_total{found=\"obeyed\"} 1"), "{page}");
        assert!(!open.process.said().contains("STILL SERVES"), "{}", open.process.said());
    });
}

#[test]
fn a_gate_that_serves_an_ended_key_is_shouted_about() {
    // The exchange itself in the place of a gate: it obeys nobody.
    let exchange = Upstream::start();
    tried_at(
        |_| exchange.address,
        |open| {
            let told =
                wait_for(|| told(open)).unwrap_or_else(|| panic!("nothing found: {}", open.process.said()));
            assert!(told.ends_with(": alive"), "{told}");
            open.process.says("GATE gate-1 STILL SERVES KEY");
            let findings = findings(open);
            assert_eq!(findings[0]["answered"], "still_served");
            assert!(findings[0]["after_ms"].is_null(), "{findings}");
            let page = get(govern(open), "/metrics").body;
            assert!(page.contains("sumun_canary_still_served 1"), "{page}");
            assert!(page.contains("sumun_canary_findings_total{found=\"still_served\"} 1"), "{page}");
        },
    );
    let got = exchange.got();
    assert_eq!(got.len(), 1, "{got:?}");
    assert_eq!(got["sumun-canary"].target, "/v1/market/all");
}

#[test]
fn a_target_that_nobody_enrolled_is_a_mistake_in_the_configuration() {
    let (house, _) = House::new();
    let config = house.place.read("sumun.toml");
    let targets = "[govern]\ncanary_targets = [\"gate-9=http://127.0.0.1:9\"]\n";
    house.place.write("sumun.toml", &config.replace("[govern]\n", targets));
    for role in ["govern", "serve"] {
        let ran = house.place.run_briefly(&[role]);
        assert_eq!(ran.code, 2, "{}", ran.shown());
        assert!(ran.err.contains("`govern.canary_targets` names gate `gate-9`"), "{}", ran.err);
    }
}
