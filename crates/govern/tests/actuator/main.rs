//! What should be true of keys outside: written with every change of a key, in the same entry, and what comes of it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

#[path = "../keys/bench.rs"]
#[expect(dead_code, reason = "a bench for more than these tests")]
mod bench;

#[path = "../support/world.rs"]
mod world;

use bench::{Bench, request, staff};
use serde_json::{Value, json};
use sumun_actuator::{LogRules, Target};
use sumun_govern::actuator::{Acknowledged, Acting, ActuationRow, ActuationState};
use sumun_govern::keys::measures::Hold;
use sumun_govern::{Call, Role, World};
use sumun_model::Timestamp;
use sumun_model::wire::{AccessLine, Line, Origin, parse_line};
use sumun_store::tables::{ACTUATIONS, CAMPAIGNS, KEYS};

const MINUTE: i64 = 60_000_000;
const WHY: &str = "used from two places at once";

fn acting(destinations: &[&str]) -> Acting {
    let destinations = destinations.iter().map(|name| (*name).to_owned()).collect();
    Acting { destinations, exchange: Some("exchange".to_owned()), calls: true, log: LogRules::default() }
}

async fn row(bench: &Bench, key: &str) -> Option<ActuationRow> {
    let image = bench.govern.store.get(&ACTUATIONS, &format!("exchange:{key}")).await.unwrap();
    image.map(|image| ActuationRow::of(&image).unwrap())
}

async fn hold(bench: &Bench, key: &str) {
    let (reason, lesser) = (WHY.to_owned(), "a warning would come too late".to_owned());
    let hold = Hold { reason, lesser, reviewer: "user:bert".to_owned(), due: None };
    bench.govern.hold_key(&staff("anna", Role::Analyst), key, &hold, &Call::default()).await.unwrap();
}

fn said(target: Target) -> Acknowledged {
    Acknowledged { target, sent_us: world::START_US, status: 200, answer: "ab".repeat(32), already: false }
}

/// The entries about it, and what each wrote into the row.
async fn entries(bench: &Bench) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (class, payload) in bench.ledger().await {
        for written in payload["rows"].as_array().unwrap() {
            if written["table"] == "actuations" {
                found.push((class.clone(), written["row"]["state"].clone()));
            }
        }
    }
    found
}

#[tokio::test]
async fn every_change_of_a_key_says_in_its_own_entry_what_should_be_true_outside() {
    let bench = Bench::new().await.acting(acting(&["exchange", "risk"]));
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    assert_eq!(row(&bench, &key).await, None, "a key that was never cut");
    let (bert, dora) = (staff("bert", Role::Approver), staff("dora", Role::Approver));
    // What the key's row says at each step, and what should be true of it outside.
    let agrees = async |state: &str, measure: Value, target: Target| {
        assert_eq!(bench.column(&key, "state").await, state);
        assert_eq!(bench.column(&key, "measure").await, measure);
        let row = row(&bench, &key).await.unwrap();
        assert_eq!((row.target, row.state), (target, ActuationState::Waiting), "{state} {measure}");
        row
    };
    hold(&bench, &key).await;
    let held = agrees("active", json!("hold"), Target::Held).await;
    assert_eq!((held.body.reason.as_str(), held.body.class.as_str()), ("hold", "key.held"));
    bench.govern.suspend_key(&bert, &key, WHY, &Call::default()).await.unwrap();
    let suspended = agrees("suspended", json!("hold"), Target::Suspended).await;
    assert!(suspended.intent > held.intent && suspended.body.idempotency_key != held.body.idempotency_key);
    bench.govern.lift_key(&dora, &key, WHY, &Call::default()).await.unwrap();
    // Back to what it was under before.
    agrees("active", json!("hold"), Target::Held).await;
    bench.govern.revoke_key(&bench.owner("C1"), &key, None, &Call::default()).await.unwrap();
    let ended = agrees("expired", json!("hold"), Target::Ended).await;
    assert_eq!(ended.body.reason, "owner");
    let classes: Vec<String> = entries(&bench).await.into_iter().map(|(class, _)| class).collect();
    let twice = |class: &str| [class.to_owned(), class.to_owned()];
    let want = ["key.held", "key.suspended", "key.lifted", "key.expired"].map(twice).concat();
    assert_eq!(classes, want, "one of each destination, in the entry of the change itself");
}

