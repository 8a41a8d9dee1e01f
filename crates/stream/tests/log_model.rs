//! The log against a naive model, through crashes, kills, full disks and failing syncs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use proptest::prelude::*;
use support::log_world::{Op, World, ops};

proptest! {
    #![proptest_config(support::config(800))]

    #[test]
    fn what_is_acknowledged_is_there_once_in_order_and_nothing_else(seed: u64, ops in ops()) {
        let mut world = World::new(seed);
        for op in &ops {
            world.apply(op);
        }
        world.finish();
    }
}

/// Power fails during every single storage operation of a script, and during every one of the recovery.
#[test]
fn a_crash_at_every_operation() {
    let script: Vec<_> = (0..10)
        .flat_map(|round| {
            let mut ops = vec![Op::Append(30), Op::Batch(vec![5, 0, 50]), Op::Append(70)];
            if round % 3 != 2 {
                ops.push(Op::Sync);
            }
            if round % 4 == 3 {
                ops.push(Op::Retain(500));
            }
            ops
        })
        .collect();
    let operations = {
        let mut world = World::new(0);
        let before = world.storage.operations();
        script.iter().for_each(|op| world.apply(op));
        world.storage.operations() - before
    };
    assert!(operations > 50, "the script is too short to prove anything: {operations}");
    for seed in 0..u64::from(support::cases(4)) {
        for at in 1..=operations {
            for again in [None, Some(1), Some(2), Some(3)] {
                let mut world = World::new(seed * operations + at);
                world.storage.stop_after(at);
                world.stop_in_recovery = again;
                script.iter().for_each(|op| world.apply(op));
                world.finish();
            }
        }
    }
}
