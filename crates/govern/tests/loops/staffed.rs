//! Measures of staff's own, and what an owner cannot escape by ending a key.

use crate::bench::{Bench, HOUR, request, staff, yes};
use crate::findings::all;
use crate::ladder::{batch, bench};
use serde_json::json;
use sumun_govern::keys::measures::Hold;
use sumun_govern::measures::read::MeasureFilter;
use sumun_govern::parties::{Account, Customer};
use sumun_govern::tasks::{TaskKind, TaskState};
use sumun_govern::{Call, Role};
use sumun_model::{Act, ActKind};
use sumun_store::Filter;
use sumun_store::tables::{CASES, KEYS, MEASURES, STANDINGS};

const WHY: &str = "used from two countries within a minute";
const LESSER: &str = "a warning would come too late";

fn hold() -> Hold {
    Hold { reason: WHY.into(), lesser: LESSER.into(), reviewer: "user:bert".into(), due: None }
}

async fn standing(bench: &Bench, key: &str) -> serde_json::Value {
    let row = bench.govern.store.get(&STANDINGS, key).await.unwrap().unwrap();
    row["measure"].clone()
}

#[tokio::test]
async fn staffs_hold_stands_on_the_ladder_and_is_lifted_there() {
    let bench = bench().await;
    let call = Call::default();
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let anna = staff("anna", Role::Analyst);
    bench.govern.hold_key(&anna, &key, &hold(), &call).await.unwrap();
    assert_eq!(standing(&bench, &key).await, json!("hold"));
    bench
        .govern
        .release_key(&staff("bert", Role::Approver), &key, "he showed his travel papers", &call)
        .await
        .unwrap();
    assert_eq!(bench.column(&key, "measure").await, standing(&bench, &key).await);
    assert_ne!(bench.column(&key, "measure").await, json!("hold"));
}

/// The owner objects to what staff did; it waits for somebody else than who did it; the hold's own task ends with the hold.
#[tokio::test]
async fn an_owner_objects_to_staffs_hold_and_another_decides() {
    let bench = bench().await;
    let (call, owner) = (Call::default(), bench.owner("C1"));
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let anna = staff("anna", Role::Analyst);
    bench.govern.hold_key(&anna, &key, &hold(), &call).await.unwrap();
    let page = Filter { limit: 100, ..Filter::default() };
    let letters = bench.govern.letters(&owner, page, (None, None)).await.unwrap();
    let held = letters.iter().find(|letter| letter.kind == "key.held").unwrap();
    let codes: Vec<_> = held.say.iter().map(|said| said.code.as_str()).collect();
    assert_eq!(codes, ["key.held.orders", "key.held.until", "key.by_staff", "object"]);
    assert!(held.say.iter().all(|said| !said.en.contains(WHY)), "staff's own words stay inside");
    bench.govern.object(&owner, &held.notice, "that was my office", &call).await.unwrap();
    let tasks = async || bench.govern.tasks(&anna, None, None, None, 10).await.unwrap();
    let task = async |kind: TaskKind| tasks().await.into_iter().find(|task| task.kind == kind).unwrap();
    assert_eq!(task(TaskKind::ReviewHold).await.assignee.as_deref(), Some("user:bert"));
    let review = task(TaskKind::ReviewObjection).await;
    assert!(review.due_us > Some(review.created_us));
    let own = bench.govern.finish_task(&anna, &review.task, "I was right", &call).await.unwrap_err();
    assert_eq!(own.code, "own_measure");
    let bert = staff("bert", Role::Approver);
    bench.govern.finish_task(&bert, &review.task, "he showed his travel papers", &call).await.unwrap();
    bench.govern.release_key(&bert, &key, "he showed his travel papers", &call).await.unwrap();
    assert_eq!(task(TaskKind::ReviewHold).await.state, TaskState::Done);
}

#[tokio::test]
async fn a_held_key_that_is_ended_hands_on_the_hold_in_staffs_words_until_it_is_released() {
    let bench = bench().await;
    let (call, owner) = (Call::default(), bench.owner("C1"));
    let (key, _) = bench.issued(&request("portfolio", &["read"])).await;
    let anna = staff("anna", Role::Analyst);
    bench.govern.hold_key(&anna, &key, &hold(), &call).await.unwrap();
    bench.govern.revoke_key(&owner, &key, Some("I do not need it any more"), &call).await.unwrap();
    let (next, _) = bench.issued(&request("portfolio", &["read"])).await;
    let row = bench.govern.store.get(&KEYS, &next).await.unwrap().unwrap();
    assert_eq!((&row["measure"], &row["reason"]), (&json!("hold"), &json!(WHY)));
    bench.govern.release_key(&anna, &next, "the customer explained it", &call).await.unwrap();
    bench.govern.release_key(&anna, &key, "the customer explained it", &call).await.unwrap();
    let (third, _) = bench.issued(&request("portfolio", &["read"])).await;
    assert_ne!(bench.column(&third, "measure").await, json!("hold"), "it haunts nobody");
}

