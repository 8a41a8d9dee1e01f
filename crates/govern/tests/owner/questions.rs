//! *Is it you?*

use crate::bench::{DAY, request, staff};
use crate::seen::{asking, classes, facts, line, seen, take, words};
use serde_json::json;
use sumun_govern::owner::questions::{QuestionState, Reply};
use sumun_govern::{Call, Role};
use sumun_store::Filter;

fn page() -> Filter {
    Filter { limit: 100, ..Filter::default() }
}

#[tokio::test]
async fn a_new_address_asks_once_and_counts() {
    let bench = asking().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let first = line(&bench, &key, "198.51.100.9", false, json!({}));
    assert_eq!(take(&bench, &[(10, first.clone())]).await.asked, 1);
    assert_eq!(take(&bench, &[(10, first.clone())]).await.asked, 0, "the same line again");
    for position in 11..20 {
        take(&bench, &[(position, line(&bench, &key, "198.51.100.9", false, json!({})))]).await;
    }
    let owner = bench.owner("C1");
    let found = bench.govern.questions(&owner, page(), (None, None)).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].question.body.count, 8, "written when it doubles");
    insta::assert_snapshot!(words(&found[0].say).replace(&key, "K1"));
    assert_eq!(classes(&bench).await, ["question.asked", "question.seen", "question.seen", "question.seen"]);
    // A line given anew after a start of the process changes nothing.
    let _ = bench.govern.watch.notice(&first, 10);
    assert!(bench.govern.questions(&bench.owner("C2"), page(), (None, None)).await.unwrap().is_empty());
    let other = bench.govern.question(&bench.owner("C2"), &found[0].question.question).await.unwrap_err();
    assert_eq!(other.code, "not_found");
    let anna = crate::bench::staff("anna", Role::Analyst);
    assert_eq!(bench.govern.questions(&anna, page(), (None, None)).await.unwrap().len(), 1);
    let no =
        bench.govern.answer_question(&anna, &found[0].question.question, Reply::Me, &Call::default()).await;
    assert_eq!(no.unwrap_err().code, "owner_only");
}

#[tokio::test]
async fn not_me_ends_the_key_as_leaked() {
    let bench = asking().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let hold = sumun_govern::keys::measures::Hold {
        reason: "a made-up suspicion of this key".into(),
        lesser: "a warning would come too late".into(),
        reviewer: "user:bert".into(),
        due: None,
    };
    bench.govern.hold_key(&staff("anna", Role::Analyst), &key, &hold, &Call::default()).await.unwrap();
    seen(&bench, &key, "198.51.100.9", false).await;
    seen(&bench, &key, "198.51.100.10", false).await;
    let mut owner = bench.owner("C1");
    let open = bench.govern.questions(&owner, page(), (Some(&key), Some("open"))).await.unwrap();
    let id = open[0].question.question.clone();
    owner.second_factor = None;
    let call = Call::default();
    let stale = bench.govern.answer_question(&owner, &id, Reply::NotMe, &call).await.unwrap_err();
    assert_eq!(stale.code, "second_factor_needed");
    let owner = bench.owner("C1");
    let done = bench.govern.answer_question(&owner, &id, Reply::NotMe, &call).await.unwrap();
    assert!(done.committed.unwrap().feed_version.is_some(), "gates learn of it at once");
    assert_eq!(
        (bench.column(&key, "state").await, bench.column(&key, "cause").await),
        (json!("expired"), json!("leaked"))
    );
    // Its case knows the answer and the end, and asks nobody to hear him again.
    let mina = staff("anna", Role::Analyst);
    let wanted = sumun_govern::cases::read::CaseFilter { limit: 10, ..Default::default() };
    let case = bench.govern.cases(&mina, &wanted).await.unwrap().pop().unwrap();
    let shown = bench.govern.case_shown(&mina, &case.case_id).await.unwrap();
    assert!(!shown.missing.iter().any(|step| step == "hear_owner"), "{:?}", shown.missing);
    assert!(shown.missing.iter().any(|step| step == "assess_report_duty"), "the rest stays");
    let last: Vec<_> = shown.timeline.iter().rev().take(2).map(|event| event.kind.as_str()).collect();
    assert_eq!((last, case.body.measure, case.cause.as_str()), (vec!["step", "key_ended"], None, "leaked"));
    assert!(!case.is_looked_into_beside("user:anna"), "the record is nobody's second look");
    let told = facts(&bench, "question.answered").await;
    assert_eq!(
        (&told["report"], &told["key"], &told["cause"]),
        (&json!("owner_denies"), &json!(key), &json!("leaked"))
    );
    assert!(
        bench.govern.questions(&owner, page(), (None, Some("open"))).await.unwrap().is_empty(),
        "the other one too"
    );
    let twice = bench.govern.answer_question(&owner, &id, Reply::Me, &call).await.unwrap_err();
    assert_eq!(twice.code, "question_closed");
    assert_eq!(seen(&bench, &key, "198.51.100.11", false).await.asked, 0, "an ended key asks nobody");
}

