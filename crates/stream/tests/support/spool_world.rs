//! A spool drained into a log, each on a storage that fails, beside a naive model of what must come out.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use sumun_stream::fault::FaultStorage;
use sumun_stream::{
    DrainError, Drainer, Joined, JoinedRecord, Log, LogError, LogOptions, Opened, Spool, SpoolError,
    SpoolOpenError, SpoolOptions, Ticket,
};

#[derive(Clone, Copy, Debug)]
pub enum Disk {
    Spool,
    Output,
}

#[derive(Clone, Debug)]
pub enum Op {
    Admit(usize),
    /// Finishes one of the open requests.
    Outcome(usize),
    Abandon(usize),
    Single(usize),
    Sync,
    Pump,
    Crash,
    Kill,
    StopAfter(Disk, u64),
    /// The process dies in the middle of an operation to come; the page cache lives on.
    KillAfter(Disk, u64),
    FailSync(Disk),
    Room(Disk, Option<u64>),
}

pub fn ops() -> impl Strategy<Value = Vec<Op>> {
    let disk = || prop_oneof![Just(Disk::Spool), Just(Disk::Output)];
    let op = prop_oneof![
        10 => (0usize..60).prop_map(Op::Admit),
        8 => any::<usize>().prop_map(Op::Outcome),
        1 => any::<usize>().prop_map(Op::Abandon),
        3 => (0usize..60).prop_map(Op::Single),
        5 => Just(Op::Sync),
        5 => Just(Op::Pump),
        1 => Just(Op::Crash),
        1 => Just(Op::Kill),
        2 => (disk(), 1u64..12).prop_map(|(disk, count)| Op::StopAfter(disk, count)),
        2 => (disk(), 1u64..12).prop_map(|(disk, count)| Op::KillAfter(disk, count)),
        1 => disk().prop_map(Op::FailSync),
        2 => (disk(), prop::option::of(0u64..300)).prop_map(|(disk, room)| Op::Room(disk, room)),
    ];
    prop::collection::vec(op, 1..80)
}

/// What is known of one request; its id is its key in the map.
#[derive(Clone, Debug, Default)]
struct Request {
    /// Its admit or single was taken.
    taken: bool,
    /// That was synced.
    taken_safe: bool,
    /// Its outcome was taken (true for a single).
    complete: bool,
    complete_safe: bool,
    /// When it finished, in the order of the calls.
    finished_at: Option<u64>,
}

struct Running {
    spool: Spool,
    drainer: Drainer,
    output: Log,
    open: Vec<(u64, Ticket)>,
}

pub struct World {
    pub spool_disk: Arc<FaultStorage>,
    pub output_disk: Arc<FaultStorage>,
    running: Option<Running>,
    requests: BTreeMap<u64, Request>,
    calls: u64,
    shed: u64,
    /// Shed requests covered by a written gap, and by a synced one.
    gap_written: u64,
    gap_safe: u64,
    /// What the output was known to hold durably.
    output_safe: Vec<String>,
    pub stop_in_recovery: Option<(Disk, u64)>,
    /// The stop to come kills the process only.
    stop_kills: bool,
    ts_us: i64,
}

const OUTPUT: LogOptions = LogOptions { segment_bytes_max: 400, first_offset: sumun_stream::Offset::ZERO };
const SPOOL: SpoolOptions = SpoolOptions { bytes_max: 1500, segment_bytes_max: 250 };

fn id_in(payload: &[u8]) -> u64 {
    let text = std::str::from_utf8(payload).unwrap();
    text.split('.').next().unwrap().parse().unwrap()
}

