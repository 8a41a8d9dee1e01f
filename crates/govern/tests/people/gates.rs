//! Gates and their receipts.

use crate::bench::{Bench, HOUR, MINUTE, staff};
use serde_json::json;
use sumun_feed::{Acknowledgement, EnrolmentRequest, GateProof, Mark, REQUEST_FEED, SigningKey};
use sumun_govern::{Call, Role};
use sumun_model::{GateId, Timestamp};

fn gate(id: &str) -> GateId {
    GateId::new(id).unwrap()
}

/// What each version of the feed is.
async fn marks(bench: &Bench) -> Vec<Mark> {
    let deltas = bench.govern.store.feed_since(0, 100).await.unwrap().unwrap();
    deltas.iter().map(|delta| Mark { entry: delta.entry, root: delta.root }).collect()
}

fn ack(marks: &[Mark], gate_id: &str, boot: &str, from: u64, to: u64, at: Timestamp) -> Acknowledgement {
    Acknowledgement {
        gate: gate(gate_id),
        boot: boot.into(),
        from,
        to,
        mark: marks.get(to as usize - 1).copied().unwrap_or(Mark { entry: 0, root: [0; 32] }),
        applied_at: at,
        acknowledged_at: at,
        last_admitted: Vec::new(),
        streams_closed: 0,
        unusable: Vec::new(),
    }
}

impl Bench {
    async fn enrolled(&self, id: &str, seed: u8) -> SigningKey {
        let admin = staff("alice", Role::SecurityAdmin);
        let made = self.govern.invite_gate(&admin, &gate(id), &Call::default()).await.unwrap().value;
        let key = SigningKey::from_seed(&[seed; 32]);
        let request = EnrolmentRequest::new(&key, made.invite.unwrap().expose(), self.now()).unwrap();
        let answer =
            self.govern.enrol_gate(&request, SigningKey::from_seed(&[1; 32]).public()).await.unwrap();
        assert_eq!((answer.gate, answer.venue.as_str()), (gate(id), "example"));
        key
    }

