//! Renewed verification: identity by the exchange's word, control by a test.

use crate::bench::{Bench, request};
use crate::seen::{asking, classes, facts, line, seen, take, take_of_exchange, words};
use serde_json::{Value, json};
use sumun_govern::keys::rotate::Rotation;
use sumun_govern::owner::control::{Opened, commitment};
use sumun_govern::owner::identity::IdentityWord;
use sumun_govern::owner::verification::{self, Asking, Half, VerificationState, VerificationView};
use sumun_govern::plan::Plan;
use sumun_govern::{Call, World, govern};
use sumun_model::code::CodeMark;
use sumun_model::wire::AccessLine;
use sumun_model::{KeyId, Timestamp};

const S: i64 = 1_000_000;

/// A key whose ladder has just asked for it, and its verification.
async fn asked(bench: &Bench) -> (String, String) {
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    bench.alter(&sumun_store::tables::KEYS, &key, "measure", json!("reverify")).await;
    let now = bench.world.now();
    let mut change = govern::change("measure.entered", now, serde_json::Map::new());
    bench.world.draw(&mut change.salt);
    let mut plan = Plan { title: String::new(), effects: Vec::new(), warnings: Vec::new(), change };
    let asking = Asking {
        key: &key,
        account: "A1",
        customer: "C1",
        case_id: None,
        until: Some(now.plus_micros(86_400 * S)),
    };
    let id = verification::open(&bench.govern, &mut plan, asking, now).await.unwrap();
    bench.govern.store.execute(plan.change.clone()).await.unwrap();
    let mut again = plan;
    again.change.writes.clear();
    assert_eq!(verification::open(&bench.govern, &mut again, asking, now).await.unwrap(), id);
    assert!(again.change.writes.is_empty(), "opened once");
    bench.govern.refresh_watch().await.unwrap();
    (key, id)
}

async fn step(bench: &Bench, id: &str) -> VerificationView {
    bench.govern.next_step(&bench.owner("C1"), id, &Call::default()).await.unwrap().value
}

fn until(view: &VerificationView, test: usize, step: usize) -> Timestamp {
    view.tests[test].steps[step].until.unwrap()
}

/// Moves the clock there.
fn at(bench: &Bench, when: Timestamp) {
    bench.pass(when.micros_since(bench.world.now()));
}

async fn send_code(bench: &Bench, key: &str, view: &VerificationView, step: usize) {
    let line = code_line(bench, key, view, step);
    take(bench, &[(1_000_000 + u64::try_from(step).unwrap(), line)]).await;
}

/// The request that carries the code of this step.
fn code_line(bench: &Bench, key: &str, view: &VerificationView, step: usize) -> AccessLine {
    let draw = view.tests.last().unwrap().steps[step].draw.clone().unwrap();
    let mark = CodeMark::of(&key.parse::<KeyId>().unwrap(), draw["code"].as_str().unwrap()).to_string();
    line(bench, key, "203.0.113.7", true, json!({ "ext": { "code": mark }, "verdict": "deny" }))
}

#[tokio::test]
async fn the_exchange_s_word_passes_no_test_of_control() {
    let bench = asking().await;
    let (key, id) = asked(&bench).await;
    let owner = bench.owner("C1");
    bench.govern.start_test(&owner, &id, &Call::default()).await.unwrap();
    let view = step(&bench, &id).await;
    bench.pass(3 * S);
    let line = code_line(&bench, &key, &view, 0);
    let shown = async || format!("{:?}", bench.govern.verification(&owner, &id).await.unwrap());
    let before = shown().await;
    take_of_exchange(&bench, &[(1_000_000, line.clone())]).await;
    assert_eq!(shown().await, before, "told by the exchange");
    take(&bench, &[(1_000_001, line)]).await;
    assert_ne!(shown().await, before, "seen by a gate");
}

async fn word(bench: &Bench, passed: bool) -> Result<Vec<String>, sumun_govern::Refusal> {
    let word = IdentityWord {
        customer: "C1".parse().unwrap(),
        key: None,
        account: None,
        method: "video_call".into(),
        passed,
        at: bench.world.now(),
        evidence: "ab".repeat(32),
    };
    bench.govern.identity_told(&word).await
}

