//! What whoever decides reads first, how a proposal that is no longer wanted says so, and a forced end on a ground from its proposal to the record.

use crate::bench::{Bench, request, staff, yes};
use crate::findings::all;
use crate::ladder::{batch, bench};
use serde_json::json;
use sumun_govern::approvals::{Approval, ApprovalState};
use sumun_govern::keys::ground::Ground;
use sumun_govern::{Call, Role};
use sumun_model::FindingId;
use sumun_store::Filter;
use sumun_store::tables::{APPROVALS, MEASURES};

const WHY: &str = "used from two countries within a minute";
const LESSER: &str = "a warning would come too late";

/// The approval of what policy proposed last.
async fn proposed(bench: &Bench) -> Approval {
    let rows = all(bench, &APPROVALS).await;
    let row = rows.into_iter().rfind(|row| row["action"] == "key.measure").unwrap();
    bench.govern.approval(&staff("anna", Role::Analyst), row["approval"].as_str().unwrap()).await.unwrap()
}

#[tokio::test]
async fn what_a_proposal_rests_on_is_told_to_whoever_decides() {
    let bench = bench().await;
    let (call, owner) = (Call::default(), bench.owner("C1"));
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    bench.govern.take_findings(&batch(1, 1, &key, &[("want", "reverify")])).await.unwrap();
    let letters =
        bench.govern.letters(&owner, Filter { limit: 9, ..Filter::default() }, (None, None)).await.unwrap();
    let letter = letters.iter().find(|letter| letter.kind == "measure.reverify").unwrap();
    bench.govern.object(&owner, &letter.notice, "that was my office", &call).await.unwrap();
    bench.govern.take_findings(&batch(2, 2, &key, &[("want", "expire"), ("mode", "propose")])).await.unwrap();
    let approval = proposed(&bench).await;
    let bert = staff("bert", Role::Approver);
    let grounds = bench.govern.approval_grounds(&bert, &approval).await.unwrap().unwrap();
    assert_eq!((grounds.key.as_str(), grounds.measure.as_str()), (key.as_str(), "expire"));
    let measure = all(&bench, &MEASURES).await.into_iter().find(|row| row["state"] == "proposed").unwrap();
    assert_eq!(json!(grounds.case_id), measure["case_id"]);
    assert_eq!(grounds.signals.iter().map(|signal| signal.id).collect::<Vec<_>>(), [FindingId::of([2; 16])]);
    let came = grounds.reverification.unwrap();
    assert_eq!((came.tests, came.failures, came.tries_left), (0, 0, 2));
    let told: Vec<_> = grounds.objections.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(told, ["that was my office"], "what its owner said is read before anybody agrees");
    assert!(grounds.owner_told);
    // Nobody outside reads it, and an approval of another kind rests on no measure.
    assert!(bench.govern.approval_grounds(&owner, &approval).await.unwrap().is_none());
    let issue = Approval { action: "key.grant".to_owned(), ..approval };
    assert!(bench.govern.approval_grounds(&bert, &issue).await.unwrap().is_none());
}

#[tokio::test]
async fn a_withdrawn_approval_says_by_whom_and_why() {
    let bench = bench().await;
    let (call, owner) = (Call::default(), bench.owner("C1"));
    let anna = staff("anna", Role::Analyst);
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    bench.govern.take_findings(&batch(1, 1, &key, &[("want", "hold"), ("mode", "propose")])).await.unwrap();
    let open = proposed(&bench).await;
    assert_eq!(bench.govern.approval_withdrawn(&anna, &open).await.unwrap(), None, "it waits");
    // Its owner ends the key over it.
    bench.govern.revoke_key(&owner, &key, None, &call).await.unwrap();
    let closed = bench.govern.approval(&anna, &open.approval).await.unwrap();
    assert_eq!(closed.state, ApprovalState::Withdrawn);
    let told = bench.govern.approval_withdrawn(&anna, &closed).await.unwrap().unwrap();
    assert_eq!(told.by, owner.principal);
    assert_eq!(told.because.en, "The key has ended, and nothing is left to decide (its owner ended it).");
    assert_eq!(told.because.ko, "키가 종료되어 더 결정할 것이 없습니다 (소유자가 종료함).");
    assert_eq!(bench.ledger().await[usize::try_from(told.entry).unwrap()].0, "key.expired");
    // Who asked for it takes it back; the owner of a key learns no name.
    let (key, _) = bench.issued(&request("portfolio", &["read"])).await;
    let bert = staff("bert", Role::Approver);
    let asked = bench.govern.expire_key(&bert, &key, (WHY, LESSER), &call).await.unwrap().value;
    let taken = bench.govern.withdraw_approval(&bert, &asked.waits_for[0], &call).await.unwrap().value;
    let told = bench.govern.approval_withdrawn(&anna, &taken).await.unwrap().unwrap();
    assert_eq!(
        (told.by.as_str(), told.because.en.as_str()),
        ("user:bert", "Whoever asked for it took it back.")
    );
    let outside = bench.govern.approval_withdrawn(&owner, &taken).await.unwrap().unwrap();
    assert_eq!((outside.by.as_str(), outside.reason), ("staff", None));
}

#[tokio::test]
async fn a_forced_end_on_a_ground_says_it_from_its_proposal_to_the_record() {
    let bench = bench().await;
    let (call, owner) = (Call::default(), bench.owner("C1"));
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let ground = Some(Ground::UsedByOthers);
    let bert = staff("bert", Role::Approver);
    let asked = bench.govern.expire_key_on(&bert, &key, (WHY, LESSER), ground, &call).await.unwrap().value;
    let word = json!("used_by_others");
    assert_eq!(bench.ledger().await.pop().unwrap().1["facts"]["ground"], word, "asked for");
    let id = &asked.waits_for[0];
    for name in ["dora", "emil"] {
        let approver = staff(name, Role::Approver);
        let shown = bench.govern.approval(&approver, id).await.unwrap();
        assert_eq!(shown.request["ground"], word, "read before it is agreed to");
        bench.govern.decide(&approver, id, &yes(), &call).await.unwrap();
    }
    assert_eq!(bench.column(&key, "cause").await, json!("forced"));
    let (class, entry) = bench.ledger().await.pop().unwrap();
    assert_eq!((class.as_str(), &entry["facts"]["ground"]), ("key.expired", &word));
    let letters =
        bench.govern.letters(&owner, Filter { limit: 9, ..Filter::default() }, (None, None)).await.unwrap();
    let letter = letters.iter().find(|letter| letter.kind == "key.expired").unwrap();
    let codes: Vec<_> = letter.say.iter().map(|said| said.code.as_str()).collect();
    assert!(codes.contains(&"key.ground.used_by_others"), "{codes:?}");
    assert!(letter.say.iter().all(|said| !said.en.contains(WHY)), "staff's own words stay inside");
}
