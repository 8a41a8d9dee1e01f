//! A member whose row is damaged: it is set aside and told, and everybody else has his turn.

use crate::bench::staff;
use crate::{Campaign, DAY, day, lead};
use serde_json::json;
use sumun_govern::campaigns::{BehindFilter, Who};
use sumun_govern::notices::deliver::Outcome;
use sumun_govern::{Call, Role};
use sumun_store::Filter;
use sumun_store::tables::{CAMPAIGN_KEYS, TASKS};

/// Cuts the JSON of one member's row, as a disk does.
const CUT: &str = "UPDATE campaign_keys SET body = '{\"cut' WHERE key = 'X2'";
/// JSON, and no member.
const ODD: &str = "UPDATE campaign_keys SET body = '{\"unheard\":1}' WHERE key = 'X3'";
/// As they were.
const MENDED: &str = "UPDATE campaign_keys SET body = (SELECT body FROM campaign_keys WHERE key = 'X1') WHERE key IN ('X2', 'X3')";

#[tokio::test]
async fn damaged_members_are_set_aside_and_the_others_go_on() {
    let all = Campaign::new(&[("X1", "A1"), ("X2", "A1"), ("X3", "A2"), ("X4", "A2")]).await;
    all.until(day(2)).await;
    assert_eq!(all.bench.govern.campaign_members_aside(), Vec::<String>::new());
    // All four are due at the same instants from then on.
    all.bench.behind(CUT).await;
    all.bench.behind(ODD).await;
    all.until(day(9)).await;
    let aside = [format!("{}/X2", all.id), format!("{}/X3", all.id)];
    assert_eq!(all.bench.govern.campaign_members_aside(), aside);
    assert_eq!([all.state("X1").await, all.state("X4").await], ["window", "window"]);
    all.until(day(41)).await;
    assert_eq!([all.key("X1").await, all.key("X4").await], ["active reads only", "active reads only"]);
    assert_eq!([all.key("X2").await, all.key("X3").await], ["active", "active"], "nothing is asked of them");
    // New keys still come in, owners see and register what can be read, and lists show the others.
    crate::import(&all.bench, &[("X5", "A1")]).await;
    all.until(day(42)).await;
    assert_eq!(all.state("X5").await, "window");
    let seen = all.bench.govern.registrations(&all.bench.owner("C1"), None, 2).await.unwrap();
    assert_eq!(seen.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["X1", "X5"]);
    assert_eq!(all.registers("X1", Who::Myself).await, Ok("enrolled".into()));
    let filter = BehindFilter { limit: 10, ..BehindFilter::default() };
    let anna = staff("anna", Role::Analyst);
    let behind = all.bench.govern.campaign_behind(&anna, &all.id, &filter).await.unwrap();
    assert_eq!(behind.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["X4", "X5"]);
    // A key ends whatever its member's row looks like.
    let owner = all.bench.owner("C1");
    all.bench.govern.revoke_key(&owner, "X2", None, &Call::default()).await.unwrap();
    assert_eq!(all.key("X2").await, "expired owner");
    // Mended, they are in their turn again.
    all.bench.behind(MENDED).await;
    all.bench.pass(DAY);
    all.looks().await;
    assert_eq!(all.bench.govern.campaign_members_aside(), Vec::<String>::new());
    all.until(day(44)).await;
    assert_eq!(all.state("X2").await, "gone");
    assert_eq!(all.key("X3").await, "active reads only", "told as the row says that was put in its place");
}

#[tokio::test]
async fn a_stopped_campaign_gives_back_what_a_damaged_member_left_at_a_halt() {
    let all = Campaign::new(&[("X1", "A1"), ("X2", "A1")]).await;
    all.until(day(41)).await;
    assert_eq!([all.key("X1").await, all.key("X2").await], ["active reads only", "active reads only"]);
    all.bench.behind(CUT).await;
    let govern = &all.bench.govern;
    govern.stop_campaign(&lead(), &all.id, "the terms were withdrawn", &Call::default()).await.unwrap();
    all.looks().await;
    assert_eq!([all.key("X1").await, all.key("X2").await], ["active", "active"]);
    let seen = govern.campaigns(&lead()).await.unwrap();
    assert_eq!(seen.len(), 1);
}

