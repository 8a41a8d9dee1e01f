//! The spool and its drainer against a naive model, through crashes, kills, full disks and failing syncs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use proptest::prelude::*;
use support::spool_world::{Disk, Op, World, ops};

proptest! {
    #![proptest_config(support::config(700))]

    #[test]
    fn every_acknowledged_request_comes_out_once_and_nothing_else(seed: u64, ops in ops()) {
        let mut world = World::new(seed);
        for op in &ops {
            world.apply(op);
        }
        world.finish();
    }
}

/// Power fails during every single operation on either disk, and again during the recovery.
#[test]
fn a_crash_at_every_operation() {
    let script: Vec<_> = (0..6)
        .flat_map(|round| {
            let mut ops = vec![
                Op::Admit(20),
                Op::Admit(40),
                Op::Single(10),
                Op::Outcome(1),
                Op::Sync,
                Op::Admit(50),
                Op::Pump,
                Op::Outcome(0),
            ];
            ops.push(if round % 2 == 0 { Op::Sync } else { Op::Pump });
            ops
        })
        .collect();
    let mut world = World::new(0);
    let before = [Disk::Spool, Disk::Output].map(|disk| world.disk(disk).operations());
    script.iter().for_each(|op| world.apply(op));
    for (disk, before) in [Disk::Spool, Disk::Output].into_iter().zip(before) {
        let operations = world.disk(disk).operations() - before;
        assert!(operations > 15, "the script is too short to prove anything: {operations}");
        for seed in 0..u64::from(support::cases(2)) {
            for at in 1..=operations {
                let again =
                    [Disk::Spool, Disk::Output].into_iter().flat_map(|disk| (1..4).map(move |at| (disk, at)));
                for again in again.map(Some).chain([None]) {
                    let mut world = World::new(seed * operations + at);
                    world.disk(disk).stop_after(at);
                    world.stop_in_recovery = again;
                    script.iter().for_each(|op| world.apply(op));
                    world.finish();
                }
            }
        }
    }
}