#[tokio::test]
async fn a_suspension_follows_and_is_lifted_by_another_person() {
    let bench = bench().await;
    let (call, owner) = (Call::default(), bench.owner("C1"));
    let (key, _) = bench.issued(&request("portfolio", &["read"])).await;
    let bert = staff("bert", Role::Approver);
    bench.govern.suspend_key(&bert, &key, WHY, &call).await.unwrap();
    assert_eq!(bench.govern.lift_key(&bert, &key, WHY, &call).await.unwrap_err().code, "own_measure");
    bench.govern.revoke_key(&owner, &key, None, &call).await.unwrap();
    let asked =
        bench.govern.request_key(&owner, &request("portfolio", &["read"]), &call).await.unwrap().value;
    let refused = bench.govern.issue_key(&owner, &asked.key.key, &call).await.unwrap_err();
    assert_eq!(refused.code, "suspension_open");
    bench.govern.lift_key(&staff("dora", Role::Approver), &key, WHY, &call).await.unwrap();
    bench.govern.issue_key(&bench.owner("C1"), &asked.key.key, &call).await.unwrap();
    bench.pass(HOUR);
}

#[tokio::test]
async fn a_forced_end_by_staff_is_a_measure_with_its_case() {
    let bench = bench().await;
    let call = Call::default();
    let (key, _) = bench.issued(&request("portfolio", &["read"])).await;
    bench.govern.hold_key(&staff("anna", Role::Analyst), &key, &hold(), &call).await.unwrap();
    let asked =
        bench.govern.expire_key(&staff("bert", Role::Approver), &key, (WHY, LESSER), &call).await.unwrap();
    for name in ["dora", "emil"] {
        let approver = staff(name, Role::Approver);
        bench.govern.decide(&approver, &asked.value.waits_for[0], &crate::bench::yes(), &call).await.unwrap();
    }
    assert_eq!(standing(&bench, &key).await, json!("expire"));
    let wanted =
        sumun_govern::measures::read::MeasureFilter { key: Some(key), limit: 10, ..Default::default() };
    let rows = bench.govern.measures(&staff("anna", Role::Analyst), &wanted).await.unwrap();
    let cases: std::collections::BTreeSet<_> = rows.iter().map(|row| row.case_id.clone()).collect();
    assert_eq!((rows.len(), cases.len()), (2, 1), "one suspicion, one case");
}

#[tokio::test]
async fn a_closed_account_ends_its_keys_in_the_same_change() {
    let bench = bench().await;
    let (key, _) = bench.issued(&request("portfolio", &["read"])).await;
    let put =
        serde_json::from_value(json!({ "customer": "C1", "segment": "retail", "state": "closed" })).unwrap();
    let lead = staff("lina", Role::ComplianceLead);
    let before = bench.govern.store.head().size;
    bench.govern.put_account(&lead, &"A1".parse().unwrap(), &put, &Call::default()).await.unwrap();
    assert_eq!(bench.govern.store.head().size, before + 1);
    let (class, entry) = bench.ledger().await.pop().unwrap();
    assert_eq!((class.as_str(), entry.pointer("/feed/0/state")), ("account.put", Some(&json!("expired"))));
    assert_eq!(bench.column(&key, "state").await, json!("expired"));
}

/// What followed from an ended key is answered at the key that bears it now, and then it follows nobody.
#[tokio::test]
async fn a_renewed_verification_follows_to_the_next_key_and_ends_there() {
    let bench = bench().await;
    let (call, owner) = (Call::default(), bench.owner("C1"));
    let (key, _) = bench.issued(&request("portfolio", &["read"])).await;
    bench.govern.take_findings(&batch(1, 1, &key, &[("want", "reverify")])).await.unwrap();
    let open = async |key: &str| {
        let page = Filter { limit: 10, ..Filter::default() };
        let found = bench.govern.verifications(&owner, page, (Some(key), Some("open"))).await.unwrap();
        found.into_iter().map(|found| found.verification).collect::<Vec<_>>()
    };
    assert_eq!(open(&key).await.len(), 1);
    bench.govern.revoke_key(&owner, &key, None, &call).await.unwrap();
    assert_eq!(open(&key).await.len(), 0, "an ended key asks for nothing");
    let (next, _) = bench.issued(&request("portfolio", &["read"])).await;
    assert_eq!(bench.column(&next, "measure").await, json!("reverify"));
    bench.pass(HOUR);
    assert_eq!(bench.govern.due().await.unwrap().failed, []);
    assert_eq!(open(&next).await.len(), 1, "its owner can answer");
    let act = Act { kind: ActKind::Lifted, at: bench.govern.world.now(), event: None };
    bench.govern.act_on_key(&staff("anna", Role::Analyst), &next, act, None, &call).await.unwrap();
    assert_eq!(bench.column(&next, "measure").await, json!(null));
    let (third, _) = bench.issued(&request("portfolio", &["read"])).await;
    assert_eq!(bench.column(&third, "measure").await, json!(null), "it haunts nobody");
}

