//! An exchange that is not there, or not any more.

use crate::stage::Stage;
use crate::stage::client::{EFFECTS, Signed, once};
use crate::stage::upstream::Upstream;
use std::net::TcpListener;

#[test]
fn an_exchange_that_is_down_is_said_recorded_and_used_again_when_up() {
    // A port that is free for now, and taken again below; at an address that no other test uses.
    let address = TcpListener::bind("127.0.0.77:0").unwrap().local_addr().unwrap();
    let stage = Stage::new(address, "");
    let gate = stage.start();
    for (number, effect) in EFFECTS.into_iter().enumerate() {
        let answer = once(gate.listen, &Signed::new(effect, "K1", &format!("nonce-{number}")));
        assert_eq!(answer.status, 502, "{effect:?}");
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(body["error"]["name"], "upstream_unavailable", "{body}");
        assert!(body["error"]["message"].as_str().unwrap().contains("nothing was sent"), "{body}");
    }
    assert_eq!(once(gate.listen, &Signed::stream("K1", "nonce-of-a-stream")).status, 502);
    gate.says(&format!("no connection to the exchange at {address}"));

    let upstream = Upstream::start_at(address);
    for (number, effect) in EFFECTS.into_iter().enumerate() {
        let answer = once(gate.listen, &Signed::new(effect, "K1", &format!("later-{number}")));
        assert_eq!(answer.status, 200, "{effect:?}");
    }
    assert_eq!(upstream.count(), 4);
    let (status, said) = gate.stop();
    assert!(status.success() && !said.contains("panicked"), "{said}");
    let statuses: Vec<u64> = stage.dump(0).iter().map(|line| line["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [502, 502, 502, 502, 502, 200, 200, 200, 200]);
}

#[test]
fn an_exchange_whose_name_means_nothing_is_a_bad_gateway() {
    let stage = Stage::new("127.0.0.1:9".parse().unwrap(), "");
    stage.place.write("sumun.toml", &crate::stage::config("exchange.invalid:80", ""));
    let gate = stage.start();
    let answer = once(gate.listen, &Signed::new(EFFECTS[0], "K1", "nonce-1"));
    assert_eq!(answer.status, 502, "{}", answer.body);
    gate.says("exchange.invalid");
}
