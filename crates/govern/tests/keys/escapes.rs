//! Ways around a measure, a limit or an end that somebody tried: each is closed.

use crate::bench::{Bench, DAY, HOUR, request, staff, yes};
use serde_json::{Value, json};
use std::sync::Arc;
use sumun_govern::approvals::ApprovalState;
use sumun_govern::keys::measures::Hold;
use sumun_govern::keys::rotate::Rotation;
use sumun_govern::venue::{Bounded, Needed};
use sumun_govern::{Call, Role, Venue};
use sumun_model::key::AllowlistEntry;
use sumun_store::tables::{ACCOUNTS, APPROVALS, KEYS, OPERATORS, USERS, VENDORS};

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

fn account(id: &str, customer: &str) -> Value {
    json!({"account": id, "customer": customer, "person": "P1", "segment": "retail", "country": "KR", "opened": null,
           "owner": "O1", "parent": null, "fee_tier": null, "state": "active", "version": 1})
}

/// With this put in the place of that in the venue's facts.
fn adopt(bench: &Bench, change: impl FnOnce(&mut Venue)) {
    let mut venue = (*bench.govern.venue()).clone();
    change(&mut venue);
    bench.govern.adopt_venue(venue, 0);
}

#[tokio::test]
async fn a_measure_follows_the_customer_to_his_other_account_and_to_a_key_that_was_asked_for_before() {
    let bench = Bench::new().await;
    bench.put(&ACCOUNTS, account("A3", "C1")).await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let (key, _) = bench.issued(&request("portfolio", &["read"])).await;
    let mut elsewhere = request("portfolio", &["read"]);
    elsewhere.account = "A3".into();
    let before = bench.govern.request_key(&owner, &elsewhere, &call).await.unwrap().value.key.key;
    bench.govern.hold_key(&staff("anna", Role::Analyst), &key, &hold(), &call).await.unwrap();
    bench.govern.issue_key(&owner, &before, &call).await.unwrap();
    assert_eq!(bench.column(&before, "measure").await, json!("hold"));
    assert_eq!(bench.column(&before, "review_by").await, json!("user:bert"));
    let (after, _) = bench.issued(&elsewhere).await;
    assert_eq!(bench.column(&after, "measure").await, json!("hold"));
}

/// However they meet: once a key is held, none of its owner's keys comes to life without the hold.
#[tokio::test]
async fn a_hold_and_an_issue_at_once_do_not_miss_each_other() {
    let bench = Bench::new().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let (key, _) = bench.issued(&request("portfolio", &["read"])).await;
    let asked =
        bench.govern.request_key(&owner, &request("portfolio", &["read"]), &call).await.unwrap().value;
    let (anna, hold) = (staff("anna", Role::Analyst), hold());
    let (held, issued) = tokio::join!(
        bench.govern.hold_key(&anna, &key, &hold, &call),
        bench.govern.issue_key(&owner, &asked.key.key, &call),
    );
    let (held, issued) = (held.unwrap().committed.unwrap(), issued.unwrap().committed.unwrap());
    let follows = bench.column(&asked.key.key, "measure").await == json!("hold");
    assert_eq!(follows, held.entry < issued.entry, "{held:?} {issued:?}");
}

