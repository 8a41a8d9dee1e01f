//! From findings to measures: each once, each with its grounds, and undone the same way.

use crate::bench::{Bench, request, staff, yes};
use crate::ladder::{HOLD_US, SECOND, assessment, batch, bench, clustered, signal};
use serde_json::{Value, json};
use sumun_govern::detection::Findings;
use sumun_govern::measures::read::MeasureFilter;
use sumun_govern::measures::{MeasureRow, MeasureState};
use sumun_govern::{Call, Role};
use sumun_model::assessment::{Act, ActKind};
use sumun_store::Filter;
use sumun_store::tables::{APPROVALS, CASES, NOTICES, SIGNALS, TASKS};
use sumun_store::{Image, Table};

pub(crate) async fn all(bench: &Bench, table: &'static Table) -> Vec<Image> {
    bench.govern.store.list(table, &Filter { limit: 1_000, ..Filter::default() }).await.unwrap()
}

async fn measures(bench: &Bench, key: &str) -> Vec<MeasureRow> {
    let wanted = MeasureFilter { key: Some(key.into()), limit: 100, ..MeasureFilter::default() };
    let mut rows = bench.govern.measures(&staff("anna", Role::Analyst), &wanted).await.unwrap();
    rows.sort_by_key(|row| (row.began_us, row.ended_us.is_none()));
    rows
}

async fn classes(bench: &Bench) -> Vec<String> {
    bench.ledger().await.into_iter().map(|(class, _)| class).collect()
}

