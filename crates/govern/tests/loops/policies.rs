//! Policies: the shipped one begins, another comes by two persons, and the record says under which one each measure was taken.

use crate::bench::{Bench, staff, yes};
use crate::ladder::assessment;
use serde_json::json;
use sumun_govern::keys::due::clock_actor;
use sumun_govern::policies::{PolicyState, SHIPPED};
use sumun_govern::{Actor, Call, Role};

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