#[tokio::test]
async fn what_is_no_longer_allowed_is_neither_issued_nor_rotated() {
    let bench = Bench::new().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    bench
        .put(
            &OPERATORS,
            json!({"operator": "O7", "kind": "person", "customer": "C1", "vendor": null, "name": null,
                   "networks": [], "state": "active", "version": 1}),
        )
        .await;
    let rotation = Rotation::default();
    let mut refused = Vec::new();
    let mut tool = request("third_party_tool", &["read"]);
    (tool.vendor, tool.operator) = (Some("V1".into()), Some("O7".into()));
    let (living, _) = bench.issued(&tool).await;
    let asked = bench.govern.request_key(&owner, &tool, &call).await.unwrap().value;
    for approval in &asked.waits_for {
        bench.govern.decide(&staff("anna", Role::Analyst), approval, &yes(), &call).await.unwrap();
    }
    for (table, id, column, bad, good) in [
        (&VENDORS, "V1", "state", json!("suspended"), json!("approved")),
        (&VENDORS, "V1", "scopes", json!(["market_data"]), json!(["read", "trade"])),
        (&OPERATORS, "O7", "state", json!("ended"), json!("active")),
    ] {
        bench.alter(table, id, column, bad).await;
        let issue = bench.govern.issue_key(&owner, &asked.key.key, &call).await.unwrap_err();
        let rotate = bench.govern.rotate_key(&owner, &living, &rotation, &call).await.unwrap_err();
        assert_eq!(issue.code, rotate.code);
        assert_eq!(issue.pointer, None, "nothing of this request can be corrected");
        refused.push(issue.code);
        bench.alter(table, id, column, good).await;
    }
    assert_eq!(refused, ["vendor_not_approved", "vendor_caps_scopes", "operator_not_approved"]);
    adopt(&bench, |venue| venue.segments.retail.key_life_days_max = Bounded::new(30).unwrap());
    let issue = bench.govern.issue_key(&owner, &asked.key.key, &call).await.unwrap_err();
    let rotate = bench.govern.rotate_key(&owner, &living, &rotation, &call).await.unwrap_err();
    assert_eq!((issue.code, rotate.code), ("expires_too_late", "expires_too_late"));
    adopt(&bench, |venue| venue.segments.retail.key_life_days_max = Bounded::new(365).unwrap());
    bench.govern.issue_key(&owner, &asked.key.key, &call).await.unwrap();
    bench.govern.rotate_key(&owner, &living, &rotation, &call).await.unwrap();
}

#[tokio::test]
async fn keys_asked_for_at_once_do_not_pass_the_limit() {
    let bench = Bench::new().await;
    adopt(&bench, |venue| venue.segments.retail.keys_per_account_max = Bounded::new(2).unwrap());
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let (govern, owner) = (Arc::clone(&bench.govern), bench.owner("C1"));
            tokio::spawn(async move {
                govern.request_key(&owner, &request("portfolio", &["read"]), &Call::default()).await
            })
        })
        .collect();
    let mut codes = Vec::new();
    for task in tasks {
        codes.push(task.await.unwrap().map_or_else(|refusal| refusal.code, |_| "asked"));
    }
    codes.sort_unstable();
    assert_eq!(codes, ["asked", "asked", "keys_too_many", "keys_too_many"]);
}

#[tokio::test]
async fn rotating_again_and_again_leaves_two_living_keys_for_one_at_most() {
    let bench = Bench::new().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let (first, _) = bench.issued(&request("portfolio", &["read"])).await;
    let rotation = Rotation { overlap_hours: 2, ..Rotation::default() };
    let second = bench.govern.rotate_key(&owner, &first, &rotation, &call).await.unwrap().value.key.key;
    let third = bench.govern.rotate_key(&owner, &second, &rotation, &call).await.unwrap_err();
    assert_eq!(third.code, "rotation_running");
    bench.govern.revoke_key(&owner, &first, None, &call).await.unwrap();
    bench.govern.rotate_key(&owner, &second, &rotation, &call).await.unwrap();
}

#[tokio::test]
async fn a_repeated_approval_is_answered_as_before() {
    let bench = Bench::new().await;
    let asked = bench
        .govern
        .request_key(&bench.owner("C1"), &request("own_bot", &["read", "trade"]), &Call::default())
        .await
        .unwrap()
        .value;
    let call = Call { idempotency: Some(("i1".into(), "digest one".into())), ..Call::default() };
    let anna = staff("anna", Role::Analyst);
    let first = bench.govern.approve_key(&anna, &asked.key.key, &yes(), &call).await.unwrap();
    let again = bench.govern.approve_key(&anna, &asked.key.key, &yes(), &call).await.unwrap();
    assert!(again.repeated);
    assert_eq!(again.value, first.value);
}