#[tokio::test]
async fn a_hold_is_made_real_in_one_change_and_told_to_the_owner() {
    let bench = bench().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    bench.pass(5 * SECOND);
    let taken = bench.govern.take_findings(&batch(1, 7, &key, &[("want", "hold")])).await.unwrap();
    assert_eq!((taken.signals, taken.turned.len(), taken.failed.len()), (1, 1, 0));
    assert_eq!(bench.column(&key, "measure").await, json!("hold"));
    let (class, entry) = bench.ledger().await.pop().unwrap();
    assert_eq!(class, "measure.entered");
    assert_eq!(entry.pointer("/feed/0/measure"), Some(&json!("hold")), "gates learn of it by the same entry");
    let tables: std::collections::BTreeSet<_> = entry["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["table"].as_str().unwrap().to_owned())
        .collect();
    for table in
        ["keys", "standings", "measures", "cases", "case_events", "notices", "tasks", "signals", "customers"]
    {
        assert!(tables.contains(table), "{table} is not in {tables:?}");
    }
    let row = measures(&bench, &key).await.pop().unwrap();
    assert_eq!((row.state, row.by.as_str()), (MeasureState::InForce, "policy:told@1"));
    assert_eq!(row.body.policy_digest, Some("ab".repeat(32)));
    assert_eq!(row.body.decided_us - row.body.suspected_us, 5 * SECOND, "from suspicion to decision");
    assert_eq!(row.body.baselines.values().collect::<Vec<_>>(), [&None], "there was nothing to compare with");
    assert_eq!(row.body.lesser.code, "lesser.too_slow");
    let told = all(&bench, &NOTICES).await.into_iter().find(|row| row["kind"] == "measure.hold").unwrap();
    let text = told["texts"].to_string();
    assert!(text.contains("returns_between_origins") && text.contains("\"object\""), "{text}");
    assert!(!text.contains("4200") && !text.contains("7000"), "never weights: {text}");
    // The due time of seconds holds: the ladder's own clock, not the venue's hours.
    bench.pass(HOLD_US - 1);
    assert!(bench.govern.due().await.unwrap().turned.is_empty());
    bench.pass(1);
    assert_eq!(bench.govern.due().await.unwrap().turned, [key.as_str()]);
    assert_eq!(bench.column(&key, "measure").await, json!(null));
    assert_eq!(measures(&bench, &key).await.pop().unwrap().state, MeasureState::Ended);
    assert!(classes(&bench).await.contains(&"measure.left".to_owned()));
}

/// A crash in the middle and a replay of the log: whatever comes again does nothing again.
#[tokio::test]
async fn findings_count_once_however_often_they_come() {
    let bench = bench().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let mut whole = batch(1, 0, &key, &[("want", "monitor")]);
    let next = batch(2, 5, &key, &[("want", "warn")]);
    whole.signals.extend(next.signals);
    whole.assessments.extend(next.assessments);
    let first =
        Findings { signals: whole.signals[..1].to_vec(), assessments: whole.assessments[..1].to_vec() };
    bench.govern.take_findings(&first).await.unwrap();
    let entries = bench.govern.store.head().size;
    let taken = bench.govern.take_findings(&whole).await.unwrap();
    assert_eq!((taken.old, taken.signals, taken.turned.len()), (1, 1, 1));
    assert_eq!(bench.govern.store.head().size, entries + 1);
    for _ in 0..3 {
        let again = bench.govern.take_findings(&whole).await.unwrap();
        assert_eq!((again.old, again.signals, again.turned.len()), (2, 0, 0));
    }
    assert_eq!(bench.govern.store.head().size, entries + 1, "not even an entry");
    assert_eq!(measures(&bench, &key).await.len(), 2);
    assert_eq!(all(&bench, &CASES).await.len(), 1, "alerts of one key are one case");
    assert_eq!(all(&bench, &SIGNALS).await.len(), 2);
}

#[tokio::test]
async fn signals_of_unknown_keys_are_kept_and_do_nothing() {
    let bench = bench().await;
    let findings = Findings {
        signals: vec![signal(3, 1, "K-nobody")],
        assessments: vec![assessment(1, "K-nobody", &[("want", "expire")])],
    };
    let taken = bench.govern.take_findings(&findings).await.unwrap();
    assert_eq!((taken.signals, taken.unknown, taken.turned.len()), (1, 1, 0));
    assert_eq!(classes(&bench).await.pop().unwrap(), "signal.taken");
}

/// Monitoring: in the record, in no notice, on no timeline of the owner's, and his view of the key is the same to the byte.
#[tokio::test]
async fn nobody_outside_learns_that_he_is_watched() {
    let bench = bench().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let owner = bench.owner("C1");
    let seen = bench.govern.key(&owner, &key).await.unwrap();
    let timeline = bench.govern.key_timeline(&owner, &key, None, 100).await.unwrap();
    let notices = all(&bench, &NOTICES).await;
    bench.govern.take_findings(&batch(1, 1, &key, &[("want", "monitor")])).await.unwrap();
    bench.govern.take_findings(&batch(2, 2, &key, &[("want", "hold"), ("mode", "propose")])).await.unwrap();
    assert_eq!(bench.column(&key, "measure").await, json!("monitor"));
    assert_eq!(bench.govern.key(&owner, &key).await.unwrap(), seen);
    assert_eq!(bench.govern.key_timeline(&owner, &key, None, 100).await.unwrap(), timeline);
    assert_eq!(all(&bench, &NOTICES).await, notices);
    assert!(
        bench
            .govern
            .approvals(&owner, None, None, None, 100)
            .await
            .unwrap()
            .iter()
            .all(|a| a.action != "key.measure")
    );
    assert!(bench.govern.measures(&owner, &MeasureFilter::default()).await.is_err());
}

#[tokio::test]
async fn what_policy_proposes_takes_two_who_do_not_work_the_case() {
    let bench = bench().await;
    let call = Call::default();
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let findings = batch(1, 1, &key, &[("want", "expire"), ("mode", "propose"), ("leaked", "yes")]);
    bench.govern.take_findings(&findings).await.unwrap();
    assert_eq!(bench.column(&key, "state").await, json!("active"), "nothing happens until they agree");
    let waiting =
        all(&bench, &APPROVALS).await.into_iter().find(|row| row["action"] == "key.measure").unwrap();
    let approval = waiting["approval"].as_str().unwrap().to_owned();
    let case = all(&bench, &CASES).await.pop().unwrap();
    bench.alter(&CASES, case["case_id"].as_str().unwrap(), "assignee", json!("user:emil")).await;
    let emil = staff("emil", Role::Approver);
    assert_eq!(bench.govern.decide(&emil, &approval, &yes(), &call).await.unwrap_err().code, "own_case");
    let waits_for = async |name: &str| {
        let approver = staff(name, Role::Approver);
        let waiting = bench.govern.approvals_for(&approver, None, None, 1).await.unwrap();
        let open = bench.govern.overview().await.unwrap().open;
        assert_eq!(bench.govern.count_for(&approver, &open).await.unwrap(), waiting.len());
        waiting.into_iter().map(|one| one.approval).collect::<Vec<_>>()
    };
    assert_eq!(waits_for("emil").await, [""; 0], "whoever works the case is not asked");
    assert_eq!(waits_for("bert").await, [approval.as_str()]);
    bench.govern.decide(&staff("bert", Role::Approver), &approval, &yes(), &call).await.unwrap();
    assert_eq!(bench.column(&key, "state").await, json!("active"));
    bench.govern.decide(&staff("dora", Role::Approver), &approval, &yes(), &call).await.unwrap();
    assert_eq!(bench.column(&key, "state").await, json!("expired"));
    assert_eq!(bench.column(&key, "cause").await, json!("leaked"));
    let rows = measures(&bench, &key).await;
    let states: Vec<_> = rows.iter().map(|row| (row.mode.as_str(), row.state)).collect();
    assert!(
        states.contains(&("propose", MeasureState::Ended))
            && states.contains(&("act", MeasureState::InForce))
    );
    assert!(all(&bench, &TASKS).await.iter().any(|task| task["kind"] == "consider_report"));
}

/// Who is warned and has proved the address already is not asked to register or prove it.
#[tokio::test]
async fn nobody_is_asked_for_what_he_has_proved() {
    let bench = bench().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let proved = json!([
        { "prefix": "203.0.113.7/32", "since": null, "proved": null },
        { "prefix": "198.51.100.9/32", "since": "2026-11-01T00:00:00Z", "proved": "2026-11-01T09:00:00Z" },
    ]);
    bench.alter(&sumun_store::tables::KEYS, &key, "allowlist", proved).await;
    let mut found = batch(1, 1, &key, &[("want", "warn")]);
    let values = [("address", "203.0.113.7"), ("other", "198.51.100.9")];
    found.signals[0].signal.values.extend(values.map(|(name, value)| (name.into(), value.into())));
    bench.govern.take_findings(&found).await.unwrap();
    let page = Filter { limit: 10, ..Filter::default() };
    let letters = bench.govern.letters(&bench.owner("C1"), page, (None, None)).await.unwrap();
    let warned = letters.iter().find(|letter| letter.kind == "measure.warn").unwrap();
    let codes: Vec<_> = warned.say.iter().map(|said| said.code.as_str()).collect();
    let rest = ["measure.warn.asked", "measure.warn.next", "object"];
    assert_eq!(codes[..2], ["returns_between_origins", "measure.address_proved"]);
    assert_eq!(codes[2..], rest);
    assert_eq!(
        warned.say[1].en,
        "You proved the address 198.51.100.9 on 1 Nov 2026, 18:00 KST: there is nothing to register or prove of it again."
    );
}

/// What a proposal rests on is shown at its key, also where it is about several keys at once.
#[tokio::test]
async fn signals_about_a_cluster_are_among_those_of_its_keys() {
    let bench = bench().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let (other, _) = bench.issued(&request("portfolio", &["read"])).await;
    let mut found = batch(2, 1, &key, &[("want", "reverify"), ("mode", "propose")]);
    let members = vec![key.parse().unwrap(), "K-nobody".parse().unwrap()];
    found.signals[0].signal.subject =
        sumun_model::finding::Subject::Cluster { cluster: sumun_model::FindingId::of([2; 16]), members };
    bench.govern.take_findings(&found).await.unwrap();
    bench.govern.take_findings(&batch(1, 2, &key, &[])).await.unwrap();
    let anna = staff("anna", Role::Analyst);
    let of = async |key: &str, after: Option<String>, limit| {
        let found = bench.govern.signals(&anna, Some(key), None, after, limit).await.unwrap();
        found.iter().map(|signal| signal.id.to_string()).collect::<Vec<_>>()
    };
    let ids = ["01".repeat(16), "02".repeat(16)];
    assert_eq!(of(&key, None, 10).await, ids);
    assert_eq!(of(&key, None, 1).await, ids[..1], "by id, a page at a time");
    assert_eq!(of(&key, Some(ids[0].clone()), 10).await, ids[1..]);
    assert_eq!(of(&other, None, 10).await, [""; 0]);
}

#[tokio::test]
async fn a_refused_proposal_changes_nothing_and_waits_for_nobody() {
    let bench = bench().await;
    let call = Call::default();
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    bench
        .govern
        .take_findings(&batch(1, 1, &key, &[("want", "reverify"), ("mode", "propose")]))
        .await
        .unwrap();
    let waiting =
        all(&bench, &APPROVALS).await.into_iter().find(|row| row["action"] == "key.measure").unwrap();
    let approval = waiting["approval"].as_str().unwrap().to_owned();
    let bert = staff("bert", Role::Approver);
    let dry = Call { dry_run: true, ..Call::default() };
    let shown = bench.govern.decide(&bert, &approval, &crate::bench::no(), &dry).await.unwrap().plan;
    assert_eq!(shown.title, format!("refuse the proposed reverify of key {key}"));
    assert_eq!(shown.class, "approval.decided");
    bench.govern.decide(&bert, &approval, &crate::bench::no(), &call).await.unwrap();
    assert_eq!(bench.column(&key, "measure").await, json!(null));
    assert_eq!(measures(&bench, &key).await.pop().unwrap().state, MeasureState::Refused);
    let (class, entry) = bench.ledger().await.pop().unwrap();
    assert_eq!(class, "approval.decided", "it is no assessment");
    let facts = &entry["facts"];
    assert_eq!((&facts["action"], &facts["state"]), (&json!("key.measure"), &json!("refused")));
    assert_eq!((&facts["measure"], &facts["rule"]), (&json!("reverify"), &json!("told")));
    assert_eq!(
        (&facts["decision"]["by"], &facts["reason"]),
        (&json!("user:bert"), &facts["decision"]["reason"])
    );
    assert_eq!(facts["signals"], json!([sumun_model::FindingId::of([1; 16])]), "on what it rested");
}

/// Nobody came: that is no refusal, and no assessment either.
#[tokio::test]
async fn a_proposal_that_nobody_decides_lapses_as_what_it_is() {
    let bench = bench().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let proposed = batch(1, 1, &key, &[("want", "reverify"), ("mode", "propose")]);
    bench.govern.take_findings(&proposed).await.unwrap();
    let waits = all(&bench, &APPROVALS).await.into_iter().find(|row| row["action"] == "key.measure").unwrap();
    bench.pass(waits["due_us"].as_i64().unwrap() - bench.govern.world.now().as_micros());
    let run = bench.govern.due().await.unwrap();
    assert_eq!((run.lapsed_approvals.len(), run.failed.len()), (1, 0));
    let row = measures(&bench, &key).await.pop().unwrap();
    assert_eq!((row.state, row.end_said().unwrap().en), {
        (MeasureState::Withdrawn, "Nobody decided the proposal in time.".to_owned())
    });
    let ledger = bench.ledger().await;
    let (_, entry) = ledger.iter().rev().find(|(class, _)| class == "approval.decided").unwrap();
    assert_eq!(
        (&entry["facts"]["state"], &entry["facts"]["measure"]),
        (&json!("lapsed"), &json!("reverify"))
    );
    assert!(ledger.iter().all(|(class, _)| class != "key.assessed"));
}

#[tokio::test]
async fn acts_of_people_count_once_by_their_event() {
    let bench = bench().await;
    let call = Call::default();
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    bench.govern.take_findings(&batch(1, 1, &key, &[("want", "warn")])).await.unwrap();
    let at = bench.govern.world.now();
    let act = Act { kind: ActKind::Acknowledged, at, event: Some("e1".parse().unwrap()) };
    let actor = sumun_govern::keys::due::clock_actor();
    let turned = bench.govern.act_on_key(&actor, &key, act.clone(), None, &call).await.unwrap().value;
    assert_eq!((turned.measure, turned.steps.len()), (None, 1));
    bench.govern.take_findings(&batch(2, 2, &key, &[("want", "warn")])).await.unwrap();
    let again = bench.govern.act_on_key(&actor, &key, act, None, &call).await.unwrap().value;
    assert_eq!(again.measure.map(sumun_model::Measure::as_str), Some("warn"), "it was heard before");
}

/// One operator behind several keys is one case; what began as a case of one key goes into it.
#[tokio::test]
async fn a_cluster_is_one_case() {
    let bench = bench().await;
    let (one, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let (two, _) = bench.issued(&request("portfolio", &["read"])).await;
    bench.govern.take_findings(&batch(1, 1, &one, &[("want", "monitor")])).await.unwrap();
    let mut both = batch(2, 2, &one, &[("want", "warn")]);
    both.assessments = vec![
        clustered(both.assessments.remove(0), 9),
        clustered(assessment(3, &two, &[("want", "warn")]), 9),
    ];
    bench.govern.take_findings(&both).await.unwrap();
    let cases = all(&bench, &CASES).await;
    let open: Vec<_> = cases.iter().filter(|case| case["state"] == "open").collect();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0]["subject"], json!(format!("cluster:{}", "09".repeat(16))));
    let mut keys = [one.clone(), two.clone()];
    keys.sort();
    let members: Vec<Value> =
        open[0]["members"].as_array().unwrap().iter().map(|m| m["key"].clone()).collect();
    assert_eq!(members, [json!(keys[0]), json!(keys[1])]);
    assert_eq!(cases.iter().filter(|case| case["state"] == "merged").count(), 1);
}
