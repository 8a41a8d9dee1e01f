//! What is kept is there again, and what is damaged is told.

use super::super::held::end_of;
use super::*;
use serde_json::json;
use sumun_feed::{SigningKey, Snapshot};

fn key() -> SigningKey {
    SigningKey::from_seed(&[3; 32])
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis((1_795_000_000 + second) * 1000)
}

/// What a version is.
fn mark(version: u64) -> Mark {
    Mark { entry: version, root: [7; 32] }
}

fn record(key: &str, account: &str, expires: i64) -> Value {
    json!({ "key": key, "account": account, "expires": at(expires) })
}

fn delta(version: u64, records: Vec<Value>) -> String {
    let second = i64::try_from(version).unwrap();
    Frame::Delta { version, mark: mark(version), at: at(second), records }.sign(&key()).unwrap()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn open(&self) -> Result<(FeedDisk, Option<Held>), DiskError> {
        let config = Config { data_dir: self.0.path().to_owned(), ..Config::default() };
        FeedDisk::open(&config, key().public())
    }
}

/// With a table of one key at version 7.
fn kept() -> (Folder, FeedDisk) {
    let folder = Folder(tempfile::tempdir().unwrap());
    let (mut disk, held) = folder.open().unwrap();
    assert_eq!(held, None);
    let records = vec![record("K1", "A1", 100)];
    let snapshot = Snapshot { version: 7, mark: Some(mark(7)), at: at(7), records, dead: Vec::new() };
    disk.replace(&Held::snapshot(&snapshot)).unwrap();
    (folder, disk)
}

fn accounts(held: &Held) -> Vec<String> {
    held.records.values().map(|record| record["account"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_was_kept_is_there_again_without_half_a_line() {
    let (folder, disk) = kept();
    disk.keep(&delta(8, vec![record("K1", "A8", 100)])).unwrap();
    let long = "x".repeat(PAYLOAD_BYTES_MAX + 10);
    disk.keep(&delta(9, vec![record("K2", &long, 100)])).unwrap();
    disk.acknowledged(8).unwrap();
    // A crash in the middle of a long line.
    disk.log.append(PIECE, b"half a line").unwrap();
    disk.sync().unwrap();
    drop(disk);
    let (disk, held) = folder.open().unwrap();
    let held = held.unwrap();
    assert_eq!((held.version, held.mark, held.at, held.acknowledged), (9, Some(mark(9)), Some(at(9)), 8));
    assert_eq!(accounts(&held), ["A8".to_owned(), long]);
    assert_eq!(held.unacknowledged, [KeyId::new("K2").unwrap()]);
    disk.keep(&delta(10, vec![record("K3", "A10", 100)])).unwrap();
    drop(disk);
    assert_eq!(folder.open().unwrap().1.unwrap().version, 10);
}

#[test]
fn a_table_written_anew_takes_the_deltas_in() {
    let (folder, mut disk) = kept();
    for version in 8..20 {
        disk.keep(&delta(version, vec![record("K1", &format!("A{version}"), 100)])).unwrap();
    }
    disk.acknowledged(12).unwrap();
    disk.sync().unwrap();
    let before = disk.load().unwrap().unwrap();
    disk.compact_from(u64::MAX).unwrap();
    assert_eq!(
        disk.parse(&std::fs::read_to_string(&disk.table).unwrap()).unwrap().version,
        7,
        "not worth it yet"
    );
    disk.compact_from(1).unwrap();
    assert_eq!(disk.parse(&std::fs::read_to_string(&disk.table).unwrap()).unwrap().version, before.version);
    drop(disk);
    let (disk, held) = folder.open().unwrap();
    // The deltas may stand there still; they are passed over.
    let held = held.unwrap();
    assert_eq!((held.version, held.acknowledged, accounts(&held)), (19, 12, vec!["A19".to_owned()]));
    disk.keep(&delta(20, Vec::new())).unwrap();
    drop(disk);
    assert_eq!(folder.open().unwrap().1.unwrap().version, 20);
}

#[test]
fn an_end_that_had_passed_is_not_put_off_by_starting_again() {
    let (folder, disk) = kept();
    // Version 8 is of second 8: 100 was to come, and may be put off. Version 9 says second 5, version 10 more again.
    disk.keep(&delta(8, vec![record("K1", "A8", 200)])).unwrap();
    disk.keep(&delta(9, vec![record("K1", "A9", 5)])).unwrap();
    disk.keep(&delta(10, vec![record("K1", "A10", 300)])).unwrap();
    drop(disk);
    let held = folder.open().unwrap().1.unwrap();
    let end = held.records.values().next().and_then(end_of);
    assert_eq!((end, accounts(&held)), (Some(at(5)), vec!["A10".to_owned()]));
}

#[test]
fn damage_is_told() {
    let (folder, disk) = kept();
    disk.keep(&delta(9, Vec::new())).unwrap();
    drop(disk);
    assert!(folder.open().err().unwrap().to_string().contains("after version 7 stands 9"));
    let (folder, disk) = kept();
    disk.keep(&Frame::Heartbeat { version: 8, mark: None, at: at(8) }.sign(&key()).unwrap()).unwrap();
    drop(disk);
    assert!(folder.open().err().unwrap().to_string().contains("a frame that is no delta"));
    let (folder, disk) = kept();
    let forged = Frame::Delta { version: 8, mark: mark(8), at: at(8), records: Vec::new() };
    disk.keep(&forged.sign(&SigningKey::from_seed(&[9; 32])).unwrap()).unwrap();
    drop(disk);
    assert!(folder.open().err().unwrap().to_string().contains("does not fit"));
    let (folder, disk) = kept();
    let text = std::fs::read_to_string(&disk.table).unwrap();
    std::fs::write(&disk.table, text.replace("A1", "A2")).unwrap();
    drop(disk);
    assert!(folder.open().err().unwrap().to_string().contains("not as it was written"));
}
