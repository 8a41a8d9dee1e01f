//! A member whose row is damaged: it is set aside and told, and everybody else has his turn.

use crate::bench::staff;
use crate::{Campaign, DAY, day, lead};
use sumun_govern::campaigns::{BehindFilter, Who};
use sumun_govern::{Call, Role};

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
