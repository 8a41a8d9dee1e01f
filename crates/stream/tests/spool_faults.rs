//! The spool when something goes wrong, one case at a time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use sumun_stream::fault::FaultStorage;
use sumun_stream::{
    Cause, DiskStorage, DrainError, Joined, JoinedRecord, Log, LogError, LogOptions, Opened,
    SPOOL_PAYLOAD_BYTES_MAX, Spool, SpoolError, SpoolOpenError, SpoolOptions,
};
use support::spool_world::join;

const OPTIONS: SpoolOptions = SpoolOptions { bytes_max: 400, segment_bytes_max: 150 };

fn open(spool: &Arc<FaultStorage>, output: &Arc<FaultStorage>) -> (Opened, Log) {
    let (output, _) = Log::open(Arc::clone(output) as Arc<_>, LogOptions::default()).unwrap();
    (Spool::open(Arc::clone(spool) as Arc<_>, &output, OPTIONS).unwrap(), output)
}

fn texts(output: &Log) -> Vec<String> {
    let records = output.reader(output.first()).map(Result::unwrap);
    records
        .map(|record| String::from_utf8(JoinedRecord::parse(&record).unwrap().payload.to_vec()).unwrap())
        .collect()
}

#[test]
fn a_full_spool_sheds_into_a_gap_that_is_written_once_there_is_room() {
    let (Opened { spool, mut drainer, .. }, output) = open(&FaultStorage::new(1), &FaultStorage::new(2));
    let mut taken = 0;
    let cause = loop {
        match spool.single(format!("{taken}").as_bytes()) {
            Ok(_) => taken += 1,
            Err(SpoolError::Unavailable { cause }) => break cause,
            Err(error) => panic!("{error}"),
        }
    };
    assert!(matches!(cause, Cause::Backlog { bytes: 400.., bytes_max: 400 }), "{cause}");
    assert!(!spool.healthy());
    spool.shed(2, 1_000);
    spool.shed(3, 900);
    assert_eq!(spool.status().shed_pending, 5);
    spool.sync().unwrap();
    drainer.pump(&mut join).unwrap();
    assert!(spool.healthy(), "{:?}", spool.status());
    spool.single(b"77").unwrap();
    assert_eq!((spool.status().shed_pending, spool.status().shed_total), (0, 5));
    assert_eq!(spool.status().gaps_total, 1);
    spool.sync().unwrap();
    drainer.pump(&mut join).unwrap();
    let texts = texts(&output);
    assert_eq!(texts.len(), taken + 2);
    assert_eq!(texts[taken..], ["gap 5".to_owned(), "complete 77".to_owned()]);
}

#[test]
fn a_gap_says_when() {
    let (Opened { spool, mut drainer, .. }, _output) = open(&FaultStorage::new(1), &FaultStorage::new(2));
    spool.shed(1, -5);
    spool.shed(1, 70);
    spool.shed(0, 99);
    drainer.pump(&mut |_| panic!("nothing is durable yet")).unwrap();
    spool.sync().unwrap();
    let mut seen = Vec::new();
    let mut note = |joined: Joined<'_>| {
        if let Joined::Gap { count, first_ts_us, last_ts_us } = joined {
            seen.push((count, first_ts_us, last_ts_us));
        }
        None
    };
    drainer.pump(&mut note).unwrap();
    assert_eq!(seen, [(2, -5, 70)]);
}

