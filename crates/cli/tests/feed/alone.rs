//! Without govern: what a gate does from its own disk, and for how long.

use crate::stage::client::{Effect, get};
use crate::stage::{Key, wait_for};
use crate::world::{PASSES, REFUSED, World, ask, statuses};
use std::io::{BufRead, BufReader, Read};

#[test]
fn a_gate_starts_alone_with_the_version_it_held() {
    let world = World::new("");
    let gate = world.start();
    world.server.waits_for(world.set(&Key::expired("K2")));
    let held = Key { measure: Some("hold"), ..Key::active("K3") };
    world.server.waits_for(world.set(&held));
    let (status, _) = gate.stop();
    assert!(status.success());

    world.server.close(true);
    let gate = world.start();
    gate.says("feed.version=5");
    assert_eq!(statuses(&gate, "K1"), PASSES);
    assert_eq!(statuses(&gate, "K2"), REFUSED);
    assert_eq!(ask(&gate, Effect::Order, "K3").status, 403);
    world.server.close(false);
    let version = world.set(&Key::expired("K1"));
    let ack = world.server.waits_for(version);
    assert_eq!((ack.from, ack.to), (6, 6));
    assert_eq!(world.server.asked_from().last(), Some(&5), "it asks for what it does not hold");
    assert_eq!(statuses(&gate, "K1"), REFUSED);
}

#[test]
fn a_gate_that_never_heard_anything_waits() {
    let world = World::new("");
    world.server.close(true);
    let mut child = crate::stage::process::spawn(&mut world.stage.place.command(&["gate"]));
    let (mut said, mut lines) = (String::new(), BufReader::new(child.stderr.take().unwrap()));
    while !said.contains("Nothing was ever heard of the feed") {
        assert_ne!(lines.read_line(&mut said).unwrap(), 0, "it ended: {said}");
    }
    assert!(child.try_wait().unwrap().is_none(), "it waits");
    crate::stage::process::terminate(&child);
    lines.read_to_string(&mut said).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success() && ended.stdout.is_empty(), "{said}");
    world.server.close(false);
    assert_eq!(statuses(&world.start(), "K1"), PASSES);
}

/// Reading and cancelling pass whatever happens; transfers end first, then orders; one word from govern mends it.
#[test]
fn a_table_that_grows_old_serves_by_effect() {
    let world = World::new("table_age_max_s = 1\norder_stale_pass_s = 2");
    let gate = world.start();
    world.server.waits_for(3);
    assert_eq!(statuses(&gate, "K1"), PASSES);
    world.server.close(true);
    let mut seen = Vec::new();
    let stale = wait_for(|| {
        let [read, order, cancel, transfer] = statuses(&gate, "K1");
        assert_eq!((read, cancel), (200, 200));
        // One look takes a while, in which the age goes on.
        seen.push((order == 200, transfer == 200));
        (order != 200 && transfer != 200).then_some(())
    });
    assert!(stale.is_some(), "{seen:?}");
    assert!(seen.contains(&(true, false)), "transfers first: {seen:?}");
    assert!(!seen.contains(&(false, true)), "never orders before: {seen:?}");
    let ready = get(gate.admin(), "/readyz");
    assert!(ready.body.contains("grows old"), "{}", ready.body);
    world.server.close(false);
    assert!(wait_for(|| (statuses(&gate, "K1") == PASSES).then_some(())).is_some());
    // A gate that starts alone is as old as it was.
    world.server.close(true);
    assert!(wait_for(|| (ask(&gate, Effect::Transfer, "K1").status != 200).then_some(())).is_some());
    gate.kill();
    let gate = world.start();
    assert_ne!(ask(&gate, Effect::Transfer, "K1").status, 200);
    assert_eq!(ask(&gate, Effect::Cancel, "K1").status, 200);
}

#[test]
fn what_is_kept_and_damaged_is_not_served() {
    let world = World::new("");
    let gate = world.start();
    world.server.waits_for(world.set(&Key::expired("K2")));
    gate.stop();
    let whole = world.stage.place.read("sumun-data/feed.json");
    world.stage.place.write("sumun-data/feed.json", &whole.replace("\"active\"", "\"expired\""));
    let ended = crate::stage::process::Gate::try_start(world.stage.place.command(&["gate"])).err().unwrap();
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("feed.json` cannot be used: it is not as it was written"), "{}", ended.err);
    // Moved away together, it starts from what govern says; the dead are remembered apart.
    std::fs::remove_file(world.stage.data("feed.json")).unwrap();
    std::fs::remove_dir_all(world.stage.data("feed")).unwrap();
    let gate = world.start();
    assert_eq!(statuses(&gate, "K1"), PASSES);
    assert_eq!(statuses(&gate, "K2"), REFUSED);
}
