//! The book against a naive world: a log of messages, a control plane that passes over positions it holds, commits that fail, and a bridge
//! that is killed, or put out of its group without knowing, at any moment. Every line is counted once, whatever happens.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A message with so many lines is written.
    Write(u8),
    /// The bridge reads so many messages.
    Read(u8),
    /// It does what its book says.
    Work(Answer),
    Kill,
    /// The group gives the partition to another, and the one who had it does not know yet.
    Rebalance,
    /// Who had it goes on; the group refuses his commits.
    Late(Answer),
    /// So many messages are removed from the front.
    Remove(u8),
    /// Offsets without messages: marks of a transaction.
    Void,
}

/// What comes of a request, or a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Well,
    /// Done, and nobody heard of it.
    Lost,
    NotDone,
}

/// Every seventh line is one that the control plane does not take.
fn is_bad(line: u64) -> bool {
    line % 7 == 3
}

#[derive(Default)]
struct World {
    /// By offset; none: never a message.
    log: Vec<Option<Vec<u64>>>,
    low: usize,
    lines: u64,
    committed: Option<(u64, String)>,
    /// What the control plane took: position and line.
    taken: Vec<(u64, u64)>,
    held: u64,
    passed_over: u64,
    aside: BTreeSet<u64>,
    bridge: Option<(Book<u64>, usize)>,
    /// Who believes that he still has it.
    late: Option<Book<u64>>,
    gone: BTreeSet<u64>,
    transactional: bool,
}

impl World {
    fn start(&mut self) {
        let committed = match &self.committed {
            None => Committed::Nothing,
            Some((offset, text)) => Committed::Ours(Mark::read(*offset, text).unwrap()),
        };
        let found = Found { committed, held: self.held, low: self.low as u64, high: self.log.len() as u64 };
        let how = How {
            begin: Begin::Start,
            siblings_us: None,
            now_us: 0,
            mapping: String::new(),
            transactional: self.transactional,
            batch_max: 1_000,
        };
        let (book, _) = Book::open(found, how);
        let at = usize::try_from(book.reads_from()).unwrap();
        self.bridge = Some((book, at));
    }

    fn read(&mut self, count: usize) {
        if self.bridge.is_none() {
            self.start();
        }
        let Some((book, at)) = &mut self.bridge else { return };
        for _ in 0..count {
            // As Kafka: what was removed before it was read is an error, and the partition is taken on anew.
            if *at < self.low {
                self.bridge = None;
                return;
            }
            while self.log.get(*at).is_some_and(Option::is_none) {
                *at += 1;
            }
            let Some(Some(lines)) = self.log.get(*at) else { return };
            let message = Message {
                offset: *at as u64,
                at_ms: *at as i64,
                print: format!("{at}"),
                lines: lines.clone(),
                refused: 0,
                bytes: 1,
            };
            let (arrived, _) = book.arrived(message);
            assert!(matches!(arrived, Arrived::Kept | Arrived::Passed), "{arrived:?}");
            *at += 1;
        }
    }

    /// The control plane takes a batch, or names the first line that it does not take.
    fn take(&mut self, from: u64, after: u64, lines: &[u64]) -> Result<u64, usize> {
        assert!(after <= self.held, "more is believed to be held than is");
        if let Some(bad) = lines.iter().position(|line| is_bad(*line)) {
            return Err(bad);
        }
        for (position, line) in (from..).zip(lines) {
            if position > self.held {
                self.passed_over += position - self.held - 1;
                self.held = position;
                self.taken.push((position, *line));
            }
        }
        Ok(self.held)
    }

    fn work(&mut self, answer: Answer) {
        let Some((mut book, at)) = self.bridge.take() else { return };
        let alive = self.work_on(&mut book, answer, false);
        self.bridge = alive.then_some((book, at));
    }

    /// As the worker does; false: the partition is taken on anew. One who is late is refused by the group when he commits.
    fn work_on(&mut self, book: &mut Book<u64>, answer: Answer, late: bool) -> bool {
        let mut limit = 3;
        loop {
            let (from, after, lines) = match book.step(limit, usize::MAX) {
                Step::Rest => return true,
                Step::Save => return !late && self.commit(book, answer),
                Step::Send { from, after, lines } => {
                    (from, after, lines.into_iter().copied().collect::<Vec<u64>>())
                }
            };
            if answer == Answer::NotDone {
                return true;
            }
            match self.take(from, after, &lines) {
                Err(0) if self.held > book.mark().position => return false,
                Err(0) if late => return false,
                Err(0) => {
                    self.aside.insert(lines[0]);
                    book.set_aside();
                    return self.commit(book, answer);
                }
                Err(bad) => limit = bad,
                Ok(_) if answer == Answer::Lost => return true,
                Ok(held) if held >= from + lines.len() as u64 => return false,
                Ok(_) => {
                    book.taken(lines.len() as u64);
                    return !late && self.commit(book, answer);
                }
            }
        }
    }

