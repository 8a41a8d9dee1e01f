//! One log on a storage that fails, beside a naive model of what it must hold.

use std::sync::Arc;

use proptest::prelude::*;
use sumun_stream::fault::FaultStorage;
use sumun_stream::{Log, LogError, LogOptions, LogReader, Offset, Record, Retention, Start};

#[derive(Clone, Debug)]
pub enum Op {
    Append(usize),
    Batch(Vec<usize>),
    Sync,
    Retain(u64),
    /// Power fails now.
    Crash,
    /// The process dies now.
    Kill,
    /// Power fails in the middle of an operation to come.
    StopAfter(u64),
    /// The process dies in the middle of an operation to come; the page cache lives on.
    KillAfter(u64),
    FailSync,
    /// Only so many more bytes fit.
    Room(Option<u64>),
    Read,
}

pub fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        12 => (0usize..90).prop_map(Op::Append),
        4 => prop::collection::vec(0usize..60, 0..5).prop_map(Op::Batch),
        6 => Just(Op::Sync),
        1 => (0u64..900).prop_map(Op::Retain),
        2 => Just(Op::Crash),
        1 => Just(Op::Kill),
        2 => (1u64..12).prop_map(Op::StopAfter),
        2 => (1u64..12).prop_map(Op::KillAfter),
        1 => Just(Op::FailSync),
        1 => prop::option::of(0u64..300).prop_map(Op::Room),
        2 => Just(Op::Read),
    ];
    prop::collection::vec(op, 1..60)
}

pub struct World {
    pub storage: Arc<FaultStorage>,
    log: Option<Log>,
    /// Every record whose append succeeded and that no crash took, by offset.
    records: Vec<Record>,
    /// An append that failed since the machine stopped or the log was poisoned: a part may survive.
    attempted: Vec<Record>,
    acknowledged: Offset,
    first: Offset,
    poisoned: bool,
    serial: u8,
    /// The stop to come kills the process only.
    stop_kills: bool,
    /// Power fails again during this operation of the next recovery.
    pub stop_in_recovery: Option<u64>,
}

const OPTIONS: LogOptions = LogOptions { segment_bytes_max: 220, first_offset: Offset::ZERO };

impl World {
    pub fn new(seed: u64) -> Self {
        let mut world = Self {
            storage: FaultStorage::new(seed),
            log: None,
            records: Vec::new(),
            attempted: Vec::new(),
            acknowledged: Offset::ZERO,
            first: Offset::ZERO,
            poisoned: false,
            serial: 0,
            stop_kills: false,
            stop_in_recovery: None,
        };
        world.reopen(false);
        world
    }

    fn payload(&mut self, len: usize) -> (u8, Vec<u8>) {
        self.serial = self.serial.wrapping_add(1);
        (self.serial | 1, vec![self.serial; len])
    }

    pub fn apply(&mut self, op: &Op) {
        match op {
            Op::Append(len) => {
                let (kind, payload) = self.payload(*len);
                let result = self.log().append(kind, &payload);
                self.wrote(vec![(kind, payload)], result);
            }
            Op::Batch(lens) => {
                let batch: Vec<_> = lens.iter().map(|len| self.payload(*len)).collect();
                let result =
                    self.log().append_batch(batch.iter().map(|(kind, payload)| (*kind, payload.as_slice())));
                self.wrote(batch, result);
            }
            Op::Sync => match self.log().sync() {
                Ok(durable) => {
                    assert!(!self.poisoned);
                    assert_eq!(durable, self.next());
                }
                Err(error) => self.failed(&error),
            },
            Op::Retain(bytes_max) => {
                let retention = Retention { bytes_max: Some(*bytes_max), drop_below: None };
                match self.log().retain(&retention) {
                    Ok(_) => assert!(!self.poisoned),
                    Err(error) => self.failed(&error),
                }
                assert!(self.log().first() <= self.next());
                assert!(
                    self.next() == Offset::ZERO
                        || self.log().first() < self.next()
                        || self.first == self.next()
                );
            }
            Op::Crash => self.crash(),
            Op::Kill => {
                self.observe();
                self.kill();
            }
            Op::StopAfter(count) | Op::KillAfter(count) => {
                self.storage.stop_after(*count);
                self.stop_kills = matches!(op, Op::KillAfter(_));
            }
            Op::FailSync => self.storage.fail_syncs(1),
            Op::Room(room) => {
                self.storage.set_capacity(room.map(|room| self.storage.used_bytes() + room));
            }
            Op::Read => self.read(),
        }
        self.observe();
        if self.storage.stopped() {
            if std::mem::take(&mut self.stop_kills) { self.kill() } else { self.crash() }
        }
    }

