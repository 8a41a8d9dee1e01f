//! The log in a real folder: threads, a second process that reads, and a writer that is killed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use sumun_stream::{DiskStorage, Log, LogError, LogOptions, LogReader, Offset, Record, Start, Syncer};

const SMALL: LogOptions = LogOptions { segment_bytes_max: 20_000, first_offset: Offset::ZERO };
const CHILD_FOLDER: &str = "SUMUN_STREAM_TEST_FOLDER";

fn open(path: &Path) -> Log {
    Log::open(DiskStorage::open(path).unwrap(), SMALL).unwrap().0
}

fn payload(number: u64) -> Vec<u8> {
    let mut payload = number.to_le_bytes().to_vec();
    payload.resize(8 + usize::try_from(number % 300).unwrap(), b'x');
    payload
}

fn follow(records: u64, mut poll: impl FnMut() -> Result<Option<Record>, LogError>) {
    let mut number = 0;
    while number < records {
        let Some(record) = poll().unwrap() else {
            std::thread::yield_now();
            continue;
        };
        assert_eq!((record.offset, record.payload), (Offset::new(number), payload(number)));
        number += 1;
    }
    assert_eq!(poll().unwrap(), None);
}

#[test]
fn readers_race_a_writer_through_rotation() {
    const RECORDS: u64 = 5_000;
    let temp = tempfile::tempdir().unwrap();
    let log = open(temp.path());
    let mut outside = LogReader::open_read_only(temp.path(), Start::First).unwrap();
    let mut inside = log.reader(Offset::ZERO);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..RECORDS {
                log.append(1, &payload(number)).unwrap();
            }
        });
        scope.spawn(|| follow(RECORDS, || inside.poll()));
        scope.spawn(|| follow(RECORDS, || outside.poll()));
    });
    assert!(std::fs::read_dir(temp.path()).unwrap().count() > 10, "no rotation happened");
}

#[test]
fn many_threads_append_and_each_finds_its_own_in_order() {
    const THREADS: u8 = 4;
    let temp = tempfile::tempdir().unwrap();
    let log = open(temp.path());
    let syncer = Syncer::start(&log, Duration::from_millis(1)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let log = &log;
            scope.spawn(move || {
                for number in 0..500_u64 {
                    let offset = log.append(thread + 1, &number.to_le_bytes()).unwrap();
                    if number % 50 == 0 {
                        assert!(log.wait_durable(offset).unwrap() > offset);
                    }
                }
            });
        }
    });
    drop(syncer);
    drop(log);
    let log = open(temp.path());
    let mut seen = [0_u64; THREADS as usize];
    for record in log.reader(log.first()) {
        let record = record.unwrap();
        let seen = &mut seen[usize::from(record.kind - 1)];
        assert_eq!(record.payload, seen.to_le_bytes());
        *seen += 1;
    }
    assert_eq!(seen, [500; THREADS as usize]);
}

#[test]
fn reading_begins_where_it_is_asked_to() {
    let temp = tempfile::tempdir().unwrap();
    assert!(LogReader::open_read_only(temp.path().join("absent"), Start::First).is_err());
    let mut early = LogReader::open_read_only(temp.path(), Start::Last(5)).unwrap();
    assert_eq!(early.poll().unwrap(), None);
    let log = open(temp.path());
    for number in 0..200 {
        log.append(1, &payload(number)).unwrap();
    }
    let first = |start| LogReader::open_read_only(temp.path(), start).unwrap().next_offset().get();
    assert_eq!(first(Start::First), 0);
    assert_eq!(first(Start::At(Offset::new(70))), 70);
    assert_eq!(first(Start::Last(0)), 200);
    assert_eq!(first(Start::Last(3)), 197);
    assert_eq!(first(Start::Last(9_999)), 0);
    assert_eq!(early.poll().unwrap().unwrap().offset, Offset::ZERO);
    let mut tail = LogReader::open_read_only(temp.path(), Start::Last(1)).unwrap();
    assert_eq!(tail.poll().unwrap().unwrap().payload, payload(199));
    assert_eq!(tail.tail_bytes().unwrap(), 0);
    let segment = std::fs::read_dir(temp.path()).unwrap().map(|entry| entry.unwrap().path());
    let last = segment.filter(|path| path.extension().is_some_and(|end| end == "seg")).max().unwrap();
    std::fs::OpenOptions::new().append(true).open(last).unwrap().write_all(b"torn").unwrap();
    assert_eq!(tail.poll().unwrap(), None);
    assert_eq!(tail.tail_bytes().unwrap(), 4);
    let behind = tail.tail().unwrap().unwrap();
    assert_eq!((behind.bytes, behind.records, behind.damaged), (4, 0, false));
}