#[test]
fn a_full_disk_is_a_cause_and_its_lost_outcome_an_unfinished_request() {
    let disk = FaultStorage::new(3);
    let (Opened { spool, mut drainer, .. }, output) = open(&disk, &FaultStorage::new(4));
    let first = spool.admit(b"1").unwrap();
    let second = spool.admit(b"2").unwrap();
    disk.set_capacity(Some(disk.used_bytes() + 3));
    assert!(matches!(spool.admit(b"3"), Err(SpoolError::Unavailable { cause: Cause::DiskFull })));
    spool.outcome(first, b"1").unwrap_err();
    assert_eq!(spool.status().unavailable, Some(Cause::DiskFull));
    disk.set_capacity(None);
    spool.outcome(second, b"2").unwrap();
    assert!(spool.healthy());
    drainer.pump(&mut join).unwrap();
    spool.sync().unwrap();
    drainer.pump(&mut join).unwrap();
    assert_eq!(texts(&output), ["complete 2", "unfinished 1"]);
    assert_eq!(spool.status().abandoned_total, 1);
}

#[test]
fn a_full_output_stops_draining_and_loses_nothing() {
    let disk = FaultStorage::new(5);
    let (Opened { spool, mut drainer, .. }, output) = open(&FaultStorage::new(6), &disk);
    for number in 1..4 {
        spool.single(format!("{number}").as_bytes()).unwrap();
    }
    spool.sync().unwrap();
    disk.set_capacity(Some(disk.used_bytes() + 30));
    for _ in 0..2 {
        assert!(matches!(drainer.pump(&mut join), Err(DrainError::Output(LogError::Full))));
    }
    disk.set_capacity(None);
    drainer.pump(&mut join).unwrap();
    assert_eq!(texts(&output), ["complete 1", "complete 2", "complete 3"]);
}

#[test]
fn a_segment_that_cannot_be_begun_is_a_passing_failure() {
    let disk = FaultStorage::new(20);
    let (Opened { spool, .. }, _output) = open(&disk, &FaultStorage::new(21));
    spool.single(&[b'1'; 150]).unwrap();
    disk.fail_creates(1);
    let error = spool.single(b"2").unwrap_err();
    assert_eq!(
        error.to_string(),
        "recording is unavailable: the spool cannot be written: failed to create `next.tmp`"
    );
    assert!(matches!(spool.status().unavailable, Some(Cause::Failing { .. })));
    spool.single(b"2").unwrap();
    assert!(spool.healthy());
}

#[test]
fn a_poisoned_spool_says_so() {
    let disk = FaultStorage::new(7);
    let (Opened { spool, .. }, _output) = open(&disk, &FaultStorage::new(8));
    let ticket = spool.admit(b"1").unwrap();
    disk.fail_syncs(1);
    assert!(matches!(spool.wait_durable(&ticket), Err(LogError::Poisoned { .. })));
    assert!(matches!(spool.status().unavailable, Some(Cause::Poisoned { .. })));
    let error = spool.single(b"2").unwrap_err();
    assert_eq!(
        error.to_string(),
        "recording is unavailable: the spool is poisoned: failed to sync: input/output error (injected)"
    );
}

#[test]
fn a_record_above_the_limit_is_the_callers_fault() {
    let (Opened { spool, .. }, _output) = open(&FaultStorage::new(9), &FaultStorage::new(10));
    let large = vec![b'1'; SPOOL_PAYLOAD_BYTES_MAX + 1];
    assert!(matches!(spool.single(&large), Err(SpoolError::TooLarge { .. })));
    assert!(spool.healthy());
}

#[test]
fn an_open_request_keeps_its_segment_until_it_ends() {
    let disk = FaultStorage::new(11);
    let (output, _) = Log::open(FaultStorage::new(12) as Arc<_>, LogOptions::default()).unwrap();
    let options = SpoolOptions { bytes_max: 100_000, ..OPTIONS };
    let Opened { spool, mut drainer, .. } = Spool::open(disk as Arc<_>, &output, options).unwrap();
    let ticket = spool.admit(b"0").unwrap();
    for number in 1..40 {
        spool.single(format!("{number}").as_bytes()).unwrap();
    }
    spool.sync().unwrap();
    let report = drainer.pump(&mut join).unwrap();
    assert_eq!((report.written, report.segments_removed), (39, 0));
    let held = spool.backlog_bytes();
    spool.outcome(ticket, b"0").unwrap();
    spool.sync().unwrap();
    let report = drainer.pump(&mut join).unwrap();
    assert_eq!(report.written, 1);
    assert!(report.segments_removed > 3 && spool.backlog_bytes() < held / 5, "{report:?}");
}

