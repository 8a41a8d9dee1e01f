//! Taking a venue's facts into force.

use crate::bench::{Bench, example, owner, pretty, staff};
use serde_json::json;
use sumun_govern::venue::adopt::{SYSTEM_OPERATOR, adopted};
use sumun_govern::{Call, Role};

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
    assert_eq!(bench.govern.venue().clocks.hold_due_hours.get(), 72, "a dry run puts nothing in force");
    let lead = staff("lead", Role::ComplianceLead);
    bench.govern.adopt(&lead, looser.clone(), &call).await.unwrap();
    assert_eq!(bench.govern.venue().clocks.hold_due_hours.get(), 24);
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
    assert_eq!(govern.venue().clocks.hold_due_hours.get(), 96, "what the record holds is in force");
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
