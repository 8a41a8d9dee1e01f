//! A vendor's states: every pair, what an approval needs, and that a put gives no more than was approved.

use super::*;
use crate::parties::vendor::{VendorClass, VendorPut, draft};
use proptest::prelude::*;
use serde_json::Value;
use sumun_model::{Scope, ScopeSet};

const NOW: Timestamp = Timestamp::from_micros(1_793_577_600_000_000);

fn put(diligence: Diligence, attested: Option<Timestamp>) -> VendorPut {
    VendorPut {
        name: "Made-up Tools".to_owned(),
        class: VendorClass::Tool,
        networks: vec!["198.51.100.0/24".parse().unwrap()],
        scopes: ScopeSet::READ,
        diligence,
        attested,
    }
}

fn complete() -> Diligence {
    let said = || Some("said".to_owned());
    Diligence {
        company: said(),
        country: Some("KR".to_owned()),
        secrets_kept: said(),
        access: said(),
        incidents: said(),
        review: said(),
        reviewed: Some("2026-10-01".parse().unwrap()),
    }
}

fn row(put: &VendorPut, state: VendorState) -> Image {
    let mut row = draft(put, None, NOW).unwrap().columns;
    row.insert("vendor".to_owned(), json!("V1"));
    row.insert("state".to_owned(), json!(state.as_str()));
    row.insert("version".to_owned(), json!(1));
    row
}

fn said(result: Result<VendorState, Refusal>) -> String {
    result.map_or_else(|no| format!("{}: {}; {}", no.code, no.message, no.remedy), |_| "yes".to_owned())
}

#[test]
fn every_pair_of_states() {
    let whole = put(complete(), Some(NOW));
    let mut lines = Vec::new();
    for from in VendorState::ALL {
        for to in VendorState::ALL {
            let answer = said(check(&row(&whole, from), to, NOW));
            lines.push(format!("{:9} → {:9} {answer}", from.as_str(), to.as_str()));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn nobody_is_approved_who_was_not_looked_into() {
    let year = 366 * 24 * 3600 * 1_000_000;
    let half = Diligence { company: Some("said".to_owned()), ..Diligence::default() };
    let lines = [
        said(check(&row(&put(half, None), VendorState::Applied), VendorState::Approved, NOW)),
        said(check(&row(&put(complete(), None), VendorState::Applied), VendorState::Approved, NOW)),
        said(check(
            &row(&put(complete(), Some(NOW)), VendorState::Suspended),
            VendorState::Approved,
            NOW.plus_micros(year),
        )),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn an_approved_vendor_gets_no_more_by_being_put() {
    let whole = put(complete(), Some(NOW));
    let approved = row(&whole, VendorState::Approved);
    let wider = VendorPut { networks: vec!["198.51.0.0/16".parse().unwrap()], ..whole.clone() };
    let more = VendorPut { scopes: ScopeSet::READ.with(Scope::Trade), ..whole.clone() };
    let fewer = VendorPut { networks: vec!["198.51.100.7".parse().unwrap()], ..whole.clone() };
    let lost = VendorPut { diligence: Diligence::default(), ..whole.clone() };
    for (put, taken) in [(&wider, false), (&more, false), (&lost, false), (&fewer, true), (&whole, true)] {
        assert_eq!(draft(put, Some(&approved), NOW).is_ok(), taken, "{put:?}");
    }
    let suspended = row(&whole, VendorState::Suspended);
    let draft = draft(&more, Some(&suspended), NOW).unwrap();
    assert_eq!(draft.columns["state"], json!("suspended"), "putting changes no state");
    assert_eq!(draft.columns["recertify_us"], Value::Null);
    let withdraws = VendorPut { scopes: ScopeSet::EMPTY.with(Scope::Withdraw), ..whole };
    assert_eq!(
        super::super::vendor::draft(&withdraws, None, NOW).unwrap_err().pointer.as_deref(),
        Some("/scopes")
    );
}

proptest! {
    #[test]
    fn removed_is_for_ever_and_approved_never_comes_without_a_record(
        wishes in proptest::collection::vec((0_usize..4, any::<bool>()), 0..30),
    ) {
        // The naive model: a set of allowed steps, written out.
        let allowed = [("applied", "approved"), ("applied", "removed"), ("approved", "suspended"),
            ("approved", "removed"), ("suspended", "approved"), ("suspended", "removed")];
        let mut state = VendorState::Applied;
        for (wish, is_complete) in wishes {
            let to = VendorState::ALL[wish];
            let record = if is_complete { put(complete(), Some(NOW)) } else { put(Diligence::default(), Some(NOW)) };
            let went = check(&row(&record, state), to, NOW).is_ok();
            let should = allowed.contains(&(state.as_str(), to.as_str())) && (to != VendorState::Approved || is_complete);
            prop_assert_eq!(went, should);
            if went {
                prop_assert!(state != VendorState::Removed);
                state = to;
            }
        }
    }
}
