//! Taking a venue's facts into force.

use crate::bench::{Bench, HOUR, MINUTE, example, owner, pretty, staff, yes};
use serde_json::json;
use sumun_govern::staff::UserInvite;
use sumun_govern::venue::adopt::{SYSTEM_OPERATOR, adopted};
use sumun_govern::{Actor, Call, Role};

#[tokio::test]
async fn a_changed_file_is_an_entry_that_marks_what_got_looser() {
    let bench = Bench::new().await;
    let call = Call::default();
    let mut operator = staff("nobody", Role::Viewer);
    operator.principal = SYSTEM_OPERATOR.to_owned();
    bench.govern.adopt(&operator, example(&[]), &call).await.unwrap();
    bench.govern.adopt(&operator, example(&[]), &call).await.unwrap();
    assert_eq!(bench.classes().await, ["venue.adopted"], "the same facts are one entry");

    let looser = example(&[("hold_due_hours = 72", "hold_due_hours = 24"), ("v4 = 28", "v4 = 30")]);
    let dry = Call { dry_run: true, ..Call::default() };
    bench.govern.adopt(&operator, looser.clone(), &dry).await.unwrap();
    assert_eq!(bench.govern.venue().clocks.hold_due().minutes(), 72 * 60, "a dry run puts nothing in force");
    let lead = staff("lead", Role::ComplianceLead);
    bench.govern.adopt(&operator, looser.clone(), &call).await.unwrap();
    assert_eq!(bench.govern.venue().clocks.hold_due().minutes(), 24 * 60);
    let facts = bench.last_facts().await;
    assert_eq!(facts["loosened"], json!(["clocks.hold_due_hours"]));
    insta::assert_snapshot!(pretty(&facts["changed"]));
    let row = adopted(&bench.govern.store, "example").await.unwrap().unwrap();
    assert_eq!((row.version, row.digest), (2, looser.digest()));

    for actor in [staff("v", Role::Viewer), staff("s", Role::SecurityAdmin), owner("C1")] {
        assert_eq!(bench.govern.adopt(&actor, example(&[]), &call).await.unwrap_err().code, "forbidden");
    }
    let moved = example(&[("origin = \"sumun.example/example\"", "origin = \"sumun.example/other\"")]);
    assert_eq!(bench.govern.adopt(&lead, moved, &call).await.unwrap_err().code, "venue_identity");
}

fn operator() -> sumun_govern::Actor {
    let mut operator = staff("nobody", Role::Viewer);
    operator.principal = SYSTEM_OPERATOR.to_owned();
    operator
}

#[tokio::test]
async fn a_repeated_request_does_not_bring_old_facts_back() {
    let bench = Bench::new().await;
    let (govern, operator) = (&bench.govern, operator());
    let keyed =
        |key: &str| Call { idempotency: Some((key.to_owned(), format!("request {key}"))), ..Call::default() };
    let stricter = example(&[("hold_due_hours = 72", "hold_due_hours = 96")]);
    govern.adopt(&operator, example(&[]), &keyed("first")).await.unwrap();
    govern.adopt(&operator, stricter, &keyed("second")).await.unwrap();
    let again = govern.adopt(&operator, example(&[]), &keyed("first")).await.unwrap();
    assert!(again.repeated);
    assert_eq!(govern.venue().clocks.hold_due().minutes(), 96 * 60, "what the record holds is in force");
    assert_eq!(bench.classes().await.len(), 2);
}

#[tokio::test]
async fn a_record_has_one_venue() {
    let bench = Bench::new().await;
    let (govern, operator, call) = (&bench.govern, operator(), Call::default());
    govern.adopt(&operator, example(&[]), &call).await.unwrap();
    let other = example(&[("venue = \"example\"", "venue = \"elsewhere\"")]);
    for dry_run in [true, false] {
        let call = Call { dry_run, ..Call::default() };
        assert_eq!(govern.adopt(&operator, other.clone(), &call).await.unwrap_err().code, "venue_identity");
    }
    // A process that was started with the other file meets the record's own venue too.
    let started = bench.again(other.clone());
    assert_eq!(started.adopt(&operator, other, &call).await.unwrap_err().code, "venue_identity");
    assert!(adopted(&govern.store, "elsewhere").await.unwrap().is_none());
}

