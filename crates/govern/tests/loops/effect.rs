//! From suspicion to effect: when every gate has obeyed, the measure says so, gate by gate.

use crate::bench::{request, staff};
use crate::ladder::{SECOND, batch, bench};
use sumun_feed::{Acknowledgement, EnrolmentRequest, Mark, SigningKey};
use sumun_govern::measures::read::MeasureFilter;
use sumun_govern::{Call, Role};
use sumun_model::GateId;

#[tokio::test]
async fn a_measure_says_when_it_held_at_each_gate() {
    let bench = bench().await;
    let (govern, admin) = (&bench.govern, staff("sina", Role::SecurityAdmin));
    let gates: Vec<(GateId, SigningKey)> = ["g1", "g2"]
        .into_iter()
        .zip(1..)
        .map(|(id, seed)| (id.parse().unwrap(), SigningKey::from_seed(&[seed; 32])))
        .collect();
    for (gate, key) in &gates {
        let made = govern.invite_gate(&admin, gate, &Call::default()).await.unwrap().value;
        let request = EnrolmentRequest::new(key, made.invite.unwrap().expose(), govern.world.now()).unwrap();
        govern.enrol_gate(&request, SigningKey::from_seed(&[9; 32]).public()).await.unwrap();
    }
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    bench.pass(SECOND);
    govern.take_findings(&batch(1, 1, &key, &[("want", "hold")])).await.unwrap();
    let deltas = govern.store.feed_since(0, 100).await.unwrap().unwrap();
    let last = deltas.last().unwrap();
    for (gate, signing) in &gates {
        bench.pass(SECOND);
        assert_eq!(govern.note_effects(&mut Vec::new()).await.unwrap(), 0, "one gate has not obeyed");
        let acknowledgement = Acknowledgement {
            gate: gate.clone(),
            boot: "b1".into(),
            from: 1,
            to: last.version,
            mark: Mark { entry: last.entry, root: last.root },
            applied_at: govern.world.now(),
            acknowledged_at: govern.world.now(),
            last_admitted: Vec::new(),
            streams_closed: 0,
            unusable: Vec::new(),
        };
        govern.take_receipt(&acknowledgement.sign(signing).unwrap()).await.unwrap();
    }
    assert_eq!(govern.note_effects(&mut Vec::new()).await.unwrap(), 1);
    assert_eq!(govern.note_effects(&mut Vec::new()).await.unwrap(), 0);
    let wanted = MeasureFilter { key: Some(key), limit: 10, ..MeasureFilter::default() };
    let row = govern.measures(&staff("anna", Role::Analyst), &wanted).await.unwrap().pop().unwrap();
    let after: Vec<_> =
        row.body.obeyed.iter().map(|one| (one.at_us - row.body.decided_us) / SECOND).collect();
    assert_eq!(after, [1, 2]);
    assert_eq!(row.effect_us.unwrap() - row.body.suspected_us, 3 * SECOND, "from suspicion to effect");
}
