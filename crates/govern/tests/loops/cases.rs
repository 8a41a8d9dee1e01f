//! Cases: nothing required is skipped, a decision holds for all members or none, and what was wrong is undone member by member.

use crate::bench::{Bench, request, staff};
use crate::ladder::{assessment, batch, bench, clustered};
use serde_json::json;
use sumun_govern::cases::plan::{Choice, MemberDecision};
use sumun_govern::cases::read::CaseFilter;
use sumun_govern::cases::work::Work;
use sumun_govern::cases::{CaseOutcome, MemberState};
use sumun_govern::{Call, Role};
use sumun_store::tables::KEYS;

const WHY: &str = "looked at it together with his bank";

async fn only_case(bench: &Bench) -> String {
    let wanted = CaseFilter { state: Some("open".into()), limit: 10, ..CaseFilter::default() };
    let cases = bench.govern.cases(&staff("anna", Role::Analyst), &wanted).await.unwrap();
    assert_eq!(cases.len(), 1);
    cases[0].case_id.clone()
}

fn decision(key: &str, choice: Choice) -> MemberDecision {
    MemberDecision { key: key.into(), choice, reason: WHY.into() }
}

#[tokio::test]
async fn a_case_does_not_close_over_a_step_that_is_neither_done_nor_waived() {
    let bench = bench().await;
    let (call, anna, bert) = (Call::default(), staff("anna", Role::Analyst), staff("bert", Role::Approver));
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    bench.govern.take_findings(&batch(1, 1, &key, &[("want", "hold")])).await.unwrap();
    let id = only_case(&bench).await;
    let dora = staff("dora", Role::Approver);
    let work = |actor, work| {
        let (govern, id, call) = (&bench.govern, &id, &call);
        async move { govern.work_case(actor, id, work, call).await }
    };
    work(&anna, Work::Assign("user:anna")).await.unwrap();
    let assigned = work(&anna, Work::Assign("anna")).await.unwrap().value;
    assert_eq!(assigned.assignee.as_deref(), Some("user:anna"));
    assert_eq!(work(&anna, Work::Assign("token:anna")).await.unwrap_err().code, "assignee_unknown");
    assert_eq!(work(&anna, Work::StepDone("hear_ownr", "ok")).await.unwrap_err().code, "step_unknown");
    work(&anna, Work::Comment("he called from the train")).await.unwrap();
    let close = Work::Close(CaseOutcome::FalsePositive, WHY);
    let refused = work(&anna, close).await.unwrap_err();
    assert_eq!(refused.code, "playbook_open");
    let missing = bench.govern.case_shown(&anna, &id).await.unwrap().missing;
    assert_eq!(missing.len(), 6, "{missing:?}");
    for step in missing.iter().filter(|step| *step != "hear_owner") {
        work(&anna, Work::StepDone(step, "done, and on record")).await.unwrap();
    }
    assert_eq!(work(&bert, Work::Waive("hear_owner", WHY)).await.unwrap_err().code, "step_settled");
    work(&bert, Work::AskWaiver("hear_owner", WHY)).await.unwrap();
    assert_eq!(work(&bert, Work::Waive("hear_owner", WHY)).await.unwrap_err().code, "own_waiver");
    assert_eq!(work(&anna, Work::Waive("hear_owner", WHY)).await.unwrap_err().code, "forbidden");
    work(&dora, Work::Waive("hear_owner", WHY)).await.unwrap();
    assert_eq!(
        work(&anna, close).await.unwrap_err().code,
        "cut_open",
        "nothing held against it, and still cut"
    );
    let decided =
        bench.govern.decide_case(&anna, &id, &[decision(&key, Choice::Exonerate)], &call).await.unwrap();
    assert_eq!(decided.value.members[0].state, MemberState::Exonerated);
    assert_eq!(bench.column(&key, "measure").await, json!(null));
    work(&anna, close).await.unwrap();
    assert_eq!(work(&anna, Work::Comment("one thing more")).await.unwrap_err().code, "case_closed");
    let timeline = bench.govern.case_shown(&anna, &id).await.unwrap().timeline;
    let kinds: Vec<_> = timeline.iter().map(|event| event.kind.as_str()).collect();
    for kind in
        ["opened", "measure", "assigned", "comment", "step", "waiver_asked", "waived", "decision", "closed"]
    {
        assert!(kinds.contains(&kind), "{kind} is not in {kinds:?}");
    }
}

