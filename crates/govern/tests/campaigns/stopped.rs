//! What a campaign that was stopped leaves behind: nothing. And what stands in the way of one row stands in the way of no other.

use crate::bench::{Bench, request, staff, yes};
use crate::{Campaign, DAY, day, import, lead, plan};
use serde_json::{Value, json};
use sumun_govern::campaigns::{CampaignPlan, Who};
use sumun_govern::keys::rotate::Rotation;
use sumun_govern::notices::deliver::Outcome;
use sumun_govern::{Call, Role};
use sumun_store::tables::{CAMPAIGN_KEYS, CAMPAIGNS, KEYS, TASKS};
use sumun_store::{Expect, Filter, RowWrite};

/// More members than one sweep looks at.
const MANY: usize = 401;

/// So many more members like this one, which sort before every other.
async fn many_like(all: &Campaign, key: &str, differs: Value) {
    let id = format!("{}/{key}", all.id);
    let like = all.bench.govern.store.get(&CAMPAIGN_KEYS, &id).await.unwrap().unwrap();
    let mut change =
        sumun_govern::govern::change("test.setup", all.bench.govern.world.now(), serde_json::Map::new());
    for number in 0..MANY {
        let mut image = like.clone();
        image.insert("member".into(), json!(format!("{}/A{number:04}", all.id)));
        image.insert("key".into(), json!(format!("A{number:04}")));
        image.extend(differs.as_object().unwrap().clone());
        image.insert("version".into(), json!(1));
        change.writes.push(RowWrite { table: &CAMPAIGN_KEYS, expect: Expect::Absent, image });
    }
    all.bench.govern.store.execute(change).await.unwrap();
}

async fn stop(all: &Campaign) {
    let stopped =
        all.bench.govern.stop_campaign(&lead(), &all.id, "the terms were withdrawn", &Call::default()).await;
    stopped.unwrap();
}

async fn open_tasks(all: &Campaign) -> usize {
    let open = Filter { equals: vec![("state", json!("open"))], limit: 1_000, ..Filter::default() };
    all.bench.govern.store.list(&TASKS, &open).await.unwrap().len()
}

#[tokio::test]
async fn a_key_at_a_halt_is_found_behind_hundreds_whom_nobody_reached() {
    let all = Campaign::new(&[("X1", "A1"), ("X2", "A1"), ("X3", "A2")]).await;
    all.until(day(2)).await;
    // Of one no letter of the campaign arrives any more.
    while all.bench.govern.world.now() < day(9) {
        all.bench.pass(DAY / 4);
        all.bench.govern.campaigns_due().await.unwrap();
        all.sends(|notice| match notice["key"] == "X3" {
            true => Outcome::Failed("550 no such mailbox".into()),
            false => Outcome::Sent("250 taken over".into()),
        })
        .await;
    }
    all.until(day(41)).await;
    assert_eq!(
        [all.key("X1").await, all.key("X2").await, all.key("X3").await],
        ["active reads only", "active reads only", "active"]
    );
    let bert = staff("bert", Role::Approver);
    all.bench.govern.pause_campaign(&bert, &all.id, "letters are wrong", &Call::default()).await.unwrap();
    // Its letter comes back in the pause: nobody was reached, and it stays at its halt.
    let row = all.bench.govern.store.get(&CAMPAIGN_KEYS, &format!("{}/X1", all.id)).await.unwrap().unwrap();
    let notice = row["body"]["progress"]["told"]["read_only-3d"]["notice"].as_str().unwrap().to_owned();
    all.confirms(&notice, false).await;
    assert_eq!(
        (all.state("X1").await, all.key("X1").await),
        ("unreachable".into(), "active reads only".into())
    );
    let mut body = row["body"].clone();
    body["progress"]["read_only_us"] = Value::Null;
    many_like(&all, "X1", json!({ "state": "unreachable", "body": body, "next_due_us": null })).await;
    assert_eq!(open_tasks(&all).await, 2);
    stop(&all).await;
    all.looks().await;
    assert_eq!([all.key("X1").await, all.key("X2").await], ["active", "active"]);
    assert!(all.told_to_gates("X1").await.get("registration_due").is_none());
    assert_eq!(open_tasks(&all).await, 0, "nobody has to be reached for its sake any more");
    let campaign = all.bench.govern.store.get(&CAMPAIGNS, &all.id).await.unwrap().unwrap();
    assert!(campaign["body"]["given_back_us"].is_i64(), "nobody has to look any more");
    let asked = all.bench.govern.registrations(&all.bench.owner("C1"), None, 10).await.unwrap();
    assert_eq!(asked, [], "nothing is asked of his keys");
    let entries = all.bench.ledger().await.len();
    all.looks().await;
    assert_eq!(all.bench.ledger().await.len(), entries);
}