    fn kill(&mut self) {
        self.storage.kill();
        self.reopen(true);
    }

    pub fn finish(mut self) {
        self.storage.set_capacity(None);
        self.apply(&Op::Crash);
        self.apply(&Op::Append(10));
        self.apply(&Op::Sync);
        self.apply(&Op::Crash);
        self.read();
    }

    fn log(&self) -> &Log {
        self.log.as_ref().expect("open")
    }

    fn next(&self) -> Offset {
        Offset::new(self.records.len() as u64)
    }

    /// Notes what the log has promised so far.
    fn observe(&mut self) {
        let log = self.log();
        let durable = log.durable();
        assert!(durable >= self.acknowledged && durable <= log.next());
        assert_eq!(log.next(), self.next());
        self.first = log.first();
        self.acknowledged = durable;
    }

    fn wrote(&mut self, batch: Vec<(u8, Vec<u8>)>, result: Result<Offset, LogError>) {
        let records = batch
            .into_iter()
            .zip(self.records.len() as u64..)
            .map(|((kind, payload), number)| Record { offset: Offset::new(number), kind, payload });
        match result {
            Ok(offset) => {
                assert!(!self.poisoned, "a poisoned log took a record");
                assert_eq!(offset, self.next());
                self.records.extend(records);
            }
            Err(LogError::Full) => {}
            Err(error) => {
                if !self.poisoned {
                    self.attempted = records.collect();
                }
                self.failed(&error);
            }
        }
    }

    fn failed(&mut self, error: &LogError) {
        match error {
            LogError::Poisoned { .. } => self.poisoned = true,
            LogError::Io { .. } => assert!(self.storage.stopped(), "{error}"),
            _ => panic!("{error}"),
        }
    }

    fn crash(&mut self) {
        self.stop_kills = false;
        self.storage.crash();
        if let Some(count) = self.stop_in_recovery.take() {
            self.storage.stop_after(count);
        }
        self.reopen(false);
    }

    /// Opens again and compares. After a kill nothing that was written may be missing.
    fn reopen(&mut self, killed: bool) {
        self.log = None;
        let (log, recovery) = loop {
            match Log::open(Arc::clone(&self.storage) as Arc<_>, OPTIONS) {
                Ok(opened) => break opened,
                Err(LogError::Full) => self.storage.set_capacity(None),
                Err(LogError::Io { .. }) if self.storage.stopped() => self.storage.crash(),
                // An injected sync failure met the opening itself.
                Err(LogError::Io { doing: "sync", .. }) => self.storage.kill(),
                Err(error) => panic!("{error}"),
            }
        };
        assert_eq!(recovery.next, log.next());
        assert_eq!(log.durable(), log.next());
        assert_eq!(recovery.first, log.first());
        assert!(log.next() >= self.acknowledged, "acknowledged {} of {}", self.acknowledged, log.next());
        if killed {
            assert!(log.next() >= self.next(), "a killed process lost what it had written");
        }
        assert!(log.first() <= self.first.max(log.next()), "retention went back and lost records");
        self.records.append(&mut self.attempted);
        assert!(log.next() <= self.next(), "a record was invented");
        self.records.truncate(usize::try_from(log.next().get()).unwrap());
        self.poisoned = false;
        self.log = Some(log);
        self.acknowledged = self.next();
        self.read();
    }

    /// Both kinds of reader find the model's records, from the first kept one on.
    fn read(&self) {
        if self.storage.stopped() {
            return;
        }
        let from = self.log().first();
        let expected = &self.records[usize::try_from(from.get()).unwrap()..];
        let inside: Vec<_> = self.log().reader(from).map(Result::unwrap).collect();
        assert_eq!(inside, expected);
        let outside = LogReader::open(Arc::clone(&self.storage) as Arc<_>, Start::First).unwrap();
        let outside: Vec<_> = outside.map(Result::unwrap).collect();
        // A poisoned log may have left a record behind that it never counted.
        assert!(outside.starts_with(expected));
        if !self.poisoned {
            assert_eq!(outside.len(), expected.len());
        }
    }
}