#[test]
fn a_spool_that_a_dead_process_left_full_of_open_requests_is_emptied() {
    let (disk, output_disk) = (FaultStorage::new(18), FaultStorage::new(19));
    let (Opened { spool, .. }, _) = open(&disk, &output_disk);
    let taken = (1..).take_while(|number| spool.admit(format!("{number}").as_bytes()).is_ok()).count();
    disk.kill();
    output_disk.kill();
    let (Opened { spool, mut drainer, .. }, output) = open(&disk, &output_disk);
    assert!(!spool.healthy());
    drainer.pump(&mut join).unwrap();
    spool.sync().unwrap();
    drainer.pump(&mut join).unwrap();
    assert!(spool.healthy(), "{:?}", spool.status());
    assert_eq!(texts(&output).len(), taken);
    assert!(texts(&output).iter().all(|text| text.starts_with("unfinished")));
}

#[test]
fn a_spool_older_than_its_output_is_refused_and_a_new_one_continues() {
    let (old, output_disk) = (FaultStorage::new(13), FaultStorage::new(14));
    let (Opened { spool, mut drainer, .. }, _) = open(&FaultStorage::new(15), &output_disk);
    for number in 1..9 {
        spool.single(format!("{number}").as_bytes()).unwrap();
    }
    spool.sync().unwrap();
    drainer.pump(&mut join).unwrap();
    drop((spool, drainer));
    let (elsewhere, _) = Log::open(FaultStorage::new(16) as Arc<_>, LogOptions::default()).unwrap();
    Spool::open(old.clone() as Arc<_>, &elsewhere, OPTIONS).unwrap().spool.single(b"1").unwrap();
    let (output, _) = Log::open(output_disk as Arc<_>, LogOptions::default()).unwrap();
    let error = Spool::open(old as Arc<_>, &output, OPTIONS).unwrap_err();
    assert!(matches!(error, SpoolOpenError::Behind { .. }), "{error}");
    let fresh = Spool::open(FaultStorage::new(17) as Arc<_>, &output, OPTIONS).unwrap();
    let Opened { spool, mut drainer, .. } = fresh;
    spool.single(b"9").unwrap();
    spool.sync().unwrap();
    drainer.pump(&mut join).unwrap();
    assert_eq!(texts(&output).last().unwrap(), "complete 9");
    assert_eq!(texts(&output).len(), 9);
}

#[test]
fn threads_sync_and_drain_a_real_folder() {
    let temp = tempfile::tempdir().unwrap();
    let storage = |name: &str| DiskStorage::open(temp.path().join(name)).unwrap();
    let (output, _) = Log::open(storage("events"), LogOptions::default()).unwrap();
    let Opened { spool, drainer, .. } =
        Spool::open(storage("spool"), &output, SpoolOptions::default()).unwrap();
    let syncer = spool.start_syncer(Duration::from_millis(1)).unwrap();
    let drain = drainer.start(Duration::from_millis(1), join).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let spool = &spool;
            scope.spawn(move || {
                for number in 0..250 {
                    let id = format!("{}", thread * 250 + number);
                    let ticket = spool.admit(id.as_bytes()).unwrap();
                    if number % 50 == 0 {
                        spool.wait_durable(&ticket).unwrap();
                    }
                    spool.outcome(ticket, id.as_bytes()).unwrap();
                }
            });
        }
    });
    assert_eq!(drain.failing(), None);
    drop((drain, syncer));
    let mut texts = texts(&output);
    texts.sort();
    let mut expected: Vec<_> = (0..1000).map(|id| format!("complete {id}")).collect();
    expected.sort();
    assert_eq!(texts, expected);
}