#[tokio::test]
async fn a_letter_that_left_while_the_row_was_damaged_counts_once_it_is_mended() {
    let all = Campaign::new(&[("X1", "A1"), ("X2", "A1")]).await;
    all.looks().await;
    all.bench.pass(DAY + DAY / 24);
    while all.bench.govern.campaigns_due().await.unwrap().more {}
    // The letters are written and wait; as they stand is how the row comes back.
    all.bench.behind("UPDATE campaign_keys SET body = '{\"cut' || body WHERE key = 'X2'").await;
    all.bench.govern.campaigns_due().await.unwrap();
    all.looks().await;
    assert_eq!(all.sends(|_| panic!("none is sent again")).await, 0);
    assert_eq!(all.state("X1").await, "told");
    all.bench.behind("UPDATE campaign_keys SET body = substr(body, 6) WHERE key = 'X2'").await;
    // The sweep comes across it and has set it aside before.
    assert_eq!(all.bench.govern.campaign_members_aside().len(), 1);
    all.looks().await;
    assert_eq!(all.state("X2").await, "told");
    all.until(day(45)).await;
    assert_eq!([all.key("X1").await, all.key("X2").await], ["active reads only", "active reads only"]);
}

#[tokio::test]
async fn a_mended_member_whose_letter_is_damaged_too_stops_nobody() {
    let all = Campaign::new(&[("X1", "A1"), ("X2", "A1")]).await;
    all.looks().await;
    all.bench.pass(DAY + DAY / 24);
    while all.bench.govern.campaigns_due().await.unwrap().more {}
    all.bench.behind("UPDATE campaign_keys SET body = '{\"cut' || body WHERE key = 'X2'").await;
    all.looks().await;
    all.bench.behind("UPDATE notices SET texts = '{\"cut' || texts WHERE key = 'X2'").await;
    all.bench.behind("UPDATE campaign_keys SET body = substr(body, 6) WHERE key = 'X2'").await;
    while all.bench.govern.world.now() < day(9) {
        let swept = all.bench.govern.campaigns_due().await.unwrap();
        let subjects: Vec<_> = swept.damaged.iter().map(|(subject, _)| subject.clone()).collect();
        assert_eq!((swept.failed, subjects), (vec![], vec![format!("member:{}/X2", all.id)]));
        all.sends(|_| Outcome::Sent("250 taken over".into())).await;
        all.bench.pass(DAY / 4);
    }
    assert_eq!([all.state("X1").await, all.state("X2").await], ["window", "not_told"]);
    assert_eq!(all.bench.govern.campaign_members_aside(), [format!("{}/X2", all.id)]);
    all.bench.behind("UPDATE notices SET texts = substr(texts, 6) WHERE key = 'X2'").await;
    all.looks().await;
    assert_eq!(all.bench.govern.campaign_members_aside(), Vec::<String>::new());
    assert_eq!(all.state("X2").await, "window");
}

#[tokio::test]
async fn a_damaged_campaign_is_told_apart_from_what_failed() {
    let all = Campaign::new(&[("X1", "A1")]).await;
    all.looks().await;
    all.bench.behind("UPDATE campaigns SET body = '{\"cut' || body").await;
    let swept = all.bench.govern.campaigns_due().await.unwrap();
    assert_eq!(
        (swept.failed, swept.damaged),
        (vec![], vec![(format!("campaign:{}", all.id), "row_unreadable")])
    );
    all.bench.behind("UPDATE campaigns SET body = substr(body, 6)").await;
    all.until(day(9)).await;
    assert_eq!(all.state("X1").await, "window");
}

#[tokio::test]
async fn nobody_has_to_be_reached_for_a_member_mended_after_the_stop() {
    let all = Campaign::new(&[("X1", "A1"), ("X2", "A1")]).await;
    all.until(day(41)).await;
    let told = all.bench.govern.store.get(&CAMPAIGN_KEYS, &format!("{}/X1", all.id)).await.unwrap().unwrap();
    let notice = told["body"]["progress"]["told"]["read_only-3d"]["notice"].as_str().unwrap().to_owned();
    all.confirms(&notice, false).await;
    let tasks = async || {
        let open = Filter { equals: vec![("state", json!("open"))], limit: 10, ..Filter::default() };
        all.bench.govern.store.list(&TASKS, &open).await.unwrap().len()
    };
    let before = tasks().await;
    all.bench.behind("UPDATE campaign_keys SET body = '{\"cut' || body").await;
    let govern = &all.bench.govern;
    govern.stop_campaign(&lead(), &all.id, "the terms were withdrawn", &Call::default()).await.unwrap();
    all.looks().await;
    assert_eq!((before, tasks().await), (1, 1));
    all.bench.behind("UPDATE campaign_keys SET body = substr(body, 6)").await;
    all.looks().await;
    assert_eq!((govern.campaign_members_aside(), tasks().await), (vec![], 0));
    assert_eq!([all.key("X1").await, all.key("X2").await], ["active", "active"]);
    assert_eq!(all.state("X2").await, "window", "its key lives");
}