/// Does every step of a test as it asks; gives the view in the end.
async fn whole_test(bench: &Bench, key: &str, id: &str) -> VerificationView {
    let owner = bench.owner("C1");
    bench.govern.start_test(&owner, id, &Call::default()).await.unwrap();
    for index in 0..2 {
        let view = step(bench, id).await;
        bench.pass(3 * S);
        send_code(bench, key, &view, index).await;
    }
    step(bench, id).await;
    let owner = bench.owner("C1");
    let issued =
        bench.govern.rotate_for_test(&owner, id, &Rotation::default(), &Call::default()).await.unwrap();
    assert!(issued.value.secret.is_some());
    let new = issued.value.key.key;
    let view = bench.govern.verification(&owner, id).await.unwrap();
    assert_eq!(view.key, new, "it follows the key");
    at(bench, view.tests[0].steps[2].from.unwrap().plus_micros(2 * S));
    seen(bench, &new, "203.0.113.7", true).await;
    at(bench, until(&view, 0, 2).plus_micros(5 * S));
    assert_eq!(bench.govern.owner_due().await.unwrap().failed, []);
    bench.govern.verification(&bench.owner("C1"), id).await.unwrap()
}

#[tokio::test]
async fn who_shows_identity_and_control_is_done() {
    let bench = asking().await;
    let (key, id) = asked(&bench).await;
    let owner = bench.owner("C1");
    let view = bench.govern.verification(&owner, &id).await.unwrap();
    insta::assert_snapshot!(words(&view.say).replace(&key, "K1"));
    assert_eq!(word(&bench, true).await.unwrap(), std::slice::from_ref(&id));
    let view = whole_test(&bench, &key, &id).await;
    assert_eq!(
        (view.state, view.identity, view.control),
        (VerificationState::Proved, Half::Passed, Half::Passed)
    );
    assert_eq!(view.tests[0].one_in, ((1_u128 << 36) * (1 << 36) * 6).to_string());
    let told = facts(&bench, "control.ended").await;
    assert_eq!(
        (&told["result"], &told["failures"], &told["state"]),
        (&json!("passed"), &json!(0), &json!("proved"))
    );
    commitments_hold(&bench, &id).await;
    assert_eq!(word(&bench, true).await.unwrap_err().code, "no_verification");
    assert!(bench.govern.start_test(&bench.owner("C1"), &id, &Call::default()).await.is_err());
}

/// What anybody can check with the entries alone: the commitment came first, and each draw shown later fits it.
async fn commitments_hold(bench: &Bench, id: &str) {
    let ledger = bench.ledger().await;
    let place = |class: &str| ledger.iter().position(|(of, _)| of == class).unwrap();
    assert!(place("control.committed") < place("control.revealed"));
    let committed = &ledger[place("control.committed")].1["facts"];
    let mut shown = 0;
    for (_, payload) in ledger.iter().filter(|(class, _)| class == "control.revealed") {
        let facts = &payload["facts"];
        let opened: Opened =
            serde_json::from_value(json!({ "draw": facts["draw"], "salt": facts["salt"] })).unwrap();
        let number = |name: &str| u32::try_from(facts[name].as_u64().unwrap()).unwrap();
        let (test, step) = (number("test"), number("step"));
        let fits = commitment((id, test, step), &opened);
        assert_eq!(committed["steps"][step as usize]["commitment"], json!(fits));
        shown += 1;
    }
    assert_eq!(shown, 3);
    // Before it is shown, no draw stands anywhere in the ledger.
    let revealed = place("control.revealed");
    let code = ledger[revealed].1["facts"]["draw"]["code"].as_str().unwrap();
    let before: Vec<&Value> = ledger[..revealed].iter().map(|(_, payload)| payload).collect();
    assert!(!serde_json::to_string(&before).unwrap().contains(code));
}