    fn commit(&mut self, book: &mut Book<u64>, answer: Answer) -> bool {
        if answer != Answer::NotDone {
            self.committed = Some((book.mark().offset, book.mark().text()));
        }
        if answer == Answer::Well {
            book.saved();
        }
        answer == Answer::Well
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Write(count) => {
                let lines = self.lines..self.lines + u64::from(count);
                self.lines = lines.end;
                self.log.push(Some(lines.collect()));
            }
            Event::Void => self.log.push(None),
            Event::Read(count) => self.read(count.into()),
            Event::Work(answer) => self.work(answer),
            Event::Kill => self.bridge = None,
            Event::Rebalance => self.late = self.bridge.take().map(|(book, _)| book),
            Event::Late(answer) => {
                let Some(mut book) = self.late.take() else { return };
                if self.work_on(&mut book, answer, true) {
                    self.late = Some(book);
                }
            }
            Event::Remove(count) => {
                let to = (self.low + usize::from(count)).min(self.log.len());
                for lines in self.log[self.low..to].iter().flatten() {
                    self.gone.extend(lines);
                }
                self.low = to;
            }
        }
    }

    /// Goes on in peace until nothing is left to do.
    fn ends(&mut self) {
        for _ in 0..8 * (self.log.len() + self.lines as usize) + 8 {
            self.read(2);
            self.work(Answer::Well);
        }
    }

    fn check(&self) {
        let lines: Vec<u64> = self.taken.iter().map(|(_, line)| *line).collect();
        let mut sorted = lines.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted, lines, "in order, and none twice");
        let counted: BTreeSet<u64> = lines.iter().copied().collect();
        for line in 0..self.lines {
            let is_counted = counted.contains(&line);
            assert!(
                is_counted || self.gone.contains(&line) || self.aside.contains(&line),
                "line {line} is lost"
            );
            assert!(!(is_counted && self.aside.contains(&line)), "line {line} is counted and put aside");
        }
    }
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![4 => Just(Answer::Well), 1 => Just(Answer::Lost), 1 => Just(Answer::NotDone)]
}

fn event(lines: std::ops::Range<u8>, removes: u32, voids: u32) -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => lines.prop_map(Event::Write),
        6 => (1..5_u8).prop_map(Event::Read),
        9 => answer().prop_map(Event::Work),
        2 => Just(Event::Kill),
        2 => Just(Event::Rebalance),
        3 => answer().prop_map(Event::Late),
        removes => (1..4_u8).prop_map(Event::Remove),
        voids => Just(Event::Void),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Messages of no line, one, or several; whoever is killed when.
    #[test]
    fn every_line_is_counted_once(events in prop::collection::vec(event(0..4, 0, 0), 1..120)) {
        let mut world = World::default();
        events.into_iter().for_each(|event| world.happens(event));
        world.ends();
        world.check();
        prop_assert_eq!(world.passed_over, 0);
        prop_assert_eq!(world.bridge.as_ref().map_or(0, |(book, _)| book.mark().holes), 0);
    }

    /// Messages are removed before they were read: what is not counted is passed over, to the number.
    #[test]
    fn what_is_gone_is_told(events in prop::collection::vec(event(1..2, 2, 0), 1..120)) {
        let mut world = World::default();
        // What went before the partition was begun is no loss.
        world.happens(Event::Read(1));
        world.happens(Event::Work(Answer::Well));
        events.into_iter().for_each(|event| world.happens(event));
        // One more line, which no one removes, so that the last hole is told.
        world.happens(Event::Write(1));
        world.happens(Event::Write(1));
        world.ends();
        world.check();
        let missing = world.lines - world.taken.len() as u64 - world.aside.len() as u64;
        prop_assert_eq!(world.passed_over, missing, "{:?}", world.taken);
        let holes = world.bridge.as_ref().map_or(0, |(book, _)| book.mark().holes);
        // A hole may be told where all that is gone had been handed in, and nobody could know.
        prop_assert!(holes > 0 || missing == 0);
    }

    /// In a topic of transactions an offset without a message is nothing.
    #[test]
    fn marks_of_transactions_are_no_hole(events in prop::collection::vec(event(1..3, 0, 3), 1..120)) {
        let mut world = World { transactional: true, ..World::default() };
        events.into_iter().for_each(|event| world.happens(event));
        world.ends();
        world.check();
        prop_assert_eq!(world.passed_over, 0);
    }
}

fn how() -> How {
    How {
        begin: Begin::End,
        siblings_us: None,
        now_us: SIBLINGS_US * 2,
        mapping: "ab".to_owned(),
        transactional: false,
        batch_max: 10,
    }
}

fn message(offset: u64, at_ms: i64, lines: &[u64]) -> Message<u64> {
    Message { offset, at_ms, print: format!("{offset}"), lines: lines.to_vec(), refused: 0, bytes: 1 }
}

fn found(committed: Committed, held: u64, low: u64, high: u64) -> Found {
    Found { committed, held, low, high }
}

fn ours(offset: u64, position: u64) -> Mark {
    let last = Last { offset: offset - 1, at_ms: 100, print: format!("{}", offset - 1) };
    Mark { last: Some(last), ..Mark::new(offset, position, 1, "ab") }
}

