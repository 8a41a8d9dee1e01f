//! Addresses, scopes, rotation.

use crate::bench::{Bench, DAY, HOUR, request, staff, yes};
use serde_json::json;
use sumun_govern::keys::rotate::Rotation;
use sumun_govern::venue::adopt::SYSTEM_OPERATOR;
use sumun_govern::{Actor, Call, Role};
use sumun_model::key::AllowlistEntry;
use sumun_model::{Scope, ScopeSet, Timestamp};

fn addresses(list: &[&str]) -> Vec<AllowlistEntry> {
    list.iter().map(|text| AllowlistEntry::Plain(text.parse().unwrap())).collect()
}

#[tokio::test]
async fn less_holds_at_once_and_more_waits_and_changes_nothing_until_then() {
    let bench = Bench::new().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let more = addresses(&["203.0.113.7", "203.0.113.8"]);
    let asked = bench.govern.change_allowlist(&owner, &key, &more, &call).await.unwrap().value;
    assert_eq!(asked.waits_for.len(), 1);
    assert_eq!(bench.column(&key, "allowlist").await, json!(["203.0.113.7/32"]));
    let twice = bench.govern.change_allowlist(&owner, &key, &more, &call).await.unwrap_err();
    assert_eq!(twice.code, "widening_waits");
    bench.govern.decide(&staff("anna", Role::Analyst), &asked.waits_for[0], &yes(), &call).await.unwrap();
    assert_eq!(bench.column(&key, "allowlist").await, json!(["203.0.113.7/32", "203.0.113.8/32"]));

    let mut no_factor = bench.owner("C1");
    no_factor.second_factor = None;
    let less = ScopeSet::READ.with(Scope::Cancel);
    let done = bench.govern.change_scopes(&no_factor, &key, less, &call).await.unwrap();
    assert_eq!(done.value.key.scopes, less);
    assert!(done.committed.unwrap().feed_version.is_some(), "gates hear of it");
    let back =
        bench.govern.change_scopes(&no_factor, &key, less.with(Scope::Trade), &call).await.unwrap_err();
    assert_eq!(back.code, "second_factor_needed");
    let both = less.with(Scope::Trade).with(Scope::Withdraw);
    assert_eq!(
        bench.govern.change_scopes(&owner, &key, both, &call).await.unwrap_err().code,
        "widen_one_step"
    );
}

#[tokio::test]
async fn what_was_agreed_to_is_not_done_to_a_key_that_has_changed_since() {
    let bench = Bench::new().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let more = addresses(&["203.0.113.7", "203.0.113.8"]);
    let asked = bench.govern.change_allowlist(&owner, &key, &more, &call).await.unwrap().value;
    bench.govern.change_scopes(&owner, &key, ScopeSet::READ, &call).await.unwrap();
    let anna = staff("anna", Role::Analyst);
    let refusal = bench.govern.decide(&anna, &asked.waits_for[0], &yes(), &call).await.unwrap_err();
    assert_eq!(refusal.code, "subject_changed");
    let stranger = bench.owner("C2");
    assert_eq!(
        bench.govern.withdraw_approval(&stranger, &asked.waits_for[0], &call).await.unwrap_err().code,
        "not_found"
    );
    bench.govern.withdraw_approval(&owner, &asked.waits_for[0], &call).await.unwrap();
}

#[tokio::test]
async fn the_version_seen_is_the_version_changed() {
    let bench = Bench::new().await;
    let owner = bench.owner("C1");
    let (key, _) = bench.issued(&request("portfolio", &["read"])).await;
    let less = ScopeSet::EMPTY.with(Scope::ReadBalances);
    // An owner's version is made of what he sees, not counted.
    let seen = bench.govern.key(&owner, &key).await.unwrap().version;
    let stale = Call { if_match: Some(seen + 2), ..Call::default() };
    assert_eq!(
        bench.govern.change_scopes(&owner, &key, less, &stale).await.unwrap_err().code,
        "version_stale"
    );
    let present = Call { if_match: Some(seen), ..Call::default() };
    let after = bench.govern.change_scopes(&owner, &key, less, &present).await.unwrap().value.key.version;
    assert_ne!(after, seen);
    assert_eq!(after, bench.govern.key(&owner, &key).await.unwrap().version);
}

