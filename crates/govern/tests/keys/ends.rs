//! Suspending, holding, ending; what happens by the clock; what never happens.

use crate::bench::{Bench, DAY, HOUR, request, staff, yes};
use serde_json::json;
use std::sync::Arc;
use sumun_govern::keys::measures::Hold;
use sumun_govern::keys::read::{KeyFilter, TimelineEntry};
use sumun_govern::{Call, Role};
use sumun_model::{ApiSecret, KeyState, Measure, ScopeSet};
use sumun_store::tables::{DEAD_KEYS, KEYS, NOTICES};

const WHY: &str = "used from two countries within a minute";
const LESSER: &str = "a warning would come too late";

#[tokio::test]
async fn a_forced_end_takes_one_who_proposes_and_two_who_agree() {
    let bench = Bench::new().await;
    let call = Call::default();
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let bert = staff("bert", Role::Approver);
    let asked = bench.govern.expire_key(&bert, &key, (WHY, LESSER), &call).await.unwrap().value;
    let approval = &asked.waits_for[0];
    assert_eq!(asked.key.state, KeyState::Active, "nothing has happened yet");
    assert_eq!(bench.govern.decide(&bert, approval, &yes(), &call).await.unwrap_err().code, "own_request");
    bench.govern.decide(&staff("dora", Role::Approver), approval, &yes(), &call).await.unwrap();
    assert_eq!(bench.column(&key, "state").await, json!("active"));
    let hidden = bench.govern.approval(&bench.owner("C1"), approval).await.unwrap_err();
    assert_eq!(hidden.code, "not_found", "the owner does not see what is proposed about him");
    bench.govern.decide(&staff("emil", Role::Approver), approval, &yes(), &call).await.unwrap();
    assert_eq!(bench.column(&key, "cause").await, json!("forced"));
    let (class, payload) = bench.ledger().await.pop().unwrap();
    assert_eq!(class, "key.expired");
    let facts = payload.get("facts").unwrap();
    assert_eq!(facts.get("lesser"), Some(&json!(LESSER)));
    assert_eq!(facts.get("approvals"), Some(&json!([approval])));
    assert_eq!(payload.pointer("/feed/0/state"), Some(&json!("expired")));
    // The owner hears of it, as of its issue: by name, so that whoever routes mail knows whose box it goes to.
    let told = bench.govern.store.outbox_take("notice", 100, bench.govern.world.now(), 1).await.unwrap();
    let kinds: Vec<_> = told.iter().map(|item| item.body["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"key.issued") && kinds.contains(&"key.expired"), "{kinds:?}");
    for item in &told {
        assert_eq!(item.body["customer"], "C1", "{}", item.body);
        let row = bench.govern.row(&NOTICES, item.body["notice"].as_str().unwrap()).await.unwrap().unwrap();
        assert_eq!(row["customer"], "C1");
    }
}

#[tokio::test]
async fn a_hold_lapses_at_its_due_time_and_a_suspension_does_not() {
    let bench = Bench::new().await;
    let call = Call::default();
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let (other, _) = bench.issued(&request("portfolio", &["read"])).await;
    let anna = staff("anna", Role::Analyst);
    let hold = Hold { reason: WHY.into(), lesser: LESSER.into(), reviewer: "user:bert".into(), due: None };
    assert_eq!(
        bench.govern.hold_key(&bench.owner("C1"), &key, &hold, &call).await.unwrap_err().code,
        "forbidden"
    );
    let nobody = Hold { reviewer: "user:nobody".into(), ..hold.clone() };
    assert_eq!(
        bench.govern.hold_key(&anna, &key, &nobody, &call).await.unwrap_err().code,
        "reviewer_missing"
    );
    let held = bench.govern.hold_key(&anna, &key, &hold, &call).await.unwrap().value;
    assert_eq!(held.key.measure, Some(Measure::Hold));
    assert_eq!(bench.column(&other, "measure").await, json!(null), "only the one key suffers");
    bench.govern.suspend_key(&anna, &other, WHY, &call).await.unwrap();
    assert_eq!(bench.govern.lift_key(&anna, &other, WHY, &call).await.unwrap_err().code, "forbidden");
    bench.pass(72 * HOUR);
    let run = bench.govern.due().await.unwrap();
    assert_eq!((run.lapsed_holds, run.failed), (vec![key.clone()], vec![]));
    assert_eq!(bench.column(&key, "measure").await, json!("monitor"));
    assert_eq!(
        bench.govern.key(&bench.owner("C1"), &key).await.unwrap().measure,
        None,
        "the owner sees nothing of it"
    );
    assert_eq!(bench.column(&other, "state").await, json!("suspended"));
    bench
        .govern
        .lift_key(&staff("bert", Role::Approver), &other, "he proved that it was he", &call)
        .await
        .unwrap();
    assert_eq!(bench.column(&other, "state").await, json!("active"));
}

/// Neither ending a held key nor asking for another beside it gets the owner out of the hold, and nobody tells him of watching.
#[tokio::test]
async fn a_measure_follows_the_account() {
    let bench = Bench::new().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let (key, _) = bench.issued(&request("portfolio", &["read"])).await;
    let hold = Hold { reason: WHY.into(), lesser: LESSER.into(), reviewer: "user:bert".into(), due: None };
    bench.govern.hold_key(&staff("anna", Role::Analyst), &key, &hold, &call).await.unwrap();
    bench.govern.revoke_key(&owner, &key, None, &call).await.unwrap();
    let (next, _) = bench.issued(&request("portfolio", &["read"])).await;
    assert_eq!(bench.column(&next, "measure").await, json!("hold"));
    bench.pass(73 * HOUR);
    assert_eq!(bench.govern.due().await.unwrap().lapsed_holds, [next.as_str()]);
    let done =
        bench.govern.request_key(&bench.owner("C1"), &request("portfolio", &["read"]), &call).await.unwrap();
    assert_eq!(bench.column(&done.value.key.key, "measure").await, json!("monitor"));
    let told = format!("{:?} {:?}", done.plan, done.value);
    assert!(!told.contains("onitor"), "{told}");
}

#[tokio::test]
async fn an_owner_ends_his_key_in_one_step_and_a_strangers_is_not_there() {
    let bench = Bench::new().await;
    let call = Call::default();
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    assert_eq!(
        bench.govern.revoke_key(&bench.owner("C2"), &key, None, &call).await.unwrap_err().code,
        "not_found"
    );
    let mut plain = bench.owner("C1");
    plain.second_factor = None;
    bench.govern.change_allowlist(&bench.owner("C1"), &key, &[], &call).await.unwrap_err();
    let ended = bench.govern.revoke_key(&plain, &key, None, &call).await.unwrap();
    assert_eq!(ended.value.key.state, KeyState::Expired);
    assert_eq!(bench.column(&key, "cause").await, json!("owner"));
    assert_eq!(bench.govern.revoke_key(&plain, &key, None, &call).await.unwrap_err().code, "key_ended");
}

#[tokio::test]
async fn an_exposed_secret_ends_its_key_and_an_exposed_id_does_not() {
    let bench = Bench::new().await;
    let call = Call::default();
    let (key, secret) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let scanner = staff("scanner", Role::ExchangeBackend);
    let wrong = ApiSecret::issue(&[1; 32]);
    for given in [None, Some(&wrong)] {
        bench.pass(1);
        let told = bench
            .govern
            .report_exposure(&scanner, Some(&key), (given, "a public page"), &call)
            .await
            .unwrap();
        assert!(!told.value.ended);
    }
    assert_eq!(bench.column(&key, "state").await, json!("active"));
    let found = ApiSecret::new(secret.clone().into_bytes()).unwrap();
    let ended = bench
        .govern
        .report_exposure(&scanner, Some(&key), (Some(&found), "a public page"), &call)
        .await
        .unwrap();
    assert!(ended.value.ended);
    assert_eq!(bench.column(&key, "cause").await, json!("leaked"));
    assert!(bench.ledger().await.iter().all(|(_, payload)| !payload.to_string().contains(&secret)));
}

#[tokio::test]
async fn what_nobody_decides_lapses_and_what_runs_out_is_recorded() {
    let bench = Bench::new().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let (reading, _) = bench.issued(&request("portfolio", &["read"])).await;
    let wanted = request("own_bot", &["read", "trade", "withdraw"]);
    let asked = bench.govern.request_key(&owner, &wanted, &call).await.unwrap().value;
    bench.pass(8 * DAY);
    let run = bench.govern.due().await.unwrap();
    assert_eq!(run.lapsed_approvals.len(), 1, "the other one is closed with the key: {run:?}");
    assert_eq!(bench.column(&asked.key.key, "state").await, json!("expired"));
    bench.pass(90 * DAY);
    let run = bench.govern.due().await.unwrap();
    assert_eq!(run.ended, [reading.as_str()]);
    assert_eq!(bench.column(&reading, "cause").await, json!("natural"));
    let dead = bench.govern.store.get(&DEAD_KEYS, &reading).await.unwrap().unwrap();
    assert_eq!(dead.get("cause"), Some(&json!("natural")));
}

/// Import, restore, a forgotten use case: whatever makes a plan, a dead id is not written.
#[tokio::test]
async fn a_dead_id_is_not_written_again_whoever_tries() {
    let bench = Bench::new().await;
    let call = Call::default();
    let (key, _) = bench.issued(&request("portfolio", &["read"])).await;
    let owner = bench.owner("C1");
    let alive = bench.govern.store.get(&KEYS, &key).await.unwrap().unwrap();
    bench.govern.revoke_key(&owner, &key, None, &call).await.unwrap();
    let version = bench.column(&key, "version").await.as_i64().unwrap();
    for honest in [false, true] {
        let bench = Arc::new(&bench);
        let alive = &alive;
        let key = &key;
        let refusal = bench
            .govern
            .run(&owner, &call, |now| async move {
                let mut change = sumun_govern::govern::change("key.imported", now, serde_json::Map::new());
                let mut image = alive.clone();
                image.insert("version".into(), json!(version + 1));
                change.writes.push(sumun_store::RowWrite {
                    table: &KEYS,
                    expect: sumun_store::Expect::Version(version),
                    image,
                });
                if honest {
                    change.reads.push(sumun_store::RowRead {
                        table: &DEAD_KEYS,
                        key: key.clone(),
                        expect: sumun_store::Expect::Absent,
                    });
                }
                let plan =
                    sumun_govern::Plan { title: String::new(), effects: vec![], warnings: vec![], change };
                Ok(sumun_govern::Planned { plan, value: (), status: 200 })
            })
            .await
            .unwrap_err();
        assert_eq!(refusal.code, if honest { "conflict" } else { "plan_lint" });
    }
}

#[tokio::test]
async fn what_happened_to_a_key_is_told_to_each_as_he_may_know_it() {
    let bench = Bench::new().await;
    let call = Call::default();
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    bench.govern.suspend_key(&staff("anna", Role::Analyst), &key, WHY, &call).await.unwrap();
    let owner = bench.owner("C1");
    let told = bench.govern.key_timeline(&owner, &key, None, 100).await.unwrap();
    let lines: Vec<String> = told
        .iter()
        .map(|entry| {
            format!("{} {} {}", entry.class, entry.actor.as_deref().unwrap_or("-"), entry.facts.is_some())
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
    let staff_told = bench.govern.key_timeline(&staff("olga", Role::Auditor), &key, None, 100).await.unwrap();
    assert!(staff_told.iter().all(|entry| entry.facts.is_some()));
    // From the other end, page by page, it is the same past.
    let mut newest = Vec::new();
    loop {
        let before = newest.last().map(|entry: &TimelineEntry| entry.entry);
        let some = bench.govern.key_timeline_newest(&owner, &key, before, 2).await.unwrap();
        if some.is_empty() {
            break;
        }
        newest.extend(some);
    }
    newest.reverse();
    assert_eq!(newest, told);
    let own = bench.govern.keys(&owner, &KeyFilter { limit: 10, ..KeyFilter::default() }).await.unwrap();
    assert_eq!(own.len(), 1);
    let theirs = bench
        .govern
        .keys(&bench.owner("C2"), &KeyFilter { limit: 10, ..KeyFilter::default() })
        .await
        .unwrap();
    assert!(theirs.is_empty());
    assert_eq!(
        bench.govern.key_capability(&owner, &key).await.unwrap().first().unwrap().en,
        "It can cancel orders."
    );
    assert_eq!(own.first().unwrap().scopes, ScopeSet::READ.union(ScopeSet::TRADE));
}
