//! A campaign from its first letter to the last end, and whoever steps out of it on the way.

use crate::bench::request;
use crate::{Campaign, DAY, day, import};
use serde_json::json;
use sumun_govern::Call;
use sumun_govern::campaigns::Who;
use sumun_govern::keys::rotate::Rotation;
use sumun_store::tables::{MEASURES, STANDINGS};

#[tokio::test]
async fn a_key_that_nobody_registers_is_told_comes_to_a_halt_and_ends() {
    let all = Campaign::new(&[("X1", "A1"), ("X2", "A1"), ("X3", "A2")]).await;
    all.looks().await;
    assert_eq!((all.state("X1").await, all.letters("X1").await.len()), ("not_told".into(), 0));
    all.until(day(2)).await;
    assert_eq!(all.state("X1").await, "told");
    assert_eq!(all.registers("X1", Who::Myself).await, Err("registration_closed"));
    all.until(day(9)).await;
    assert_eq!((all.state("X1").await, all.key("X1").await), ("window".into(), "active".into()));
    // One registers in the window, one when it is late, one never.
    assert_eq!(all.registers("X1", Who::Myself).await, Ok("enrolled".into()));
    all.until(day(39)).await;
    assert_eq!(all.key("X2").await, "active");
    all.until(day(41)).await;
    assert_eq!(
        (all.state("X2").await, all.key("X2").await),
        ("read_only".into(), "active reads only".into())
    );
    assert_eq!(all.told_to_gates("X2").await["registration_due"], true);
    assert_eq!(all.key("X1").await, "active");
    assert!(all.told_to_gates("X1").await.get("registration_due").is_none());
    assert_eq!(all.registers("X2", Who::Myself).await, Ok("enrolled".into()));
    assert!(
        all.told_to_gates("X2").await.get("registration_due").is_none(),
        "it works again with the next version"
    );
    all.until(day(72)).await;
    assert_eq!((all.state("X3").await, all.key("X3").await), ("ended".into(), "expired natural".into()));
    assert_eq!([all.key("X1").await, all.key("X2").await], ["active", "active"]);
    let kinds = |words: &[&str]| words.iter().map(|word| format!("campaign.{word}")).collect::<Vec<_>>();
    assert_eq!(all.letters("X1").await, kinds(&["announced", "opened", "enrolled"]));
    assert_eq!(
        all.letters("X3").await,
        kinds(&[
            "announced",
            "opened",
            "reminded",
            "reminded",
            "read_only",
            "reminded_end",
            "reminded_end",
            "ended"
        ])
    );
    // No measure, and nothing that the ladder remembers.
    assert!(all.bench.govern.store.get(&STANDINGS, "X3").await.unwrap().is_none());
    let measures = all
        .bench
        .govern
        .store
        .list(&MEASURES, &sumun_store::Filter { limit: 10, ..Default::default() })
        .await;
    assert_eq!(measures.unwrap().len(), 0);
    // What was done is done once, however often it is looked at.
    let entries = all.bench.ledger().await.len();
    all.looks().await;
    assert_eq!(all.bench.ledger().await.len(), entries);
}

#[tokio::test]
async fn whoever_comes_late_gets_the_whole_time_and_rotating_wins_none() {
    let all = Campaign::new(&[("X1", "A1")]).await;
    // A key that was asked for here, on older terms, is asked too; one that ended meanwhile is left alone.
    let (native, _) = all.bench.issued(&request("own_bot", &["read", "trade"])).await;
    all.until(day(20)).await;
    import(&all.bench, &[("X2", "A1"), ("X3", "A1")]).await;
    all.until(day(21)).await;
    assert_eq!([all.state("X2").await, all.state(&native).await], ["window", "window"]);
    let revoked = all.bench.govern.revoke_key(&all.bench.owner("C1"), "X3", None, &Call::default()).await;
    revoked.unwrap();
    all.until(day(30)).await;
    let rotation = Rotation { terms: Some("1".into()), ..Rotation::default() };
    let owner = all.bench.owner("C1");
    let rotated = all.bench.govern.rotate_key(&owner, &native, &rotation, &Call::default()).await.unwrap();
    let new = rotated.value.key.key;
    all.until(day(45)).await;
    assert_eq!(all.key("X1").await, "active reads only");
    assert_eq!(all.key(&new).await, "active reads only", "the day of the key whose place it took");
    assert_eq!([all.state("X3").await, all.state(&native).await], ["gone", "gone"]);
    assert_eq!(all.key("X2").await, "active", "told on day 20");
    all.until(day(52)).await;
    assert_eq!(all.key("X2").await, "active reads only");
    all.until(day(79)).await;
    assert_eq!(all.key("X2").await, "active reads only", "as long before its end as all others");
    all.until(day(83)).await;
    assert_eq!(all.key("X2").await, "expired natural");
}

#[tokio::test]
async fn a_key_of_the_campaigns_terms_whose_user_nobody_named_is_asked_too() {
    let all = Campaign::new(&[("X1", "A1")]).await;
    all.until(day(9)).await;
    let facts = json!("2");
    // By rotation it stands on other terms; who uses it was never said.
    all.bench.alter(&sumun_store::tables::KEYS, "X1", "terms", facts).await;
    all.bench.pass(DAY);
    all.until(day(45)).await;
    assert_eq!(all.key("X1").await, "active reads only");
}
