//! A data folder that cannot be used, is used already, is of another version, or was damaged.

use super::{error, refused, tree};
use crate::stage::client::{EFFECTS, Effect, Signed, once};
use crate::stage::upstream::Upstream;
use crate::stage::{Stage, disk, wait_for};
use std::fs;

#[test]
fn a_folder_that_is_none_is_named() {
    let stage = Stage::new("127.0.0.1:9".parse().unwrap(), "");
    stage.place.write("sumun-data", "a file in the way\n");
    let said = error(&refused(&stage));
    assert!(said.starts_with("exit 1\nerror: cannot use `sumun-data`: "), "{said}");
    assert!(said.contains("check that it exists, its permissions and the disk"), "{said}");
    assert_eq!(stage.place.read("sumun-data"), "a file in the way\n");

    fs::remove_file(stage.place.path("sumun-data")).unwrap();
    for part in ["log", "spool", "replay", "dead", "replay.key", "table.json"] {
        let stage = Stage::new("127.0.0.1:9".parse().unwrap(), "");
        let made = if part.contains('.') { stage.data(part).join("in") } else { stage.data("") };
        fs::create_dir_all(&made).unwrap();
        if !part.contains('.') {
            fs::write(stage.data(part), "a file in the way\n").unwrap();
        }
        if part == "table.json" {
            // Only a copy: the gate says so and works from the keys file.
            stage.start().says("table.json");
            continue;
        }
        let said = error(&refused(&stage));
        assert!(said.starts_with("exit 1\n"), "{said}");
        assert!(said.contains(&format!("sumun-data/{part}`")), "{said}");
    }
}

#[test]
fn the_folder_of_a_running_gate_is_left_to_it() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let first = stage.start();
    assert_eq!(once(first.listen, &Signed::new(Effect::Order, "K1", "nonce-1")).status, 200);
    let said = error(&refused(&stage));
    assert!(said.starts_with("exit 1\n"), "{said}");
    assert!(
        said.contains("is in use by another process: stop it, or give this one a folder of its own"),
        "{said}"
    );
    assert_eq!(once(first.listen, &Signed::new(Effect::Transfer, "K1", "nonce-2")).status, 200);
    assert!(first.stop().0.success());
    assert_eq!(stage.dump(0).len(), 2);
}

/// A stage with many small files of log, all drained, and its gate ended.
fn used(upstream: &Upstream) -> Stage {
    let stage = Stage::new(upstream.address, "");
    let text = stage.place.read("sumun.toml");
    stage.place.write("sumun.toml", &text.replace("segment_bytes_max = 1048576", "segment_bytes_max = 2048"));
    let gate = stage.start();
    for (number, effect) in EFFECTS.into_iter().cycle().take(24).enumerate() {
        assert_eq!(once(gate.listen, &Signed::new(effect, "K1", &format!("nonce-{number}"))).status, 200);
        if number % 4 == 3 {
            // In small steps, so that there come to be many files.
            assert!(wait_for(|| (stage.dump(0).len() > number).then_some(())).is_some());
        }
    }
    assert!(gate.stop().0.success());
    assert_eq!(stage.dump(0).len(), 24);
    assert!(disk::segments(&stage.data("log")).len() > 3);
    stage
}

#[test]
fn another_version_of_the_format_is_refused_and_not_touched() {
    let upstream = Upstream::start();
    for name in ["log", "spool", "replay", "dead"] {
        for version in [0_u8, 9] {
            let stage = used(&upstream);
            let file = disk::segments(&stage.data(name)).pop().unwrap();
            let mut bytes = fs::read(&file).unwrap();
            bytes[8] = version;
            fs::write(&file, &bytes).unwrap();
            let said = error(&refused(&stage));
            assert!(said.starts_with("exit 1\n"), "{said}");
            for part in [
                &format!("sumun-data/{name}`"),
                &format!("has format version {version}, this build reads version 1"),
                "use the build that wrote it",
            ] {
                assert!(said.contains(part), "no `{part}` in: {said}");
            }
            assert_eq!(fs::read(&file).unwrap(), bytes);
        }
    }
}

#[test]
fn damage_in_the_middle_of_the_log_is_named_by_whoever_reads_it_and_recording_goes_on() {
    let upstream = Upstream::start();
    let stage = used(&upstream);
    let files = disk::segments(&stage.data("log"));
    let frames = disk::frames(&files[1]);
    let at = frames[0].at;
    disk::flip(&files[1], at + 30);
    let dumped = stage.place.run(&["log", "dump"]);
    assert_eq!(dumped.code, 1, "{}", dumped.shown());
    let name = files[1].file_name().unwrap().to_str().unwrap();
    for part in [name, &format!("damaged at byte {at}"), "restore the file or move it away"] {
        assert!(dumped.err.contains(part), "no `{part}` in: {}", dumped.shown());
    }
    // Whether it starts or not: it says so, and what is there stays as it is.
    let before = tree(&stage.data("log"));
    let said = error(&refused(&stage));
    assert!(said.starts_with("exit 1\n") && said.contains(name), "{said}");
    assert!(said.contains("sumun-data/log`"), "{said}");
    assert_eq!(tree(&stage.data("log")), before);
}

#[test]
fn replay_memory_is_never_forgotten_in_silence() {
    let upstream = Upstream::start();
    // Without the key the journal means nothing, and every nonce in it could be used again.
    type Spoil = fn(&Stage);
    let spoils: [(&str, Spoil); 4] = [
        ("missing", |stage| fs::remove_file(stage.data("replay.key")).unwrap()),
        ("empty", |stage| fs::write(stage.data("replay.key"), "").unwrap()),
        ("short", |stage| fs::write(stage.data("replay.key"), "0123").unwrap()),
        ("not text", |stage| fs::write(stage.data("replay.key"), [0xff; 32]).unwrap()),
    ];
    for (name, spoil) in spoils {
        let stage = used(&upstream);
        let key = fs::read(stage.data("replay.key")).unwrap();
        spoil(&stage);
        let before = tree(&stage.data("replay"));
        let said = error(&refused(&stage));
        assert!(said.starts_with("exit 1\n"), "{name}: {said}");
        assert!(said.contains("sumun-data/replay.key`"), "{name}: {said}");
        assert!(said.contains("move"), "{name} says nothing to do: {said}");
        assert_eq!(tree(&stage.data("replay")), before, "{name}");
        fs::write(stage.data("replay.key"), key).unwrap();
        let gate = stage.start();
        assert_eq!(once(gate.listen, &Signed::new(Effect::Read, "K1", "nonce-0")).status, 401, "{name}");
    }
    // A start that was killed before it wrote anything is no loss of memory.
    let stage = Stage::new(upstream.address, "");
    stage.start().kill();
    fs::remove_file(stage.data("replay.key")).unwrap();
    stage.start();
}