#[tokio::test]
async fn a_rotated_key_ends_after_its_overlap_and_never_lives_again() {
    let bench = Bench::new().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let (key, secret) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let long = Rotation { overlap_hours: 25, ..Rotation::default() };
    assert_eq!(
        bench.govern.rotate_key(&owner, &key, &long, &call).await.unwrap_err().code,
        "overlap_too_long"
    );
    let rotation = Rotation { overlap_hours: 2, ..Rotation::default() };
    // Another of the same customer would be shown a secret that others were agreed to have.
    let mut other = owner.clone();
    other.principal = "customer:C1/P2".into();
    assert_eq!(
        bench.govern.rotate_key(&other, &key, &rotation, &call).await.unwrap_err().code,
        "requester_only"
    );
    let done = bench.govern.rotate_key(&owner, &key, &rotation, &call).await.unwrap();
    let new = done.value;
    assert_ne!(new.secret.unwrap().expose(), secret.as_bytes());
    assert_eq!(new.key.replaces.as_deref(), Some(key.as_str()));
    let old = bench.govern.key(&owner, &key).await.unwrap();
    assert_eq!(
        old.expires,
        Timestamp::from_micros(crate::bench::START_US + 2 * HOUR),
        "gates end it by themselves"
    );
    assert_eq!(
        bench.govern.rotate_key(&owner, &key, &rotation, &call).await.unwrap_err().code,
        "rotation_running"
    );
    assert!(bench.govern.due().await.unwrap().ended.is_empty());
    bench.pass(2 * HOUR);
    let run = bench.govern.due().await.unwrap();
    assert_eq!((run.ended, run.failed), (vec![key.clone()], vec![]));
    assert_eq!(bench.column(&key, "cause").await, json!("rotated"));
    assert!(bench.govern.due().await.unwrap().ended.is_empty(), "once is enough");
    let owner = bench.owner("C1");
    assert_eq!(bench.govern.rotate_key(&owner, &key, &rotation, &call).await.unwrap_err().code, "key_ended");
}

#[tokio::test]
async fn a_rotated_key_stands_on_the_terms_in_force() {
    let bench = Bench::new().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let (key, _) = bench.issued(&request("portfolio", &["read"])).await;
    let mut venue = (*bench.govern.venue()).clone();
    venue.terms.version = "2".into();
    let operator = Actor { principal: SYSTEM_OPERATOR.into(), ..staff("nobody", Role::Viewer) };
    bench.govern.adopt(&operator, venue, &call).await.unwrap();
    let silent = Rotation::default();
    assert_eq!(
        bench.govern.rotate_key(&owner, &key, &silent, &call).await.unwrap_err().code,
        "terms_not_current"
    );
    let accepted = Rotation { terms: Some("2".into()), ..Rotation::default() };
    assert_eq!(
        bench.govern.rotate_key(&owner, &key, &accepted, &call).await.unwrap().value.key.terms.as_deref(),
        Some("2")
    );
}

#[tokio::test]
async fn a_right_that_was_given_for_a_time_ends_while_the_key_lives_on() {
    let bench = Bench::new().await;
    let mut wanted = request("own_bot", &["read", "trade"]);
    wanted.trade_until = Some(Timestamp::from_micros(crate::bench::START_US + 7 * DAY));
    let (key, _) = bench.issued(&wanted).await;
    bench.pass(7 * DAY);
    assert_eq!(bench.govern.due().await.unwrap().narrowed, std::slice::from_ref(&key));
    let left = bench.govern.key(&bench.owner("C1"), &key).await.unwrap().scopes;
    assert_eq!(left, ScopeSet::READ.with(Scope::Cancel));
    assert!(bench.govern.due().await.unwrap().narrowed.is_empty());
}

#[tokio::test]
async fn staff_show_a_factor_to_give_and_none_to_cut() {
    let bench = Bench::new().await;
    let call = Call::default();
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let more = addresses(&["203.0.113.7", "203.0.113.8"]);
    let asked = bench.govern.change_allowlist(&bench.owner("C1"), &key, &more, &call).await.unwrap().value;
    let (anna, bert) = (staff("anna", Role::Analyst), staff("bert", Role::Approver));
    bench.pass(HOUR / 4);
    let govern = &bench.govern;
    let agreed = govern.decide(&anna, &asked.waits_for[0], &yes(), &call).await.unwrap_err();
    assert_eq!(agreed.code, "second_factor_needed");
    assert!(agreed.remedy.contains("sumun step-up"), "{}", agreed.remedy);
    govern.suspend_key(&bert, &key, "seen where it should not be", &call).await.unwrap();
    let lifted = govern.lift_key(&bert, &key, "it was a mistake after all", &call).await.unwrap_err();
    assert_eq!(lifted.code, "second_factor_needed");
    let dora = staff("dora", Role::Approver);
    govern.lift_key(&dora, &key, "it was a mistake after all", &call).await.unwrap();
    govern.decide(&staff("anna", Role::Analyst), &asked.waits_for[0], &yes(), &call).await.unwrap();
}
