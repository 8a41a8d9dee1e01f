//! A change at govern is in force at the gate, and the gate says so once it is true.

use crate::server::now;
use crate::stage::client::{Effect, Signed, open_stream};
use crate::stage::{Key, wait_for};
use crate::world::{PASSES, REFUSED, World, ask, nonce, record, statuses};
use serde_json::json;

#[test]
fn a_delta_cuts_and_the_acknowledgement_says_what_was_last_let_pass() {
    let world = World::new("");
    let gate = world.start();
    assert_eq!(world.server.waits_for(3).from, 1);
    assert_eq!(statuses(&gate, "K1"), PASSES);
    let mut stream = open_stream(gate.listen, &Signed::stream("K1", &nonce()));
    let mut other = open_stream(gate.listen, &Signed::stream("K2", &nonce()));
    let before = now();
    let version = world.set(&Key::expired("K1"));
    let ack = world.server.waits_for(version);
    // Acknowledged: from here on nothing may pass.
    let passed = world.upstream.count();
    assert_eq!(statuses(&gate, "K1"), REFUSED);
    assert_eq!(world.upstream.count(), passed);
    assert_eq!(statuses(&gate, "K2"), PASSES);
    assert!(stream.ends(), "the stream was closed");
    assert!(!other.has_ended());
    assert_eq!((ack.gate.as_str(), ack.from, ack.to, ack.streams_closed), ("gate-1", 4, 4, 1));
    assert!(
        before <= ack.applied_at && ack.applied_at <= ack.acknowledged_at && ack.acknowledged_at <= now()
    );
    let [last] = ack.last_admitted.as_slice() else { panic!("{ack:?}") };
    assert_eq!(last.key.as_str(), "K1");
    assert!(last.at.unwrap() <= before, "{ack:?}");
    // The dead stay dead, whatever is said later.
    let version = world.set(&Key::active("K1"));
    world.server.waits_for(version);
    assert_eq!(statuses(&gate, "K1"), REFUSED);
    gate.says("key `K1` has ended and cannot become `active` again");
    let (status, _) = gate.stop();
    assert!(status.success());
}

#[test]
fn each_kind_of_change() {
    let world = World::new("");
    let gate = world.start();
    world.server.waits_for(3);
    let held = Key { measure: Some("hold"), ..Key::active("K1") };
    let suspended = Key { state: "suspended", ..Key::active("K1") };
    let mut narrowed = record(&Key::active("K1"));
    narrowed["scopes"] = json!(["read_balances", "cancel"]);
    let mut elsewhere = record(&Key::active("K1"));
    elsewhere["allowlist"] = json!(["203.0.113.7/32"]);
    // Registered and not proved: known, and refused, whatever this gate's configuration says.
    let mut pending = record(&Key::active("K1"));
    pending["allowlist"] =
        json!(["203.0.113.7/32", { "prefix": "127.0.0.1/32", "since": "2026-11-02T00:00:00Z" }]);
    pending["address_proof_required"] = json!(true);
    let mut proved = pending.clone();
    proved["allowlist"][1]["proved"] = json!("2026-11-02T00:05:00Z");
    let mut not_asked = pending.clone();
    not_asked.as_object_mut().unwrap().remove("address_proof_required");
    let new = record(&Key::active("K9"));
    for (records, key, expected) in [
        (vec![record(&held)], "K1", [200, 401, 200, 401]),
        (vec![record(&Key::active("K1"))], "K1", PASSES),
        (vec![record(&suspended)], "K1", [401, 401, 200, 401]),
        (vec![narrowed], "K1", [200, 401, 200, 401]),
        (vec![elsewhere], "K1", REFUSED),
        (vec![pending.clone()], "K1", REFUSED),
        (vec![proved], "K1", PASSES),
        (vec![pending], "K1", REFUSED),
        (vec![not_asked], "K1", PASSES),
        (vec![new, record(&Key::active("K1"))], "K9", PASSES),
    ] {
        let version = world.server.commit(&records);
        world.server.waits_for(version);
        let found = statuses(&gate, key).map(|status| if status == 403 { 401 } else { status });
        assert_eq!(found, expected, "{records:?}");
    }
    let acks = world.server.acknowledgements();
    assert!(acks.windows(2).all(|pair| pair[1].from == pair[0].to + 1), "{acks:?}");
}