/// A row that cannot be read stops neither the clock nor what falls due of others.
#[tokio::test]
async fn a_damaged_measure_stops_nothing() {
    let bench = bench().await;
    let (one, _) = bench.issued(&request("portfolio", &["read"])).await;
    let (two, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    for (n, key) in [(1, &one), (2, &two)] {
        bench.govern.take_findings(&batch(n, n.into(), key, &[("want", "hold")])).await.unwrap();
        bench.govern.revoke_key(&bench.owner("C1"), key, None, &Call::default()).await.unwrap();
    }
    let wanted = |key: &str| MeasureFilter { key: Some(key.into()), limit: 10, ..MeasureFilter::default() };
    let anna = staff("anna", Role::Analyst);
    let row = bench.govern.measures(&anna, &wanted(&one)).await.unwrap().pop().unwrap();
    bench.alter(&MEASURES, &row.measure_id, "mode", json!("nonsense")).await;
    bench.pass(HOUR);
    let run = bench.govern.due().await.unwrap();
    assert!(run.failed.contains(&(row.measure_id, "row_unreadable")), "{:?}", run.failed);
    let other = bench.govern.measures(&anna, &wanted(&two)).await.unwrap().pop().unwrap();
    assert!(other.ended_us.is_some(), "the other hold lapsed");
}

/// Nothing that an owner reads moves when he begins to be watched (L3).
#[tokio::test]
async fn an_owner_cannot_tell_that_he_is_watched() {
    let bench = bench().await;
    let (key, _) = bench.issued(&request("portfolio", &["read"])).await;
    let seen = async || {
        let (govern, owner) = (&bench.govern, bench.owner("C1"));
        let customer = govern.party::<Customer>(&owner, "C1").await.unwrap();
        let account = govern.party::<Account>(&owner, "A1").await.unwrap();
        let view = govern.key(&owner, &key).await.unwrap();
        let page = || Filter { limit: 10, ..Filter::default() };
        let letters = govern.letters(&owner, page(), (None, None)).await.unwrap();
        let asked = govern.approvals(&owner, None, None, None, 10).await.unwrap();
        let told = govern.key_timeline(&owner, &key, None, 100).await.unwrap();
        serde_json::to_string(&(customer, account, view, letters, asked, told)).unwrap()
    };
    let before = seen().await;
    bench.govern.take_findings(&batch(1, 1, &key, &[("want", "monitor")])).await.unwrap();
    assert_eq!(bench.column(&key, "measure").await, json!("monitor"));
    assert_eq!(seen().await, before);
    let proposed = batch(2, 2, &key, &[("want", "hold"), ("mode", "propose")]);
    bench.govern.take_findings(&proposed).await.unwrap();
    assert_eq!(seen().await, before);
}

/// What staff propose by hand is no way round that: neither the case's analyst nor who placed what is in force is one of the two.
#[tokio::test]
async fn an_end_proposed_by_hand_takes_two_whose_hands_are_clean() {
    let bench = bench().await;
    let call = Call::default();
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let joon = staff("joon", Role::Approver);
    bench.govern.hold_key(&joon, &key, &hold(), &call).await.unwrap();
    let asks = staff("emil", Role::Approver);
    let ended = bench.govern.expire_key(&asks, &key, (WHY, LESSER), &call).await.unwrap();
    let approval = ended.value.waits_for[0].clone();
    // The case is taken after the end was asked for.
    let case = all(&bench, &CASES).await.pop().unwrap();
    bench.alter(&CASES, case["case_id"].as_str().unwrap(), "assignee", json!("user:mina")).await;
    for name in ["mina", "joon"] {
        let approver = staff(name, Role::Approver);
        let refused = bench.govern.decide(&approver, &approval, &yes(), &call).await.unwrap_err();
        assert_eq!(refused.code, "own_case", "{name}");
        assert!(bench.govern.approvals_for(&approver, None, None, 9).await.unwrap().is_empty(), "{name}");
    }
    for name in ["bert", "dora"] {
        let approver = staff(name, Role::Approver);
        assert_eq!(bench.govern.approvals_for(&approver, None, None, 9).await.unwrap().len(), 1, "{name}");
        bench.govern.decide(&approver, &approval, &yes(), &call).await.unwrap();
    }
    assert_eq!(bench.column(&key, "state").await, json!("expired"));
}
