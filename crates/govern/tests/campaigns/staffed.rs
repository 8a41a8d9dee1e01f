//! Who begins, lengthens, pauses and stops, and what becomes of keys then.

use crate::bench::{keyring, staff, yes};
use crate::{Campaign, DAY, day, lead, plan};
use serde_json::json;
use std::sync::Arc;
use sumun_govern::approvals::Decision;
use sumun_govern::campaigns::{CampaignPlan, Who};
use sumun_govern::{Call, Govern, Role};
use sumun_store::tables::USERS;

#[tokio::test]
async fn forward_takes_two_back_takes_one() {
    let all = Campaign::new(&[("X1", "A1")]).await;
    let govern = &all.bench.govern;
    let analyst = staff("anna", Role::Analyst);
    let refused = govern.propose_campaign(&analyst, &plan(), "terms of next year", &Call::default()).await;
    assert_eq!(refused.unwrap_err().code, "forbidden");
    let second = CampaignPlan { announce: day(2), ..plan() };
    let refused = govern.propose_campaign(&lead(), &second, "terms of next year", &Call::default()).await;
    assert_eq!(refused.unwrap_err().code, "campaign_overlaps");
    let soon = CampaignPlan { read_only: day(20), ..plan() };
    let refused = govern.propose_campaign(&lead(), &soon, "terms of next year", &Call::default()).await;
    assert_eq!(refused.unwrap_err().code, "campaign_bad");

    all.until(day(39)).await;
    let paused = govern
        .pause_campaign(&staff("bert", Role::Approver), &all.id, "letters are wrong", &Call::default())
        .await;
    paused.unwrap();
    all.until(day(60)).await;
    assert_eq!(all.key("X1").await, "active");
    let asked =
        govern.change_campaign(&lead(), &all.id, (None, true), "letters are right", &Call::default()).await;
    let approval = asked.unwrap().value.waits_for.unwrap();
    let own = govern.decide(&lead(), &approval, &yes(), &Call::default()).await;
    assert_eq!(own.unwrap_err().code, "own_request");
    all.until(day(61)).await;
    assert_eq!(all.key("X1").await, "active", "one alone puts nothing on again");
    govern.decide(&staff("bert", Role::Approver), &approval, &yes(), &Call::default()).await.unwrap();
    all.until(day(63)).await;
    assert_eq!(
        all.key("X1").await,
        "active",
        "its day went by in the pause: he is reminded of another first"
    );
    all.until(day(65)).await;
    assert_eq!(all.key("X1").await, "active reads only");

    // Made longer, keys work again until the new day; never shorter.
    let longer = (Some((day(90), day(130))), false);
    let shorter = (Some((day(39), day(70))), false);
    let refused =
        govern.change_campaign(&lead(), &all.id, shorter, "sooner if possible", &Call::default()).await;
    assert_eq!(refused.unwrap_err().code, "campaign_shortened");
    let asked = govern.change_campaign(&lead(), &all.id, longer, "mail was down", &Call::default()).await;
    let approval = asked.unwrap().value.waits_for.unwrap();
    govern.decide(&staff("bert", Role::Approver), &approval, &yes(), &Call::default()).await.unwrap();
    all.until(day(66)).await;
    assert_eq!(all.key("X1").await, "active");
    all.until(day(91)).await;
    assert_eq!(all.key("X1").await, "active reads only");
    let reminders = all.letters("X1").await.iter().filter(|kind| *kind == "campaign.reminded").count();
    assert_eq!(reminders, 5, "twice for the first day, once after the pause, twice for the second");

    // Stopped, everything that came to a halt works again, and nothing more is asked.
    govern.stop_campaign(&lead(), &all.id, "the terms were withdrawn", &Call::default()).await.unwrap();
    all.looks().await;
    assert_eq!(all.key("X1").await, "active");
    assert!(all.told_to_gates("X1").await.get("registration_due").is_none());
    assert_eq!(all.registers("X1", Who::Myself).await, Err("registration_closed"));
    let letters = all.letters("X1").await.len();
    all.until(day(140)).await;
    assert_eq!((all.key("X1").await, all.letters("X1").await.len()), ("active".into(), letters));
}