#[tokio::test]
async fn a_running_program_is_stopped_and_started() {
    let bench = asking().await;
    let (key, id) = asked(&bench).await;
    // It runs: a request every five seconds, refused or not.
    for _ in 0..30 {
        bench.pass(5 * S);
        seen(&bench, &key, "203.0.113.7", true).await;
    }
    bench.govern.start_test(&bench.owner("C1"), &id, &Call::default()).await.unwrap();
    let view = step(&bench, &id).await;
    insta::assert_snapshot!(
        words(&view.say).replace(&key, "K1").replace(&view.tests[0].commitment, "<commitment>")
    );
    let draw = view.tests[0].steps[0].draw.clone().unwrap();
    let slots = |name: &str| draw[name].as_i64().unwrap();
    let (begin, end) = (view.tests[0].steps[0].from.unwrap(), until(&view, 0, 0));
    let silent = slots("stop")..slots("start");
    while bench.world.now() < end {
        bench.pass(5 * S);
        let slot = bench.world.now().micros_since(begin).div_euclid(slots("slot_s") * S);
        if !silent.contains(&slot) {
            seen(&bench, &key, "203.0.113.7", true).await;
        }
    }
    bench.pass(5 * S);
    bench.govern.owner_due().await.unwrap();
    let view = bench.govern.verification(&bench.owner("C1"), &id).await.unwrap();
    assert_eq!(view.tests[0].steps[0].state, "passed", "{:?}", view.tests[0].steps[0]);
    let written = classes(&bench).await.iter().filter(|class| *class == "control.seen").count();
    assert!(written <= 9, "{written} entries for some fifty requests");
}

#[tokio::test]
async fn two_failures_end_it() {
    let bench = asking().await;
    let (_, id) = asked(&bench).await;
    for failures in 1..=2 {
        bench.govern.start_test(&bench.owner("C1"), &id, &Call::default()).await.unwrap();
        let view = step(&bench, &id).await;
        at(&bench, until(&view, failures - 1, 0).plus_micros(4 * S));
        assert!(bench.govern.owner_due().await.unwrap().verifications.is_empty() || failures == 0);
        bench.pass(S);
        bench.govern.owner_due().await.unwrap();
        let told = facts(&bench, "control.ended").await;
        assert_eq!(
            (&told["result"], &told["failures"], &told["why"]),
            (&json!("failed"), &json!(failures), &json!("no_code"))
        );
        assert_eq!(
            told["shown"].as_array().unwrap().iter().filter(|one| one.is_object()).count(),
            3,
            "every draw can be checked"
        );
    }
    let view = bench.govern.verification(&bench.owner("C1"), &id).await.unwrap();
    assert_eq!((view.state, view.control), (VerificationState::Failed, Half::Failed));
    insta::assert_snapshot!(words(&view.say).replace(&view.key, "K1"));
    let third = bench.govern.start_test(&bench.owner("C1"), &id, &Call::default()).await.unwrap_err();
    assert_eq!(third.code, "verification_over");
}

#[tokio::test]
async fn what_is_on_its_way_from_a_gate_fails_nobody() {
    let bench = asking().await;
    let (_, id) = asked(&bench).await;
    bench.govern.start_test(&bench.owner("C1"), &id, &Call::default()).await.unwrap();
    let view = step(&bench, &id).await;
    let ends = until(&view, 0, 0);
    bench.govern.watch.heard(ends.plus_micros(-1));
    at(&bench, ends.plus_micros(500 * S));
    bench.govern.owner_due().await.unwrap();
    let state = async |index: usize| {
        let view = bench.govern.verification(&bench.owner("C1"), &id).await.unwrap();
        (view.failures, serde_json::to_value(view.tests[index].state).unwrap())
    };
    assert_eq!(state(0).await, (0, json!("open")), "nothing is judged before it is heard");
    bench.pass(101 * S);
    bench.govern.owner_due().await.unwrap();
    assert_eq!(state(0).await, (0, json!("void")), "our trouble counts for nothing");
    bench.govern.start_test(&bench.owner("C1"), &id, &Call::default()).await.unwrap();
    let view = step(&bench, &id).await;
    bench.govern.watch.heard(until(&view, 1, 0));
    at(&bench, until(&view, 1, 0).plus_micros(5 * S));
    bench.govern.owner_due().await.unwrap();
    assert_eq!(state(1).await, (1, json!("failed")));
}

