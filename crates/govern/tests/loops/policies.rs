//! Policies: the shipped one begins, another comes by two persons, and the record says under which one each measure was taken.

use crate::bench::{Bench, staff, yes};
use crate::ladder::assessment;
use serde_json::json;
use sumun_govern::keys::due::clock_actor;
use sumun_govern::policies::dry_run::Tried;
use sumun_govern::policies::{PolicyState, SHIPPED};
use sumun_govern::{Actor, Call, Role};
use sumun_model::Measure;

fn operator() -> Actor {
    Actor { principal: "system:operator".into(), ..clock_actor() }
}

async fn lead(bench: &Bench, name: &str) -> Actor {
    let user = json!({"user": name, "name": "Made Up Example", "email": null, "roles": ["compliance_lead"], "state": "active",
        "credential": null, "invite": null, "invite_until_us": null, "invited_by": "system:setup", "created_us": 0, "version": 1});
    bench.put(&sumun_store::tables::USERS, user).await;
    staff(name, Role::ComplianceLead)
}

fn next_version() -> String {
    let version = |n: u32| format!("version = {n}");
    let at = (1..100).find(|n| SHIPPED.contains(&version(*n))).unwrap();
    SHIPPED.replacen(&version(at), &version(at + 1), 1)
}

#[tokio::test]
async fn a_policy_comes_by_two_persons_and_the_former_one_retires() {
    let bench = Bench::new().await;
    let (govern, call) = (&bench.govern, Call::default());
    assert_eq!(govern.take_findings(&Default::default()).await.unwrap_err().code, "policy_missing");
    govern.adopt_first_policy(&operator(), SHIPPED).await.unwrap();
    govern.adopt_first_policy(&operator(), SHIPPED).await.unwrap();
    let first = govern.policy().unwrap();
    let (lina, omar) = (lead(&bench, "lina").await, lead(&bench, "omar").await);
    let bad = govern.propose_policy(&lina, "[policy]\nid = 3", &call).await.unwrap_err();
    assert_eq!(bad.code, "policy_bad");
    assert_eq!(govern.propose_policy(&lina, SHIPPED, &call).await.unwrap_err().code, "policy_known");
    let weak = next_version().replacen("must = [\"enter expire act\"]", "must = [\"enter hold act\"]", 1);
    let refused = govern.propose_policy(&lina, &weak, &call).await.unwrap_err();
    assert_eq!(refused.code, "policy_unsound");
    assert!(refused.to_string().contains("must follow and did not"), "{refused}");
    let proposed = govern.propose_policy(&lina, &next_version(), &call).await.unwrap().value;
    assert_eq!((proposed.policy.state, proposed.differs.len()), (PolicyState::Proposed, 4));
    let why = "version two is the same, for a test";
    let asked = govern.activate_policy(&lina, &proposed.policy.policy, why, &call).await.unwrap().value;
    let approval = asked.waits_for.unwrap();
    assert_eq!(govern.decide(&lina, &approval, &yes(), &call).await.unwrap_err().code, "own_request");
    govern.decide(&omar, &approval, &yes(), &call).await.unwrap();
    let now = govern.policy().unwrap();
    assert_eq!((now.policy.as_str(), now.digest == first.digest), (proposed.policy.policy.as_str(), false));
    let states: Vec<_> =
        govern.policies(&lina, None, 10).await.unwrap().into_iter().map(|row| row.state).collect();
    assert_eq!(states, [PolicyState::Retired, PolicyState::Active]);
    let refused = govern.retire_policy(&lina, &now.policy, why, &call).await.unwrap_err();
    assert_eq!(refused.code, "policy_state");
}

/// The shipped ladder on a key of which nothing is held: an entry, and no more.
#[tokio::test]
async fn the_shipped_ladder_holds_nothing_against_a_quiet_key() {
    let bench = Bench::new().await;
    bench.govern.adopt_first_policy(&operator(), SHIPPED).await.unwrap();
    let (key, _) = bench.issued(&crate::bench::request("own_bot", &["read", "trade"])).await;
    let findings =
        sumun_govern::detection::Findings { signals: vec![], assessments: vec![assessment(1, &key, &[])] };
    let taken = bench.govern.take_findings(&findings).await.unwrap();
    assert_eq!((taken.turned.len(), taken.failed.len(), taken.turned[0].measure), (1, 0, None));
}