#[tokio::test]
async fn an_old_acknowledgement_does_not_stand_for_a_newer_intent() {
    let bench = Bench::new().await.acting(acting(&["exchange"]));
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let id = format!("exchange:{key}");
    hold(&bench, &key).await;
    let held = row(&bench, &key).await.unwrap();
    bench.govern.suspend_key(&staff("bert", Role::Approver), &key, WHY, &Call::default()).await.unwrap();
    bench.govern.actuation_acknowledged(&id, held.intent, &said(Target::Held)).await.unwrap();
    let after = row(&bench, &key).await.unwrap();
    assert_eq!(
        (after.state, after.target, after.acknowledged_us),
        (ActuationState::Waiting, Target::Suspended, None)
    );
    assert_eq!(after.body.holds.as_ref().unwrap().target, Target::Held, "what the exchange holds is known");
    // Of the older one nothing is sent, and its failure is nobody's news.
    assert_eq!(bench.govern.actuation_to_send(&id, held.intent).await.unwrap(), (None, true));
    assert_eq!(bench.govern.actuation_to_send(&id, after.intent).await.unwrap(), (Some(after.clone()), true));
    bench.govern.actuation_failed(&id, held.intent, 12, "status 500").await.unwrap();
    assert_eq!(row(&bench, &key).await.unwrap().state, ActuationState::Waiting);
    // The newest one, told twice as after a crash.
    for _ in 0..2 {
        bench.govern.actuation_acknowledged(&id, after.intent, &said(Target::Suspended)).await.unwrap();
    }
    let done = row(&bench, &key).await.unwrap();
    assert_eq!(done.state, ActuationState::Acknowledged);
    let told = entries(&bench).await.iter().filter(|(class, _)| class == "actuator.acknowledged").count();
    assert_eq!(told, 2);
}

#[tokio::test]
async fn a_failure_is_told_once_and_done_by_the_acknowledgement() {
    let bench = Bench::new().await.acting(acting(&["exchange"]));
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let id = format!("exchange:{key}");
    hold(&bench, &key).await;
    let intent = row(&bench, &key).await.unwrap().intent;
    for failures in 12..14 {
        bench.govern.actuation_failed(&id, intent, failures, "status 500").await.unwrap();
    }
    let anna = staff("anna", Role::Analyst);
    let open = async || bench.govern.tasks(&anna, None, Some("open"), None, 100).await.unwrap();
    let shouted = open().await;
    let shouted: Vec<_> = shouted.iter().filter(|task| task.case_id.is_empty()).collect();
    assert_eq!(shouted.len(), 1);
    assert_eq!(shouted[0].body.key.as_deref(), Some(key.as_str()));
    assert_eq!(bench.govern.actuation_counts(&ActuationState::UNDONE).await.unwrap()["failed"], 1);
    // Asked again by a person: another intent, another idempotency key.
    let before = row(&bench, &key).await.unwrap();
    let told = bench
        .govern
        .retry_actuation(&anna, &key, (None, "the key API is mended"), &Call::default())
        .await
        .unwrap();
    assert_eq!(told.value, std::slice::from_ref(&id));
    let again = row(&bench, &key).await.unwrap();
    assert!(again.intent > before.intent && again.body.idempotency_key != before.body.idempotency_key);
    bench.govern.actuation_acknowledged(&id, again.intent, &said(Target::Held)).await.unwrap();
    assert!(open().await.iter().all(|task| !task.case_id.is_empty()), "its task is done");
    let viewer = staff("vera", Role::Viewer);
    let refused =
        bench.govern.retry_actuation(&viewer, &key, (None, WHY), &Call::default()).await.unwrap_err();
    assert_eq!(refused.code, "forbidden");
}

