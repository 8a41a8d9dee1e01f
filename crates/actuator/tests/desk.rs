//! The desk against a naive model: whatever comes in whatever order, no key gets an older state after a newer one, none gets two calls at
//! once, and at rest each has been brought its newest.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

use proptest::prelude::*;
use std::collections::BTreeMap;
use sumun_actuator::{Desk, Due};

#[derive(Clone, Debug)]
enum Step {
    /// The record has a newer intent of this key.
    Intend(u8, bool),
    /// The record tells once more of what it said before.
    Repeat(u8),
    /// Time passes and whatever is due is taken.
    Take(u16),
    /// The oldest call under way ends: well or not.
    End(bool),
    /// The process is lost; its calls may have arrived. The record tells all that waits.
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = 0_u8..4;
    let step = prop_oneof![
        3 => (key.clone(), any::<bool>()).prop_map(|(key, cuts)| Step::Intend(key, cuts)),
        1 => key.prop_map(Step::Repeat),
        4 => (0_u16..500).prop_map(Step::Take),
        4 => any::<bool>().prop_map(Step::End),
        1 => Just(Step::Crash),
    ];
    proptest::collection::vec(step, 1..120)
}

/// What the record and the exchange know: the model.
#[derive(Default)]
struct World {
    /// Newest intent of each key, whether it cuts, whether it is acknowledged.
    record: BTreeMap<String, (i64, bool, bool)>,
    /// What reached the exchange, in order.
    calls: BTreeMap<String, Vec<i64>>,
    under_way: Vec<Due>,
    now: i64,
}

impl World {
    fn take(&mut self, desk: &mut Desk, at_once: usize) {
        while let Some(due) = desk.next(self.now, at_once) {
            assert!(!self.under_way.iter().any(|other| other.id == due.id), "two calls for one key at once");
            self.under_way.push(due.clone());
            // As the worker does: what the record has moved on from is not sent.
            if self.record[&due.id].0 == due.intent {
                self.calls.entry(due.id).or_default().push(due.intent);
            }
        }
        assert!(self.under_way.len() <= at_once);
    }

    fn end(&mut self, desk: &mut Desk, well: bool) {
        if self.under_way.is_empty() {
            return;
        }
        let due = self.under_way.remove(0);
        let row = self.record.get_mut(&due.id).unwrap();
        if row.0 != due.intent {
            desk.ended(&due, None);
        } else if well {
            row.2 = true;
            desk.ended(&due, None);
        } else {
            desk.ended(&due, Some(Some(self.now + 100)));
        }
    }
}

proptest! {
    #[test]
    fn the_newest_wins_and_no_older_one_follows_it(steps in steps(), at_once in 1_usize..4) {
        let (mut desk, mut world) = (Desk::default(), World::default());
        for step in steps {
            match step {
                Step::Intend(key, cuts) => {
                    let row = world.record.entry(format!("K{key}")).or_insert((0, cuts, false));
                    *row = (row.0 + 1, cuts, false);
                    let had_room = desk.wants(&format!("K{key}"), row.0, cuts, world.now);
                    prop_assert!(had_room);
                }
                Step::Repeat(key) => {
                    if let Some((intent, cuts, false)) = world.record.get(&format!("K{key}")) {
                        desk.wants(&format!("K{key}"), *intent, *cuts, world.now);
                        desk.wants(&format!("K{key}"), *intent - 1, !*cuts, world.now);
                    }
                }
                Step::Take(after) => {
                    world.now += i64::from(after);
                    world.take(&mut desk, at_once);
                }
                Step::End(well) => world.end(&mut desk, well),
                Step::Crash => {
                    desk = Desk::default();
                    world.under_way.clear();
                    for (key, (intent, cuts, done)) in &world.record {
                        if !done {
                            desk.wants(key, *intent, *cuts, world.now);
                        }
                    }
                }
            }
        }
        // Left alone, and everything answered well.
        let mut rounds = 0;
        while !desk.is_empty() {
            world.now += 1_000;
            world.take(&mut desk, at_once);
            while !world.under_way.is_empty() {
                world.end(&mut desk, true);
            }
            rounds += 1;
            prop_assert!(rounds < 1_000, "it never comes to rest");
        }
        for (key, (intent, _, done)) in &world.record {
            prop_assert!(*done, "{} was never brought", key);
            let calls = &world.calls[key];
            prop_assert!(calls.windows(2).all(|pair| pair[0] <= pair[1]), "{:?}", calls);
            prop_assert_eq!(calls.last(), Some(intent));
        }
    }
}

#[test]
fn a_new_cut_goes_before_restorations_and_before_what_failed() {
    let mut desk = Desk::default();
    for n in 0..8 {
        desk.wants(&format!("F{n}"), 1, true, 0);
    }
    let failed: Vec<Due> = std::iter::from_fn(|| desk.next(0, 8)).collect();
    assert_eq!(failed.len(), 8);
    for due in &failed {
        desk.ended(due, Some(Some(10)));
    }
    desk.wants("R", 1, false, 20);
    desk.wants("C", 1, true, 21);
    let order: Vec<String> = std::iter::from_fn(|| desk.next(30, 8)).map(|due| due.id).collect();
    // Half of the places are kept from what failed before.
    assert_eq!(order, ["C", "R", "F0", "F1", "F2", "F3"]);
}

#[test]
fn what_rests_waits_for_a_new_intent() {
    let mut desk = Desk::default();
    desk.wants("K", 1, true, 0);
    let due = desk.next(0, 1).unwrap();
    desk.ended(&due, Some(None));
    assert_eq!(desk.next(i64::MAX, 1), None);
    assert_eq!(desk.len(), 1);
    desk.wants("K", 1, true, 4);
    assert_eq!(desk.next(4, 1), None);
    desk.wants("K", 2, true, 5);
    let due = desk.next(5, 1).unwrap();
    desk.ended(&due, None);
    assert!(desk.is_empty());
}
