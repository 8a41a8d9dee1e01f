//! The log when something goes wrong, one case at a time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use sumun_stream::fault::FaultStorage;
use sumun_stream::{
    Log, LogError, LogOptions, LogReader, Offset, PAYLOAD_BYTES_MAX, Record, Retention, Start, Storage,
    Syncer,
};

const SMALL: LogOptions = LogOptions { segment_bytes_max: 200, first_offset: Offset::ZERO };
/// Longer than any test: whatever is synced before it was asked for.
const NEVER: Duration = Duration::from_secs(3600);

fn open(storage: &Arc<FaultStorage>) -> Log {
    Log::open(Arc::clone(storage) as Arc<_>, SMALL).unwrap().0
}

fn payloads(log: &Log) -> Vec<Vec<u8>> {
    log.reader(log.first()).map(|record| record.unwrap().payload).collect()
}

#[test]
fn a_failed_sync_poisons_for_good() {
    let storage = FaultStorage::new(1);
    let log = open(&storage);
    log.append(1, b"one").unwrap();
    storage.fail_syncs(1);
    let error = log.sync().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the log is poisoned: failed to sync: input/output error (injected); \
         it accepts nothing more, check the disk and restart the process"
    );
    let before = storage.operations();
    assert!(matches!(log.sync(), Err(LogError::Poisoned { .. })));
    assert!(matches!(log.append(1, b"two"), Err(LogError::Poisoned { .. })));
    assert!(matches!(log.retain(&Retention::default()), Err(LogError::Poisoned { .. })));
    assert_eq!(storage.operations(), before, "a poisoned log touched the disk");
    assert_eq!(log.durable(), Offset::ZERO);
}

#[test]
fn after_a_failed_sync_the_next_process_rewrites_what_is_in_doubt() {
    for seed in 0..50 {
        let storage = FaultStorage::new(seed);
        let log = open(&storage);
        log.append(1, b"one").unwrap();
        storage.fail_syncs(1);
        log.sync().unwrap_err();
        storage.kill();
        let (log, recovery) = Log::open(Arc::clone(&storage) as Arc<_>, SMALL).unwrap();
        assert!(recovery.rewritten);
        assert_eq!(log.durable(), Offset::new(1));
        storage.crash();
        let (log, recovery) = Log::open(Arc::clone(&storage) as Arc<_>, SMALL).unwrap();
        assert_eq!(payloads(&log), [b"one"]);
        assert!(!recovery.rewritten);
    }
}

#[test]
fn a_full_disk_takes_nothing_back_and_works_again_once_there_is_space() {
    let storage = FaultStorage::new(2);
    let log = open(&storage);
    log.append(1, b"first").unwrap();
    for room in 0..30 {
        storage.set_capacity(Some(storage.used_bytes() + room));
        assert!(matches!(log.append(1, &[7; 50]), Err(LogError::Full)));
        assert_eq!(log.next(), Offset::new(1));
        assert_eq!(payloads(&log), [b"first"]);
    }
    storage.set_capacity(None);
    assert_eq!(log.append(1, b"second").unwrap(), Offset::new(1));
    assert_eq!(payloads(&log), [b"first".to_vec(), b"second".to_vec()]);
    log.sync().unwrap();
    storage.crash();
    assert_eq!(payloads(&open(&storage)), [b"first".to_vec(), b"second".to_vec()]);
}

#[test]
fn a_disk_that_fills_up_at_rotation_is_full_and_not_poisoned() {
    let storage = FaultStorage::new(3);
    let log = open(&storage);
    log.append(1, &[1; 200]).unwrap();
    storage.set_capacity(Some(storage.used_bytes() + 5));
    assert!(matches!(log.append(1, b"x"), Err(LogError::Full)));
    storage.set_capacity(None);
    log.append(1, b"y").unwrap();
    assert_eq!(payloads(&log), [vec![1; 200], b"y".to_vec()]);
}

fn damaged(in_segment: usize) -> (Arc<FaultStorage>, String) {
    let storage = FaultStorage::new(4);
    let log = open(&storage);
    for number in 0..12 {
        log.append(1, &[number; 30]).unwrap();
        log.sync().unwrap();
    }
    let mut names = storage.list().unwrap();
    names.sort();
    assert!(names.len() > 3);
    let name = names.swap_remove(in_segment);
    assert!(storage.flip_bit(&name, 24 + 20, 3));
    storage.kill();
    (storage, name)
}

#[test]
fn damage_in_an_old_segment_is_named_by_whoever_reads_it() {
    let (storage, name) = damaged(0);
    let log = open(&storage);
    let error = log.reader(log.first()).next().unwrap().unwrap_err();
    assert!(matches!(&error, LogError::Corrupt { file, byte: 24, .. } if *file == name), "{error}");
    let mut outside = LogReader::open(Arc::clone(&storage) as Arc<_>, Start::First).unwrap();
    assert!(matches!(outside.poll(), Err(LogError::Corrupt { byte: 24, .. })));
}

#[test]
fn damage_to_an_acknowledged_record_of_the_last_segment_stops_the_opening() {
    let storage = FaultStorage::new(5);
    let log = open(&storage);
    log.append(1, b"one").unwrap();
    log.append(1, b"two").unwrap();
    log.sync().unwrap();
    storage.kill();
    storage.flip_bit("00000000000000000000.seg", 24 + 17, 0);
    let error = Log::open(Arc::clone(&storage) as Arc<_>, SMALL).unwrap_err();
    assert!(matches!(&error, LogError::Corrupt { file, byte: 24, .. } if file == "00000000000000000000.seg"));
}

