//! From suspicion to effect: when every gate has obeyed, the measure says so, gate by gate.

use crate::bench::{Bench, request, staff};
use crate::ladder::{SECOND, batch, bench};
use sumun_feed::{Acknowledgement, EnrolmentRequest, Mark, SigningKey};
use sumun_govern::cases::work::Work;
use sumun_govern::measures::read::MeasureFilter;
use sumun_govern::{Call, Role};
use sumun_model::GateId;

/// Gates that are enrolled, with their keys.
async fn enrolled(bench: &Bench, ids: &[&str]) -> Vec<(GateId, SigningKey)> {
    let (govern, admin) = (&bench.govern, staff("sina", Role::SecurityAdmin));
    let gates: Vec<(GateId, SigningKey)> = ids
        .iter()
        .zip(1..)
        .map(|(id, seed)| (id.parse().unwrap(), SigningKey::from_seed(&[seed; 32])))
        .collect();
    for (gate, key) in &gates {
        let made = govern.invite_gate(&admin, gate, &Call::default()).await.unwrap().value;
        let request = EnrolmentRequest::new(key, made.invite.unwrap().expose(), govern.world.now()).unwrap();
        govern.enrol_gate(&request, SigningKey::from_seed(&[9; 32]).public()).await.unwrap();
    }
    gates
}

/// This gate obeys all that was told so far.
async fn obeys(bench: &Bench, (gate, signing): &(GateId, SigningKey), from: u64) {
    let govern = &bench.govern;
    let deltas = govern.store.feed_since(0, 100).await.unwrap().unwrap();
    let last = deltas.last().unwrap();
    let acknowledgement = Acknowledgement {
        gate: gate.clone(),
        boot: "b1".into(),
        from,
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

#[tokio::test]
async fn a_measure_says_when_it_held_at_each_gate() {
    let bench = bench().await;
    let (govern, gates) = (&bench.govern, enrolled(&bench, &["g1", "g2"]).await);
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    bench.pass(SECOND);
    govern.take_findings(&batch(1, 1, &key, &[("want", "hold")])).await.unwrap();
    for gate in &gates {
        bench.pass(SECOND);
        assert_eq!(govern.note_effects(&mut Vec::new()).await.unwrap(), 0, "one gate has not obeyed");
        obeys(&bench, gate, 1).await;
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

#[tokio::test]
async fn an_end_that_no_measure_brought_is_confirmed_by_the_gates_receipts() {
    let bench = bench().await;
    let (govern, gates) = (&bench.govern, enrolled(&bench, &["g1", "g2"]).await);
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    bench.pass(SECOND);
    govern.take_findings(&batch(1, 1, &key, &[("want", "hold")])).await.unwrap();
    let anna = staff("anna", Role::Analyst);
    let id = govern.case_queue(&anna).await.unwrap()[0].case_id.clone();
    let waits =
        async || govern.case_shown(&anna, &id).await.unwrap().missing.contains(&"confirm_cut".to_owned());
    for gate in &gates {
        obeys(&bench, gate, 1).await;
    }
    assert!(waits().await, "the key lives");
    bench.pass(SECOND);
    govern.revoke_key(&bench.owner("C1"), &key, None, &Call::default()).await.unwrap();
    let before = govern.store.feed_since(0, 100).await.unwrap().unwrap().last().unwrap().version;
    obeys(&bench, &gates[0], before).await;
    assert!(waits().await, "one gate has not obeyed the end");
    bench.pass(SECOND);
    obeys(&bench, &gates[1], before).await;
    assert!(!waits().await, "both have signed");
    let shown = govern.case_shown(&anna, &id).await.unwrap().case;
    let step = shown.body.playbook.iter().find(|step| step.step == "confirm_cut").unwrap();
    assert_eq!(step.on_record.as_ref().map(|said| said.code.as_str()), Some("gates_obeyed"));
    assert_eq!(step.at_us, Some(govern.world.now().as_micros()), "since the last of them did");
    // The next thing that somebody does in the case puts it on record.
    let said = Work::Comment("looked at the receipts, all of them");
    let call = Call::default();
    govern.work_case(&anna, &id, said, &call).await.unwrap();
    let told = govern.case_shown(&anna, &id).await.unwrap().timeline;
    assert!(told.iter().any(|one| one.kind == "step" && one.body["on_record"]["values"]["gates"] == 2));
}