pub fn join(joined: Joined<'_>) -> Option<Vec<u8>> {
    let text = match joined {
        Joined::Complete { admit, outcome } => {
            assert_eq!(id_in(admit), id_in(outcome), "halves of two requests were joined");
            format!("complete {}", id_in(admit))
        }
        Joined::Single(payload) => format!("complete {}", id_in(payload)),
        Joined::Unfinished { admit } => format!("unfinished {}", id_in(admit)),
        Joined::Gap { count, first_ts_us, last_ts_us } => {
            assert!(first_ts_us <= last_ts_us);
            format!("gap {count}")
        }
    };
    Some(text.into_bytes())
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut world = Self {
            spool_disk: FaultStorage::new(seed),
            output_disk: FaultStorage::new(!seed),
            running: None,
            requests: BTreeMap::new(),
            calls: 0,
            shed: 0,
            gap_written: 0,
            gap_safe: 0,
            output_safe: Vec::new(),
            stop_in_recovery: None,
            stop_kills: false,
            ts_us: 1_000_000,
        };
        world.reopen();
        world
    }

    pub fn disk(&self, disk: Disk) -> &FaultStorage {
        match disk {
            Disk::Spool => &self.spool_disk,
            Disk::Output => &self.output_disk,
        }
    }

    fn running(&mut self) -> &mut Running {
        self.running.as_mut().expect("open")
    }

    pub fn apply(&mut self, op: &Op) {
        self.calls += 1;
        let pending = self.running().spool.status().shed_pending;
        self.act(op);
        if !matches!(op, Op::Crash | Op::Kill) {
            let status = self.running().spool.status();
            if status.shed_pending < pending {
                self.gap_written += pending;
            }
        }
        if self.spool_disk.stopped() || self.output_disk.stopped() {
            if std::mem::take(&mut self.stop_kills) { self.kill() } else { self.crash() }
        }
    }

    fn kill(&mut self) {
        self.spool_disk.kill();
        self.output_disk.kill();
        self.reopen();
    }

    fn act(&mut self, op: &Op) {
        let now = self.calls;
        match op {
            Op::Admit(len) | Op::Single(len) => {
                let admit = matches!(op, Op::Admit(_));
                let payload = format!("{now}.{}", "x".repeat(*len));
                self.requests.insert(now, Request::default());
                let spool = self.running().spool.clone();
                let taken = if admit {
                    spool.admit(payload.as_bytes()).map(|ticket| self.running().open.push((now, ticket)))
                } else {
                    spool.single(payload.as_bytes()).map(|_| ())
                };
                match taken {
                    Ok(()) => {
                        let request = self.requests.get_mut(&now).unwrap();
                        request.taken = true;
                        request.complete = !admit;
                        request.finished_at = (!admit).then_some(now);
                    }
                    Err(SpoolError::Unavailable { .. }) => {
                        self.ts_us += 10;
                        spool.shed(1, self.ts_us);
                        self.shed += 1;
                        assert!(!spool.healthy() || spool.status().shed_pending > 0);
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            Op::Outcome(which) | Op::Abandon(which) => {
                let running = self.running();
                if running.open.is_empty() {
                    return;
                }
                let (id, ticket) = running.open.remove(which % running.open.len());
                if matches!(op, Op::Abandon(_)) {
                    running.spool.abandon(ticket);
                    return;
                }
                let outcome = format!("{id}.done");
                if running.spool.outcome(ticket, outcome.as_bytes()).is_ok() {
                    let request = self.requests.get_mut(&id).unwrap();
                    request.complete = true;
                    request.finished_at = Some(now);
                }
            }
            Op::Sync => match self.running().spool.sync() {
                Ok(_) => self.all_safe(),
                Err(error) => assert!(matches!(error, LogError::Poisoned { .. }), "{error}"),
            },
            Op::Pump => self.pump(),
            Op::Crash => self.crash(),
            Op::Kill => self.kill(),
            Op::StopAfter(disk, count) | Op::KillAfter(disk, count) => {
                self.disk(*disk).stop_after(*count);
                self.stop_kills = matches!(op, Op::KillAfter(..));
            }
            Op::FailSync(disk) => self.disk(*disk).fail_syncs(1),
            Op::Room(disk, room) => {
                let disk = self.disk(*disk);
                disk.set_capacity(room.map(|room| disk.used_bytes() + room));
            }
        }
    }

    fn all_safe(&mut self) {
        for request in self.requests.values_mut() {
            request.taken_safe = request.taken;
            request.complete_safe = request.complete;
        }
        self.gap_safe = self.gap_written;
    }

    fn pump(&mut self) {
        let drained = self.running().drainer.pump(&mut join);
        match drained {
            Ok(report) => {
                assert_eq!(report.orphans, 0);
                self.output_safe = self.output();
            }
            Err(DrainError::Output(LogError::Full | LogError::Poisoned { .. })) => {}
            Err(DrainError::Spool(LogError::Full | LogError::Poisoned { .. })) => {}
            Err(DrainError::Spool(_) | DrainError::Output(_))
                if self.spool_disk.stopped() || self.output_disk.stopped() => {}
            Err(error) => panic!("{error:?}"),
        }
    }

    fn output(&mut self) -> Vec<String> {
        let output = self.running().output.clone();
        let mut positions = Vec::new();
        let texts = output
            .reader(output.first())
            .map(|record| {
                let record = record.unwrap();
                let joined = JoinedRecord::parse(&record).unwrap();
                positions.push(joined.position);
                String::from_utf8(joined.payload.to_vec()).unwrap()
            })
            .collect();
        assert!(positions.is_sorted_by(|one, other| one < other), "{positions:?}");
        texts
    }

    /// Power fails: of what was not synced, any prefix may be left.
    fn power_fails(&mut self) {
        self.stop_kills = false;
        self.spool_disk.crash();
        self.output_disk.crash();
        for request in self.requests.values_mut() {
            request.taken = request.taken_safe;
            request.complete = request.complete_safe;
        }
        self.gap_written = self.gap_safe;
    }

    fn crash(&mut self) {
        self.power_fails();
        if let Some((disk, count)) = self.stop_in_recovery.take() {
            self.disk(disk).stop_after(count);
        }
        self.reopen();
    }

    fn reopen(&mut self) {
        self.running = None;
        let (output, opened) = loop {
            let opened = Log::open(Arc::clone(&self.output_disk) as Arc<_>, OUTPUT)
                .map_err(SpoolOpenError::Output)
                .and_then(|(output, _)| {
                    let opened = Spool::open(Arc::clone(&self.spool_disk) as Arc<_>, &output, SPOOL)?;
                    Ok((output, opened))
                });
            let error = match opened {
                Ok(opened) => break opened,
                Err(SpoolOpenError::Spool(error) | SpoolOpenError::Output(error)) => error,
                Err(error) => panic!("{error}"),
            };
            match error {
                LogError::Full => {
                    self.spool_disk.set_capacity(None);
                    self.output_disk.set_capacity(None);
                }
                LogError::Io { .. } if self.spool_disk.stopped() || self.output_disk.stopped() => {
                    self.power_fails();
                }
                LogError::Io { doing: "sync", .. } => {
                    self.spool_disk.kill();
                    self.output_disk.kill();
                }
                error => panic!("{error:?}"),
            }
        };
        let Opened { spool, drainer, .. } = opened;
        self.running = Some(Running { spool, drainer, output, open: Vec::new() });
        if !self.output_disk.stopped() {
            let now = self.output();
            assert!(now.starts_with(&self.output_safe), "the output lost what was synced");
        }
    }

    /// Lets everything settle, then accounts for every request.
    pub fn finish(mut self) {
        for disk in [&self.spool_disk, &self.output_disk] {
            disk.set_capacity(None);
            disk.fail_syncs(0);
        }
        self.apply(&Op::Crash);
        assert_eq!(self.running().output.poisoned(), None);
        for _ in 0..2 {
            self.pump();
            self.running().spool.sync().unwrap();
            self.pump();
            // A second life must find nothing more to say.
            self.apply(&Op::Kill);
        }
        self.apply(&Op::Pump);
        let status = self.running().spool.status();
        assert!(status.unavailable.is_none(), "{status:?}");
        self.account();
    }

    fn account(&mut self) {
        let mut gaps = 0;
        let mut ends: BTreeMap<u64, String> = BTreeMap::new();
        let mut last_finish = 0;
        for text in self.output() {
            let (word, number) = text.split_once(' ').unwrap();
            let number: u64 = number.parse().unwrap();
            if word == "gap" {
                gaps += number;
                continue;
            }
            let request = self.requests.get(&number).expect("an invented request came out");
            if word == "complete"
                && let Some(finished_at) = request.finished_at
            {
                assert!(finished_at > last_finish, "request {number} came out of order");
                last_finish = finished_at;
            }
            let before = ends.insert(number, word.to_owned());
            assert_eq!(before, None, "request {number} came out twice");
        }
        for (id, request) in &self.requests {
            let end = ends.get(id).map(String::as_str);
            if request.complete_safe {
                assert_eq!(end, Some("complete"), "request {id}: {request:?}");
            } else if request.taken_safe {
                assert!(end.is_some(), "request {id} was acknowledged and lost: {request:?}");
            }
        }
        assert!(gaps >= self.gap_safe, "{} of {} shed requests are covered", gaps, self.gap_safe);
        assert!(gaps <= self.shed, "a gap was invented");
    }
}
