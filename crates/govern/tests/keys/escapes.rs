//! Ways around a measure, a limit or an end that somebody tried: each is closed.

use crate::bench::{Bench, DAY, HOUR, request, staff, yes};
use serde_json::json;
use sumun_govern::keys::measures::Hold;
use sumun_govern::{Call, Role};
use sumun_model::key::AllowlistEntry;
use sumun_store::tables::{APPROVALS, KEYS};

const WHY: &str = "used from two countries within a minute";
const LESSER: &str = "a warning would come too late";

/// Whoever can write one row of the database must not keep a key alive by it, nor stop the clock for the others.
#[tokio::test]
async fn an_altered_approval_keeps_no_key_alive_and_does_not_stop_the_clock() {
    let bench = Bench::new().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let mut keys = Vec::new();
    for _ in 0..3 {
        let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
        let wider: Vec<AllowlistEntry> =
            serde_json::from_value(json!(["203.0.113.7", "203.0.113.8"])).unwrap();
        let asked = bench.govern.change_allowlist(&owner, &key, &wider, &call).await.unwrap().value;
        bench.alter(&APPROVALS, &asked.waits_for[0], "digest", json!("00".repeat(32))).await;
        keys.push((key, asked.waits_for[0].clone()));
    }
    bench.govern.revoke_key(&owner, &keys[0].0, None, &call).await.unwrap();
    let bert = staff("bert", Role::Approver);
    let asked = bench.govern.expire_key(&bert, &keys[1].0, (WHY, LESSER), &call).await.unwrap().value;
    for name in ["dora", "emil"] {
        let approver = staff(name, Role::Approver);
        bench.govern.decide(&approver, &asked.waits_for[0], &yes(), &call).await.unwrap();
    }
    assert_eq!(bench.column(&keys[1].0, "state").await, json!("expired"));

    let (other, _) = bench.issued(&request("portfolio", &["read"])).await;
    let (broken, _) = bench.issued(&request("portfolio", &["read"])).await;
    bench.alter(&KEYS, &broken, "purpose", json!("no such purpose")).await;
    bench.pass(91 * DAY);
    let run = bench.govern.due().await.unwrap();
    let mut ended = vec![keys[2].0.clone(), other];
    ended.sort_unstable();
    assert_eq!(run.ended, ended);
    let mut failed: Vec<_> = keys.into_iter().map(|(_, approval)| (approval, "row_unreadable")).collect();
    failed.push((broken, "row_unreadable"));
    failed.sort_unstable();
    let mut said = run.failed;
    said.sort_unstable();
    assert_eq!(said, failed);
}

/// Holding a warned key must not be the way in which it loses its warning.
#[tokio::test]
async fn a_hold_covers_a_warning_and_does_not_erase_it() {
    let bench = Bench::new().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let (key, _) = bench.issued(&request("portfolio", &["read"])).await;
    bench.alter(&KEYS, &key, "measure", json!("warn")).await;
    let anna = staff("anna", Role::Analyst);
    bench.govern.hold_key(&anna, &key, &hold(), &call).await.unwrap();
    let (next, _) = bench.issued(&request("portfolio", &["read"])).await;
    bench.govern.release_key(&anna, &key, "he proved that it was he", &call).await.unwrap();
    assert_eq!(bench.column(&key, "measure").await, json!("warn"));
    assert_eq!(bench.column(&key, "before_hold").await, json!(null));
    bench.pass(73 * HOUR);
    assert_eq!(bench.govern.due().await.unwrap().lapsed_holds, [next.as_str()]);
    assert_eq!(bench.column(&next, "measure").await, json!("warn"), "what a hold covers follows with it");
    let told = format!("{:?}", bench.govern.key(&owner, &next).await.unwrap());
    assert!(!told.contains("before_hold"), "{told}");
}

fn hold() -> Hold {
    Hold { reason: WHY.into(), lesser: LESSER.into(), reviewer: "user:bert".into(), due: None }
}
