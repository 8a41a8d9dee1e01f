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
