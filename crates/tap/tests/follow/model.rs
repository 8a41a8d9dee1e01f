//! Operations, the follower with its checkpoint and receiver, and what must hold.

use crate::memory::{ACTIVE, Folder};
use proptest::prelude::*;
use std::collections::BTreeSet;
use sumun_tap::{Begin, Checkpoint, Chunk, Follower, Met, Options, Pending};

/// What happens.
#[derive(Clone, Copy, Debug)]
enum Op {
    /// Whole lines are written.
    Lines(u8),
    /// The beginning of one; the next operation that writes ends it.
    Part,
    /// The rest of it.
    Whole,
    /// Renamed, older ones shifted, the oldest removed; a new one at the next line.
    Rotate,
    /// Copied, then cut to nothing; older ones shifted.
    CopyTruncate,
    /// The first that was rotated is packed.
    Gzip,
    /// The first that was rotated is removed.
    Remove,
    /// What was rotated last comes back under its old name, if nothing stands there.
    Return,
    /// Cut to nothing, and no copy.
    Truncate,
    /// The follower looks and takes one batch, and stops there in the middle if so: after so many steps of it.
    Take(Option<u8>),
    /// The follower looks and takes all there is.
    TakeAll,
    /// It dies and is started again.
    Crash,
    /// It is down while the next operations happen: as `Crash`, but what it had open is gone from now.
    Wait,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        6 => (1_u8..6).prop_map(Op::Lines),
        2 => Just(Op::Part),
        2 => Just(Op::Whole),
        2 => Just(Op::Rotate),
        2 => Just(Op::CopyTruncate),
        2 => Just(Op::Gzip),
        1 => Just(Op::Remove),
        1 => Just(Op::Return),
        1 => Just(Op::Truncate),
        3 => prop_oneof![Just(None), (0_u8..4).prop_map(Some)].prop_map(Op::Take),
        4 => Just(Op::TakeAll),
        2 => Just(Op::Crash),
        2 => Just(Op::Wait),
    ];
    proptest::collection::vec(op, 1..60)
}

const OPTIONS: Options =
    Options { begin: Begin::Start, line_bytes_max: 200, chunk_bytes: 60, chunk_lines: 3, settle_us: 50_000 };

/// The control plane: lines by position, each once.
#[derive(Default)]
struct Receiver {
    held: Vec<String>,
    passed_over: u64,
}

struct World {
    folder: Folder,
    saved: Checkpoint,
    follower: Follower,
    receiver: Receiver,
    position: u64,
    written: u64,
    part: Option<String>,
    /// Lines that were destroyed while they had not been taken.
    destroyed: BTreeSet<String>,
    holes_seen: u64,
    /// Lines that stood there at some look, and those of them whose look was written down.
    looked: BTreeSet<u64>,
    seen: BTreeSet<u64>,
}

const KEPT: usize = 4;

impl World {
    fn new() -> Self {
        let saved = Checkpoint::new("tap.made-up".to_owned());
        let follower = Follower::new(OPTIONS, saved.files.clone());
        Self {
            folder: Folder::default(),
            saved,
            follower,
            receiver: Receiver::default(),
            position: 0,
            written: 0,
            part: None,
            destroyed: BTreeSet::new(),
            holes_seen: 0,
            looked: BTreeSet::new(),
            seen: BTreeSet::new(),
        }
    }

    fn line(&mut self) -> String {
        self.written += 1;
        // What tells them apart stands first, as a time does: beginnings that are the same are taken for copies until they differ.
        format!("{:05} {}", self.written, "x".repeat((self.written % 23) as usize))
    }

    fn lines(&mut self, count: u8) {
        self.end_part();
        for _ in 0..count {
            let line = self.line();
            self.folder.append(ACTIVE, format!("{line}\n").as_bytes());
        }
    }

    fn begin_part(&mut self) {
        if self.part.is_none() {
            let line = self.line();
            self.folder.append(ACTIVE, &line.as_bytes()[..6]);
            self.part = Some(line[6..].to_owned());
        }
    }

    fn end_part(&mut self) {
        if let Some(rest) = self.part.take() {
            self.folder.append(ACTIVE, format!("{rest}\n").as_bytes());
        }
    }

    /// As a logger does that opens its file anew: the line under way is ended first.
    fn shift(&mut self) {
        self.end_part();
        for end in ["", ".gz"] {
            self.lost(&format!("{ACTIVE}.{KEPT}{end}"));
            for n in (1..KEPT).rev() {
                self.folder.rename(&format!("{ACTIVE}.{n}{end}"), &format!("{ACTIVE}.{}{end}", n + 1));
            }
        }
    }

    /// A file is about to go: what of it was not taken may be lost with it.
    fn lost(&mut self, name: &str) {
        let text = String::from_utf8(self.folder.text(name)).unwrap();
        self.destroyed.extend(text.lines().map(str::to_owned));
        self.folder.remove(name);
    }

    fn first_rotated(&self, end: &str) -> Option<String> {
        (1..=KEPT).map(|n| format!("{ACTIVE}.{n}{end}")).find(|name| self.folder.names.contains_key(name))
    }

    fn save(&mut self, pending: Option<Pending>) {
        self.saved.files = self.follower.state().clone();
        self.saved.position = self.position;
        self.saved.pending = pending;
        self.seen.append(&mut self.looked);
    }

