//! The ramp as a gate obeys it: at the next request, acknowledged, kept on its disk, and never taken for a key.

use crate::stage::client::{Effect, Signed, open_stream};
use crate::stage::{Key, wait_for};
use crate::world::{PASSES, REFUSED, World, ask, nonce, record, statuses};
use serde_json::{Value, json};
use sumun_feed::{RAMP_RECORD, ramp_record};
use sumun_model::Ramp;

fn ramp(value: Value) -> Value {
    let ramp: Ramp = serde_json::from_value(value).unwrap();
    ramp.check().unwrap();
    ramp_record(&ramp, &json!({ "by": "user:made-up" }))
}

/// Of a key used from an address that is not registered.
const FOREIGN: [u16; 4] = [403; 4];

fn elsewhere(key: &str, segment: &str) -> Value {
    let mut record = record(&Key::active(key));
    record["allowlist"] = json!(["203.0.113.7/32"]);
    record["segment"] = json!(segment);
    record
}

#[test]
fn a_gate_steps_back_at_the_next_request_and_no_ended_key_comes_back() {
    let world = World::new("");
    let gate = world.start();
    world.server.waits_for(world.server.commit(&[elsewhere("K1", "retail")]));
    world.server.waits_for(world.set(&Key::expired("K2")));
    let held = Key { measure: Some("hold"), ..Key::active("K3") };
    world.server.waits_for(world.set(&held));
    let all = |key: &str| statuses(&gate, key);
    assert_eq!((all("K1"), all("K2")), (FOREIGN, REFUSED));

    // Acknowledged: from here on nothing is refused, but what has ended.
    let ack = world.server.waits_for(world.server.commit(&[ramp(json!({ "default": "shadow" }))]));
    assert_eq!((ack.unusable.as_slice(), ack.last_admitted.as_slice()), ([].as_slice(), [].as_slice()));
    assert_eq!((all("K1"), all("K2"), all("K3")), (PASSES, REFUSED, PASSES));
    world.server.close(true);
    assert!(gate.stop().0.success());
    let lines = world.stage.dump(0);
    let shadowed = lines.iter().find(|line| line["key"] == "K1" && line["enforced"] == false).unwrap();
    assert_eq!((&shadowed["verdict"], &shadowed["reason"]), (&json!("deny"), &json!("address_not_allowed")));
    assert!(
        lines.iter().filter(|line| line["key"] == "K2").all(|line| line["enforced"] == true),
        "{lines:?}"
    );

    // From its own disk it starts as it was told, without anybody to ask.
    let gate = world.start();
    assert_eq!(
        (statuses(&gate, "K1"), statuses(&gate, "K2"), statuses(&gate, "K3")),
        (PASSES, REFUSED, PASSES)
    );
    world.server.close(false);
}

#[test]
fn segments_effects_and_shares_decide_and_a_snapshot_carries_the_ramp() {
    let world = World::new("");
    world.server.commit(&[elsewhere("K1", "retail"), elsewhere("K2", "broker")]);
    let rules = json!({ "default": "shadow", "rules": [
        { "effect": "cancel", "stage": "shadow" },
        { "segment": "retail", "stage": "allowlist" },
    ]});
    let version = world.server.commit(&[ramp(rules)]);
    // A gate that begins with a snapshot.
    let gate = world.start();
    world.server.waits_for(version);
    assert_eq!(statuses(&gate, "K1"), [403, 403, 200, 403]);
    assert_eq!(statuses(&gate, "K2"), PASSES);

    // A stream that the next stage refuses is closed before the gate says that it obeys.
    let mut stream = open_stream(gate.listen, &Signed::stream("K2", &nonce()));
    let ack = world.server.waits_for(world.server.commit(&[ramp(json!({}))]));
    assert_eq!(ack.streams_closed, 1);
    assert!(stream.ends());
    assert_eq!(statuses(&gate, "K2"), FOREIGN);
}

#[test]
fn a_ramp_of_another_build_leaves_the_one_before_and_the_receipt_says_so() {
    let world = World::new("");
    let gate = world.start();
    world.server.waits_for(world.server.commit(&[elsewhere("K1", "retail")]));
    let later = json!({ "key": RAMP_RECORD, "ramp": { "default": "shadow", "weekdays": ["mon"] } });
    let ack = world.server.waits_for(world.server.commit(&[later]));
    assert_eq!(ack.unusable.iter().map(|key| key.as_str()).collect::<Vec<_>>(), [RAMP_RECORD]);
    assert_eq!(statuses(&gate, "K1"), FOREIGN, "it enforces what it was told before: everything");
    // Nobody can use the record as a key.
    let status = ask(&gate, Effect::Read, RAMP_RECORD).status;
    assert_eq!(status, 401);
    assert!(wait_for(|| (statuses(&gate, "K2") == PASSES).then_some(())).is_some());
}