#[tokio::test]
async fn what_he_registered_stands_in_his_list_when_the_campaign_was_stopped() {
    let all = Campaign::new(&[("X1", "A1"), ("X2", "A1")]).await;
    all.until(day(9)).await;
    all.registers("X2", Who::Myself).await.unwrap();
    stop(&all).await;
    all.looks().await;
    // One to a page: what is left out does not look like the end.
    let listed = all.bench.govern.registrations(&all.bench.owner("C1"), None, 1).await.unwrap();
    let keys: Vec<&str> = listed.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["X2"]);
}

#[tokio::test]
async fn a_key_that_took_the_place_of_one_at_a_halt_in_a_pause_works_again_with_all_others() {
    taken_over(true).await;
}

#[tokio::test]
async fn a_key_that_takes_the_place_of_one_behind_a_stop_works() {
    taken_over(false).await;
}

async fn taken_over(paused: bool) {
    let all = Campaign::new(&[("X1", "A1")]).await;
    let (native, _) = all.bench.issued(&request("own_bot", &["read", "trade"])).await;
    all.until(day(41)).await;
    assert_eq!(all.key(&native).await, "active reads only");
    if paused {
        let bert = staff("bert", Role::Approver);
        let govern = &all.bench.govern;
        govern.pause_campaign(&bert, &all.id, "letters are wrong", &Call::default()).await.unwrap();
    } else {
        stop(&all).await;
    }
    let rotation = Rotation { overlap_hours: 1, terms: Some("1".into()), ..Rotation::default() };
    let owner = all.bench.owner("C1");
    let rotated = all.bench.govern.rotate_key(&owner, &native, &rotation, &Call::default()).await;
    let new = rotated.unwrap().value.key.key;
    let halted = if paused { "active reads only" } else { "active" };
    assert_eq!(all.key(&new).await, halted, "rotating wins no time, and loses none");
    if paused {
        stop(&all).await;
    }
    all.looks().await;
    assert_eq!([all.key(&new).await, all.key(&native).await], ["active", "active"], "paused: {paused}");
    assert!(all.told_to_gates(&new).await.get("registration_due").is_none());
}

#[tokio::test]
async fn rows_that_cannot_be_read_keep_no_letter_waiting() {
    let all = Campaign::new(&[("X1", "A1")]).await;
    all.looks().await;
    // So many, due at the same instant, that they fill a page.
    many_like(&all, "X1", json!({ "state": "unheard of" })).await;
    // And one that the walk over all keys cannot look through.
    import(&all.bench, &[("X8", "A1"), ("X9", "A1")]).await;
    all.bench.alter(&KEYS, "X8", "terms", json!("2")).await;
    all.bench.alter(&KEYS, "X8", "replaces", json!("X9")).await;
    all.bench.alter(&KEYS, "X9", "state", json!("unheard of")).await;
    all.bench.pass(DAY + DAY / 24);
    let mut failed = Vec::new();
    for _ in 0..3 {
        failed.extend(all.bench.govern.campaigns_due().await.unwrap().failed);
    }
    assert_eq!(all.letters("X1").await, ["campaign.announced"]);
    assert!(failed.contains(&("key:X8".to_owned(), "row_unreadable")), "{failed:?}");
}

#[tokio::test]
async fn nobody_has_to_reach_the_owner_of_a_key_that_has_ended() {
    let all = Campaign::new(&[("X1", "A1")]).await;
    all.looks().await;
    all.bench.pass(DAY + DAY / 24);
    all.bench.govern.campaigns_due().await.unwrap();
    all.sends(|_| Outcome::Failed("550 no such mailbox".into())).await;
    assert_eq!((all.state("X1").await, open_tasks(&all).await), ("unreachable".into(), 1));
    let owner = all.bench.owner("C1");
    all.bench.govern.revoke_key(&owner, "X1", None, &Call::default()).await.unwrap();
    assert_eq!((all.state("X1").await, open_tasks(&all).await), ("gone".into(), 0));
}

/// A proposal that waits.
async fn proposed(bench: &Bench, plan: &CampaignPlan) -> String {
    let asked = bench.govern.propose_campaign(&lead(), plan, "terms of next year", &Call::default()).await;
    asked.unwrap().value.waits_for.unwrap()
}

#[tokio::test]
async fn of_two_campaigns_about_one_segment_that_are_granted_at_once_one_begins() {
    let all = Campaign::new(&[]).await;
    stop(&all).await;
    let bench = &all.bench;
    let (one, other) = (proposed(bench, &plan()).await, proposed(bench, &plan()).await);
    let (bert, dora) = (staff("bert", Role::Approver), staff("dora", Role::Approver));
    let (yes, call) = (yes(), Call::default());
    let (first, second) = tokio::join!(
        bench.govern.decide(&bert, &one, &yes, &call),
        bench.govern.decide(&dora, &other, &yes, &call)
    );
    let said = [first, second].map(|done| done.map(|_| ()).map_err(|refusal| refusal.code));
    assert!(said.contains(&Ok(())) && said.contains(&Err("campaign_overlaps")), "{said:?}");
}