#[tokio::test]
async fn a_campaign_rests_on_a_lead_who_still_is_one() {
    let all = Campaign::new(&[]).await;
    let govern = &all.bench.govern;
    govern.stop_campaign(&lead(), &all.id, "the terms were withdrawn", &Call::default()).await.unwrap();
    let asked = govern.propose_campaign(&lead(), &plan(), "terms of next year", &Call::default()).await;
    let approval = asked.unwrap().value.waits_for.unwrap();
    all.bench.alter(&USERS, "lena", "roles", json!(["analyst"])).await;
    let bert = staff("bert", Role::Approver);
    let granted = govern.decide(&bert, &approval, &yes(), &Call::default()).await;
    assert_eq!(granted.unwrap_err().code, "voice_void", "he may propose measures, and no campaigns");
}

#[tokio::test]
async fn how_long_somebody_looked_is_known_at_whichever_process_he_decides() {
    let all = Campaign::new(&[]).await;
    let govern = &all.bench.govern;
    govern.stop_campaign(&lead(), &all.id, "the terms were withdrawn", &Call::default()).await.unwrap();
    let asked = govern.propose_campaign(&lead(), &plan(), "terms of next year", &Call::default()).await;
    let approval = asked.unwrap().value.waits_for.unwrap();
    let world = Arc::clone(&govern.world);
    let other = Govern::new(govern.store.clone(), keyring(), world, (*govern.venue()).clone());
    let looks = |looked_at| Decision { looked_at: Some(looked_at), ..yes() };
    let (bert, call) = (staff("bert", Role::Approver), Call { dry_run: true, ..Call::default() });
    let asked_at = govern.world.now();
    all.bench.pass(60_000_000);
    let never = other.decide(&bert, &approval, &looks(asked_at), &call).await.unwrap();
    assert_eq!(never.value.decisions[0].looked_us, None, "he has not opened it anywhere");
    // Opened at one process, decided at another.
    govern.approval(&bert, &approval).await.unwrap();
    all.bench.pass(40_000_000);
    let done = other.decide(&bert, &approval, &looks(asked_at), &call).await.unwrap();
    assert_eq!(done.value.decisions[0].looked_us, Some(40_000_000), "no longer than he had it open");
}

#[tokio::test]
async fn whoever_proposes_sees_before_how_many_keys_it_asks_about() {
    let all = Campaign::new(&[("X1", "A1"), ("X2", "A1"), ("X3", "A2")]).await;
    let govern = &all.bench.govern;
    govern.stop_campaign(&lead(), &all.id, "the terms were withdrawn", &Call::default()).await.unwrap();
    let (native, _) = all.bench.issued(&crate::bench::request("own_bot", &["read", "trade"])).await;
    govern.revoke_key(&all.bench.owner("C1"), "X2", None, &Call::default()).await.unwrap();
    let looks = async |terms: &str, segments: Vec<sumun_model::Segment>| {
        let call = Call { dry_run: true, ..Call::default() };
        let wanted = CampaignPlan { terms: terms.into(), segments, ..plan() };
        let seen = govern.propose_campaign(&lead(), &wanted, "terms of next year", &call).await.unwrap();
        let covers = seen.plan.effects.into_iter().find(|effect| effect.field == "covers").unwrap();
        covers.after
    };
    let none = json!({ "keys": 0, "accounts": 0 });
    let all_of_them = json!({ "retail": { "keys": 2, "accounts": 1 }, "corporate": { "keys": 1, "accounts": 1 }, "broker": none,
        "market_maker": none, "custodian": none });
    assert_eq!(looks("2", vec![]).await, all_of_them, "one ended; {native} stands on terms of before");
    let terms = all.bench.govern.venue().terms.version.clone();
    let retail = looks(&terms, vec![sumun_model::Segment::Retail]).await;
    assert_eq!(retail, json!({ "retail": { "keys": 1, "accounts": 1 } }), "{native} stands on these");
}

#[tokio::test]
async fn coverage_counts_every_key_of_every_segment_once() {
    let all = Campaign::new(&[("X1", "A1"), ("X2", "A1"), ("X3", "A2"), ("X4", "A2")]).await;
    all.until(day(9)).await;
    all.registers("X1", Who::Myself).await.unwrap();
    all.bench.pass(DAY);
    let seen = all.bench.govern.campaign_coverage(&staff("anna", Role::Analyst), &all.id).await.unwrap();
    assert_eq!(seen.keys, 4);
    let told: Vec<String> = seen
        .segments
        .iter()
        .map(|covered| {
            let states = covered.states.iter().filter(|(_, count)| **count > 0);
            let states: Vec<String> = states.map(|(state, count)| format!("{state} {count}")).collect();
            format!("{} {}: {}", covered.segment, covered.keys, states.join(", "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "retail 2: enrolled 1, window 1",
            "corporate 2: window 2",
            "broker 0: ",
            "market_maker 0: ",
            "custodian 0: "
        ]
    );
}