#[tokio::test]
async fn questions_end_with_their_key_however_it_ends() {
    let bench = asking().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    seen(&bench, &key, "198.51.100.9", false).await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let open = bench.govern.questions(&owner, page(), (Some(&key), Some("open"))).await.unwrap();
    let id = open[0].question.question.clone();
    bench.govern.revoke_key(&owner, &key, None, &call).await.unwrap();
    let after = bench.govern.question(&owner, &id).await.unwrap();
    assert_eq!(
        (after.question.state, after.question.body.closed.as_deref(), after.question.answer),
        (QuestionState::Lapsed, Some("key_ended"), None)
    );
    assert!(words(&after.say).contains("has ended"), "{}", words(&after.say));
    for _ in 0..4 {
        assert_eq!(seen(&bench, &key, "198.51.100.9", false).await.asked, 0);
    }
    let still = bench.govern.question(&owner, &id).await.unwrap();
    assert_eq!(still.question, after.question, "further requests add nothing");
    let no = bench.govern.answer_question(&owner, &id, Reply::NotMe, &call).await.unwrap_err();
    assert_eq!(no.code, "question_closed");
}

#[tokio::test]
async fn me_registers_the_address() {
    let bench = asking().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    seen(&bench, &key, "198.51.100.9", false).await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let open = bench.govern.questions(&owner, page(), (None, None)).await.unwrap();
    let done =
        bench.govern.answer_question(&owner, &open[0].question.question, Reply::Me, &call).await.unwrap();
    assert_eq!(done.value.question.state, QuestionState::Answered);
    let told = facts(&bench, "question.answered").await;
    assert_eq!(
        (&told["report"], &told["addresses"][0]["prefix"]),
        (&json!("owner_confirms"), &json!("198.51.100.9/32"))
    );
    assert_eq!(seen(&bench, &key, "198.51.100.9", false).await.proved, 1, "the bot tries again by itself");
    assert!(bench.govern.addresses(&owner, &key).await.unwrap().iter().all(|address| address.in_effect));
}

/// He registered and proved the address by himself before he answered: nothing is left to ask.
#[tokio::test]
async fn what_was_proved_meanwhile_is_asked_no_more() {
    let bench = asking().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    seen(&bench, &key, "198.51.100.9", false).await;
    seen(&bench, &key, "198.51.100.77", false).await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let new = "198.51.100.9/32".parse().unwrap();
    bench.govern.register_address(&owner, &key, new, &call).await.unwrap();
    let open = async || {
        let found = bench.govern.questions(&owner, page(), (Some(&key), Some("open"))).await.unwrap();
        let mut found: Vec<_> = found.into_iter().map(|one| one.question.address).collect();
        found.sort();
        found
    };
    assert_eq!(open().await, ["198.51.100.77", "198.51.100.9"], "registered is not proved");
    assert_eq!(seen(&bench, &key, "198.51.100.9", false).await.proved, 1);
    assert_eq!(open().await, ["198.51.100.77"], "of the other one it is still asked");
}

#[tokio::test]
async fn unanswered_it_lapses_and_nothing_follows() {
    let bench = asking().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    seen(&bench, &key, "198.51.100.9", false).await;
    bench.pass(7 * DAY);
    assert_eq!(bench.govern.owner_due().await.unwrap().lapsed_questions.len(), 1);
    let owner = bench.owner("C1");
    let found = bench.govern.questions(&owner, page(), (None, None)).await.unwrap();
    assert_eq!(found[0].question.state, QuestionState::Lapsed);
    assert_eq!(bench.column(&key, "state").await, json!("active"));
    assert_eq!(seen(&bench, &key, "198.51.100.9", false).await.asked, 1, "another day, another question");
}

#[tokio::test]
async fn a_flood_of_addresses_does_not_bury_the_owner() {
    let bench = asking().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    for n in 1..40 {
        seen(&bench, &key, &format!("198.51.100.{n}"), false).await;
    }
    let owner = bench.owner("C1");
    assert_eq!(bench.govern.questions(&owner, page(), (None, None)).await.unwrap().len(), 8);
}