fn said(told: &[Told]) -> String {
    told.iter().map(|told| format!("{told}\n")).collect()
}

#[test]
fn where_a_partition_is_begun() {
    let begun = |how: How, held| {
        let (book, told) = Book::<u64>::open(found(Committed::Nothing, held, 5, 9), how);
        assert!(book.unsaved());
        (book.reads_from(), book.mark().holes, told)
    };
    assert_eq!(begun(how(), 0), (9, 0, vec![Told::Begun(9)]));
    assert_eq!(begun(How { begin: Begin::Start, ..how() }, 0), (5, 0, vec![Told::Begun(5)]));
    // Added later to a topic that is followed: nothing of it was read, and nothing of it is left out.
    assert_eq!(begun(How { siblings_us: Some(0), ..how() }, 0), (5, 0, vec![Told::Begun(5)]));
    // Begun together with its siblings.
    assert_eq!(begun(How { siblings_us: Some(SIBLINGS_US * 2 - 1), ..how() }, 0).0, 9);
    assert_eq!(begun(how(), 7), (9, 1, vec![Told::Forgotten(9)]));
    let (book, told) = Book::<u64>::open(found(Committed::Foreign(6), 7, 5, 9), how());
    assert_eq!((book.reads_from(), book.mark().position, book.mark().holes), (6, 7, 1));
    assert_eq!(told, [Told::Moved(6)]);
}

#[test]
fn another_partition_in_its_place_is_told_and_read() {
    // It ends before what was taken: made anew, its first message is younger.
    let (mut book, _) = Book::open(found(Committed::Ours(ours(50, 50)), 50, 0, 3), how());
    assert_eq!(book.reads_from(), 0);
    let (arrived, told) = book.arrived(message(0, 200, &[1]));
    assert_eq!((arrived, told), (Arrived::Kept, Some(Told::Replaced(0))));
    assert_eq!((book.mark().incarnation, book.mark().holes), (1, 1));
    assert_eq!(book.step(9, 9), Step::Save);
    book.saved();
    assert_eq!(book.step(9, 9), Step::Send { from: 51, after: 50, lines: vec![&1] });

    // Cut back: its first message is older, and what is there was taken.
    let (mut book, _) = Book::open(found(Committed::Ours(ours(50, 50)), 50, 0, 40), how());
    assert_eq!(book.arrived(message(0, 1, &[1])), (Arrived::GoTo(40), Some(Told::Replaced(40))));
    assert_eq!(book.next(), 40);

    // Grown beyond what was taken, before anybody looked.
    let (mut book, _) = Book::open(found(Committed::Ours(ours(50, 50)), 50, 0, 90), how());
    assert_eq!(book.reads_from(), 49);
    let other = Message { print: "another".to_owned(), ..message(49, 300, &[1]) };
    assert_eq!(book.arrived(other), (Arrived::NotTheSame, None));
    book.suspect(0, 90);
    assert_eq!(book.reads_from(), 0);
    assert_eq!(book.arrived(message(0, 200, &[1])), (Arrived::Kept, Some(Told::Replaced(0))));
}

#[test]
fn what_the_control_plane_holds_is_met() {
    // Less than it had acknowledged.
    let (mut book, told) = Book::open(found(Committed::Ours(ours(50, 50)), 44, 0, 60), how());
    assert_eq!(told, [Told::Lost(6)]);
    book.arrived(message(50, 101, &[1]));
    assert_eq!(book.step(9, 9), Step::Save);
    book.saved();
    assert_eq!(book.step(9, 9), Step::Send { from: 51, after: 44, lines: vec![&1] });

    // A batch that was under way, and a mapping that is another since.
    let other = How { mapping: "cd".to_owned(), ..how() };
    let (mut book, told) = Book::open(found(Committed::Ours(ours(50, 50)), 52, 0, 60), other);
    assert_eq!(told, [Told::OtherMapping(2)]);
    for (offset, line) in [(50, 1), (51, 2), (52, 3)] {
        book.arrived(message(offset, 101, &[line]));
    }
    assert_eq!(book.step(9, 9), Step::Save);
    assert_eq!((book.mark().mapping.as_str(), book.mark().offset), ("cd", 52));
    book.saved();
    assert_eq!(book.step(9, 9), Step::Send { from: 53, after: 52, lines: vec![&3] });

    // Far more.
    let (book, told) = Book::<u64>::open(found(Committed::Ours(ours(50, 50)), 99, 0, 60), how());
    assert_eq!((told, book.mark().holes), (vec![Told::Ahead(49)], 1));
}

#[test]
fn what_is_told_says_what_is_lost() {
    insta::assert_snapshot!(said(&[
        Told::Begun(9),
        Told::Forgotten(9),
        Told::Moved(9),
        Told::Lost(9),
        Told::Ahead(9),
        Told::OtherMapping(9),
        Told::Gone(9),
        Told::Replaced(9),
    ]));
}