    /// Sends a chunk's lines; the follower dies after so many of the steps of it.
    fn hand_in(&mut self, chunk: &Chunk, dies: Option<u8>) -> bool {
        let lines: Vec<&[u8]> =
            chunk.bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        assert!(!chunk.too_long);
        let lines: Vec<String> = lines
            .into_iter()
            .map(|line| String::from_utf8(line.strip_suffix(b"\n").unwrap_or(line).to_vec()).unwrap())
            .collect();
        let last = self.position + lines.len() as u64;
        let pending =
            Pending { step: chunk.step, last, mapping: String::new(), without: Vec::new(), refused: 0 };
        if dies == Some(0) {
            return false;
        }
        self.save(Some(pending));
        if dies == Some(1) {
            return false;
        }
        // In the middle of a batch, the receiver's own disk may have kept a part of it.
        let kept = if dies == Some(2) { lines.len() / 2 } else { lines.len() };
        for (position, line) in (self.position + 1..).zip(&lines).take(kept) {
            if position > self.receiver.held.len() as u64 {
                self.receiver.held.push(line.clone());
            }
        }
        if dies.is_some() {
            return false;
        }
        self.follower.commit(&chunk.step);
        self.position = last;
        true
    }

    fn look(&mut self, now: i64) {
        for name in self.folder.names.keys() {
            let text = String::from_utf8(self.folder.text(name)).unwrap();
            self.looked.extend(text.lines().filter_map(|line| line.get(..5)?.parse::<u64>().ok()));
        }
        self.follower.look(&mut self.folder, now).unwrap();
    }

    fn take(&mut self, dies: Option<u8>) {
        self.folder.now_us += 1000;
        let now = self.folder.now_us;
        self.look(now);
        if let Some(chunk) = self.follower.next(&mut self.folder, now)
            && !self.hand_in(&chunk, dies)
        {
            self.crash();
        }
    }

    fn take_all(&mut self) {
        let now = self.folder.now_us;
        self.look(now);
        while let Some(chunk) = self.follower.next(&mut self.folder, now) {
            assert!(self.hand_in(&chunk, None));
        }
        self.save(None);
    }

    fn crash(&mut self) {
        self.folder.close_all();
        self.looked.clear();
        let held = self.receiver.held.len() as u64;
        match self.saved.meet(held) {
            Met::Even => {}
            Met::Torn(pending) => {
                self.follower = Follower::new(OPTIONS, self.saved.files.clone());
                self.position = self.saved.position;
                let now = self.folder.now_us;
                self.follower.look(&mut self.folder, now).unwrap();
                match self.follower.again(&mut self.folder, &pending.step) {
                    Some(chunk) => {
                        assert!(self.hand_in(&chunk, None));
                        assert_eq!(self.position, pending.last);
                    }
                    None => {
                        // Given up: its place is passed over.
                        self.follower.commit(&pending.step);
                        self.position = pending.last;
                        while (self.receiver.held.len() as u64) < pending.last {
                            self.receiver.held.push(String::new());
                            self.receiver.passed_over += 1;
                        }
                    }
                }
                self.save(None);
            }
            other => panic!("{other:?}"),
        }
        self.follower = Follower::new(OPTIONS, self.saved.files.clone());
        self.position = self.saved.position;
    }

    fn run(&mut self, op: Op) {
        match op {
            Op::Lines(count) => self.lines(count),
            Op::Part => self.begin_part(),
            Op::Whole => self.end_part(),
            Op::Rotate => {
                self.shift();
                self.folder.rename(ACTIVE, &format!("{ACTIVE}.1"));
            }
            Op::CopyTruncate => {
                self.shift();
                self.folder.copy(ACTIVE, &format!("{ACTIVE}.1"));
                self.folder.truncate(ACTIVE);
            }
            Op::Gzip => {
                if let Some(name) = self.first_rotated("") {
                    self.lost(&format!("{name}.gz"));
                    self.folder.gzip(&name);
                }
            }
            Op::Remove => {
                if let Some(name) = self.first_rotated("").or_else(|| self.first_rotated(".gz")) {
                    self.lost(&name);
                }
            }
            Op::Return => {
                if !self.folder.names.contains_key(ACTIVE) && self.part.is_none() {
                    self.folder.rename(&format!("{ACTIVE}.1"), ACTIVE);
                }
            }
            Op::Truncate => {
                self.end_part();
                let text = String::from_utf8(self.folder.text(ACTIVE)).unwrap();
                self.destroyed.extend(text.lines().map(str::to_owned));
                self.folder.truncate(ACTIVE);
            }
            Op::Take(dies) => self.take(dies),
            Op::TakeAll => self.take_all(),
            Op::Crash | Op::Wait => self.crash(),
        }
        self.holes_seen = self.holes_seen.max(self.follower.state().holes);
    }

    fn check(&mut self) {
        self.end_part();
        for _ in 0..4 {
            self.take_all();
            self.folder.now_us += 100_000;
        }
        let taken: Vec<&String> = self.receiver.held.iter().filter(|line| !line.is_empty()).collect();
        let set: BTreeSet<&String> = taken.iter().copied().collect();
        assert_eq!(taken.len(), set.len(), "a line came twice: {taken:#?}");
        let all: BTreeSet<u64> = (1..=self.written).collect();
        let came: BTreeSet<u64> = set.iter().map(|line| line[..5].parse().unwrap()).collect();
        let destroyed: BTreeSet<u64> =
            self.destroyed.iter().filter_map(|line| line.get(..5)?.parse().ok()).collect();
        let missing: Vec<u64> = all.difference(&came).copied().collect();
        for missing in &missing {
            assert!(destroyed.contains(missing), "line {missing} is nowhere, and nobody destroyed it");
        }
        let told = self.follower.state().holes.max(self.holes_seen) + self.receiver.passed_over;
        // Lines that came and went between two looks were never seen by anybody: of those nothing can be told.
        let seen = missing.iter().any(|line| self.seen.contains(line));
        assert!(!seen || told > 0, "{missing:?} is missing, and no hole is told");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nothing_comes_twice(ops in ops()) {
        let mut world = World::new();
        for op in ops {
            world.run(op);
        }
        world.check();
    }
}
