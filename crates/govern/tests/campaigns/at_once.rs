//! Two campaigns are granted about keys of one segment at the same moment: one of them begins.

use crate::bench::{keyring, staff, yes};
use crate::world::TestWorld;
use crate::{Campaign, lead, plan};
use serde_json::json;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use sumun_govern::campaigns::{CampaignPlan, CampaignState};
use sumun_govern::{Call, Govern, Role, World};
use sumun_model::{Segment, Timestamp};
use sumun_store::tables::CAMPAIGN_SEGMENTS;

/// A process that is halted once: when it has planned its change, before it writes it.
#[derive(Debug)]
struct Halted {
    world: Arc<TestWorld>,
    planned: Sender<()>,
    goes_on: Mutex<Option<Receiver<()>>>,
}

impl World for Halted {
    fn now(&self) -> Timestamp {
        self.world.now()
    }
    /// The entry's salt, 32 bytes, is drawn when everything is planned; ids are shorter.
    fn draw(&self, bytes: &mut [u8]) {
        let salt = bytes.len() == 32;
        let goes_on =
            salt.then(|| self.goes_on.lock().unwrap_or_else(PoisonError::into_inner).take()).flatten();
        if let Some(goes_on) = goes_on {
            self.planned.send(()).unwrap();
            goes_on.recv().unwrap();
        }
        self.world.draw(bytes);
    }
}

/// Another process at the same database, which plans a grant and is then halted; what it answers in the end.
fn grants_and_halts(
    all: &Campaign,
    approval: String,
) -> (Receiver<()>, Sender<()>, tokio::task::JoinHandle<Result<(), &'static str>>) {
    let ((planned, is_planned), (go, goes_on)) = (channel(), channel());
    let world = Halted { world: Arc::clone(&all.bench.world), planned, goes_on: Mutex::new(Some(goes_on)) };
    let venue = (*all.bench.govern.venue()).clone();
    let govern = Govern::new(all.bench.govern.store.clone(), keyring(), Arc::new(world), venue);
    let granting = tokio::spawn(async move {
        let bert = staff("bert", Role::Approver);
        let done = govern.decide(&bert, &approval, &yes(), &Call::default()).await;
        done.map(|_| ()).map_err(|refusal| refusal.code)
    });
    (is_planned, go, granting)
}

async fn proposed(all: &Campaign, segments: &[Segment]) -> String {
    let wanted = CampaignPlan { segments: segments.to_vec(), ..plan() };
    let asked =
        all.bench.govern.propose_campaign(&lead(), &wanted, "terms of next year", &Call::default()).await;
    asked.unwrap().value.waits_for.unwrap()
}

async fn granted(all: &Campaign, approval: &str) -> Result<(), &'static str> {
    let dora = staff("dora", Role::Approver);
    let done = all.bench.govern.decide(&dora, approval, &yes(), &Call::default()).await;
    done.map(|_| ()).map_err(|refusal| refusal.code)
}

/// How many run, about which segments.
async fn running(all: &Campaign) -> Vec<Vec<Segment>> {
    let found = all.bench.govern.campaigns(&lead()).await.unwrap();
    let running = found.into_iter().filter(|one| one.state == CampaignState::Running);
    running.map(|one| one.plan.segments).collect()
}

async fn none_running() -> Campaign {
    let all = Campaign::new(&[("X1", "A1")]).await;
    let govern = &all.bench.govern;
    govern.stop_campaign(&lead(), &all.id, "the terms were withdrawn", &Call::default()).await.unwrap();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_grants_at_once_about_one_segment_one_begins() {
    let all = none_running().await;
    // Both wait to be granted; both grants are planned before either is written.
    let one = proposed(&all, &[Segment::Retail, Segment::Corporate]).await;
    let other = proposed(&all, &[Segment::Corporate, Segment::Broker]).await;
    let (planned, go, granting) = grants_and_halts(&all, one);
    tokio::task::spawn_blocking(move || planned.recv().unwrap()).await.unwrap();
    assert_eq!(granted(&all, &other).await, Ok(()));
    go.send(()).unwrap();
    assert_eq!(granting.await.unwrap(), Err("campaign_overlaps"));
    assert_eq!(running(&all).await, [[Segment::Corporate, Segment::Broker]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_not_even_proposed_when_the_other_was_planned_is_seen() {
    let all = none_running().await;
    let one = proposed(&all, &[]).await;
    let (planned, go, granting) = grants_and_halts(&all, one);
    tokio::task::spawn_blocking(move || planned.recv().unwrap()).await.unwrap();
    let other = proposed(&all, &[Segment::Retail]).await;
    assert_eq!(granted(&all, &other).await, Ok(()));
    go.send(()).unwrap();
    assert_eq!(granting.await.unwrap(), Err("campaign_overlaps"));
    assert_eq!(running(&all).await, [[Segment::Retail]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_about_other_segments_do_not_stand_in_each_others_way() {
    let all = none_running().await;
    let one = proposed(&all, &[Segment::Retail]).await;
    let other = proposed(&all, &[Segment::Corporate]).await;
    let (planned, go, granting) = grants_and_halts(&all, one);
    tokio::task::spawn_blocking(move || planned.recv().unwrap()).await.unwrap();
    assert_eq!(granted(&all, &other).await, Ok(()));
    go.send(()).unwrap();
    assert_eq!(granting.await.unwrap(), Ok(()));
    assert_eq!(running(&all).await.len(), 2);
    let retail = all.bench.govern.store.get(&CAMPAIGN_SEGMENTS, "retail").await.unwrap().unwrap();
    assert_eq!(retail["version"], json!(2), "granted twice, once before");
}