/// Rules tightened while something waits hold for it too, and for a key that was agreed to and not issued yet.
#[tokio::test]
async fn what_waits_needs_whom_the_rules_in_force_name() {
    let bench = Bench::new().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    bench
        .put(
            &USERS,
            json!({"user": "lina", "name": "Lina Example", "email": null, "roles": ["compliance_lead"],
                   "state": "active", "credential": null, "invite": null, "invite_until_us": null,
                   "invited_by": "system:setup", "created_us": 1, "version": 1}),
        )
        .await;
    let (living, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let waiting =
        bench.govern.request_key(&owner, &request("own_bot", &["read", "trade"]), &call).await.unwrap();
    let waiting = waiting.value;
    let free = bench.govern.request_key(&owner, &request("portfolio", &["read"]), &call).await.unwrap().value;
    assert!(free.waits_for.is_empty());
    let bert = staff("bert", Role::Approver);
    let ending = bench.govern.expire_key(&bert, &living, (WHY, LESSER), &call).await.unwrap().value;
    adopt(&bench, |venue| {
        let one = |role| Needed { role, count: Bounded::new(1).unwrap() };
        venue.segments.retail.approvals.trade.push(one(Role::ComplianceLead));
        venue.segments.retail.approvals.read.push(one(Role::Analyst));
        venue.expiry.approvals.push(one(Role::ComplianceLead));
    });
    let (anna, lina) = (staff("anna", Role::Analyst), staff("lina", Role::ComplianceLead));
    let step = &waiting.waits_for[0];
    let after = bench.govern.decide(&anna, step, &yes(), &call).await.unwrap().value;
    assert_eq!(after.state, ApprovalState::Open);
    let after = bench.govern.approve_key(&lina, &waiting.key.key, &yes(), &call).await.unwrap().value;
    assert_eq!(after.state, ApprovalState::Granted);
    bench.govern.issue_key(&owner, &waiting.key.key, &call).await.unwrap();
    let issue = bench.govern.issue_key(&owner, &free.key.key, &call).await.unwrap_err();
    assert_eq!(issue.code, "approvals_outdated");
    let end = &ending.waits_for[0];
    for name in ["dora", "emil"] {
        bench.govern.decide(&staff(name, Role::Approver), end, &yes(), &call).await.unwrap();
    }
    assert_eq!(bench.column(&living, "state").await, json!("active"));
    bench.govern.decide(&lina, end, &yes(), &call).await.unwrap();
    assert_eq!(bench.column(&living, "state").await, json!("expired"));
}

#[tokio::test]
async fn an_owner_lists_his_approvals_by_his_name_on_them() {
    let bench = Bench::new().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let (living, _) = bench.issued(&request("portfolio", &["read"])).await;
    let asked =
        bench.govern.request_key(&owner, &request("own_bot", &["read", "trade"]), &call).await.unwrap().value;
    bench.govern.expire_key(&staff("bert", Role::Approver), &living, (WHY, LESSER), &call).await.unwrap();
    let own = bench.govern.approvals(&owner, None, None, None, 10).await.unwrap();
    assert_eq!(own.iter().map(|one| one.approval.clone()).collect::<Vec<_>>(), asked.waits_for);
    assert_eq!(own[0].customer.as_deref(), Some("C1"));
    assert!(bench.govern.approvals(&bench.owner("C2"), None, None, None, 10).await.unwrap().is_empty());
    bench.alter(&APPROVALS, &asked.waits_for[0], "customer", json!("C2")).await;
    let moved = bench.govern.approval(&owner, &asked.waits_for[0]).await.unwrap_err();
    assert_eq!(moved.code, "row_unreadable", "the column says what the frozen request says");
}

fn hold() -> Hold {
    Hold { reason: WHY.into(), lesser: LESSER.into(), reviewer: "user:bert".into(), due: None }
}