#[tokio::test]
async fn its_time_runs_out() {
    let bench = asking().await;
    let (key, id) = asked(&bench).await;
    word(&bench, false).await.unwrap();
    bench.govern.start_test(&bench.owner("C1"), &id, &Call::default()).await.unwrap();
    bench.pass(86_400 * S);
    assert_eq!(bench.govern.owner_due().await.unwrap().verifications, std::slice::from_ref(&id));
    let view = bench.govern.verification(&bench.owner("C1"), &id).await.unwrap();
    assert_eq!((view.state, view.identity), (VerificationState::TimedOut, Half::Failed));
    // What was done in it happened to the key: its past has it, for whoever decides and for its owner alike, from either end.
    let did = ["verification.identity", "control.committed", "verification.timed_out"];
    let anna = crate::bench::staff("anna", sumun_govern::Role::Analyst);
    for actor in [anna, bench.owner("C1")] {
        let told = bench.govern.key_timeline(&actor, &key, None, 100).await.unwrap();
        let classes: Vec<&str> = told.iter().map(|entry| entry.class.as_str()).collect();
        assert!(classes.ends_with(&did), "{classes:?}");
        let newest = bench.govern.key_timeline_newest(&actor, &key, None, 2).await.unwrap();
        let classes: Vec<&str> = newest.iter().map(|entry| entry.class.as_str()).collect();
        assert_eq!(classes, [did[2], did[1]], "a page from its newest end");
    }
}

#[tokio::test]
async fn nobody_else_takes_the_test() {
    let bench = asking().await;
    let (_, id) = asked(&bench).await;
    let call = Call::default();
    let other = bench.govern.start_test(&bench.owner("C2"), &id, &call).await.unwrap_err();
    assert_eq!(other.code, "not_found");
    let anna = crate::bench::staff("anna", sumun_govern::Role::Analyst);
    assert_eq!(bench.govern.start_test(&anna, &id, &call).await.unwrap_err().code, "owner_only");
    let owner = bench.owner("C1");
    assert_eq!(bench.govern.next_step(&owner, &id, &call).await.unwrap_err().code, "no_test");
    let no = bench.govern.rotate_for_test(&owner, &id, &Rotation::default(), &call).await.unwrap_err();
    assert_eq!(no.code, "no_rotation_asked");
}

/// Who showed his identity before it was asked for has not shown it anew.
#[tokio::test]
async fn what_was_shown_before_counts_for_nothing() {
    let bench = asking().await;
    let (_, id) = asked(&bench).await;
    let early = IdentityWord {
        customer: "C1".parse().unwrap(),
        key: None,
        account: None,
        method: "video_call".into(),
        passed: true,
        at: bench.world.now().plus_micros(-3_600 * S),
        evidence: "cd".repeat(32),
    };
    assert_eq!(bench.govern.identity_told(&early).await.unwrap_err().code, "identity_early");
    let view = bench.govern.verification(&bench.owner("C1"), &id).await.unwrap();
    assert_eq!(view.identity, Half::Outstanding);
}

/// Whoever caught a request can send it again, from wherever: that neither asks the owner nor fails his test.
#[tokio::test]
async fn a_request_sent_again_says_nothing() {
    let bench = asking().await;
    let (key, id) = asked(&bench).await;
    let owner = bench.owner("C1");
    bench.govern.start_test(&owner, &id, &Call::default()).await.unwrap();
    for index in 0..2 {
        let view = step(&bench, &id).await;
        bench.pass(3 * S);
        send_code(&bench, &key, &view, index).await;
    }
    step(&bench, &id).await;
    let new = bench
        .govern
        .rotate_for_test(&bench.owner("C1"), &id, &Rotation::default(), &Call::default())
        .await
        .unwrap()
        .value
        .key
        .key;
    for (number, failed) in [(1, "replay"), (2, "clock")] {
        let mut checks = json!({ "signature": "pass", "replay": "pass", "clock": "pass", "address": "fail" });
        checks[failed] = json!("fail");
        let line = line(&bench, &new, "198.51.100.77", false, json!({ "checks": checks }));
        let saw = take(&bench, &[(2_000_000 + number, line)]).await;
        assert_eq!((saw.asked, saw.proved), (0, 0), "{failed}");
    }
    let view = bench.govern.verification(&bench.owner("C1"), &id).await.unwrap();
    assert_eq!((view.failures, view.tests[0].steps[2].state.as_str()), (0, "running"));
}
