//! Mail that does not arrive harms nobody.

use crate::bench::staff;
use crate::{Campaign, day};
use sumun_govern::Call;
use sumun_govern::Role;
use sumun_govern::campaigns::Who;
use sumun_govern::notices::deliver::Outcome;
use sumun_store::Filter;
use sumun_store::tables::{CAMPAIGN_KEYS, TASKS};

impl Campaign {
    async fn task(&self) -> (String, String) {
        let rows =
            self.bench.govern.store.list(&TASKS, &Filter { limit: 10, ..Filter::default() }).await.unwrap();
        let [only] = rows.as_slice() else { panic!("not one task: {rows:?}") };
        (only["task"].as_str().unwrap().to_owned(), only["state"].as_str().unwrap().to_owned())
    }

    async fn notice_of(&self, key: &str, code: &str) -> String {
        let id = format!("{}/{key}", self.id);
        let row = self.bench.govern.store.get(&CAMPAIGN_KEYS, &id).await.unwrap().unwrap();
        row["body"]["progress"]["told"][code]["notice"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_letter_that_comes_back_stops_everything_until_somebody_reaches_the_owner() {
    let all = Campaign::new(&[("X1", "A1")]).await;
    all.looks().await;
    all.bench.pass(crate::DAY + 3_600_000_000);
    all.bench.govern.campaigns_due().await.unwrap();
    all.sends(|_| Outcome::Failed("550 no such mailbox".into())).await;
    assert_eq!(all.state("X1").await, "unreachable");
    all.until(day(90)).await;
    assert_eq!((all.state("X1").await, all.key("X1").await), ("unreachable".into(), "active".into()));
    let (task, state) = all.task().await;
    assert_eq!(state, "open");
    let worker = staff("anna", Role::Analyst);
    let told =
        all.bench.govern.finish_task(&worker, &task, "told by telephone today", &Call::default()).await;
    told.unwrap();
    assert_eq!(all.state("X1").await, "told");
    all.until(day(119)).await;
    assert_eq!(all.key("X1").await, "active", "a month from the day on which he was reached");
    all.until(day(122)).await;
    assert_eq!(all.key("X1").await, "active reads only");
}

#[tokio::test]
async fn a_bounce_that_comes_late_gives_the_key_back() {
    let all = Campaign::new(&[("X1", "A1")]).await;
    all.until(day(41)).await;
    assert_eq!(all.key("X1").await, "active reads only");
    let reminder = all.notice_of("X1", "read_only-3d").await;
    all.confirms(&reminder, false).await;
    all.looks().await;
    assert_eq!((all.state("X1").await, all.key("X1").await), ("unreachable".into(), "active".into()));
    all.until(day(120)).await;
    assert_eq!(all.key("X1").await, "active");
    // He comes by himself, and nobody has to look for him any more.
    assert_eq!(all.registers("X1", Who::Myself).await, Ok("enrolled".into()));
    assert_eq!(all.task().await.1, "done");
}

#[tokio::test]
async fn letters_that_wait_hold_the_steps_and_sweeps_that_were_down_put_them_off() {
    let all = Campaign::new(&[("X1", "A1")]).await;
    // Nobody looks for fifty days.
    all.bench.pass(50 * crate::DAY);
    all.looks().await;
    assert_eq!(all.key("X1").await, "active");
    // Letters are written, and the relay is away for a month.
    for _ in 0..30 {
        all.bench.pass(crate::DAY);
        let swept = all.bench.govern.campaigns_due().await.unwrap();
        assert_eq!((swept.read_only, swept.ended), (0, 0));
    }
    all.sends(|_| Outcome::Sent("250 at last".into())).await;
    all.until(day(93)).await;
    assert_eq!(all.key("X1").await, "active", "fourteen days from the day on which the letter left");
    all.until(day(96)).await;
    assert_eq!(all.key("X1").await, "active reads only");
}