    /// That many feed versions.
    async fn versions(&self, count: u32) {
        for n in 0..count {
            let now = self.now();
            let mut change = sumun_govern::govern::change("test.setup", now, serde_json::Map::new());
            sumun_govern::World::draw(self.world.as_ref(), &mut change.salt);
            change.feed.push(json!({ "key": format!("K{n}"), "state": "active" }));
            self.govern.store.execute(change).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_gate_is_invited_enrols_once_proves_itself_and_is_revoked() {
    let bench = Bench::new().await;
    let (admin, call) = (staff("alice", Role::SecurityAdmin), Call::default());
    let govern = &bench.govern;
    let feed = SigningKey::from_seed(&[1; 32]).public();
    let invite = govern.invite_gate(&admin, &gate("g1"), &call).await.unwrap().value.invite.unwrap();
    let key = SigningKey::from_seed(&[2; 32]);
    let late = EnrolmentRequest::new(&key, invite.expose(), bench.now().plus_micros(-HOUR)).unwrap();
    assert_eq!(govern.enrol_gate(&late, feed).await.unwrap_err().code, "gate_proof");
    let good = EnrolmentRequest::new(&key, invite.expose(), bench.now()).unwrap();
    let stolen = EnrolmentRequest { public_key: SigningKey::from_seed(&[3; 32]).public(), ..good.clone() };
    assert_eq!(govern.enrol_gate(&stolen, feed).await.unwrap_err().code, "gate_proof");
    govern.enrol_gate(&good, feed).await.unwrap();
    assert_eq!(govern.enrol_gate(&good, feed).await.unwrap_err().code, "invite_invalid");
    assert_eq!(govern.invite_gate(&admin, &gate("g1"), &call).await.unwrap_err().code, "gate_state");

    // Another gate may not have the same key.
    let invite = govern.invite_gate(&admin, &gate("g2"), &call).await.unwrap().value.invite.unwrap();
    let same = EnrolmentRequest::new(&key, invite.expose(), bench.now()).unwrap();
    assert_eq!(govern.enrol_gate(&same, feed).await.unwrap_err().code, "gate_key_used");

    let proof = |nonce: &str, venue: &str| {
        let proof = GateProof {
            gate: gate("g1"),
            venue: venue.into(),
            request: REQUEST_FEED.into(),
            at: bench.now(),
            nonce: nonce.into(),
        };
        proof.sign(&key).unwrap()
    };
    let first = proof("n1", "example");
    let actor = govern.gate_of(&first, REQUEST_FEED).await.unwrap().unwrap();
    assert_eq!((actor.principal.as_str(), actor.roles.as_slice()), ("gate:g1", &[Role::Gate][..]));
    assert!(govern.gate_of(&first, REQUEST_FEED).await.unwrap().is_none(), "a proof works once");
    assert!(govern.gate_of(&proof("n2", "other"), REQUEST_FEED).await.unwrap().is_none());
    assert!(govern.gate_of(&proof("n3", "example"), "GET /v1/else").await.unwrap().is_none());
    let old = proof("n4", "example");
    bench.pass(2 * MINUTE);
    assert!(govern.gate_of(&old, REQUEST_FEED).await.unwrap().is_none());
    let last = proof("n5", "example");
    govern.revoke_gate(&admin, &gate("g1"), "its machine was sold", &call).await.unwrap();
    assert!(govern.gate_of(&last, REQUEST_FEED).await.unwrap().is_none(), "revoked is refused from then on");
    let token = ack(&[], "g1", "b1", 1, 1, bench.now()).sign(&key).unwrap();
    assert_eq!(govern.take_receipt(&token).await.unwrap_err().code, "gate_unknown");
    // It may come back, with another key; and no key that ever was a gate's is taken again, by whomever.
    bench.enrolled("g1", 9).await;
    for id in ["g1", "g2"] {
        if id == "g1" {
            govern.revoke_gate(&admin, &gate(id), "lost once more", &call).await.unwrap();
        }
        let made = govern.invite_gate(&admin, &gate(id), &call).await.unwrap().value;
        let request = EnrolmentRequest::new(&key, made.invite.unwrap().expose(), bench.now()).unwrap();
        let feed_key = SigningKey::from_seed(&[1; 32]).public();
        assert_eq!(govern.enrol_gate(&request, feed_key).await.unwrap_err().code, "gate_key_used", "{id}");
    }
}

#[tokio::test]
async fn receipts_continue_one_another_and_stand_verbatim_in_the_ledger() {
    let bench = Bench::new().await;
    let key = bench.enrolled("g1", 2).await;
    bench.versions(9).await;
    let marks = marks(&bench).await;
    let govern = &bench.govern;
    let token = |from, to| ack(&marks, "g1", "b1", from, to, bench.now()).sign(&key).unwrap();
    assert_eq!(govern.take_receipt(&token(2, 3)).await.unwrap_err().code, "receipt_skips");
    assert_eq!(govern.take_receipt(&token(1, 10)).await.unwrap_err().code, "receipt_ahead");
    let forged = ack(&marks, "g1", "b1", 1, 3, bench.now()).sign(&SigningKey::from_seed(&[7; 32])).unwrap();
    assert_eq!(govern.take_receipt(&forged).await.unwrap_err().code, "acknowledgement_invalid");
    let unknown = ack(&marks, "g9", "b1", 1, 3, bench.now()).sign(&key).unwrap();
    assert_eq!(govern.take_receipt(&unknown).await.unwrap_err().code, "gate_unknown");

    let mut other = marks.clone();
    other[2].root = [0; 32];
    let forked = ack(&other, "g1", "b1", 1, 3, bench.now()).sign(&key).unwrap();
    assert_eq!(govern.take_receipt(&forked).await.unwrap_err().code, "receipt_forked");

    let first = token(1, 3);
    let taken = govern.take_receipt(&first).await.unwrap();
    assert!(!taken.known && taken.entry.is_some());
    let again = govern.take_receipt(&first).await.unwrap();
    assert!(again.known && again.entry.is_none());
    assert_eq!(again.receipt, taken.receipt);
    assert_eq!(govern.take_receipt(&token(5, 6)).await.unwrap_err().code, "receipt_skips");
    govern.take_receipt(&token(4, 6)).await.unwrap();
    // Another run that starts with an empty disk acknowledges from the beginning.
    let anew = ack(&marks, "g1", "b2", 1, 9, bench.now()).sign(&key).unwrap();
    govern.take_receipt(&anew).await.unwrap();
    assert_eq!(bench.last_facts().await["again"], json!(true));
    let listed = govern.receipts(&staff("a", Role::Auditor), "g1", None, 10).await.unwrap();
    let ranges: Vec<_> = listed.iter().map(|one| (one.boot.as_str(), one.from, one.to)).collect();
    assert_eq!(ranges, [("b2", 1, 9), ("b1", 4, 6), ("b1", 1, 3)], "the newest first");
    assert_eq!(listed[2].acknowledgement, first, "anybody can verify it with the gate's key");
    assert!(bench.ledger().await.contains(&first));
    let taken = bench.classes().await.iter().filter(|class| *class == "receipt.taken").count();
    assert_eq!(taken, 3);
}

#[tokio::test]
async fn two_receipts_at_once_are_one_after_the_other() {
    let bench = Bench::new().await;
    let key = bench.enrolled("g1", 2).await;
    bench.versions(4).await;
    let marks = marks(&bench).await;
    let tokens: Vec<String> =
        (1..=4).map(|to| ack(&marks, "g1", "b1", 1, to, bench.now()).sign(&key).unwrap()).collect();
    let (a, b, c, d) = tokio::join!(
        bench.govern.take_receipt(&tokens[0]),
        bench.govern.take_receipt(&tokens[1]),
        bench.govern.take_receipt(&tokens[2]),
        bench.govern.take_receipt(&tokens[3]),
    );
    for one in [&a, &b, &c, &d] {
        assert!(
            one.as_ref().map_or_else(|no| matches!(no.code, "conflict" | "receipt_known"), |_| true),
            "{one:?}"
        );
    }
    let listed = bench.govern.receipts(&staff("a", Role::Auditor), "g1", None, 10).await.unwrap();
    assert!(listed.windows(2).all(|pair| pair[0].to > pair[1].to), "{listed:?}");
}