#[test]
fn damage_and_an_unfinished_record_are_told_apart() {
    let temp = tempfile::tempdir().unwrap();
    let log = Log::open(DiskStorage::open(temp.path()).unwrap(), LogOptions::default()).unwrap().0;
    let read = || {
        let mut reader = LogReader::open_read_only(temp.path(), Start::First).unwrap();
        let whole = reader.by_ref().map(Result::unwrap).count();
        (whole, reader.tail().unwrap())
    };
    for number in 0..10 {
        log.append(1, &payload(number)).unwrap();
    }
    log.sync().unwrap();
    assert_eq!(read(), (10, None));
    let path = temp.path().join(format!("{:020}.seg", 0));
    let sound = std::fs::read(&path).unwrap();
    // The frame of a record: 17 bytes, then its payload.
    let starts: Vec<usize> =
        (0..10).map(|n| 24 + (0..n).map(|n| 17 + payload(n).len()).sum::<usize>()).collect();
    for (at, &start) in starts.iter().enumerate() {
        let mut bytes = sound.clone();
        bytes[start + 17] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let (whole, tail) = read();
        let tail = tail.unwrap();
        assert_eq!((whole, tail.byte), (at, start as u64));
        assert_eq!(tail.bytes, (sound.len() - start) as u64);
        // Behind the last record stands the mark that it had been synced.
        assert_eq!((tail.records, tail.damaged), (9 - at as u64, true));
        // Cut off within the record: nothing is behind it.
        std::fs::write(&path, &sound[..start + 20]).unwrap();
        let (whole, tail) = read();
        let tail = tail.unwrap();
        assert_eq!((whole, tail.bytes, tail.records, tail.damaged), (at, 20, 0, false));
    }
}

/// Not a test of its own: the process that `a_killed_writer_loses_nothing_acknowledged` kills.
#[test]
fn child_that_writes_until_killed() {
    let Ok(folder) = std::env::var(CHILD_FOLDER) else { return };
    let log = open(Path::new(&folder));
    let mut out = std::io::stdout();
    for number in log.next().get().. {
        let offset = log.append(1, &payload(number)).unwrap();
        if number % 7 == 0 {
            log.wait_durable(offset).unwrap();
            writeln!(out, "durable {}", offset.get()).unwrap();
        }
    }
}

#[test]
fn a_killed_writer_loses_nothing_acknowledged() {
    let temp = tempfile::tempdir().unwrap();
    let mut outside = LogReader::open_read_only(temp.path(), Start::First).unwrap();
    let mut seen = 0;
    for round in 1..=20_usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_writes_until_killed", "--nocapture"])
            .env(CHILD_FOLDER, temp.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let durable = lines
            .map(Result::unwrap)
            .filter_map(|line| line.strip_prefix("durable ").map(|number| number.parse::<u64>().unwrap()));
        let acknowledged = durable.take(round * 2).last().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        while let Some(record) = outside.poll().unwrap() {
            assert_eq!((record.offset, record.payload), (Offset::new(seen), payload(seen)));
            seen += 1;
        }
        let log = open(temp.path());
        assert!(log.next() > Offset::new(acknowledged));
        assert_eq!(log.next(), Offset::new(seen), "the reader and the recovery disagree");
    }
}