#[tokio::test]
async fn members_are_decided_about_at_once_and_each_for_himself() {
    let bench = bench().await;
    let (call, anna) = (Call::default(), staff("anna", Role::Analyst));
    let (one, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let (two, _) = bench.issued(&request("portfolio", &["read"])).await;
    let findings = sumun_govern::detection::Findings {
        signals: vec![],
        assessments: vec![
            clustered(assessment(1, &one, &[("want", "hold")]), 9),
            clustered(assessment(2, &two, &[("want", "hold")]), 9),
        ],
    };
    bench.govern.take_findings(&findings).await.unwrap();
    let id = only_case(&bench).await;
    let plan = bench.govern.case_plan(&anna, &id).await.unwrap();
    assert_eq!(plan.len(), 2);
    assert!(
        plan.iter().all(|member| member.measures.len() == 1 && member.choices.contains(&Choice::Exonerate))
    );
    let twice = [decision(&one, Choice::Keep), decision(&one, Choice::Lift)];
    assert_eq!(bench.govern.decide_case(&anna, &id, &twice, &call).await.unwrap_err().code, "member_twice");
    let stranger = [decision("K-nobody", Choice::Keep)];
    assert_eq!(
        bench.govern.decide_case(&anna, &id, &stranger, &call).await.unwrap_err().code,
        "member_unknown"
    );
    let before = bench.govern.store.head().size;
    let both = [decision(&one, Choice::Exonerate), decision(&two, Choice::Lift)];
    bench.govern.decide_case(&anna, &id, &both, &call).await.unwrap();
    assert_eq!(bench.govern.store.head().size, before + 1, "one decision, one entry");
    assert_eq!(bench.column(&one, "measure").await, json!(null));
    assert_eq!(bench.column(&two, "measure").await, json!(null));
    let case = bench.govern.case_shown(&anna, &id).await.unwrap().case;
    let states: Vec<_> = case.members.iter().map(|member| (member.key == one, member.state)).collect();
    assert!(
        states.contains(&(true, MemberState::Exonerated))
            && states.contains(&(false, MemberState::Suspected))
    );
}

/// The most pressing first, and no more than the day's budget.
#[tokio::test]
async fn the_queue_is_by_priority() {
    let bench = bench().await;
    let (one, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let (two, _) = bench.issued(&request("portfolio", &["read"])).await;
    bench.govern.take_findings(&batch(1, 1, &one, &[("want", "monitor")])).await.unwrap();
    bench.pass(1);
    bench.govern.take_findings(&batch(2, 2, &two, &[("want", "hold")])).await.unwrap();
    let queue = bench.govern.case_queue(&staff("anna", Role::Analyst)).await.unwrap();
    let subjects: Vec<_> = queue.iter().map(|case| case.subject.clone()).collect();
    assert_eq!(subjects, [format!("key:{two}"), format!("key:{one}")]);
}

/// A case that a cluster's took up left its measures behind: they are cuts of the cluster's case all the same.
#[tokio::test]
async fn a_case_that_took_another_up_does_not_close_over_its_cut() {
    let bench = bench().await;
    let (call, anna) = (Call::default(), staff("anna", Role::Analyst));
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    bench.govern.take_findings(&batch(1, 1, &key, &[("want", "hold")])).await.unwrap();
    bench.pass(1);
    let stricter = assessment(2, &key, &[("want", "reverify"), ("mode", "propose")]);
    let findings =
        sumun_govern::detection::Findings { signals: vec![], assessments: vec![clustered(stricter, 9)] };
    bench.govern.take_findings(&findings).await.unwrap();
    let id = only_case(&bench).await;
    for step in bench.govern.case_shown(&anna, &id).await.unwrap().missing {
        bench
            .govern
            .work_case(&anna, &id, Work::StepDone(&step, "done, and on record"), &call)
            .await
            .unwrap();
    }
    let close = Work::Close(CaseOutcome::FalsePositive, WHY);
    assert_eq!(bench.govern.work_case(&anna, &id, close, &call).await.unwrap_err().code, "cut_open");
}

/// What identity and control were asked for is given back by two: one looked into it, another decides.
#[tokio::test]
async fn nobody_ends_a_renewed_verification_alone() {
    let bench = bench().await;
    let (call, anna, bert) = (Call::default(), staff("anna", Role::Analyst), staff("bert", Role::Approver));
    let (key, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    bench.govern.take_findings(&batch(1, 1, &key, &[("want", "reverify")])).await.unwrap();
    let id = only_case(&bench).await;
    let govern = &bench.govern;
    for choice in [Choice::Lift, Choice::Exonerate] {
        let alone = govern.decide_case(&anna, &id, &[decision(&key, choice)], &call).await.unwrap_err();
        assert_eq!(alone.code, "own_case");
    }
    let did = Work::StepDone("review_evidence", "done, and on record");
    govern.work_case(&anna, &id, did, &call).await.unwrap();
    let lift = [decision(&key, Choice::Lift)];
    assert_eq!(govern.decide_case(&anna, &id, &lift, &call).await.unwrap_err().code, "own_case");
    govern.decide_case(&bert, &id, &lift, &call).await.unwrap();
    assert_eq!(bench.column(&key, "measure").await, json!(null));
}

/// Where no key lives any more nothing presses: such a case stands last, however its keys ended, until a living key joins it.
#[tokio::test]
async fn a_case_whose_keys_have_all_ended_is_looked_at_last() {
    let bench = bench().await;
    let (call, anna) = (Call::default(), staff("anna", Role::Analyst));
    let mut keys = Vec::new();
    let wanted = ["expire", "hold", "warn", "monitor", "reverify"];
    for _ in wanted {
        keys.push(bench.issued(&request("portfolio", &["read"])).await.0);
    }
    for ((key, want), n) in keys.iter().zip(wanted).zip(1_u8..) {
        bench.govern.take_findings(&batch(n, n.into(), key, &[("want", want)])).await.unwrap();
    }
    let queue = async || {
        let cases = bench.govern.case_queue(&anna).await.unwrap();
        let at = |key: &String| keys.iter().position(|known| known == key).unwrap();
        cases.iter().map(|case| at(&case.members[0].key)).collect::<Vec<_>>()
    };
    assert_eq!(queue().await, [4, 1, 2, 3, 0], "the one that was ended by force is last");
    bench.govern.revoke_key(&bench.owner("C1"), &keys[4], None, &call).await.unwrap();
    assert_eq!(queue().await, [1, 2, 3, 0, 4], "and that which its owner ended, by their ranks");
    // What runs out by the clock likewise.
    bench.alter(&KEYS, &keys[2], "expires_us", json!(bench.govern.world.now().as_micros())).await;
    bench.alter(&KEYS, &keys[2], "next_due_us", json!(bench.govern.world.now().as_micros())).await;
    let run = bench.govern.due().await.unwrap();
    assert_eq!((run.ended.as_slice(), run.failed.len()), (&keys[2..3], 0));
    assert_eq!(queue().await, [1, 3, 0, 4, 2]);
}

/// One key of several has ended: the case goes on.
#[tokio::test]
async fn a_case_with_a_living_key_keeps_its_place() {
    let bench = bench().await;
    let anna = staff("anna", Role::Analyst);
    let (one, _) = bench.issued(&request("own_bot", &["read", "trade"])).await;
    let (two, _) = bench.issued(&request("portfolio", &["read"])).await;
    for (n, key) in [(1, &one), (2, &two)] {
        let mut found = batch(n, n.into(), key, &[("want", "warn")]);
        found.assessments = vec![clustered(found.assessments.remove(0), 9)];
        bench.govern.take_findings(&found).await.unwrap();
    }
    let rank = async || bench.govern.case_queue(&anna).await.unwrap()[0].priority;
    let before = rank().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    bench.govern.revoke_key(&owner, &one, None, &call).await.unwrap();
    assert_eq!(rank().await, before);
    bench.govern.revoke_key(&owner, &two, None, &call).await.unwrap();
    assert!(rank().await < 0);
}
