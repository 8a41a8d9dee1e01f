//! Published folders, then the same with one thing changed: refused every time, with the place named.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

#[path = "../../ledger/tests/published/mod.rs"]
mod published;

use published::{Log, salt, signer};
use std::fs;
use std::path::{Path, PathBuf};
use sumun_ledger::Canonical;
use sumun_verifier::{Fault, FaultKind, Place, Report, Verification, verify_folder};
use tempfile::TempDir;

fn vkey() -> String {
    signer().vkey()
}

fn check(folder: &Path) -> Result<Report, Fault> {
    verify_folder(folder, &vkey(), None)
}

fn folder_of(log: &Log) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    log.publish(folder.path());
    folder
}

fn vectors(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ledger/tests/data").join(name)
}

fn files(folder: &Path) -> Vec<String> {
    let (mut found, mut open) = (vec![], vec![folder.to_owned()]);
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Changes every `step`th byte of every file in turn.
fn change_bytes(log: &Log, step: usize) {
    let folder = folder_of(log);
    check(folder.path()).unwrap();
    for file in files(folder.path()) {
        let path = folder.path().join(&file);
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(step) {
            for flip in [1, 0x20, 0x80] {
                let mut changed = whole.clone();
                changed[at] ^= flip;
                fs::write(&path, &changed).unwrap();
                let fault = check(folder.path()).unwrap_err();
                assert_eq!(fault.file, file, "byte {at} of {file}: {fault}");
                match fault.place {
                    Place::Byte(byte) => {
                        assert!(byte as usize <= at && at < byte as usize + 200, "byte {at}: {fault}");
                    }
                    Place::Line(line) => {
                        let lines = whole[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
                        let anywhere = file == "checkpoint" || whole[at] == b'\n' || changed[at] == b'\n';
                        assert!(anywhere || line as usize == lines, "byte {at} in line {lines}: {fault}");
                    }
                    Place::Whole => assert_eq!(file, "vkey", "byte {at}: {fault}"),
                }
                if file.starts_with("tile/") || file.starts_with("payload/") {
                    assert!(fault.entry.is_some() || file.starts_with("tile/1/"), "{fault}");
                }
            }
        }
        for changed in [&whole[..whole.len() - 1], &[&whole[..], b"\n"].concat(), b""] {
            fs::write(&path, changed).unwrap();
            assert_eq!(check(folder.path()).unwrap_err().file, file);
        }
        fs::remove_file(&path).unwrap();
        let fault = check(folder.path()).unwrap_err();
        assert_eq!((fault.kind, &fault.file), (FaultKind::Missing, &file));
        fs::write(&path, &whole).unwrap();
    }
    check(folder.path()).unwrap();
}

#[test]
fn every_changed_byte_of_three_entries_is_refused() {
    let mut log = Log::of(2);
    log.own_up(1, true);
    log.erased = vec![1];
    change_bytes(&log, 1);
}

#[test]
fn changed_bytes_of_three_hundred_entries_are_refused() {
    change_bytes(&Log::with_an_erasure(300), 1009);
    change_bytes(&Log::of(256), 2003);
}

#[test]
fn the_test_vectors_verify() {
    let report = check(&vectors("three")).unwrap();
    assert_eq!((report.size, report.erased, report.origin.as_str()), (3, 0, "sumun.example/made-up"));
    assert_eq!(report.sequenced, Some((1_790_000_001_000_000, 1_790_000_004_000_000)));
    let report = check(&vectors("three-hundred")).unwrap();
    assert_eq!((report.size, report.erased, report.superseded, report.since), (300, 1, 0, None));
    let report = check(&vectors("leftovers")).unwrap();
    assert_eq!((report.size, report.superseded, report.unpublished), (5, 3, 2));
    for (name, file, entry) in [
        ("wrong-class", "payload/000.p/3", 1),
        ("wrong-at", "payload/000.p/3", 2),
        ("emptied", "payload/000.p/3", 1),
    ] {
        let fault = check(&vectors(name)).unwrap_err();
        assert_eq!(
            (fault.kind, fault.file.as_str(), fault.entry),
            (FaultKind::Payload, file, Some(entry)),
            "{name}: {fault}"
        );
    }
    let three = vectors("three");
    let witnessed = fs::read_to_string(vectors("three-witnessed.checkpoint")).unwrap();
    for (name, size) in [("three", 3), ("three-hundred", 300)] {
        let report = verify_folder(&vectors(name), &vkey(), Some(&witnessed)).unwrap();
        assert_eq!((report.size, report.since), (size, Some(3)));
    }
    assert_eq!(fs::read_to_string(three.join("vkey")).unwrap().trim_end(), vkey());
}

#[test]
fn logs_of_any_size_verify_and_extend_their_beginnings() {
    let mut log = Log::of(0);
    let mut older = vec![];
    for size in [0, 1, 2, 3, 7, 255, 256, 257, 511, 512, 513, 800] {
        for index in log.tree.size()..size {
            let us = 1_790_000_000_000_000 + i64::try_from(index).unwrap();
            log.push("made.up", us, salt(index), published::plain("made.up", index));
        }
        older.push(log.checkpoint());
        let folder = folder_of(&log);
        for older in &older {
            let report = verify_folder(folder.path(), &vkey(), Some(older)).unwrap();
            assert_eq!(report.size, size);
        }
        let entries: Vec<_> =
            Verification::open(folder.path(), &vkey(), None).unwrap().map(Result::unwrap).collect();
        assert_eq!(entries.len() as u64, size);
        for (n, entry) in entries.iter().enumerate() {
            assert_eq!((entry.index, entry.class.as_str()), (n as u64, "made.up"));
            let payload = entry.payload.as_ref().unwrap();
            let right = published::plain("made.up", n as u64).into_string();
            assert_eq!((payload.text.clone(), payload.salt), (right, salt(n as u64)));
        }
    }
}

#[test]
fn a_third_level_of_tiles_is_checked_too() {
    let mut log = Log::of(0);
    let payload = published::plain("made.up", 0);
    for index in 0..65_536 + 257 {
        log.push("made.up", index, [7; 32], payload.clone());
    }
    let folder = folder_of(&log);
    let older = {
        let older = Log::of(0);
        older.checkpoint()
    };
    let report = verify_folder(folder.path(), &vkey(), Some(&older)).unwrap();
    assert_eq!((report.size, report.root), (65_793, hex(&log.tree.root().0)));
    for (file, byte) in
        [("tile/2/000.p/1", 0_u64), ("tile/1/000", 8100), ("tile/1/001.p/1", 4), ("tile/0/200", 77)]
    {
        let path = folder.path().join(file);
        let whole = fs::read(&path).unwrap();
        let mut changed = whole.clone();
        changed[byte as usize] ^= 1;
        fs::write(&path, changed).unwrap();
        let fault = check(folder.path()).unwrap_err();
        assert_eq!((fault.file.as_str(), fault.place), (file, Place::Byte(byte / 32 * 32)), "{fault}");
        fs::write(&path, whole).unwrap();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn swapped_and_dropped_lines_are_refused() {
    let folder = folder_of(&Log::of(5));
    let path = folder.path().join("payload/000.p/5");
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    for (order, said) in [
        (&[0, 2, 1, 3, 4][..], "`payload/000.p/5`, line 2, entry 1: expected a line with index 1"),
        (&[0, 1, 2, 3], "`payload/000.p/5`, line 5, entry 4: expected a line with index 4"),
        (&[0, 1, 2, 3, 4, 4], "`payload/000.p/5`, line 6: expected the end of the file"),
    ] {
        fs::write(&path, order.iter().map(|line| lines[*line]).collect::<String>()).unwrap();
        let fault = check(folder.path()).unwrap_err().to_string();
        assert!(fault.starts_with(said), "{fault}");
    }
    // Two payloads under each other's index.
    let swapped = whole
        .replace("\"index\":1,", "\"index\":9,")
        .replace("\"index\":4,", "\"index\":1,")
        .replace("\"index\":9,", "\"index\":4,");
    let lines: Vec<&str> = swapped.split_inclusive('\n').collect();
    fs::write(&path, [0, 4, 2, 3, 1].iter().map(|line| lines[*line]).collect::<String>()).unwrap();
    let fault = check(folder.path()).unwrap_err();
    assert_eq!((fault.kind, fault.place, fault.entry), (FaultKind::Payload, Place::Line(2), Some(1)));
}

#[test]
fn swapped_entries_are_refused() {
    let log = Log::of(5);
    let folder = folder_of(&log);
    let mut bundle = vec![];
    for n in [0, 1, 3, 2, 4] {
        sumun_ledger::push_entry(&mut bundle, &log.leaves[n]);
    }
    fs::write(folder.path().join("tile/entries/000.p/5"), bundle).unwrap();
    let fault = check(folder.path()).unwrap_err();
    assert_eq!(
        (fault.kind, fault.entry, fault.file.as_str()),
        (FaultKind::Entry, Some(2), "tile/entries/000.p/5")
    );
}

#[test]
fn a_backdated_entry_is_refused_though_signed() {
    let mut log = Log::of(4);
    let (class, payload) = published::payload(4);
    log.push(class, log.times[3] - 1, salt(4), Canonical::of(&payload).unwrap());
    let fault = check(folder_of(&log).path()).unwrap_err();
    assert_eq!(
        (fault.kind, fault.entry, fault.found),
        (FaultKind::Time, Some(4), (log.times[3] - 1).to_string())
    );
}

#[test]
fn a_log_written_anew_or_rolled_back_does_not_extend_the_old_checkpoint() {
    let honest = Log::of(300);
    let rolled_back = folder_of(&Log::of(299));
    let fault = verify_folder(rolled_back.path(), &vkey(), Some(&honest.checkpoint())).unwrap_err();
    assert_eq!((fault.kind, fault.place), (FaultKind::RolledBack, Place::Line(2)));
    assert_eq!(
        fault.to_string(),
        "`checkpoint`, line 2: expected at least 300 entries, as signed before, found 299"
    );

    let mut forged = Log::of(0);
    for index in 0..400 {
        let (class, payload) = published::payload(if index == 100 { 101 } else { index });
        forged.push(class, 1_790_000_000_000_000, salt(index), Canonical::of(&payload).unwrap());
    }
    let fault = verify_folder(folder_of(&forged).path(), &vkey(), Some(&honest.checkpoint())).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Forked);

    let fault = verify_folder(rolled_back.path(), &vkey(), Some("made up")).unwrap_err();
    assert_eq!((fault.kind, fault.file.as_str()), (FaultKind::Checkpoint, "older checkpoint"));
}

#[test]
fn another_key_or_anothers_checkpoint_is_refused() {
    let folder = folder_of(&Log::of(3));
    let other = sumun_ledger::CheckpointSigner::new(&[1; 32], published::ORIGIN).unwrap();
    assert_eq!(verify_folder(folder.path(), &other.vkey(), None).unwrap_err().kind, FaultKind::Key);
    fs::write(folder.path().join("vkey"), format!("{}\n", other.vkey())).unwrap();
    let fault = verify_folder(folder.path(), &other.vkey(), None).unwrap_err();
    assert_eq!((fault.kind, fault.file.as_str()), (FaultKind::Checkpoint, "checkpoint"));
    assert_eq!(verify_folder(folder.path(), "made up", None).unwrap_err().kind, FaultKind::Key);
}

#[test]
fn files_that_nothing_calls_for_are_named() {
    let folder = folder_of(&Log::of(300));
    for file in [
        "made-up",
        "made-up.new",
        "tile/0/001.p/044",
        "tile/7/000.p/1",
        "payload/000.p/256",
        "payload/x000/000",
        "tile/entries/.000.tmp",
        "tile/0/001.p/44.new.new",
        "tile/made/up",
    ] {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "made up").unwrap();
        let fault = check(folder.path()).unwrap_err();
        assert_eq!((fault.kind, fault.file.as_str()), (FaultKind::Leftover, file));
        fs::remove_file(path).unwrap();
    }
    check(folder.path()).unwrap();
}

#[test]
fn what_a_stopped_publisher_leaves_is_passed_over() {
    let folder = folder_of(&Log::of(300));
    for file in [
        "tile/0/002",
        "tile/0/001.p/45",
        "tile/2/000.p/1",
        "payload/001.p/44.new",
        "checkpoint.new",
        "vkey.new",
    ] {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "made up").unwrap();
        assert_eq!(check(folder.path()).unwrap().unpublished, 1, "{file}");
        fs::remove_file(&path).unwrap();
        // Links and pipes belong to nobody.
        std::os::unix::fs::symlink("made-up", &path).unwrap();
        let fault = check(folder.path()).unwrap_err();
        assert_eq!((fault.kind, fault.file.as_str()), (FaultKind::Leftover, file));
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn replaced_partial_files_must_say_the_same() {
    let folder = folder_of(&Log::of(300));
    Log::of(3).publish(&folder.path().join("old"));
    for file in ["tile/0/000.p/3", "tile/entries/000.p/3", "payload/000.p/3"] {
        let to = folder.path().join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(folder.path().join("old").join(file), to).unwrap();
    }
    fs::remove_dir_all(folder.path().join("old")).unwrap();
    assert_eq!(check(folder.path()).unwrap().superseded, 3);
    let path = folder.path().join("payload/000.p/3");
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(path, bytes).unwrap();
    let fault = check(folder.path()).unwrap_err();
    assert_eq!(
        (fault.kind, fault.place, fault.file.as_str()),
        (FaultKind::Leftover, Place::Byte(100), "payload/000.p/3")
    );
}

#[test]
fn a_line_that_somebody_emptied_is_named() {
    let mut log = Log::of(2);
    log.own_up(2, false); // Itself, and nothing later: names nothing.
    log.own_up(1, true);
    log.erased = vec![1, 2];
    let fault = check(folder_of(&log).path()).unwrap_err();
    assert_eq!((fault.kind, fault.place, fault.entry), (FaultKind::Payload, Place::Line(3), Some(2)));
    // Who erases the entry that owns up has two lines to answer for.
    log.own_up(2, false);
    log.erased.push(3);
    let fault = check(folder_of(&log).path()).unwrap_err();
    assert_eq!((fault.place, fault.entry), (Place::Line(2), Some(1)));
}

#[test]
fn of_several_faults_the_first_in_order_is_told() {
    // Enough entries that two threads share them, in bundles whose parts go to both.
    let log = Log::of(700);
    let folder = folder_of(&log);
    let entries: Vec<u64> = vec![3, 250, 300, 466, 467, 699];
    for at in entries.iter().rev() {
        let width = 700_u64.saturating_sub(at / 256 * 256).min(256);
        let file = match width {
            256 => format!("payload/{:03}", at / 256),
            _ => format!("payload/{:03}.p/{width}", at / 256),
        };
        let path = folder.path().join(&file);
        let text = fs::read_to_string(&path).unwrap();
        let mut lines: Vec<&str> = text.split('\n').collect();
        lines[(at % 256) as usize] = "{}";
        fs::write(&path, lines.join("\n")).unwrap();
        let mut pass = Verification::open(folder.path(), &vkey(), None).unwrap();
        let before = pass.by_ref().take_while(Result::is_ok).count() as u64;
        assert_eq!((before, pass.next().is_none()), (*at, true));
        let fault = check(folder.path()).unwrap_err();
        assert_eq!((fault.entry, fault.file, fault.place), (Some(*at), file, Place::Line(at % 256 + 1)));
    }
}

#[test]
fn an_erased_payload_leaves_class_time_and_place_verified() {
    let mut log = Log::of(5);
    log.own_up(2, true);
    log.erased = vec![2];
    let folder = folder_of(&log);
    assert_eq!(check(folder.path()).unwrap().erased, 1);
    let entry = Verification::open(folder.path(), &vkey(), None).unwrap().nth(2).unwrap().unwrap();
    assert_eq!((entry.payload, entry.class), (None, log.classes[2].clone()));
}

#[test]
fn a_log_that_grows_while_it_is_read_is_not_called_tampered() {
    let folder = folder_of(&Log::of(3));
    let mut pass = Verification::open(folder.path(), &vkey(), None).unwrap();
    assert!(pass.next().unwrap().is_ok());
    // What growth takes away was opened before, so the log as it stood is still found whole.
    for kind in ["tile/0", "tile/entries", "payload"] {
        fs::remove_dir_all(folder.path().join(kind).join("000.p")).unwrap();
    }
    Log::of(9).publish(folder.path());
    assert!(pass.all(|entry| entry.is_ok()));
    assert_eq!(pass.report().map(|report| report.size), Some(3));
    // A fault that comes with a newer checkpoint is none yet.
    let folder = folder_of(&Log::of(300));
    let mut pass = Verification::open(folder.path(), &vkey(), None).unwrap();
    fs::remove_file(folder.path().join("payload/000")).unwrap();
    fs::write(folder.path().join("checkpoint"), Log::of(301).checkpoint()).unwrap();
    let fault = pass.find_map(Result::err).unwrap();
    assert_eq!((fault.kind, pass.report()), (FaultKind::Changed, None));
}
