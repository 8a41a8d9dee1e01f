//! A vendor's way into and out of the registry.

use crate::bench::{Bench, owner, staff, yes};
use serde_json::json;
use sumun_govern::parties::vendor::VendorClass;
use sumun_govern::parties::vendor_state::recertify::RecertifyRun;
use sumun_govern::parties::{Diligence, Vendor, VendorPut, VendorState, VendorStateChange};
use sumun_govern::{Call, Role};
use sumun_model::{ScopeSet, VendorId};

fn to(state: VendorState) -> VendorStateChange {
    VendorStateChange { state, reason: "as written in the review".into() }
}

#[tokio::test]
async fn two_persons_approve_one_suspends_and_removed_is_for_ever() {
    let bench = Bench::new().await;
    bench.works(&[("lead", Role::ComplianceLead), ("other", Role::ComplianceLead)]).await;
    let (lead, other, call) =
        (staff("lead", Role::ComplianceLead), staff("other", Role::ComplianceLead), Call::default());
    let id = VendorId::new("V1").unwrap();
    let said = || Some("said".to_owned());
    let mut put = VendorPut {
        name: "Made-up Tools".into(),
        class: VendorClass::Tool,
        networks: vec!["198.51.100.0/24".parse().unwrap()],
        scopes: ScopeSet::READ.union(ScopeSet::TRADE),
        diligence: Diligence::default(),
        attested: Some(bench.now()),
    };
    bench.govern.put_vendor(&lead, &id, &put, &call).await.unwrap();
    let govern = &bench.govern;
    let approve = to(VendorState::Approved);
    let early = govern.change_vendor_state(&lead, &id, &approve, &call).await.unwrap_err();
    assert_eq!(early.code, "vendor_incomplete");
    put.diligence = Diligence {
        company: said(),
        country: Some("KR".into()),
        secrets_kept: said(),
        access: said(),
        incidents: said(),
        review: said(),
        reviewed: Some("2026-10-01".parse().unwrap()),
    };
    govern.put_vendor(&lead, &id, &put, &call).await.unwrap();
    let asked = govern.change_vendor_state(&lead, &id, &approve, &call).await.unwrap().value;
    assert_eq!(asked.vendor.state, "applied", "proposing changes nothing");
    let approval = asked.approval.unwrap();
    assert_eq!(
        govern.change_vendor_state(&other, &id, &approve, &call).await.unwrap_err().code,
        "approval_open"
    );
    assert_eq!(govern.decide(&lead, &approval, &yes(), &call).await.unwrap_err().code, "own_request");
    let analyst = staff("anna", Role::Analyst);
    assert_eq!(
        govern.decide(&analyst, &approval, &yes(), &call).await.unwrap_err().code,
        "role_not_entitled"
    );
    // What was looked at must be what is approved.
    put.name = "Made-up Tools 2".into();
    govern.put_vendor(&lead, &id, &put, &call).await.unwrap();
    assert_eq!(govern.decide(&other, &approval, &yes(), &call).await.unwrap_err().code, "subject_changed");
    govern.withdraw_approval(&lead, &approval, &call).await.unwrap();
    let approval =
        govern.change_vendor_state(&lead, &id, &approve, &call).await.unwrap().value.approval.unwrap();
    let done = govern.decide(&other, &approval, &yes(), &call).await.unwrap();
    assert_eq!(done.plan.class, "vendor.state");
    let vendor = govern.party::<Vendor>(&lead, "V1").await.unwrap();
    assert_eq!(vendor.state, "approved");
    assert!(vendor.recertify.unwrap() > bench.now());
    let outside = govern.party::<Vendor>(&owner("C1"), "V1").await.unwrap();
    assert!(
        outside.state == "approved" && outside.diligence.is_null(),
        "what was looked into is the staff's"
    );

    let cut = govern.change_vendor_state(&other, &id, &to(VendorState::Suspended), &call).await.unwrap();
    assert_eq!((cut.value.vendor.state.as_str(), cut.value.approval), ("suspended", None));
    govern.change_vendor_state(&other, &id, &to(VendorState::Removed), &call).await.unwrap();
    for state in VendorState::ALL {
        let refusal = govern.change_vendor_state(&lead, &id, &to(state), &call).await.unwrap_err();
        assert_eq!(refusal.code, "vendor_state");
    }
    assert_eq!(
        bench.classes().await,
        [
            "vendor.put",
            "vendor.put",
            "approval.opened",
            "vendor.put",
            "approval.decided",
            "approval.opened",
            "vendor.state",
            "vendor.state",
            "vendor.state"
        ]
    );
}

#[tokio::test]
async fn an_approval_that_nobody_renews_runs_out_and_names_the_keys() {
    let bench = Bench::new().await;
    bench.works(&[("lead", Role::ComplianceLead), ("other", Role::ComplianceLead)]).await;
    let (govern, call) = (&bench.govern, Call::default());
    let (lead, other) = (staff("lead", Role::ComplianceLead), staff("other", Role::ComplianceLead));
    let said = || Some("said".to_owned());
    let put = VendorPut {
        name: "Made-up Tools".into(),
        class: VendorClass::Tool,
        networks: vec!["198.51.100.0/24".parse().unwrap()],
        scopes: ScopeSet::READ,
        diligence: Diligence {
            company: said(),
            country: Some("KR".into()),
            secrets_kept: said(),
            access: said(),
            incidents: said(),
            review: said(),
            reviewed: Some("2026-10-01".parse().unwrap()),
        },
        attested: Some(bench.now()),
    };
    for id in ["V1", "V2"] {
        let id = VendorId::new(id).unwrap();
        govern.put_vendor(&lead, &id, &put, &call).await.unwrap();
    }
    let id = VendorId::new("V1").unwrap();
    let asked = govern.change_vendor_state(&lead, &id, &to(VendorState::Approved), &call).await.unwrap();
    govern.decide(&other, &asked.value.approval.unwrap(), &yes(), &call).await.unwrap();
    assert_eq!(govern.recertify_vendors().await.unwrap(), RecertifyRun::default());

    let due = govern.party::<Vendor>(&lead, "V1").await.unwrap().recertify.unwrap();
    bench.pass(due.micros_since(bench.now()));
    let run = govern.recertify_vendors().await.unwrap();
    assert_eq!((run.suspended, run.failed), (vec![("V1".to_owned(), Vec::new())], Vec::new()));
    let facts = bench.last_facts().await;
    assert_eq!(
        (&facts["actor"], &facts["to"], &facts["keys"]),
        (&json!("system:clock"), &json!("suspended"), &json!([]))
    );
    assert_eq!(facts["reason"], format!("recertification was due at {due}"));
    assert_eq!(govern.party::<Vendor>(&lead, "V1").await.unwrap().state, "suspended");
    assert_eq!(govern.party::<Vendor>(&lead, "V2").await.unwrap().state, "applied");
    assert_eq!(govern.recertify_vendors().await.unwrap(), RecertifyRun::default(), "once is enough");
}