#[tokio::test]
async fn one_lead_alone_loosens_nothing_and_says_nothing_of_whom_to_believe() {
    let bench = Bench::new().await;
    let (govern, call) = (&bench.govern, Call::default());
    govern.adopt(&operator(), example(&[]), &call).await.unwrap();
    bench.works(&[("lead", Role::ComplianceLead), ("other", Role::ComplianceLead)]).await;
    let (lead, other) = (staff("lead", Role::ComplianceLead), staff("other", Role::ComplianceLead));
    let key = "\"mine\" = \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"";
    for (from, to) in [
        ("hold_due_hours = 72", "hold_due_hours = 24"),
        ("age_minutes_max = 5", "age_minutes_max = 4"),
        ("methods = [\"passkey\", \"totp\"", "methods = [\"passkey\""),
        ("[{ role = \"approver\", count = 2 }]", "[{ role = \"approver\", count = 3 }]"),
        ("[exchange.assertion_keys]", &format!("[exchange.assertion_keys]\n{key}")),
    ] {
        let wish = example(&[(from, to)]);
        let asked = govern.adopt(&lead, wish.clone(), &call).await.unwrap().value;
        let approval = asked.waits_for.unwrap_or_else(|| panic!("`{to}` is not one person's"));
        assert_eq!(govern.venue().digest(), example(&[]).digest());
        assert_eq!(govern.decide(&lead, &approval, &yes(), &call).await.unwrap_err().code, "own_request");
        govern.withdraw_approval(&lead, &approval, &call).await.unwrap();
    }
    // What is stricter and says nothing of whom to believe holds at once, and what waits is held against it.
    let looser = example(&[("hold_due_hours = 72", "hold_due_hours = 24")]);
    let asked = govern.adopt(&lead, looser.clone(), &call).await.unwrap().value.waits_for.unwrap();
    let stricter = example(&[("invite_hours = 48", "invite_hours = 24")]);
    let done = govern.adopt(&lead, stricter, &call).await.unwrap().value;
    assert_eq!((done.waits_for, govern.venue().clocks.invite_hours.get()), (None, 24));
    assert_eq!(govern.decide(&other, &asked, &yes(), &call).await.unwrap_err().code, "subject_changed");
    govern.withdraw_approval(&lead, &asked, &call).await.unwrap();
    let asked = govern.adopt(&lead, looser.clone(), &call).await.unwrap().value.waits_for.unwrap();
    govern.decide(&other, &asked, &yes(), &call).await.unwrap();
    assert_eq!(govern.venue().digest(), looser.digest());
    assert_eq!(
        bench.last_facts().await["loosened"],
        serde_json::json!(["clocks.hold_due_hours", "clocks.invite_hours"])
    );
}

#[tokio::test]
async fn a_plan_made_under_overtaken_facts_is_made_anew() {
    let bench = Bench::new().await;
    let (here, call) = (&bench.govern, Call::default());
    here.adopt(&operator(), example(&[]), &call).await.unwrap();
    let there = bench.again(example(&[]));
    there.reload_venue().await.unwrap();
    here.adopt(&operator(), example(&[("invite_hours = 48", "invite_hours = 24")]), &call).await.unwrap();
    assert_eq!(there.venue().clocks.invite_hours.get(), 48);
    let admin = staff("alice", Role::SecurityAdmin);
    let invite =
        UserInvite { user: "carol".into(), name: "Made Up".into(), email: None, roles: vec![Role::Viewer] };
    let invited = there.invite_user(&admin, &invite, &call).await.unwrap().value;
    assert_eq!(invited.invite_until, bench.now().plus_micros(24 * HOUR));
}

#[tokio::test]
async fn what_is_asked_outlives_nobodys_rights() {
    let bench = Bench::new().await;
    bench.works(&[("alice", Role::SecurityAdmin)]).await;
    let (govern, call) = (&bench.govern, Call::default());
    let mut alice = staff("alice", Role::SecurityAdmin);
    let invite =
        UserInvite { user: "carol".into(), name: "Made Up".into(), email: None, roles: vec![Role::Viewer] };
    alice.rights = Some(0);
    assert_eq!(govern.invite_user(&alice, &invite, &call).await.unwrap_err().code, "rights_changed");
    alice.rights = Some(1);
    alice.second_factor = None;
    assert_eq!(govern.invite_user(&alice, &invite, &call).await.unwrap_err().code, "second_factor_needed");
    let alice = Actor { rights: Some(1), ..staff("alice", Role::SecurityAdmin) };
    govern.invite_user(&alice, &invite, &call).await.unwrap();
    // Shown a quarter of an hour ago is not lately.
    bench.pass(15 * MINUTE);
    let dave = UserInvite { user: "dave".into(), ..invite };
    assert_eq!(govern.invite_user(&alice, &dave, &call).await.unwrap_err().code, "second_factor_needed");
}