#[tokio::test]
async fn cuts_of_before_are_taken_up_once_when_acting_begins() {
    let bench = Bench::new().await;
    let (cut, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let (other, _) = bench.issued(&request("own_bot", &["read"])).await;
    hold(&bench, &cut).await;
    let bench = bench.acting(acting(&["exchange"]));
    assert_eq!(row(&bench, &cut).await, None);
    assert_eq!(bench.govern.take_up_actuations().await.unwrap(), 1);
    assert_eq!(bench.govern.take_up_actuations().await.unwrap(), 0);
    assert_eq!(row(&bench, &cut).await.unwrap().target, Target::Held);
    assert_eq!(row(&bench, &other).await, None);
}

#[tokio::test]
async fn what_the_exchange_suspended_itself_is_never_asked_of_it() {
    let bench = Bench::new().await;
    let line = r#"{"type":"key","ts":"2026-11-02T00:00:00Z","key":"X1","account":"A1","state":"suspended","scopes":["read","trade"]}"#;
    let told = [sumun_govern::imports::read("test", 1, line.as_bytes()).unwrap()];
    let exchange = staff("exchange", Role::ExchangeBackend);
    let taking = sumun_govern::imports::Taking::of("exchange", 1_000);
    let bench = bench.acting(acting(&["exchange", "risk"]));
    assert_eq!(bench.govern.take_lines(&exchange, &taking, &told).await.unwrap().made, 1);
    assert_eq!(row(&bench, "X1").await, None, "as it comes in");
    assert_eq!(bench.govern.take_up_actuations().await.unwrap(), 0, "as acting begins");
    // Once somebody here acts on it, it is this side's.
    bench.govern.lift_key(&staff("dora", Role::Approver), "X1", WHY, &Call::default()).await.unwrap();
    assert_eq!(row(&bench, "X1").await, None, "nobody was told anything else");
    bench.govern.suspend_key(&staff("bert", Role::Approver), "X1", WHY, &Call::default()).await.unwrap();
    assert_eq!(row(&bench, "X1").await.unwrap().target, Target::Suspended);
}

#[tokio::test]
async fn a_measure_holds_once_the_exchange_has_said_so() {
    let bench = Bench::new().await.acting(acting(&["exchange"]));
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    hold(&bench, &key).await;
    bench.pass(MINUTE);
    let noted = async || {
        let mut failed = Vec::new();
        let count = bench.govern.note_effects(&mut failed).await.unwrap();
        assert_eq!(failed, []);
        count
    };
    assert_eq!(noted().await, 0, "nobody has said anything");
    let row = row(&bench, &key).await.unwrap();
    bench.govern.actuation_acknowledged(&row.actuation, row.intent, &said(Target::Held)).await.unwrap();
    assert_eq!(noted().await, 1);
    let (_, payload) = bench.ledger().await.into_iter().find(|(class, _)| class == "measure.obeyed").unwrap();
    assert_eq!(payload["facts"]["obeyed"][0]["gate"], "exchange");
}

/// A request that the exchange let through.
fn served(key: &str, at: Timestamp) -> AccessLine {
    let text = json!({ "type": "access", "id": format!("e-{key}"), "ts": at, "key": key, "account": "A1", "verdict": "allow",
        "status": 200, "effect": "order" });
    match parse_line(Origin { source_name: "test", line: 1 }, &text.to_string()) {
        Ok(Line::Access(line)) => *line,
        other => panic!("{other:?}"),
    }
}

/// Keys that are held and acknowledged so.
async fn cut<const N: usize>(bench: &Bench) -> [String; N] {
    let mut keys = Vec::new();
    // All of them first: a hold follows to whatever is issued after it.
    for _ in 0..N {
        keys.push(bench.issued(&request("own_bot", &["read", "trade"])).await.0);
    }
    for key in &keys {
        hold(bench, key).await;
        let row = row(bench, key).await.unwrap();
        bench.govern.actuation_acknowledged(&row.actuation, row.intent, &said(Target::Held)).await.unwrap();
    }
    keys.try_into().unwrap()
}

#[tokio::test]
async fn a_row_that_cannot_be_read_stops_no_other() {
    let bench = Bench::new().await.acting(acting(&["exchange"]));
    let (third, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let [damaged, alive] = cut(&bench).await;
    bench.govern.refresh_cuts().await.unwrap();
    bench.pass(MINUTE);
    let now = bench.world.now();
    for key in [&damaged, &alive] {
        bench.govern.cuts.notice(&served(key, now), "front", now);
    }
    bench.alter(&ACTUATIONS, &format!("exchange:{damaged}"), "state", json!("unheard of")).await;
    hold(&bench, &third).await;
    let _ = bench.govern.cuts.take_waits();
    bench.govern.refresh_cuts().await.unwrap();
    let waits: Vec<String> = bench.govern.cuts.take_waits().into_iter().map(|one| one.actuation).collect();
    assert!(waits.contains(&format!("exchange:{third}")), "{waits:?}");
    let open = bench.govern.actuations_open(ActuationState::Waiting, 10).await.unwrap();
    assert_eq!(open.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), [third.as_str()]);
    bench.govern.tell_alive().await.unwrap();
    assert_eq!(row(&bench, &alive).await.unwrap().state, ActuationState::Alive);
}

#[tokio::test]
async fn whoever_tells_what_was_seen_returns_once_it_is_written() {
    let bench = Bench::new().await.acting(acting(&["exchange"]));
    let [key] = cut(&bench).await;
    bench.govern.refresh_cuts().await.unwrap();
    bench.pass(MINUTE);
    let now = bench.world.now();
    bench.govern.cuts.notice(&served(&key, now), "front", now);
    let tells = async || {
        bench.govern.tell_alive().await.unwrap();
        row(&bench, &key).await.unwrap().state
    };
    let (one, other) = tokio::join!(tells(), tells());
    assert_eq!(
        (one, other),
        (ActuationState::Alive, ActuationState::Alive),
        "neither notes his place before"
    );
}

#[tokio::test]
async fn keys_that_nobody_registered_are_taken_up_when_acting_begins() {
    let bench = Bench::new().await;
    let (halted, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let campaign = json!({ "campaign": "E1", "state": "running", "terms": "2", "body": {}, "proposed_by": "user:lena",
        "began_us": world::START_US, "version": 1 });
    bench.put(&CAMPAIGNS, campaign).await;
    bench.alter(&KEYS, &halted, "campaign", json!("E1")).await;
    let bench = bench.acting(acting(&["exchange"]));
    assert_eq!(bench.govern.take_up_actuations().await.unwrap(), 1);
    assert_eq!(bench.govern.take_up_actuations().await.unwrap(), 0);
    let taken_up = row(&bench, &halted).await.unwrap();
    assert_eq!((taken_up.target, taken_up.body.reason.as_str()), (Target::Held, "registration_required"));
}

#[tokio::test]
async fn another_reason_for_the_same_is_told_without_a_new_call() {
    let bench = Bench::new().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let campaign = json!({ "campaign": "E1", "state": "running", "terms": "2", "body": {}, "proposed_by": "user:lena",
        "began_us": world::START_US, "version": 1 });
    bench.put(&CAMPAIGNS, campaign).await;
    bench.alter(&KEYS, &key, "campaign", json!("E1")).await;
    let bench = bench.acting(acting(&["exchange", "risk"]));
    bench.govern.take_up_actuations().await.unwrap();
    let of = async |destination: &str| {
        let image = bench.govern.store.get(&ACTUATIONS, &format!("{destination}:{key}")).await.unwrap();
        ActuationRow::of(&image.unwrap()).unwrap()
    };
    for destination in ["exchange", "risk"] {
        let row = of(destination).await;
        bench.govern.actuation_acknowledged(&row.actuation, row.intent, &said(Target::Held)).await.unwrap();
    }
    let before = [of("exchange").await, of("risk").await];
    hold(&bench, &key).await;
    let [called, told] = [of("exchange").await, of("risk").await];
    for row in [&called, &told] {
        assert_eq!((row.body.reason.as_str(), row.body.measure.as_deref()), ("hold", Some("hold")));
    }
    assert_eq!((called.state, called.intent), (ActuationState::Acknowledged, before[0].intent));
    assert_eq!(called.body.holds, before[0].body.holds, "the exchange did all of it before");
    assert_eq!(told.state, ActuationState::Waiting, "who takes messages is told");
    assert!(told.intent > before[1].intent);
}

#[tokio::test]
async fn an_owners_plan_names_nobody_else_who_is_told() {
    let bench = Bench::new().await.acting(acting(&["exchange", "risk"]));
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let call = Call { dry_run: true, ..Call::default() };
    let shown = async |effects: Vec<sumun_govern::plan::Effect>| {
        effects.iter().any(|effect| effect.subject.starts_with("actuation:"))
    };
    let own = bench.govern.revoke_key(&bench.owner("C1"), &key, None, &call).await.unwrap();
    assert!(!shown(own.plan.effects).await);
    let bert = staff("bert", Role::Approver);
    let staffs = bench.govern.suspend_key(&bert, &key, WHY, &call).await.unwrap();
    assert!(shown(staffs.plan.effects).await);
}