#[test]
fn what_is_refused_is_refused_before_anything_is_written() {
    let log = open(&FaultStorage::new(6));
    assert!(matches!(log.append(0, b"x"), Err(LogError::ReservedKind)));
    let large = vec![0; PAYLOAD_BYTES_MAX + 1];
    assert!(matches!(log.append_batch([(1, b"x".as_slice()), (1, &large)]), Err(LogError::TooLarge { .. })));
    assert_eq!(log.next(), Offset::ZERO);
    log.append(1, &large[1..]).unwrap();
    assert_eq!(payloads(&log), [&large[1..]]);
}

#[test]
fn retention_keeps_the_newest_and_readers_are_told_where_to_go_on() {
    let storage = FaultStorage::new(7);
    let log = open(&storage);
    let mut behind = log.reader(Offset::ZERO);
    for number in 0..30 {
        log.append(1, &[number; 30]).unwrap();
    }
    assert_eq!(behind.poll().unwrap().unwrap().offset, Offset::ZERO);
    let removed = log.retain(&Retention { bytes_max: Some(500), drop_below: None }).unwrap();
    assert!(removed.segments > 0 && log.bytes() <= 500);
    let first = log.first();
    assert!(first > Offset::ZERO && first < log.next());
    assert!(matches!(
        log.reader(Offset::new(1)).poll(),
        Err(LogError::Trimmed { wanted, first: told }) if wanted.get() == 1 && told == first
    ));
    // What the late reader has open it still reads; then it learns of the hole.
    let error = behind.find_map(Result::err).unwrap();
    assert!(matches!(error, LogError::Trimmed { first: told, .. } if told == first), "{error}");
    let kept: Vec<_> = log.reader(first).map(|record| record.unwrap().offset.get()).collect();
    assert_eq!(kept, (first.get()..30).collect::<Vec<_>>());
    storage.crash();
    assert_eq!(open(&storage).first(), first);
}

#[test]
fn durability_is_told_with_and_without_a_syncer() {
    let storage = FaultStorage::new(8);
    let (log, _) = Log::open(Arc::clone(&storage) as Arc<_>, LogOptions::default()).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = |name: &'static str| {
        let told = Arc::clone(&told);
        Box::new(move |answer: Result<Offset, LogError>| {
            told.lock().unwrap().push((name, answer.map_err(|error| error.to_string())));
        })
    };
    let offset = log.append(1, b"alone").unwrap();
    log.on_durable(offset, tell("alone"));
    assert_eq!(log.durable(), Offset::new(1));
    log.on_durable(offset, tell("again"));
    log.on_durable(Offset::new(1), tell("early"));
    let at_once = std::mem::take(&mut *told.lock().unwrap());
    assert_eq!(at_once[0], ("alone", Ok(Offset::new(1))));
    assert_eq!(at_once[1], ("again", Ok(Offset::new(1))));
    assert_eq!(at_once[2].1, Err("offset 1 is not written yet; the next one is 1".to_owned()));

    let syncer = Syncer::start(&log, NEVER).unwrap();
    assert!(Syncer::start(&log, NEVER).is_err());
    let offset = log.append(1, b"hurry").unwrap();
    assert!(log.wait_durable(offset).unwrap() > offset);
    let (send, receive) = mpsc::channel::<()>();
    let offset = log.append(1, b"panics").unwrap();
    log.on_durable(
        offset,
        Box::new(move |_| {
            drop(send);
            std::panic::resume_unwind(Box::new("made up"));
        }),
    );
    assert!(receive.recv().is_err());
    let offset = log.append(1, b"the thread lives on").unwrap();
    log.wait_durable(offset).unwrap();

    storage.fail_syncs(1);
    let offset = log.append(1, b"lost").unwrap();
    assert!(matches!(log.wait_durable(offset), Err(LogError::Poisoned { .. })));
    drop(syncer);
    assert!(matches!(log.wait_durable(offset), Err(LogError::Poisoned { .. })));
}

#[test]
fn a_syncer_that_stops_syncs_what_is_left() {
    let log = open(&FaultStorage::new(9));
    let syncer = Syncer::start(&log, NEVER).unwrap();
    log.append(1, b"last words").unwrap();
    drop(syncer);
    assert_eq!(log.durable(), Offset::new(1));
    Syncer::start(&log, NEVER).unwrap();
}

#[test]
fn a_syncer_syncs_without_being_asked() {
    let log = open(&FaultStorage::new(10));
    let _syncer = Syncer::start(&log, Duration::from_millis(1)).unwrap();
    for _ in 0..20 {
        let offset = log.append(1, b"x").unwrap();
        while log.durable() <= offset {
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_segment_that_was_never_born_is_cleared_away() {
    let storage = FaultStorage::new(12);
    open(&storage).append(1, b"one").unwrap();
    storage.kill();
    storage.create("next.tmp").unwrap();
    let log = open(&storage);
    assert_eq!(payloads(&log), [b"one"]);
    assert_eq!(storage.list().unwrap(), ["00000000000000000000.seg"]);
}

#[test]
fn a_log_begins_where_it_is_told() {
    let storage = FaultStorage::new(11);
    let options = LogOptions { first_offset: Offset::new(41), ..SMALL };
    let (log, recovery) = Log::open(storage as Arc<_>, options).unwrap();
    assert_eq!((recovery.first, recovery.next), (Offset::new(41), Offset::new(41)));
    assert_eq!(log.append(3, b"x").unwrap(), Offset::new(41));
    let record = Record { offset: Offset::new(41), kind: 3, payload: b"x".to_vec() };
    assert_eq!(log.reader(Offset::new(41)).next().unwrap().unwrap(), record);
}
