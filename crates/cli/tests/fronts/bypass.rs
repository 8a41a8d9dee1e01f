//! The switch that lets everything pass, without the control plane: at once, restarts included, in the record, and never for a key that
//! has ended.

use crate::front::{World, nonce};
use crate::site::{Machine, Site, key};
use crate::stage::client::{EFFECTS, Effect, Signed, get, once};
use crate::stage::process::Gate;
use crate::stage::wait_for;
use serde_json::{Value, json};

fn told(gate: &Gate, key: &str) -> [u16; 4] {
    EFFECTS.map(|effect| once(gate.listen, &Signed::new(effect, key, &nonce())).status)
}

#[test]
fn everything_passes_but_what_has_ended_until_it_is_switched_off() {
    let world = World::new();
    let place = &world.stage.place;
    let gate = world.gate();
    let (foreign, refused, held) = ([403; 4], [401; 4], [200, 403, 200, 403]);
    assert_eq!((told(&gate, "K4"), told(&gate, "K2"), told(&gate, "K3")), (foreign, held, refused));

    let ran = place.run(&["gate", "bypass", "on", "--reason", "orders are refused and nobody knows why"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(wait_for(|| (told(&gate, "K4") == [200; 4]).then_some(())).is_some());
    assert_eq!((told(&gate, "K2"), told(&gate, "K3")), ([200; 4], refused), "an end is not taken back");
    let ready = get(gate.admin(), "/readyz");
    assert!(ready.status == 200 && ready.body.contains("BYPASS: everything passes"), "{}", ready.body);
    assert!(ready.body.contains("orders are refused and nobody knows why"), "{}", ready.body);
    assert!(get(gate.admin(), "/metrics").body.contains("bypass 1"));
    gate.says("BYPASS");

    // A restart does not end it; nor does it begin with a moment of refusing.
    gate.kill();
    let gate = world.gate();
    assert_eq!((told(&gate, "K4"), told(&gate, "K3")), ([200; 4], refused));
    let said = place.run(&["gate", "bypass", "status", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(said["bypass"]["reason"], "orders are refused and nobody knows why");

    let ran = place.run(&["gate", "bypass", "off"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(wait_for(|| (told(&gate, "K4") == foreign).then_some(())).is_some());
    assert_eq!(told(&gate, "K2"), held);
    assert!(gate.stop().0.success());

    let lines = world.stage.dump(0);
    let passed: Vec<_> = lines.iter().filter(|line| line["ext"]["bypass"].is_object()).collect();
    let reason = json!("orders are refused and nobody knows why");
    assert!(
        !passed.is_empty() && passed.iter().all(|line| line["ext"]["bypass"]["reason"] == reason),
        "{passed:?}"
    );
    let let_pass = passed.iter().find(|line| line["key"] == "K4").unwrap();
    assert_eq!(
        (&let_pass["verdict"], &let_pass["reason"], &let_pass["enforced"]),
        (&json!("deny"), &json!("address_not_allowed"), &json!(false))
    );
    let ended: Vec<_> = passed.iter().filter(|line| line["key"] == "K3").collect();
    assert!(!ended.is_empty() && ended.iter().all(|line| line["enforced"] == true), "{ended:?}");
}

#[test]
fn a_file_that_others_could_have_written_is_not_obeyed_and_is_told_of() {
    let world = World::new();
    let gate = world.gate();
    let file = world.stage.data("bypass.json");
    // Written beside and put in its place: the gate sees it whole or not at all.
    let put = |text: &str, mode: u32| {
        let beside = world.stage.data("bypass.beside");
        std::fs::write(&beside, text).unwrap();
        crate::support::chmod(&beside, mode);
        std::fs::rename(&beside, &file).unwrap();
    };
    put(r#"{"since":"2026-11-21T00:00:00Z","by":"somebody","reason":"a made-up reason"}"#, 0o666);
    gate.says("others than its owner can write it");
    assert_eq!(told(&gate, "K4"), [403; 4]);
    assert!(get(gate.admin(), "/readyz").body.contains("is not obeyed"));
    put("{}", 0o600);
    gate.says("missing field");
    assert_eq!(told(&gate, "K4"), [403; 4]);
}

/// The bypasses of a gate, as the ledger has them: of each entry its class, whether it says an end, and how many passed.
fn entered(site: &Site) -> Vec<(String, bool, Value)> {
    let entries = site.desk().json("alice", &["ledger", "entries", "--limit", "1000"]);
    let of_bypasses = entries["items"].as_array().unwrap().iter().filter_map(|entry| {
        let class = entry["class"].as_str().unwrap();
        let index = entry["index"].to_string();
        class.starts_with("gate.bypass").then(|| (class.to_owned(), index))
    });
    let told = of_bypasses.map(|(class, index)| {
        let reason = ["--reason", "a made-up look"];
        let entry = site.desk().json("alice", &[&["ledger", "entry", &index][..], &reason].concat());
        let facts = entry["payload"]["facts"].clone();
        assert_eq!(facts["gate"], "gate-b", "{entry}");
        (class, facts["until"].is_string(), facts["let_pass"].clone())
    });
    told.collect()
}

#[test]
fn each_bypass_is_in_the_ledger_once_whoever_was_away_or_killed_meanwhile() {
    let site = Site::new("");
    let abroad = key(&site.desk(), "abroad", "203.0.113.99/32");
    let (server, exchange) = (site.address(), site.exchange.address);
    let mut gate = Machine::enrolled(&site.desk(), "gate-b", server, exchange, "table_age_max_s = 3600");
    let order = |gate: &Machine| {
        once(gate.listen(), &Signed::with_secret(Effect::Order, &abroad.id, &abroad.secret, &nonce())).status
    };
    let on = |gate: &Machine| {
        let ran = gate.place.run(&["gate", "bypass", "on", "--reason", "a made-up reason"]);
        assert_eq!(ran.code, 0, "{}", ran.shown());
        assert!(wait_for(|| (order(gate) == 200).then_some(())).is_some());
    };
    let off = |gate: &Machine| {
        assert_eq!(gate.place.run(&["gate", "bypass", "off"]).code, 0);
        assert!(wait_for(|| (order(gate) == 403).then_some(())).is_some());
    };
    // What staff see of the gate.
    let shown = || {
        let ramp = site.desk().run("alice", &["ramp", "show", "--json"]);
        let gates =
            if ramp.code == 0 { ramp.json()["gates"].as_array().unwrap().clone() } else { return None };
        Some(gates.iter().find(|one| one["gate"] == "gate-b")?["state"].as_str()?.to_owned())
    };
    let shows = |state: &str| {
        assert!(wait_for(|| shown().filter(|shown| shown == state)).is_some(), "{:?}", shown());
    };
    assert!(wait_for(|| (order(&gate) == 403).then_some(())).is_some());
    let whole = |let_pass: Value| ("gate.bypassed".to_owned(), true, let_pass);

    // It begins and ends while the control plane is away; the gate is killed before that is back.
    site.plane.kill();
    on(&gate);
    assert_eq!([order(&gate), order(&gate)], [200, 200]);
    off(&gate);
    gate.kill();
    gate.start();
    site.plane.up();
    assert!(wait_for(|| (entered(&site).len() == 1).then_some(())).is_some(), "{}", site.plane.said());
    let first = entered(&site);
    assert!(first[0].1 && first[0].2.as_u64().unwrap() >= 3, "{first:?}");

    // One that lasts is shown while it does, by a control plane that was killed meanwhile too, and its end is an entry of its own.
    on(&gate);
    shows("bypassed");
    site.plane.kill();
    site.plane.up();
    shows("bypassed");
    off(&gate);
    shows("obeys");

    // Switched off while the gate was dead: how many passed nobody knows.
    site.plane.kill();
    on(&gate);
    gate.kill();
    assert_eq!(gate.place.run(&["gate", "bypass", "off"]).code, 0);
    gate.start();
    site.plane.up();
    assert!(wait_for(|| (entered(&site).len() == 4).then_some(())).is_some(), "{:?}", entered(&site));
    let all = entered(&site);
    let ended = ("gate.bypass_ended".to_owned(), true);
    assert_eq!(all[1], ("gate.bypassed".to_owned(), false, Value::Null));
    assert_eq!((all[2].0.clone(), all[2].1), ended);
    assert!(all[2].2.as_u64().unwrap() >= 1, "{all:?}");
    assert_eq!(all[3], whole(Value::Null));
    // A gate that is started anew says nothing twice.
    gate.kill();
    gate.start();
    shows("obeys");
    assert_eq!(entered(&site), all);
    site.plane.verifies();
}
