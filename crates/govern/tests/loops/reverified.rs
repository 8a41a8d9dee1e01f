//! What an owner does in his re-verification stands on the timeline of the case that asked for it, in order and in words of both languages.

use crate::bench::{Bench, request, staff};
use crate::findings::all;
use crate::ladder::{batch, bench};
use serde_json::json;
use sumun_govern::measures::said::kept_reason_said;
use sumun_govern::owner::identity::IdentityWord;
use sumun_govern::{Call, Role, World};
use sumun_store::tables::{MEASURES, VERIFICATIONS};

const SECOND: i64 = 1_000_000;

/// What the case's timeline says of it: what, who, and in words.
async fn told(bench: &Bench, case_id: &str) -> Vec<(String, String, String, String)> {
    let shown = bench.govern.case_shown(&staff("anna", Role::Analyst), case_id).await.unwrap();
    let of = shown.timeline.iter().filter(|event| event.kind == "reverification");
    of.map(|event| {
        let said = kept_reason_said(&event.body["why"]).unwrap();
        (event.body["what"].as_str().unwrap().to_owned(), event.by.clone(), said.ko, said.en)
    })
    .collect()
}

#[tokio::test]
async fn how_a_re_verification_goes_is_told_on_its_cases_timeline() {
    let bench = bench().await;
    let (call, owner) = (Call::default(), bench.owner("C1"));
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    bench.govern.take_findings(&batch(1, 1, &key, &[("want", "reverify")])).await.unwrap();
    let measures = all(&bench, &MEASURES).await;
    let case_id = measures.iter().find(|row| row["measure"] == "reverify").unwrap()["case_id"].clone();
    let case_id = case_id.as_str().unwrap();
    let verification = all(&bench, &VERIFICATIONS).await.remove(0);
    let id = verification["verification"].as_str().unwrap();
    assert_eq!(told(&bench, case_id).await, [], "asked, and nothing done yet");
    let word = IdentityWord {
        customer: "C1".parse().unwrap(),
        key: None,
        account: None,
        method: "video_call".into(),
        passed: true,
        at: bench.world.now(),
        evidence: "ab".repeat(32),
    };
    bench.pass(SECOND);
    bench.govern.identity_told(&word).await.unwrap();
    bench.govern.start_test(&owner, id, &call).await.unwrap();
    let events = told(&bench, case_id).await;
    let what: Vec<_> = events.iter().map(|(what, ..)| what.as_str()).collect();
    assert_eq!(what, ["identity_passed", "test_begun"]);
    assert_eq!(events[1].1, owner.principal, "who began it");
    let said: Vec<_> = events.iter().map(|(_, _, ko, en)| format!("{ko} {en}")).collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    거래소가 본인을 다시 확인했습니다. The exchange verified the owner's identity anew.
    소유자가 1번째 통제권 확인을 시작했습니다. The owner began control test 1.
    ");
    let shown = bench.govern.case_shown(&staff("anna", Role::Analyst), case_id).await.unwrap().timeline;
    let keys: Vec<_> =
        shown.iter().filter(|one| one.kind == "reverification").map(|one| &one.body["key"]).collect();
    assert_eq!(keys, [&json!(key); 2]);
}
