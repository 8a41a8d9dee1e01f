//! Notices and objections.

use crate::bench::request;
use crate::seen::{asking, facts, seen, words};
use serde_json::json;
use sumun_govern::Call;
use sumun_govern::owner::objections::ObjectionState;
use sumun_store::Filter;
use sumun_store::tables::{CASES, KEYS, NOTICES};

fn page() -> Filter {
    Filter { limit: 100, ..Filter::default() }
}

#[tokio::test]
async fn a_notice_says_what_to_do_and_is_acknowledged() {
    let bench = asking().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    seen(&bench, &key, "198.51.100.9", false).await;
    let owner = bench.owner("C1");
    let all = bench.govern.letters(&owner, page(), (None, None)).await.unwrap();
    let asked = all.iter().find(|letter| letter.kind == "question.asked").unwrap();
    insta::assert_snapshot!(words(&asked.say).replace(&key, "K1"));
    assert!(bench.govern.letters(&bench.owner("C2"), page(), (None, None)).await.unwrap().is_empty());
    let call = Call::default();
    let other = bench.govern.acknowledge(&bench.owner("C2"), &asked.notice, &call).await.unwrap_err();
    assert_eq!(other.code, "not_found");
    let done = bench.govern.acknowledge(&owner, &asked.notice, &call).await.unwrap().value;
    assert!(done.acknowledged_us.is_some());
    bench.pass(1_000_000);
    let again = bench.govern.acknowledge(&owner, &asked.notice, &call).await.unwrap().value;
    assert_eq!(again.acknowledged_us, done.acknowledged_us, "the first time counts");
    let nothing =
        bench.govern.object(&owner, &asked.notice, "this was my own new server", &call).await.unwrap_err();
    assert_eq!(nothing.code, "nothing_to_object_to");
}

#[tokio::test]
async fn whoever_names_a_key_does_not_write_the_mail() {
    let bench = asking().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    seen(&bench, &key, "198.51.100.9", false).await;
    let planted = "bot’ \u{202e}https://evil.example/ www.evil.example ‘";
    bench.alter(&KEYS, &key, "application", json!(planted)).await;
    let all = bench.govern.letters(&bench.owner("C1"), page(), (None, None)).await.unwrap();
    let end = &key[key.len() - 6..];
    for notice in &all {
        let ready = bench.govern.notice_ready(&notice.notice).await.unwrap().unwrap();
        for letter in [ready.ko, ready.en] {
            let text = format!("{}\n{}", letter.subject, letter.body.join("\n"));
            for bad in ["://", "www.", "evil.", "\u{202e}", "bot’"] {
                assert!(!text.contains(bad), "{text}");
            }
            let shown = format!("‘bot https\u{b7}\u{b7}\u{b7}evil\u{b7}example/ www…’ …{end}");
            assert!(letter.subject.contains(&shown), "{}", letter.subject);
            assert!(letter.body.iter().any(|line| line.contains(&shown)), "{:?}", letter.body);
        }
    }
    assert!(all.len() >= 2, "its issue and a question");
}

#[tokio::test]
async fn an_objection_is_followed_to_its_end() {
    let bench = asking().await;
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    seen(&bench, &key, "198.51.100.9", false).await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let all = bench.govern.letters(&owner, page(), (None, None)).await.unwrap();
    let notice = all[0].notice.clone();
    bench.alter(&NOTICES, &notice, "case_id", json!("CA1")).await;
    bench
        .put(
            &CASES,
            json!({"case_id": "CA1", "subject": format!("key:{key}"), "state": "open", "members": [key], "cause": "lent",
                   "assignee": null, "priority": 1, "opened_us": 1, "due_us": null, "outcome": null, "closed_us": null,
                   "body": {}, "version": 1}),
        )
        .await;
    let made =
        bench.govern.object(&owner, &notice, "the second address is my office", &call).await.unwrap().value;
    assert_eq!(made.state, ObjectionState::Received);
    assert_eq!(facts(&bench, "objection.made").await["case_id"], json!("CA1"));
    let again =
        bench.govern.object(&owner, &notice, "the second address is my office", &call).await.unwrap().value;
    assert_eq!(again.objection, made.objection, "sent twice, one objection");
    bench.alter(&CASES, "CA1", "assignee", json!("user:anna")).await;
    let shown = bench.govern.objection(&owner, &made.objection).await.unwrap();
    assert_eq!(shown.state, ObjectionState::InReview);
    bench.alter(&CASES, "CA1", "closed_us", json!(5)).await;
    bench.alter(&CASES, "CA1", "outcome", json!("false_positive")).await;
    let shown = bench.govern.objections(&owner, page(), None).await.unwrap();
    assert_eq!(shown[0].state, ObjectionState::Upheld);
    assert_eq!(bench.govern.objections(&owner, page(), Some(&key)).await.unwrap(), shown, "of that key");
    assert!(bench.govern.objections(&owner, page(), Some("K0")).await.unwrap().is_empty());
    assert!(!serde_json::to_string(&shown).unwrap().contains("CA1"), "the case is not shown");
    assert!(bench.govern.objections(&bench.owner("C2"), page(), None).await.unwrap().is_empty());
}