/// What a policy would do is told, and nothing of it happens.
#[tokio::test]
async fn a_dry_run_counts_where_keys_would_stand_and_writes_nothing() {
    let bench = Bench::new().await;
    let govern = &bench.govern;
    govern.adopt_first_policy(&operator(), SHIPPED).await.unwrap();
    let (key, _) = bench.issued(&crate::bench::request("own_bot", &["read", "trade"])).await;
    let findings =
        sumun_govern::detection::Findings { signals: vec![], assessments: vec![assessment(1, &key, &[])] };
    govern.take_findings(&findings).await.unwrap();
    let lina = lead(&bench, "lina").await;
    let before = bench.ledger().await.len();

    let named = Tried::Named(govern.policy().unwrap().policy.clone());
    let same = govern.policy_dry_run(&lina, &named, None).await.unwrap();
    assert_eq!((same.checked, same.changed_total, same.next), (1, 0, None));
    assert!(same.counts.iter().all(|count| (count.now, count.would) == (0, 0)), "{:?}", same.counts);

    let always = "[[segments.default.rules]]\nid = \"everybody\"\nmeasure = \"monitor\"\nact = \"machine\"\n\
                  when = 'sharing.points >= 0'\nreason = { ko = \"모두\", en = \"Everybody\" }\n\n[[segments.default.rules]]";
    let strict = Tried::Text(next_version().replacen("[[segments.default.rules]]", always, 1));
    let run = govern.policy_dry_run(&lina, &strict, None).await.unwrap();
    let moved: Vec<_> =
        run.changed.iter().map(|one| (one.key.as_str(), one.now, one.would, one.proposes)).collect();
    assert_eq!(moved, [(key.as_str(), None, Some(Measure::Monitor), None)]);
    assert_eq!((run.counts[0].measure, run.counts[0].now, run.counts[0].would), (Measure::Monitor, 0, 1));
    assert!(run.problems.iter().all(|problem| problem.line > 0), "{:?}", run.problems);
    assert_eq!(govern.policy_dry_run(&lina, &strict, Some(key.clone())).await.unwrap().checked, 0);

    let none = govern.policy_dry_run(&lina, &Tried::Text("[policy]\nid = 3".to_owned()), None).await.unwrap();
    assert_eq!((none.policy, none.checked, none.problems[0].code), (None, 0, "unreadable"));
    let missing = govern.policy_dry_run(&lina, &Tried::Named("none@1".to_owned()), None).await.unwrap_err();
    assert_eq!(missing.code, "not_found");
    assert_eq!(bench.ledger().await.len(), before);
    assert_eq!(bench.column(&key, "measure").await, json!(null));
}

/// What detection would refuse of a text keeps it from being proposed.
#[tokio::test]
async fn a_policy_with_parameters_that_mean_nothing_is_not_proposed() {
    let mut bench = Bench::new().await;
    let nonsense = |text: &str| {
        let at = text.lines().position(|line| line == "window_s = 0");
        at.map(|at| sumun_policy::Problem { line: at + 1, column: 1, message: "no window".into() })
            .into_iter()
            .collect()
    };
    let govern = std::sync::Arc::into_inner(bench.govern).unwrap();
    bench.govern = std::sync::Arc::new(govern.with_detector_check(nonsense));
    let lina = lead(&bench, "lina").await;
    let bad = next_version().replacen("[detectors]\n", "[detectors.fanout]\nwindow_s = 0\n", 1);
    let refused = bench.govern.propose_policy(&lina, &bad, &Call::default()).await.unwrap_err();
    assert_eq!(refused.code, "policy_unsound");
    assert!(refused.to_string().contains("no window [detectors_bad]"), "{refused}");
    bench.govern.propose_policy(&lina, &next_version(), &Call::default()).await.unwrap();
}
