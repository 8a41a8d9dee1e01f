//! No penalty for truth: what an owner declares is on record as who uses the key, and is read by nothing that looks for suspicions.

use crate::bench::{START_US, staff};
use crate::{Campaign, backend, day};
use serde_json::{Value, json};
use sumun_govern::campaigns::Who;
use sumun_govern::campaigns::register::{Consent, Registration};
use sumun_govern::{Call, Role};
use sumun_model::Timestamp;
use sumun_store::Filter;
use sumun_store::tables::{CASES, KEYS, MEASURES, OPERATORS, SIGNALS, STANDINGS, TASKS};

/// The rows of tables in which suspicions stand.
async fn suspicions(all: &Campaign) -> usize {
    let mut count = 0;
    for table in [&SIGNALS, &CASES, &MEASURES, &STANDINGS, &TASKS] {
        count += all
            .bench
            .govern
            .store
            .list(table, &Filter { limit: 100, ..Filter::default() })
            .await
            .unwrap()
            .len();
    }
    count
}

#[tokio::test]
async fn a_key_lent_before_and_its_twin_are_the_same_to_everybody_who_judges() {
    let all = Campaign::new(&[("X1", "A1"), ("X2", "A1")]).await;
    all.until(day(9)).await;
    let owner = all.bench.owner("C1");
    for (key, lent_before) in [("X1", true), ("X2", false)] {
        let registration = Registration { terms: "2".into(), who: Who::Myself, lent_before };
        let done = all.bench.govern.register_key(&owner, key, &registration, &Call::default()).await.unwrap();
        assert_eq!(done.value.declared.unwrap().lent_before, lent_before, "he reads what he said");
    }
    all.until(day(12)).await;
    assert_eq!(suspicions(&all).await, 0);
    // The rows that detection, policy and gates are told of differ in the id and in when they were written.
    let row = async |key: &str| {
        let mut row = all.bench.govern.store.get(&KEYS, key).await.unwrap().unwrap();
        for own in ["key", "version"] {
            row.remove(own);
        }
        row.insert("next_due_us".to_owned(), Value::Null);
        row
    };
    assert_eq!(row("X1").await, row("X2").await);
    let gates = async |key: &str| {
        let mut told = all.told_to_gates(key).await;
        told["key"] = Value::Null;
        told
    };
    assert_eq!(gates("X1").await, gates("X2").await);
    // Neither the key nor its history says it to staff; what is counted of it is nothing.
    let analyst = staff("anna", Role::Analyst);
    let seen = all.bench.govern.key(&analyst, "X1").await.unwrap();
    assert!(!json!(seen).to_string().contains("lent"));
    let coverage = all.bench.govern.campaign_coverage(&analyst, &all.id).await.unwrap();
    assert!(!json!(coverage).to_string().contains("lent"));
    let ledger = all.bench.ledger().await;
    let entry = ledger.iter().find(|(class, _)| class == "campaign.enrolled").unwrap();
    assert!(!entry.1["facts"].to_string().contains("lent"));
}

#[tokio::test]
async fn who_may_be_named_is_who_is_on_record() {
    let all = Campaign::new(&[("X1", "A1")]).await;
    let desk = |operator: &str, customer: &str| {
        json!({ "operator": operator, "kind": "desk", "customer": customer, "vendor": null, "name": "desk", "networks": [],
            "state": "active", "version": 1 })
    };
    all.bench.put(&OPERATORS, desk("desk-1", "C1")).await;
    all.bench.put(&OPERATORS, desk("desk-2", "C2")).await;
    all.until(day(9)).await;
    let outcomes = [
        all.registers("X1", Who::Operator("desk-2".into())).await,
        all.registers("X1", Who::Operator("nobody".into())).await,
        all.registers("X1", Who::Vendor("V9".into())).await,
        all.registers("X1", Who::Delegation("D9".into())).await,
    ];
    assert_eq!(
        outcomes,
        [Err("operator_not_approved"), Err("operator_unknown"), Err("vendor_unknown"), Err("not_found")]
    );
    assert_eq!(all.registers("X1", Who::Operator("desk-1".into())).await, Ok("enrolled".into()));
    assert_eq!(all.bench.column("X1", "operator").await, "desk-1");
    assert_eq!(
        all.registers("X1", Who::Vendor("V1".into())).await,
        Ok("enrolled".into()),
        "somebody else uses it now"
    );
    assert_eq!(all.bench.column("X1", "vendor").await, "V1");
    let old = Registration { terms: "1".into(), who: Who::Myself, lent_before: false };
    let refused = all.bench.govern.register_key(&all.bench.owner("C1"), "X1", &old, &Call::default()).await;
    assert_eq!(refused.unwrap_err().code, "terms_not_current");
    let stranger = all.bench.govern.register_key(&all.bench.owner("C2"), "X1", &old, &Call::default()).await;
    assert_eq!(stranger.unwrap_err().code, "not_found");
}

#[tokio::test]
async fn the_exchange_hands_in_what_its_customer_consented_to_and_nothing_twice() {
    let all = Campaign::new(&[("X1", "A1")]).await;
    all.until(day(9)).await;
    let registration = Registration { terms: "2".into(), who: Who::Myself, lent_before: true };
    let hand_in = async |at: Timestamp, reference: &str| {
        let consent = Consent { at, reference: reference.into() };
        let wanted = (&registration, &consent);
        let done = all.bench.govern.register_for_customer(&backend(), "X1", wanted, &Call::default()).await;
        done.map(|done| done.value.state.as_str()).map_err(|refusal| refusal.code)
    };
    assert_eq!(hand_in(day(10), "consent-1").await, Err("consent_bad"));
    assert_eq!(hand_in(day(8), " ").await, Err("consent_bad"));
    assert_eq!(hand_in(day(8), "consent-1").await, Ok("enrolled"));
    assert_eq!(all.bench.column("X1", "terms_accepted_us").await, START_US + 8 * crate::DAY);
    let entries = all.bench.ledger().await.len();
    assert_eq!(hand_in(day(8), "consent-1").await, Err(sumun_govern::campaigns::register::SAME));
    assert_eq!(all.bench.ledger().await.len(), entries);
}

#[tokio::test]
async fn an_old_consent_takes_the_place_of_nothing_that_was_said_since() {
    let all = Campaign::new(&[("X1", "A1"), ("X2", "A1")]).await;
    all.until(day(10)).await;
    // By himself, with a second factor.
    all.registers("X1", Who::Vendor("V1".into())).await.unwrap();
    all.until(day(12)).await;
    let hand_in = async |key: &str, at: Timestamp| {
        let registration = Registration { terms: "2".into(), who: Who::Myself, lent_before: false };
        let consent = Consent { at, reference: "consent-2".into() };
        let wanted = (&registration, &consent);
        let done = all.bench.govern.register_for_customer(&backend(), key, wanted, &Call::default()).await;
        done.map(|_| ()).map_err(|refusal| refusal.code)
    };
    assert_eq!(hand_in("X1", day(9)).await, Err("consent_older"));
    assert_eq!(all.bench.column("X1", "vendor").await, "V1");
    assert_eq!(hand_in("X2", day(0)).await, Err("consent_older"), "of before the first letter");
    assert_eq!(hand_in("X1", day(11)).await, Ok(()));
    assert_eq!(all.bench.column("X1", "vendor").await, serde_json::Value::Null);
}
