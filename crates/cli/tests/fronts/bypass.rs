//! The switch that lets everything pass, without the control plane: at once, restarts included, in the record, and never for a key that
//! has ended.

use crate::front::{World, nonce};
use crate::stage::client::{EFFECTS, Signed, get, once};
use crate::stage::process::Gate;
use crate::stage::wait_for;
use serde_json::json;

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
