//! Addresses: registered, proved, lapsed, removed.

use crate::bench::{HOUR, request};
use crate::seen::{asking, classes, facts, line, seen, take, take_of_exchange, words};
use serde_json::json;
use sumun_govern::keys::measures::Hold;
use sumun_govern::{Call, Role};
use sumun_model::Prefix;
use sumun_store::tables::FEED_KEYS;

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

#[tokio::test]
async fn an_address_is_pending_until_a_signed_request_proves_it() {
    let bench = asking().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let mut without = owner.clone();
    without.second_factor = None;
    let new = prefix("198.51.100.9/32");
    let no = bench.govern.register_address(&without, &key, new, &call).await.unwrap_err();
    assert_eq!(no.code, "second_factor_needed");
    let done = bench.govern.register_address(&owner, &key, new, &call).await.unwrap();
    assert!(done.committed.unwrap().feed_version.is_some(), "gates learn of it at once");
    let record = bench.govern.store.get(&FEED_KEYS, &key).await.unwrap().unwrap()["record"].clone();
    assert_eq!(record["address_proof_required"], json!(true));
    assert_eq!(record["allowlist"][1]["proved"], json!(null));
    let listed = bench.govern.addresses(&owner, &key).await.unwrap();
    let told: Vec<_> = listed.iter().map(|address| address.takes_effect.clone()).collect();
    insta::assert_snapshot!(words(&told));
    // From elsewhere, by an old request, with a bad signature: none of them proves it.
    let other = line(&bench, &key, "198.51.100.10", false, json!({}));
    let again = line(
        &bench,
        &key,
        "198.51.100.9",
        false,
        json!({ "checks": { "address": "fail", "replay": "fail" } }),
    );
    let forged = line(&bench, &key, "198.51.100.9", false, json!({ "signature": "invalid" }));
    assert_eq!(take(&bench, &[(100, other), (101, again), (102, forged)]).await.proved, 0);
    // The exchange's word on a signature is no proof either.
    let word = line(&bench, &key, "198.51.100.9", false, json!({ "gate": "nginx", "source": "front-1" }));
    assert_eq!(take_of_exchange(&bench, &[(103, word)]).await.proved, 0);
    assert_eq!(seen(&bench, &key, "198.51.100.9", false).await.proved, 1);
    let told = facts(&bench, "address.proved").await;
    assert_eq!(
        (&told["registered_by"], &told["prefix"]),
        (&json!("customer:C1/P1"), &json!("198.51.100.9/32"))
    );
    let record = bench.govern.store.get(&FEED_KEYS, &key).await.unwrap().unwrap()["record"].clone();
    assert!(record.get("address_proof_required").is_none() && record["allowlist"][1]["proved"].is_string());
    assert!(bench.govern.addresses(&owner, &key).await.unwrap().iter().all(|address| address.in_effect));
    assert_eq!(seen(&bench, &key, "198.51.100.9", false).await.proved, 0, "once is enough");
    // The ordinary way to change addresses is the same ceremony here.
    let more = serde_json::from_str(r#"["203.0.113.7","198.51.100.9","198.51.100.77"]"#).unwrap();
    let more: Vec<sumun_model::key::AllowlistEntry> = more;
    let done = bench.govern.change_allowlist(&owner, &key, &more, &call).await.unwrap();
    assert_eq!(done.plan.class, "address.registered");
    let first = bench.govern.remove_address(&owner, &key, prefix("203.0.113.7/32"), &call).await.unwrap();
    assert_eq!(first.plan.class, "address.removed");
    let last = bench.govern.remove_address(&owner, &key, new, &call).await.unwrap_err();
    assert_eq!(last.code, "nothing_in_effect");
}

#[tokio::test]
async fn an_unproved_address_lapses_and_accuses_nobody() {
    let bench = asking().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    bench.govern.register_address(&owner, &key, prefix("198.51.100.9/32"), &call).await.unwrap();
    bench.pass(HOUR / 4 + 4_000_000);
    assert!(
        bench.govern.owner_due().await.unwrap().lapsed_addresses.is_empty(),
        "what was seen in time may still arrive"
    );
    bench.pass(1_000_000);
    let run = bench.govern.owner_due().await.unwrap();
    assert_eq!((run.lapsed_addresses.len(), run.failed.len()), (1, 0));
    assert_eq!(bench.column(&key, "allowlist").await, json!(["203.0.113.7/32"]));
    assert_eq!(classes(&bench).await, ["address.registered", "address.lapsed"]);
    assert_eq!(seen(&bench, &key, "198.51.100.9", false).await.proved, 0);
}

#[tokio::test]
async fn a_shared_address_is_a_warning_to_who_registers_it() {
    let bench = asking().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    bench.govern.register_address(&owner, &key, prefix("198.51.100.9/32"), &call).await.unwrap();
    seen(&bench, &key, "198.51.100.9", false).await;
    let ceremony = facts(&bench, "address.proved").await["ceremony"].clone();
    bench.alter(&sumun_store::tables::CEREMONIES, ceremony.as_str().unwrap(), "customer", json!("C9")).await;
    let (second, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let dry = Call { dry_run: true, ..Call::default() };
    let plan =
        bench.govern.register_address(&owner, &second, prefix("198.51.100.9/32"), &dry).await.unwrap().plan;
    insta::assert_snapshot!(plan.warnings.join("\n"));
}

#[tokio::test]
async fn a_key_under_a_measure_gains_no_address() {
    let bench = asking().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    bench.govern.register_address(&owner, &key, prefix("198.51.100.9/32"), &call).await.unwrap();
    let bert = crate::bench::staff("bert", Role::Approver);
    let hold = Hold {
        reason: "used from two sides at once".into(),
        lesser: "a warning would leave it open".into(),
        reviewer: "user:anna".into(),
        due: None,
    };
    bench.govern.hold_key(&bert, &key, &hold, &call).await.unwrap();
    seen(&bench, &key, "198.51.100.9", false).await;
    assert_eq!(bench.column(&key, "allowlist").await, json!(["203.0.113.7/32"]));
    assert_eq!(facts(&bench, "address.refused").await["why"], json!("measure_in_force"));
}

#[tokio::test]
async fn where_no_proof_is_asked_adding_takes_approvals() {
    let bench = crate::bench::Bench::new().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let done = bench.govern.register_address(&owner, &key, prefix("198.51.100.9/32"), &call).await.unwrap();
    assert_eq!((done.value.waits_for.len(), done.plan.class.as_str()), (1, "approval.opened"));
}
