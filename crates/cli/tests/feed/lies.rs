//! A feed that cannot be believed changes nothing.

use crate::server::now;
use crate::stage::Key;
use crate::world::{PASSES, REFUSED, World, record, statuses};
use sumun_feed::{Frame, Mark, SigningKey};

#[test]
fn storage_rolled_back_is_refused_and_told() {
    let world = World::new("");
    let gate = world.start();
    let version = world.set(&Key::expired("K1"));
    world.server.waits_for(version);
    world.server.roll_back(2);
    gate.says("the storage behind govern was rolled back");
    assert_eq!(statuses(&gate, "K1"), REFUSED);
    assert_eq!(statuses(&gate, "K2"), PASSES);
    assert_eq!(statuses(&gate, "K3"), PASSES, "it is not in the older copy");
    let before = world.server.acknowledged();
    gate.kill();
    let gate = world.start();
    gate.says("the storage behind govern was rolled back");
    assert_eq!(statuses(&gate, "K1"), REFUSED);
    assert_eq!(world.server.acknowledged(), before);
    // As the product's own server tells it.
    world.server.tells_at_once();
    gate.kill();
    let gate = world.start();
    gate.says("feed_behind_gate");
    assert_eq!(statuses(&gate, "K1"), REFUSED);
}

#[test]
fn storage_rolled_back_and_grown_again_is_refused_and_told() {
    let world = World::new("");
    let gate = world.start();
    let version = world.set(&Key::expired("K1"));
    world.server.waits_for(version);
    world.server.roll_back(version - 1);
    // Another change under the same number: K1 lives on there.
    assert_eq!(world.set(&Key::expired("K2")), version);
    gate.says("rolled back and has grown again");
    assert_eq!(statuses(&gate, "K1"), REFUSED);
    assert_eq!(statuses(&gate, "K2"), PASSES, "nothing of another record is taken");
    // As the product's own server tells it; and what the version was is known from the disk.
    world.server.tells_at_once();
    gate.kill();
    let gate = world.start();
    gate.says("feed_forked");
    assert_eq!(statuses(&gate, "K1"), REFUSED);
}

#[test]
fn a_line_that_cannot_be_believed_ends_the_connection_and_nothing_else() {
    let world = World::new("");
    let gate = world.start();
    world.server.waits_for(3);
    let revive = |version| Frame::Delta {
        version,
        mark: Mark { entry: version + 100, root: [0; 32] },
        at: now(),
        records: vec![record(&Key::expired("K1"))],
    };
    let forged = revive(4).sign(&SigningKey::from_seed(&[9; 32])).unwrap();
    let mut corrupted = world.server.sign(&revive(4));
    let at = corrupted.len() / 2;
    corrupted.replace_range(at..=at, if &corrupted[at..=at] == "A" { "B" } else { "A" });
    let skipped = world.server.sign(&revive(6));
    let again = world.server.sign(&revive(3));
    for (line, said) in [
        (forged, "the signature of a token does not fit"),
        (corrupted, "cannot be believed"),
        (skipped, "what is between was not sent"),
        (again, "an old connection is being played again"),
        ("{}".to_owned(), "not a compact JWS"),
    ] {
        let connections = world.server.asked_from().len();
        world.server.say(line);
        gate.says(said);
        let again = crate::stage::wait_for(|| (world.server.asked_from().len() > connections).then_some(()));
        assert!(again.is_some(), "it connects again: {said}");
        assert_eq!(statuses(&gate, "K1"), PASSES, "{said}");
    }
    assert_eq!(world.server.asked_from().last(), Some(&3));
    world.server.waits_for(world.set(&Key::expired("K1")));
    assert_eq!(statuses(&gate, "K1"), REFUSED);
}

#[test]
fn a_gate_that_is_not_enrolled_says_what_to_do() {
    let world = World::new("");
    std::fs::remove_file(world.stage.data("enrolment.json")).unwrap();
    let ended = crate::stage::process::Gate::try_start(world.stage.place.command(&["gate"])).err().unwrap();
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.err.contains("this gate is not enrolled") && ended.err.contains("sumun gate enrol"),
        "{}",
        ended.err
    );
}

#[test]
fn a_configuration_check_looks_at_the_enrolment_and_at_no_keys_file() {
    let world = World::new("");
    let check = || world.stage.place.run(&["config", "check"]);
    let said = check().shown();
    assert!(
        said.contains("gate.feed") && said.contains("as gate `gate-1` of venue `made-up-venue`"),
        "{said}"
    );
    crate::support::chmod(&world.stage.data("gate.key"), 0o644);
    let said = check().shown();
    assert!(said.contains("FAILED") && said.contains("chmod 600"), "{said}");
}