#[test]
fn a_record_that_cannot_be_used_holds_up_no_cut() {
    let world = World::new("");
    let gate = world.start();
    world.server.waits_for(3);
    let mut sealed_elsewhere = record(&Key::active("K1"));
    sealed_elsewhere["secret"] = Key::active("K1").entry(crate::support::KEK_TWO)["secret"].clone();
    let mut unknown_field = record(&Key::active("K3"));
    unknown_field["made_up"] = json!(1);
    let version = world.server.commit(&[sealed_elsewhere, unknown_field, record(&Key::expired("K2"))]);
    let ack = world.server.waits_for(version);
    let unusable: Vec<&str> = ack.unusable.iter().map(|key| key.as_str()).collect();
    assert_eq!(unusable.len(), 2, "{ack:?}");
    assert!(unusable.contains(&"K1") && unusable.contains(&"K3"));
    for key in ["K1", "K2", "K3"] {
        assert_eq!(statuses(&gate, key), REFUSED, "{key}");
    }
    // An ended key whose secret is gone for good is none of them.
    let mut bare = record(&Key::expired("K3"));
    bare.as_object_mut().unwrap().remove("secret");
    let ack = world.server.waits_for(world.server.commit(&[bare]));
    assert!(ack.unusable.is_empty());
    // One that can be used again is served again.
    world.server.waits_for(world.set(&Key::active("K1")));
    assert_eq!(statuses(&gate, "K1"), PASSES);
    assert_eq!(statuses(&gate, "K3"), REFUSED);
}

#[test]
fn what_could_not_be_handed_in_is_handed_in_later_as_one() {
    let world = World::new("");
    let gate = world.start();
    world.server.waits_for(3);
    assert_eq!(ask(&gate, Effect::Read, "K1").status, 200);
    world.server.deaf(true);
    world.set(&Key::expired("K1"));
    let version = world.set(&Key::expired("K2"));
    let in_force = wait_for(|| (statuses(&gate, "K1") == REFUSED).then_some(()));
    assert!(in_force.is_some(), "acknowledged or not");
    gate.says("could not be acknowledged");
    world.server.deaf(false);
    let ack = world.server.waits_for(version);
    assert_eq!((ack.from, ack.to), (4, 5));
    let named: Vec<_> = ack.last_admitted.iter().map(|last| (last.key.as_str(), last.at.is_some())).collect();
    assert_eq!(named, [("K1", true), ("K2", false)]);
    assert_eq!(statuses(&gate, "K2"), REFUSED);
}

#[test]
fn a_whole_table_takes_the_place_of_many_deltas() {
    let world = World::new("");
    let gate = world.start();
    world.server.waits_for(3);
    world.server.close(true);
    gate.says("the table stays as it is and grows old");
    world.set(&Key::expired("K2"));
    for _ in 0..5 {
        world.set(&Key::active("K4"));
    }
    world.server.forget_deltas();
    world.server.close(false);
    let ack = world.server.waits_for(9);
    assert_eq!((ack.from, ack.to), (4, 9));
    assert_eq!((statuses(&gate, "K2"), statuses(&gate, "K4")), (REFUSED, PASSES));
    assert_eq!(world.server.asked_from().last(), Some(&3));
}

#[test]
fn a_gate_that_govern_does_not_remember_acknowledges_all_again() {
    let world = World::new("");
    let gate = world.start();
    world.server.waits_for(3);
    world.server.forget_acknowledgements();
    let version = world.set(&Key::expired("K1"));
    let ack = world.server.waits_for(version);
    assert_eq!((ack.from, ack.to), (1, 4));
    assert_eq!(ack.last_admitted.len(), 1, "nothing of it is lost: {ack:?}");
    gate.says("does not know what this gate acknowledged before");
}
