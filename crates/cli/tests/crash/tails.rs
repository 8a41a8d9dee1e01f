//! What a dying machine leaves at the end of a file, cut anywhere: all that was acknowledged is there, or nothing starts.

use crate::stage::client::{EFFECTS, Effect, Signed, once};
use crate::stage::process::Gate;
use crate::stage::upstream::Upstream;
use crate::stage::{Stage, disk, wait_for};
use std::path::Path;

/// A stage with a line of every effect, all of it in the event log, and its gate killed.
fn killed_at_rest(upstream: &Upstream) -> Stage {
    let stage = Stage::new(upstream.address, "");
    let gate = stage.start();
    for (number, effect) in EFFECTS.into_iter().cycle().take(12).enumerate() {
        assert_eq!(once(gate.listen, &Signed::new(effect, "K1", &format!("nonce-{number}"))).status, 200);
    }
    let drained = wait_for(|| (stage.dump(0).len() == 12 && ends_in_mark(&stage)).then_some(()));
    assert!(drained.is_some(), "{}", gate.said());
    gate.kill();
    stage
}

/// Everything that was written has been synced.
fn ends_in_mark(stage: &Stage) -> bool {
    ["spool", "log", "replay"].iter().all(|name| {
        let file = disk::segments(&stage.data(name)).pop().unwrap();
        disk::frames(&file).last().is_some_and(|frame| frame.kind == 0)
    })
}

fn try_start(stage: &Stage) -> Result<Gate, String> {
    Gate::try_start(stage.place.command(&["gate"])).map_err(|ended| ended.shown())
}

fn replays_are_refused(gate: &Gate) {
    for (number, effect) in EFFECTS.into_iter().cycle().take(12).enumerate() {
        let again = once(gate.listen, &Signed::new(effect, "K1", &format!("nonce-{number}")));
        assert_eq!(again.status, 401);
    }
}

#[test]
fn a_last_frame_cut_anywhere_loses_no_line_and_no_nonce() {
    let upstream = Upstream::start();
    let stage = killed_at_rest(&upstream);
    let lines = stage.dump(0);
    for (round, cut) in [1, 8, 16, 24].into_iter().enumerate() {
        // The last frame says what was synced; a part of it is cut off, as a torn write would.
        for name in ["spool", "log", "replay"] {
            let file = disk::segments(&stage.data(name)).pop().unwrap();
            let frame = disk::frames(&file).pop().unwrap();
            disk::cut(&file, frame.at + frame.bytes - cut);
        }
        let gate = stage.start();
        assert_eq!(stage.dump(0)[..lines.len()], lines);
        replays_are_refused(&gate);
        // Something new, so that every one of them was written to.
        assert_eq!(once(gate.listen, &Signed::new(Effect::Read, "K2", &format!("new-{round}"))).status, 200);
        let due = lines.len() + 13 * (round + 1);
        let at_rest = wait_for(|| (stage.dump(0).len() == due && ends_in_mark(&stage)).then_some(()));
        assert!(at_rest.is_some(), "{}", gate.said());
        gate.kill();
    }
}

/// Turns over a bit of the first record of the newest file.
fn damage_a_synced_record(folder: &Path) -> usize {
    let file = disk::segments(folder).pop().unwrap();
    let frames = disk::frames(&file);
    let first = frames.iter().find(|frame| frame.kind != 0).unwrap();
    disk::flip(&file, first.at + first.bytes - 1);
    first.at
}

#[test]
fn damage_to_what_was_acknowledged_is_never_taken_for_a_torn_tail() {
    let upstream = Upstream::start();
    for name in ["spool", "log", "replay"] {
        let stage = killed_at_rest(&upstream);
        let folder = stage.data(name);
        let before = std::fs::read(disk::segments(&folder).pop().unwrap()).unwrap();
        let at = damage_a_synced_record(&folder);
        let said = try_start(&stage).err().unwrap_or_else(|| panic!("`{name}` was damaged and it started"));
        assert!(said.starts_with("exit 1\n"), "{said}");
        for part in
            [&format!("sumun-data/{name}`"), "00000000000000000000.seg", &format!("damaged at byte {at}")]
        {
            assert!(said.contains(part), "no `{part}` in: {said}");
        }
        // Put right again by hand, nothing was lost in between.
        std::fs::write(disk::segments(&folder).pop().unwrap(), before).unwrap();
        let gate = stage.start();
        assert_eq!(stage.dump(0).len(), 12);
        replays_are_refused(&gate);
    }
}
