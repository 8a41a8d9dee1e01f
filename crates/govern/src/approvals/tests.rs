//! The two-person rule against a naive model, and what is said to whoever may not decide.

use super::*;
use crate::keys::write::tests::{DAY, NOW};
use crate::venue::Bounded;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn person(name: &str, roles: &[Role]) -> Actor {
    Actor {
        principal: format!("user:{name}"),
        roles: roles.to_vec(),
        customer: None,
        session: Some("s9".into()),
        second_factor: None,
        rights: None,
    }
}

fn approval(needed: &[(Role, u32)]) -> Approval {
    let needed: Vec<Needed> = needed
        .iter()
        .map(|(role, count)| Needed { role: *role, count: Bounded::new(*count).unwrap() })
        .collect();
    let opening = Opening {
        id: "P1".into(),
        action: "key.expire",
        subject: "key:K1".into(),
        request: json!({ "key": "K1", "customer": "C1" }),
        requested_by: "user:anna",
        needed: &needed,
        due: NOW.plus_micros(7 * DAY),
    };
    Approval::open(opening, NOW)
}

fn yes() -> Decision {
    Decision { decision: Answer::Approve, reason: None, looked_at: None }
}

#[test]
fn who_may_not_decide_and_what_he_is_told() {
    let two = approval(&[(Role::Approver, 2)]);
    let no = Decision { decision: Answer::Refuse, reason: Some("no".into()), looked_at: None };
    let early = Decision { looked_at: Some(NOW.plus_micros(-1)), ..yes() };
    let (once, outcome) = two.decide(&person("bert", &[Role::Approver]), &yes(), NOW).unwrap();
    assert_eq!(outcome, Outcome::Waits);
    let said =
        |approval: &Approval, name: &str, roles: &[Role], decision: &Decision, now: Timestamp| match approval
            .decide(&person(name, roles), decision, now)
        {
            Ok((_, outcome)) => format!("{name}: {outcome:?}"),
            Err(refusal) => format!("{name}: {} - {} - {}", refusal.code, refusal.message, refusal.remedy),
        };
    let approver = &[Role::Approver];
    let lines = [
        said(&two, "anna", approver, &yes(), NOW),
        said(&two, "carl", &[Role::Analyst], &yes(), NOW),
        said(&once, "bert", approver, &yes(), NOW),
        said(&once, "dora", approver, &yes(), NOW),
        said(&once, "dora", approver, &no, NOW),
        said(&once, "dora", approver, &early, NOW),
        said(&once, "dora", approver, &yes(), NOW.plus_micros(7 * DAY)),
        said(&once.closed(ApprovalState::Withdrawn, NOW), "dora", approver, &yes(), NOW),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_customers_administrator_decides_for_his_own_customer_only() {
    let own = approval(&[(Role::CorporateAdmin, 1)]);
    let mut admin = person("x", &[Role::CorporateAdmin]);
    admin.principal = "customer:C2/P9".into();
    admin.customer = Some("C2".into());
    assert_eq!(own.decide(&admin, &yes(), NOW).unwrap_err().code, "not_found");
    admin.customer = Some("C1".into());
    assert_eq!(own.decide(&admin, &yes(), NOW).unwrap().1, Outcome::Granted);
}

#[test]
fn the_record_says_how_long_somebody_looked() {
    let looked = Decision { looked_at: Some(NOW.plus_micros(1_000)), ..yes() };
    let later = NOW.plus_micros(61_000);
    let (after, _) =
        approval(&[(Role::Approver, 1)]).decide(&person("bert", &[Role::Approver]), &looked, later).unwrap();
    assert_eq!(after.decisions.first().unwrap().looked_us, Some(60_000));
}

#[test]
fn a_request_that_was_altered_is_not_read() {
    let mut image = approval(&[(Role::Approver, 1)]).image();
    image.insert("request".to_owned(), json!({ "key": "K2" }));
    assert_eq!(Approval::of(&image).unwrap_err().code, "row_unreadable");
}

const ROLES: [Role; 3] = [Role::Analyst, Role::Approver, Role::ComplianceLead];

proptest! {
    /// Whatever people try: granted means that as many different people as are needed said yes, each in a role of his, none of
    /// them the requester; a single no ends it.
    #[test]
    fn the_two_person_rule_holds(
        needed in proptest::collection::vec((0usize..3, 1u32..3), 1..3),
        tries in proptest::collection::vec((0usize..6, proptest::collection::vec(0usize..3, 1..3), any::<bool>()), 0..14),
    ) {
        let mut wanted: Vec<(Role, u32)> = Vec::new();
        for (role, count) in needed {
            if wanted.iter().all(|(other, _)| *other != ROLES[role]) {
                wanted.push((ROLES[role], count));
            }
        }
        let mut present = approval(&wanted);
        let names = ["anna", "bert", "carl", "dora", "emil", "fina"];
        let mut said_yes: Vec<(String, Vec<Role>)> = Vec::new();
        let mut said_no = false;
        for (who, roles, agrees) in tries {
            let roles: Vec<Role> = roles.into_iter().map(|role| ROLES[role]).collect();
            let actor = person(names[who], &roles);
            let decision = if agrees { yes() } else {
                Decision { decision: Answer::Refuse, reason: Some("this is not what was agreed".into()), looked_at: None }
            };
            if let Ok((after, _)) = present.decide(&actor, &decision, NOW) {
                prop_assert_eq!(present.state, ApprovalState::Open, "closed is closed");
                prop_assert_ne!(actor.principal.as_str(), "user:anna", "whoever asked decides nothing");
                said_no |= !agrees;
                said_yes.push((actor.principal.clone(), roles));
                present = after;
            }
        }
        let different: BTreeSet<&String> = said_yes.iter().map(|(who, _)| who).collect();
        prop_assert_eq!(different.len(), said_yes.len(), "nobody decides twice");
        prop_assert_eq!(said_no, present.state == ApprovalState::Refused);
        if present.state == ApprovalState::Granted {
            let places: u32 = wanted.iter().map(|(_, count)| count).sum();
            prop_assert_eq!(said_yes.len(), places as usize);
            for (role, count) in wanted {
                let able = said_yes.iter().filter(|(_, roles)| roles.contains(&role)).count();
                prop_assert!(able >= count as usize, "{role:?}");
            }
        }
    }
}
